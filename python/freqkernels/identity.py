"""Whether two results are the same to the last bit, and if not, where they differ first.

Stricter than ``==`` and than :func:`pandas.testing.assert_frame_equal`: classes, dtypes, index
types, names, time units and the order of keys count, ``-0.0`` is not ``0.0``, ``1`` is neither
``1.0`` nor ``True``. One thing is more lenient: every NaN equals every other NaN.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError

Path = tuple[Any, ...]

_MAX_SHOWN = 300
_EXACT = (bool, int, str, bytes, bytearray, Decimal, Enum, PurePath, type, type(None), type(...))


class Attribute(str):
    """A step of a path that is an attribute (``.index``), not a key or a position."""

    __slots__ = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """The first place at which two results differ.

    :param path: keys, positions and :class:`Attribute` steps that lead there; a cell of a frame
        is reached by row position and column label.
    :param kind: "type", "dtype", "length", "keys", "order" or "value".
    :param left: what stands there in the first result: the class for "type", the dtype, the
        length, the keys that only this side has, the list of keys, or the value.
    :param right: the same of the second result.
    """

    path: Path
    kind: str
    left: Any
    right: Any

    @property
    def where(self) -> str:
        """The path as one would write it in Python, empty for the results themselves."""
        return "".join(
            f".{step}" if isinstance(step, Attribute) else f"[{step!r}]" for step in self.path
        )

    def __str__(self) -> str:
        what = "" if self.kind == "value" else f" ({self.kind})"
        return f"{self.where or 'result'}{what}: {shown(self.left)} != {shown(self.right)}"


def shown(value: Any) -> str:
    """A value as text: ``repr``, cut where it gets long; classes by their full name."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}".removeprefix("builtins.")
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def first_difference(left: Any, right: Any) -> Difference | None:
    """Compare two results bit by bit.

    Takes nested dicts, lists, tuples, sets and dataclasses of numbers, strings, dates, numpy
    arrays and scalars, pandas frames, series, indexes and extension arrays. Other objects are
    compared by the ``__eq__`` of their class.

    In a frame the first difference is that of the smallest row, then of the leftmost column.

    :param left: one result.
    :param right: the other one.
    :return: the first difference, or None if there is none.
    :raise InvalidInputError: for an object whose class does not define equality.
    """
    return _compare((), left, right)


def _compare(path: Path, left: Any, right: Any) -> Difference | None:
    if left is right:
        return None
    if type(left) is not type(right):
        return Difference(path, "type", type(left), type(right))
    for classes, compare in _COMPARISONS:
        if isinstance(left, classes):
            return compare(path, left, right)
    if dataclasses.is_dataclass(left):
        return _compare_fields(path, left, right)
    if not any("__eq__" in vars(base) for base in type(left).__mro__[:-1]):
        raise InvalidInputError(
            f"left{Difference(path, '', None, None).where}: cannot compare objects of class "
            f"{shown(type(left))}, it does not define equality"
        )
    return None if bool(left == right) else Difference(path, "value", left, right)


def _compare_exact(path: Path, left: Any, right: Any) -> Difference | None:
    return None if left == right else Difference(path, "value", left, right)


def _same_float(left: float, right: float) -> bool:
    if left == right:
        return math.copysign(1.0, left) == math.copysign(1.0, right)
    return left != left and right != right


def _compare_float(path: Path, left: float, right: float) -> Difference | None:
    return None if _same_float(left, right) else Difference(path, "value", left, right)


def _compare_complex(path: Path, left: complex, right: complex) -> Difference | None:
    same = _same_float(left.real, right.real) and _same_float(left.imag, right.imag)
    return None if same else Difference(path, "value", left, right)


def _compare_date(path: Path, left: Any, right: Any) -> Difference | None:
    """Dates, times and durations, with time zone, fold and (pandas) unit."""
    same = bool(left == right) and all(
        getattr(left, part, None) == getattr(right, part, None) for part in ("unit", "fold")
    )
    if same and _zone(getattr(left, "tzinfo", None)) == _zone(getattr(right, "tzinfo", None)):
        return None
    return Difference(path, "value", left, right)


def _zone(tz: Any) -> tuple[type, str]:
    """What makes a time zone; two classes for UTC are not the same."""
    return type(tz), repr(tz)


def _compare_fields(path: Path, left: Any, right: Any) -> Difference | None:
    for field in dataclasses.fields(left):
        step = (*path, Attribute(field.name))
        found = _compare(step, getattr(left, field.name), getattr(right, field.name))
        if found is not None:
            return found
    return None


