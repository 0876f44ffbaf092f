"""Docstrings, their examples, and types."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import reward_collapse as rc

ROOT = Path(__file__).resolve().parents[2]
# Those need what may not be installed, and have tests of their own.
OPTIONAL = {"torch", "trl", "plot"}
MODULES = [name for _, name, _ in pkgutil.iter_modules(rc.__path__) if name not in OPTIONAL]


@pytest.mark.parametrize("name", ["reward_collapse", *(f"reward_collapse.{name}" for name in MODULES)])
def test_the_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    finder, runner = doctest.DocTestFinder(exclude_empty=True), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    tests = finder.find(module)
    if name.endswith("_core"):
        # A compiled class does not say which module it is of.
        tests += finder.find(rc.Utility, "Utility", module=False, globs={})
        tests += finder.find(rc.Utility.derivative, "Utility.derivative", module=False, globs={})
        assert sum(len(test.examples) for test in tests) > 3
    with np.printoptions(precision=8, suppress=False):
        for test in tests:
            runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_everything_public_has_a_docstring_and_an_example() -> None:
    for name in rc.__all__:
        thing = getattr(rc, name)
        if name.startswith("__"):
            continue
        assert inspect.getdoc(thing), name
        if not (inspect.isclass(thing) and issubclass(thing, (Exception, tuple))):
            assert ">>>" in (inspect.getdoc(thing) or ""), name


def test_the_chapter_runs() -> None:
    chapter = (ROOT / "docs" / "src" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", chapter, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, {})


def test_types_are_strict() -> None:
    pytest.importorskip("mypy")
    project = ROOT / "python"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", project / "pyproject.toml", "-p", "reward_collapse"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_name_what_there_is() -> None:
    pytest.importorskip("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "reward_collapse._core", "--ignore-missing-stub"],
        cwd=ROOT / "python" / "tests",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_says_that_it_is_typed() -> None:
    assert (Path(rc.__file__).parent / "py.typed").exists() and (Path(rc.__file__).parent / "_core.pyi").exists()
