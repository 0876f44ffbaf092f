#!/usr/bin/env python3
"""Makes the fixtures of weights as torch.save writes them: training/tests/fixtures/pytorch/NAME/pytorch_model.bin.

    python training/scripts/pytorch.py        # needs torch and safetensors

All hold the weights of training/tests/fixtures/deberta/p2c-own-keys in float16, as the public DeBERTa-v3 files hold theirs.

full
    with the prefix `deberta.` and the head, and two tensors more that no reward model has: one of them a transposed view, one
    that shares its storage.
bare
    the encoder alone, without prefix; in an OrderedDict with the metadata that Module.state_dict() gives it.
legacy
    `full` in the format before PyTorch 1.6.
"""

import collections
import pathlib
import shutil

import torch
from safetensors.torch import load_file

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "tests" / "fixtures"
SOURCE = FIXTURES / "deberta" / "p2c-own-keys"

weights = {name: tensor.half() for name, tensor in load_file(SOURCE / "model.safetensors").items()}
full = collections.OrderedDict(weights)
words = full["deberta.embeddings.word_embeddings.weight"]
full["lm_predictions.lm_head.dense.weight"] = torch.arange(6.0).view(2, 3).t()
full["lm_predictions.lm_head.weight"] = words
# A matrix that is a transposed view keeps its strides.
query = "deberta.encoder.layer.0.attention.self.query_proj.weight"
full[query] = full[query].t().contiguous().t()
bare = collections.OrderedDict(
    (name.removeprefix("deberta."), tensor) for name, tensor in weights.items() if name.startswith("deberta.")
)
bare._metadata = collections.OrderedDict({"": {"version": 1}, "embeddings": {"version": 1}})

for name, state, zipped in [("full", full, True), ("bare", bare, True), ("legacy", full, False)]:
    folder = FIXTURES / "pytorch" / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCE / "config.json", folder)
    torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
