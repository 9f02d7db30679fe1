"""What strategies call: ``freqkernels.strategy``."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from technical import qtpylib

from benchmarks.common import Compared
from freqkernels import strategy
from freqkernels.bench.measured_functions import Arguments, Case
from freqkernels.bridge.originals import beside


class MergeInformativePair(Compared):
    """Candles of 5m and 1h; the informative ones begin earlier, or with the others."""

    params = ([1_000, 100_000], [8, 50], ["earlier", "together"])
    param_names = ("candles", "columns", "informative")

    def case(self, candles: int, columns: int, informative: str) -> Case:
        return _merge(candles, columns, 250 if informative == "earlier" else 0)


class Crossings(Compared):
    params = (["crossed", "crossed_above"], [1_000, 1_000_000], ["series", "level"])
    param_names = ("function", "rows", "other")

    def case(self, function: str, rows: int, other: str) -> Case:
        return _crossing(function, rows, other)


@cache
def _merge(candles: int, columns: int, earlier: int) -> Case:
    both = beside("merge_informative_pair")
    functions = (both.original, both.replacement)
    start = pd.Timestamp("2024-01-01 00:35", tz="UTC")
    begin = start.floor("h") - earlier * pd.Timedelta("1h")
    base = _candles(start, candles, columns, "5min")
    longer = _candles(begin, candles // 12 + earlier, columns, "1h")
    arguments: Arguments = ((base, longer, "5m", "1h"), {})
    text = f"{candles:,} candles, {columns} columns"
    return Case("merge_informative_pair", text, lambda: functions, lambda: arguments)


def _candles(start: pd.Timestamp, rows: int, columns: int, freq: str) -> pd.DataFrame:
    values = np.random.default_rng(rows).random((rows, columns))
    frame = pd.DataFrame(values, columns=[f"x{at}" for at in range(columns)])
    frame.insert(0, "date", pd.date_range(start, periods=rows, freq=freq).as_unit("ms"))
    return frame.copy()  # as freqtrade hands them to strategies: columns of a kind together


@cache
def _crossing(function: str, rows: int, other: str) -> Case:
    steps = np.random.default_rng(0).normal(0, 0.01, (rows, 2))
    frame = pd.DataFrame(np.exp(np.cumsum(steps, axis=0)), columns=["fast", "slow"]).copy()
    arguments: Arguments = ((frame["fast"], frame["slow"] if other == "series" else 1.0), {})
    functions = (getattr(qtpylib, function), getattr(strategy, function))
    return Case(function, f"{rows:,} rows, {other}", lambda: functions, lambda: arguments)
