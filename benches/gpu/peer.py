"""Transformers' DeBERTa-v2 on the texts that this program trained on: equality of rewards and gradients, and the time of a step.

    peer.py parity CHECKPOINT --data FILE --rewards FILE --moments FILE --prompts N [--dtype bfloat16] [--device cuda]
    peer.py widen CHECKPOINT FOLDER
    peer.py speed CHECKPOINT --data FILE --texts distinct|step|pairs [--dtype bfloat16] [--device cuda]

FILE of --data is rankings as JSON lines. `parity` compares the rewards that the program wrote for the first --prompts of them with those
of the same weights in transformers, and the gradient of their mean loss, under `loss: log`: a first step without clipping leaves a
tenth of it in AdamW's first moment. `widen` copies a checkpoint, with the 128 100 tokens of DeBERTa-v3's vocabulary and dropout 0.1.
`speed` takes optimiser steps of 8 prompts each, tokenised beforehand: with the distinct texts
of one prompt at a time (`distinct`), of all 8 prompts at once (`step`), or with both texts of each pair, a prompt at a time, as the
experiment's released code does (`pairs`).
"""

import argparse
import csv
import json
import pathlib
import shutil
import statistics
import sys
import time
from itertools import combinations

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import DebertaV2ForSequenceClassification

PROMPTS = 8
VOCABULARY = 128_100


def utility(difference):
    """log(x + 0.1) with its concave extension, as in the experiment's released code."""
    extension = torch.log(torch.tensor(0.1)) + 10.0 * difference
    return torch.where(difference > 0.0, torch.log(difference.clamp(min=0.0) + 0.1), extension)


def rankings(arguments):
    """Each ranking's texts as lists of token numbers, and pairs of their places, the worse first."""
    tokenizer = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(512, strategy="longest_first")
    found = []
    with open(arguments.data) as lines:
        for line in lines:
            ranking = json.loads(line)
            texts = [encoding.ids for encoding in tokenizer.encode_batch([(ranking["question"], answer) for answer in ranking["answers"]])]
            found.append((texts, torch.tensor(list(combinations(range(len(texts)), 2)))))
    return found


def padded(texts, device):
    """Token numbers and mask, padded to the longest."""
    longest = max(map(len, texts))
    ids, mask = torch.zeros(len(texts), longest, dtype=torch.long), torch.zeros(len(texts), longest, dtype=torch.long)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(text)
        mask[row, : len(text)] = 1
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}


def load(arguments):
    model = DebertaV2ForSequenceClassification.from_pretrained(arguments.model, num_labels=1, dtype=torch.float32)
    return model.to(arguments.device).train()


