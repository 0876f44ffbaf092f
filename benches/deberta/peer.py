"""Optimiser steps of transformers' DeBERTa-v2 on the rankings of a file: run.py starts it, once for each measurement.

Prints a JSON object with the loss of each step, its seconds, and those of processor time. Tokenisation is not timed.
"""

import argparse
import json
import sys
import time
from itertools import combinations
from pathlib import Path

import torch
from transformers import AutoTokenizer, DebertaV2ForSequenceClassification
from transformers.utils import logging

logging.disable_progress_bar()


def utility(difference: torch.Tensor) -> torch.Tensor:
    """log(x + 0.1) with its concave extension, as in the released code."""
    extension = torch.log(torch.tensor(0.1)) + 10.0 * difference
    return torch.where(difference > 0.0, torch.log(difference.clamp(min=0.0) + 0.1), extension)


def grouped(model: torch.nn.Module, decay: float) -> list[dict]:
    """Weight decay for all but biases and normalisations, as transformers' trainer has it."""
    decays = {True: [], False: []}
    for name, parameter in model.named_parameters():
        decays[not (name.endswith(".bias") or "LayerNorm" in name)].append(parameter)
    return [{"params": decays[True], "weight_decay": decay}, {"params": decays[False], "weight_decay": 0.0}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", type=Path, required=True, help="JSON lines; the first --prompts are taken")
    parser.add_argument("--prompts", type=int, required=True)
    parser.add_argument("--texts", choices=("distinct", "pairs"), required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = DebertaV2ForSequenceClassification.from_pretrained(options.model, num_labels=1, dtype=torch.float32)
    model.train()
    optimiser = torch.optim.AdamW(grouped(model, 0.01), lr=options.learning_rate)

    prompts = []
    with options.data.open() as lines:
        for line, _ in zip(lines, range(options.prompts)):
            ranking = json.loads(line)
            answers = ranking["answers"]
            pairs = torch.tensor(list(combinations(range(len(answers)), 2)))
            if options.texts == "pairs":
                # The texts of each pair, worse and better, however often they have been encoded already.
                answers = [answers[place] for place in pairs.T.flatten()]
                pairs = torch.arange(len(answers)).view(2, -1).T
            questions = [ranking["question"]] * len(answers)
            encoded = tokenizer(
                questions, answers, max_length=512, truncation=True, padding=True, return_tensors="pt"
            )
            inputs = {key: encoded[key] for key in ("input_ids", "attention_mask")}
            prompts.append((inputs, pairs))

    losses, seconds, cpu = [], [], []
    for _ in range(options.steps):
        began, cpu_began = time.perf_counter(), time.process_time()
        total = 0.0
        for inputs, pairs in prompts:
            rewards = torch.sigmoid(model(**inputs).logits.squeeze(-1))
            loss = -utility(rewards[pairs[:, 1]] - rewards[pairs[:, 0]]).mean() / len(prompts)
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
        optimiser.zero_grad()
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - cpu_began)
        losses.append(total)
    masks = [inputs["attention_mask"] for inputs, _ in prompts]
    json.dump(
        {
            "losses": losses,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "sequences": sum(mask.shape[0] for mask in masks),
            "tokens": int(sum(mask.sum() for mask in masks)),
            "padded": sum(mask.numel() for mask in masks),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
