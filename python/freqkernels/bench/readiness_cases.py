"""What is called to see whether a phase is ready: every function on candles and trades made for it.

Small inputs with the ordinary oddities: missing candles, candles without volume, trades that are
closed at the same moment, captures of several currencies.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from freqkernels import indicators, signals, strategy, stream, trades
from freqkernels.bench.measured_functions import Arguments, Case, Sizes
from freqkernels.bench.measured_functions import cases as measured_cases
from freqkernels.bridge.originals import beside, freqtrade_function
from freqkernels.bridge.targets import TARGETS
from freqkernels.catalogue import ENTRIES
from freqkernels.data.market_spec import MarketSpec, pair_names
from freqkernels.data.synthetic import aggregate_candles, make_candles, make_market

_PAIR, _TIMEFRAME, _LONGER = "ETH/USDT", "5m", "1h"
_SIZES = Sizes(400, 4, 1500, 1500, 2)
_SPEC = MarketSpec(timeframe=_TIMEFRAME, candles=1500)
_BALANCE = 1000.0

Call = Callable[[pd.DataFrame], Any]


@dataclass(frozen=True, slots=True)
class Twins:
    """A kernel, and a call of ours that runs it.

    :param kernel: its name.
    :param call: on candles; its result is compared between the twins.
    """

    kernel: str
    call: Call


@cache
def candles() -> pd.DataFrame:
    """Candles of one pair, some of them missing."""
    return make_candles(_PAIR, _SPEC)


def _trades() -> pd.DataFrame:
    """Results of a backtest, not in the order of time."""
    count, random = _SIZES.trades, np.random.default_rng(7)
    opened = random.integers(0, 20_000, count)
    minutes = 5 * random.integers(1, 200, count)
    start = np.datetime64("2024-01-01", "ms")
    profits = np.where(random.random(count) < 0.1, 0.0, random.normal(0.2, 20, count)).round(8)
    return pd.DataFrame(
        {
            "pair": random.choice(pair_names(3), count),
            "open_date": pd.DatetimeIndex(start + opened * np.timedelta64(5, "m"), tz="UTC"),
            "close_date": pd.DatetimeIndex(
                start + (5 * opened + minutes) * np.timedelta64(1, "m"), tz="UTC"
            ),
            "profit_ratio": profits / 100,
            "profit_abs": profits,
            "trade_duration": minutes,
            "enter_tag": random.choice(["", "dip"], count),
            "exit_reason": random.choice(["roi", "stop_loss"], count),
            "is_short": random.random(count) < 0.5,
        }
    )


def _period() -> tuple[Any, Any]:
    dates = _trades()["close_date"]
    return dates.min().to_pydatetime(), dates.max().to_pydatetime()


def _pair_metrics() -> Arguments:
    names = [*pair_names(3), "NOT/TRADED"]
    return (names, "USDT", _BALANCE, _trades(), *_period()), {}


def _tag_metrics(tags: Any) -> Arguments:
    return (tags, _BALANCE, _trades(), *_period()), {}


def _wallet() -> Arguments:
    """Captures of one or two currencies a moment."""
    random = np.random.default_rng(3)
    dates = pd.date_range("2024-01-01", periods=600, freq="5min", tz="UTC").as_unit("ms")
    dates = dates.repeat(random.integers(1, 3, len(dates)))
    stake = ~dates.duplicated()
    frame = pd.DataFrame(
        {
            "date": dates,
            "currency": np.where(stake, "USDT", "ETH"),
            "rate": np.where(stake, 1.0, random.lognormal(0, 1, len(dates))),
            "balance": random.lognormal(6, 0.2, len(dates)),
        }
    )
    return (frame, "USDT"), {}


def _sorted_trades(**options: Any) -> Arguments:
    return (_trades().sort_values("close_date", ignore_index=True),), options


def _of_trades() -> Arguments:
    return (_trades(),), {}


def _cumulated() -> Arguments:
    dates = pd.date_range("2024-01-01", periods=24_000, freq="5min", tz="UTC", name="date")
    frame = pd.DataFrame({"mean": np.linspace(1.0, 2.0, len(dates))}, index=dates.as_unit("ms"))
    return (frame, _trades(), "cum_profit", _TIMEFRAME), {}


def _trimmed() -> Arguments:
    dates = candles()["date"]
    kind = freqtrade_function("freqtrade.configuration", "TimeRange")
    begin, end = (int(dates.iloc[position].timestamp()) for position in (200, -200))
    timerange = kind("date", "date", begin, end)
    return (candles().copy(), timerange), {}


@cache
def _handler() -> Any:
    module = "freqtrade.data.history.datahandlers.featherdatahandler"
    return freqtrade_function(module, "FeatherDataHandler")(Path())


def _looked_at() -> Arguments:
    spot = freqtrade_function("freqtrade.enums", "CandleType").SPOT
    return (_handler(), candles().copy(), _PAIR, _TIMEFRAME, spot, True, True), {}


def _public_trades() -> Arguments:
    count, random = 5_000, np.random.default_rng(11)
    start = np.datetime64("2024-01-01", "ms")
    moments = start + np.sort(random.integers(0, 86_400_000, count)) * np.timedelta64(1, "ms")
    frame = pd.DataFrame(
        {
            "date": pd.DatetimeIndex(moments, tz="UTC"),
            "price": np.round(100 + np.cumsum(random.normal(0, 0.05, count)), 2),
            "amount": np.round(random.lognormal(0, 1, count), 4),
        }
    )
    return (frame, _TIMEFRAME), {}


def _informative() -> pd.DataFrame:
    return aggregate_candles(candles(), _LONGER).iloc[3:].reset_index(drop=True)


def _merged(**options: Any) -> Arguments:
    return (candles().copy(), _informative(), _TIMEFRAME, _LONGER), options


def _merged_prepared() -> Arguments:
    prepare = freqtrade_function("freqtrade.strategy.strategy_helper", "_prepare_informative_pair")
    return (candles().copy(), prepare(_informative(), _TIMEFRAME, _LONGER)), {}


def _advised() -> Arguments:
    market = make_market(pair_names(2), _SPEC)
    return (SimpleNamespace(disable_dataframe_checks=False, advise_indicators=_advise), market), {}


def _advise(frame: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
    """What a strategy does: new columns, and one that is written to."""
    frame["mean"] = frame["close"].rolling(20).mean()
    frame["pair"] = metadata["pair"]
    frame.loc[frame.index[5], "mean"] = 1.0
    return frame


def _crossing(other: Callable[[pd.DataFrame], Any], direction: str | None) -> Arguments:
    return (candles()["close"].copy(), other(candles()), direction), {}


def _rows() -> Arguments:
    frame = candles().copy()
    random = np.random.default_rng(0).random(len(frame))
    for name, share in (("enter_long", 0.05), ("exit_long", 0.1)):
        frame[name] = np.where(random < share, 1, np.nan)
    frame["enter_tag"] = ["here" if number < 0.05 else None for number in random]
    return (frame,), {}


def _table() -> list[tuple[str, str, Callable[[], Arguments]]]:
    mean = "the mean of its values"
    return [
        ("generate_pair_metrics", "trades", _pair_metrics),
        ("generate_tag_metrics", "one tag", partial(_tag_metrics, "enter_tag")),
        ("generate_tag_metrics", "two tags", partial(_tag_metrics, ["enter_tag", "exit_reason"])),
        ("generate_wallet_stats", "captures", _wallet),
        ("generate_all_periodic_breakdown_stats", "trades", _of_trades),
        ("_calculate_stats_for_period", "trades", _of_trades),
        ("calculate_max_drawdown", "trades", partial(_sorted_trades, starting_balance=_BALANCE)),
        ("calculate_max_drawdown", "relative", partial(_sorted_trades, relative=True)),
        ("calculate_underwater", "trades", _sorted_trades),
        ("calculate_csum", "trades", _sorted_trades),
        ("create_cum_profit", "trades", _cumulated),
        ("trim_dataframe", "candles", _trimmed),
        ("_check_empty_df", "candles", _looked_at),
        ("trades_to_ohlcv", "public trades", _public_trades),
        ("merge_informative_pair", "filled", _merged),
        ("merge_informative_pair", "not filled", partial(_merged, ffill=False)),
        ("_merge_prepared_informative_pair", "filled", _merged_prepared),
        ("advise_all_indicators", "two pairs", _advised),
        ("crossed", mean, partial(_crossing, lambda f: f["close"].rolling(9).mean(), "above")),
        ("crossed", "a level", partial(_crossing, lambda f: float(f["close"].iloc[700]), None)),
        ("ohlcv_as_lists", "signals and tags", _rows),
    ]


#: Functions of ours whose exact implementation is ours, too.
_OWN: dict[str, Callable[..., Any]] = {
    "crossed": strategy.crossed,
    "ohlcv_as_lists": signals.ohlcv_as_lists,
}


def _functions(name: str) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """The exact function and ours; none of ours where freqtrade's is left alone."""
    own: Any = _OWN.get(name)
    if own is not None:
        return own.exact, own
    both = beside(name)
    return both.original, both.replacement


