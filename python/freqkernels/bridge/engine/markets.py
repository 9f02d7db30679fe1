"""Whether the live exchange object computes as freqtrade's base class does, from usual numbers."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from typing import Any

from freqkernels.bridge.engine.genuine import lookup, object_support
from freqkernels.bridge.imitated import (
    EXCHANGE,
    EXCHANGE_METHODS,
    FUTURES_METHODS,
    OTHER_FORMULAS,
)
from freqkernels.runtime import SUPPORTED, Support, refuse

_BASE = f"{EXCHANGE}:Exchange"


def _owners(method: str, futures: bool) -> tuple[str, ...]:
    others = OTHER_FORMULAS.get(method, ())
    return (_BASE, *(owner for owner, in_futures in others if in_futures or not futures))


_EXPECTED = {
    futures: {
        method: _owners(method, futures)
        for method in EXCHANGE_METHODS + (FUTURES_METHODS if futures else ())
    }
    for futures in (False, True)
}


def exchange_support(exchange: Any, *, futures: bool) -> Support:
    """Whether the exchange's class leaves what the engine imitates as it is.

    :param exchange: freqtrade's exchange object.
    :param futures: whether the trading mode is futures.
    """
    support = object_support("the exchange object", exchange, _EXPECTED[futures])
    if not support or not futures:
        return support
    runmode = exchange._config.get("runmode")
    if getattr(runmode, "value", runmode) not in ("backtest", "hyperopt"):
        # freqtrade asks the exchange then whether it has leverage tiers at all.
        known = ("fetchLeverageTiers", "fetchMarketLeverageTiers")
        if not any(exchange.exchange_has(name) for name in known):
            return refuse("the exchange has no leverage tiers outside of a backtest")
    return SUPPORTED


def pairs_support(exchange: Any, pairs: Iterable[str], *, futures: bool) -> Support:
    """Whether the markets of the pairs hold the numbers that the engine computes with.

    :param exchange: freqtrade's exchange object, which passed :func:`exchange_support`.
    :param pairs: pairs of the backtest.
    :param futures: whether the trading mode is futures.
    """
    markets = exchange._markets
    needs_amount = futures and _liquidates_as_binance(exchange)
    for pair in pairs:
        market = markets.get(pair)
        if market is None:
            return refuse(f"there is no market {pair}")
        problem = _market_problem(market)
        if not problem and futures:
            tiers = exchange._leverage_tiers.get(pair)
            problem = _tiers_problem(tiers, needs_amount)
            if not problem and not needs_amount:
                problem = _base_liquidation_problem(market)
        if problem:
            return refuse(f"the market {pair} {problem}")
    return SUPPORTED


def _liquidates_as_binance(exchange: Any) -> bool:
    found = lookup(type(exchange), "dry_run_liquidation_price")
    return found is not None and found[0].__qualname__ != "Exchange"


def _number(value: Any) -> bool:
    return type(value) in (int, float) and not isnan(value)


def _market_problem(market: Any) -> str:
    limits, precision = market.get("limits"), market.get("precision")
    try:
        bounds = [limits[kind][end] for kind in ("cost", "amount") for end in ("min", "max")]
    except (KeyError, TypeError):
        return "has no limits of cost and amount"
    values = [*bounds, precision.get("amount"), precision.get("price")] if precision else bounds
    for value in values:
        if value is not None and not _number(value):
            return f"has {value!r:.40} where a number is expected"
    return ""


def _tiers_problem(tiers: Any, needs_amount: bool) -> str:
    if not tiers:
        return "has no leverage tiers"
    for tier in tiers:
        needed = [tier["minNotional"], tier["maintenanceMarginRate"], tier["maxLeverage"]]
        optional = [tier["maxNotional"]]
        (needed if needs_amount else optional).append(tier["maintAmt"])
        if not all(map(_number, needed)) or not all(
            value is None or _number(value) for value in optional
        ):
            return "has a leverage tier with something else than numbers"
    return ""


def _base_liquidation_problem(market: Any) -> str:
    if not _number(market.get("taker")) or not market["taker"]:
        return "has no taker fee"
    return "is an inverse contract" if market.get("inverse") else ""
