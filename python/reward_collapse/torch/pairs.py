"""Pairs of ranked responses, by sorting and segment arithmetic: no loop over prompts, and no table of all possible pairs."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
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
    """A flat batch sorted by prompt, and from the best response to the worst within a prompt.

    Every tensor has one entry a response, in sorted order.
    """

    #: Where the response is in the flat batch; None where that is sorted already.
    order: Tensor | None
    #: Whether it is the first of its prompt.
    first: Tensor
    #: Where its prompt begins.
    begin: Tensor
    #: Where its prompt ends.
    end: Tensor
    #: How many responses are worse than it: they are the last ones of its prompt.
    counts: Tensor
    #: How many pairs the responses up to it have.
    total: Tensor
    #: How many pairs its prompt has.
    pairs: Tensor

    def sort(self, values: Tensor) -> Tensor:
        """Values of the flat batch in sorted order."""
        return values if self.order is None else values.index_select(0, self.order)

    def prompt(self) -> Tensor:
        """The number of each response's prompt."""
        return torch.cumsum(self.first, 0) - 1

    def differs(self, values: Tensor) -> Tensor:
        """Whether a response's value is not that of the first one of its prompt, in the order of the flat batch."""
        own = self.sort(values)
        flags = own != own.index_select(0, self.begin)
        return flags if self.order is None else torch.empty_like(flags).index_copy(0, self.order, flags)

    def prompts(self) -> Tensor:
        """The number of prompts that have pairs, as a tensor without dimensions."""
        return (self.first & (self.pairs > 0)).sum()

    def skipped(self) -> Tensor:
        """The number of prompts without pairs, as a tensor without dimensions."""
        return (self.first & (self.pairs == 0)).sum()

    def number_of_pairs(self) -> Tensor:
        """As a tensor without dimensions."""
        return self.counts.sum()

    def all_pairs(self, pairs: int | None = None) -> tuple[Tensor, Tensor]:
        """Better and worse place of every pair in sorted order: by the better, then by the worse one.

        ``pairs``, their number, spares a synchronisation where it is known.
        """
        better = torch.repeat_interleave(self.counts, output_size=pairs)
        number = torch.arange(better.shape[0], device=better.device)
        return better, number + (self.end - self.total).index_select(0, better)

    def some_pairs(self, begin: int, end: int) -> tuple[Tensor, Tensor]:
        """Pairs ``begin`` to ``end`` of :meth:`all_pairs`."""
        number = torch.arange(begin, end, device=self.counts.device)
        better = torch.searchsorted(self.total, number, right=True)
        return better, number + (self.end - self.total).index_select(0, better)

    def pair_values(self, values: Tensor) -> Tensor:
        """One value a pair, in the form of what is selected by places of pairs."""
        return values

    def sum_of_means(self, terms: Tensor, better: Tensor) -> Tensor:
        """The sum over prompts of the mean over their pairs."""
        return torch.dot(terms, self._share(terms, better))

    def means(self, terms: Tensor, better: Tensor) -> Tensor:
        """The mean over pairs of each prompt, 0 without pairs."""
        prompt = self.prompt()
        means = terms.new_zeros(int(prompt[-1]) + 1)
        return means.index_add(0, prompt.index_select(0, better), terms * self._share(terms, better))

    def response_means(self, values: Tensor) -> Tensor:
        """The mean over the responses of each prompt, 0 without pairs."""
        prompt = self.prompt()
        return values.new_zeros(int(prompt[-1]) + 1).index_add(0, prompt, self._response_shares(values))

    def sum_of_response_means(self, values: Tensor) -> Tensor:
        """The sum over prompts with pairs of the mean over their responses."""
        return self._response_shares(values).sum()

    def _response_shares(self, values: Tensor) -> Tensor:
        return torch.where(self.pairs > 0, values / (self.end - self.begin), 0.0)

    def _share(self, terms: Tensor, better: Tensor) -> Tensor:
        # A prompt without pairs has an infinite share, which nothing is multiplied with.
        return self.pairs.to(terms.dtype).reciprocal().index_select(0, better)


