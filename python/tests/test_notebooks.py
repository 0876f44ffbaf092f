"""The notebooks run, and the book shows them as they are."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

for package in ("torch", "trl", "matplotlib", "jupytext", "nbclient", "nbconvert", "ipykernel"):
    pytest.importorskip(package)

import jupytext

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
sys.path.insert(0, str(NOTEBOOKS))
from execute import BOOK, NAMES, execute


def test_every_notebook_is_named():
    assert {path.stem for path in NOTEBOOKS.glob("*.py")} == {*NAMES, "execute"}


@pytest.mark.parametrize("name", NAMES)
def test_it_runs(name, monkeypatch):
    monkeypatch.setenv("NOTEBOOK_STEPS", "5")
    text, figures = execute(name, steps=5)
    assert "Traceback" not in text and figures
    assert re.findall(r"\]\((.*\.png)\)", text) == list(figures)
    for data in figures.values():
        assert data.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", NAMES)
def test_the_book_has_it_as_it_is(name):
    chapter = (BOOK / f"{name}.md").read_text(encoding="utf-8")
    for cell in jupytext.read(NOTEBOOKS / f"{name}.py").cells:
        assert cell.source.strip() in chapter, f"run python/notebooks/execute.py {name}"
    for figure in re.findall(r"\]\((.*\.png)\)", chapter):
        assert (BOOK / figure).exists()
