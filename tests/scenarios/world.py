"""The freqtrade around a scenario: a real Backtesting with strategy, exchange, wallets and data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from scenarios.markets import exchange, workplace
from scenarios.scenario import Scenario
from scenarios.table import Clock, parse_candles

CONFIG: dict[str, Any] = {
    "amend_last_stake_amount": False,
    "dataformat_ohlcv": "feather",
    "dry_run": True,
    "dry_run_wallet": 10000,
    "enable_protections": False,
    "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
    "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
    "export": "none",
    "fee": 0.0,
    "last_stake_amount_min_ratio": 0.5,
    "liquidation_buffer": 0.05,
    "max_open_trades": 3,
    "pairlists": [{"method": "StaticPairList"}],
    "stake_amount": 1000,
    "stake_currency": "USDT",
    "strategy_path": str(Path(__file__).parent / "strategies"),
    "timeframe": "5m",
    "tradable_balance_ratio": 1.0,
    "unfilledtimeout": {"entry": 10, "exit": 10, "unit": "minutes"},
}


@dataclass
class World:
    """What a run needs.

    :param scenario: what it was built from.
    :param clock: its row numbers.
    :param backtesting: freqtrade's object.
    :param frames: candles with indicators by pair, as ``backtest()`` takes them.
    :param start: first moment of the trimmed candles.
    :param end: last one.
    """

    scenario: Scenario
    clock: Clock
    backtesting: Any
    frames: dict[str, pd.DataFrame]
    start: datetime
    end: datetime

    def processed(self) -> dict[str, pd.DataFrame]:
        """The frames, new ones for each run: ``backtest()`` writes into them."""
        return {pair: frame.copy() for pair, frame in self.frames.items()}


def clock_of(scenario: Scenario) -> Clock:
    """The row numbers of a scenario's timeframe."""
    from freqtrade.exchange import timeframe_to_minutes

    timeframe = scenario.settings.get("timeframe", CONFIG["timeframe"])
    return Clock(timedelta(minutes=timeframe_to_minutes(timeframe)))


def build(scenario: Scenario) -> World:
    """Make everything anew, as the command line would."""
    from freqtrade.data.converter import trim_dataframes
    from freqtrade.data.history import get_timerange
    from freqtrade.optimize.backtesting import Backtesting

    clock = clock_of(scenario)
    candles = _candles(scenario, clock)
    config = _config(scenario, list(candles))
    backtesting = Backtesting(config, exchange=exchange(config))
    strategy = backtesting.strategylist[0]
    for name, value in scenario.strategy.items():
        setattr(strategy, name, value)
    backtesting._set_strategy(strategy)
    _load(backtesting, scenario, clock, candles)
    frames = strategy.advise_all_indicators(candles)
    trimmed = trim_dataframes(frames, backtesting.timerange, backtesting.required_startup)
    start, end = get_timerange(trimmed)
    return World(scenario, clock, backtesting, frames, start, end)


def _candles(scenario: Scenario, clock: Clock) -> dict[str, pd.DataFrame]:
    candles = parse_candles(scenario.candles, clock)
    for frame in candles.values():
        for name, dtype in scenario.dtypes.items():
            column = f"wish_{name}"
            if column in frame:
                frame[column] = frame[column].fillna(0).astype(dtype)
    return candles


def _config(scenario: Scenario, pairs: list[str]) -> dict[str, Any]:
    from freqtrade.enums import CandleType, MarginMode, RunMode, TradingMode

    futures = ":" in pairs[0]
    settings = dict(scenario.settings)
    return {
        **CONFIG,
        "candle_type_def": CandleType.FUTURES if futures else CandleType.SPOT,
        "datadir": workplace() / "data",
        "exchange": {"name": "binance", "pair_whitelist": pairs, "pair_blacklist": []},
        "margin_mode": MarginMode.ISOLATED if futures else MarginMode.NONE,
        "runmode": RunMode(settings.pop("runmode", "backtest")),
        "strategy": scenario.strategy_class or ("TableShort" if futures else "Table"),
        "trading_mode": TradingMode.FUTURES if futures else TradingMode.SPOT,
        "user_data_dir": workplace(),
        **settings,
    }


def _load(
    backtesting: Any, scenario: Scenario, clock: Clock, candles: dict[str, pd.DataFrame]
) -> None:
    """What ``load_bt_data`` would have loaded beside the candles."""
    backtesting.available_pairs = list(candles)
    backtesting.price_pair_prec = {
        pair: _ticks(ticks, candles[pair], clock) for pair, ticks in scenario.ticks.items()
    }
    if scenario.detail:
        details = parse_candles(scenario.detail, clock)
        backtesting.detail_data = {
            pair: details.get(pair, next(iter(details.values())).iloc[:0]) for pair in candles
        }
    if backtesting.trading_mode.value == "futures":
        _load_funding(backtesting, scenario, clock, candles)


def _ticks(ticks: str | dict[int, float], candles: pd.DataFrame, clock: Clock) -> pd.Series:
    from freqtrade.data.btanalysis import get_tick_size_over_time

    if ticks == "history":
        found: pd.Series = get_tick_size_over_time(candles)
        return found
    assert isinstance(ticks, dict)
    return pd.Series(list(ticks.values()), index=[clock.moment(str(row)) for row in ticks])


def _load_funding(
    backtesting: Any, scenario: Scenario, clock: Clock, candles: dict[str, pd.DataFrame]
) -> None:
    from freqtrade.exchange import timeframe_to_seconds

    exchange = backtesting.exchange
    timeframe = exchange.get_option("funding_fee_timeframe")
    backtesting.funding_fee_timeframe_secs = timeframe_to_seconds(timeframe)
    for pair in candles:
        told = scenario.funding.get(pair, [])
        dates = pd.to_datetime([clock.moment(str(row)) for row, _, _ in told], utc=True)
        rates = pd.DataFrame({"date": dates, "open": [rate for _, rate, _ in told]}, dtype=None)
        marks = pd.DataFrame({"date": dates, "open": [mark for _, _, mark in told]}, dtype=None)
        backtesting.futures_data[pair] = exchange.combine_funding_and_mark(rates, marks)
