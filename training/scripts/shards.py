#!/usr/bin/env python3
"""Makes the fixtures of checkpoints in shards: training/tests/fixtures/shards/NAME/.

    python training/scripts/shards.py        # after activations.py; needs torch, transformers and safetensors

Both hold the weights of training/tests/fixtures/activations, and transformers reads them as such.

safetensors
    as save_pretrained(max_shard_size=..) writes it.
pytorch
    as transformers 4 wrote it with safe_serialization=False, with the names of older checkpoints: LayerNorm.gamma and .beta.
"""

import json
import pathlib
import shutil

import torch
from transformers import DebertaV2ForSequenceClassification
from transformers.utils import logging

logging.disable_progress_bar()

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "tests" / "fixtures"
SOURCE = FIXTURES / "activations"
FOLDER = FIXTURES / "shards"


def load(folder):
    return DebertaV2ForSequenceClassification.from_pretrained(folder)


def old(name):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


shutil.rmtree(FOLDER, ignore_errors=True)
model = load(SOURCE)
model.save_pretrained(FOLDER / "safetensors", max_shard_size="12KB")

folder = FOLDER / "pytorch"
folder.mkdir()
shutil.copy(SOURCE / "config.json", folder)
state = {old(name): tensor for name, tensor in model.state_dict().items()}
names = sorted(state)
halves = [names[: len(names) // 2], names[len(names) // 2 :]]
weight_map = {}
for number, half in enumerate(halves, 1):
    file = f"pytorch_model-{number:05}-of-{len(halves):05}.bin"
    torch.save({name: state[name] for name in half}, folder / file)
    weight_map |= {name: file for name in half}
size = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
index = {"metadata": {"total_size": size}, "weight_map": weight_map}
(folder / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")

for kind in ["safetensors", "pytorch"]:
    read = load(FOLDER / kind).state_dict()
    assert all(torch.equal(read[name], tensor) for name, tensor in model.state_dict().items()), kind
    print(kind, sorted(file.name for file in (FOLDER / kind).iterdir()),
          sum(file.stat().st_size for file in (FOLDER / kind).iterdir()) // 1000, "kB")
