"""Losses for a law that is wanted."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

import reward_collapse as rc

HEAPS = "0.3*beta(2,60)+0.7*beta(60,2)"


@pytest.mark.parametrize("target, base", [("uniform", "x"), ("beta(2,5)", "log(x+0.1)"), (HEAPS, "x")])
def test_a_design_is_that_of_the_program(program: Callable[..., Any], target: str, base: str) -> None:
    theirs = program("design", f"--target={target}", f"--base={base}", "--exact", "--n=8")
    ours = rc.design(target, base=base, n=8, exact=True)
    np.testing.assert_allclose(ours.rewards, theirs["rewards"], atol=1e-12)
    for name in ("w1", "w1_limit", "quantile_distance", "residual", "gap"):
        assert getattr(ours, name) == pytest.approx(theirs[name], rel=1e-9, abs=1e-14), name
    assert (ours.field, ours.bound, ours.support) == (theirs["field"], theirs["bound"], (0.0, 1.0))
    assert pickle.loads(pickle.dumps(ours)) == ours


def test_a_design_is_a_loss_everywhere(program: Callable[..., Any], tmp_path: Path) -> None:
    made = rc.design("beta(2,5)", base="x", n=8, exact=True)
    solution = rc.solve(made, 8)
    np.testing.assert_allclose(solution.rewards, made.rewards, atol=1e-12)
    assert solution.bound == made.bound == "global in r"
    # The optimum is the best approximation by eight atoms: the quantiles of (i - 1/2)/8.
    assert made.quantile_distance < 1e-9
    run = rc.simulate(made, 8, prompts=5, steps=3000)
    assert np.abs(run.final - made.rewards).max() < 1e-3
    table = {"prompt": ["a"] * 8, "reward": made.rewards}
    assert rc.compare(table, made).rows[0]["largest"] < 1e-12
    plain = rc.design("beta(2,5)", base="x")
    law = rc.Limit(plain)
    assert rc.wasserstein(law.ppf((np.arange(2000) + 0.5) / 2000), law) < 1e-3
    assert law.mean == pytest.approx(2 / 7, abs=1e-9)
    file = tmp_path / "design.json"
    made.save(file)
    assert [path.name for path in tmp_path.iterdir()] == ["design.json"]
    theirs = program("solve", f"--design={file}", "--n=8")
    np.testing.assert_allclose(theirs["rewards"], made.rewards, atol=1e-12)
    assert json.loads(file.read_text())["target"] == made.target


def test_a_field_that_is_not_concave_has_its_own_bound() -> None:
    made = rc.design("beta(2,5)")
    solution = rc.solve(made, 8)
    assert solution.bound == made.bound == "over all laws"
    # Eight atoms cannot do what a density can: the bound over all laws does not go to 0 for a given n.
    assert solution.concavity == "refuted" and 0 < solution.gap == made.gap < 0.5
    assert rc.solve(made.utility, 8, field=made.field) == solution


def test_the_potential_has_derivatives() -> None:
    made = rc.design("beta(2,5)")
    x, h = np.linspace(0.05, 0.95, 19), 1e-5
    for order in (1, 2):
        slope = (made.potential(x + h, order - 1) - made.potential(x - h, order - 1)) / (2 * h)
        np.testing.assert_allclose(made.potential(x, order), slope, rtol=1e-6)
    alone = rc.design("beta(0.5,0.5)", method="utility")
    assert alone.field is None and alone.potential(0.5) == 0 and alone.w1_limit < 1e-4


@pytest.mark.parametrize(
    "options, message",
    [
        ({"target": "beta(2)"}, "beta"),
        ({"target": "beta(2,5)", "method": "utility"}, "symmetric|mirror"),
        ({"target": "beta(2,5)", "method": "spline"}, "method"),
        ({"target": "beta(2,5)", "method": "utility", "exact": True}, "no field"),
        ({"target": "atoms(0:0.3,1:0.7)", "base": "log(x)"}, "infinite|finite"),
        ({"target": "normal(0,1)", "support": (0, 1)}, "support|outside"),
        ({"target": "uniform", "n": 1}, "n must be at least 2"),
    ],
)
def test_what_cannot_be_designed_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(rc.InputError, match=message):
        rc.design(**options)
    made = rc.design("uniform", base="x")
    with pytest.raises(rc.InputError, match="of its own"):
        rc.solve(made, 8, field="-x^2")
    with pytest.raises(rc.InputError, match="this head"):
        rc.simulate(made, 8, 2, 2, head="raw")