def widen(arguments):
    arguments.folder.mkdir()
    config = json.loads((arguments.model / "config.json").read_text())
    config.update(vocab_size=VOCABULARY, hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)
    (arguments.folder / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(arguments.model / name, arguments.folder / name)
    weights = load_file(arguments.model / "model.safetensors")
    table = weights["deberta.embeddings.word_embeddings.weight"]
    more = 0.02 * torch.randn(VOCABULARY - len(table), table.shape[1])
    weights["deberta.embeddings.word_embeddings.weight"] = torch.cat([table, more])
    save_file(weights, arguments.folder / "model.safetensors", metadata={"format": "pt"})
    return True


def precise(arguments):
    """The context of mixed precision, or one that does nothing."""
    kind = torch.device(arguments.device).type
    return torch.autocast(kind, torch.bfloat16, enabled=arguments.dtype == "bfloat16")


def parity(arguments):
    model = load(arguments)
    with open(arguments.rewards, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train" and row["step"] == "0"]
    ours = {}
    for row in rows:
        ours.setdefault(int(row["prompt"]), {})[int(row["response_index"])] = float(row["reward"])
    total, furthest = 0.0, 0.0
    for prompt, (texts, pairs) in list(enumerate(rankings(arguments)))[: arguments.prompts]:
        with precise(arguments):
            logits = model(**padded(texts, arguments.device)).logits.squeeze(-1)
        rewards = torch.sigmoid(logits.float())
        # The file is worst first or best first; the program numbers the worst 1.
        own = torch.tensor([ours[prompt][index + 1] for index in range(len(texts))])
        furthest = max(furthest, (rewards.detach().cpu() - own).abs().max().item())
        loss = -utility(rewards[pairs[:, 1]] - rewards[pairs[:, 0]]).mean() / arguments.prompts
        loss.backward()
        total += loss.item()
    squares, of_ours, worst = 0.0, 0.0, ("", 0.0)
    with safe_open(arguments.moments, framework="pt") as moments:
        for name, parameter in model.named_parameters():
            theirs = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            own = moments.get_tensor(f"exp_avg.{name}").to(arguments.device) * 10.0
            distance, norm = (own - theirs).norm().item(), theirs.norm().item()
            squares, of_ours = squares + distance**2, of_ours + norm**2
            worst = max(worst, (name, distance / norm if norm > 0.0 else distance), key=lambda pair: pair[1])
    relative = (squares / of_ours) ** 0.5
    bounds = {"float32": (1e-4, 1e-3), "bfloat16": (0.03, 0.1)}[arguments.dtype]
    print(
        f"{arguments.dtype}: loss {total:.6f}; rewards within {furthest:.2g} ({bounds[0]:g} allowed), gradient within "
        f"{relative:.2g} of its norm ({bounds[1]:g} allowed), at worst {worst[1]:.2g} of {worst[0]}'s"
    )
    return furthest <= bounds[0] and relative <= bounds[1]


def speed(arguments):
    model = load(arguments)
    fused = torch.device(arguments.device).type == "cuda"
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=fused)
    batches = []
    for texts, pairs in rankings(arguments):
        if arguments.texts == "pairs":
            texts = [texts[place] for place in pairs.T.flatten()]
            pairs = torch.arange(len(texts)).view(2, -1).T
        batches.append((texts, pairs))
    synchronise = torch.cuda.synchronize if fused else lambda: None
    seconds, tokens, own = [], [], 0
    began, step = time.perf_counter(), 0
    while step < arguments.steps and (step < 3 or time.perf_counter() - began < arguments.limit):
        now = [batches[(step * PROMPTS + place) % len(batches)] for place in range(PROMPTS)]
        synchronise()
        start = time.perf_counter()
        if arguments.texts == "step":
            with precise(arguments):
                logits = model(**padded([text for texts, _ in now for text in texts], arguments.device)).logits.squeeze(-1)
            rewards, place, loss = torch.sigmoid(logits.float()), 0, 0.0
            for texts, pairs in now:
                mine = rewards[place : place + len(texts)]
                place += len(texts)
                loss = loss - utility(mine[pairs[:, 1]] - mine[pairs[:, 0]]).mean() / PROMPTS
            loss.backward()
        else:
            for texts, pairs in now:
                with precise(arguments):
                    logits = model(**padded(texts, arguments.device)).logits.squeeze(-1)
                rewards = torch.sigmoid(logits.float())
                (-utility(rewards[pairs[:, 1]] - rewards[pairs[:, 0]]).mean() / PROMPTS).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
        optimiser.zero_grad()
        synchronise()
        seconds.append(time.perf_counter() - start)
        tokens.append(sum(len(text) for texts, _ in now for text in texts))
        step += 1
    counted = slice(min(5, len(seconds) - 1), None)
    median = statistics.median(seconds[counted])
    rate = sum(tokens[counted]) / sum(seconds[counted])
    memory = f", {torch.cuda.max_memory_allocated() / 1e9:.1f} GB" if fused else ""
    print(f"transformers, {arguments.texts}: {1000 * median:.1f} ms a step, {rate:.0f} tokens/s{memory} ({len(seconds)} steps)")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("widen")
    command.add_argument("model", type=pathlib.Path)
    command.add_argument("folder", type=pathlib.Path)
    command.set_defaults(run=widen)
    for name, run in (("parity", parity), ("speed", speed)):
        command = commands.add_parser(name)
        command.add_argument("model", type=pathlib.Path)
        command.add_argument("--data", type=pathlib.Path, required=True)
        command.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
        command.add_argument("--device", default="cuda")
        command.set_defaults(run=run)
        if name == "parity":
            command.add_argument("--rewards", type=pathlib.Path, required=True)
            command.add_argument("--moments", type=pathlib.Path, required=True)
            command.add_argument("--prompts", type=int, default=PROMPTS)
        else:
            command.add_argument("--texts", choices=("distinct", "step", "pairs"), required=True)
            command.add_argument("--steps", type=int, default=60)
            command.add_argument("--limit", type=float, default=20.0, help="seconds after which no step begins")
    arguments = parser.parse_args()
    sys.exit(0 if arguments.run(arguments) else 1)


if __name__ == "__main__":
    main()
