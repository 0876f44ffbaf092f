"""Figures of theory and of own rewards, by matplotlib.

Each function draws into ``ax``, or into new axes, passes further keywords to matplotlib, and returns the axes. Rewards are drawn by rank: the
``k``-th worst of ``n`` responses is at ``(k - 1/2) / n``, so that any number of responses and the limit law share one axis.

Examples
--------
The figure of the paper in ten lines:

>>> import matplotlib
>>> matplotlib.use("Agg")
>>> import matplotlib.pyplot as plt
>>> from reward_collapse import Limit, plot, solve
>>> figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
>>> for utility in ("x", "log(x)", "-1/x"):
...     axes = plot.rewards(solve(utility, 8), ax=left, label=f"U = {utility}")
...     axes = plot.density(Limit(utility), ax=right, label=f"U = {utility}")
>>> legend = left.legend()
>>> figure.savefig("collapse.png")  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import InputError

try:
    import matplotlib.pyplot as plt
except ImportError as error:  # pragma: no cover
    raise ImportError("figures need matplotlib: pip install 'reward-collapse[plot]'") from error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._limit import Limit
    from ._results import Solution

__all__ = ["collapse", "density", "histogram", "learned", "quantiles", "rewards"]

# Where a density is infinite at an end, the axis shows it up to so many times its median.
_STEEP = 4.0

_RANK = "rank, from the worst (0) to the best (1)"


def _places(n: int) -> NDArray[np.float64]:
    return (np.arange(n) + 0.5) / n


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots()[1] if ax is None else ax


def _by_rank(ax: Axes) -> Axes:
    ax.set_xlim(0.0, 1.0)
    ax.set_xlabel(_RANK)
    ax.set_ylabel("reward")
    return ax


def rewards(solution: Solution | ArrayLike, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Optimal rewards by rank.

    Parameters
    ----------
    solution : Solution or array_like
        What :func:`reward_collapse.solve` found, or rewards of shape ``(n,)`` from the worst response to the best.
    ax : Axes, optional
        Where it is drawn.
    **kwargs
        For ``Axes.plot``.

    Returns
    -------
    Axes
        With the curve.

    Examples
    --------
    >>> from reward_collapse import plot, solve
    >>> axes = plot.rewards(solve("log(x)", 8), color="black")
    """
    values = np.asarray(getattr(solution, "rewards", solution), dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"optimal rewards have the shape (n,), not {values.shape}: plot.learned draws those of many prompts")
    ax = _by_rank(_axes(ax))
    style: dict[str, Any] = {"marker": "o", "markerfacecolor": "none", "linewidth": 1.0}
    ax.plot(_places(len(values)), values, **style | kwargs)
    return ax


def quantiles(limit: Limit, *, ax: Axes | None = None, points: int = 513, **kwargs: Any) -> Axes:
    """The limit law by rank: its quantiles, which :func:`rewards` tend to.

    Parameters
    ----------
    limit : Limit
        The law.
    ax : Axes, optional
        Where it is drawn.
    points : int
        How many points the curve has.
    **kwargs
        For ``Axes.plot``.

    Returns
    -------
    Axes
        With the curve.

    Examples
    --------
    >>> from reward_collapse import Limit, plot
    >>> axes = plot.quantiles(Limit("log(x)"), linestyle="--")
    """
    ranks = _places(points)
    ax = _by_rank(_axes(ax))
    ax.plot(ranks, np.asarray(limit.ppf(ranks)), **{"linewidth": 1.0} | kwargs)
    return ax


def density(limit: Limit, *, ax: Axes | None = None, points: int = 1025, **kwargs: Any) -> Axes:
    """The density of a limit law, with an arrow for each atom: an atom of mass 1 would be as high as the axis.

    Parameters
    ----------
    limit : Limit
        The law.
    ax : Axes, optional
        Where it is drawn.
    points : int
        How many points the curve has.
    **kwargs
        For ``Axes.plot``.

    Returns
    -------
    Axes
        With the curve.

    Notes
    -----
    Where the density is infinite at an end, as for ``log(x)``, the axis shows it up to four times its median.

    Examples
    --------
    >>> from reward_collapse import Limit, plot
    >>> axes = plot.density(Limit("log(x+0.1)"), color="tab:red")
    """
    ax = _axes(ax)
    lower, upper = _ends(limit)
    # Closer together at the ends, where a density may rise steeply.
    x = lower + (upper - lower) * 0.5 * (1.0 - np.cos(np.pi * _places(points)))
    p = np.asarray(limit.pdf(x))
    atoms = [(float(at), float(mass)) for at, mass in limit.atoms]
    style: dict[str, Any] = {"linewidth": 1.2}
    shown = slice(None) if np.any(p > 0.0) else slice(0)
    (line,) = ax.plot(x[shown], p[shown], **style | kwargs)
    # Other curves may be there already.
    tops = [min(float(np.max(y)), _STEEP * float(np.median(y))) for y in map(_heights, ax.lines) if len(y)]
    ax.set_ylim(0.0, 1.1 * max(tops, default=1.0))
    color, left = line.get_color(), 0.5 * (lower + upper)
    for at, mass in atoms:
        # As high as the atom is heavy, in parts of the axis.
        where: dict[str, Any] = {"xy": (at, mass), "xycoords": ax.get_xaxis_transform()}
        arrow = {"arrowstyle": "-|>", "color": color, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.5}
        ax.annotate("", **where, xytext=(at, 0.0), textcoords=ax.get_xaxis_transform(), arrowprops=arrow)
        side, align = (6, "left") if at < left else (-6, "right")
        text: dict[str, Any] = {"ha": align, "va": "center", "color": color, "fontsize": "small"}
        ax.annotate(f"{mass:.3g}", **where, xytext=(side, 0), textcoords="offset points", **text)
    if atoms:
        edge = 0.03 * (upper - lower)
        ax.set_xlim(min(lower - edge, ax.get_xlim()[0]), max(upper + edge, ax.get_xlim()[1]))
    ax.set_xlabel("reward")
    ax.set_ylabel("density; arrows: mass of atoms" if atoms else ax.get_ylabel() or "density")
    return ax


