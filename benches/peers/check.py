"""The judge: one evaluation of returned rewards, the same for all methods. Only the formulas of U are shared."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems import Array, Utility

# Rows of pairs that are evaluated together.
_ROWS = 64


@dataclass(frozen=True)
class Evaluation:
    """What feasible rewards are worth, per pair."""

    mean_utility: float
    virial: float
    """The mean of `U'(t) t` over pairs."""
    gap: float
    """The certificate of docs/src/certificate.md: no feasible rewards have a mean utility larger by more."""

    @property
    def scale(self) -> float:
        """What distances from the optimum are relative to.

        A factor of `U` cancels in it. The virial keeps it from vanishing where the mean utility happens to be zero.
        """
        return max(abs(self.mean_utility), self.virial)


def repaired(lower: Array) -> Array:
    """The lower half of the rewards put in order within [0, 1/2], with the first at 0.

    Interior-point and active-set methods return points that are infeasible in rounding or by their tolerance. The
    stretch that moves the first reward to 0 and keeps 1/2 where it is never lowers an increasing utility's objective
    by more than that infeasibility.
    """
    ordered = np.minimum(np.maximum.accumulate(lower), 0.5)
    return 0.5 * (ordered - ordered[0]) / (0.5 - ordered[0])


def _blocks(lower: Array) -> Iterator[tuple[slice, Array, Array, NDArray[np.bool_]]]:
    """All pairs, some rows at a time: the rows; the distances across the middle; those within the lower half, from the
    first row on, each of which also stands for its mirror image; which of these are pairs `i < j`, the others being 1.

    The upper half is not formed: near 1, doubles would be too coarse to tell the rewards of steep utilities apart.
    """
    for start in range(0, lower.size, _ROWS):
        rows = slice(start, min(start + _ROWS, lower.size))
        own = lower[rows, None]
        pair = np.triu(np.ones((own.size, lower.size - start), dtype=bool), 1)
        yield rows, (0.5 - own) + (0.5 - lower), np.where(pair, lower[start:] - own, 1.0), pair


def mean_utility(utility: Utility, lower: Array) -> float:
    """The objective of symmetric rewards with this lower half, over the number of pairs."""
    total = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        for _, across, within, pair in _blocks(lower):
            # What is no pair stands at distance 1.
            rest = (pair.size - np.count_nonzero(pair)) * float(utility.value(np.ones(1))[0])
            total += utility.value(across).sum() + 2 * (utility.value(within).sum() - rest)
    return float(total / (lower.size * (2 * lower.size - 1)))


def evaluate(utility: Utility, lower: Array) -> Evaluation:
    """The objective and the certificate of symmetric rewards with this lower half."""
    pairs = lower.size * (2 * lower.size - 1)
    virial, push = 0.0, np.zeros(lower.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        for rows, across, within, pair in _blocks(lower):
            slope = utility.slope(across)
            virial += (slope * across).sum()
            push[rows] -= slope.sum(axis=1)
            slope = np.where(pair, utility.slope(within), 0.0)
            virial += 2 * (slope * within).sum()
            push[rows] -= slope.sum(axis=1)
            push[rows.start :] += slope.sum(axis=0)
    # The force across a cut is minus the push on all responses below it; the cuts above the middle mirror these.
    gap = float((-np.cumsum(push)).max() - virial) / pairs
    return Evaluation(mean_utility(utility, lower), float(virial / pairs), gap)
