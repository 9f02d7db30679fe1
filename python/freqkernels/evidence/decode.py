"""Values from what a file holds. Nothing in a file is trusted, and nothing in it is run."""

from __future__ import annotations

import base64
import importlib
import re
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.frequencies import to_offset

from freqkernels.errors import EvidenceError
from freqkernels.evidence.record import Placeholder, Raised

Node = Any

#: Module whose enumerations are known by name; others are code that a file may not ask for.
ENUMS = "freqtrade.enums"
#: Limits of one file: letters and numbers in JSON, bytes in arrays, arrays, lists in lists.
MOST_TEXT = 48_000_000
MOST_BYTES = 150_000_000
MOST_ARRAYS = 20_000
MOST_DEPTH = 30
#: Rows that a file may claim without holding them.
MOST_ROWS = 100_000_000
#: What stands for all that goes beyond them.
TOO_MUCH = "more than a file may hold"
#: dtypes that a short text describes.
PLAIN_DTYPE = re.compile(r"[<>|](b1|[iufcmM]\d{1,2}(\[\d{0,9}[A-Za-z]{1,2}\])?|[SUV]\d{1,9})")


class Decoder:
    """Makes values of nodes; :attr:`others` collects what the file has no value of.

    :param arrays: that nodes refer to by number.
    """

    def __init__(self, arrays: Sequence[NDArray[Any]]) -> None:
        self.others: list[Placeholder] = []
        self._arrays = arrays
        self._made: dict[int, NDArray[Any]] = {}
        self._depth = 0

    def value(self, node: Node) -> Any:
        """The value of a node.

        :param node: from a file.
        :raise EvidenceError: for a node that is none; other errors for one with wrong contents.
        """
        if node is None or type(node) in (bool, int, str):
            return node
        if type(node) is not list or not node or type(node[0]) is not str:
            raise EvidenceError("a value is missing where one should be")
        decode = _DECODERS.get(node[0])
        if decode is None:
            raise EvidenceError(f"a value has the unknown form {node[0][:40]!r}")
        if self._depth > 4 * MOST_DEPTH:
            raise EvidenceError("values are nested too deeply")
        self._depth += 1
        try:
            return decode(self, *node[1:])
        finally:
            self._depth -= 1

    def _raw(self, number: int) -> NDArray[Any]:
        if type(number) is not int or not 0 <= number < len(self._arrays):
            raise EvidenceError("an array is missing")
        return self._arrays[number]

    # ---- Python's own

    def _complex(self, text: str) -> complex:
        return complex(*struct.unpack(">dd", bytes.fromhex(text)))

    def _dict(self, *nodes: Node) -> dict[Any, Any]:
        found = {}
        for key, item in zip(nodes[::2], nodes[1::2], strict=True):
            found[self.value(key)] = self.value(item)
        return found

    def _enum(self, name: str, member: str) -> Enum:
        found = getattr(importlib.import_module(ENUMS), name)
        if not (isinstance(found, type) and issubclass(found, Enum)):
            raise EvidenceError(f"{ENUMS} has no enumeration {name[:40]!r}")
        return found[member]

    # ---- dates

    def _zone(self, node: Node) -> Any:
        if node is None:
            return None
        kind, *rest = node
        if kind == "utc":
            return UTC
        if kind == "offset":
            days, seconds, microseconds, name = rest
            offset = timedelta(days, seconds, microseconds)
            unnamed = timezone(offset)
            return unnamed if unnamed.tzname(None) == name else timezone(offset, name)
        if kind == "zoneinfo":
            return ZoneInfo(*rest)
        if kind == "pytz":
            return importlib.import_module("pytz").timezone(*rest)
        raise EvidenceError("a time zone is of an unknown kind")

    def _datetime(self, text: str, fold: int, zone: Node) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=self._zone(zone), fold=fold)

    def _time(self, text: str, fold: int, zone: Node) -> time:
        return time.fromisoformat(text).replace(tzinfo=self._zone(zone), fold=fold)

    def _timestamp(self, count: int, unit: str, zone: Node) -> pd.Timestamp:
        naive = pd.Timestamp(np.datetime64(count, _unit(unit)))
        if zone is None:
            return naive
        return naive.tz_localize("UTC").tz_convert(self._zone(zone))

    def _pandas_timedelta(self, count: int, unit: str) -> Any:
        return pd.Timedelta(np.timedelta64(count, _unit(unit)))

    # ---- numpy

    def _scalar(self, dtype: str, text: str) -> Any:
        if not PLAIN_DTYPE.fullmatch(dtype):
            raise EvidenceError(f"a number has the unknown dtype {dtype[:40]!r}")
        if not np.dtype(dtype).itemsize:  # an empty text
            return np.zeros((), dtype)[()]
        (value,) = np.frombuffer(bytes.fromhex(text), dtype)
        return value

    def _void(self, number: int) -> Any:
        array = self._raw(number)
        if array.shape != ():
            raise EvidenceError("a structure is an array")
        return array[()]

    def _array(self, number: int, layout: str, writeable: bool) -> NDArray[Any]:
        """The same array for the same number."""
        if number not in self._made:
            self._made[number] = _laid_out(self._raw(number), layout, writeable)
        return self._made[number]

    def _objects(self, shape: list[int], items: Node, layout: str, writeable: bool) -> NDArray[Any]:
        values = self.value(items)
        flat = np.empty(len(values), dtype=object)
        for i, value in enumerate(values):
            flat[i] = value
        shaped = flat.reshape(shape)
        return _laid_out(np.asfortranarray(shaped) if layout == "F" else shaped, layout, writeable)

    # ---- pandas

    def _categories(self, codes: int, categories: Node, ordered: bool | None) -> Any:
        labels = self.value(categories)
        return pd.Categorical.from_codes(self._raw(codes), labels, ordered=ordered)

    def _zoned(self, number: int, zone: Node) -> Any:
        moments = pd.DatetimeIndex(self._raw(number).copy())
        return moments.tz_localize("UTC").tz_convert(self._zone(zone)).array

    def _strings(self, texts: Node, storage: Any, missing: str) -> Any:
        values = np.array([*self.value(texts), None], dtype=object)[:-1]
        if missing == "NA":
            return pd.array(values, dtype=pd.StringDtype(storage))
        try:
            dtype = pd.StringDtype(storage, na_value=np.nan)
        except TypeError:  # pandas 2.2 has these texts as objects
            return values
        return pd.array(values, dtype=dtype)

    def _masked(self, number: int, mask: int) -> Any:
        values, missing = self._raw(number).copy(), self._raw(mask).copy()
        kinds: dict[str, Any] = {"b": pd.arrays.BooleanArray, "f": pd.arrays.FloatingArray}
        return kinds.get(values.dtype.kind, pd.arrays.IntegerArray)(values, missing)

    def _series(self, values: Node, index: Node, name: Node) -> pd.Series:
        column = _column(self.value(values))
        column.index = self._as_index(index)
        column.name = self.value(name)
        return column

    def _frame(self, nodes: list[Node], index: Node, columns: Node) -> pd.DataFrame:
        rows = self._as_index(index)
        if nodes:
            parts = {i: _column(self.value(node)) for i, node in enumerate(nodes)}
            if any(len(part) != len(rows) for part in parts.values()):
                raise EvidenceError("the columns of a frame have another length than its index")
            frame = pd.DataFrame(parts)
            frame.index = rows
        else:
            frame = pd.DataFrame(index=rows)
        frame.columns = self._as_index(columns)
        return frame

    def _as_index(self, node: Node) -> Any:
        index = self.value(node)
        if not isinstance(index, pd.Index):
            raise EvidenceError("an index is something else")
        return index

    def _index(self, values: Node, name: Node, freq: str | None) -> Any:
        array = self.value(values)
        index: Any = pd.Index(array, dtype=array.dtype, name=self.value(name))
        if freq is not None:
            index.freq = to_offset(freq)
        return index

    def _range_index(self, start: int, stop: int, step: int, name: Node) -> pd.RangeIndex:
        if len(range(start, stop, step)) > MOST_ROWS:
            raise EvidenceError("an index is longer than any file")
        return pd.RangeIndex(start, stop, step, name=self.value(name))

    def _multi_index(self, levels: list[Node], codes: list[int], names: list[Node]) -> Any:
        places: Any = [self._raw(code) for code in codes]
        return pd.MultiIndex(
            levels=[self._as_index(level) for level in levels],
            codes=places,
            names=[self.value(name) for name in names],
        )

    # ---- ours

    def _other(self, what: str) -> Placeholder:
        found = Placeholder(str(what))
        self.others.append(found)
        return found


