"""Optimal rewards of the finite problem, and fits to comparisons."""

from __future__ import annotations

from typing import Any, Sequence, overload

from . import _core
from ._arguments import LossLike, count, loss_of
from ._errors import InputError
from ._results import PreferenceFit, Solution

__all__ = ["solve"]

_UNIT = (0.0, 1.0)
_LINE = (float("-inf"), float("inf"))


@overload
def solve(
    utility: LossLike,
    n: int,
    *,
    preferences: None = None,
    field: str | None = None,
    support: Sequence[float] | None = None,
    smoothing: float = 0.0,
    centering: float = 0.0,
) -> Solution: ...


@overload
def solve(
    utility: LossLike,
    n: None = None,
    *,
    preferences: Any,
    field: str | None = None,
    support: Sequence[float] | None = None,
    smoothing: float = 0.0,
    centering: float = 0.0,
    standard_errors: bool = False,
) -> PreferenceFit: ...


def solve(
    utility: LossLike,
    n: int | None = None,
    *,
    preferences: Any = None,
    field: str | None = None,
    support: Sequence[float] | None = None,
    smoothing: float = 0.0,
    centering: float = 0.0,
    standard_errors: bool = False,
) -> Solution | PreferenceFit:
    """Optimal rewards of a full ranking of ``n`` responses, or of weighted comparisons of items, with a certificate.

    For a ranking it maximises the sum over pairs ``i < j`` of ``U(r_j - r_i)`` over ascending rewards in ``support``.

    Parameters
    ----------
    utility : str, Utility or Design
        An increasing concave expression in ``x``, or a loss that :func:`design` made, with its field and support.
    n : int, optional
        The number of ranked responses.
    preferences : table, optional
        Comparisons instead of a ranking: anything with the columns ``winner`` and ``loser`` and, optionally, ``count`` and
        ``margin``, each of shape (comparisons,). It may be a mapping of columns, a tuple ``(winner, loser[, count[, margin]])``, or a
        DataFrame of any library. Items may be of any hashable kind.
    field : str, optional
        A concave expression ``V`` in a reward ``x``, or the potential of a law as a design has it; twice its mean is added to
        the mean utility.
    support : (float, float), optional
        The interval of the rewards, whose ends may be infinite: (0, 1) for a ranking unless given, the whole line for
        preferences.
    smoothing : float
        Label smoothing ``q``: ``U(x)`` becomes ``(1 - q) U(x) + q U(-x)``.
    centering : float
        Each pair also pays ``centering * (r_i + r_j)**2``. Rankings only.
    standard_errors : bool
        Whether a fit to preferences has standard errors.

    Returns
    -------
    Solution or PreferenceFit
        The latter for ``preferences``.

    Raises
    ------
    InputError
        A ValueError: an argument is wrong, or no best rewards exist.
    ConvergenceError
        A RuntimeError: the certificate is not small enough.

    Examples
    --------
    >>> import reward_collapse
    >>> reward_collapse.solve("log(x+0.1)", 8).rewards.round(4)
    array([0.    , 0.    , 0.1463, 0.3728, 0.6272, 0.8537, 1.    , 1.    ])
    >>> raw = reward_collapse.solve("logsigmoid(x)", 8, support=(-float("inf"), float("inf")), smoothing=0.1)
    >>> raw.rewards[-1].round(6), raw.unique
    (np.float64(2.457787), 'up to a shift')
    """
    if preferences is not None:
        if n is not None:
            raise InputError("give n for a ranking or preferences, not both")
        if centering != 0:
            raise InputError("centering is for full rankings; field='-0.01x^2' centres the rewards of preferences")
        parsed, field, ends = loss_of(utility, field, support, _LINE)
        from ._frames import read

        rows = read(preferences)
        names, rewards, errors, objective, gap, comparisons, unique, iterations, concavity, seconds = _core.fit(
            parsed, rows.names, rows.winner, rows.loser, rows.count, rows.margin, field, ends, smoothing, standard_errors
        )
        item = dict(zip(rows.names, rows.items))
        return PreferenceFit(
            utility=parsed.text,
            items=[item[name] for name in names],
            rewards=rewards,
            standard_errors=errors,
            objective=objective,
            gap=gap,
            comparisons=comparisons,
            unique=unique,
            iterations=iterations,
            concavity=concavity,
            seconds=seconds,
            field=field,
            support=ends,
            smoothing=smoothing,
        )
    if n is None:
        raise InputError("give n, the number of ranked responses, or preferences")
    if standard_errors:
        raise InputError("standard errors are for preferences")
    parsed, field, ends = loss_of(utility, field, support, _UNIT)
    n = count("n", n, 1)
    (rewards, objective, mean_utility, gap, unique, iterations, closed_form, concavity, seconds, basis, bound, interpolation) = _core.solve(
        parsed, n, field, ends, smoothing, centering
    )
    return Solution._of(
        {
            "utility": parsed.text,
            "n": n,
            "rewards": rewards,
            "objective": objective,
            "mean_utility": mean_utility,
            "gap": gap,
            "unique": unique,
            "iterations": iterations,
            "closed_form": closed_form,
            "concavity": concavity,
            "seconds": seconds,
            "basis": basis,
            "bound": bound,
            "interpolation": interpolation,
            "field": field,
            "support": ends,
            "smoothing": smoothing,
            "centering": centering,
        }
    )