def _fresh(case: Case) -> Arguments:
    """Arguments that share nothing with those of another call, so that changes show."""
    return copy.deepcopy(case.arguments())


def cases_of(phase: str) -> list[Case]:
    """Calls of the functions of a phase that can be called by themselves.

    :param phase: of the catalogue.
    """
    known = {target.name for target in TARGETS} | set(_OWN)
    shared = (replace(case, arguments=partial(_fresh, case)) for case in measured_cases(_SIZES))
    made = [Case(name, text, partial(_functions, name), make) for name, text, make in _table()]
    return [
        case
        for case in (*shared, *made)
        if case.function in known and ENTRIES[case.function].phase == phase
    ]


def _candle_indicator(function: Callable[..., Any], *more: Any) -> Call:
    return lambda frame: function(frame, *more)


def _close_indicator(function: Callable[..., Any], *more: Any) -> Call:
    return lambda frame: function(frame["close"], *more)


def _streamed(make: Callable[..., Any], *columns: str) -> Call:
    def values(frame: pd.DataFrame) -> Any:
        return make(14).extend(*(frame[name] for name in columns))

    return values


def _stops(frame: pd.DataFrame, *, trailing: bool) -> Any:
    start = np.arange(0, len(frame) - 50, 50)
    entry = frame["close"].to_numpy()[start]
    return trades.apply_stoploss(
        frame, -0.01, entry, trailing, start=start, end=start + 50, path=trailing
    )


