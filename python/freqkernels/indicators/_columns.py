"""From arrays, Series and frames to whole columns one after the other, and back to the same kind.

A kernel of the indicators takes its inputs as float64 columns that follow each other in one array,
the number of rows, its parameters, outputs of the same form, and the number of threads::

    kernel(values, rows, timeperiod, out, num_threads)

==========================  ==========================  ==================================
input                       one output                  several outputs
==========================  ==========================  ==================================
1-D array                   1-D array                   named tuple of 1-D arrays
2-D array (rows, columns)   2-D array                   named tuple of 2-D arrays
Series                      Series, same index, name    frame, a column for each output
frame                       frame, same index, columns  named tuple of frames
==========================  ==========================  ==================================

Functions of high, low and close also take one frame of candles; it counts as three Series.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Kernel, threads_for

Floats = NDArray[np.float64]
FLOAT64 = np.dtype(np.float64)
#: Longer windows than any series has rows; kernels count in 64 bits.
LONGEST = 2**31 - 1
#: Rows from which outputs share a piece of memory.
_LONG = 16_384


def whole(value: Any, argument: str, least: int = 1) -> int:
    """A parameter that counts rows.

    :raise InvalidInputError: if it is no integer, or below ``least``.
    """
    if value.__class__ is int and least <= value <= LONGEST:
        return value
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise InvalidInputError(f"{argument}: expected an int, got {value!r}")
    if not least <= int(value) <= LONGEST:
        raise InvalidInputError(f"{argument}: expected {least} to {LONGEST}, got {value!r}")
    return int(value)


def number(value: Any, argument: str, least: float = -math.inf) -> float:
    """A parameter that is a finite number.

    :raise InvalidInputError: if it is not, or below ``least``.
    """
    if value.__class__ is not float and (
        isinstance(value, (bool, np.bool_)) or not isinstance(value, Real)
    ):
        raise InvalidInputError(f"{argument}: expected a number, got {value!r}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found) or found < least:
        bound = "" if least == -math.inf else f" of at least {least:g}"
        raise InvalidInputError(f"{argument}: expected a finite number{bound}, got {value!r}")
    return found


@dataclass(slots=True)
class Columns:
    """Columns of one length, and what they came from.

    :param flat: the columns one after the other, contiguous float64.
    :param rows: length of a column.
    :param source: array, Series or frame.
    """

    flat: Floats
    rows: int
    source: Any

    def wrap(self, flat: Floats) -> Any:
        """Columns of the same number and length as the kind that these came from."""
        source = self.source
        if source.__class__ is np.ndarray and source.ndim == 1:
            return flat
        if isinstance(source, pd.Series):
            return pd.Series(flat, index=source.index, name=source.name, copy=False)
        table = flat.reshape(source.shape[1], source.shape[0]).T
        if isinstance(source, pd.DataFrame):
            return pd.DataFrame(table, index=source.index, columns=source.columns, copy=False)
        return table

    def wrap_many(self, outputs: Floats, kind: Callable[..., Any]) -> Any:
        """Several outputs, rows of a table; ``kind`` is their named tuple."""
        if isinstance(self.source, pd.Series):
            names = _names(kind).view()
            return pd.DataFrame(outputs.T, index=self.source.index, columns=names, copy=False)
        return kind(*(self.wrap(flat) for flat in outputs))


@functools.cache
def _names(kind: Callable[..., Any]) -> pd.Index:
    return pd.Index(kind._fields)  # type: ignore[attr-defined]


def is_plain(values: Any) -> bool:
    """Whether a kernel can take this as it is: a contiguous 1-D array of float64."""
    return (
        values.__class__ is np.ndarray
        and values.dtype is FLOAT64
        and values.ndim == 1
        and values.flags.c_contiguous
    )


def columns_of(values: Any, argument: str) -> Columns:
    """The columns of an array, a Series or a frame.

    :raise InvalidInputError: naming ``argument``, for what is none of these, or not numeric.
    """
    if is_plain(values):
        return Columns(values, values.shape[0], values)
    if isinstance(values, np.ma.MaskedArray):
        raise InvalidInputError(f"{argument}: expected an array without a mask; fill it with NaN")
    if isinstance(values, np.ndarray):
        if values.ndim not in (1, 2):
            raise InvalidInputError(f"{argument}: expected 1 or 2 dimensions, got {values.ndim}")
        array = _floats(values, argument)
    elif isinstance(values, pd.Series):
        array = _series_floats(values, argument)
    elif isinstance(values, pd.DataFrame):
        array = _frame_floats(values, argument)
    else:
        raise InvalidInputError(
            f"{argument}: expected an array, a Series or a DataFrame, got {type(values).__name__}"
        )
    rows = array.shape[0]
    flat = np.ascontiguousarray(array.T).reshape(-1)
    source = np.asarray(values) if isinstance(values, np.ndarray) else values
    return Columns(flat, rows, source)


def _floats(array: Any, argument: str) -> Floats:
    if array.dtype == FLOAT64:
        return array  # type: ignore[no-any-return]
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > FLOAT64.itemsize:
        raise InvalidInputError(f"{argument}: expected numbers, got {array.dtype}")
    return array.astype(np.float64)  # type: ignore[no-any-return]


def _series_floats(values: pd.Series, argument: str) -> Floats:
    if isinstance(values.dtype, np.dtype):
        return _floats(values.to_numpy(), argument)
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        raise InvalidInputError(f"{argument}: expected numbers, got {values.dtype}")
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _frame_floats(values: pd.DataFrame, argument: str) -> Floats:
    if all(dtype == FLOAT64 for dtype in values.dtypes):
        return values.to_numpy() if values.shape[1] else np.empty((len(values), 0))
    table = np.empty((values.shape[1], len(values)))
    for number_, name in enumerate(values.columns):
        table[number_] = _series_floats(values.iloc[:, number_], f"{argument}[{name!r}]")
    return table.T


def candle_columns(given: dict[str, Any]) -> list[Columns]:
    """The columns of several inputs that belong together, row by row.

    :param given: inputs by name, in the kernel's order. If all but the first are None, the first
        is a frame of candles that has a column for each name.
    :raise InvalidInputError: for missing columns, and for shapes or indexes that differ.
    """
    names = list(given)
    first = given[names[0]]
    if isinstance(first, pd.DataFrame) and isinstance(given[names[1]], (int, float)):
        raise InvalidInputError(
            f"{names[1]}: expected what goes with {names[0]}, got {given[names[1]]!r}; after a "
            "frame of candles parameters go by keyword"
        )
    if all(given[name] is None for name in names[1:]):
        if not isinstance(first, pd.DataFrame):
            raise InvalidInputError(
                f"{names[0]}: expected a DataFrame of candles, or {', '.join(names[1:])} too"
            )
        missing = [name for name in names if name not in first.columns]
        if missing:
            raise InvalidInputError(f"{names[0]}: no column {', '.join(map(repr, missing))}")
        twice = [name for name in names if isinstance(first[name], pd.DataFrame)]
        if twice:
            raise InvalidInputError(f"{names[0]}: column {twice[0]!r} is there twice")
        given = {name: first[name] for name in names}
    columns = [columns_of(given[name], name) for name in names]
    for name, each in zip(names[1:], columns[1:], strict=True):
        _require_same(columns[0], each, names[0], name)
    return columns


def _require_same(first: Columns, other: Columns, first_name: str, name: str) -> None:
    if type(first.source) is not type(other.source) or first.source.shape != other.source.shape:
        raise InvalidInputError(
            f"{name}: expected the kind and shape of {first_name}, {_described(first.source)}, "
            f"got {_described(other.source)}"
        )
    if isinstance(first.source, np.ndarray):
        return
    if not first.source.index.equals(other.source.index):
        raise InvalidInputError(f"{name}: its index differs from that of {first_name}")
    if isinstance(first.source, pd.DataFrame) and not first.source.columns.equals(
        other.source.columns
    ):
        raise InvalidInputError(f"{name}: its columns differ from those of {first_name}")


def _described(source: Any) -> str:
    return f"{type(source).__name__} {source.shape}"


def are_plain(arrays: tuple[Any, ...]) -> bool:
    """Whether a kernel can take all of these as they are, and they are of one length."""
    return all(map(is_plain, arrays)) and len({array.shape for array in arrays}) == 1


def transform_plain(
    kernel: Kernel,
    arrays: tuple[Floats, ...],
    parameters: tuple[Any, ...],
    outputs: Callable[..., Any],
) -> Any:
    """As :func:`transform`, over arrays that :func:`are_plain`.

    Long outputs are rows of one table: several pieces of memory of that size go back to the system
    each time, and new pages would cost more than the computation.
    """
    rows = arrays[0].shape[0]
    count = len(outputs._fields)  # type: ignore[attr-defined]
    results = np.empty((count, rows)) if rows > _LONG else [np.empty(rows) for _ in range(count)]
    kernel(*arrays, rows, *parameters, *results, 1)
    return outputs(*results)


def transform(
    kernel: Kernel,
    inputs: Sequence[Columns],
    parameters: tuple[Any, ...],
    outputs: Callable[..., Any] | None = None,
    ns_per_value: float = 1.0,
) -> Any:
    """Run a kernel over columns; the result is of the kind of the first input.

    :param kernel: called with inputs, rows, parameters, outputs, number of threads.
    :param inputs: columns of the same shape.
    :param parameters: what the kernel takes after the number of rows.
    :param outputs: named tuple type of several outputs; None if there is one.
    :param ns_per_value: serial time of the kernel, decides over threads.
    """
    first = inputs[0]
    size = first.flat.shape[0]
    threads = threads_for(size * ns_per_value) if size > first.rows else 1
    arrays = [each.flat for each in inputs]
    if outputs is None:
        out = np.empty(size)
        kernel(*arrays, first.rows, *parameters, out, threads)
        return first.wrap(out)
    table = np.empty((len(outputs._fields), size))  # type: ignore[attr-defined]
    kernel(*arrays, first.rows, *parameters, *table, threads)
    return first.wrap_many(table, outputs)


def transform_one(
    kernel: Kernel, values: Any, argument: str, parameters: tuple[Any, ...], ns_per_value: float
) -> Any:
    """As :func:`transform`, one input and one output; without detours for a plain 1-D array."""
    if is_plain(values):
        rows = values.shape[0]
        out = np.empty(rows)
        kernel(values, rows, *parameters, out, 1)
        return out
    return transform(kernel, (columns_of(values, argument),), parameters, None, ns_per_value)
