"""Preparing candles: ``freqkernels.ohlcv``."""

from __future__ import annotations

from functools import cache
from typing import Any

from benchmarks.common import Compared, case_of
from freqkernels.bench.measured_functions import Case, Sizes
from freqkernels.bridge.originals import beside, freqtrade_function
from freqkernels.data.market_spec import MarketSpec
from freqkernels.data.synthetic import make_candles


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
