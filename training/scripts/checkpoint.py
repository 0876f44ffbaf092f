#!/usr/bin/env python3
"""Opens a checkpoint of `reward-collapse train` in transformers and compares logits with `reward-collapse score`.

    python training/scripts/checkpoint.py --program target/release/reward-collapse --checkpoint DIR --data rankings.jsonl

needs torch and transformers. Exit status 1 if weights are missing or left over, if a tokeniser disagrees, or if a logit
differs by more than 1e-5 of the largest one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

logging.disable_progress_bar()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="rankings as JSON lines")
    parser.add_argument("--rankings", type=int, default=16, help="how many to compare, from the first on")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--tolerance", type=float, default=1e-5, help="of the largest logit")
    options = parser.parse_args()

    model, found = AutoModelForSequenceClassification.from_pretrained(options.checkpoint, output_loading_info=True)
    model.eval()
    tokenizer = AutoTokenizer.from_pretrained(options.checkpoint)
    wrong = {name: sorted(map(str, keys)) for name, keys in found.items() if keys}
    print(f"{type(model).__name__}, {type(tokenizer).__name__}; missing or left over: {wrong or 'nothing'}")

    with options.data.open() as lines:
        lines = [line for line, _ in zip(lines, range(options.rankings))]
    rankings = [json.loads(line) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "rankings.jsonl"
        data.write_text("".join(lines))
        command = [options.program, "--quiet", "score", "--checkpoint", options.checkpoint, "--data", data]
        command += ["--max-length", str(options.max_length), "--device", "cpu", "--format", "json"]
        scored = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    ours = [row["logit"] for row in scored]
    theirs = []
    with torch.no_grad():
        for ranking in rankings:
            questions = [ranking["question"]] * len(ranking["answers"])
            inputs = tokenizer(
                questions,
                ranking["answers"],
                max_length=options.max_length,
                truncation=True,
                padding=True,
                return_tensors="pt",
            )
            keys = ["input_ids", "attention_mask"]
            if model.config.type_vocab_size:
                keys.append("token_type_ids")
            theirs.extend(model(**{key: inputs[key] for key in keys}).logits.squeeze(-1).tolist())
    if len(ours) != len(theirs):
        sys.exit(f"{len(ours)} logits, not {len(theirs)}")
    largest = max(map(abs, theirs))
    difference = max(abs(own - other) for own, other in zip(ours, theirs))
    print(f"{len(ours)} logits up to {largest:.4g}")
    print(f"largest difference {difference:.2e}, relative {difference / largest:.2e}")
    if wrong or not difference <= options.tolerance * largest:
        sys.exit(1)


if __name__ == "__main__":
    main()
