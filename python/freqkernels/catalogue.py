"""Everything that the runtime can switch, by name: when it is rolled out, and how proven it is.

A *switch* is a function of freqtrade's that has a fast implementation, or a kernel. Functions bear
freqtrade's names, kernels are ``module.function``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from freqkernels.errors import InvalidInputError

#: In the order of a rollout: what a mistake would cost grows from left to right.
PHASES = ("metrics", "data", "indicators", "backtest")
#: Each level runs what the one before runs, and more.
LEVELS = ("disabled", "conservative", "standard", "aggressive", "experimental")


@dataclass(frozen=True, slots=True)
class Entry:
    """One switch.

    :param name: freqtrade's name of a function, or ``module.function`` of a kernel.
    :param phase: of a rollout, one of :data:`PHASES`.
    :param maturity: the lowest of :data:`LEVELS` at which the fast implementation runs.
    :param shadow: whether both implementations can run on copies of the same arguments.
    """

    name: str
    phase: str
    maturity: str
    shadow: bool = True

    @property
    def key(self) -> str:
        """How environment variables spell it."""
        return self.name.lstrip("_").replace(".", "_").upper()

    @property
    def is_kernel(self) -> bool:
        """Whether it is a kernel, not a function of freqtrade's."""
        return "." in self.name


_METRICS = (
    *("analyze_trade_parallelism", "calculate_market_change", "calculate_max_drawdown"),
    *("calculate_underwater", "calculate_csum", "create_cum_profit"),
    *("combine_dataframes_by_column", "combine_dataframes_with_mean"),
    "combined_dataframes_with_rel_mean",
)
_REPORTS = (
    *("generate_pair_metrics", "generate_tag_metrics", "generate_wallet_stats"),
    *("generate_all_periodic_breakdown_stats", "_calculate_stats_for_period"),
)
_CANDLES = (
    *("clean_ohlcv_dataframe", "ohlcv_fill_up_missing_data", "trim_dataframe"),
    "get_tick_size_over_time",
)

#: Kernels by module, with the phase and the maturity that they have unless noted below.
_KERNELS: dict[tuple[str, str, str], tuple[str, ...]] = {
    ("metrics", "metrics", "conservative"): (
        *("drawdown_series", "open_trade_counts", "rel_mean", "row_mean", "trade_span"),
        *("valid_span", "valid_span_since"),
    ),
    # Drawdowns need it too.
    ("ohlcv", "metrics", "conservative"): ("date_order",),
    ("ohlcv", "data", "conservative"): (
        *("count_decimals", "fill_candles", "merge_candles", "row_maximum", "segment_maximum"),
    ),
    ("trade_candles", "data", "standard"): ("compensated_sums", "join_prices", "trade_prices"),
    ("indicators", "indicators", "standard"): (
        *("atr", "bollinger_bands", "ema", "macd", "rolling_std", "rolling_sum", "rolling_var"),
        *("rolling_zscore", "rsi", "sma", "stoch_rsi", "wma", "zlema"),
    ),
    ("extremes", "indicators", "standard"): ("rolling_max", "rolling_median", "rolling_min"),
    ("trend", "indicators", "standard"): (
        *("dynamic_bands", "heikin_ashi", "kama", "psar", "supertrend"),
    ),
    ("strategy", "indicators", "standard"): ("crossings", "level_crossings", "matching_rows"),
    ("trades", "indicators", "standard"): ("first_touches", "profits", "stop_paths"),
    ("exact", "backtest", "standard"): (
        *("amount_to_contract_precision", "average_price", "combine", "divide", "float_sum"),
        *("multiply", "nearest", "order_stake", "price_to_precision", "profits"),
        *("rate_for_roi", "round_places", "shortest", "value_with_fee"),
    ),
    ("protections", "backtest", "standard"): ("next_candles", "order_of_dates"),
}
#: Kernels that are classes, or whose arguments are objects of freqtrade's: no copies of these.
_OBJECTS: dict[tuple[str, str, str], tuple[str, ...]] = {
    ("ohlcv", "backtest", "standard"): ("untrack_rows",),
    ("stream", "indicators", "standard"): ("Candles", "HighLow", "HighLowClose", "Values"),
    ("simulate", "backtest", "standard"): ("Simulation",),
    ("events", "backtest", "aggressive"): ("Walk",),
    ("ledger", "backtest", "aggressive"): (
        *("amount_to_contract_precision", "close_trade_value", "open_trade_value"),
        *("order_stake", "price_to_precision", "profit_ratio", "profits", "rate_for_roi"),
    ),
    ("orders", "backtest", "aggressive"): (
        *("changed", "filled_count", "filled_date", "filled_or_open_orders", "filled_orders"),
        *("fold_orders", "funding_fees", "has_open", "last_order", "open_orders", "remember"),
    ),
}


def _functions() -> Iterator[Entry]:
    yield from (Entry(name, "metrics", "conservative") for name in _METRICS)
    yield from (Entry(name, "metrics", "standard") for name in _REPORTS)
    yield from (Entry(name, "data", "conservative") for name in _CANDLES)
    yield Entry("_check_empty_df", "data", "conservative", shadow=False)
    yield Entry("trades_to_ohlcv", "data", "standard")
    yield Entry("merge_informative_pair", "indicators", "standard")
    yield Entry("_merge_prepared_informative_pair", "indicators", "standard")
    yield Entry("crossed", "indicators", "standard")
    yield Entry("advise_all_indicators", "indicators", "standard", shadow=False)
    yield Entry("ohlcv_as_lists", "backtest", "standard")
    yield Entry("_get_ohlcv_as_lists", "backtest", "standard", shadow=False)
    yield Entry("store_backtest_results", "backtest", "standard", shadow=False)
    yield Entry("backtest", "backtest", "standard", shadow=False)
    # Backtests of strategies with callbacks, from event to event.
    yield Entry("backtest_events", "backtest", "aggressive", shadow=False)
    # Mapped candles, and kernels in the workers.
    yield Entry("hyperopt", "backtest", "aggressive", shadow=False)


def _all() -> Iterator[Entry]:
    yield from _functions()
    for table, shadow in ((_KERNELS, True), (_OBJECTS, False)):
        for (module, phase, maturity), names in table.items():
            yield from (Entry(f"{module}.{name}", phase, maturity, shadow) for name in names)


ENTRIES: dict[str, Entry] = {entry.name: entry for entry in _all()}
_SPELLINGS = {
    spelling: entry
    for entry in ENTRIES.values()
    for spelling in (entry.key, entry.name.upper(), entry.name.lstrip("_").upper())
}


def find(text: str) -> Entry:
    """The switch of a name, spelled as in this catalogue or as in environment variables.

    :param text: in any case, with or without a leading underscore.
    :raise InvalidInputError: for any other name; the text lists the nearest ones.
    """
    entry = _SPELLINGS.get(text.upper()) if isinstance(text, str) else None
    if entry is not None:
        return entry
    import difflib

    shown = repr(text)[:100]
    wanted = shown.strip("'").upper()
    near = difflib.get_close_matches(wanted, _SPELLINGS, n=3, cutoff=0.5)
    ends = [spelling for spelling in _SPELLINGS if spelling.endswith(f".{wanted}")]
    names = ", ".join(dict.fromkeys(_SPELLINGS[one].name for one in (*ends, *near)))
    hint = f"near to it are {names}" if names else "'freqkernels status' lists all"
    raise InvalidInputError(f"name: there is no function or kernel {shown}; {hint}")
