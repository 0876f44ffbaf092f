"""Reward collapse: exact optimal rewards with a certificate, their limiting laws, and losses for training.

People rank ``n`` responses to a prompt. A reward model that is trained to convergence on a ranking loss with utility ``U``
gives them the rewards that maximise the sum of ``U(r_j - r_i)`` over pairs: the same for every prompt. This package computes
these rewards, the law that they converge to, and what changes them.

>>> import reward_collapse
>>> reward_collapse.solve("-1/x", 8).rewards.round(4)
array([0.    , 0.1208, 0.2751, 0.4315, 0.5685, 0.7249, 0.8792, 1.    ])
"""

from ._core import Utility, __version__
from ._errors import ConvergenceError, InputError, RewardCollapseError
from ._results import PreferenceFit, Solution
from ._solve import solve

__all__ = [
    "ConvergenceError",
    "InputError",
    "PreferenceFit",
    "RewardCollapseError",
    "Solution",
    "Utility",
    "__version__",
    "solve",
]
