"""Comparisons from tables of any library."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._errors import InputError

__all__ = ["Rows", "column", "columns_of", "read"]


class Rows(NamedTuple):
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
            raise InputError("preferences as a tuple are (winner, loser), (winner, loser, count) or (winner, loser, count, margin)")
        winner, loser, count, margin = [*preferences, None, None][:4]
    else:
        names = columns_of(preferences)
        for needed in ("winner", "loser"):
            if names is not None and needed not in names:
                raise InputError(f"the preferences have no column {needed!r}; their columns are {', '.join(map(str, names))}")
        optional = [name if names is not None and name in names else None for name in ("count", "margin")]
        winner, loser = (column(preferences, name) for name in ("winner", "loser"))
        count, margin = (None if name is None else column(preferences, name) for name in optional)
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
        None if count is None else _numbers("count", count, rows),
        None if margin is None else _numbers("margin", margin, rows),
    )


def columns_of(table: Any) -> list[Any] | None:
    """The names of the columns of a mapping, a DataFrame or a structured array."""
    dtype = getattr(table, "dtype", None)
    if dtype is not None and getattr(dtype, "names", None):
        return list(dtype.names)
    for attribute in ("column_names", "columns", "keys"):
        names = getattr(table, attribute, None)
        names = names() if callable(names) else names
        # Columns themselves, as some libraries have it, are no names.
        if names is not None and all(isinstance(name, str) for name in names):
            return list(names)
    if hasattr(table, "__dataframe__"):
        return list(table.__dataframe__().column_names())
    raise InputError(
        f"{type(table).__name__} is no table: give a mapping of columns, a DataFrame, or a tuple (winner, loser)"
    )


def column(table: Any, name: str) -> NDArray[Any]:
    """A column as an array."""
    try:
        values = table[name]
    except (TypeError, KeyError, IndexError, ValueError):
        values = _interchanged(table, name)
    for method in ("to_numpy", "__array__"):
        if hasattr(values, method):
            return np.asarray(getattr(values, method)())
    return np.asarray(values)


def _interchanged(table: Any, name: str) -> Any:
    """A column of a table that has the `__dataframe__` protocol and nothing simpler."""
    if not hasattr(table, "__dataframe__"):
        raise InputError(f"{type(table).__name__} has no column {name!r}")
    from ._interchange import values_of

    return values_of(table.__dataframe__().get_column_by_name(name))


def _ids(name: str, values: Any) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim != 1:
        # A list of tuples is a list of items.
        array = np.empty(len(values), dtype=object)
        array[:] = list(values) if len(values) else []
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise InputError(f"row {int(np.flatnonzero(np.isnan(array))[0])} has no {name}")
    return array


def _codes(winner: NDArray[Any], loser: NDArray[Any]) -> tuple[list[Any], NDArray[np.uint32]]:
    """The items, and the index of each winner and of each loser."""
    if winner.dtype.kind in "iufbUS" and winner.dtype.kind == loser.dtype.kind:
        items, codes = np.unique(np.concatenate([winner, loser]), return_inverse=True)
        return items.tolist(), codes.reshape(-1).astype(np.uint32)
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
    return list(index), codes


def _names(items: list[Any]) -> list[str]:
    """Different names for different items."""
    names = [str(item) for item in items]
    if len(set(names)) < len(names):
        names = [repr(item) for item in items]
    if len(set(names)) < len(names):
        names = [f"{name} ({i})" for i, name in enumerate(names)]
    return names


def _numbers(name: str, values: Any, rows: int) -> NDArray[np.float64]:
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"the column {name!r} does not hold numbers") from None
    if array.shape != (rows,):
        raise InputError(f"the column {name!r} has the shape {array.shape}, and there are {rows} comparisons")
    return array
