"""RankingLoss beside what people write, and a step of TRL with distinct encoding beside TRL's own.

    target/python/bin/python benches/python/losses.py [--threads 2] [--rounds 60]

All contenders of a table take turns in one process, so that a busy machine slows them alike. Medians, quickest rounds, and the ratios of each to our own
are printed. Where other programs want the same cores, more than one thread measures these programs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F

from reward_collapse.torch import RankingLoss, ranked_pairs

PROMPTS, RESPONSES = 1024, 8


def take_turns(contenders: dict[str, Callable[[], object]], rounds: int, few: frozenset[str] = frozenset()) -> dict[str, tuple[float, float]]:
    """The median and the least seconds of each; ``few`` take part in a tenth of the rounds."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds + 3):
        # Who comes after whom matters: what was used last is in the cache.
        names.append(names.pop(0))
        for name in names:
            run = contenders[name]
            if name in few and turn % 10:
                continue
            began = time.perf_counter()
            run()
            if turn >= 3 or name in few:
                times[name].append(time.perf_counter() - began)
    return {name: (statistics.median(own), min(own)) for name, own in times.items()}


def table(title: str, seconds: dict[str, tuple[float, float]], unit: str) -> None:
    print(title)
    print(f"  {'':54}{'median':>12}{'ratio':>8}{'quickest':>14}{'ratio':>8}")
    for name, (median, least) in seconds.items():
        ratios = (median / seconds[unit][0], least / seconds[unit][1])
        print(f"  {name:54}{median * 1e3:9.3f} ms{ratios[0]:8.2f}{least * 1e3:11.3f} ms{ratios[1]:8.2f}")
    print(flush=True)


def losses(rounds: int) -> None:
    outputs = torch.randn(PROMPTS * RESPONSES, generator=torch.Generator().manual_seed(0)).requires_grad_()
    group = torch.arange(PROMPTS).repeat_interleave(RESPONSES)
    rank = torch.arange(1, RESPONSES + 1).repeat(PROMPTS)
    shuffled = torch.randperm(len(group), generator=torch.Generator().manual_seed(1))
    mixed = outputs.detach()[shuffled].requires_grad_()
    mixed_group, mixed_rank = group[shuffled], rank[shuffled]
    pairs = ranked_pairs(group, rank)
    loss = RankingLoss("logsigmoid(x)", head="raw")

    def plain() -> torch.Tensor:
        return -F.logsigmoid(outputs[pairs.better] - outputs[pairs.worse]).mean()

    def by_prompt() -> torch.Tensor:
        total = outputs.new_zeros(())
        for prompt in range(PROMPTS):
            own = outputs[prompt * RESPONSES : (prompt + 1) * RESPONSES]
            better, worse = torch.triu_indices(RESPONSES, RESPONSES, 1)
            total = total - F.logsigmoid(own[better] - own[worse]).mean()
        return total / PROMPTS

    def ours() -> torch.Tensor:
        return loss(outputs, group, rank)

    def in_any_order() -> torch.Tensor:
        return loss(mixed, mixed_group, mixed_rank)

    values = [one().item() for one in (plain, by_prompt, ours, in_any_order)]
    assert max(values) - min(values) < 1e-5, values

    def step(value: Callable[[], torch.Tensor]) -> Callable[[], None]:
        def run() -> None:
            outputs.grad = mixed.grad = None
            value().backward()

        return run

    names = {
        "plain: logsigmoid over pairs that are known before": plain,
        "RankingLoss": ours,
        "RankingLoss, responses in any order": in_any_order,
        "loop over prompts": by_prompt,
    }
    medians = take_turns({name: step(value) for name, value in names.items()}, rounds, frozenset({"loop over prompts"}))
    title = f"Loss, forward and backward: {PROMPTS} prompts of {RESPONSES}, single precision, {torch.get_num_threads()} threads"
    table(title, medians, "RankingLoss")


