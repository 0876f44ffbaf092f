"""Rows of rankings: how they are read, tokenised and put into batches."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from reward_collapse import InputError

Row = Mapping[str, Any]


def is_ranking(columns: Sequence[str]) -> bool:
    """Whether rows with these columns are rankings, tokenised or not, and not TRL's own pairs."""
    return "responses" in columns or "responses_ids" in columns


def ranks_of(row: Row, place: int | str) -> tuple[list[float], list[float] | None]:
    """The ranks of a row's responses, 1 for the best, and their scores where it has them.

    Parameters
    ----------
    row : mapping
        With ``ranks`` (1 is the best) or ``scores`` (higher is better).
    place : int or str
        What a message calls the row.

    Raises
    ------
    InputError
        Where there are neither, or not one for each response, or where they cannot be compared.
    """
    texts = row["responses"] if row.get("responses") is not None else row.get("responses_ids")
    if texts is None:
        raise InputError(f"row {place} has no `responses`")
    if not isinstance(texts, Sequence) or isinstance(texts, str):
        raise InputError(f"row {place}: `responses` is a list, not {type(texts).__name__}")
    given = {name: row[name] for name in ("ranks", "scores") if row.get(name) is not None}
    if not given:
        raise InputError(f"row {place} has neither `ranks` (1 is the best) nor `scores` (higher is better)")
    numbers: dict[str, list[float]] = {}
    for name, values in given.items():
        if len(values) != len(texts):
            raise InputError(f"row {place} has {len(texts)} responses and {len(values)} {name}")
        try:
            numbers[name] = [float(value) for value in values]
        except (TypeError, ValueError):
            raise InputError(f"row {place}: {name} {list(values)!r} cannot be compared: they are numbers") from None
        if any(math.isnan(value) for value in numbers[name]):
            raise InputError(f"row {place}: {name} {list(values)!r} cannot be compared: one is NaN")
    scores = numbers.get("scores")
    if "ranks" in numbers:
        return numbers["ranks"], scores
    assert scores is not None
    levels = {score: float(level) for level, score in enumerate(sorted(set(scores), reverse=True), start=1)}
    return [levels[score] for score in scores], scores


def tokenize(tokenizer: PreTrainedTokenizerBase, text: str | list[Any], **template: Any) -> list[int]:
    """The token ids of a text, or of a conversation through the chat template."""
    if isinstance(text, str):
        return list(tokenizer(text)["input_ids"])
    return list(tokenizer.apply_chat_template(text, tokenize=True, return_dict=True, **template)["input_ids"])


def texts_of(row: Row, eos_token: str | None = None) -> list[str | list[Any]]:
    """The full texts of a row: the prompt with each response, and with the token that ends a text, as TRL writes them."""
    prompt, texts = row.get("prompt"), []
    for response in row["responses"]:
        text = response
        if prompt is not None:
            if type(prompt) is not type(response):
                raise InputError("the prompt and the responses are both texts, or both lists of messages")
            text = prompt + response
        if isinstance(text, str) and eos_token and not text.endswith(eos_token):
            text = text + eos_token
        texts.append(text)
    return texts


def check_type(row: Row, types: Sequence[Hashable], place: int | str) -> None:
    """An error for a row whose type of prompt the loss does not know."""
    if types and row.get("type") not in types:
        known = ", ".join(repr(key) for key in types)
        missing = "has no `type`" if row.get("type") is None else f"is of the unknown type {row['type']!r}"
        raise InputError(f"row {place} {missing}: the loss has a utility for each of {known}")


def prepare(
    dataset: Any, tokenizer: PreTrainedTokenizerBase, types: Sequence[Hashable], max_length: int | None, name: str, **map_options: Any
) -> Any:
    """Rankings with their texts tokenised, and without prompts that have no pair or a text that is too long.

    Parameters
    ----------
    dataset : Dataset or IterableDataset
        Rows with ``responses`` and ``ranks`` or ``scores``, and optionally ``prompt`` and ``type``.
    tokenizer : PreTrainedTokenizerBase
        That of the model.
    types : sequence
        The types of prompt that the loss knows; empty where it has one utility.
    max_length : int or None
        Tokens of a text; a row with a longer one is left out, as TRL does.
    name : str
        What messages call the dataset.

    Returns
    -------
    Dataset or IterableDataset
        With ``responses_ids``, ``ranks`` and, if given, ``scores`` and ``type``.
    """
    eos = tokenizer.eos_token

    def encode(row: dict[str, Any], index: int) -> dict[str, Any]:
        place = f"{index} of the {name} dataset"
        ranks, scores = ranks_of(row, place)
        check_type(row, types, place)
        encoded: dict[str, Any] = {"ranks": ranks}
        if scores is not None:
            encoded["scores"] = scores
        if row.get("responses_ids") is None:
            template = dict(row.get("chat_template_kwargs") or {})
            encoded["responses_ids"] = [tokenize(tokenizer, text, **template) for text in texts_of(row, eos)]
        return encoded

    def is_short(row: Row) -> bool:
        return max_length is None or all(len(ids) <= max_length for ids in row["responses_ids"])

    def has_pair(row: Row) -> bool:
        return len(set(row["ranks"])) > 1

    dataset = dataset.map(encode, with_indices=True, **map_options)
    before = _size(dataset)
    dataset = dataset.filter(has_pair, **map_options)
    with_pairs = _size(dataset)
    dataset = dataset.filter(is_short, **map_options)
    if before is not None and with_pairs is not None and with_pairs < before:
        warnings.warn(
            f"{before - with_pairs} of {before} prompts of the {name} dataset have no pair (one response, or all of one rank) and are "
            "left out",
            stacklevel=2,
        )
    if with_pairs == 0:
        raise InputError(f"no prompt of the {name} dataset has two responses of different rank")
    if _size(dataset) == 0:
        raise InputError(f"every prompt of the {name} dataset has a text of more than {max_length} tokens: raise `max_length`")
    return dataset