def _heights(line: Any) -> NDArray[np.float64]:
    return np.asarray(line.get_ydata(), dtype=np.float64)


def _ends(limit: Limit) -> tuple[float, float]:
    lower, upper = limit.support
    return float(lower), float(upper)


def histogram(rewards: ArrayLike, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Own rewards of any shape as a histogram of area 1, for a :func:`density`.

    Parameters
    ----------
    rewards : array_like
        Of any shape.
    ax : Axes, optional
        Where it is drawn.
    **kwargs
        For ``Axes.hist``.

    Returns
    -------
    Axes
        With the histogram.

    Examples
    --------
    >>> from reward_collapse import Limit, plot
    >>> axes = plot.density(Limit("log(x)"))
    >>> axes = plot.histogram([0.0, 0.1, 0.5, 0.9, 1.0], ax=axes, bins=10)
    """
    ax = _axes(ax)
    values = _finite(rewards).ravel()
    style: dict[str, Any] = {"bins": "auto", "density": True, "alpha": 0.4}
    ax.hist(values, **style | kwargs)
    ax.set_xlabel("reward")
    ax.set_ylabel(ax.get_ylabel() or "density")
    return ax


def learned(rewards: ArrayLike, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Own rewards by rank: the mean over prompts, with bars of one standard deviation.

    Parameters
    ----------
    rewards : array_like
        Of shape ``(prompts, n)`` or ``(n,)``, each prompt's from the worst response to the best.
    ax : Axes, optional
        Where it is drawn.
    **kwargs
        For ``Axes.errorbar``.

    Returns
    -------
    Axes
        With the points.

    Examples
    --------
    >>> from reward_collapse import plot, solve
    >>> axes = plot.rewards(solve("x", 4), color="gray")
    >>> axes = plot.learned([[0.0, 0.1, 0.9, 1.0], [0.1, 0.1, 0.9, 0.9]], ax=axes, label="two prompts")
    """
    table = np.atleast_2d(_finite(rewards))
    if table.ndim != 2:
        raise InputError(f"own rewards have the shape (prompts, n) or (n,), not {table.shape}")
    ax = _by_rank(_axes(ax))
    error = table.std(axis=0) if len(table) > 1 else None
    style: dict[str, Any] = {"fmt": "o", "markersize": 4, "capsize": 2, "linewidth": 1.0}
    ax.errorbar(_places(table.shape[1]), table.mean(axis=0), yerr=error, **style | kwargs)
    return ax


def collapse(
    learned_rewards: Mapping[Hashable, ArrayLike] | ArrayLike,
    theory: Mapping[Hashable, Any] | Any = None,
    *,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Own rewards over theory, each type of prompt in a colour: the collapse figure.

    Parameters
    ----------
    learned_rewards : array_like or mapping
        As :func:`learned` takes them, or such for each type of prompt.
    theory : Solution, array_like or mapping, optional
        As :func:`rewards` takes it, or such for each type of prompt. None draws none.
    ax : Axes, optional
        Where it is drawn.
    **kwargs
        For :func:`learned`.

    Returns
    -------
    Axes
        With a legend.

    Examples
    --------
    >>> from reward_collapse import plot, solve
    >>> own = {"open": [[0.0, 0.1, 0.9, 1.0]], "closed": [[0.0, 0.02, 0.99, 1.0]]}
    >>> axes = plot.collapse(own, {"open": solve("-1/(x+0.1)", 4), "closed": solve("x", 4)})
    """
    tables = dict(learned_rewards) if isinstance(learned_rewards, Mapping) else {None: learned_rewards}
    theories = dict(theory) if isinstance(theory, Mapping) else dict.fromkeys(tables, theory)
    ax = _axes(ax)
    for place, (kind, table) in enumerate(tables.items()):
        color = f"C{place}"
        named = "" if kind is None else f"{kind}: "
        optimum = theories.get(kind)
        if optimum is not None:
            rewards(optimum, ax=ax, color=color, label=f"{named}theory")
        learned(table, ax=ax, **{"color": color, "label": f"{named}learned"} | kwargs)
    ax.legend(fontsize="small")
    return ax


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise InputError("there are no rewards to draw")
    if not np.isfinite(array).all():
        raise InputError("a reward is not finite")
    return array
