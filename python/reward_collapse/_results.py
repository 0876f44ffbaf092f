"""Results: records that print well, compare by value and can be pickled."""

from __future__ import annotations

import html
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Atom", "PreferenceFit", "Record", "Solution"]

# Elements of a sequence that a table shows from each side.
_SHOWN = 6


def _same(a: Any, b: Any) -> bool:
    """Whether two fields are equal, arrays and NaN included."""
    if hasattr(a, "dtype") or hasattr(b, "dtype"):
        import numpy as np

        return bool(np.array_equal(a, b, equal_nan=True))
    return bool(a == b or (a != a and b != b))


def _cell(value: Any) -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        cells = [_cell(one) for one in value]
        if len(cells) > 2 * _SHOWN + 1:
            cells = [*cells[:_SHOWN], f".. {len(cells) - 2 * _SHOWN} more ..", *cells[-_SHOWN:]]
        return ", ".join(cells)
    if isinstance(value, float):
        return f"{value:.8g}"
    return str(value)


class Record:
    """What all results have in common."""

    __slots__ = ()

    # `seconds` differ from run to run.
    _of_the_run = frozenset({"seconds"})

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        names = [field.name for field in fields(self) if field.name not in self._of_the_run]  # type: ignore[arg-type]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        rows = []
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if value is not None:
                rows.append(
                    f"<tr><th style='text-align: left'>{html.escape(field.name)}</th>"
                    f"<td style='text-align: left'>{html.escape(_cell(value))}</td></tr>"
                )
        return f"<table><caption>{type(self).__name__}</caption><tbody>{''.join(rows)}</tbody></table>"


class Atom(NamedTuple):
    """A point that carries mass."""

    at: float
    mass: float


@dataclass(frozen=True, eq=False)
class Solution(Record):
    """Optimal rewards of a full ranking, and what is known about them.

    Attributes
    ----------
    utility : str
        The utility, without smoothing.
    n : int
        The number of responses.
    rewards : ndarray of float64, shape (n,)
        Ascending: the worst response first.
    objective : float
        The sum over the ``n (n - 1) / 2`` pairs; a field, smoothing and centring are included.
    mean_utility : float
        The objective per pair.
    gap : float
        A bound, per pair, on how much better any other rewards could be, rounding errors included. It rests on the
        concavity of the utility.
    unique : bool or str
        Whether no other rewards do as well; ``"up to a shift"`` where all rewards may be shifted together.
    iterations : int
        Newton iterations.
    closed_form : str or None
        The theorem that gives the rewards.
    concavity : str
        How it is known that the utility is concave: ``"proved"`` or ``"sampled"``.
    seconds : float
        Wall-clock time of the solve.
    basis : str
        What the gap rests on beside concavity: ``"support"``, ``"mean-distance"``, ``"strong-concavity"`` or ``"gaps"``.
    field : str or None
        The field.
    support : tuple of float
        The interval of the rewards.
    smoothing, centering : float
        Label smoothing and centring coefficient.

    Examples
    --------
    >>> import reward_collapse
    >>> solution = reward_collapse.solve("-1/x", 4)
    >>> solution.rewards.round(4)
    array([0.    , 0.3117, 0.6883, 1.    ])
    >>> solution.gap < 1e-12, solution.unique
    (True, True)
    """

    utility: str
    n: int
    rewards: NDArray[np.float64]
    objective: float
    mean_utility: float
    gap: float
    unique: bool | str
    iterations: int
    closed_form: str | None
    concavity: str
    seconds: float
    basis: str
    field: str | None = None
    support: tuple[float, float] = (0.0, 1.0)
    smoothing: float = 0.0
    centering: float = 0.0


@dataclass(frozen=True, eq=False)
class PreferenceFit(Record):
    """Rewards fitted to comparisons, and what is known about them.

    Attributes
    ----------
    utility : str
        The utility, without smoothing.
    items : list
        The items, in ascending order of their rewards, as they were given.
    rewards : ndarray of float64, shape (len(items),)
        Aligned with ``items``; of mean 0 where a shift changes nothing.
    standard_errors : ndarray of float64, shape (len(items),), or None
        From the inverse Hessian, where they were asked for.
    objective : float
        Per comparison; ``mean_utility`` is the same.
    gap : float
        A bound, per comparison, on how much better any other rewards could be.
    comparisons : float
        The sum of the counts.
    unique : bool or str
        Whether no other rewards do as well; ``"up to a shift"`` where all rewards may be shifted together.
    iterations : int
        Newton iterations.
    concavity : str
        How it is known that the objective is concave: ``"proved"`` or ``"sampled"``.
    seconds : float
        Wall-clock time of the fit.
    field : str or None
        The field.
    support : tuple of float
        The interval of the rewards.
    smoothing : float
        Label smoothing.

    Examples
    --------
    >>> import reward_collapse
    >>> games = {"winner": ["tea", "coffee", "tea"], "loser": ["coffee", "tea", "coffee"]}
    >>> fit = reward_collapse.solve("logsigmoid(x)", preferences=games)
    >>> fit.items
    ['coffee', 'tea']
    >>> (fit.rewards[1] - fit.rewards[0]).round(4)  # log 2
    np.float64(0.6931)
    """

    utility: str
    items: list[Any]
    rewards: NDArray[np.float64]
    standard_errors: NDArray[np.float64] | None
    objective: float
    gap: float
    comparisons: float
    unique: bool | str
    iterations: int
    concavity: str
    seconds: float
    field: str | None = None
    support: tuple[float, float] = (float("-inf"), float("inf"))
    smoothing: float = 0.0

    @property
    def n(self) -> int:
        """The number of items."""
        return len(self.items)

    @property
    def mean_utility(self) -> float:
        """The objective per comparison."""
        return self.objective
