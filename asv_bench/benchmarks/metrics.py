"""Trade and market metrics: ``freqkernels.metrics``."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.common import Compared, case_of
from freqkernels import metrics
from freqkernels.bench.measured_functions import Case, Sizes
from freqkernels.bridge.originals import beside, freqtrade_function


class TradeMetrics(Compared):
    params = (["analyze_trade_parallelism", "evaluate_result_multi"], [300, 3_000])
    param_names = ("function", "trades")

    def case(self, function: str, trades: int) -> Case:
        return case_of(function, Sizes(trades=trades))


class MarketMetrics(Compared):
    params = (
        [
            "calculate_market_change",
            "combine_dataframes_by_column",
            "combine_dataframes_with_mean",
            "combined_dataframes_with_rel_mean",
        ],
        [5, 50],
    )
    param_names = ("function", "pairs")

    def case(self, function: str, pairs: int) -> Case:
        return case_of(function, Sizes(pairs=pairs, candles=10_000), "candles")


class MarketChangeSince(Compared):
    params = ([5, 50],)
    param_names = ("pairs",)

    def case(self, pairs: int) -> Case:
        sizes = Sizes(pairs=pairs, candles=10_000)
        return case_of("calculate_market_change", sizes, "min_date")


class Drawdowns(Compared):
    params = (
        ["calculate_max_drawdown", "calculate_underwater", "calculate_csum", "create_cum_profit"],
        [300, 20_000],
    )
    param_names = ("function", "trades")

    def case(self, function: str, trades: int) -> Case:
        return _drawdown(function, trades)


@cache
def _drawdown(function: str, trades: int) -> Case:
    random = np.random.default_rng(0)
    dates = pd.date_range("2024-01-01", periods=trades, freq="5min", tz="UTC").as_unit("ns")
    profits = random.normal(0.1, 10, (2, trades)).round(8)
    columns = {"profit_abs": profits[0], "profit_ratio": profits[1] / 100}
    others = {f"other_{number}": 1.0 for number in range(24)}
    frame = pd.DataFrame({"close_date": dates, **columns, **others})
    candles = pd.DataFrame({"close": profits[0]}, index=dates.rename("date"))

    def arguments() -> tuple[tuple[Any, ...], dict[str, Any]]:
        if function == "create_cum_profit":
            return (candles.copy(), frame, "profit", "5m"), {}
        return (frame,), {"starting_balance": 1000.0}

    return Case(function, f"{trades:,} trades", partial(_both, function), arguments)


def _both(function: str) -> tuple[Any, Any]:
    if function == "create_cum_profit":  # nothing in freqtrade that waits for it
        original = freqtrade_function("freqtrade.data.metrics", function)
        return original, metrics.create_cum_profit
    both = beside(function)
    return both.original, both.replacement
