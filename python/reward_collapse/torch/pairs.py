"""Pairs of ranked responses, by sorting and segment arithmetic: no loop over prompts, and no table of all possible pairs."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class RankedPairs(NamedTuple):
    """The pairs of a batch. Each field is a tensor of one dimension, with one entry a pair."""

    #: The place of the worse response in the flat batch.
    worse: Tensor
    #: The place of the better one.
    better: Tensor
    #: The number of the prompt: 0 for the smallest ``group``, 1 for the next.
    prompt: Tensor


class Arrangement(NamedTuple):
    """A flat batch sorted by prompt, and from the worst response to the best within a prompt.

    Every tensor has one entry a response, in sorted order.
    """

    #: Where the response is in the flat batch.
    order: Tensor
    #: The number of its prompt.
    prompt: Tensor
    #: Where the responses that are better than it begin; they end where its prompt ends.
    better: Tensor
    #: How many responses are better than it.
    count: Tensor
    #: How many pairs its prompt has.
    pairs: Tensor
    #: How many responses its prompt has.
    responses: Tensor
    #: Whether it is the first of its prompt.
    first: Tensor

    def prompts(self) -> Tensor:
        """The number of prompts that have pairs, as a tensor without dimensions."""
        return (self.first & (self.pairs > 0)).sum()

    def skipped(self) -> Tensor:
        """The number of prompts without pairs, as a tensor without dimensions."""
        return (self.first & (self.pairs == 0)).sum()

    def all_pairs(self, total: int | None = None) -> tuple[Tensor, Tensor]:
        """Worse and better place of every pair in sorted order: by the worse, then by the better one.

        ``total``, the number of pairs, spares a synchronisation where it is known.
        """
        place = torch.arange(self.count.shape[0], device=self.count.device)
        worse = torch.repeat_interleave(place, self.count, output_size=total)
        # The first pair of each worse response, taken off its number, leaves 0, 1, 2, ... for each.
        shift = self.better - (torch.cumsum(self.count, 0) - self.count)
        return worse, torch.arange(worse.shape[0], device=worse.device) + shift.index_select(0, worse)

    def some_pairs(self, begin: int, end: int, ends: Tensor) -> tuple[Tensor, Tensor]:
        """Pairs ``begin`` to ``end`` of :meth:`all_pairs`; ``ends`` is the cumulative sum of ``count``."""
        number = torch.arange(begin, end, device=self.count.device)
        worse = torch.searchsorted(ends, number, right=True)
        shift = self.better - (ends - self.count)
        return worse, number + shift.index_select(0, worse)


def arrange(group: Tensor, rank: Tensor) -> Arrangement:
    """Sort a flat batch, and count its pairs.

    Parameters
    ----------
    group : Tensor
        Integers of shape ``(N,)``: responses of one prompt share theirs. They need not be sorted.
    rank : Tensor
        Numbers of shape ``(N,)``: 1 is the best response. Responses of equal rank make no pair.

    Returns
    -------
    Arrangement
        Tensors on the device of ``group``.
    """
    order = torch.argsort(rank, descending=True, stable=True)
    order = order.index_select(0, torch.argsort(group.index_select(0, order), stable=True))
    group, rank = group.index_select(0, order), rank.index_select(0, order)
    changes = torch.zeros_like(group, dtype=torch.bool)
    first = torch.ones_like(changes)
    first[1:] = group[1:] != group[:-1]
    changes[1:] = first[1:] | (rank[1:] != rank[:-1])
    prompt = torch.cumsum(first, 0) - 1
    block = torch.cumsum(changes, 0)
    begin = torch.searchsorted(prompt, prompt)
    end = torch.searchsorted(prompt, prompt, right=True)
    better = torch.searchsorted(block, block, right=True)
    count = end - better
    ends = torch.cumsum(count, 0)
    pairs = ends.index_select(0, end - 1) - (ends - count).index_select(0, begin)
    return Arrangement(order, prompt, better, count, pairs, end - begin, first)


def ranked_pairs(group: Tensor, rank: Tensor) -> RankedPairs:
    """All pairs of responses to the same prompt of which one is better.

    The pairs of a prompt are in the order in which :class:`~reward_collapse.torch.RankingLoss` takes ``pair_weight``: by the worse
    response, from the worst on, then by the better one.

    Parameters
    ----------
    group : Tensor
        Integers of shape ``(N,)``, one a response: its prompt.
    rank : Tensor
        Numbers of shape ``(N,)``: 1 is the best response, and equal ranks make no pair.

    Returns
    -------
    RankedPairs
        ``worse``, ``better`` and ``prompt``, each of shape ``(P,)``.

    Examples
    --------
    >>> import torch
    >>> pairs = ranked_pairs(torch.tensor([7, 7, 7, 9]), torch.tensor([1, 2, 2, 1]))
    >>> pairs.worse.tolist(), pairs.better.tolist()
    ([1, 2], [0, 0])
    """
    arrangement = arrange(group, rank)
    worse, better = arrangement.all_pairs()
    places = (arrangement.order.index_select(0, sorted_places) for sorted_places in (worse, better))
    return RankedPairs(*places, arrangement.prompt.index_select(0, worse))
