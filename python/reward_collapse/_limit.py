"""Limit laws, with the names of scipy.stats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from . import _core
from ._arguments import LossLike, loss_of
from ._results import Atom, table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Limit"]


class _Number(float):
    """A number that may also be called, as the methods of scipy.stats are."""

    __slots__ = ()

    def __call__(self) -> float:
        return float(self)


class _Ends(tuple[float, float]):
    """Two numbers that may also be called, as the methods of scipy.stats are."""

    __slots__ = ()

    def __call__(self) -> tuple[float, float]:
        return (self[0], self[1])


class Limit:
    """The law of the optimal rewards as the number of responses grows.

    It has the names of a frozen distribution of ``scipy.stats``. ``mean``, ``var``, ``std`` and ``support`` may be used with and
    without parentheses.

    Parameters
    ----------
    utility : str, Utility or Design
        An increasing concave expression in ``x``, or a loss that :func:`design` made, with its field and support.
    field : str, optional
        A concave expression in a reward ``x``, or the potential of a law as a design has it; twice its mean is added to the mean
        utility.
    support : (float, float), optional
        The interval that rewards are chosen from, (0, 1) unless given; either end may be infinite.
    smoothing : float
        Label smoothing ``q``: ``U(x)`` becomes ``(1 - q) U(x) + q U(-x)``.
    centering : float
        Each pair also pays ``centering * (r_i + r_j)**2``.

    Attributes
    ----------
    utility : Utility
        The utility, without smoothing.
    mean, var, std : float
        Moments, from formulas.
    support : (float, float)
        The least interval that carries the law.
    atoms : list of Atom
        Points that carry mass, each with ``at`` and ``mass``.
    closed_form : str or None
        The theorem that gives the law, such as ``"Beta(0.5, 0.5)"``.
    mean_utility : float
        That of two independent draws.
    gap : float
        A bound on how much mean utility any other law could have beyond this one; NaN where ``mean_utility`` is ``-inf``.
    concavity : str
        How it is known that the utility is concave: ``"proved"`` or ``"sampled"``.

    Raises
    ------
    InputError
        A ValueError: an argument is wrong, or no best law exists.
    ConvergenceError
        A RuntimeError: no law was found that is certified well enough.

    Examples
    --------
    >>> import reward_collapse
    >>> law = reward_collapse.Limit("logsigmoid(4x)")
    >>> round(law.atoms[0].mass, 10)
    0.2040171582
    >>> law.pdf([0.25, 0.5]).round(6)
    array([0.605375, 0.628816])
    >>> law.mean, law.cdf(0.5)
    (0.5, 0.5)
    """

    __slots__ = ("_law", "_terms", "atoms", "closed_form", "concavity", "gap", "mean", "mean_utility", "std", "support", "utility", "var")

    utility: _core.Utility
    mean: _Number
    var: _Number
    std: _Number
    support: _Ends
    atoms: list[Atom]
    closed_form: str | None
    mean_utility: float
    gap: float
    concavity: str

    def __init__(
        self,
        utility: LossLike,
        *,
        field: str | None = None,
        support: Sequence[float] | None = None,
        smoothing: float = 0.0,
        centering: float = 0.0,
    ) -> None:
        self.utility, field, ends = loss_of(utility, field, support, (0.0, 1.0))
        self._terms = (field, ends, float(smoothing), float(centering))
        law = _core.Law(self.utility, *self._terms)
        self._law = law
        self.mean, self.var, self.std = _Number(law.mean), _Number(law.var), _Number(law.var**0.5)
        self.support = _Ends(law.ends)
        self.atoms = [Atom(at, mass) for at, mass in law.atoms]
        self.closed_form, self.mean_utility = law.closed_form, law.mean_utility
        self.gap, self.concavity = law.gap, law.concavity

    def pdf(self, x: ArrayLike) -> Any:
        """The density of the part without atoms, elementwise; 0 outside the support, infinite at an end where it diverges.

        Examples
        --------
        >>> import reward_collapse
        >>> reward_collapse.Limit("-1/x").pdf([[0.2, 0.7], [1.5, -1.0]])
        array([[1., 1.],
               [0., 0.]])
        """
        return self._law.pdf(x)

    def cdf(self, x: ArrayLike) -> Any:
        """The distribution function, elementwise: right continuous, atoms included.

        Examples
        --------
        >>> import reward_collapse
        >>> reward_collapse.Limit("x").cdf([0.0, 0.5, 1.0])
        array([0.5, 0.5, 1. ])
        """
        return self._law.cdf(x)

    def sf(self, x: ArrayLike) -> Any:
        """``1 - cdf(x)``, elementwise."""
        return 1.0 - self._law.cdf(x)

    def ppf(self, q: ArrayLike) -> Any:
        """The quantile function, elementwise: the least ``x`` with ``cdf(x) >= q``; NaN for ``q`` outside [0, 1].

        Examples
        --------
        >>> import reward_collapse
        >>> reward_collapse.Limit("log(x)").ppf([0.25, 0.5, 0.75]).round(12)
        array([0.14644661, 0.5       , 0.85355339])
        """
        return self._law.ppf(q)

    def rvs(
        self,
        size: int | tuple[int, ...] | None = None,
        random_state: np.random.Generator | int | None = None,
    ) -> Any:
        """Independent draws, by inversion.

        Parameters
        ----------
        size : int or tuple of int, optional
            The shape of the result; a single float unless given.
        random_state : Generator or int, optional
            What ``numpy.random.default_rng`` takes.

        Examples
        --------
        >>> import reward_collapse
        >>> reward_collapse.Limit("log(x)").rvs((2, 3), random_state=0).shape
        (2, 3)
        """
        import numpy as np

        generator = np.random.default_rng(random_state)
        return self._law.ppf(generator.random(size))

    def moment(self, order: int) -> float:
        """The central moment of an order, ``E (r - mean)**order``.

        Examples
        --------
        >>> import reward_collapse
        >>> round(reward_collapse.Limit("log(x)").moment(2), 12)
        0.125
        """
        return self._law.central_moment(order)

    def median(self) -> float:
        """The quantile of 1/2."""
        return float(self._law.ppf(0.5))

    def interval(self, confidence: float) -> tuple[float, float]:
        """The quantiles that leave half of ``1 - confidence`` on each side."""
        outside = 0.5 * (1.0 - confidence)
        return float(self._law.ppf(outside)), float(self._law.ppf(1.0 - outside))

    def __array__(self, *_: Any, **__: Any) -> NDArray[Any]:
        raise TypeError("a Limit is a law and no array of numbers; law.rvs(size) draws from it")

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.utility, *self._terms)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Limit):
            return NotImplemented
        return (self.utility, self._terms) == (other.utility, other._terms)

    def __hash__(self) -> int:
        return hash((self.utility, self._terms))

    def __repr__(self) -> str:
        field, support, smoothing, centering = self._terms
        given = {"field": field, "support": support, "smoothing": smoothing, "centering": centering}
        usual = {"field": None, "support": (0.0, 1.0), "smoothing": 0.0, "centering": 0.0}
        said = "".join(f", {name}={value!r}" for name, value in given.items() if value != usual[name])
        return f"Limit({self.utility.text!r}{said})"

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        field, support, smoothing, centering = self._terms
        return table(
            "Limit",
            {
                "utility": self.utility.text,
                "field": field,
                "rewards in": support,
                "smoothing": smoothing or None,
                "centering": centering or None,
                "law": self.closed_form or "numerical",
                "atoms": [f"{atom.mass:.8g} at {atom.at:.8g}" for atom in self.atoms] or "none",
                "support": tuple(self.support),
                "mean": float(self.mean),
                "variance": float(self.var),
                "mean utility": self.mean_utility,
                "gap": self.gap,
                "concavity": self.concavity,
            },
        )


def _again(
    utility: _core.Utility, field: str | None, support: tuple[float, float], smoothing: float, centering: float
) -> Limit:
    return Limit(utility, field=field, support=support, smoothing=smoothing, centering=centering)
