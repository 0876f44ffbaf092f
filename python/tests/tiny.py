"""A tiny reward model and its tokenizer, made here: no model hub is asked."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerFast

WORDS = [f"w{k}" for k in range(40)]


def tokenizer() -> PreTrainedTokenizerFast:
    vocabulary = {word: k for k, word in enumerate(["<pad>", "<eos>", "<unk>", *WORDS])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("<eos>", "isolated"), pre_tokenizers.WhitespaceSplit()]
    )
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")


def model(seed: int = 0, hidden: int = 16) -> LlamaForSequenceClassification:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(WORDS) + 3, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=64, num_labels=1, pad_token_id=0,
    )  # fmt: skip
    return LlamaForSequenceClassification(config)


def rankings(prompts: int = 12, seed: int = 0, sizes: tuple[int, ...] = (2, 5, 3, 8)) -> list[dict[str, Any]]:
    """Prompts of unlike sizes; some responses tie."""
    random = torch.Generator().manual_seed(seed)

    def text(length: int) -> str:
        return " ".join(WORDS[k] for k in torch.randint(len(WORDS), (length,), generator=random))

    rows = []
    for prompt in range(prompts):
        size = sizes[prompt % len(sizes)]
        ranks = [float(k) for k in range(1, size + 1)]
        if size > 4:
            ranks[2] = ranks[1]
        rows.append(
            {
                "prompt": text(3) + " ",
                "responses": [text(2 + k % 4) for k in range(size)],
                "ranks": ranks,
                "type": "open" if prompt % 3 else "closed",
            }
        )
    return rows