def _unit(unit: str) -> Any:
    if unit not in ("s", "ms", "us", "ns"):
        raise EvidenceError("a date is in an unknown unit")
    return unit


def _column(values: Any) -> pd.Series:
    """A column of the very dtype: pandas would make texts of objects."""
    column: pd.Series = pd.Series(values, dtype=values.dtype)
    return column


def _laid_out(array: NDArray[Any], layout: str, writeable: bool) -> NDArray[Any]:
    """An array as it lay in memory: what has gaps between its values gets some."""
    if layout == "gaps":
        wide = np.empty((*array.shape, 2), dtype=array.dtype)
        wide[..., 0] = array
        array = wide[..., 0]
    array.flags.writeable = bool(writeable)
    return array


_DECODERS: dict[str, Callable[..., Any]] = {
    "int": lambda decoder, text: int(text, 16),
    "float": lambda decoder, text: struct.unpack(">d", bytes.fromhex(text))[0],
    "complex": Decoder._complex,
    "str": lambda decoder, text: bytes.fromhex(text).decode("utf-8", "surrogatepass"),
    "bytes": lambda decoder, text: base64.b64decode(text, validate=True),
    "list": lambda decoder, *nodes: [decoder.value(node) for node in nodes],
    "tuple": lambda decoder, *nodes: tuple(decoder.value(node) for node in nodes),
    "set": lambda decoder, *nodes: {decoder.value(node) for node in nodes},
    "frozenset": lambda decoder, *nodes: frozenset(decoder.value(node) for node in nodes),
    "dict": Decoder._dict,
    "slice": lambda decoder, *nodes: slice(*(decoder.value(node) for node in nodes)),
    "enum": Decoder._enum,
    "decimal": lambda decoder, text: Decimal(text),
    "datetime": Decoder._datetime,
    "date": lambda decoder, text: date.fromisoformat(text),
    "time": Decoder._time,
    "timedelta": lambda decoder, *parts: timedelta(*parts),
    "timestamp": Decoder._timestamp,
    "pandas timedelta": Decoder._pandas_timedelta,
    "NaT": lambda decoder: pd.NaT,
    "NA": lambda decoder: pd.NA,
    "scalar": Decoder._scalar,
    "void": Decoder._void,
    "array": Decoder._array,
    "objects": Decoder._objects,
    "categories": Decoder._categories,
    "zoned": Decoder._zoned,
    "strings": Decoder._strings,
    "masked": Decoder._masked,
    "series": Decoder._series,
    "frame": Decoder._frame,
    "index": Decoder._index,
    "range index": Decoder._range_index,
    "multi index": Decoder._multi_index,
    "raised": lambda decoder, *nodes: Raised(*(decoder.value(node) for node in nodes)),
    "other": Decoder._other,
}
