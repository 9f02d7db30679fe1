"""Rows of frames as the lists that freqtrade's own simulation walks through, made one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from freqkernels.layout import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT, TRUE_SHIFT
from freqkernels.signals import PRICES
from freqkernels.simulation.columns import tags_at

_TAGS = ("enter_tag", "exit_tag")


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

    def candle(self, row: int) -> list[Any]:
        """Date, open, high, low, close."""
        opens, highs, lows, closes = self._columns
        return [
            self._dates[row],
            opens.item(row),
            highs.item(row),
            lows.item(row),
            closes.item(row),
        ]


class Rows:
    """One pair's rows.

    :param frame: analysed and trimmed, as ``columns.candles_of`` took it.
    :param signals: bits by row of the engine.
    :param details: candles of the detail timeframe, if there are any.
    """

    def __init__(self, frame: pd.DataFrame, signals: Any, details: pd.DataFrame | None) -> None:
        self._frame = frame
        self._signals = signals
        self._candles = _Candles(frame)
        self._details = None if details is None else _Candles(details)
        self._tags = [frame[name].array if name in frame.columns else None for name in _TAGS]

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
        return [*candle, *_SIGNALS[self._signals.item(row)], *map(self._tag, (0, 1), (row, row))]

    def _tag(self, which: int, row: int) -> Any:
        column = self._tags[which]
        if column is None:
            return None
        tag = column[row]
        if type(tag) is str or tag is None:
            return tag
        return tags_at(self._frame, _TAGS[which], np.array([row]))[0]
