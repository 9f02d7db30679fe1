"""Arguments that have one value for all trades or one for each, as columns of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def _array_of(value: Any, name: str, kinds: str, expected: str) -> NDArray[Any]:
    """One dimension, of one of numpy's kinds; a single value has one row."""
    if isinstance(value, pd.Series) and not isinstance(value.dtype, np.dtype):
        if value.isna().any():
            raise InvalidInputError(f"{name}: a value is missing")
        value = value.to_numpy(dtype=getattr(value.dtype, "numpy_dtype", object))
    if isinstance(value, np.ma.MaskedArray):
        raise InvalidInputError(f"{name}: expected {expected}, got a masked array")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InvalidInputError(f"{name}: expected {expected}, got {value!r}") from error
    if isinstance(value, (list, tuple)) and array.size == 0:
        return np.empty(0, dtype=np.float64)
    if array.dtype.kind not in kinds or array.dtype.itemsize > 8:
        raise InvalidInputError(f"{name}: expected {expected}, got {array.dtype}")
    if array.ndim > 1:
        raise InvalidInputError(f"{name}: expected one dimension, got {array.ndim}")
    return array.reshape(-1)


def floats(value: Any, name: str) -> Floats:
    """Numbers as float64."""
    return np.ascontiguousarray(_array_of(value, name, "fiu", "numbers"), dtype=np.float64)


def integers(value: Any, name: str) -> Integers:
    """Integers as int64."""
    array = _array_of(value, name, "iu", "integers")
    if array.dtype.kind == "u":
        require(array, array <= np.iinfo(np.int64).max, name, "int64")
    return np.ascontiguousarray(array, dtype=np.int64)


def flags(value: Any, name: str) -> NDArray[np.uint8]:
    """Booleans as bytes."""
    return np.ascontiguousarray(_array_of(value, name, "b", "booleans"), bool).view(np.uint8)


@dataclass(frozen=True, slots=True)
class Argument:
    """What has one value for all trades, or one for each, and how it is read."""

    name: str
    value: Any
    read: Callable[[Any, str], NDArray[Any]] = floats

    @property
    def is_single(self) -> bool:
        """Whether there is one value for all trades."""
        return np.ndim(self.value) == 0


@dataclass(frozen=True, slots=True)
class Columns:
    """Arguments as columns of one row or of ``count`` rows; the index of the Series among them."""

    columns: list[NDArray[Any]]
    count: int
    index: pd.Index | None
    is_single: bool

    def spread(self) -> list[NDArray[Any]]:
        """The columns, with a row for each trade."""
        count = self.count
        return [
            column if len(column) == count else np.full(count, column[0], column.dtype)
            for column in self.columns
        ]


def columns_of(*arguments: Argument) -> Columns:
    """The columns of the arguments.

    :raise InvalidInputError: naming the argument which has another length or index than those
        before it, or is no column of its type.
    """
    columns = [each.read(each.value, each.name) for each in arguments]
    index, longest, count = None, "", 1
    for each, column in zip(arguments, columns, strict=True):
        if each.is_single:
            continue
        if longest and len(column) != count:
            raise InvalidInputError(
                f"{each.name}: expected {count} rows, as {longest} has, got {len(column)}"
            )
        longest, count = longest or each.name, len(column)
        if isinstance(each.value, pd.Series):
            if index is not None and not each.value.index.equals(index):
                raise InvalidInputError(f"{each.name}: its index differs from those before")
            index = each.value.index
    return Columns(columns, count, index, not longest)


def require(
    column: NDArray[Any], good: NDArray[np.bool_], name: str, expected: str, first: int = 0
) -> None:
    """Raise a clear error unless all values are good; ``first`` is the row of the first one."""
    if not good.all():
        at = int(np.flatnonzero(~good)[0])
        raise InvalidInputError(
            f"{name}: expected {expected}, got {column[at]!s} in row {first + at}"
        )


def require_positive(column: Floats, name: str, first: int = 0) -> None:
    """As :func:`require`, of rates."""
    require(column, (column > 0) & (column < np.inf), name, "finite numbers above 0", first)


def require_amounts(column: Floats, name: str) -> None:
    """As :func:`require`, of amounts, which may be 0."""
    require(column, (column >= 0) & (column < np.inf), name, "finite numbers of at least 0")
