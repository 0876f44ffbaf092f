"""Results: records that print well, compare by value and can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import os

    import numpy as np
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

__all__ = ["Asymptotics", "Atom", "Design", "PreferenceFit", "Rate", "Record", "Simulation", "Solution", "table"]

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

    # These differ from run to run.
    _of_the_run = frozenset({"seconds"})

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        """A record from all its fields: what `__init__` does, in a third of its time."""
        record = object.__new__(cls)
        record.__dict__.update(values)
        return record

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        names = [field.name for field in fields(self) if field.name not in self._of_the_run]  # type: ignore[arg-type]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        names = [field.name for field in fields(self) if not field.name.startswith("_")]  # type: ignore[arg-type]
        return table(type(self).__name__, {name: getattr(self, name) for name in names})


def table(title: str, rows: dict[str, Any]) -> str:
    """Rows as HTML, without those of None."""
    # Only notebooks need it, and everybody would wait for it.
    from html import escape

    style = "style='text-align: left'"
    cells = [
        f"<tr><th {style}>{escape(name)}</th><td {style}>{escape(_cell(value))}</td></tr>"
        for name, value in rows.items()
        if value is not None
    ]
    return f"<table><caption>{escape(title)}</caption><tbody>{''.join(cells)}</tbody></table>"


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
        What the gap rests on beside concavity: ``"support"``, ``"mean-distance"``, ``"strong-concavity"`` or ``"gaps"``; for a
        field that is not concave ``"laws"``, or ``"starts"`` where there is no gap.
    bound : str
        What the gap is over: ``"global in r"`` all rewards, ``"over all laws"``, or ``"local"``, where the gap is NaN.
    interpolation : str
        How the errors of fast sums are known, which the gap includes: ``"none"`` where every pair is summed by itself,
        ``"bounded"``, or ``"measured"`` at points.
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
    array([0.    , 0.3193, 0.6807, 1.    ])
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
    bound: str = "global in r"
    interpolation: str = "none"
    field: str | None = None
    support: tuple[float, float] = (0.0, 1.0)
    smoothing: float = 0.0
    centering: float = 0.0


@dataclass(frozen=True, eq=False)
class Design(Record):
    """A loss for a law that is wanted: what to train with, and how near its rewards come.

    It can be given to :func:`solve`, :class:`Limit`, :func:`simulate` and :func:`compare` in place of a utility, and the file that
    :meth:`save` writes to the program's ``--design`` and, as ``{design: FILE}``, to the loss of a training run.

    Attributes
    ----------
    target : str
        The law that is wanted.
    method : str
        ``"field"`` or ``"utility"``.
    utility : str
        The base utility, or the one that was found.
    field : str or None
        The field.
    support : tuple of float
        The interval of the rewards.
    n : int
        The number of responses of ``rewards``.
    rewards : ndarray of float64, shape (n,)
        The optimal rewards of the loss, ascending.
    w1, w1_limit : float
        The Wasserstein-1 distances of ``rewards``, and of the limit law of the loss, from the target.
    quantile_distance : float
        The mean distance of ``rewards`` from the target's quantiles of ``(i - 1/2) / n``.
    residual : float
        The variation of the target's potential, as a share of ``U(width) - U(0)``; 0 for a perfect design.
    gap : float
        A bound, per pair, on how much better any other rewards could be; NaN where ``bound`` is ``"local"``.
    bound : str
        What the gap is over: ``"global in r"``, ``"over all laws"`` or ``"local"``.
    concavity : str
        How it is known that utility and field are concave; ``"refuted"`` for a field that is not.

    Examples
    --------
    >>> import reward_collapse
    >>> found = reward_collapse.design("beta(2,5)", base="x", n=8, exact=True)
    >>> round(found.w1, 4), found.bound
    (0.022, 'global in r')
    """

    target: str
    method: str
    utility: str
    field: str | None
    support: tuple[float, float]
    n: int
    rewards: NDArray[np.float64]
    w1: float
    w1_limit: float
    quantile_distance: float
    residual: float
    gap: float
    bound: str
    concavity: str
    _file: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the design as the JSON that the program reads: to a temporary name first, which is then renamed."""
        import os
        import tempfile

        folder = os.path.dirname(os.path.abspath(path))
        descriptor, temporary = tempfile.mkstemp(suffix=".json", prefix=".design-", dir=folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(self._file + "\n")
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    def potential(self, x: ArrayLike, order: int = 0) -> Any:
        """The field ``V``, or its derivative of order 1 or 2, elementwise; 0 without a field.

        Examples
        --------
        >>> import reward_collapse
        >>> found = reward_collapse.design("uniform", base="x")
        >>> found.potential([0.0, 0.5, 1.0]).round(12)  # V(x) = -(x^2 + (1-x)^2)/2
        array([-0.5 , -0.25, -0.5 ])
        """
        from ._arguments import potential_of

        if self.field is None:
            import numpy as np

            return 0.0 * np.asarray(x, dtype=np.float64)
        return potential_of(self.field, self.support)(x, order)


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


class Rate(NamedTuple):
    """How one measure falls with the number of responses."""

    measure: str
    """What is measured: ``w1``, ``ks``, ..."""
    exponent: float | None
    """Of the fitted ``constant * n**exponent``; None where there are too few sizes."""
    constant: float | None
    predicted: str
    """What theory says."""
    drift: float | None
    """How steady the ratio to the prediction is over the last decade of sizes: 1 where the prediction holds."""


@dataclass(frozen=True, eq=False)
class Asymptotics(Record):
    """Finite rewards beside their limit law, for several numbers of responses.

    Attributes
    ----------
    utility : str
        The utility.
    n : ndarray of int64, shape (sizes,)
        The numbers of responses, ascending; the other arrays are aligned with it.
    w1, ks : ndarray of float64, shape (sizes,)
        Wasserstein-1 and Kolmogorov distances of the rewards from the limit law.
    mean_utility : ndarray of float64, shape (sizes,)
        Of a pair of different responses; NaN for ``n = 1``.
    energy_difference : ndarray of float64, shape (sizes,)
        ``mean_utility - limit_mean_utility``; under ``-x^-s`` with ``s >= 1`` less that of equally spaced rewards.
    end_share : ndarray of float64, shape (sizes,)
        The share of responses with a reward of exactly 0.
    gap : ndarray of float64, shape (sizes,)
        The certificates of the finite solves, per pair.
    seconds : ndarray of float64, shape (sizes,)
        Wall-clock times of the finite solves.
    limit_mean_utility : float
        Of two independent draws from the limit law.
    atom : float
        The mass of the limit law at 0.
    closed_form : str or None
        The theorem that gives the limit law.
    concavity : str
        How it is known that the utility is concave.
    rates : list of Rate
        How each measure falls.

    Examples
    --------
    >>> import reward_collapse
    >>> result = reward_collapse.asymptotics("log(x)", [64, 128, 256])
    >>> result.rates[0].measure, round(result.rates[0].exponent, 1)
    ('w1', -1.0)
    """

    utility: str
    n: NDArray[np.int64]
    w1: NDArray[np.float64]
    ks: NDArray[np.float64]
    mean_utility: NDArray[np.float64]
    energy_difference: NDArray[np.float64]
    end_share: NDArray[np.float64]
    gap: NDArray[np.float64]
    seconds: NDArray[np.float64]
    limit_mean_utility: float
    atom: float
    closed_form: str | None
    concavity: str
    rates: list[Rate]


@dataclass(frozen=True, eq=False)
class Simulation(Record):
    """How the rewards of simulated prompts went.

    Attributes
    ----------
    utility : str
        The utility.
    step : ndarray of int64, shape (rows,)
        The recorded steps; the start is 0.
    distance : ndarray of float64, shape (rows,), or None
        The mean over prompts and responses of the absolute difference to the finite optimum; None where there is no optimum.
    w1_limit : ndarray of float64, shape (rows,), or None
        The Wasserstein-1 distance of all rewards together from the limit law; None without one.
    wrong_end : ndarray of float64, shape (rows,), or None
        The share of responses that are saturated at the wrong end; None for raw rewards.
    deviation : ndarray of float64, shape (rows,)
        The mean over ranks of the standard deviation of their rewards over prompts.
    rewards : ndarray of float64, shape (rows, n)
        The mean reward over prompts, the worst response first.
    final : ndarray of float64, shape (prompts, n)
        All rewards at the end.
    optimum : ndarray of float64, shape (n,), or None
        The optimal rewards.
    optimum_w1 : float or None
        The distance of the optimum itself from the limit law.
    learning_rate : float
        The one that was used.
    seconds : float
        Wall-clock time.

    Examples
    --------
    >>> import reward_collapse
    >>> run = reward_collapse.simulate("log(x+0.1)", 4, prompts=20, steps=300)
    >>> bool(run.distance[-1] < run.distance[0] / 10), run.final.shape
    (True, (20, 4))
    """

    utility: str
    step: NDArray[np.int64]
    distance: NDArray[np.float64] | None
    w1_limit: NDArray[np.float64] | None
    wrong_end: NDArray[np.float64] | None
    deviation: NDArray[np.float64]
    rewards: NDArray[np.float64]
    final: NDArray[np.float64]
    optimum: NDArray[np.float64] | None
    optimum_w1: float | None
    learning_rate: float
    seconds: float
