"""Optimal rewards for each type of prompt and each number of responses, each computed once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reward_collapse import ConvergenceError, InputError, Solution, solve
from reward_collapse.torch import RankingLoss

#: Responses up to which an optimum is computed for a comparison.
MOST = 2048


class Theory:
    """What :func:`reward_collapse.solve` predicts for a loss, and how far rewards are from it.

    Parameters
    ----------
    loss : RankingLoss
        What the model is trained with.

    Examples
    --------
    >>> from reward_collapse.torch import RankingLoss
    >>> theory = Theory(RankingLoss("x"))
    >>> round(theory.distance([0.0, 0.1, 0.9, 1.0]), 6)
    0.05
    """

    def __init__(self, loss: RankingLoss) -> None:
        self.loss = loss
        self._optima: dict[tuple[Hashable, int], Solution | None] = {}

    def optimum(self, n: int, type: Hashable = None) -> Solution | None:
        """The optimal rewards of ``n`` responses, or None where there are none or they were not found."""
        key = (type, n)
        if key not in self._optima:
            # With a margin each prompt has an optimum of its own.
            if n < 2 or n > MOST or self.loss.margin is not None:
                self._optima[key] = None
            else:
                try:
                    self._optima[key] = solve(n=n, **self.loss.theory(type))
                except (InputError, ConvergenceError):
                    self._optima[key] = None
        return self._optima[key]

    def nearest(self, rewards: Any, type: Hashable = None) -> NDArray[np.float64] | None:
        """The optimal rewards nearest to rewards from the worst response to the best.

        An optimum that may be shifted is given the mean of the rewards; a middle one that may be anything is given theirs.
        """
        rewards = np.asarray(rewards, dtype=np.float64)
        solution = self.optimum(len(rewards), type)
        if solution is None:
            return None
        optimal = np.array(solution.rewards)
        if solution.unique == "up to a shift":
            optimal += rewards.mean() - optimal.mean()
        elif not solution.unique and len(optimal) % 2 == 1:
            optimal[len(optimal) // 2] = np.clip(rewards[len(optimal) // 2], 0.0, 1.0)
        return optimal

    def distance(self, rewards: Any, type: Hashable = None) -> float | None:
        """The mean absolute difference of rewards, from the worst response to the best, from the nearest optimum."""
        optimal = self.nearest(rewards, type)
        return None if optimal is None else float(np.abs(np.asarray(rewards, dtype=np.float64) - optimal).mean())
