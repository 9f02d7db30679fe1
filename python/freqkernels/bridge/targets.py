"""What is replaced in freqtrade, by what, and which other code that relies on."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from freqkernels.bridge import imitated

_TIMEFRAMES = "freqtrade.exchange.exchange_utils_timeframe"
_CONVERTER = "freqtrade.data.converter.converter"
_TRADES = "freqtrade.data.converter.trade_converter"
_COLUMNS = "freqtrade.candle_columns"
_CONSTANTS = "freqtrade.constants"
_METRICS = "freqtrade.data.metrics"
_BACKTESTING = "freqtrade.optimize.backtesting"
_REPORTS = "freqtrade.optimize.optimize_reports.optimize_reports"
_STORAGE = "freqtrade.optimize.optimize_reports.bt_storage"
_STRATEGY_HELPER = "freqtrade.strategy.strategy_helper"

#: Name of a variant that is known and deliberately left to freqtrade.
LEFT_ALONE = "left alone"


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One function of freqtrade that can be replaced.

    :param name: freqtrade's name of it.
    :param module: module that defines it.
    :param qualname: name in that module; ``Class.method`` for a method.
    :param fast: fast function of each variant, "" being the usual one, as ``module.name`` within
        freqkernels: it is imported when the target is replaced, and pandas with it.
    :param imitates: ``module:qualname`` of other definitions whose behaviour the fast function
        takes over; they are part of the fingerprint.
    :param calls: of these, the ones that are looked up by name when freqtrade's code runs, as
        ``module:name``; when somebody replaces one, freqtrade's own code has to run.
    :param kernels: kernels that the fast function uses.
    :param runs_user_code: the fast function calls into the strategy, so a failure must come out:
        repeating the call with freqtrade's own function would run the user's code twice.
    :param judged_at_use: it imitates so much that its certificate is looked at when it is first
        called or asked about, not when it is put in place.
    """

    name: str
    module: str
    qualname: str
    fast: dict[str, str]
    imitates: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    runs_user_code: bool = False
    judged_at_use: bool = False

    @property
    def definitions(self) -> tuple[str, ...]:
        """All definitions in the fingerprint."""
        return (f"{self.module}:{self.qualname}", *self.imitates)

    def load_fast(self, variant: str) -> Callable[..., Any]:
        """The fast function of a variant."""
        module, _, name = self.fast[variant].rpartition(".")
        function: Callable[..., Any] = getattr(
            importlib.import_module(f"freqkernels.{module}"), name
        )
        return function


_RESAMPLING = (f"{_TIMEFRAMES}:timeframe_to_resample_freq", f"{_TIMEFRAMES}:timeframe_to_seconds")
_CALLED_RESAMPLING = (
    "freqtrade.exchange:timeframe_to_resample_freq",
    f"{_TIMEFRAMES}:timeframe_to_seconds",
)
_CANDLE_TYPES = (
    f"{_COLUMNS}:OHLCV_COLUMNS",
    f"{_COLUMNS}:_OHLCV_AGG",
    f"{_COLUMNS}:_CANDLE_TYPE_COLUMNS",
    f"{_COLUMNS}:get_candle_columns",
    f"{_COLUMNS}:get_candle_agg_dict",
    f"{_COLUMNS}:candle_type_is_ohlcv",
    f"{_CONVERTER}:add_candle_aliases",
)
_CALLED_CANDLE_TYPES = (f"{_CONVERTER}:candle_type_is_ohlcv", f"{_CONVERTER}:add_candle_aliases")

#: The compiled engine. ``bridge.engine`` asks for its certificate at each call.
ENGINE = Target(
    imitated.NAME,
    _BACKTESTING,
    "Backtesting.backtest",
    {"": "bridge.engine.backtest"},
    imitates=imitated.IMITATED,
    kernels=("simulate.Simulation",),
    runs_user_code=True,
    judged_at_use=True,
)

_PREPARING_AND_MERGING = (
    f"{_STRATEGY_HELPER}:_prepare_informative_pair",
    f"{_STRATEGY_HELPER}:_merge_prepared_informative_pair",
)

