"""Expressions in ``x`` as PyTorch operations.

The Rust crate parses an expression into a tree. Here the tree becomes a closure of PyTorch operations, once. It runs on any device, in
single and double precision, and autograd and ``torch.compile`` see plain operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

import reward_collapse as rc

TensorFunction = Callable[[Tensor], Tensor]

#: A tree: ``("x",)``, ``("const", c)``, ``("pow", tree, p)``, or the name of an operation or function followed by its arguments.
Tree = tuple[Any, ...]


def _cbrt(u: Tensor) -> Tensor:
    return torch.sign(u) * torch.abs(u) ** (1.0 / 3.0)


def _log_sigmoid(u: Tensor) -> Tensor:
    # Its backward pass is not compiled where the number of pairs is not known; `softplus` takes half as long again. Beyond 40 it is
    # linear to double precision.
    return -F.softplus(-u, threshold=40.0) if torch.compiler.is_compiling() else F.logsigmoid(u)


_FUNCTIONS: dict[str, TensorFunction] = {
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "log2": torch.log2,
    "log10": torch.log10,
    "sqrt": torch.sqrt,
    "cbrt": _cbrt,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "atan": torch.atan,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "tanh": torch.tanh,
    "asinh": torch.asinh,
    "erf": torch.erf,
    "ndtr": torch.special.ndtr,
    "sigmoid": torch.sigmoid,
    "logsigmoid": _log_sigmoid,
    "softplus": lambda u: -_log_sigmoid(-u),
    "neg": torch.neg,
}

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


def compile_tree(tree: Tree) -> TensorFunction:
    """Translate a parsed expression into PyTorch operations.

    Parameters
    ----------
    tree : tuple
        What the Rust crate parsed: the attribute ``_tree`` of a :class:`reward_collapse.Utility`.

    Returns
    -------
    callable
        From a tensor to a tensor of the same shape, device and dtype.

    Examples
    --------
    >>> import torch
    >>> f = compile_tree(("*", ("const", 2.0), ("log1p", ("x",))))
    >>> float(f(torch.tensor(0.0)))
    0.0
    """
    function = _node(tree)
    if isinstance(function, float):
        constant = function
        return lambda x: torch.full_like(x, constant)
    return function


def _node(tree: Tree) -> TensorFunction | float:
    """A number for a constant, so that no tensor is made for it, and a closure for anything else."""
    name, *arguments = tree
    if name == "x":
        return lambda x: x
    if name == "const":
        return float(arguments[0])
    if name == "pow":
        return _power(_node(arguments[0]), float(arguments[1]))
    if name in _OPERATIONS:
        operation = _OPERATIONS[name]
        first, second = (_node(argument) for argument in arguments)
        if isinstance(first, float):
            if isinstance(second, float):
                return float(operation(first, second))
            a, g = first, second
            return lambda x: operation(a, g(x))
        f = first
        if isinstance(second, float):
            b = second
            return lambda x: operation(f(x), b)
        h = second
        return lambda x: operation(f(x), h(x))
    if name not in _FUNCTIONS:
        raise NotImplementedError(f"the expression calls `{name}`, which has no translation into PyTorch")
    function, inner = _FUNCTIONS[name], _node(arguments[0])
    if isinstance(inner, float):
        return float(function(torch.tensor(inner, dtype=torch.float64)))
    argument = inner
    return lambda x: function(argument(x))


def _power(base: TensorFunction | float, exponent: float) -> TensorFunction | float:
    if isinstance(base, float):
        return math.pow(base, exponent)
    inner = base
    if exponent == -1.0:
        return lambda x: torch.reciprocal(inner(x))
    if exponent == 0.5:
        return lambda x: torch.sqrt(inner(x))
    # An integer is a power of negative numbers too.
    power = int(exponent) if exponent.is_integer() else exponent
    return lambda x: inner(x) ** power


def on_line(utility: rc.Utility, smoothing: float = 0.0) -> TensorFunction:
    """The utility as it is trained: on all differences of rewards, with smoothed labels.

    It is ``(1-q) U(x) + q U(-x)``. For ``x < 0`` ``U`` is continued as in the Rust crate: ``log sigmoid`` and ``x`` by their
    own formulas, anything else by its tangent at 0.

    Parameters
    ----------
    utility : reward_collapse.Utility
        With a finite slope at 0.
    smoothing : float
        The label smoothing ``q``, from 0 to less than 1/2.

    Returns
    -------
    callable
        From a tensor to a tensor of the same shape, device and dtype, differentiable by autograd.

    Raises
    ------
    InputError
        If the slope at 0 is infinite: a pair in the wrong order, as a model has at first, would have an infinite loss.
    """
    extended = _extended(utility)
    if smoothing == 0.0:
        return extended
    p, q = 1.0 - smoothing, smoothing
    return lambda x: p * extended(x) + q * extended(-x)


def _extended(utility: rc.Utility) -> TensorFunction:
    kind, *numbers = utility._continuation
    if kind == "infinite":
        raise rc.InputError(
            f"`{utility}` has an infinite slope at 0, so that a pair in the wrong order has an infinite loss: "
            "train a utility of finite slope, as log(x+0.1) is for log(x)"
        )
    function = compile_tree(utility._tree)
    series = utility._series
    if series is not None:
        function = _with_series(function, *series)
    if kind == "formula":
        return function
    constant, slope = numbers

    def extended(x: Tensor) -> Tensor:
        # The formula sees no negative number, so that what it does there cannot spoil a gradient. `clamp` has no gradient at its limit.
        return torch.where(x >= 0, function(torch.where(x >= 0, x, 0.0)), constant + slope * x)

    return extended


def _with_series(function: TensorFunction, radius: float, coefficients: list[float]) -> TensorFunction:
    """The function with a power series below the radius, where as typed it is 0/0 at 0."""

    def repaired(x: Tensor) -> Tensor:
        near = torch.where(x < radius, x, radius)
        total = torch.full_like(x, coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            total = total * near + coefficient
        return torch.where(x < radius, total, function(torch.where(x < radius, radius, x)))

    return repaired
