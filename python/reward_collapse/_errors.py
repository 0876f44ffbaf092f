"""The exceptions of the package. The compiled part raises them, too."""

__all__ = ["ConvergenceError", "InputError", "RewardCollapseError"]


class RewardCollapseError(Exception):
    """Any error of this package."""

    __module__ = "reward_collapse"


class InputError(RewardCollapseError, ValueError):
    """Something is wrong with what was given; the message says what, where, and what to do.

    Examples
    --------
    >>> import reward_collapse
    >>> reward_collapse.solve("x^2", 8)
    Traceback (most recent call last):
    ...
    reward_collapse.InputError: the utility `x^2` is not concave on 0 <= x <= 1 (U'' = 2 there): the theory needs a concave U
    """

    __module__ = "reward_collapse"


class ConvergenceError(RewardCollapseError, RuntimeError):
    """A computation did not reach a certificate that is small enough."""

    __module__ = "reward_collapse"
