#!/usr/bin/env python3
"""Makes the fixtures that hold the reward model to transformers' DeBERTa-v2: training/tests/fixtures/deberta/NAME/.

    python training/scripts/deberta.py [NAME ...]        # needs torch, transformers, numpy and safetensors

Each folder has

config.json
    as transformers saves it.
model.safetensors
    random weights under transformers' own names. Matrices are redrawn with standard deviation 0.2, biases with 0.1 and
    layer norms near 1, so that no part of the model is too weak to be seen in the logits. `base` has none: its 86 million
    weights are a formula. The names of all parameters are sorted; for parameter k of them (from 0) and element i of the
    flattened tensor, with 64-bit wrapping integers,

        z = k * 2^40 + i + 0x9E3779B97F4A7C15
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB
        z = z ^ (z >> 31)
        t = (z >> 40) / 2^24 * 2 - 1                    in float32, exactly
        weight = offset + scale * t                     in float32, each operation rounded

    where a name that ends in LayerNorm.weight has offset 1 and scale 0.1, and any other offset 0 and scale 0.05.
expected.safetensors
    input_ids, attention_mask   [batch, length], int64; token_type_ids too where the model has token types
    logits, logits64            [batch], in float32 and, as a reference, the same model in float64
    coefficients                [batch], c of the loss sum(logits * c) whose gradients follow
    gradient.counts             [parameters], int32: how many entries are kept of each parameter's gradient
    gradient.indices            [sum of counts], int32: their places in the flattened gradients
    gradient.values             the entries in float32; gradient.values64: computed in float64, stored in float32
    gradient.norms              [parameters], Euclidean norms of the float32 gradients; gradient.norms64 likewise
    and in the metadata `parameters`: the parameters' names, sorted, one a line. At most 256 entries of a gradient are kept
    (64 for `base`): half of them the largest, half drawn at random.
"""

import pathlib
import shutil
import sys

import numpy
import torch
from safetensors.torch import save_file
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification
from transformers.utils import logging

logging.disable_progress_bar()

ROOT = pathlib.Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "deberta"

SMALL = dict(
    vocab_size=64,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    max_position_embeddings=512,
    type_vocab_size=0,
    layer_norm_eps=1e-7,
    relative_attention=True,
    position_buckets=256,
    max_relative_positions=-1,
    norm_rel_ebd="layer_norm",
    share_att_key=True,
    pos_att_type=["p2c", "c2p"],
    position_biased_input=False,
    num_labels=1,
)

# Lengths of the texts of a batch: padded, and one that is a single token.
SHORT = [24, 17, 9, 2, 1]
LONG = [512, 389]

CASES = {
    # As the public v3 models.
    "v3": (dict(), SHORT),
    # Few buckets and many tokens: nearly all distances are in logarithmic buckets.
    "log-buckets": (dict(position_buckets=8), LONG),
    # As v2-xlarge, whose first layer has a convolution beside it.
    "convolution": (
        dict(conv_kernel_size=3, conv_act="gelu", attention_head_size=8, position_buckets=32, num_hidden_layers=3),
        SHORT,
    ),
    # Groups, another width, and the default activation, tanh.
    "grouped-convolution": (dict(conv_kernel_size=5, conv_groups=2, position_buckets=32), SHORT),
    "own-keys": (dict(share_att_key=False, position_buckets=32, norm_rel_ebd="none"), SHORT),
    "c2p": (dict(pos_att_type=["c2p"], position_buckets=32), SHORT),
    "p2c-own-keys": (dict(pos_att_type=["p2c"], position_buckets=32, share_att_key=False), SHORT),
    "embedding-size": (
        dict(
            embedding_size=16,
            position_biased_input=True,
            type_vocab_size=2,
            position_buckets=32,
            max_position_embeddings=64,
        ),
        SHORT,
    ),
    # Distances beyond 16 are cut off.
    "no-buckets": (dict(position_buckets=-1, max_relative_positions=16), [48, 31, 7]),
    "absolute": (
        dict(
            relative_attention=False,
            position_biased_input=True,
            max_position_embeddings=64,
            pos_att_type=None,
            norm_rel_ebd="none",
        ),
        SHORT,
    ),
    # The scale of the scores counts the position terms even where there are none.
    "absolute-scaled": (
        dict(
            relative_attention=False,
            position_biased_input=True,
            max_position_embeddings=64,
            hidden_act="gelu_new",
            pooler_hidden_act="tanh",
            layer_norm_eps=1e-5,
        ),
        SHORT,
    ),
    "base": (
        dict(vocab_size=1000, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072),
        LONG,
    ),
}


def formula(k, count, offset, scale):
    """The weights of parameter `k` of `base`."""
    u64 = numpy.uint64
    with numpy.errstate(over="ignore"):
        z = numpy.arange(count, dtype=u64) + u64(k << 40) + u64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> u64(30))) * u64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> u64(27))) * u64(0x94D049BB133111EB)
        z = z ^ (z >> u64(31))
    t = (z >> u64(40)).astype(numpy.float32) / numpy.float32(2**24) * numpy.float32(2) - numpy.float32(1)
    return numpy.float32(offset) + numpy.float32(scale) * t


