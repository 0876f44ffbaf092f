"""Utilities: values, derivatives, arrays, and the formula that other languages translate."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import reward_collapse as rc
from reward_collapse import _core

TEXTS = ["x", "x^0.8", "log(x)", "-1/x", "-x^-0.5", "logsigmoid(4x)", "log(x+0.1)", "-1/(x+0.1)", "1-exp(-4x)",
         "x-0.25x^2", "3log(x)-1", "tanh(x)+x", "x^0.5+log(x+0.2)", "-(1-exp(-x))/x", "2logsigmoid(x)+1"]  # fmt: skip

FUNCTIONS = {
    "log": np.log, "log1p": np.log1p, "exp": np.exp, "expm1": np.expm1, "sqrt": np.sqrt, "tanh": np.tanh,
    "logsigmoid": lambda a: -np.logaddexp(0.0, -a), "neg": np.negative,
}  # fmt: skip
OPERATORS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def evaluate(tree: tuple[Any, ...], x: Any) -> Any:
    """Another evaluation of the formula."""
    name, *operands = tree
    if name == "x":
        return x
    if name == "const":
        return np.full_like(x, operands[0])
    if name == "pow":
        return evaluate(operands[0], x) ** operands[1]
    values = [evaluate(operand, x) for operand in operands]
    return OPERATORS[name](*values) if name in OPERATORS else FUNCTIONS[name](*values)


@pytest.mark.parametrize("text", TEXTS)
def test_derivatives_are_those_of_finite_differences(text: str) -> None:
    utility, h = rc.Utility(text), 1e-5
    x = np.linspace(0.1, 0.95, 7)
    slope = (utility(x + h) - utility(x - h)) / (2 * h)
    np.testing.assert_allclose(utility.derivative(x), slope, rtol=1e-6)
    curvature = (utility.derivative(x + h) - utility.derivative(x - h)) / (2 * h)
    np.testing.assert_allclose(utility.derivative(x, 2), curvature, rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(utility.derivative(x, 0), utility(x))


@pytest.mark.parametrize("text", TEXTS)
def test_the_tree_is_the_formula_on_the_whole_line(text: str) -> None:
    utility = rc.Utility(text)
    x = np.linspace(0.3, 2.0, 9)
    np.testing.assert_allclose(evaluate(utility._tree, x), utility(x), rtol=1e-12)
    below = -x
    how, *numbers = utility._continuation
    if how == "formula":
        expected = evaluate(utility._tree, below)
    elif how == "tangent":
        expected = numbers[0] + numbers[1] * below
    else:
        assert how == "infinite" and math.isinf(utility.slope_at_zero)
        expected = np.full_like(below, -np.inf)
    np.testing.assert_allclose(utility(below), expected, rtol=1e-12)
    assert (how == "formula") == ("logsigmoid" in text)


def test_a_series_stands_in_where_the_formula_is_zero_over_zero() -> None:
    utility = rc.Utility("-(1-exp(-x))/x")
    series = utility._series
    assert series is not None
    radius, coefficients = series
    x = np.linspace(0.0, radius, 5, endpoint=False)
    np.testing.assert_allclose(np.polynomial.polynomial.polyval(x, coefficients), utility(x), rtol=1e-14)
    assert utility(0.0) == -1.0 and rc.Utility("log(x+0.1)")._series is None


def test_the_tree_of_a_field_is_checked_first() -> None:
    line = (-math.inf, math.inf)
    assert evaluate(_core.field_tree("-x^2/2", line), np.array([3.0])) == -4.5
    with pytest.raises(rc.InputError, match="concave"):
        _core.field_tree("x^2", line)


def test_shapes_and_kinds_of_numbers() -> None:
    utility = rc.Utility("log(x)")
    assert isinstance(utility(1), float) and utility(1) == 0.0
    assert utility(np.float64(1.0)) == 0.0
    assert utility(np.array(1.0)) == 0.0
    assert utility([[1.0, 2.0, 3.0]]).shape == (1, 3)
    assert utility(np.zeros((0, 3))).shape == (0, 3)
    assert utility(np.array([1, 2], dtype=np.int32)).dtype == np.float64
    np.testing.assert_allclose(utility(np.array([1, 2], dtype=np.float32)), [0, math.log(2)])
    # Neither order nor strides of the memory matter.
    x = np.arange(1.0, 13.0).reshape(3, 4)
    np.testing.assert_array_equal(utility(x.T), utility(x).T)
    np.testing.assert_array_equal(utility(x[:, ::-2]), utility(x)[:, ::-2])
    many = np.linspace(-0.5, 1.0, 100_001)
    np.testing.assert_array_equal(utility(many)[::50_000], [utility(value) for value in many[::50_000]])
    assert math.isnan(utility(math.nan)) and utility(0.0) == -math.inf
    with pytest.raises((TypeError, ValueError)):
        utility("one")
    with pytest.raises(rc.InputError, match="order 0, 1 and 2"):
        utility.derivative(0.5, 3)


def test_utilities_are_values() -> None:
    utility = rc.Utility(" ln( x ) ")
    assert repr(utility) == "Utility('log(x)')" and str(utility) == "log(x)" == utility.text
    assert utility == rc.Utility("log(x)") != rc.Utility("x") and utility != "log(x)"
    assert len({utility, rc.Utility("log(x)")}) == 1
    for again in (pickle.loads(pickle.dumps(utility)), copy.deepcopy(utility)):
        assert again == utility and again(0.3) == utility(0.3)
    for text in TEXTS:
        one, two = rc.Utility(text), rc.Utility(rc.Utility(text).text)
        assert one == two and one(0.37) == two(0.37)
    assert rc.Utility("3log(x)").closed_form == "Beta(0.5, 0.5)" and rc.Utility("tanh(x)").closed_form is None
    with pytest.raises(rc.InputError, match="concave"):
        rc.Utility("x^2")