def _size(dataset: Any) -> int | None:
    """The number of rows; None for a stream."""
    return len(dataset) if hasattr(dataset, "__len__") else None


@dataclass
class RankingCollator:
    """Puts whole prompts into a batch, and each distinct text into it once.

    It takes rankings (``responses_ids``, ``ranks``, and optionally ``scores`` and ``type``) and TRL's own pairs (``chosen_ids``,
    ``rejected_ids``, and optionally ``margin`` and ``type``).

    Parameters
    ----------
    pad_token_id : int
        What shorter texts are padded with.
    types : sequence
        The types of prompt, in the order of the loss.
    pad_to_multiple_of : int, optional
        The length of the batch becomes a multiple of it.

    Examples
    --------
    >>> collator = RankingCollator(pad_token_id=0)
    >>> batch = collator([{"responses_ids": [[5, 6], [5]], "ranks": [2, 1]}, {"chosen_ids": [5], "rejected_ids": [7]}])
    >>> batch["input_ids"].tolist()
    [[5, 0], [5, 6], [7, 0]]
    >>> batch["response"].tolist(), batch["group"].tolist(), batch["rank"].tolist()
    ([0, 1, 0, 2], [0, 0, 1, 1], [1.0, 2.0, 1.0, 2.0])
    """

    pad_token_id: int
    types: Sequence[Hashable] = ()
    pad_to_multiple_of: int | None = None

    def __call__(self, examples: Sequence[Row]) -> dict[str, Tensor]:
        """A batch.

        Returns
        -------
        dict
            ``prompt`` (one entry a prompt), ``input_ids`` and ``attention_mask`` (one row a distinct text), and one entry a response:
            ``response`` (its row), ``group``, ``rank``, and ``score`` and ``type`` where they are known.
        """
        rows: dict[tuple[int, ...], int] = {}
        response: list[int] = []
        group: list[int] = []
        rank: list[float] = []
        score: list[float] = []
        kinds: list[int] = []
        places = {key: place for place, key in enumerate(self.types)}
        for prompt, example in enumerate(examples):
            texts, ranks, scores = _responses(example)
            # The best first: the loss then has nothing to sort.
            for k in sorted(range(len(texts)), key=ranks.__getitem__):
                response.append(rows.setdefault(tuple(texts[k]), len(rows)))
                group.append(prompt)
                rank.append(ranks[k])
                if scores is not None:
                    score.append(scores[k])
            if self.types:
                check_type(example, self.types, prompt)
                kinds.extend([places[example["type"]]] * len(texts))
        input_ids, attention_mask = _pad(list(rows), self.pad_token_id, self.pad_to_multiple_of)
        # What comes first tells the trainer how many rows of the dataset the batch has.
        batch = {
            "prompt": torch.arange(len(examples)),
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "response": torch.tensor(response),
            "group": torch.tensor(group),
            "rank": torch.tensor(rank, dtype=torch.float32),
        }
        if score:
            if len(score) != len(rank):
                raise InputError("some rows of a batch have scores or margins and some have none")
            batch["score"] = torch.tensor(score, dtype=torch.float32)
        if self.types:
            batch["type"] = torch.tensor(kinds)
        return batch


def _responses(example: Row) -> tuple[list[list[int]], list[float], list[float] | None]:
    """Token ids, ranks and scores of a row of either kind."""
    if example.get("responses_ids") is not None:
        ranks, scores = ranks_of(example, "of a batch")
        return list(example["responses_ids"]), ranks, scores
    margin = example.get("margin")
    return [example["chosen_ids"], example["rejected_ids"]], [1.0, 2.0], None if margin is None else [float(margin), 0.0]


def _pad(texts: list[tuple[int, ...]], value: int, multiple: int | None) -> tuple[Tensor, Tensor]:
    length = max(len(text) for text in texts)
    if multiple:
        length = -(-length // multiple) * multiple
    input_ids = torch.full((len(texts), length), value)
    attention_mask = torch.zeros((len(texts), length), dtype=torch.int64)
    for row, text in enumerate(texts):
        input_ids[row, : len(text)] = torch.tensor(text)
        attention_mask[row, : len(text)] = 1
    return input_ids, attention_mask


