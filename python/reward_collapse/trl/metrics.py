"""Numbers of each prompt of a batch, and their sums over batches and processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from reward_collapse.torch import RankingLoss, ranked_pairs

from .theory import Theory

#: The columns of :func:`prompt_statistics`.
COLUMNS = ("loss", "pairs", "correct", "margin", "responses", "sum", "least", "largest", "distance", "type")


def prompt_statistics(loss: RankingLoss, theory: Theory, outputs: Tensor, batch: Mapping[str, Any]) -> Tensor:
    """The numbers of each prompt, in double precision on the CPU.

    Parameters
    ----------
    loss : RankingLoss
        With ``reduction="none"``, on the CPU.
    theory : Theory
        That of the loss.
    outputs : Tensor
        What the model said of each response, of shape ``(N,)``.
    batch : mapping
        What :class:`RankingCollator` made.

    Returns
    -------
    Tensor
        One row a prompt and one column for each of ``COLUMNS``; the distance is NaN where theory has no optimum.
    """
    outputs = outputs.detach().to("cpu", torch.float64)
    group, rank = batch["group"].cpu(), batch["rank"].cpu()
    type = batch["type"].cpu() if "type" in batch else None
    score = batch["score"].cpu() if "score" in batch else None
    rewards = loss.reward(outputs)
    prompts = int(group[-1]) + 1
    pairs = ranked_pairs(group, rank)
    differences = rewards[pairs.better] - rewards[pairs.worse]
    table = torch.zeros(prompts, len(COLUMNS), dtype=torch.float64)
    columns = dict(zip(COLUMNS, table.unbind(1), strict=True))
    columns["loss"].copy_(loss(outputs, group, rank, type=type, score=score))
    columns["pairs"].index_add_(0, pairs.prompt, torch.ones_like(differences))
    columns["correct"].index_add_(0, pairs.prompt, (differences > 0).double())
    columns["margin"].index_add_(0, pairs.prompt, differences)
    columns["responses"].index_add_(0, group, torch.ones_like(rewards))
    columns["sum"].index_add_(0, group, rewards)
    columns["least"].scatter_reduce_(0, group, rewards, "amin", include_self=False)
    columns["largest"].scatter_reduce_(0, group, rewards, "amax", include_self=False)
    sizes = columns["responses"].long().tolist()
    ends = torch.cumsum(columns["responses"].long(), 0).tolist()
    for prompt, (size, end) in enumerate(zip(sizes, ends, strict=True)):
        own = slice(end - size, end)
        kind = loss.types[int(type[end - 1])] if type is not None else None
        # Theory is of a full ranking; the collator puts the best response first.
        is_full = columns["pairs"][prompt] == size * (size - 1) // 2
        distance = theory.distance(rewards[own].flip(0).numpy(), kind) if is_full else None
        columns["distance"][prompt] = torch.nan if distance is None else distance
    if type is not None:
        columns["type"].scatter_(0, group, type.double())
    return table


class Totals:
    """Sums over the batches since the last log."""

    def __init__(self) -> None:
        self._sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])

    def add(self, table: Tensor, types: tuple[Any, ...]) -> None:
        """Adds a batch: what :func:`prompt_statistics` gave in all processes."""
        column = dict(zip(COLUMNS, table.unbind(1), strict=True))
        prompts = float(len(table))
        self._add("loss", float(column["loss"].sum()), prompts)
        self._add("accuracy", float((column["correct"] / column["pairs"]).sum()), prompts)
        self._add("pair_accuracy", float(column["correct"].sum()), float(column["pairs"].sum()))
        self._add("margin", float((column["margin"] / column["pairs"]).sum()), prompts)
        self._add("mean_reward", float(column["sum"].sum()), float(column["responses"].sum()))
        self._add("min_reward", float(column["least"].min()), 1.0)
        self._add("max_reward", float(column["largest"].max()), 1.0)
        compared = ~column["distance"].isnan()
        for place, key in enumerate(types or (None,)):
            own = compared & (column["type"] == place)
            if bool(own.any()):
                name = "distance_to_theory" if key is None else f"distance_to_theory/{key}"
                self._add(name, float(column["distance"][own].sum()), float(own.sum()))

    def _add(self, name: str, value: float, count: float) -> None:
        entry = self._sums[name]
        entry[0] += value
        entry[1] += count

    def means(self) -> dict[str, float]:
        """The mean of each number; least and largest reward are means over batches, as with TRL."""
        return {name: value / count for name, (value, count) in self._sums.items() if count}

    def clear(self) -> None:
        """Begins anew."""
        self._sums.clear()
