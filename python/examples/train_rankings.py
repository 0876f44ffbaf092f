"""Train a reward model on rankings, in one process or many.

    python train_rankings.py --data rankings.jsonl --model MODEL --output_dir OUT
    accelerate launch --config_file ddp.yaml train_rankings.py --data rankings.jsonl --model MODEL --output_dir OUT

Each line of the data is a JSON object with `prompt`, `responses`, `ranks` (1 is the best) or `scores`, and `type` if the loss has several.
Without --data and --model, a tiny model is trained on rankings made here, in seconds on a CPU. All options of TRL's RewardConfig are
taken, such as --per_device_train_batch_size (prompts) and --max_steps.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import torch
from datasets import Dataset, load_dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import HfArgumentParser, LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerFast
from trl import RewardConfig

from reward_collapse.torch import RankingLoss
from reward_collapse.trl import CollapseCallback, RankingRewardTrainer


@dataclass
class Options:
    """What is trained."""

    data: str | None = field(default=None, metadata={"help": "JSON lines of rankings"})
    model: str | None = field(default=None, metadata={"help": "a name on the hub, or a directory"})
    loss: str = field(
        default='{"open": "-1/(x+0.1)", "closed": "x"}',
        metadata={"help": "a utility, or a JSON object with one for each type of prompt"},
    )
    head: str = field(default="sigmoid", metadata={"help": "sigmoid or raw"})
    smoothing: float = field(default=0.0, metadata={"help": "label smoothing"})
    double: bool = field(default=False, metadata={"help": "train in double precision, to compare runs"})
    held_out: int = field(default=8, metadata={"help": "prompts that are held out for evaluation"})


WORDS = [f"word{k}" for k in range(64)]


def made_rankings(prompts: int = 64) -> list[dict[str, Any]]:
    """Prompts of 2 to 8 responses, of which the longer is the better; a word at the end of a prompt tells its type."""
    random = torch.Generator().manual_seed(0)
    rows = []
    for prompt in range(prompts):
        kind = ("open", "closed")[prompt % 2]
        words = [WORDS[k] for k in torch.randint(len(WORDS), (24,), generator=random)]
        size = 2 + prompt % 7
        responses = [" ".join(words[: 3 * k]) for k in range(size, 0, -1)]
        rows.append(
            {
                "prompt": f"{words[-1]} {kind} ",
                "responses": responses,
                "ranks": [float(rank) for rank in range(1, size + 1)],
                "type": kind,
            }
        )
    return rows


def tiny() -> tuple[LlamaForSequenceClassification, PreTrainedTokenizerFast]:
    """A model with random weights and its tokenizer."""
    vocabulary = {word: k for k, word in enumerate(["<pad>", "<eos>", "<unk>", "open", "closed", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("<eos>", "isolated"), pre_tokenizers.WhitespaceSplit()]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=128, num_labels=1, pad_token_id=0,
    )  # fmt: skip
    return LlamaForSequenceClassification(config), fast


def main() -> None:
    options, args = HfArgumentParser((Options, RewardConfig)).parse_args_into_dataclasses()
    rows = load_dataset("json", data_files=options.data, split="train") if options.data else Dataset.from_list(made_rankings())
    split = rows.train_test_split(test_size=options.held_out, seed=args.seed)
    model, tokenizer = (options.model, None) if options.model else tiny()
    if options.double:
        model = model.double()
    utility = json.loads(options.loss) if options.loss.startswith("{") else options.loss
    trainer = RankingRewardTrainer(
        model,
        args,
        loss=RankingLoss(utility, head=options.head, smoothing=options.smoothing),
        train_dataset=split["train"],
        eval_dataset=split["test"],
        processing_class=tokenizer,
    )
    trainer.add_callback(CollapseCallback(trainer))
    trainer.train()
    trainer.evaluate()
    trainer.save_model()
    trainer.save_state()


if __name__ == "__main__":
    main()
