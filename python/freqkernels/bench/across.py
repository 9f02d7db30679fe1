"""Results of two releases of freqtrade, made comparable.

Their environments may hold different releases of pandas and numpy, so results travel as plain
Python values. Releases add entries to results and columns to frames; what only one of them has is
set aside and named. The rest is compared as strictly as ever, but for the types that columns have,
and for whole numbers that one release keeps as integers and the other one as floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

#: Entries that differ by nature: a hash of the configuration, to which every release adds.
OF_ONE_RELEASE = ("run_id",)


@dataclass(frozen=True)
class Table:
    """A frame in plain values.

    :param columns: names.
    :param values: of each column.
    """

    columns: list[str]
    values: list[list[Any]]


def neutral(value: Any) -> Any:
    """The same without numpy, pandas and paths; frames become tables.

    Dates come in UTC and without nanoseconds, a missing entry that is no float is None.
    """
    if isinstance(value, pd.DataFrame):
        columns = [value.iloc[:, i] for i in range(len(value.columns))]
        return Table([str(name) for name in value.columns], [neutral(column) for column in columns])
    if isinstance(value, pd.Series | pd.Index | np.ndarray):
        if value.dtype.kind == "f":
            return list(value.tolist())
        return [None if _is_nan(item) else neutral(item) for item in value]
    if isinstance(value, Mapping):
        return {neutral(key): neutral(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(neutral(item) for item in value)
    if isinstance(value, np.generic):
        return neutral(value.item())
    if value is pd.NaT or value is pd.NA:
        return None
    return _neutral_scalar(value)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _neutral_scalar(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, pd.Timedelta):
        return value.to_pytimedelta()
    return str(value) if isinstance(value, PurePath) else value


def restored(value: Any) -> Any:
    """What :func:`neutral` made, with frames of objects in the place of tables."""
    if isinstance(value, Table):
        columns = [pd.Series(column, dtype=object) for column in value.values]
        frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
        return frame.set_axis(value.columns, axis=1)
    if isinstance(value, dict):
        return {key: restored(item) for key, item in value.items()}
    return [restored(item) for item in value] if isinstance(value, list) else value


def shared(left: Any, right: Any, left_out: list[str], where: str = "") -> tuple[Any, Any]:
    """Both without the entries and columns that only one of them has, in one order of keys.

    :param left: nested dicts, lists and frames.
    :param right: the same of the other release.
    :param left_out: gets the path of everything set aside, "-" in front if only ``left`` has it,
        "+" if only ``right`` does.
    :param where: path of both.
    """
    if isinstance(left, dict) and isinstance(right, dict):
        names = _names_of_both(left, right, left_out, where)
        pairs = {
            name: shared(left[name], right[name], left_out, f"{where}[{name!r}]") for name in names
        }
        return {n: pair[0] for n, pair in pairs.items()}, {n: pair[1] for n, pair in pairs.items()}
    if isinstance(left, pd.DataFrame) and isinstance(right, pd.DataFrame):
        names = _names_of_both(left, right, left_out, where)
        return left[names], right[names]
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        both = [shared(*item, left_out, f"{where}[]") for item in zip(left, right, strict=True)]
        return [pair[0] for pair in both], [pair[1] for pair in both]
    if {type(left), type(right)} == {int, float}:
        return float(left), float(right)
    return left, right


def _names_of_both(left: Any, right: Any, left_out: list[str], where: str) -> list[Any]:
    for sign, some, others in (("-", left, right), ("+", right, left)):
        for name in some:
            text = f"{sign}{where}[{name!r}]"
            if name not in others and text not in left_out:
                left_out.append(text)
    return [name for name in left if name in right and name not in OF_ONE_RELEASE]
