"""Losses for a law that is wanted."""

from __future__ import annotations

from typing import Literal, Sequence

from . import _core
from ._arguments import UtilityLike, count, interval, utility_of
from ._errors import InputError
from ._results import Design

__all__ = ["design"]


def design(
    target: str,
    *,
    method: Literal["field", "utility"] = "field",
    base: UtilityLike | None = None,
    n: int = 8,
    exact: bool = False,
    support: Sequence[float] | None = None,
) -> Design:
    """The loss whose rewards follow a law that is wanted.

    Parameters
    ----------
    target : str
        A law: ``"uniform"``, ``"beta(2,5)"``, ``"atoms(0:0.3,1:0.7)"``, ``"normal(0,1)"``, ``"empirical(FILE)"``, or a mixture such as
        ``"0.3*beta(2,60)+0.7*beta(60,2)"``.
    method : {"field", "utility"}
        A field beside the base utility, which gives any law of finite potential; or a utility alone, which gives some of the
        symmetric ones.
    base : str or Utility, optional
        The utility beside a field; ``log(x+0.1)`` unless given.
    n : int
        The number of responses of which optimal rewards are computed.
    exact : bool
        Whether the field is the one for exactly ``n`` responses.
    support : (float, float), optional
        The interval of the rewards: (0, 1) unless given where the law lies there, else the line.

    Returns
    -------
    Design

    Raises
    ------
    InputError
        A ValueError: no probability law, an infinite potential, or a law that no utility alone gives.

    Examples
    --------
    >>> import reward_collapse
    >>> found = reward_collapse.design("beta(2,5)", base="x", exact=True)
    >>> reward_collapse.solve(found, 8).rewards.round(3)
    array([0.071, 0.134, 0.187, 0.238, 0.292, 0.354, 0.431, 0.56 ])
    """
    if method not in ("field", "utility"):
        raise InputError(f"method is 'field' or 'utility', not {method!r}")
    if method == "utility" and (base is not None or exact):
        raise InputError("a utility alone has no field: leave out base and exact")
    utility = None if method == "utility" else utility_of("log(x+0.1)" if base is None else base)
    ends = None if support is None else interval(support)
    found = _core.design(target, utility, count("n", n, 2), bool(exact), ends)
    return Design(_file=found.pop("file"), **found)
