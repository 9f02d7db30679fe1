"""Columns as pandas would infer them from Python objects, made from arrays instead."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError

#: A moment as freqtrade's time loop has it: a datetime of Python in UTC.
PYTHON_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


def inferred(columns: dict[str, Sequence[Any]]) -> dict[str, Any]:
    """Columns of objects; pandas finds their types as it does in records.

    :param columns: objects of equal number by name of the column.
    :return: column by name.
    """
    records = list(zip(*columns.values(), strict=True))
    frame = pd.DataFrame.from_records(records, columns=list(columns))
    return {name: frame[name] for name in columns}


def text_column(codes: NDArray[np.integer[Any]], texts: Sequence[str]) -> Any:
    """A column of texts out of few different ones, typed as pandas types a list of them.

    :param codes: index into ``texts`` of each row.
    :param texts: the different texts.
    :return: an array that pandas takes as a column.
    """
    dtype: Any = pd.DataFrame.from_records([("text",)], columns=["column"])["column"].dtype
    if getattr(dtype, "storage", None) == "pyarrow":
        arrow: Any = importlib.import_module("pyarrow")
        different = arrow.array(texts, type=arrow.large_string())
        return dtype.__from_arrow__(arrow.chunked_array([different.take(arrow.array(codes))]))
    objects = np.empty(len(texts), dtype=object)
    objects[:] = texts
    rows = objects.take(codes)
    return rows if dtype == np.dtype(object) else pd.array(rows, dtype=dtype)


def moment_column(times_ms: NDArray[np.int64], moment: datetime = PYTHON_MOMENT) -> pd.Series:
    """A column of dates, typed as pandas types a list of dates like ``moment``.

    :param times_ms: milliseconds since 1970.
    :param moment: one of the dates; its time zone and its kind (datetime or Timestamp) count.
    """
    sample = pd.DataFrame.from_records([(moment,)], columns=["column"])["column"]
    times = times_ms.view("M8[ms]").astype(f"M8[{sample.dt.unit}]")
    column = pd.Series(times, copy=False)
    if sample.dt.tz is None:
        return column
    return column.dt.tz_localize(UTC).dt.tz_convert(sample.dt.tz)


def numbers_or_none(values: NDArray[Any], none: NDArray[np.bool_] | None = None) -> NDArray[Any]:
    """A column of numbers, typed as pandas types a list of them with None in between.

    :param values: bool, int64 or float64, after the type of the Python objects.
    :param none: rows that are None instead; those that are 0 if absent.
    """
    none = values == 0 if none is None else none
    if not none.any():
        return values
    if none.all():
        return np.full(len(values), None, dtype=object)
    return np.where(none, np.nan, values)


def require_equal_lengths(columns: dict[str, Any]) -> int:
    """The number of rows of all columns.

    :raise InvalidInputError: naming one that differs from the first.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    first, rows = next(iter(lengths.items()))
    for name, length in lengths.items():
        if length != rows:
            raise InvalidInputError(f"{name}: {length} rows, but {first} has {rows}")
    return rows
