"""The price precision of a pair at a moment, looked up in the history that a backtest has."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from math import isnan
from typing import Any

from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.targets import Target

_BACKTESTING = "freqtrade.optimize.backtesting"


class _History:
    """A series of precisions by date.

    :param series: as ``get_tick_size_over_time`` gives it.
    :raise ValueError: if it is not a series of numbers by sorted dates with a time zone.
    """

    def __init__(self, series: Any) -> None:
        import numpy as np
        import pandas as pd

        index = series.index
        if not isinstance(index, pd.DatetimeIndex) or index.tz is None or not len(index):
            raise ValueError("series: no dates with a time zone")
        if not index.is_monotonic_increasing or series.dtype != np.float64:
            raise ValueError("series: not numbers in the order of their dates")
        self.series = series
        self.values = series.to_numpy()
        self.dates = [stamp.to_pydatetime(warn=False) for stamp in index]
        if any(date != stamp for date, stamp in zip(self.dates, index, strict=True)):
            raise ValueError("series: dates that are finer than microseconds")

    def asof(self, date: datetime) -> Any:
        """What ``Series.asof`` returns."""
        place = bisect_right(self.dates, date) - 1
        if place < 0:
            return float("nan")
        value = self.values[place]
        while place > 0 and isnan(value):
            place -= 1
            value = self.values[place]
        return value


def get_pair_precision(original: Callable[..., Any]) -> Callable[..., Any]:
    """The replacement of ``Backtesting.get_pair_precision``."""
    histories: dict[str, _History | None] = {}
    names = original.__globals__

    def history_of(pair: str, series: Any) -> _History | None:
        if pair not in histories or getattr(histories[pair], "series", series) is not series:
            try:
                histories[pair] = _History(series)
            except ValueError:
                histories[pair] = None
        return histories[pair]

    @wraps(original)
    def fast(self: Any, pair: str, current_time: Any) -> Any:
        series = self.price_pair_prec.get(pair)
        if series is not None:
            history = history_of(pair, series)
            if history is None or type(current_time) is not datetime or not current_time.tzinfo:
                return original(self, pair, current_time)
            precision = history.asof(current_time)
            if not isnan(precision):
                return precision, names["TICK_SIZE"]
        return self.exchange.get_precision_price(pair), self.precision_mode_price

    return fast


SWAPS: tuple[Swap, ...] = (
    Swap(
        Target(
            "Backtesting.get_pair_precision",
            _BACKTESTING,
            "Backtesting.get_pair_precision",
            {"": "bridge.objects.precision_history.get_pair_precision"},
        )
    ),
)
"""What this module replaces."""
