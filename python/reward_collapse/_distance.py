"""Distances between rewards and laws, and how they fall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

from . import _core
from ._arguments import UtilityLike, count, utility_of
from ._errors import InputError
from ._limit import Limit
from ._results import Asymptotics, Rate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["asymptotics", "wasserstein"]


def _sample(values: Any) -> NDArray[np.float64]:
    """A sample in ascending order."""
    import numpy as np

    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("a sample of rewards is an array of numbers") from None
    return np.sort(array, axis=None)


def wasserstein(rewards: ArrayLike, other: Limit | UtilityLike | ArrayLike) -> float:
    """The Wasserstein-1 distance of rewards from a law, or from other rewards.

    Parameters
    ----------
    rewards : array_like
        A sample, in any order and of any shape; all its elements count.
    other : Limit, str, Utility or array_like
        A law, the utility of a law on [0, 1], or another sample, which need not be of the same size.

    Returns
    -------
    float
        Exact up to rounding.

    Examples
    --------
    >>> import reward_collapse
    >>> reward_collapse.wasserstein([0.5], "-1/x")  # from the uniform law
    0.25
    >>> reward_collapse.wasserstein([0.5, 0.0], [0.25])
    0.25
    """
    sample = _sample(rewards)
    if isinstance(other, (str, _core.Utility)):
        other = Limit(other)
    if isinstance(other, Limit):
        return _core.wasserstein_to_law(sample, other._law)
    return _core.wasserstein_between(sample, _sample(other))


def asymptotics(utility: UtilityLike, n: Iterable[int] = (16, 64, 256, 1024)) -> Asymptotics:
    """Solves for several numbers of responses, and compares with the limit law.

    Parameters
    ----------
    utility : str or Utility
        An increasing concave expression in ``x``.
    n : iterable of int
        The numbers of responses.

    Returns
    -------
    Asymptotics
        A row for each number, ascending, and the rates.

    Examples
    --------
    >>> import reward_collapse
    >>> result = reward_collapse.asymptotics("-1/x", [16, 64, 256])
    >>> bool((result.w1[1:] < result.w1[:-1]).all()), result.closed_form
    (True, 'Uniform(0, 1)')
    """
    import numpy as np

    sizes = sorted({count("n", size, 1) for size in n})
    if not sizes:
        raise InputError("give at least one number of responses")
    parsed = utility_of(utility)
    found = _core.asymptotics(parsed, sizes)
    found["n"] = np.array(found["n"], dtype=np.int64)
    found["rates"] = [Rate(*rate) for rate in found["rates"]]
    return Asymptotics(parsed.text, **found)
