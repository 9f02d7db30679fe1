"""A real exchange object of freqtrade's, once per process, with the markets of a case."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ccxt
import freqtrade
from freqtrade.enums import RunMode
from freqtrade.resolvers import ExchangeResolver

from freqkernels.bridge.fuzz.case import Case, Pair
from freqkernels.bridge.market_derive import market_of_pair
from freqkernels.bridge.market_record import Answers, MarketRecord, save_record
from freqkernels.bridge.markets import stop_offline_markets, use_offline_markets

STAKE_CURRENCY = "USDT"
_LIMITS: dict[str, dict[str, float | None]] = {
    name: {"min": None, "max": None} for name in ("cost", "amount", "price", "leverage")
}


def exchange_of(case: Case, config: dict[str, Any]) -> Any:
    """The exchange object of the case's trading mode, with its markets, tiers and settings."""
    exchange = _exchange(case.futures)
    exchange._config = config
    exchange.liquidation_buffer = config.get("liquidation_buffer", 0.05)
    config |= {name: getattr(exchange, name) for name in ("trading_mode", "margin_mode")}
    config["candle_type_def"] = exchange_candle_type(exchange)
    for api in (exchange._api, exchange._api_async):
        api.precisionMode = case.precision_mode
    exchange._api.set_markets([_market(pair) for pair in case.pairs])
    exchange._markets = exchange._api.markets
    exchange._leverage_tiers = {
        pair.name: [dict(zip(_TIER, tier, strict=True)) for tier in pair.market.tiers]
        for pair in case.pairs
        if case.futures
    }
    return exchange


_TIER = ("minNotional", "maxNotional", "maintenanceMarginRate", "maxLeverage", "maintAmt")


def exchange_candle_type(exchange: Any) -> Any:
    """Spot or futures candles."""
    from freqtrade.enums import CandleType

    return CandleType.get_default(exchange.trading_mode)


@contextmanager
def without_connections(backtesting: Any) -> Iterator[None]:
    """Without the parts of the exchange object that hyperopt takes away before its epochs."""
    exchange = backtesting.exchange
    taken = {name: getattr(exchange, name) for name in _TAKEN_BY_HYPEROPT}
    pairlists = backtesting.pairlists
    for name in taken:
        setattr(exchange, name, None)
    backtesting.pairlists = None
    try:
        yield
    finally:
        backtesting.pairlists = pairlists
        for name, value in taken.items():
            setattr(exchange, name, value)


_TAKEN_BY_HYPEROPT = ("_api", "_api_async", "loop", "_loop_lock", "_cache_lock")


def _market(pair: Pair) -> dict[str, Any]:
    market = market_of_pair(pair.name)
    limits = {
        name: {**bounds, **pair.market.limits.get(name, {})} for name, bounds in _LIMITS.items()
    }
    precision = {"price": pair.market.price, "amount": pair.market.amount}
    market |= {"precision": precision, "limits": limits, "maker": 0.001, "taker": 0.001}
    if market["contract"]:
        market["contractSize"] = pair.market.contract_size
    return market


@functools.cache
def _exchange(futures: bool) -> Any:
    mode = "futures" if futures else "spot"
    name = "AAA/USDT:USDT" if futures else "AAA/USDT"
    market = {**market_of_pair(name), "precision": {"price": 0.01, "amount": 1e-8}}
    answers = Answers(markets=[market], trading_fees={}, leverage_tiers={})
    now, unit = datetime.now(UTC), ccxt.TICK_SIZE
    versions = (ccxt.__version__, freqtrade.__version__)
    record = MarketRecord("binance", mode, STAKE_CURRENCY, now, unit, *versions, answers)
    with tempfile.TemporaryDirectory(prefix="freqkernels-fuzz-") as folder:
        path = Path(folder) / "markets.json"
        save_record(record, path)
        use_offline_markets(str(path))
        try:
            config = _exchange_config(futures) | {"datadir": Path(folder)}
            return ExchangeResolver.load_exchange(config, validate=False)
        finally:
            stop_offline_markets()


def _exchange_config(futures: bool) -> dict[str, Any]:
    config: dict[str, Any] = {
        "exchange": {"name": "binance", "key": "", "secret": ""},
        "stake_currency": STAKE_CURRENCY,
        "dry_run": True,
        "runmode": RunMode.BACKTEST,
    }
    if futures:
        config |= {"trading_mode": "futures", "margin_mode": "isolated"}
    return config