def _profits(frame: pd.DataFrame) -> Any:
    close = frame["close"].to_numpy()
    return trades.calculate_pnl(close[:-9], close[9:], 1.5, 0.001, leverage=2.0)


#: A call for each kernel that is compared with its own twin, not within a function of freqtrade's.
TWINS = [
    Twins("indicators.sma", _close_indicator(indicators.sma, 14)),
    Twins("indicators.wma", _close_indicator(indicators.wma, 14)),
    Twins("indicators.ema", _close_indicator(indicators.ema, 14)),
    Twins("indicators.zlema", _close_indicator(indicators.zlema, 14)),
    Twins("indicators.macd", _close_indicator(indicators.macd)),
    Twins("indicators.rsi", _close_indicator(indicators.rsi)),
    Twins("indicators.stoch_rsi", _close_indicator(indicators.stoch_rsi)),
    Twins("indicators.bollinger_bands", _close_indicator(indicators.bollinger_bands)),
    Twins("indicators.rolling_sum", _close_indicator(indicators.rolling_sum, 20)),
    Twins("indicators.rolling_var", _close_indicator(indicators.rolling_var, 20)),
    Twins("indicators.rolling_std", _close_indicator(indicators.rolling_std, 20)),
    Twins("indicators.rolling_zscore", _close_indicator(indicators.zscore, 20)),
    Twins("indicators.atr", _candle_indicator(indicators.atr)),
    Twins("extremes.rolling_min", _close_indicator(indicators.rolling_min, 20)),
    Twins("extremes.rolling_max", _close_indicator(indicators.rolling_max, 20)),
    Twins("extremes.rolling_median", _close_indicator(indicators.rolling_median, 20)),
    Twins("trend.kama", _close_indicator(indicators.kama)),
    Twins("trend.psar", _candle_indicator(indicators.psar)),
    Twins("trend.heikin_ashi", _candle_indicator(indicators.heikin_ashi)),
    Twins("trend.supertrend", _candle_indicator(indicators.supertrend)),
    Twins("trend.dynamic_bands", lambda f: indicators.dynamic_bands(indicators.atr(f))),
    Twins("trades.profits", _profits),
    Twins("trades.first_touches", partial(_stops, trailing=False)),
    Twins("trades.stop_paths", partial(_stops, trailing=True)),
    Twins("stream.Values", _streamed(stream.EMA, "close")),
    Twins("stream.HighLow", lambda f: stream.PSAR().extend(f["high"], f["low"])),
    Twins("stream.HighLowClose", _streamed(stream.ATR, "high", "low", "close")),
    Twins(
        "stream.Candles",
        lambda f: stream.HeikinAshi().extend(f["open"], f["high"], f["low"], f["close"]),
    ),
]
