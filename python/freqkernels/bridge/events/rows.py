"""Rows of frames as the lists that freqtrade's own simulation walks through, made one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from freqkernels.layout import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT, TRUE_SHIFT
from freqkernels.signals import PRICES
from freqkernels.simulation.columns import tags_at

_TAGS = ("enter_tag", "exit_tag")
#: After so many rows one after the other, so many more are read at once.
_IN_A_ROW = 8
_READ_AHEAD = 64


def _signal_values(bits: int) -> tuple[int, ...]:
    """enter_long, exit_long, enter_short, exit_short: 1, another true number, or 0."""
    values = []
    for bit in (ENTER_LONG, EXIT_LONG, ENTER_SHORT, EXIT_SHORT):
        is_true = bits & (bit << TRUE_SHIFT)
        values.append(1 if bits & bit else 2 if is_true else 0)
    return tuple(values)


#: The four signals by the bits of the layout.
_SIGNALS = tuple(_signal_values(bits) for bits in range(256))


class _Candles:
    """Dates and prices of a frame, by row."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._dates: Any = frame["date"].array
        self._columns = [frame[name].to_numpy() for name in PRICES]
        self._first = self._behind = 0
        self._next, self._in_a_row = -1, 0
        self._ahead: list[list[Any]] = []

    def candle(self, row: int) -> list[Any]:
        """Date, open, high, low, close."""
        if not self._first <= row < self._behind:
            self._in_a_row = self._in_a_row + 1 if row == self._next else 0
            self._next = row + 1
            if self._in_a_row < _IN_A_ROW:
                return [self._dates[row], *[column.item(row) for column in self._columns]]
            self._read_ahead(row)
        return self._ahead[row - self._first].copy()

    def _read_ahead(self, row: int) -> None:
        """Rows that are asked for one after the other are cheaper together."""
        self._first = row
        rows = slice(row, row + _READ_AHEAD)
        columns = (self._dates[rows], *(column[rows].tolist() for column in self._columns))
        self._ahead = [list(values) for values in zip(*columns, strict=True)]
        self._behind = self._next = row + len(self._ahead)


def _tag_reader(frame: pd.DataFrame, name: str) -> Callable[[int], Any]:
    """Tags of a frame by row of the engine."""
    if name not in frame.columns:
        return lambda row: None
    column: Any = frame[name].array
    texts = column.__arrow_array__() if hasattr(column, "__arrow_array__") else None
    if isinstance(column.dtype, pd.StringDtype) and texts is not None:
        chunks = texts.combine_chunks() if hasattr(texts, "combine_chunks") else texts

        def text(row: int) -> Any:
            tag = chunks[row].as_py()
            return tags_at(frame, name, np.array([row]))[0] if tag is None else tag

        return text

    def tag(row: int) -> Any:
        tag = column[row]
        if type(tag) is str or tag is None:
            return tag
        return tags_at(frame, name, np.array([row]))[0]

    return tag


class Rows:
    """One pair's rows.

    :param frame: analysed and trimmed, as ``columns.candles_of`` took it.
    :param signals: bits by row of the engine.
    :param details: candles of the detail timeframe, if there are any.
    """

    def __init__(self, frame: pd.DataFrame, signals: Any, details: pd.DataFrame | None) -> None:
        self._signals = signals
        self._candles = _Candles(frame)
        self._details = None if details is None else _Candles(details)
        self._enter_tag, self._exit_tag = (_tag_reader(frame, name) for name in _TAGS)

    def __len__(self) -> int:
        return len(self._signals)

    def row(self, row: int, detail: int = -1) -> list[Any]:
        """A row in the order of freqtrade's ``HEADERS``.

        :param row: row of the engine: without the frame's first.
        :param detail: row of the detail timeframe whose prices count instead; -1 for none.
        """
        if detail < 0:
            candle = self._candles.candle(row + 1)
        else:
            assert self._details is not None
            candle = self._details.candle(detail)
        candle.extend(_SIGNALS[self._signals.item(row)])
        candle.append(self._enter_tag(row))
        candle.append(self._exit_tag(row))
        return candle
