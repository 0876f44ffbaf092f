"""Simulated training."""

from __future__ import annotations

import pickle
from typing import Any, Callable

import numpy as np
import pytest

import reward_collapse as rc


def test_the_program_says_the_same(program: Callable[..., Any]) -> None:
    arguments = ["--n=6", "--prompts=20", "--steps=40", "--flip=0.1", "--batch=3", "--seed=5", "--head=raw"]
    theirs = program("simulate", "--utility=logsigmoid(x)", "--smoothing=0.1", *arguments)
    run = rc.simulate("logsigmoid(x)", 6, 20, 40, flip=0.1, batch=3, seed=5, head="raw", smoothing=0.1)
    np.testing.assert_array_equal(run.step, [row["step"] for row in theirs["rows"]])
    np.testing.assert_allclose(run.rewards, [row["rewards"] for row in theirs["rows"]], atol=1e-12)
    np.testing.assert_allclose(run.distance, [row["distance"] for row in theirs["rows"]], atol=1e-12)
    assert run.wrong_end is None and theirs["rows"][0]["wrong_end"] is None
    np.testing.assert_allclose(run.final.mean(axis=0), run.rewards[-1], atol=1e-12)
    assert pickle.loads(pickle.dumps(run)) == run


def test_training_gets_to_the_optimum() -> None:
    run = rc.simulate("log(x+0.1)", 4, prompts=10, steps=2000)
    assert run.distance is not None and run.distance[-1] < 2e-3
    np.testing.assert_allclose(run.final, np.tile(rc.solve("log(x+0.1)", 4).rewards, (10, 1)), atol=0.02)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"utility": "log(x)"}, "slope at 0 is infinite"),
        ({"n": 1}, "n must be at least 2"),
        ({"optimiser": "lion"}, "optimiser"),
        ({"head": "tanh"}, "head"),
        ({"flip": 0.6}, "flip rate"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"qualities": [1.0]}, "qualities"),
        ({"learning_rate": -1.0}, "learning rate"),
    ],
)
def test_bad_input_is_a_clear_exception(options: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"utility": "x", "n": 4, "prompts": 2, "steps": 2, **options}
    with pytest.raises(rc.InputError, match=message):
        rc.simulate(**given)
