"""Files that the Rust program reads: rewards of evaluations, and what was trained."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from reward_collapse.torch import RankingLoss

#: Types of prompt that the experiment's figure tells apart, by the names that people give them.
_OPEN_ENDED: Mapping[Hashable, bool] = {
    None: True, "open_ended": True, "open-ended": True, "open": True, True: True,
    "closed_ended": False, "closed-ended": False, "closed": False, False: False,
}  # fmt: skip

REWARDS_COLUMNS = ("step", "split", "prompt", "open_ended", "response_index", "reward")
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


def fits_experiment(loss: RankingLoss, scored: Sequence[Scored]) -> bool:
    """Whether ``figure experiment`` of the program can show these rewards: open- and closed-ended prompts, ranked without ties."""
    if any(kind not in _OPEN_ENDED for kind in loss.types) or loss.margin is not None:
        return False
    ranks: dict[tuple[str, int], list[float]] = {}
    for one in scored:
        ranks.setdefault((one.split, one.prompt), []).append(one.rank)
    return all(len(set(own)) == len(own) for own in ranks.values())


def rewards_rows(step: int, scored: Sequence[Scored]) -> list[tuple[Any, ...]]:
    """Rows of ``rewards.csv``, where response 1 is the worst."""
    by_prompt: dict[tuple[str, int], list[Scored]] = {}
    for one in scored:
        by_prompt.setdefault((one.split, one.prompt), []).append(one)
    rows = []
    for (split, prompt), own in by_prompt.items():
        for index, one in enumerate(sorted(own, key=lambda one: -one.rank), start=1):
            is_open = "true" if _OPEN_ENDED[one.type] else "false"
            rows.append((step, split, prompt, is_open, index, _number(one.reward)))
    return rows


def write_rewards(path: Path, rows: Iterable[tuple[Any, ...]]) -> None:
    """Writes ``rewards.csv``: ``step,split,prompt,open_ended,response_index,reward``."""
    write_text(path, _table(REWARDS_COLUMNS, rows))


def read_rewards(path: Path, before: int) -> list[tuple[Any, ...]]:
    """The rows of ``rewards.csv`` of earlier steps, as a run that is resumed finds them."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row[name] for name in REWARDS_COLUMNS) for row in csv.DictReader(file) if int(row["step"]) < before]


def write_description(path: Path, loss: RankingLoss, name: str, model: str, parameters: int, responses: int, **run: Any) -> None:
    """Writes ``run.json``: what was trained."""
    texts = {kind: str(utility) for kind, utility in loss.utilities.items()}
    texts = {_OPEN_ENDED[kind]: text for kind, text in texts.items()}
    of_either = {is_open: texts.get(is_open, next(iter(texts.values()))) for is_open in (True, False)}
    described: dict[str, Any] = {
        key: {"named": of_either[is_open], "trained": of_either[is_open]}
        for key, is_open in (("open_ended", True), ("closed_ended", False))
    }
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