class Rows(NamedTuple):
    """A flat batch that is sorted already, without ties, and whose prompts all have the same number of responses.

    It does what :class:`Arrangement` does, in a table of one row a rank and one column a prompt, where pairs are pairs of rows.
    """

    #: How many responses each prompt has.
    size: int
    #: How many prompts there are.
    columns: int

    def sort(self, values: Tensor) -> Tensor:
        """Values of the flat batch as a table."""
        return values.view(self.columns, self.size).t().contiguous()

    def differs(self, values: Tensor) -> Tensor:
        """Whether a response's value is not that of the first one of its prompt, in the order of the flat batch."""
        table = values.view(self.columns, self.size)
        return (table != table[:, :1]).flatten()

    def prompts(self) -> int:
        """The number of prompts that have pairs."""
        return self.columns

    def skipped(self) -> Tensor:
        """The number of prompts without pairs, as a tensor without dimensions."""
        return torch.tensor(0)

    def number_of_pairs(self) -> Tensor:
        """As a tensor without dimensions."""
        return torch.tensor(self.pairs_of_all())

    def pairs_of_all(self) -> int:
        """The number of pairs."""
        return self.columns * self._pairs()

    def all_pairs(self, pairs: int | None = None) -> tuple[Tensor, Tensor]:
        """Better and worse row of every pair of rows."""
        return _pairs_of_rows(self.size)

    def pair_values(self, values: Tensor) -> Tensor:
        """One value a pair, in the form of what is selected by rows of pairs."""
        return values.view(self.columns, self._pairs()).t()

    def sum_of_means(self, terms: Tensor, better: Tensor) -> Tensor:
        """The sum over prompts of the mean over their pairs."""
        return terms.sum() / self._pairs()

    def means(self, terms: Tensor, better: Tensor) -> Tensor:
        """The mean over pairs of each prompt."""
        return terms.mean(0)

    def response_means(self, values: Tensor) -> Tensor:
        """The mean over the responses of each prompt."""
        return values.mean(0)

    def sum_of_response_means(self, values: Tensor) -> Tensor:
        """The sum over prompts of the mean over their responses."""
        return values.sum() / self.size

    def _pairs(self) -> int:
        return self.size * (self.size - 1) // 2


@lru_cache(maxsize=32)
def _pairs_of_rows(size: int) -> tuple[Tensor, Tensor]:
    better, worse = torch.triu_indices(size, size, 1)
    return better, worse


def lay_out(group: Tensor, rank: Tensor, most: int) -> Arrangement | Rows:
    """:func:`arrange`, or a table where there is one, with at most ``most`` pairs."""
    # On a GPU sorting takes less time than waiting for the answer.
    if torch.compiler.is_compiling() or group.device.type != "cpu":
        return arrange(group, rank)
    # NumPy takes a fraction of the time for operations as small as these.
    if rank.dtype in (torch.int64, torch.int32, torch.float32, torch.float64):
        groups, ranks = group.numpy(), rank.detach().numpy()
        size = int(np.searchsorted(groups, groups[0], side="right"))
        columns = len(groups) // max(size, 1)
        if 1 < size and size * columns == len(groups) and columns * size * (size - 1) // 2 <= most:
            groups, ranks = groups.reshape(columns, size), ranks.reshape(columns, size)
            is_sorted = (groups[1:, 0] > groups[:-1, 0]).all() and (ranks[:, 1:] > ranks[:, :-1]).all()
            if is_sorted and (groups == groups[:, :1]).all():
                return Rows(size, columns)
    return arrange(group, rank)


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
    order = None
    # On a GPU sorting takes less time than waiting for the answer.
    if torch.compiler.is_compiling() or group.device.type != "cpu" or not _is_sorted(group, rank):
        order = torch.argsort(rank, stable=True)
        order = order.index_select(0, torch.argsort(group.index_select(0, order), stable=True))
        group, rank = group.index_select(0, order), rank.index_select(0, order)
    first = torch.ones_like(group, dtype=torch.bool)
    torch.ne(group[1:], group[:-1], out=first[1:])
    changes = first.clone()
    changes[1:] |= rank[1:] != rank[:-1]
    place = torch.arange(group.shape[0], device=group.device)
    begin = torch.cummax(torch.where(first, place, 0), 0).values
    end = _next(first, place)
    counts = end - _next(changes, place)
    total = torch.cumsum(counts, 0)
    before = (total - counts).index_select(0, begin)
    return Arrangement(order, first, begin, end, counts, total, total.index_select(0, end - 1) - before)


def _is_sorted(group: Tensor, rank: Tensor) -> bool:
    same = group[1:] == group[:-1]
    return bool(torch.where(same, rank[1:] >= rank[:-1], group[1:] > group[:-1]).all())


def _next(flags: Tensor, place: Tensor) -> Tensor:
    """The next place after each that has a flag, or the end."""
    size = flags.shape[0]
    flagged = torch.full_like(place, size)
    flagged[:-1] = torch.where(flags[1:], place[1:], size)
    return torch.cummin(flagged.flip(0), 0).values.flip(0)


def ranked_pairs(group: Tensor, rank: Tensor) -> RankedPairs:
    """All pairs of responses to the same prompt of which one is better.

    They are in the order in which :class:`~reward_collapse.torch.RankingLoss` takes ``pair_weight``: by prompt, then by the better response,
    from the best on, then by the worse one.

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
    better, worse = arrangement.all_pairs()
    prompt = arrangement.prompt().index_select(0, better)
    if arrangement.order is not None:
        better, worse = arrangement.order.index_select(0, better), arrangement.order.index_select(0, worse)
    return RankedPairs(worse, better, prompt)
