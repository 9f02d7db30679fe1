"""Supertrend, psar, kama, Heikin-Ashi and dynamic bands beside who else computes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pandas_ta
import talib
from technical import qtpylib

from freqkernels.identity import first_difference
from freqkernels.indicators import trend


def market(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    opened = np.r_[100.0, close[:-1]]
    high = np.maximum(opened, close) * (1 + abs(rng.normal(0, 0.001, rows)))
    low = np.minimum(opened, close) * (1 - abs(rng.normal(0, 0.001, rows)))
    frame = pd.DataFrame({"open": opened, "high": high, "low": low, "close": close})
    frame["ATR"] = talib.ATR(frame["high"], frame["low"], frame["close"])
    return frame


def bands_by_numpy(frame: pd.DataFrame) -> pd.DataFrame:
    """The default bands, one operation over whole columns after the other."""
    mean = frame["ATR"].rolling(window=20).mean()
    ratio = frame["ATR"] / mean
    wider, closer = ratio > 0.7, ratio < 1 / 0.7
    out, back = (ratio - 1) * 0.3 * 100, (1 - ratio) * 0.3 * 100
    closer_lower = np.where(closer, np.minimum(35 + back, 35 + 10), 35)
    closer_upper = np.where(closer, np.maximum(100 - back, 100 - 10), 100)
    lower = np.where(wider, np.maximum(35 - out, 35 - 50), closer_lower)
    upper = np.where(wider, np.minimum(100 + out, 100 + 50), closer_upper)
    narrow, middle = upper - lower < 10, (lower + upper) / 2
    lower = np.where(narrow, middle - 10 / 2, lower)
    upper = np.where(narrow, middle + 10 / 2, upper)
    names = "dynamic_lower_band", "dynamic_upper_band", "volatility_ratio", "ATR_MA"
    return pd.DataFrame(dict(zip(names, (lower, upper, ratio, mean), strict=True)))


def supertrend_by_pandas_ta(frame: pd.DataFrame) -> pd.DataFrame:
    result = pandas_ta.supertrend(frame["high"], frame["low"], frame["close"], 10, 3.0)
    result = pd.DataFrame(result.to_dict("series"))
    result.columns = pd.Index(trend.Supertrend._fields)
    return result


Call = Callable[[pd.DataFrame], Any]
FREQKERNELS: dict[str, Call] = {
    "kama": lambda frame: trend.kama(frame["close"]),
    "psar": trend.psar,
    "heikin_ashi": trend.heikin_ashi,
    "supertrend": trend.supertrend,
    "dynamic_bands": trend.dynamic_bands,
}
VECTORS: dict[str, Call] = {
    "kama": lambda frame: talib.KAMA(frame["close"]).rename("close"),
    "psar": lambda frame: talib.SAR(frame["high"], frame["low"]).rename("psar"),
    "dynamic_bands": bands_by_numpy,
}
LOOPS: dict[str, Call] = {
    "kama": lambda frame: pandas_ta.kama(frame["close"], 30),
    "psar": lambda frame: pandas_ta.psar(frame["high"], frame["low"]),
    "heikin_ashi": qtpylib.heikinashi,
    "supertrend": supertrend_by_pandas_ta,
}
#: pandas_ta defines the others another way.
SAME_AS_LOOPS = ("heikin_ashi", "supertrend")


def check(found: Any, expected: Any) -> None:
    """:raise AssertionError: if they differ in a bit after the first row."""
    difference = first_difference(found.iloc[1:], expected.iloc[1:])
    assert difference is None, str(difference)


class Vectors:
    """TA-Lib and numpy."""

    params = (list(VECTORS), [1_000, 1_000_000])
    param_names = ("indicator", "rows")

    def setup(self, indicator: str, rows: int) -> None:
        self.frame = market(rows)
        check(FREQKERNELS[indicator](self.frame), VECTORS[indicator](self.frame))

    def time_freqkernels(self, indicator: str, rows: int) -> None:
        FREQKERNELS[indicator](self.frame)

    def time_other(self, indicator: str, rows: int) -> None:
        VECTORS[indicator](self.frame)


class Loops:
    """Loops over rows in Python."""

    params = (list(LOOPS), [1_000, 10_000])
    param_names = ("indicator", "rows")
    timeout = 300.0

    def setup(self, indicator: str, rows: int) -> None:
        self.frame = market(rows)
        if indicator in SAME_AS_LOOPS:
            frame = self.frame.iloc[:1_000]
            check(FREQKERNELS[indicator](frame), LOOPS[indicator](frame))

    def time_freqkernels(self, indicator: str, rows: int) -> None:
        FREQKERNELS[indicator](self.frame)

    def time_loop(self, indicator: str, rows: int) -> None:
        LOOPS[indicator](self.frame)
