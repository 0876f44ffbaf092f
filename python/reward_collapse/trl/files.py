"""Files that the Rust program reads: rewards of evaluations, and what was trained."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from reward_collapse.torch import RankingLoss

REWARDS_COLUMNS = ("step", "split", "prompt", "type", "response_index", "reward")
SCORES_COLUMNS = ("split", "prompt", "type", "response", "rank", "logit", "reward")


class Scored(NamedTuple):
    """A response with its reward."""

    #: ``"train"`` or ``"test"``.
    split: str
    #: The number of its prompt within the split.
    prompt: int
    type: Hashable
    #: Its number within the prompt, from 0 in the order of the row.
    response: int
    #: 1 is the best.
    rank: float
    #: What the model said, before the head.
    output: float
    reward: float


def write_text(path: Path, text: str) -> None:
    """Writes a file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_scores(path: Path, scored: Iterable[Scored]) -> None:
    """Writes one row a response, for ``compare`` and ``diagnose``: ``split,prompt,type,response,rank,logit,reward``.

    Parameters
    ----------
    path : Path
        The file.
    scored : iterable of Scored
        The responses of one evaluation.
    """
    rows = (
        (one.split, f"{one.split}-{one.prompt}", "" if one.type is None else one.type, one.response + 1, _number(one.rank),
         _number(one.output), _number(one.reward))
        for one in scored
    )  # fmt: skip
    write_text(path, _table(SCORES_COLUMNS, rows))


def is_ranking_without_ties(scored: Iterable[Scored]) -> bool:
    """Whether every prompt has a full ranking, which ``rewards.csv`` can hold."""
    ranks: dict[tuple[str, int], list[float]] = {}
    for one in scored:
        ranks.setdefault((one.split, one.prompt), []).append(one.rank)
    return all(len(set(own)) == len(own) for own in ranks.values())


def _is_open_ended(kind: Hashable) -> bool | None:
    """Of the types of the paper's experiment; None for others. Prompts without a type count as open-ended."""
    name = str(kind).strip().lower().replace("-", "_").replace(" ", "_")
    return {"none": True, "open_ended": True, "closed_ended": False}.get(name)


def rewards_rows(step: int, scored: Sequence[Scored]) -> list[tuple[Any, ...]]:
    """Rows of ``rewards.csv``, with the type itself; response 1 is the worst."""
    by_prompt: dict[tuple[str, int], list[Scored]] = {}
    for one in scored:
        by_prompt.setdefault((one.split, one.prompt), []).append(one)
    rows: list[tuple[Any, ...]] = []
    for (split, prompt), own in by_prompt.items():
        for index, one in enumerate(sorted(own, key=lambda one: -one.rank), start=1):
            rows.append((step, split, prompt, one.type, index, _number(one.reward)))
    return rows


def write_rewards(path: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes ``rewards.csv``: ``step,split,prompt,open_ended,response_index,reward``.

    Where there is a type that the paper's experiment does not have, ``type`` takes the place of ``open_ended``.
    """
    kinds = {row[3] for row in rows}
    told = {kind: _is_open_ended(kind) for kind in kinds}
    columns: Sequence[str] = REWARDS_COLUMNS
    values: dict[Hashable, str] = {kind: "open_ended" if kind is None else str(kind) for kind in kinds}
    if None not in told.values():
        columns = [name if name != "type" else "open_ended" for name in REWARDS_COLUMNS]
        values = {kind: "true" if is_open else "false" for kind, is_open in told.items()}
    write_text(path, _table(columns, ((*row[:3], values[row[3]], *row[4:]) for row in rows)))


def read_rewards(path: Path, before: int) -> list[tuple[Any, ...]]:
    """The rows of ``rewards.csv`` of earlier steps, as a run that is resumed finds them."""
    if not path.exists():
        return []
    kinds = {"true": "open_ended", "false": "closed_ended"}
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (int(row["step"]), row["split"], row["prompt"], row["type"] if "type" in row else kinds[row["open_ended"]],
             row["response_index"], row["reward"])
            for row in csv.DictReader(file)
            if int(row["step"]) < before
        ]  # fmt: skip


def write_description(path: Path, loss: RankingLoss, name: str, model: str, parameters: int, responses: int, **run: Any) -> None:
    """Writes ``run.json``: what was trained."""
    described: dict[str, Any] = {}
    for kind, utility in loss.utilities.items():
        described[str(kind) if loss.types else "utility"] = {"named": str(utility), "trained": str(utility)}
    defaults: dict[str, Any] = {"head": "sigmoid", "smoothing": 0.0, "centering": 0.0, "field": None}
    described |= {key: getattr(loss, key) for key, value in defaults.items() if getattr(loss, key) != value}
    description = {"name": name, "loss": described, "model": model, "parameters": parameters, "responses": responses, **run}
    write_text(path, json.dumps(description, indent=2) + "\n")


def _number(value: float) -> str:
    """The shortest text that is read back as this number."""
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _table(columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
