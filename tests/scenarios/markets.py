"""The exchange of the scenarios: Binance, offline, from a record of invented markets."""

from __future__ import annotations

import functools
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from freqkernels.bridge.market_record import Answers, MarketRecord, save_record
from freqkernels.bridge.markets import stop_offline_markets, use_offline_markets

#: What is special about a market's numbers; the others are A's.
PLAIN: dict[str, Any] = {"price": 0.01, "amount": 0.001, "cost": (None, None), "size": 1.0}
SPOT: dict[str, dict[str, Any]] = {
    "A/USDT": {},
    "B/USDT": {},
    "C/USDT": {},
    "COARSE/USDT": {"price": 4.0},
    "LOTS/USDT": {"amount": 3.0},
    "MIN/USDT": {"cost": (95.0, None)},
    "MINLOT/USDT": {"lots": (1.0, None)},
    "MAX/USDT": {"cost": (None, 700.0)},
    "MAXLOT/USDT": {"lots": (None, 5.0)},
}
FUTURES: dict[str, dict[str, Any]] = {
    "A/USDT:USDT": {},
    "B/USDT:USDT": {},
    "C/USDT:USDT": {},
    "COARSE/USDT:USDT": {"price": 4.0},
    "SIZE/USDT:USDT": {"size": 10.0, "amount": 1.0},
    "MIN/USDT:USDT": {"cost": (95.0, None)},
}
#: Least and greatest notional, greatest leverage, maintenance margin rate, maintenance amount.
TIERS = [
    (0.0, 2000.0, 20.0, 0.01, 0.0),
    (2000.0, 10000.0, 10.0, 0.02, 20.0),
    (10000.0, 100000.0, 4.0, 0.1, 820.0),
]


def _market(pair: str, special: dict[str, Any]) -> dict[str, Any]:
    numbers = {**PLAIN, **special}
    name, _, settle = pair.partition(":")
    base, _, quote = name.partition("/")
    swap = bool(settle)
    lots, cost = numbers.get("lots", (None, None)), numbers["cost"]
    return {
        "id": f"{base}{quote}",
        "symbol": pair,
        "base": base,
        "quote": quote,
        "settle": settle or None,
        "baseId": base,
        "quoteId": quote,
        "settleId": settle or None,
        "type": "swap" if swap else "spot",
        "spot": not swap,
        "margin": False,
        "swap": swap,
        "future": False,
        "option": False,
        "active": True,
        "contract": swap,
        "linear": True if swap else None,
        "inverse": False if swap else None,
        "contractSize": numbers["size"] if swap else None,
        "precision": {"price": numbers["price"], "amount": numbers["amount"]},
        "limits": {
            "leverage": {"min": None, "max": None},
            "amount": {"min": lots[0], "max": lots[1]},
            "cost": {"min": cost[0], "max": cost[1]},
            "price": {"min": None, "max": None},
        },
        "maker": 0.001,
        "taker": 0.001,
        "info": {},
    }


@functools.cache
def workplace() -> Path:
    """A directory that lives as long as this process, for what freqtrade wants to find on disk."""
    folder = tempfile.TemporaryDirectory(prefix="scenarios-")
    _keep.append(folder)
    (Path(folder.name) / "data").mkdir()
    return Path(folder.name)


_keep: list[tempfile.TemporaryDirectory[str]] = []


@functools.cache
def _record(futures: bool) -> Path:
    import ccxt
    from freqtrade import __version__ as freqtrade_version

    markets = FUTURES if futures else SPOT
    record = MarketRecord(
        exchange="binance",
        trading_mode="futures" if futures else "spot",
        stake_currency="USDT",
        recorded_at=datetime.now(UTC),
        precision_mode=ccxt.TICK_SIZE,
        ccxt_version=ccxt.__version__,
        freqtrade_version=freqtrade_version,
        answers=Answers(
            markets=[_market(pair, special) for pair, special in markets.items()],
            leverage_tiers={} if futures else None,
            trading_fees={},
        ),
    )
    path = workplace() / f"{record.trading_mode}.json"
    save_record(record, path)
    return path


#: Settings that an exchange object keeps.
KEPT = ("amount_reserve_percent", "liquidation_buffer")
_exchanges: dict[tuple[Any, ...], Any] = {}


def exchange(config: dict[str, Any]) -> Any:
    """freqtrade's exchange object, made once for a trading mode and what else it keeps.

    :param config: of the backtest that needs it.
    """
    from freqtrade.resolvers import ExchangeResolver

    futures = config["trading_mode"].value == "futures"
    key = (futures, *(config.get(name) for name in KEPT))
    if key not in _exchanges:
        use_offline_markets(str(_record(futures)))
        try:
            made = ExchangeResolver.load_exchange(config, load_leverage_tiers=True)
        finally:
            stop_offline_markets()
        if futures:
            # A backtest reads tiers that freqtrade ships, which have none of these pairs.
            made._leverage_tiers = {pair: [_tier(made, tier) for tier in TIERS] for pair in FUTURES}
        _exchanges[key] = made
    return _exchanges[key]


def _tier(made: Any, numbers: tuple[float, ...]) -> Any:
    least, greatest, leverage, rate, amount = numbers
    return made.parse_leverage_tier(
        {
            "minNotional": least,
            "maxNotional": greatest,
            "maintenanceMarginRate": rate,
            "maxLeverage": leverage,
            "info": {"cum": str(amount)},
        }
    )
