"""Arguments in a few words: type, shape, dtype, and a digest that tells whether two are the same.

Looks at what is there and asks for no import: an array can only be among the arguments if its
package is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any

_MOST_ARGUMENTS = 32
_MOST_LETTERS = 600
_MOST_ITEMS = 8
_MOST_DEPTH = 3
_MOST_SHOWN = 40
_MEBIBYTE = 1 << 20
_SIMPLE = (type(None), bool, int, float, complex)


def describe(args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> list[str]:
    """One line for each argument of a call: what it is, never what it holds.

    Digests are of the first and the last mebibyte of an array's values. Short texts that are
    arguments themselves are shown, texts within other arguments are not.

    :param args: positional arguments.
    :param kwargs: those with names.
    :return: at most 33 lines of at most 600 letters; whatever the arguments are, it is no error.
    """
    named = [(f"{i + 1}", value) for i, value in enumerate(args)]
    named += [(str(name), value) for name, value in (kwargs or {}).items()]
    lines = []
    for name, value in named[:_MOST_ARGUMENTS]:
        line = f"{name}: {_described(value, 0)}"
        lines.append(line if len(line) <= _MOST_LETTERS else f"{line[: _MOST_LETTERS - 3]}...")
    if len(named) > _MOST_ARGUMENTS:
        lines.append(f"and {len(named) - _MOST_ARGUMENTS} more")
    return lines


def class_name(value: Any) -> str:
    """The full name of a value's class."""
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def _described(value: Any, depth: int) -> str:
    try:
        return _words(value, depth)
    except Exception as error:  # properties of somebody else's class may do anything
        return f"{type(value).__name__} that cannot be described ({type(error).__name__})"


def _words(value: Any, depth: int) -> str:
    package = type(value).__module__.partition(".")[0]
    if type(value) in _SIMPLE:
        return _short(value)
    if type(value) is str:
        return repr(value) if not depth and len(value) <= _MOST_SHOWN else _text(value)
    if isinstance(value, (bytes, bytearray)):
        return f"{class_name(value)} of {len(value)}, digest {_digest(_ends_of_bytes(value))}"
    if package == "numpy" and hasattr(value, "flat"):
        return _array(value)
    if package == "pandas" and hasattr(value, "columns"):
        return _frame(value)
    if package == "pandas" and hasattr(value, "dtype"):
        return f"{class_name(value)} of {len(value)}, {value.dtype}{_column_digest(value)}"
    if type(value) in (list, tuple, set, frozenset, dict):
        return _collection(value, depth)
    return class_name(value)


def _short(value: Any) -> str:
    if type(value) is int and value.bit_length() > 128:
        return f"int of {value.bit_length()} bits"
    return repr(value)


def _text(value: str) -> str:
    ends = [part.encode("utf-8", "surrogatepass") for part in (value[:_MEBIBYTE], value[-1:])]
    return f"str of {len(value)}, digest {_digest(ends)}" if len(value) > _MOST_SHOWN else "str"


def _collection(value: Any, depth: int) -> str:
    head = f"{type(value).__name__} of {len(value)}"
    if not value or depth >= _MOST_DEPTH:
        return head
    items = islice(value.values() if type(value) is dict else value, _MOST_ITEMS)
    words = [_described(item, depth + 1) for item in items]
    if len(value) > len(words):
        words.append("...")
    return f"{head} ({'; '.join(words)})"


def _array(value: Any) -> str:
    """Arrays and scalars of numpy."""
    head = f"{class_name(value)} {tuple(value.shape)} {value.dtype}"
    if value.dtype.hasobject:
        return head
    return f"{head}, digest {_digest(_ends_of_array(value))}"


def _frame(value: Any) -> str:
    rows, columns = value.shape
    parts = []
    for i in range(min(columns, 2 * _MOST_ITEMS)):
        column = value.iloc[:, i]
        parts.append(f"{column.dtype}{_column_digest(column)}")
    more = "; ..." if columns > len(parts) else ""
    return f"{class_name(value)} of {rows} x {columns} ({'; '.join(parts)}{more})"


def _column_digest(value: Any) -> str:
    """Of a Series or an Index; nothing where its values are no plain numbers."""
    rows = _MEBIBYTE // 8
    series = hasattr(value, "iloc")
    ends = []
    for part in (slice(None, rows), slice(-rows, None)):
        cut = value.iloc[part] if series else value[part]
        cut = getattr(cut, "array", cut)
        values = getattr(cut, "asi8", None)
        if values is None:
            values = cut.to_numpy()
        if values.dtype.hasobject:
            return ""
        ends.append(values.tobytes())
    return f", digest {_digest(ends)}"


def _ends_of_array(value: Any) -> list[bytes]:
    if not value.dtype.itemsize or not value.size:
        return []
    count = max(1, _MEBIBYTE // value.dtype.itemsize)
    if value.ndim == 0:
        return [value.tobytes()]
    return [value.flat[:count].tobytes(), value.flat[max(0, value.size - count) :].tobytes()]


def _ends_of_bytes(value: Any) -> list[bytes]:
    return [bytes(value[:_MEBIBYTE]), bytes(value[-_MEBIBYTE:])]


def _digest(parts: Iterable[bytes]) -> str:
    digest = blake2b(digest_size=8)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
