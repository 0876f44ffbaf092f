"""Columns of tables that have the `__dataframe__` protocol only."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._errors import InputError

__all__ = ["values_of"]

# Kinds of data of the protocol.
_NUMBERS = {0: "i", 1: "u", 2: "f", 20: "b"}
_STRING, _CATEGORICAL = 21, 23


def values_of(column: Any) -> NDArray[Any]:
    """The values of a column, with None where there is none."""
    return np.concatenate([_chunk(chunk) for chunk in column.get_chunks()])


def _chunk(column: Any) -> NDArray[Any]:
    kind = int(column.dtype[0])
    buffers = column.get_buffers()
    start, size = column.offset, column.size()
    if kind in _NUMBERS:
        values = _buffer(*buffers["data"])[start : start + size]
    elif kind == _STRING:
        offsets = _buffer(*buffers["offsets"])[start : start + size + 1]
        data, _ = buffers["data"]
        text = ctypes.string_at(data.ptr, data.bufsize)
        values = np.array([text[a:b].decode() for a, b in zip(offsets[:-1], offsets[1:])], dtype=object)
    elif kind == _CATEGORICAL:
        codes = _buffer(*buffers["data"])[start : start + size]
        categories = values_of(column.describe_categorical["categories"])
        values = categories[np.clip(codes, 0, None)]
        missing = codes < 0
        if missing.any():
            values = values.astype(object)
            values[missing] = None
        return values
    else:
        raise InputError(f"a column of the kind {column.dtype[0]} is neither numbers nor text")
    return _with_missing(column, buffers, values, start, size)


def _with_missing(column: Any, buffers: Any, values: NDArray[Any], start: int, size: int) -> NDArray[Any]:
    if not column.null_count or buffers.get("validity") is None:
        return values
    how, valid = column.describe_null
    mask, (_, bits, _, _) = buffers["validity"]
    if bits == 1:
        packed = np.frombuffer(ctypes.string_at(mask.ptr, mask.bufsize), np.uint8)
        flags = np.unpackbits(packed, bitorder="little")[start : start + size]
    else:
        flags = _buffer(*buffers["validity"])[start : start + size]
    missing = flags == valid if int(how) in (3, 4) else np.zeros(size, bool)
    values = values.astype(object)
    values[missing] = None
    return values


def _buffer(buffer: Any, dtype: Any) -> NDArray[Any]:
    kind, bits, _, _ = dtype
    letter = _NUMBERS.get(int(kind), "i")
    wanted = np.dtype(np.bool_) if letter == "b" else np.dtype(f"{letter}{bits // 8}")
    raw = ctypes.string_at(buffer.ptr, buffer.bufsize)
    return np.frombuffer(raw, wanted, buffer.bufsize // wanted.itemsize)