def _compare_mapping(
    path: Path, left: Mapping[Any, Any], right: Mapping[Any, Any]
) -> Difference | None:
    only_left = [key for key in left if key not in right]
    only_right = [key for key in right if key not in left]
    if only_left or only_right:
        return Difference(path, "keys", only_left, only_right)
    keys, other = list(left), list(right)
    if keys != other:
        return Difference(path, "order", keys, other)
    found = _compare_sequence((*path, Attribute("keys()")), keys, other)
    for key in () if found else keys:
        found = found or _compare((*path, key), left[key], right[key])
    return found


def _compare_sequence(path: Path, left: Any, right: Any) -> Difference | None:
    if len(left) != len(right):
        return Difference(path, "length", len(left), len(right))
    for i, (one, other) in enumerate(zip(left, right, strict=True)):
        found = _compare((*path, i), one, other)
        if found is not None:
            return found
    return None


def _compare_set(path: Path, left: Any, right: Any) -> Difference | None:
    def marked(items: Iterable[Any]) -> set[tuple[type, Any]]:
        return {(type(item), repr(item) if isinstance(item, float) else item) for item in items}

    ours, theirs = marked(left), marked(right)
    if ours == theirs:
        return None
    only = [sorted(repr(item) for _, item in part) for part in (ours - theirs, theirs - ours)]
    return Difference(path, "keys", *only)


def _compare_scalar(path: Path, left: np.generic, right: np.generic) -> Difference | None:
    """numpy scalars: as arrays of one element."""
    found = _compare_array(path, np.asarray(left), np.asarray(right))
    if found is None or found.kind != "value":
        return found
    return Difference(path, "value", left, right)


def _compare_array(path: Path, left: NDArray[Any], right: NDArray[Any]) -> Difference | None:
    if isinstance(left, np.ma.MaskedArray):
        raise InvalidInputError("left: masked numpy arrays are not supported")
    if left.dtype != right.dtype:
        return Difference(path, "dtype", left.dtype, right.dtype)
    if left.shape != right.shape:
        return Difference(path, "length", left.shape, right.shape)
    found = _first_in_arrays(left.reshape(-1), right.reshape(-1))
    if found is None:
        return None
    position, inner = found
    steps = tuple(int(i) for i in np.unravel_index(position, left.shape)) if left.ndim else ()
    return dataclasses.replace(inner, path=(*path, *steps, *inner.path))


def _first_in_arrays(left: NDArray[Any], right: NDArray[Any]) -> tuple[int, Difference] | None:
    """Position and difference of the first unequal elements of two flat arrays of one dtype."""
    if left.dtype.kind == "O":
        for i, (one, other) in enumerate(zip(left, right, strict=True)):
            found = _compare((), one, other)
            if found is not None:
                return i, found
        return None
    unequal = _unequal(left, right)
    if not unequal.any():
        return None
    i = int(unequal.argmax())
    return i, Difference((), "value", left[i], right[i])


def _unequal(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.bool_]:
    """Where two flat arrays of one dtype differ (NaN is equal to NaN)."""
    dtype = left.dtype
    if dtype.names is not None:
        fields = np.zeros(left.shape, np.bool_)
        for name in dtype.names:
            shape = len(left), math.prod(left[name].shape[1:])
            part = _unequal(left[name].reshape(-1), right[name].reshape(-1))
            fields |= part.reshape(shape).any(axis=1)
        return fields
    if dtype.kind == "O":
        pairs = zip(left, right, strict=True)
        return np.array([_compare((), one, other) is not None for one, other in pairs], np.bool_)
    if dtype.kind == "c":
        return _unequal(left.real, right.real) | _unequal(left.imag, right.imag)
    if dtype.kind in "mM":
        left, right = left.view("i8"), right.view("i8")
    with np.errstate(all="ignore"):
        unequal: NDArray[np.bool_] = left != right
        if dtype.kind == "f":
            unequal |= np.signbit(left) != np.signbit(right)
            unequal &= ~(np.isnan(left) & np.isnan(right))
    return unequal


def _compare_extension(path: Path, left: Any, right: Any) -> Difference | None:
    """pandas arrays: dates, categories, strings, masked and Arrow arrays."""
    found = _compare_dtype(path, left.dtype, right.dtype)
    if found is not None:
        return found
    if len(left) != len(right):
        return Difference(path, "length", len(left), len(right))
    cell = _first_in_values(left, right)
    if cell is None:
        return None
    return dataclasses.replace(cell[1], path=(*path, cell[0], *cell[1].path))


