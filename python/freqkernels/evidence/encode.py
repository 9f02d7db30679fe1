"""Values as what JSON can hold, and arrays beside it.

``None``, ``bool``, small ``int`` and well-formed ``str`` are themselves; everything else is a list
that begins with a tag. What has no form here becomes ``["other", "what it was"]``.
"""

from __future__ import annotations

import base64
import struct
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.frequencies import to_offset

from freqkernels.evidence.decode import (
    ENUMS,
    MOST_ARRAYS,
    MOST_BYTES,
    MOST_DEPTH,
    MOST_ROWS,
    MOST_TEXT,
    PLAIN_DTYPE,
    TOO_MUCH,
    Decoder,
    Node,
)
from freqkernels.evidence.record import Placeholder, Raised
from freqkernels.evidence.summary import class_name

_SMALL = 1 << 63
_LONGEST_HEADER = 9000  # numpy reads none of more than 10000
#: What freqtrade's configuration keeps secret: the name of the section, and in it.
_SECRETS = {
    "exchange": {
        *("key", "uid", "account_id", "accountId", "wallet_address", "walletAddress"),
    },
    "telegram": {"token", "chat_id"},
    "discord": {"webhook_url"},
    "webhook": {"url"},
    "api_server": {"username"},
}
_SECRETS_ANYWHERE = {
    *("secret", "password", "apiKey", "api_key", "privateKey", "private_key"),
    *("jwt_secret_key", "ws_token"),
}
_REDACTED = "REDACTED"  # as freqtrade writes it


class _UnsupportedError(Exception):
    """There is no form for a value; the text says what it is."""


