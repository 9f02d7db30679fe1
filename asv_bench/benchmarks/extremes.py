"""Rolling minimum, maximum and median beside TA-Lib, bottleneck and pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bottleneck
import numpy as np
import pandas as pd
import talib

from freqkernels.identity import first_difference
from freqkernels.indicators.rolling_extremes import rolling_max, rolling_median, rolling_min

OURS: dict[str, Callable[..., Any]] = {
    "min": rolling_min,
    "max": rolling_max,
    "median": rolling_median,
}
TALIB = {"min": talib.MIN, "max": talib.MAX}


class RollingExtremes:
    """One column; results are equal before anything is timed."""

    params = (list(OURS), [14, 20, 50, 200], [1_000, 1_000_000])
    param_names = ("function", "window", "rows")
    timeout = 300.0

    def setup(self, function: str, window: int, rows: int) -> None:
        steps = np.random.default_rng(0).normal(0, 0.002, rows)
        self.values = 100 * np.exp(np.cumsum(steps))
        self.series = pd.Series(self.values)
        expected = getattr(self.series.rolling(window), function)().to_numpy()
        assert first_difference(OURS[function](self.values, window), expected) is None
        move = getattr(bottleneck, f"move_{function}")
        np.testing.assert_array_equal(move(self.values, window), expected)
        if function in TALIB:
            np.testing.assert_array_equal(TALIB[function](self.values, window), expected)

    def time_freqkernels(self, function: str, window: int, rows: int) -> None:
        OURS[function](self.values, window)

    def time_talib(self, function: str, window: int, rows: int) -> None:
        if function in TALIB:
            TALIB[function](self.values, window)

    def time_bottleneck(self, function: str, window: int, rows: int) -> None:
        getattr(bottleneck, f"move_{function}")(self.values, window)

    def time_pandas(self, function: str, window: int, rows: int) -> None:
        getattr(self.series.rolling(window), function)()
