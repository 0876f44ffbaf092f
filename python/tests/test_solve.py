"""Optimal rewards: closed forms, the program's own results, and bad input."""

from __future__ import annotations

import math
import pickle
from typing import Any, Callable

import numpy as np
import pytest
from numpy.polynomial import legendre

import reward_collapse as rc

INF = math.inf
CASES: list[tuple[str, int, dict[str, Any]]] = [
    ("log(x)", 8, {}),
    ("x", 7, {}),
    ("log(x+0.1)", 33, {}),
    ("-x^-0.5", 200, {}),
    ("x^0.5+log(x+0.2)", 16, {}),
    ("logsigmoid(x)", 8, {"support": (-INF, INF), "smoothing": 0.1}),
    ("log(x)", 6, {"support": (-INF, INF), "field": "-x^2/2"}),
    ("logsigmoid(4x)", 9, {"centering": 0.2}),
    ("logsigmoid(x)", 90, {"support": (-INF, INF), "smoothing": 0.2, "centering": 0.01}),
]


def words(terms: dict[str, Any]) -> list[str]:
    """The terms as options of the program."""
    given = {name: ",".join(map(str, value)) if name == "support" else value for name, value in terms.items()}
    return [f"--{name}={value}" for name, value in given.items()]


def test_the_logarithm_has_the_lobatto_nodes() -> None:
    for n in (2, 3, 8, 40):
        inner = legendre.Legendre.basis(n - 1).deriv().roots()
        nodes = np.concatenate([[0.0], (np.sort(inner) + 1) / 2, [1.0]])
        solution = rc.solve("log(x)", n)
        np.testing.assert_allclose(solution.rewards, nodes, atol=1e-12)
        assert solution.rewards.dtype == np.float64 and solution.rewards.shape == (n,)
        assert solution.closed_form == "Gauss-Lobatto-Legendre nodes"


@pytest.mark.parametrize("utility, n, terms", CASES)
def test_the_program_says_the_same(program: Callable[..., Any], utility: str, n: int, terms: dict[str, Any]) -> None:
    theirs = program("solve", f"--utility={utility}", "--n", n, *words(terms))
    ours = rc.solve(utility, n, **terms)
    np.testing.assert_allclose(ours.rewards, theirs["rewards"], rtol=0, atol=1e-12)
    for name in ("objective", "mean_utility"):
        assert getattr(ours, name) == pytest.approx(theirs[name], rel=1e-12)
    assert ours.gap == pytest.approx(theirs["gap"], rel=0.5, abs=1e-15)
    for name in ("utility", "n", "unique", "concavity"):
        assert getattr(ours, name) == theirs[name]
    assert ours.closed_form == theirs.get("closed_form")


def test_the_objective_is_that_of_the_rewards() -> None:
    solution = rc.solve("logsigmoid(4x)", 12)
    r = solution.rewards
    differences = (r[None, :] - r[:, None])[np.triu_indices(12, 1)]
    assert rc.Utility("logsigmoid(4x)")(differences).sum() == pytest.approx(solution.objective, rel=1e-13)
    assert solution.mean_utility == pytest.approx(solution.objective / 66, rel=1e-15)


def test_a_utility_may_be_given_instead_of_its_text() -> None:
    assert rc.solve(rc.Utility("-1/x"), 5) == rc.solve("-x^-1", 5)
    assert rc.solve("x", np.int64(3)).n == 3


@pytest.mark.parametrize(
    "arguments, terms, error, message",
    [
        (("x^2", 4), {}, rc.InputError, "not concave"),
        (("lg(x)", 4), {}, rc.InputError, "lg"),
        (("log(x)", 0), {}, rc.InputError, "n must be at least 1"),
        (("log(x)", -1), {}, rc.InputError, "n must be at least 1"),
        (("log(x)",), {}, rc.InputError, "give n"),
        (("log(x)", 2.5), {}, TypeError, "whole number"),
        ((3, 4), {}, TypeError, "a utility is a text"),
        (("log(x)", 4), {"support": (1, 0)}, rc.InputError, "no interval"),
        (("log(x)", 4), {"support": 3}, rc.InputError, "two numbers"),
        (("log(x)", 4), {"support": (-INF, INF)}, rc.InputError, "no best rewards exist"),
        (("x", 4), {"field": "x^2"}, rc.InputError, "concave"),
        (("x", 4), {"smoothing": 0.7}, rc.InputError, "smoothing"),
        (("x", 4), {"centering": -1.0}, rc.InputError, "centring"),
        (("x", 4), {"centering": math.nan}, rc.InputError, "centring"),
        (("x", 4), {"standard_errors": True}, rc.InputError, "for preferences"),
        (("x", 4), {"preferences": ([0], [1])}, rc.InputError, "not both"),
    ],
)
def test_bad_input_is_a_clear_exception(
    arguments: tuple[Any, ...], terms: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        rc.solve(*arguments, **terms)
    if error is rc.InputError:
        assert isinstance(caught.value, ValueError) and isinstance(caught.value, rc.RewardCollapseError)
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is rc.InputError and str(again) == str(caught.value)


def test_results_are_records() -> None:
    solution = rc.solve("log(x+0.1)", 30)
    assert pickle.loads(pickle.dumps(solution)) == solution
    assert solution != rc.solve("log(x+0.1)", 31)
    assert "log(x+0.1)" in repr(solution)
    page = solution._repr_html_()
    assert page.startswith("<table>") and "18 more" in page and "log(x+0.1)" in page
    with pytest.raises(AttributeError):
        solution.gap = 0.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        hash(solution)


def test_a_solution_has_all_its_fields() -> None:
    from dataclasses import fields

    solution = rc.solve("log(x)", 3)
    assert list(vars(solution)) == [field.name for field in fields(rc.Solution)]
