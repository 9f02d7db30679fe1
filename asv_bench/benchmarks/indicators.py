"""Averages, oscillators, bands and rolling moments beside TA-Lib, bottleneck and pandas."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import talib
from technical import qtpylib

from freqkernels import indicators, set_num_threads

bottleneck: ModuleType | None = None
with contextlib.suppress(ImportError):
    import bottleneck

Call = Callable[..., Any]
#: Ours, TA-Lib's, pandas' and bottleneck's function of the columns; None where there is none.
FUNCTIONS: dict[str, tuple[Call, Call | None, Call | None, Call | None]] = {
    "sma 20": (
        lambda close, **_: indicators.sma(close, 20),
        lambda close, **_: talib.SMA(close, 20),
        lambda series, **_: series.rolling(20).mean(),
        lambda close, **_: bottleneck.move_mean(close, 20),
    ),
    "wma 20": (
        lambda close, **_: indicators.wma(close, 20),
        lambda close, **_: talib.WMA(close, 20),
        None,
        None,
    ),
    "ema 20": (
        lambda close, **_: indicators.ema(close, 20),
        lambda close, **_: talib.EMA(close, 20),
        None,
        None,
    ),
    "macd": (
        lambda close, **_: indicators.macd(close),
        lambda close, **_: talib.MACD(close),
        None,
        None,
    ),
    "rsi 14": (
        lambda close, **_: indicators.rsi(close, 14),
        lambda close, **_: talib.RSI(close, 14),
        None,
        None,
    ),
    "stoch_rsi": (
        lambda close, **_: indicators.stoch_rsi(close),
        lambda close, **_: talib.STOCHRSI(close, 14, 5, 3),
        None,
        None,
    ),
    "atr 14": (
        lambda high, low, close, **_: indicators.atr(high, low, close, 14),
        lambda high, low, close, **_: talib.ATR(high, low, close, 14),
        None,
        None,
    ),
    "bollinger_bands, talib": (
        lambda close, **_: indicators.bollinger_bands(close, 20, 2, min_periods=None, ddof=0),
        lambda close, **_: talib.BBANDS(close, 20, 2, 2),
        None,
        None,
    ),
    "bollinger_bands, qtpylib": (
        lambda series, **_: indicators.bollinger_bands(series),
        None,
        lambda series, **_: qtpylib.bollinger_bands(series),
        None,
    ),
    "rolling_sum 20": (
        lambda close, **_: indicators.rolling_sum(close, 20),
        lambda close, **_: talib.SUM(close, 20),
        lambda series, **_: series.rolling(20).sum(),
        lambda close, **_: bottleneck.move_sum(close, 20),
    ),
    "rolling_std 20": (
        lambda close, **_: indicators.rolling_std(close, 20, ddof=0),
        lambda close, **_: talib.STDDEV(close, 20),
        lambda series, **_: series.rolling(20).std(ddof=0),
        lambda close, **_: bottleneck.move_std(close, 20),
    ),
    "zscore 20": (
        lambda close, **_: indicators.zscore(close, 20),
        None,
        lambda series, **_: (series - series.rolling(20).mean()) / series.rolling(20).std(),
        None,
    ),
}


def columns_of(rows: int) -> dict[str, Any]:
    """Candles around a random walk, as arrays, and their closes as a Series, too."""
    rng = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.0005, rows)))
    away = np.abs(rng.normal(0, 0.1, (2, rows)))
    high, low = close + away[0], close - away[1]
    return {"high": high, "low": low, "close": close, "series": pd.Series(close)}


def tables(result: Any) -> np.ndarray:
    """Outputs as columns, whatever holds them."""
    return np.column_stack(result) if isinstance(result, tuple) else np.asarray(result)


class Indicators:
    """One column; results are close before anything is timed."""

    params = (list(FUNCTIONS), [1_000, 1_000_000])
    param_names = ("function", "rows")
    timeout = 300.0

    def setup(self, function: str, rows: int) -> None:
        self.columns = columns_of(rows)
        self.ours, self.talib, self.pandas, self.bottleneck = FUNCTIONS[function]
        if bottleneck is None:
            self.bottleneck = None
        found = tables(self.ours(**self.columns))
        for other in (self.talib, self.pandas, self.bottleneck):
            if other is not None:
                expected = tables(other(**self.columns))
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)

    def _time(self, call: Call | None) -> None:
        if call is not None:
            call(**self.columns)

    def time_freqkernels(self, function: str, rows: int) -> None:
        self._time(self.ours)

    def time_talib(self, function: str, rows: int) -> None:
        self._time(self.talib)

    def time_bottleneck(self, function: str, rows: int) -> None:
        self._time(self.bottleneck)

    def time_pandas(self, function: str, rows: int) -> None:
        self._time(self.pandas)


class Frames:
    """Fifty columns at once, on one thread and on two: the same bits."""

    params = (["sma", "ema", "rsi", "rolling_std"], [1, 2])
    param_names = ("function", "threads")
    timeout = 300.0

    def setup(self, function: str, threads: int) -> None:
        steps = np.random.default_rng(0).normal(0, 0.001, (200_000, 50))
        self.table = np.asfortranarray(100 * np.exp(np.cumsum(steps, axis=0)))
        self.call: Call = getattr(indicators, function)
        set_num_threads(threads)
        alone = self.call(self.table[:, 7].copy(), 14)
        np.testing.assert_array_equal(self.call(self.table, 14)[:, 7], alone)

    def teardown(self, function: str, threads: int) -> None:
        set_num_threads(None)

    def time_freqkernels(self, function: str, threads: int) -> None:
        self.call(self.table, 14)