def unlike_sizes(rounds: int) -> None:
    """Prompts of 2 to 14 responses, each sorted from best to worst."""
    random = torch.Generator().manual_seed(0)
    sizes = torch.randint(2, 15, (PROMPTS,), generator=random)
    group = torch.arange(PROMPTS).repeat_interleave(sizes)
    rank = torch.cat([torch.arange(1, size + 1) for size in sizes.tolist()])
    outputs = torch.randn(len(group), generator=random).requires_grad_()
    pairs = ranked_pairs(group, rank)
    # The mean over prompts of the mean over pairs.
    shares = (1.0 / torch.bincount(pairs.prompt))[pairs.prompt] / PROMPTS
    loss = RankingLoss("logsigmoid(x)", head="raw")

    def plain() -> torch.Tensor:
        return -(shares * F.logsigmoid(outputs[pairs.better] - outputs[pairs.worse])).sum()

    def ours() -> torch.Tensor:
        return loss(outputs, group, rank)

    assert abs(plain().item() - ours().item()) < 1e-5

    def step(value: Callable[[], torch.Tensor]) -> Callable[[], None]:
        def run() -> None:
            outputs.grad = None
            value().backward()

        return run

    names = {"plain: logsigmoid over pairs that are known before": plain, "RankingLoss": ours}
    medians = take_turns({name: step(value) for name, value in names.items()}, rounds)
    title = f"Loss, forward and backward: {PROMPTS} prompts of 2 to 14, single precision, {torch.get_num_threads()} threads"
    table(title, medians, "RankingLoss")


def steps(rounds: int) -> None:
    from datasets import Dataset, disable_progress_bars
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerFast, PrinterCallback, logging
    from trl import RewardConfig, RewardTrainer

    from reward_collapse.trl import RankingRewardTrainer

    logging.set_verbosity_error()
    disable_progress_bars()
    words = [f"w{k}" for k in range(500)]
    tokens = Tokenizer(models.WordLevel({w: k for k, w in enumerate(["<pad>", "<eos>", "<unk>", *words])}, unk_token="<unk>"))
    tokens.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("<eos>", "isolated"), pre_tokenizers.WhitespaceSplit()]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokens, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
    random = torch.Generator().manual_seed(0)
    text = lambda: " ".join(words[k] for k in torch.randint(500, (48,), generator=random))  # noqa: E731
    rows = [{"responses": [text() for _ in range(8)], "ranks": list(range(1, 9))} for _ in range(8)]
    pairs = [
        {"chosen": row["responses"][better], "rejected": row["responses"][worse]}
        for row in rows
        for better in range(8)
        for worse in range(better + 1, 8)
    ]

    def trainer(kind: type, data: list[dict[str, object]]) -> RewardTrainer:
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=4, max_position_embeddings=64, num_labels=1, pad_token_id=0,
        )  # fmt: skip
        args = RewardConfig(
            output_dir=tempfile.mkdtemp(), per_device_train_batch_size=len(data), max_steps=1, report_to="none", use_cpu=True,
            bf16=False, gradient_checkpointing=False, disable_tqdm=True, save_strategy="no", logging_strategy="no",
        )  # fmt: skip
        made = kind(LlamaForSequenceClassification(config), args, train_dataset=Dataset.from_list(data), processing_class=tokenizer)
        made.remove_callback(PrinterCallback)
        made.train()
        return made

    trainers = {
        "RankingRewardTrainer: 8 rankings of 8, 64 texts": trainer(RankingRewardTrainer, rows),
        "RankingRewardTrainer: the same as 224 pairs": trainer(RankingRewardTrainer, pairs),
        "TRL's RewardTrainer: the same 224 pairs, 448 texts": trainer(RewardTrainer, pairs),
    }
    values = []

    def step(made: RewardTrainer) -> Callable[[], None]:
        batch = made.data_collator([made.train_dataset[k] for k in range(len(made.train_dataset))])
        prompts = torch.tensor(float(len(made.train_dataset)))

        def run() -> None:
            made.model.zero_grad()
            values.append(made.training_step(made.model, dict(batch), prompts).item())

        return run

    own = {name: step(made) for name, made in trainers.items()}
    for made in trainers.values():
        made.model.load_state_dict(trainers["TRL's RewardTrainer: the same 224 pairs, 448 texts"].model.state_dict())
        made.current_gradient_accumulation_steps = 1
    medians = take_turns(own, max(rounds // 3, 10))
    assert max(values) - min(values) < 1e-5, (min(values), max(values))
    title = f"A training step at equal loss: 8 prompts of 8 texts of 48 tokens, {torch.get_num_threads()} threads"
    table(title, medians, "RankingRewardTrainer: 8 rankings of 8, 64 texts")


def main() -> None:
    parser = argparse.ArgumentParser(description="RankingLoss and the trainer beside what people write.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(options.threads)
    losses(options.rounds)
    unlike_sizes(options.rounds)
    steps(options.rounds)


if __name__ == "__main__":
    main()
