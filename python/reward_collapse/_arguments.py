"""Arguments that several functions take."""

from __future__ import annotations

import math
import operator
from functools import lru_cache
from typing import TYPE_CHECKING, Sequence, Union

from ._core import Potential, Utility
from ._errors import InputError
from ._results import Design

if TYPE_CHECKING:
    from typing_extensions import TypeAlias

__all__ = ["LossLike", "UtilityLike", "count", "interval", "loss_of", "number", "potential_of", "utility_of"]

UtilityLike: TypeAlias = Union[str, Utility]
LossLike: TypeAlias = Union[str, Utility, Design]

# Parsing proves concavity, which takes longer than solving a small problem.
_parsed = lru_cache(maxsize=256)(Utility)
# The potential of a law is a table of polynomials, which takes longer still.
potential_of = lru_cache(maxsize=16)(Potential)


def utility_of(utility: UtilityLike) -> Utility:
    """The utility itself, or the one that a text means."""
    if isinstance(utility, Utility):
        return utility
    if isinstance(utility, str):
        return _parsed(utility)
    raise TypeError(f"a utility is a text such as 'log(x)' or a Utility, not {type(utility).__name__}")


def loss_of(
    loss: LossLike, field: str | None, support: Sequence[float] | None, usual: tuple[float, float]
) -> tuple[Utility, str | None, tuple[float, float]]:
    """Utility, field and support, which a design brings all along."""
    if not isinstance(loss, Design):
        return utility_of(loss), field, usual if support is None else interval(support)
    if field is not None or support is not None:
        raise InputError("a design has a field and a support of its own: leave out field and support")
    return utility_of(loss.utility), loss.field, loss.support


def interval(support: Sequence[float]) -> tuple[float, float]:
    """The ends of a support."""
    try:
        lower, upper = support
        return float(lower), float(upper)
    except (TypeError, ValueError):
        raise InputError(f"a support is two numbers such as (0, 1), not {support!r}") from None


def count(name: str, value: int, least: int) -> int:
    """A whole number that is not too small."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None
    if whole < least:
        raise InputError(f"{name} must be at least {least}, got {whole}")
    return whole


def number(name: str, value: float) -> float:
    """A number that is not NaN."""
    converted = float(value)
    if math.isnan(converted):
        raise InputError(f"{name} is not a number")
    return converted
