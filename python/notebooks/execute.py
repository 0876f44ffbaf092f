"""Executes notebooks and writes them as chapters of the book.

    python execute.py [--steps N] [--out FOLDER] [NAME ...]

A notebook is a Python file in jupytext's percent format. Its chapter is Markdown, with its figures as PNG files beside it.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

import jupytext
from nbclient import NotebookClient
from nbconvert import MarkdownExporter

HERE = Path(__file__).parent
NAMES = ("theory", "collapse_figure", "train_with_trl", "label_smoothing")
BOOK = HERE.parents[1] / "docs" / "src" / "notebooks"


def execute(name: str, steps: int | None = None) -> tuple[str, dict[str, bytes]]:
    """The chapter of a notebook, and its figures by file name.

    Parameters
    ----------
    name : str
        One of ``NAMES``.
    steps : int, optional
        Steps of training, in place of those that the notebook has.
    """
    notebook = jupytext.read(HERE / f"{name}.py")
    if steps is not None:
        os.environ["NOTEBOOK_STEPS"] = str(steps)
    NotebookClient(notebook, timeout=1200, kernel_name="python3", resources={"metadata": {"path": HERE}}).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            # The name of a figure's class says nothing beside the figure.
            if "image/png" in data:
                data.pop("text/plain", None)
        # Progress bars and warnings of libraries.
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    text, resources = MarkdownExporter().from_notebook_node(notebook)
    figures = {}
    for place, (old, data) in enumerate(sorted(resources["outputs"].items(), key=lambda one: text.index(one[0])), start=1):
        figures[f"{name}_{place}.png"] = data
        text = text.replace(f"![png]({old})", f"![Figure {place} of this notebook]({name}_{place}.png)")
    note = f"*This chapter is the notebook `python/notebooks/{name}.py`, executed.*"
    return re.sub(r"\n{3,}", "\n\n", f"{text.strip()}\n\n{note}\n"), figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Execute notebooks and write them as chapters of the book.")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="notebooks; all where none is named")
    parser.add_argument("--steps", type=int, help="steps of training")
    parser.add_argument("--out", type=Path, default=BOOK, help="where chapters are written")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or NAMES:
        text, figures = execute(name, options.steps)
        (options.out / f"{name}.md").write_text(text, encoding="utf-8")
        for file, data in figures.items():
            (options.out / file).write_bytes(data)


if __name__ == "__main__":
    main()