def _compare_dtype(path: Path, left: Any, right: Any) -> Difference | None:
    if isinstance(left, pd.CategoricalDtype) and isinstance(right, pd.CategoricalDtype):
        found = _compare((*path, Attribute("ordered")), left.ordered, right.ordered)
        step = (*path, Attribute("categories"))
        return found or _compare(step, left.categories, right.categories)
    zones = [_zone(getattr(dtype, "tz", None)) for dtype in (left, right)]
    if type(left) is type(right) and left == right and zones[0] == zones[1]:
        return None
    return Difference(path, "dtype", left, right)


def _first_in_values(left: Any, right: Any) -> tuple[int, Difference] | None:
    """As :func:`_first_in_arrays`, of pandas arrays of one dtype and length."""
    if isinstance(left.dtype, pd.CategoricalDtype):
        plain = (np.asarray(left.codes), np.asarray(right.codes))
    elif hasattr(left, "asi8"):
        plain = (left.asi8, right.asi8)
    elif isinstance(left, pd.arrays.NumpyExtensionArray):
        plain = (left.to_numpy(), right.to_numpy())
    else:
        plain = (left.to_numpy(dtype=object), right.to_numpy(dtype=object))
    found = _first_in_arrays(*plain)
    if found is None or plain[0].dtype.kind == "O":
        return found
    i = found[0]
    return i, Difference((), "value", left[i], right[i])


def _compare_index(path: Path, left: pd.Index[Any], right: pd.Index[Any]) -> Difference | None:
    found = _compare_sequence((*path, Attribute("names")), list(left.names), list(right.names))
    if found is not None:
        return found
    if isinstance(left, pd.MultiIndex):
        for level in range(left.nlevels):
            step = (*path, Attribute(f"get_level_values({level})"))
            ours, theirs = left.get_level_values(level), right.get_level_values(level)
            found = _compare(step, ours, theirs)
            if found is not None:
                return found
        return None
    freqs = (getattr(left, "freq", None), getattr(right, "freq", None))
    if freqs[0] != freqs[1]:
        return Difference((*path, Attribute("freq")), "value", *freqs)
    return _compare_extension(path, left.array, right.array)


def _compare_series(path: Path, left: Any, right: Any) -> Difference | None:
    found = _compare((*path, Attribute("name")), left.name, right.name)
    found = found or _compare_dtype(path, left.dtype, right.dtype)
    found = found or _compare((*path, Attribute("index")), left.index, right.index)
    found = found or _compare_extension(path, left.array, right.array)
    return found or _compare((*path, Attribute("attrs")), left.attrs, right.attrs)


def _compare_frame(path: Path, left: pd.DataFrame, right: pd.DataFrame) -> Difference | None:
    found = _compare((*path, Attribute("columns")), left.columns, right.columns)
    if found is None and len(left) != len(right):
        found = Difference(path, "length", len(left), len(right))
    for i, label in enumerate(left.columns) if found is None else ():
        step = (*path, Attribute("dtypes"), label)
        found = found or _compare_dtype(step, left.dtypes.iloc[i], right.dtypes.iloc[i])
    found = found or _compare((*path, Attribute("index")), left.index, right.index)
    found = found or _first_cell(path, left, right)
    return found or _compare((*path, Attribute("attrs")), left.attrs, right.attrs)


def _first_cell(path: Path, left: pd.DataFrame, right: pd.DataFrame) -> Difference | None:
    """The first unequal cell of two frames of one shape, columns, index and dtypes."""
    first: tuple[int, Difference] | None = None
    for i, label in enumerate(left.columns):
        cell = _first_in_values(left.iloc[:, i].array, right.iloc[:, i].array)
        if cell is not None and (first is None or cell[0] < first[0]):
            row, inner = cell
            first = row, dataclasses.replace(inner, path=(*path, row, label, *inner.path))
    return first[1] if first else None


_COMPARISONS: tuple[tuple[Any, Callable[[Path, Any, Any], Difference | None]], ...] = (
    (np.generic, _compare_scalar),
    (float, _compare_float),
    (_EXACT, _compare_exact),
    (complex, _compare_complex),
    ((date, datetime, time, timedelta, pd.Timestamp, pd.Timedelta), _compare_date),
    (pd.DataFrame, _compare_frame),
    (pd.Series, _compare_series),
    (pd.Index, _compare_index),
    (pd.api.extensions.ExtensionArray, _compare_extension),
    (np.ndarray, _compare_array),
    (Mapping, _compare_mapping),
    ((list, tuple), _compare_sequence),
    ((set, frozenset), _compare_set),
)
