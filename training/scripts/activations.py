#!/usr/bin/env python3
"""Makes the fixture that holds activations to transformers' ACT2FN: training/tests/fixtures/activations/.

    python training/scripts/activations.py        # needs torch, transformers and safetensors

config.json, model.safetensors
    a small model of random weights, drawn as those of deberta.py; its feed-forward layers, its convolution and its pooler
    have an activation each.
expected.safetensors
    input_ids and attention_mask, [batch, length], int64; and for the name of each activation the logits, [batch], of the
    model with this one in all three places, computed in float32, and in float64 under NAME.64.
"""

import pathlib

import torch
from safetensors.torch import save_file
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification
from transformers.activations import ACT2CLS
from transformers.utils import logging

from deberta import SHORT, SMALL, batch, fill

logging.disable_progress_bar()

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "activations"
# Their formulas have learned parameters of their own.
LEARNED = {"prelu", "xielu"}
SIZES = dict(vocab_size=32, hidden_size=16, num_attention_heads=2, intermediate_size=32, position_buckets=16,
             conv_kernel_size=3)


def made(name):
    names = dict(hidden_act=name, conv_act=name, pooler_hidden_act=name)
    torch.manual_seed(0)
    return DebertaV2ForSequenceClassification(DebertaV2Config(**(SMALL | SIZES | names))).eval()


@torch.no_grad()
def logits(name):
    model = made(name)
    generator = torch.Generator().manual_seed(0)
    fill(model, "activations", generator)
    inputs = batch(model.config, SHORT, generator)
    return model, inputs, model(**inputs).logits[:, 0], model.double()(**inputs).logits[:, 0]


def main():
    names = sorted(ACT2CLS.keys() - LEARNED)
    found = {name: logits(name) for name in names}
    FOLDER.mkdir(parents=True, exist_ok=True)
    model, inputs, *_ = found["gelu"]
    model.float().save_pretrained(FOLDER)
    expected = dict(inputs)
    for name, (_, _, single, double) in found.items():
        expected |= {name: single, f"{name}.64": double}
        print(f"{name}: {[round(x, 4) for x in single.tolist()]}, off by {(single - double).abs().max() / double.abs().max():.1e}")
    save_file(expected, FOLDER / "expected.safetensors")
    print(sum(file.stat().st_size for file in FOLDER.iterdir()) // 1000, "kB")


if __name__ == "__main__":
    main()
