"""The command line with and without the engine on real candles: everything that comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from freqkernels.bench.compare_engines import Request, compare_engines

STRATEGIES = '''
from freqtrade.strategy import IStrategy


class Waves(IStrategy):
    """Averages that cross; both sides, tags on half of the signals."""

    timeframe = "5m"
    can_short = False
    startup_candle_count = 30
    minimal_roi = {"0": 0.03, "45": 0.012, "200": 0.0}
    stoploss = -0.04

    def populate_indicators(self, dataframe, metadata):
        dataframe["fast"] = dataframe["close"].rolling(8).mean()
        dataframe["slow"] = dataframe["close"].rolling(30).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        above = dataframe["fast"] > dataframe["slow"]
        dataframe.loc[above & ~above.shift(1, fill_value=True), "enter_long"] = 1
        dataframe.loc[~above & above.shift(1, fill_value=False), "enter_short"] = 1
        dataframe.loc[dataframe.index % 2 == 0, "enter_tag"] = "even"
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        below = dataframe["close"] < dataframe["slow"] * 0.995
        dataframe.loc[below, ["exit_long", "exit_tag"]] = (1, "fell")
        dataframe.loc[dataframe["close"] > dataframe["slow"] * 1.005, "exit_short"] = 1
        return dataframe


class Guarded(Waves):
    trailing_stop = True
    trailing_stop_positive = 0.008
    trailing_stop_positive_offset = 0.015
    trailing_only_offset_is_reached = True
    exit_profit_only = True
    protections = [
        {"method": "CooldownPeriod", "stop_duration_candles": 3},
        {"method": "StoplossGuard", "lookback_period_candles": 48, "trade_limit": 2,
         "stop_duration_candles": 12, "only_per_pair": False},
        {"method": "LowProfitPairs", "lookback_period_candles": 96, "trade_limit": 2,
         "stop_duration_candles": 24, "required_profit": 0.01},
        {"method": "MaxDrawdown", "lookback_period_candles": 96, "trade_limit": 3,
         "stop_duration_candles": 6, "max_allowed_drawdown": 0.02},
    ]


class Leveraged(Waves):
    can_short = True
    stoploss = -0.2

    def leverage(self, pair, current_time, current_rate, proposed_leverage, max_leverage,
                 entry_tag, side, **kwargs):
        return min(5.0 if side == "short" else 3.0, max_leverage)


class LeveragedHourly(Leveraged):
    timeframe = "1h"
'''
SPOT = {
    "dry_run": True,
    "dry_run_wallet": 2.5,
    "stake_currency": "BTC",
    "stake_amount": "unlimited",
    "max_open_trades": 3,
    "trading_mode": "spot",
    "dataformat_ohlcv": "feather",
    "entry_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 1},
    "exit_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 1},
    "exchange": {
        "name": "binance",
        "pair_whitelist": ["ETH/BTC", "LTC/BTC", "XLM/BTC", "ADA/BTC", "TRX/BTC"],
    },
    "pairlists": [{"method": "StaticPairList"}],
}
FUTURES = SPOT | {
    "dry_run_wallet": 1000,
    "stake_currency": "USDT",
    "max_open_trades": 1,
    "trading_mode": "futures",
    "margin_mode": "isolated",
    "exchange": {"name": "binance", "pair_whitelist": ["XRP/USDT:USDT"]},
}
BITFINEX = SPOT | {
    "dry_run_wallet": 5000,
    "stake_currency": "USD",
    "exchange": {"name": "bitfinex", "pair_whitelist": ["BTC/USD", "LTC/USD"]},
}
RUNS = {
    "spot": (SPOT, "binance", "Waves", ["--export", "signals"]),
    "protections": (SPOT, "binance", "Guarded", ["--enable-protections"]),
    "stacking": (
        SPOT | {"stake_amount": 0.05, "max_open_trades": -1},
        "binance",
        "Waves",
        ["--enable-position-stacking"],
    ),
    "futures": (FUTURES, "binance", "Leveraged", []),
    "detail": (FUTURES, "binance", "LeveragedHourly", ["--timeframe-detail", "5m"]),
    "minutes": (
        BITFINEX,
        "bitfinex",
        "Guarded",
        ["--timeframe", "1m", "--timerange", "20151001-20151008", "--enable-protections"],
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_everything_is_identical(name: str, tmp_path: Path, shared_data: Path) -> None:
    config, exchange, strategy, options = RUNS[name]
    (tmp_path / "strategies.py").write_text(STRATEGIES)
    (tmp_path / "config.json").write_text(json.dumps(config))
    request = Request(
        [
            *("-c", "config.json", "--datadir", str(shared_data / exchange)),
            *("--strategy", strategy, "--strategy-path", ".", "--userdir", ".", *options),
        ],
        offline_markets="auto",
        cwd=tmp_path,
    )
    runs = tmp_path / "runs"
    runs.mkdir()
    messages: list[str] = []
    comparison = compare_engines(request, runs, messages.append)
    assert comparison.first is None
    assert comparison.right is not None
    assert len(comparison.right.content["results"]) > 2
    assert not [event for event in comparison.right.run.events if event["name"] == "backtest"]
