"""Preparing candles: ``freqkernels.ohlcv``."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.common import Compared, case_of
from freqkernels.bench.measured_functions import Arguments, Case, Sizes
from freqkernels.bridge.originals import beside, freqtrade_function
from freqkernels.data.market_spec import MarketSpec
from freqkernels.data.synthetic import make_candles
from freqkernels.ohlcv import trades_to_candles

SEVERAL = ["1m", "5m", "15m", "1h", "4h", "1d"]


class TickSize(Compared):
    params = ([1_000, 20_000],)
    param_names = ("candles",)

    def case(self, candles: int) -> Case:
        sizes = Sizes(candles=candles, long_candles=candles)
        return case_of("get_tick_size_over_time", sizes)


class CleanAndFill(Compared):
    params = (
        ["clean_ohlcv_dataframe", "ohlcv_fill_up_missing_data"],
        [1_000, 100_000],
        ["candles", "missing"],
    )
    param_names = ("function", "candles", "kind")

    def case(self, function: str, candles: int, kind: str) -> Case:
        return case_of(function, Sizes(long_candles=candles), kind)


class Trim(Compared):
    params = ([1_000, 100_000],)
    param_names = ("candles",)

    def case(self, candles: int) -> Case:
        return _trim(candles)


@cache
def _trim(candles: int) -> Case:
    frame = make_candles("ETH/USDT", MarketSpec(timeframe="5m", candles=candles))
    moment = int(frame["date"].iloc[candles // 2].timestamp())
    timerange = freqtrade_function("freqtrade.configuration", "TimeRange")("date", None, moment, 0)
    both = beside("trim_dataframe")

    def arguments() -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (frame.copy(), timerange), {"startup_candles": 30}

    functions = (both.original, both.replacement)
    return Case("trim_dataframe", f"{candles:,} candles", lambda: functions, arguments)


class TradesToCandles(Compared):
    params = (["1s", "1m", "1h"], [1_000, 1_000_000])
    param_names = ("timeframe", "trades")

    def case(self, timeframe: str, trades: int) -> Case:
        both = beside("trades_to_ohlcv")
        functions = (both.original, both.replacement)
        arguments: Arguments = ((_trades(trades), timeframe), {})
        text = f"{trades:,} trades, {timeframe}"
        return Case("trades_to_ohlcv", text, lambda: functions, lambda: arguments)


class SeveralTimeframes(Compared):
    """One conversion after the other of all trades; all at once, in chunks."""

    params = ([10_000, 1_000_000],)
    param_names = ("chunk",)

    def case(self, chunk: int) -> Case:
        return _several(chunk)


@cache
def _several(chunk: int) -> Case:
    convert = beside("trades_to_ohlcv").original

    def by_freqtrade(trades: pd.DataFrame) -> dict[str, pd.DataFrame]:
        return {timeframe: convert(trades, timeframe) for timeframe in SEVERAL}

    def by_freqkernels(trades: pd.DataFrame) -> dict[str, pd.DataFrame]:
        begins = range(0, len(trades), chunk)
        return trades_to_candles((trades.iloc[at : at + chunk] for at in begins), SEVERAL)

    functions = (by_freqtrade, by_freqkernels)
    text = f"chunks of {chunk:,} trades"
    return Case("several timeframes", text, lambda: functions, lambda: ((_trades(1_000_000),), {}))


@cache
def _trades(count: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    stamps = 1_700_000_000_000 + np.sort(random.integers(0, count * 500, count))
    return pd.DataFrame(
        {
            "price": np.round(100 + random.normal(0, 1, count), 2),
            "amount": np.round(random.random(count), 6),
            "date": pd.to_datetime(stamps, unit="ms", utc=True),
        }
    )
