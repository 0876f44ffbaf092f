"""Limit laws: closed forms, scipy.stats, the program, and bad input."""

from __future__ import annotations

import math
import pickle
from typing import Any, Callable

import numpy as np
import pytest
from scipy import integrate, stats

import reward_collapse as rc

INF = math.inf


def test_the_logarithm_has_the_arcsine_law() -> None:
    law, arcsine = rc.Limit("log(x)"), stats.arcsine()
    x, q = np.linspace(0.01, 0.99, 21), np.linspace(0, 1, 21)
    np.testing.assert_allclose(law.pdf(x), arcsine.pdf(x), rtol=1e-12)
    np.testing.assert_allclose(law.cdf(x), arcsine.cdf(x), rtol=1e-12)
    np.testing.assert_allclose(law.sf(x), arcsine.sf(x), rtol=1e-12)
    np.testing.assert_allclose(law.ppf(q), arcsine.ppf(q), atol=1e-14)
    # With parentheses as in scipy.stats, and without.
    assert law.mean() == law.mean == arcsine.mean() and law.var() == pytest.approx(arcsine.var())
    assert law.std() == pytest.approx(arcsine.std()) and law.support() == law.support == (0, 1)
    assert law.median() == pytest.approx(0.5) and law.interval(0.5) == pytest.approx(arcsine.interval(0.5))
    assert law.moment(4) == pytest.approx(3 / 128) and law.closed_form == "Beta(0.5, 0.5)" and law.atoms == []
    assert pickle.loads(pickle.dumps(law)) == law != rc.Limit("x")


@pytest.mark.parametrize(
    "utility, terms",
    [
        ("logsigmoid(4x)", {}),
        ("log(x+0.1)", {}),
        ("x^0.5+log(x+0.2)", {}),
        ("logsigmoid(x)", {"support": (-INF, INF), "smoothing": 0.1}),
        ("log(x)", {"support": (-INF, INF), "field": "-x^2/2"}),
        ("logsigmoid(4x)", {"field": "-0.3x"}),
    ],
)
def test_the_program_says_the_same(program: Callable[..., Any], utility: str, terms: dict[str, Any]) -> None:
    options = [
        f"--{name}={','.join(map(str, value)) if name == 'support' else value}" for name, value in terms.items()
    ]
    theirs = program("limit", f"--utility={utility}", *options)
    law = rc.Limit(utility, **terms)
    assert len(law.atoms) == len(theirs["atoms"])
    for ours, atom in zip(law.atoms, theirs["atoms"]):
        assert (ours.at, ours.mass) == pytest.approx((atom["at"], atom["mass"]))
    points = np.array([(row["x"], row["p"]) for row in theirs["density"]], dtype=float)
    # JSON has no infinity: it is null there.
    pdf = law.pdf(points[:, 0])
    np.testing.assert_allclose(np.where(np.isinf(pdf), np.nan, pdf), points[:, 1], rtol=1e-9)
    quantiles = np.array([(row["u"], row["x"]) for row in theirs["quantiles"]])
    np.testing.assert_allclose(law.ppf(quantiles[:, 0]), quantiles[:, 1], rtol=1e-9, atol=1e-12)
    for name, theirs_name in (("mean", "mean"), ("var", "variance"), ("mean_utility", "mean_utility")):
        assert getattr(law, name) == pytest.approx(theirs[theirs_name], rel=1e-9, abs=1e-12)
    if "ends" in theirs:
        assert law.support == pytest.approx(tuple(theirs["ends"]))


def test_a_law_with_atoms_is_consistent() -> None:
    law = rc.Limit("log(x+0.1)")
    inside, _ = integrate.quad(law.pdf, 0, 1, epsabs=1e-11)
    assert inside + sum(atom.mass for atom in law.atoms) == pytest.approx(1.0, abs=1e-9)
    assert [atom.at for atom in law.atoms] == [0.0, 1.0] and law.cdf(0.0) == pytest.approx(law.atoms[0].mass)
    assert law.cdf(-1e-9) == 0 and law.cdf(1.0) == 1 and law.ppf(0.01) == 0 and law.ppf(0.99) == 1
    assert np.isnan(law.ppf([-0.1, 1.1, math.nan])).all() and math.isnan(law.cdf(math.nan))
    draws = law.rvs(20_000, random_state=3)
    assert draws.mean() == pytest.approx(0.5, abs=0.01) and draws.var() == pytest.approx(law.var, rel=0.02)
    np.testing.assert_array_equal(draws, law.rvs(20_000, random_state=np.random.default_rng(3)))
    assert law.rvs((2, 3)).shape == (2, 3) and isinstance(law.rvs(), float)


def test_finite_rewards_tend_to_the_law() -> None:
    result = rc.asymptotics("log(x)", [256, 64, 64, 128])
    np.testing.assert_array_equal(result.n, [64, 128, 256])
    law = rc.Limit("log(x)")
    for n, w1 in zip(result.n, result.w1):
        assert rc.wasserstein(rc.solve("log(x)", n).rewards, law) == pytest.approx(w1, rel=1e-12)
    assert result.rates[0].measure == "w1" and result.rates[0].exponent == pytest.approx(-1, abs=0.02)
    assert pickle.loads(pickle.dumps(result)) == result and "<table>" in result._repr_html_()


def test_distances_are_those_of_scipy() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=(5, 6)), random.normal(size=17)
    assert rc.wasserstein(one, other) == pytest.approx(stats.wasserstein_distance(one.ravel(), other), rel=1e-12)
    law = rc.Limit("-1/x")
    expected, _ = integrate.quad(lambda x: abs((0.3 <= x) / 2 + (0.9 <= x) / 2 - x), 0, 1, points=[0.3, 0.5, 0.9])
    assert rc.wasserstein([0.9, 0.3], law) == pytest.approx(expected, rel=1e-9)
    with pytest.raises(rc.InputError):
        rc.wasserstein([], law)
    with pytest.raises(rc.InputError):
        rc.wasserstein([0.5, math.nan], law)
    with pytest.raises(rc.InputError):
        rc.wasserstein([2.0], law)


def test_bad_input_is_a_clear_exception() -> None:
    with pytest.raises(rc.InputError, match="concave"):
        rc.Limit("x^2")
    with pytest.raises(rc.InputError):
        rc.Limit("log(x)", support=(-INF, INF))
    with pytest.raises(rc.InputError):
        rc.asymptotics("log(x)", [])
    with pytest.raises(TypeError, match="rvs"):
        np.asarray(rc.Limit("x"))
    assert repr(rc.Limit("logsigmoid(x)", support=(-INF, INF), smoothing=0.1)) == (
        "Limit('logsigmoid(x)', support=(-inf, inf), smoothing=0.1)"
    )
    assert "numerical" in rc.Limit("log(x+0.1)")._repr_html_()
