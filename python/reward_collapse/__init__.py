"""Reward collapse: exact optimal rewards with a certificate, their limiting laws, and losses for training.

People rank ``n`` responses to a prompt. A reward model that is trained to convergence on a ranking loss with utility ``U``
gives them the rewards that maximise the sum of ``U(r_j - r_i)`` over pairs: the same for every prompt. This package computes
these rewards, the law that they converge to, and what changes them.

>>> import reward_collapse
>>> reward_collapse.solve("-1/x", 8).rewards.round(4)
array([0.    , 0.1208, 0.2666, 0.4213, 0.5787, 0.7334, 0.8792, 1.    ])
"""

from importlib import import_module as _import_module
from typing import Any as _Any

from ._core import Utility, __version__
from ._design import design
from ._distance import asymptotics, wasserstein
from ._errors import ConvergenceError, InputError, RewardCollapseError
from ._limit import Limit
from ._results import Asymptotics, Atom, Design, PreferenceFit, Rate, Simulation, Solution
from ._simulate import simulate
from ._solve import solve
from ._tables import Comparison, Diagnosis, compare, diagnose

__all__ = [
    "Asymptotics",
    "Atom",
    "Comparison",
    "ConvergenceError",
    "Design",
    "Diagnosis",
    "InputError",
    "Limit",
    "PreferenceFit",
    "Rate",
    "RewardCollapseError",
    "Simulation",
    "Solution",
    "Utility",
    "__version__",
    "asymptotics",
    "compare",
    "design",
    "diagnose",
    "simulate",
    "solve",
    "wasserstein",
]

# They need what is not everywhere installed, and take long to import.
_LATER = frozenset({"plot", "torch", "trl"})


def __getattr__(name: str) -> _Any:
    if name in _LATER:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
