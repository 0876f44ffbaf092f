"""Sums over the pairs of a batch, at once or in chunks."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from .pairs import Arrangement, Rows


class Batch(NamedTuple):
    """A flat batch in sorted order, but for its rewards."""

    arrangement: Arrangement | Rows
    #: The number of pairs; None while code is compiled, where it is not known.
    pairs: int | None
    type: Tensor | None
    weight: Tensor | None
    score: Tensor | None
    #: One entry a pair, in the form of what is selected by places of pairs.
    pair_weight: Tensor | None


class Terms(Protocol):
    """What is summed."""

    chunk: int

    def terms(self, outputs: Tensor, batch: Batch, better: Tensor, worse: Tensor, pair_weight: Tensor | None) -> Tensor:
        """What each pair takes from the loss."""

    def field_terms(self, outputs: Tensor, type: Tensor | None) -> Tensor | None:
        """The field of each response."""


def total_of(loss: Terms, outputs: Tensor, batch: Batch) -> Tensor:
    """The sum of the losses of the prompts."""
    arrangement = batch.arrangement
    if batch.pairs is not None and batch.pairs > loss.chunk:
        gain: Tensor = _InChunks.apply(outputs, loss, batch)  # type: ignore[no-untyped-call]
    else:
        better, worse = arrangement.all_pairs(batch.pairs)
        gain = arrangement.sum_of_means(loss.terms(outputs, batch, better, worse, batch.pair_weight), better)
    fields = loss.field_terms(outputs, batch.type)
    return -gain if fields is None else -gain - 2.0 * arrangement.sum_of_response_means(fields)


def by_prompt(loss: Terms, outputs: Tensor, batch: Batch) -> Tensor:
    """The loss of each prompt, in the order of ``group``."""
    arrangement = batch.arrangement
    better, worse = arrangement.all_pairs(batch.pairs)
    gains = arrangement.means(loss.terms(outputs, batch, better, worse, batch.pair_weight), better)
    fields = loss.field_terms(outputs, batch.type)
    return -gains if fields is None else -gains - 2.0 * arrangement.response_means(fields)


class _InChunks(torch.autograd.Function):
    """The sum over pairs, and its gradient with it, so that no tensor of all pairs is made or kept."""

    @staticmethod
    def forward(ctx: Any, outputs: Tensor, loss: Terms, batch: Batch) -> Tensor:
        assert isinstance(batch.arrangement, Arrangement) and batch.pairs is not None
        total, gradient = outputs.new_zeros(()), torch.zeros_like(outputs)
        for begin in range(0, batch.pairs, loss.chunk):
            end = min(begin + loss.chunk, batch.pairs)
            better, worse = batch.arrangement.some_pairs(begin, end)
            pair_weight = None if batch.pair_weight is None else batch.pair_weight[begin:end]
            with torch.enable_grad():
                own = outputs.detach().requires_grad_()
                part = batch.arrangement.sum_of_means(loss.terms(own, batch, better, worse, pair_weight), better)
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
