"""The potential of a law as a function of tensors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reward_collapse import _core
from reward_collapse._arguments import potential_of


class _Jet(torch.autograd.Function):
    """A field or one of its derivatives; the gradient is the next derivative, so that there are second ones, too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, potential: _core.Potential, order: int) -> Tensor:
        ctx.save_for_backward(x)
        ctx.potential, ctx.order = potential, order
        values = potential(x.detach().double().cpu().numpy(), order)
        return torch.as_tensor(values, dtype=x.dtype, device=x.device)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        slope: Tensor = _Jet.apply(x, ctx.potential, ctx.order + 1)  # type: ignore[no-untyped-call]
        return grad_output * slope, None, None


class Potential:
    """The field of a design. There is one value for each response, so that it is computed on the CPU in double precision, by the extension.

    Parameters
    ----------
    field : str
        Such as ``"potential(beta(2,5); log(x+0.1))"``.
    support : (float, float)
        The interval of the rewards.
    """

    def __init__(self, field: str, support: tuple[float, float]) -> None:
        self._potential = potential_of(field, support)

    @torch.compiler.disable
    def __call__(self, x: Tensor) -> Tensor:
        """Its values."""
        value: Tensor = _Jet.apply(x, self._potential, 0)  # type: ignore[no-untyped-call]
        return value
