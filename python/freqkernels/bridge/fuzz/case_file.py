"""Cases as files that people can read: JSON, a candle a line, every number to the last digit."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from freqkernels.bridge.fuzz.case import Callback, Case, Column, Epoch, Market, Pair, Step
from freqkernels.errors import InvalidInputError

FORMAT = "freqkernels-case"
FORMAT_VERSION = 1
_WIDTH = 100
_T = TypeVar("_T")


def write_case(case: Case) -> str:
    """A case as text; :func:`read_case` gives an equal one back."""
    document = {"format": FORMAT, "version": FORMAT_VERSION, **dataclasses.asdict(case)}
    return "".join(_pretty(document, 0)) + "\n"


def save_case(case: Case, path: Path) -> None:
    """Write a case to a file.

    :raise InvalidInputError: when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(write_case(case), encoding="utf-8")
    except OSError as error:
        raise InvalidInputError(f"case file {path} cannot be written: {error}") from error


def load_case(path: Path) -> Case:
    """Read a case from a file.

    :raise InvalidInputError: for a file that is absent or holds no case.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"case file {path} cannot be read: {error}") from error
    try:
        return read_case(text)
    except InvalidInputError as error:
        raise InvalidInputError(f"case file {path}: {error}") from error


def read_case(text: str) -> Case:
    """The case that :func:`write_case` wrote.

    :raise InvalidInputError: for a text that holds no case.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInputError(f"no JSON: {error}") from error
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise InvalidInputError("no case: its format is not 'freqkernels-case'")
    version = document.pop("version", None)
    if version != FORMAT_VERSION:
        raise InvalidInputError(f"version {version!r} of the format, expected {FORMAT_VERSION}")
    try:
        return _case(document)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise InvalidInputError(f"no case: {type(error).__name__}: {error}") from error


def _case(document: dict[str, Any]) -> Case:
    document["pairs"] = [_pair(pair) for pair in document["pairs"]]
    document["epochs"] = [_build(Epoch, epoch) for epoch in document["epochs"]]
    document["window"] = tuple(document["window"])
    document["callbacks"] = [_callback(one) for one in document.get("callbacks", ())]
    document.setdefault("properties", {})
    return _build(Case, document)


def _callback(document: dict[str, Any]) -> Callback:
    document["steps"] = [_build(Step, step) for step in document["steps"]]
    return _build(Callback, document)


def _pair(document: dict[str, Any]) -> Pair:
    document["market"] = _build(Market, document["market"])
    document["market"].tiers = _tuples(document["market"].tiers)
    document["signals"] = {name: _column(column) for name, column in document["signals"].items()}
    for name in ("candles", "detail", "funding"):
        document[name] = _tuples(document[name])
    if not isinstance(document["ticks"], str):
        document["ticks"] = _tuples(document["ticks"])
    return _build(Pair, document)


def _column(document: dict[str, Any]) -> Column:
    column = _build(Column, document)
    return dataclasses.replace(column, at={int(slot): at for slot, at in column.at.items()})


def _build(cls: type[_T], document: dict[str, Any]) -> _T:
    """A dataclass of ours; a field too many or too few is a TypeError."""
    missing = {item.name for item in dataclasses.fields(cls)} - document.keys()  # type: ignore[arg-type]
    if missing:
        raise TypeError(f"{cls.__name__} lacks {', '.join(sorted(missing))}")
    return cls(**document)


def _tuples(rows: list[list[Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]


def _pretty(value: Any, indent: int) -> Iterator[str]:
    """JSON, in one line what fits into one."""
    line = json.dumps(value)
    if len(line) + indent <= _WIDTH or not isinstance(value, (dict, list, tuple)):
        yield line
        return
    named = isinstance(value, dict)
    items: Iterable[tuple[Any, Any]] = (
        value.items() if isinstance(value, dict) else enumerate(value)
    )
    opening, closing = "{}" if named else "[]"
    yield opening
    for position, (key, item) in enumerate(items):
        yield f"{',' if position else ''}\n{' ' * (indent + 1)}"
        if named:
            yield f"{json.dumps(str(key))}: "
        yield from _pretty(item, indent + 1)
    yield f"\n{' ' * indent}{closing}"