class Encoder:
    """Makes nodes; :attr:`arrays` collects what they refer to."""

    def __init__(self) -> None:
        self.arrays: list[NDArray[Any]] = []
        self._numbers: dict[int, int] = {}
        self._text_left = MOST_TEXT
        self._bytes_left = MOST_BYTES

    def node(self, value: Any, depth: int = 0, section: Any = None) -> Node:
        """The form of a value.

        :param value: anything.
        :param depth: of the lists and dicts around it.
        :param section: key under which it stands in a dict.
        """
        try:
            self._spend(32)
            if depth > MOST_DEPTH:
                raise _UnsupportedError(f"a {class_name(value)} that is nested too deeply")
            if type(value) is dict:
                return self._dict(value, depth, section)
            encode = _ENCODERS.get(type(value)) or _by_base(value)
            return encode(self, value, depth)
        except _UnsupportedError as unsupported:
            return ["other", str(unsupported)[:200]]

    def _spend(self, letters: int, items: int = 0) -> None:
        """Take room for text; without taking it, be sure that there is some for items."""
        if letters + 32 * items > self._text_left:
            raise _UnsupportedError(TOO_MUCH)
        self._text_left -= letters

    def _array_number(self, array: NDArray[Any]) -> int:
        """The place of an array in the file; the same for the same array."""
        if id(array) in self._numbers:
            return self._numbers[id(array)]
        if not _keeps_dtype(array.dtype):
            raise _UnsupportedError(f"a numpy array of dtype {array.dtype}")
        if array.nbytes > self._bytes_left or len(self.arrays) >= MOST_ARRAYS:
            raise _UnsupportedError(
                f"a numpy array of {array.nbytes:,} bytes, more than fit into a file"
            )
        self._bytes_left -= array.nbytes
        self._numbers[id(array)] = len(self.arrays)
        self.arrays.append(array)  # held, so that no other array gets its id
        return len(self.arrays) - 1

    # ---- Python's own

    def _itself(self, value: Any, depth: int) -> Node:
        return value

    def _int(self, value: int, depth: int) -> Node:
        if -_SMALL < value < _SMALL:
            return value
        self._spend(value.bit_length() // 4 + 8)
        return ["int", hex(value)]

    def _float(self, value: float, depth: int) -> Node:
        return ["float", struct.pack(">d", value).hex()]

    def _complex(self, value: complex, depth: int) -> Node:
        return ["complex", struct.pack(">dd", value.real, value.imag).hex()]

    def _str(self, value: str, depth: int) -> Node:
        plain = value.isascii() and value.isprintable()
        self._spend((2 if plain else 6) * len(value))
        try:
            value.encode()
        except UnicodeEncodeError:
            return ["str", value.encode("utf-8", "surrogatepass").hex()]
        return value

    def _bytes(self, value: bytes, depth: int) -> Node:
        self._spend(2 * len(value))
        return ["bytes", base64.b64encode(value).decode()]

    def _sequence(self, value: Any, depth: int) -> Node:
        self._spend(0, len(value))
        return [type(value).__name__, *(self.node(item, depth + 1) for item in list(value))]

    def _dict(self, value: dict[Any, Any], depth: int, section: Any) -> Node:
        self._spend(0, 2 * len(value))
        secrets = _SECRETS_ANYWHERE | _SECRETS.get(section if type(section) is str else "", set())
        node: list[Node] = ["dict"]
        for key, item in list(value.items()):
            hidden = type(item) is str and item and type(key) is str and key in secrets
            shown = _REDACTED if hidden else item
            node += (self.node(key, depth + 1), self.node(shown, depth + 1, key))
        return node

    def _slice(self, value: slice, depth: int) -> Node:
        parts = (value.start, value.stop, value.step)
        return ["slice", *(self.node(part, depth + 1) for part in parts)]

    def _enum(self, value: Enum, depth: int) -> Node:
        name = type(value).__qualname__
        known = getattr(sys.modules.get(ENUMS), name, None) is type(value)
        if not known or value.name not in type(value).__members__:
            raise _UnsupportedError(f"a {class_name(value)}")
        return ["enum", name, value.name]

    # ---- dates

    def _exact(self, value: Any, node: Node) -> Node:
        """The node, if it means the very same value."""
        self._spend(64)
        try:
            again = Decoder([]).value(node)
        except Exception as error:  # of pandas, of a package with time zones
            raise _UnsupportedError(f"a {class_name(value)} that cannot be kept") from error
        if type(again) is type(value) and repr(again) == repr(value) and again == value:
            return node
        raise _UnsupportedError(f"a {class_name(value)} that cannot be kept")

    def _zone(self, zone: Any) -> Node:
        if zone is None or zone is UTC:
            return zone and ["utc"]
        if type(zone) is timezone:
            offset, name = zone.utcoffset(None), zone.tzname(None)
            return ["offset", offset.days, offset.seconds, offset.microseconds, name]
        if type(zone) is ZoneInfo and zone.key:
            return ["zoneinfo", zone.key]
        if type(zone).__module__.startswith("pytz") and zone.zone:
            return ["pytz", zone.zone]
        raise _UnsupportedError(f"a date with a {class_name(zone)}")

    def _datetime(self, value: datetime, depth: int) -> Node:
        naive = value.replace(tzinfo=None, fold=0).isoformat()
        node = ["datetime", naive, value.fold, self._zone(value.tzinfo)]
        return self._exact(value, node)

    def _date(self, value: date, depth: int) -> Node:
        return ["date", value.isoformat()]

    def _time(self, value: time, depth: int) -> Node:
        naive = value.replace(tzinfo=None, fold=0).isoformat()
        return self._exact(value, ["time", naive, value.fold, self._zone(value.tzinfo)])

    def _timedelta(self, value: timedelta, depth: int) -> Node:
        return ["timedelta", value.days, value.seconds, value.microseconds]

    def _timestamp(self, value: pd.Timestamp, depth: int) -> Node:
        node = ["timestamp", *_count(value.to_datetime64()), self._zone(value.tzinfo)]
        return self._exact(value, node)

    def _pandas_timedelta(self, value: pd.Timedelta, depth: int) -> Node:
        return ["pandas timedelta", *_count(value.to_timedelta64())]

    # ---- numpy

    def _scalar(self, value: Any, depth: int) -> Node:
        self._spend(2 * value.nbytes)
        if value.dtype.names is None and PLAIN_DTYPE.fullmatch(value.dtype.str):
            return ["scalar", value.dtype.str, value.tobytes().hex()]
        return ["void", self._array_number(np.asarray(value))]

    def _array(self, value: NDArray[Any], depth: int) -> Node:
        flags = value.flags
        layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "gaps"
        if value.dtype.kind == "O":
            shape = list(value.shape)
            items = self._sequence(value.ravel().tolist(), depth)
            return ["objects", shape, items, layout, bool(flags.writeable)]
        return ["array", self._array_number(value), layout, bool(flags.writeable)]

    # ---- pandas

    def _values(self, values: Any, depth: int) -> Node:
        """The values of a column or an index."""
        dtype: Any = values.dtype
        if type(values) is pd.arrays.NumpyExtensionArray or isinstance(dtype, np.dtype):
            array = values.to_numpy()
            if array.dtype.kind == "O":
                items = self._sequence(array.tolist(), depth)
                return ["objects", [len(array)], items, "C", True]
            return ["array", self._array_number(array), "C", True]
        if type(dtype) is pd.CategoricalDtype:
            codes = self._array_number(np.asarray(values.codes))
            return ["categories", codes, self._index(dtype.categories, depth), dtype.ordered]
        if type(dtype) is pd.DatetimeTZDtype:
            moments = values.asi8.view(f"M8[{dtype.unit}]")
            return ["zoned", self._array_number(moments), self._zone(dtype.tz)]
        if type(dtype) is pd.StringDtype:
            texts = self._sequence(values.to_numpy(dtype=object, na_value=None).tolist(), depth)
            missing = getattr(dtype, "na_value", pd.NA)
            return ["strings", texts, dtype.storage, "NA" if missing is pd.NA else "nan"]
        if type(dtype) in _MASKED:
            filled = values.to_numpy(dtype=dtype.numpy_dtype, na_value=0)
            parts = (np.asarray(filled), np.asarray(values.isna()))
            return ["masked", *map(self._array_number, parts)]
        raise _UnsupportedError(f"values of dtype {dtype}")

    def _series(self, value: pd.Series, depth: int) -> Node:
        return [
            "series",
            self._values(value.array, depth),
            self._index(value.index, depth),
            self.node(value.name, depth + 1),
        ]

    def _frame(self, value: pd.DataFrame, depth: int) -> Node:
        columns = range(value.shape[1])
        return [
            "frame",
            [self._values(value.iloc[:, i].array, depth) for i in columns],
            self._index(value.index, depth),
            self._index(value.columns, depth),
        ]

    def _index(self, value: Any, depth: int) -> Node:
        """Within a frame too: what has no form there has none as a whole."""
        names = [self.node(name, depth + 1) for name in value.names]
        if type(value) is pd.RangeIndex:
            if len(value) > MOST_ROWS:
                raise _UnsupportedError(f"a pandas.RangeIndex of {len(value)}")
            return ["range index", value.start, value.stop, value.step, *names]
        if type(value) is pd.MultiIndex:
            levels = [self._index(level, depth + 1) for level in value.levels]
            codes = [self._array_number(np.asarray(code)) for code in value.codes]
            return ["multi index", levels, codes, names]
        if type(value) not in _INDEXES:
            raise _UnsupportedError(f"a {class_name(value)}")
        freq = getattr(value, "freq", None)
        if freq is not None and to_offset(freq.freqstr) != freq:
            raise _UnsupportedError(f"a {class_name(value)} with a step of its own")
        return ["index", self._values(value.array, depth), *names, freq and freq.freqstr]

    # ---- ours

    def _raised(self, value: Raised, depth: int) -> Node:
        self._spend(6 * (len(value.error) + len(value.text)))
        return ["raised", *(self.node(part, depth + 1) for part in (value.error, value.text))]

    def _exception(self, value: BaseException, depth: int) -> Node:
        return self._raised(Raised.of(value), depth)

    def _placeholder(self, value: Placeholder, depth: int) -> Node:
        raise _UnsupportedError(value.what)

    def _other(self, value: Any, depth: int) -> Node:
        raise _UnsupportedError(f"a {class_name(value)}")


def copy_of(value: Any) -> Any:
    """What a file would give back: a copy that shares nothing, with arrays as they lay in memory.

    ``copy.deepcopy`` closes the gaps between values and makes arrays writeable.

    :param value: anything; what no file holds becomes a :class:`Placeholder`.
    """
    encoder = Encoder()
    node = encoder.node(value)
    return Decoder([array.copy(order="K") for array in encoder.arrays]).value(node)


def _keeps_dtype(dtype: np.dtype[Any]) -> bool:
    """Whether the header of a ``.npy`` file can say what this dtype is."""
    if dtype.hasobject or dtype.metadata is not None or issubclass(dtype.type, np.record):
        return False
    try:
        described: Any = np.lib.format.dtype_to_descr(dtype)
        same = bool(np.lib.format.descr_to_dtype(described) == dtype)
        header = str(described).encode("latin1")
    except (TypeError, ValueError):
        return False
    plain = not isinstance(described, str) or PLAIN_DTYPE.fullmatch(described) is not None
    return same and plain and len(header) < _LONGEST_HEADER


def _count(value: Any) -> tuple[int, str]:
    """A date or duration of numpy: how many of which unit."""
    unit, step = np.datetime_data(value.dtype)
    if step != 1:
        raise _UnsupportedError(f"a date in steps of {step} {unit}")
    return int(value.view("i8")), unit


def _by_base(value: Any) -> Callable[[Encoder, Any, int], Node]:
    """For values whose class is no fixed one."""
    if isinstance(value, np.generic):
        return Encoder._scalar
    if isinstance(value, Enum):
        return Encoder._enum
    if isinstance(value, BaseException):
        return Encoder._exception
    return Encoder._other


_MASKED = (
    *(pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype),
    *(pd.UInt8Dtype, pd.UInt16Dtype, pd.UInt32Dtype, pd.UInt64Dtype),
    *(pd.Float32Dtype, pd.Float64Dtype, pd.BooleanDtype),
)
_INDEXES = (pd.Index, pd.DatetimeIndex, pd.TimedeltaIndex, pd.CategoricalIndex)
_ENCODERS: dict[type, Callable[[Encoder, Any, int], Node]] = {
    type(None): Encoder._itself,
    bool: Encoder._itself,
    int: Encoder._int,
    float: Encoder._float,
    complex: Encoder._complex,
    str: Encoder._str,
    bytes: Encoder._bytes,
    **dict.fromkeys((list, tuple, set, frozenset), Encoder._sequence),
    slice: Encoder._slice,
    Decimal: lambda encoder, value, depth: ["decimal", encoder._str(str(value), depth)],
    datetime: Encoder._datetime,
    date: Encoder._date,
    time: Encoder._time,
    timedelta: Encoder._timedelta,
    pd.Timestamp: Encoder._timestamp,
    pd.Timedelta: Encoder._pandas_timedelta,
    type(pd.NaT): lambda encoder, value, depth: ["NaT"],
    type(pd.NA): lambda encoder, value, depth: ["NA"],
    np.ndarray: Encoder._array,
    pd.Series: Encoder._series,
    pd.DataFrame: Encoder._frame,
    **dict.fromkeys((*_INDEXES, pd.RangeIndex, pd.MultiIndex), Encoder._index),
    Raised: Encoder._raised,
    Placeholder: Encoder._placeholder,
}
