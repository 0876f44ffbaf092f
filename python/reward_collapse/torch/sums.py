"""Sums over the pairs of a batch, at once or in chunks."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from .pairs import Arrangement


class Batch(NamedTuple):
    """A flat batch in sorted order, but for its rewards."""

    arrangement: Arrangement
    #: The number of pairs; None while code is compiled, where it is not known.
    pairs: int | None
    type: Tensor | None
    weight: Tensor | None
    score: Tensor | None
    #: One entry a pair.
    pair_weight: Tensor | None


class Terms(Protocol):
    """What is summed."""

    chunk: int

    def terms(self, outputs: Tensor, batch: Batch, worse: Tensor, better: Tensor, pair_weight: Tensor | None) -> Tensor:
        """What each pair costs."""

    def field_terms(self, outputs: Tensor) -> Tensor | None:
        """The field of each response."""


def total_of(loss: Terms, outputs: Tensor, batch: Batch) -> Tensor:
    """The sum of the losses of the prompts."""
    if batch.pairs is not None and batch.pairs > loss.chunk:
        total: Tensor = _InChunks.apply(outputs, loss, batch)  # type: ignore[no-untyped-call]
    else:
        worse, better = batch.arrangement.all_pairs(batch.pairs)
        total = _weighted(loss, outputs, batch, worse, better, batch.pair_weight).sum()
    fields = _weighted_field(loss, outputs, batch)
    return total if fields is None else total - fields.sum()


def by_prompt(loss: Terms, outputs: Tensor, batch: Batch) -> Tensor:
    """The loss of each prompt, in the order of ``group``."""
    prompt = batch.arrangement.prompt
    worse, better = batch.arrangement.all_pairs(batch.pairs)
    terms = _weighted(loss, outputs, batch, worse, better, batch.pair_weight)
    losses = outputs.new_zeros(int(prompt[-1]) + 1).index_add(0, prompt.index_select(0, worse), terms)
    fields = _weighted_field(loss, outputs, batch)
    return losses if fields is None else losses.index_add(0, prompt, -fields)


def _weighted(
    loss: Terms, outputs: Tensor, batch: Batch, worse: Tensor, better: Tensor, pair_weight: Tensor | None
) -> Tensor:
    """Each pair with its share in its prompt."""
    share = batch.arrangement.pairs.clamp(min=1).to(outputs.dtype).reciprocal()
    return loss.terms(outputs, batch, worse, better, pair_weight) * share.index_select(0, worse)


def _weighted_field(loss: Terms, outputs: Tensor, batch: Batch) -> Tensor | None:
    fields = loss.field_terms(outputs)
    if fields is None:
        return None
    arrangement = batch.arrangement
    share = 2.0 / arrangement.responses.to(outputs.dtype)
    return torch.where(arrangement.pairs > 0, share * fields, 0.0)


class _InChunks(torch.autograd.Function):
    """The sum over pairs, and its gradient with it, so that no tensor of all pairs is made or kept."""

    @staticmethod
    def forward(ctx: Any, outputs: Tensor, loss: Terms, batch: Batch) -> Tensor:
        assert batch.pairs is not None
        ends = torch.cumsum(batch.arrangement.count, 0)
        total, gradient = outputs.new_zeros(()), torch.zeros_like(outputs)
        for begin in range(0, batch.pairs, loss.chunk):
            end = min(begin + loss.chunk, batch.pairs)
            worse, better = batch.arrangement.some_pairs(begin, end, ends)
            pair_weight = None if batch.pair_weight is None else batch.pair_weight[begin:end]
            with torch.enable_grad():
                own = outputs.detach().requires_grad_()
                part = _weighted(loss, own, batch, worse, better, pair_weight).sum()
                if ctx.needs_input_grad[0]:
                    gradient += torch.autograd.grad(part, own)[0]
            total += part.detach()
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return grad_output * gradient, None, None
