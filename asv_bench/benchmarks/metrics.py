"""Trade and market metrics: ``freqkernels.metrics``."""

from __future__ import annotations

from benchmarks.common import Compared, case_of
from freqkernels.bench.measured_functions import Case, Sizes


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
