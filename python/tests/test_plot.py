"""``reward_collapse.plot``: what is drawn is what was computed."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt

import reward_collapse as rc
from reward_collapse import Limit, plot, solve


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_rewards_and_quantiles_share_an_axis():
    _, ax = plt.subplots()
    solution = solve("log(x)", 64)
    assert plot.rewards(solution, ax=ax, color="red", label="n = 64") is ax
    assert plot.quantiles(Limit("log(x)"), ax=ax, points=64, linestyle="--") is ax
    finite, law = ax.lines
    np.testing.assert_array_equal(finite.get_ydata(), solution.rewards)
    np.testing.assert_allclose(finite.get_xdata(), (np.arange(64) + 0.5) / 64)
    assert finite.get_color() == "red" and finite.get_label() == "n = 64" and law.get_linestyle() == "--"
    # The finite rewards are near the quantiles of the law.
    assert np.abs(law.get_ydata() - finite.get_ydata()).max() < 0.02


@pytest.mark.parametrize(
    ("utility", "terms", "atoms"),
    [("log(x)", {}, 0), ("log(x+0.1)", {}, 2), ("logsigmoid(x)", {"support": (-math.inf, math.inf), "smoothing": 0.1}, 0)],
)
def test_a_density_has_the_area_that_its_atoms_leave(utility, terms, atoms):
    law = Limit(utility, **terms)
    ax = plot.density(law, points=20001)
    (line,) = ax.lines
    area = np.trapezoid(line.get_ydata(), line.get_xdata())
    assert area == pytest.approx(1.0 - sum(mass for _, mass in law.atoms), abs=0.02)
    assert [text.get_text() for text in ax.texts if text.get_text()] == [f"{mass:.3g}" for _, mass in law.atoms]
    assert len(law.atoms) == atoms and ax.get_xlim()[0] <= law.support[0] < law.support[1] <= ax.get_xlim()[1]
    assert ax.get_ylim()[1] < 20.0


def test_a_law_of_atoms_alone_is_two_arrows():
    ax = plot.density(Limit("x"), color="green")
    assert [text.get_text() for text in ax.texts if text.get_text()] == ["0.5", "0.5"]
    tips = [text.xy for text in ax.texts if text.get_text()]
    assert tips == [(0.0, 0.5), (1.0, 0.5)]
    plot.density(Limit("log(x)"), ax=ax)
    assert ax.get_ylim()[1] > 1.0


def test_own_rewards_are_their_mean_with_their_spread():
    own = np.array([[0.0, 0.2, 1.0], [0.2, 0.4, 0.8]])
    ax = plot.learned(own, label="mine", color="black")
    (drawn,) = ax.containers
    np.testing.assert_allclose(drawn.lines[0].get_ydata(), own.mean(axis=0))
    bars = drawn.lines[2][0].get_segments()
    np.testing.assert_allclose([bar[1][1] - bar[0][1] for bar in bars], 2 * own.std(axis=0))
    assert plot.learned([0.0, 1.0]).containers[0].lines[2] == ()
    counts = plot.histogram(own, bins=4).patches
    assert sum(patch.get_height() * patch.get_width() for patch in counts) == pytest.approx(1.0)


def test_the_collapse_figure_has_theory_and_own_rewards_of_each_type():
    theory = {"open": solve("-1/(x+0.1)", 4), "closed": solve("x", 4)}
    ax = plot.collapse({"open": np.zeros((2, 4)), "closed": np.ones((2, 4))}, theory)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sorted(labels) == ["closed: learned", "closed: theory", "open: learned", "open: theory"]
    alone = plot.collapse(np.zeros((2, 4)))
    assert [text.get_text() for text in alone.get_legend().get_texts()] == ["learned"]


@pytest.mark.parametrize(
    ("function", "values", "words"),
    [
        (plot.learned, [[0.0, math.nan]], "not finite"),
        (plot.learned, np.zeros((2, 2, 2)), "shape"),
        (plot.learned, [], "no rewards"),
        (plot.histogram, [math.inf], "not finite"),
        (plot.rewards, np.zeros((2, 2)), "shape"),
    ],
)
def test_bad_rewards_are_refused(function, values, words):
    with pytest.raises(rc.InputError, match=words):
        function(values)


def test_without_matplotlib_it_says_what_to_install():
    code = "import sys; sys.modules['matplotlib'] = None; import reward_collapse; import reward_collapse.plot"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "pip install 'reward-collapse[plot]'" in done.stderr