_PERIODS = (
    f"{_REPORTS}:generate_periodic_breakdown_stats",
    f"{_REPORTS}:_calculate_stats_for_period",
)
_LINE_NAMES = (
    *("calculate_cagr", "calculate_calmar", "calculate_expectancy", "calculate_max_drawdown"),
    *("calculate_p_value", "calculate_sharpe", "calculate_sortino", "calculate_sqn"),
)
_RESULT_LINE = (
    f"{_REPORTS}:_generate_result_line",
    f"{_METRICS}:_calc_drawdown_series",
    *(f"{_METRICS}:{name}" for name in _LINE_NAMES),
)
_CALLED_FOR_A_LINE = (
    f"{_REPORTS}:_generate_result_line",
    *(f"{_REPORTS}:{name}" for name in _LINE_NAMES),
    f"{_METRICS}:calculate_max_drawdown",
    f"{_METRICS}:_calc_drawdown_series",
)
_BALANCE_NAMES = tuple(
    f"calculate_{name}_from_balance" for name in ("calmar", "max_drawdown", "sharpe", "sortino")
)
_OF_A_BALANCE = (
    f"{_METRICS}:_prepare_balance_history",
    *(f"{_METRICS}:{name}" for name in _BALANCE_NAMES),
)
_CALLED_FOR_A_BALANCE = tuple(f"{_REPORTS}:{name}" for name in _BALANCE_NAMES)
_DRAWDOWN_KERNELS = ("metrics.drawdown_series", "ohlcv.date_order")

