"""Streams: updates one by one, and the function over the last rows instead."""

from __future__ import annotations

from typing import Any

import numpy as np

from freqkernels import stream
from freqkernels.indicators import momentum, moving_averages, rolling_extremes, volatility

VALUES: dict[str, tuple[Any, Any]] = {
    "SMA": (stream.SMA, moving_averages.sma),
    "EMA": (stream.EMA, moving_averages.ema),
    "RSI": (stream.RSI, momentum.rsi),
    "BollingerBands": (stream.BollingerBands, volatility.bollinger_bands),
    "RollingMedian": (
        lambda: stream.RollingMedian(20),
        lambda values: rolling_extremes.rolling_median(values, 20),
    ),
}


class Updates:
    """A thousand updates."""

    params = (list(VALUES),)
    param_names = ("indicator",)

    def setup(self, indicator: str) -> None:
        make, self.function = VALUES[indicator]
        self.values = 100 + np.random.default_rng(0).normal(size=1_000).cumsum()
        self.rows: list[float] = self.values.tolist()
        self.stream: Any = make()
        found = self.stream.extend(self.values)
        assert np.array_equal(found, self.function(self.values), equal_nan=True)

    def time_updates(self, indicator: str) -> None:
        update = self.stream.update
        for value in self.rows:
            update(value)

    def time_function_once(self, indicator: str) -> None:
        self.function(self.values)


class Ring:
    """Candles into a full buffer, and views of it."""

    def setup(self) -> None:
        self.buffer = stream.RingBuffer(1_000)
        for i in range(1_500):
            self.buffer.append(i, 1.0, 2.0, 3.0, 4.0, 5.0)

    def time_append(self) -> None:
        self.buffer.append(0, 1.0, 2.0, 3.0, 4.0, 5.0)

    def time_column(self) -> None:
        self.buffer.column("close", 500)
