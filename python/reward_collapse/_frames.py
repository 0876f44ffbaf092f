"""Comparisons from tables of any library."""

from __future__ import annotations

import contextlib
import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._errors import InputError

__all__ = ["Rows", "column", "columns_of", "numbers", "plain", "read"]


@dataclass(frozen=True)
class Rows:
    """Comparisons as arrays of the same length."""

    items: list[Any]
    """The items, by index."""
    names: list[str]
    """What messages call them: no two the same."""
    winner: NDArray[np.uint32]
    loser: NDArray[np.uint32]
    count: NDArray[np.float64] | None
    margin: NDArray[np.float64] | None


def read(preferences: Any) -> Rows:
    """The comparisons of a table."""
    if isinstance(preferences, (tuple, list)):
        if not 2 <= len(preferences) <= 4:
            raise InputError("preferences in a tuple are (winner, loser[, count[, margin]])")
        winner, loser, count, margin = [*preferences, None, None][:4]
    else:
        table = plain(preferences)
        names = columns_of(table)
        for needed in ("winner", "loser"):
            if needed not in names:
                raise InputError(f"the preferences have no column {needed!r}; their columns are {', '.join(names)}")
        winner, loser = column(table, "winner"), column(table, "loser")
        count, margin = (column(table, name) if name in names else None for name in ("count", "margin"))
    winner, loser = _ids("winner", winner), _ids("loser", loser)
    if len(winner) != len(loser):
        raise InputError(f"{len(winner)} winners and {len(loser)} losers")
    items, codes = _codes(winner, loser)
    rows = len(winner)
    return Rows(
        items,
        _names(items),
        codes[:rows],
        codes[rows:],
        None if count is None else numbers("count", count, rows),
        None if margin is None else numbers("margin", margin, rows),
    )


def plain(table: Any) -> Any:
    """A table whose columns can be had by name: itself, or what a library makes of one that only has a protocol."""
    if hasattr(table, "__getitem__"):
        return table
    if hasattr(table, "__arrow_c_stream__"):
        for library, make in (("pyarrow", "table"), ("polars", "DataFrame")):
            with contextlib.suppress(ImportError):
                return getattr(importlib.import_module(library), make)(table)
        raise InputError(f"pyarrow or polars is needed to read {type(table).__name__}; or give a mapping of columns")
    if hasattr(table, "__dataframe__"):
        for library in ("pyarrow.interchange", "pandas.api.interchange"):
            with contextlib.suppress(ImportError):
                return importlib.import_module(library).from_dataframe(table)
        raise InputError(f"pyarrow or pandas is needed to read {type(table).__name__}; or give a mapping of columns")
    raise InputError(
        f"{type(table).__name__} is no table: give a mapping of columns, a DataFrame, or a tuple (winner, loser)"
    )


def columns_of(table: Any) -> list[str]:
    """The names of the columns of a mapping, a DataFrame or a structured array."""
    names = getattr(getattr(table, "dtype", None), "names", None)
    for attribute in ("column_names", "columns", "keys"):
        if names is None:
            names = getattr(table, attribute, None)
            names = names() if callable(names) else names
            # In some libraries these are the columns themselves.
            if names is not None and not all(isinstance(name, str) for name in names):
                names = None
    if names is None:
        raise InputError(f"{type(table).__name__} has no columns with names")
    return list(names)


def column(table: Any, name: str) -> NDArray[Any]:
    """A column as an array."""
    values = table[name]
    return np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)


# Of these NumPy makes arrays that keep every value as it is.
_SIMPLE = (bool, int, float, str, bytes)


def _ids(name: str, values: Any) -> NDArray[Any]:
    if isinstance(values, (list, tuple)) and not any({type(item) for item in values} == {kind} for kind in _SIMPLE):
        # Others are kept as objects: NumPy would take 3 and "3" for the same, and a list of tuples for a matrix.
        array: NDArray[Any] = np.fromiter(values, dtype=object, count=len(values))
    else:
        array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"the column {name!r} has the shape {array.shape}; give one {name} for each comparison")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise InputError(f"row {int(np.flatnonzero(np.isnan(array))[0])} has no {name}")
    return array


def _codes(winner: NDArray[Any], loser: NDArray[Any]) -> tuple[list[Any], NDArray[np.uint32]]:
    """The items, and the index of each winner and of each loser."""
    if winner.dtype.kind in "iufbUS" and winner.dtype.kind == loser.dtype.kind:
        both = np.concatenate([winner, loser])
        unique, inverse = np.unique(both, return_inverse=True)
        return unique.tolist(), inverse.reshape(-1).astype(np.uint32)
    index: dict[Any, int] = {}
    every = [*winner.tolist(), *loser.tolist()]
    try:
        codes = np.fromiter((index.setdefault(item, len(index)) for item in every), np.uint32, len(every))
    except TypeError as error:
        raise InputError(f"an item must be hashable: {error}") from None
    for row, item in enumerate(every):
        if item is None or item != item:
            side, row = ("winner", row) if row < len(winner) else ("loser", row - len(winner))
            raise InputError(f"row {row} has no {side}")
    with contextlib.suppress(TypeError):
        # The order of NumPy's own, so that the same items from another kind of table give the same sums.
        items = sorted(index)
        places: NDArray[np.uint32] = np.empty(len(items), np.uint32)
        places[[index[item] for item in items]] = np.arange(len(items))
        return items, places[codes]
    return list(index), codes


def _names(items: list[Any]) -> list[str]:
    """Different names for different items."""
    names = [str(item) for item in items]
    if len(set(names)) < len(names):
        names = [repr(item) for item in items]
    if len(set(names)) < len(names):
        names = [f"{name} ({i})" for i, name in enumerate(names)]
    return names


def numbers(name: str, values: Any, rows: int) -> NDArray[np.float64]:
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"the column {name!r} does not hold numbers") from None
    if array.shape != (rows,):
        raise InputError(f"the column {name!r} has the shape {array.shape}, and the table has {rows} rows")
    return array
