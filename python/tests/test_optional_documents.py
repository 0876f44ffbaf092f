"""The examples in the docstrings of what needs PyTorch, TRL or matplotlib."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

import reward_collapse as rc

NEEDS = {"torch": "torch", "trl": "trl", "plot": "matplotlib"}


def modules(package: str) -> list[str]:
    name = f"reward_collapse.{package}"
    module = importlib.import_module(name)
    return [name, *(f"{name}.{one.name}" for one in pkgutil.iter_modules(getattr(module, "__path__", ())))]


@pytest.mark.parametrize("package", sorted(NEEDS))
def test_the_examples_run(package: str) -> None:
    pytest.importorskip(NEEDS[package])
    if package == "plot":
        importlib.import_module("matplotlib").use("Agg")
    examples = 0
    for name in modules(package):
        module = importlib.import_module(name)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        with np.printoptions(precision=8, suppress=False):
            for test in doctest.DocTestFinder(exclude_empty=True).find(module):
                examples += len(test.examples)
                runner.run(test)
        assert runner.summarize(verbose=False).failed == 0, name
    assert examples > 2


@pytest.mark.parametrize("package", sorted(NEEDS))
def test_everything_public_has_a_docstring(package: str) -> None:
    pytest.importorskip(NEEDS[package])
    module = getattr(rc, package)
    for name in module.__all__:
        thing = getattr(module, name)
        assert thing.__doc__ and ">>>" in thing.__doc__ or issubclass(thing, tuple), name


def test_the_chapter_on_the_loss_runs(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    chapter = (Path(__file__).resolve().parents[2] / "docs" / "src" / "torch.md").read_text(encoding="utf-8")
    # What follows needs a model.
    blocks = re.findall(r"```python\n(.*?)```", chapter.split("\n## The trainer")[0], re.DOTALL)
    variables: dict[str, object] = {}
    for block in blocks:
        exec(block, variables)
    assert len(blocks) == 3
    # The chapter has the rewards that are printed.
    assert capsys.readouterr().out.splitlines()[0] in chapter
