"""Fits to weighted pairs: the Bradley-Terry model, tables of any library, and bad input."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from scipy import optimize

import reward_collapse as rc

WINNER = ["tea", "tea", "milk", "coffee", "milk", "tea"]
LOSER = ["coffee", "milk", "tea", "tea", "coffee", "coffee"]
COUNT = [3.0, 2.0, 1.0, 1.0, 2.0, 0.5]


def test_a_bradley_terry_fit_is_the_likelihood_s_maximum() -> None:
    fit = rc.solve("logsigmoid(x)", preferences=(WINNER, LOSER, COUNT), standard_errors=True)
    names = sorted(set(WINNER))
    winner, loser = ([names.index(name) for name in side] for side in (WINNER, LOSER))

    def cost(r: Any) -> float:
        return float(np.dot(COUNT, np.logaddexp(0, r[loser] - r[winner])) + r.mean() ** 2)

    best = optimize.minimize(cost, np.zeros(3), tol=1e-12).x
    found = dict(zip(fit.items, fit.rewards))
    np.testing.assert_allclose([found[name] for name in names], best - best.mean(), atol=1e-5)
    assert fit.unique == "up to a shift" and fit.comparisons == sum(COUNT) and fit.gap < 1e-9
    assert fit.rewards.sum() == pytest.approx(0, abs=1e-12) and (np.diff(fit.rewards) >= 0).all()
    assert fit.standard_errors is not None and fit.standard_errors.shape == (3,)
    assert fit.n == 3 and pickle.loads(pickle.dumps(fit)) == fit and "coffee" in fit._repr_html_()


def test_the_program_says_the_same(program: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "games.csv"
    rows = zip(WINNER, LOSER, COUNT, [0.1] * 6)
    file.write_text("winner,loser,count,margin\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    theirs = program("solve", "--utility=logsigmoid(2x)", "--preferences", file, "--field=-0.1x^2")
    fit = rc.solve("logsigmoid(2x)", preferences=(WINNER, LOSER, COUNT, [0.1] * 6), field="-0.1x^2")
    assert fit.items == theirs["items"]
    np.testing.assert_allclose(fit.rewards, theirs["rewards"], atol=1e-12)
    assert fit.objective == pytest.approx(theirs["objective"]) and fit.comparisons == theirs["comparisons"]


class Interchange:
    """A table that has the `__dataframe__` protocol and nothing else."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __dataframe__(self, *arguments: Any, **named: Any) -> Any:
        return self._frame.__dataframe__(*arguments, **named)


class Arrow:
    """A table that has the Arrow PyCapsule protocol and nothing else."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._frame.__arrow_c_stream__(requested_schema)


def test_tables_of_any_kind_are_read() -> None:
    columns = {"winner": WINNER, "loser": LOSER, "count": COUNT}
    expected = rc.solve("logsigmoid(x)", preferences=columns)
    structured = np.array(list(zip(WINNER, LOSER, COUNT)), dtype=[("winner", "U9"), ("loser", "U9"), ("count", float)])
    tables: list[Any] = [(WINNER, LOSER, COUNT), structured, {name: np.array(v) for name, v in columns.items()}]
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(columns)
    categories = frame.with_columns(polars.col("winner", "loser").cast(polars.Categorical))
    tables += [frame, categories, Arrow(frame), Arrow(categories), Arrow(polars.concat([frame[:2], frame[2:]], rechunk=False))]
    pyarrow = pytest.importorskip("pyarrow")
    tables += [pyarrow.table(columns), Interchange(pyarrow.table(columns))]
    for table in tables:
        assert rc.solve("logsigmoid(x)", preferences=table) == expected, type(table)


def test_items_may_be_of_any_kind() -> None:
    for items in ([3, 1, 2], [3.5, 1.5, 2.5], [(1, 2), (3,), ()], ["3", 3, frozenset()], [b"x", b"y", b"z"]):
        winner, loser = ([items[i] for i in side] for side in ([0, 0, 1, 2], [1, 2, 0, 1]))
        fit = rc.solve("logsigmoid(x)", preferences=(winner, loser), field="-0.1x^2")
        assert fit.items[-1] == items[0] and sorted(map(repr, fit.items)) == sorted(map(repr, items))
    # Large numbers of comparisons by number.
    random = np.random.default_rng(0)
    pairs = random.integers(0, 50, size=(2, 20_000))
    pairs = pairs[:, pairs[0] != pairs[1]]
    fit = rc.solve("logsigmoid(x)", preferences=(pairs[0], pairs[1]))
    assert sorted(fit.items) == list(range(50)) and fit.comparisons == pairs.shape[1]


@pytest.mark.parametrize(
    "preferences, terms, message",
    [
        ((["a"], ["b", "c"]), {}, "1 winners and 2 losers"),
        ((["a"], ["a"]), {}, "against itself"),
        (([], []), {}, "no comparison"),
        ((["a"],), {}, "tuple"),
        ({"winner": ["a"]}, {}, "no column 'loser'"),
        ((["a"], ["b"]), {}, "no best rewards exist"),
        ((["a", "b"], ["b", "a"], [1.0]), {}, "shape"),
        ((["a", "b"], ["b", "a"], ["x", "y"]), {}, "does not hold numbers"),
        ((["a", "b"], ["b", "a"], [1.0, -1.0]), {}, "negative"),
        ((["a", "b"], ["b", "a"], [1.0, math.nan]), {}, "not finite"),
        (([1.0, math.nan], [2.0, 1.0]), {}, "row 1 has no winner"),
        ((["a", None], ["b", "a"]), {}, "row 1 has no winner"),
        (([["a"], ["b"]], ["b", "a"]), {}, "hashable"),
        (5, {}, "no table"),
        ((["a", "b"], ["b", "a"]), {"centering": 0.1}, "full rankings"),
    ],
)
def test_bad_input_is_a_clear_exception(preferences: Any, terms: dict[str, Any], message: str) -> None:
    with pytest.raises(rc.InputError, match=message):
        rc.solve("logsigmoid(x)", preferences=preferences, **terms)