def parameters(model):
    return sorted(model.named_parameters(), key=lambda named: named[0])


@torch.no_grad()
def fill(model, name, generator):
    for k, (key, parameter) in enumerate(parameters(model)):
        norm = key.endswith("LayerNorm.weight")
        if name == "base":
            offset, scale = (1, 0.1) if norm else (0, 0.05)
            parameter.copy_(torch.from_numpy(formula(k, parameter.numel(), offset, scale)).view(parameter.shape))
        else:
            spread = 0.1 if norm or key.endswith("bias") else 0.2
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread + (1 if norm else 0))


def batch(config, lengths, generator):
    """Texts of `lengths` tokens, padded; the second half of each is segment 1 where there are segments."""
    ids = torch.randint(1, config.vocab_size, (len(lengths), max(lengths)), generator=generator)
    positions = torch.arange(max(lengths))[None]
    lengths = torch.tensor(lengths)[:, None]
    mask = (positions < lengths).long()
    inputs = dict(input_ids=ids * mask, attention_mask=mask)
    if config.type_vocab_size > 0:
        inputs["token_type_ids"] = (positions * 2 >= lengths).long() * mask
    return inputs


def gradients(model, inputs, coefficients):
    model.zero_grad()
    logits = model(**inputs).logits[:, 0]
    (logits * coefficients.to(logits.dtype)).sum().backward()
    # What the model does not use has no gradient.
    found = [torch.zeros_like(p) if p.grad is None else p.grad for _, p in parameters(model)]
    return logits.detach(), [gradient.flatten().clone() for gradient in found]


def keep(gradient, most, generator):
    if gradient.numel() <= most:
        return torch.arange(gradient.numel())
    largest = gradient.abs().topk(most // 2).indices
    others = torch.ones(gradient.numel(), dtype=torch.bool)
    others[largest] = False
    others = others.nonzero()[:, 0]
    drawn = others[torch.randperm(len(others), generator=generator)[: most - most // 2]]
    return torch.cat([largest, drawn]).sort().values


def draw(name):
    """The model, its inputs and the generator, of the first seed that leaves no logit near 0: relative to such a one,
    float32 is as far off as anything."""
    settings, lengths = CASES[name]
    torch.manual_seed(0)
    config = DebertaV2Config(**(SMALL | settings))
    model = DebertaV2ForSequenceClassification(config).eval()
    seed = 0
    while True:
        generator = torch.Generator().manual_seed(seed)
        fill(model, name, generator)
        inputs = batch(config, lengths, generator)
        with torch.no_grad():
            sizes = model(**inputs).logits.abs()
        if sizes.min() > 0.3 * sizes.max():
            return model, inputs, generator
        seed += 1


def make(name):
    model, inputs, generator = draw(name)
    lengths = CASES[name][1]
    coefficients = torch.tensor([1.0, -0.5, 0.75, -1.25, 0.625])[: len(lengths)]

    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model.save_pretrained(folder)
    if name == "base":
        (folder / "model.safetensors").unlink()

    logits, single = gradients(model, inputs, coefficients)
    model.double()
    logits64, double = gradients(model, inputs, coefficients)
    indices = [keep(gradient, 64 if name == "base" else 256, generator) for gradient in double]
    expected = inputs | {
        "logits": logits,
        "logits64": logits64,
        "coefficients": coefficients,
        "gradient.counts": torch.tensor([len(kept) for kept in indices], dtype=torch.int32),
        "gradient.indices": torch.cat(indices).to(torch.int32),
        "gradient.values": torch.cat([g[kept] for g, kept in zip(single, indices)]),
        "gradient.values64": torch.cat([g[kept] for g, kept in zip(double, indices)]).float(),
        "gradient.norms": torch.stack([g.norm() for g in single]),
        "gradient.norms64": torch.stack([g.norm() for g in double]).float(),
    }
    names = "\n".join(key for key, _ in parameters(model))
    save_file({key: value.contiguous() for key, value in expected.items()}, folder / "expected.safetensors",
              metadata={"parameters": names})

    scale = max(g.norm() for g in double)
    off = [((s - d).norm() / d.norm(), key) for (key, _), s, d in zip(parameters(model), single, double)
           if d.norm() > 1e-9 * scale]
    silent = [key for (key, _), d in zip(parameters(model), double) if d.norm() <= 1e-9 * scale]
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size // 1000} kB, logits {[round(x, 4) for x in logits.tolist()]}, float32 is off by "
          f"{((logits - logits64) / logits64).abs().max():.1e} in the logits, by {max(off)[0]:.1e} in the gradient of "
          f"{max(off)[1]}; no gradient: {silent}")


if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        make(name)