TARGETS: tuple[Target, ...] = (
    Target(
        "analyze_trade_parallelism",
        "freqtrade.data.btanalysis.trade_parallelism",
        "analyze_trade_parallelism",
        {"": "metrics.fast_trade_parallelism"},
        imitates=_RESAMPLING,
        calls=_CALLED_RESAMPLING,
        kernels=("metrics.trade_span", "metrics.open_trade_counts"),
    ),
    Target(
        "calculate_market_change",
        _METRICS,
        "calculate_market_change",
        {"": "metrics.fast_market_change"},
        kernels=("metrics.valid_span", "metrics.valid_span_since"),
    ),
    Target(
        "combine_dataframes_by_column",
        _METRICS,
        "combine_dataframes_by_column",
        {"": "metrics.fast_combine"},
    ),
    Target(
        "combine_dataframes_with_mean",
        _METRICS,
        "combine_dataframes_with_mean",
        {"": "metrics.fast_combine_with_mean"},
        imitates=(f"{_METRICS}:combine_dataframes_by_column",),
        calls=(f"{_METRICS}:combine_dataframes_by_column",),
        kernels=("metrics.row_mean",),
    ),
    Target(
        "combined_dataframes_with_rel_mean",
        _METRICS,
        "combined_dataframes_with_rel_mean",
        {"": "metrics.fast_rel_mean"},
        imitates=(f"{_METRICS}:combine_dataframes_by_column",),
        calls=(f"{_METRICS}:combine_dataframes_by_column",),
        kernels=("metrics.rel_mean",),
    ),
    Target(
        "clean_ohlcv_dataframe",
        _CONVERTER,
        "clean_ohlcv_dataframe",
        {"": "ohlcv.fast_clean"},
        imitates=(f"{_CONVERTER}:ohlcv_fill_up_missing_data", *_CANDLE_TYPES, *_RESAMPLING),
        calls=(
            f"{_CONVERTER}:ohlcv_fill_up_missing_data",
            f"{_CONVERTER}:get_candle_agg_dict",
            *_CALLED_CANDLE_TYPES,
            *_CALLED_RESAMPLING,
        ),
        kernels=("ohlcv.date_order", "ohlcv.merge_candles", "ohlcv.fill_candles"),
    ),
    Target(
        "ohlcv_fill_up_missing_data",
        _CONVERTER,
        "ohlcv_fill_up_missing_data",
        {"": "ohlcv.fast_fill"},
        imitates=(*_CANDLE_TYPES, *_RESAMPLING),
        calls=(
            *_CALLED_CANDLE_TYPES[:1],
            *_CALLED_RESAMPLING,
        ),
        kernels=("ohlcv.date_order", "ohlcv.fill_candles"),
    ),
    Target(
        "trim_dataframe",
        _CONVERTER,
        "trim_dataframe",
        {"": "ohlcv.fast_trim"},
        kernels=("ohlcv.date_order",),
    ),
    Target(
        "trades_to_ohlcv",
        _TRADES,
        "trades_to_ohlcv",
        {"": "trade_candles.fast_trades_to_ohlcv"},
        imitates=(
            f"{_COLUMNS}:OHLCV_COLUMNS",
            f"{_CONSTANTS}:DEFAULT_DATAFRAME_COLUMNS",
            *_RESAMPLING,
        ),
        calls=_CALLED_RESAMPLING,
        kernels=(
            "ohlcv.date_order",
            "trade_candles.trade_prices",
            "trade_candles.compensated_sums",
        ),
    ),
    Target(
        "get_tick_size_over_time",
        "freqtrade.data.btanalysis.historic_precision",
        "get_tick_size_over_time",
        {
            "": "ticks.fast_tick_size",
            "fixed decimals": "ticks.fast_tick_size_of_2025",
        },
        kernels=("ohlcv.count_decimals", "ohlcv.row_maximum", "ohlcv.segment_maximum"),
    ),
    Target(
        "_get_ohlcv_as_lists",
        _BACKTESTING,
        "Backtesting._get_ohlcv_as_lists",
        {"": "bridge.convert.get_ohlcv_as_lists"},
        imitates=(f"{_BACKTESTING}:HEADERS",),
        kernels=("ohlcv.untrack_rows",),
        runs_user_code=True,
    ),
    Target(
        "_check_empty_df",
        "freqtrade.data.history.datahandlers.idatahandler",
        "IDataHandler._check_empty_df",
        {"": "bridge.candle_checks.check_empty_df"},
    ),
    Target(
        "advise_all_indicators",
        "freqtrade.strategy.interface",
        "IStrategy.advise_all_indicators",
        {"": "bridge.indicators.advise_all_indicators"},
        runs_user_code=True,
    ),
    Target(
        "merge_informative_pair",
        _STRATEGY_HELPER,
        "merge_informative_pair",
        {
            "": "informative.fast_merge",
            "nothing before the first match": "informative.fast_merge_of_2025",
        },
        imitates=(
            *_PREPARING_AND_MERGING,
            f"{_STRATEGY_HELPER}:_PreparedInformative",
            f"{_TIMEFRAMES}:timeframe_to_minutes",
        ),
        calls=(*_PREPARING_AND_MERGING, f"{_STRATEGY_HELPER}:timeframe_to_minutes"),
        kernels=("ohlcv.date_order", "strategy.matching_rows"),
    ),
    Target(
        "_merge_prepared_informative_pair",
        _STRATEGY_HELPER,
        "_merge_prepared_informative_pair",
        {"": "informative.fast_merge_prepared"},
        kernels=("ohlcv.date_order", "strategy.matching_rows"),
    ),
    Target(
        "generate_pair_metrics",
        _REPORTS,
        "generate_pair_metrics",
        {"": "bridge.report.generate_pair_metrics"},
        imitates=_RESULT_LINE,
        calls=_CALLED_FOR_A_LINE,
    ),
    Target(
        "generate_tag_metrics",
        _REPORTS,
        "generate_tag_metrics",
        {"": "bridge.report.generate_tag_metrics"},
        imitates=_RESULT_LINE,
        calls=_CALLED_FOR_A_LINE,
    ),
    Target(
        "generate_all_periodic_breakdown_stats",
        _REPORTS,
        "generate_all_periodic_breakdown_stats",
        {"": "bridge.report.generate_all_periodic_breakdown_stats"},
        imitates=_PERIODS,
        calls=_PERIODS,
    ),
    Target(
        "_calculate_stats_for_period",
        _REPORTS,
        "_calculate_stats_for_period",
        {"": "bridge.report.calculate_stats_for_period"},
    ),
    Target(
        "generate_wallet_stats",
        _REPORTS,
        "generate_wallet_stats",
        {"": "bridge.report.generate_wallet_stats"},
        imitates=_OF_A_BALANCE,
        calls=_CALLED_FOR_A_BALANCE,
    ),
    Target(
        "calculate_max_drawdown",
        _METRICS,
        "calculate_max_drawdown",
        {"": "bridge.report.calculate_max_drawdown"},
        imitates=(f"{_METRICS}:_calc_drawdown_series", f"{_METRICS}:DrawDownResult"),
        calls=(f"{_METRICS}:_calc_drawdown_series",),
        kernels=_DRAWDOWN_KERNELS,
    ),
    Target(
        "calculate_underwater",
        _METRICS,
        "calculate_underwater",
        {"": "drawdowns.fast_underwater"},
        imitates=(f"{_METRICS}:_calc_drawdown_series",),
        calls=(f"{_METRICS}:_calc_drawdown_series",),
        kernels=_DRAWDOWN_KERNELS,
    ),
    Target(
        "calculate_csum",
        _METRICS,
        "calculate_csum",
        {"": "drawdowns.fast_csum"},
    ),
    Target(
        "store_backtest_results",
        _STORAGE,
        "store_backtest_results",
        {"": "bridge.storage.store_backtest_results"},
    ),
    ENGINE,
)
