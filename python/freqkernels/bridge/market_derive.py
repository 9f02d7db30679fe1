"""Markets where nobody recorded any: what candle files tell, and stated assumptions for the rest.

Imported when freqtrade is, never before.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from ccxt import DECIMAL_PLACES, SIGNIFICANT_DIGITS
from freqtrade.data.history import get_datahandler
from freqtrade.exchange import timeframe_to_seconds

from freqkernels.bridge.market_record import Answers
from freqkernels.errors import MarketsError, MissingExtensionError
from freqkernels.runtime import kernel

logger = logging.getLogger(__name__)

AMOUNT_DECIMALS = 8
#: freqtrade does not trade pairs whose price step is below 1e-11.
MAX_PRICE_DECIMALS = 10
MAX_LEVERAGE = 20.0
MAINTENANCE_MARGIN_RATE = 0.025
#: Never reached; freqtrade 2025.9 cannot take None for it.
MAX_NOTIONAL = 1e12

# Contracts that expire (a date behind the settlement currency) are none that freqtrade trades.
_PAIR = {False: re.compile(r"[^/:]+/[^/:]+"), True: re.compile(r"[^/:]+/[^/:]+:[^/:-]+")}
_count_decimals = kernel("ohlcv", "count_decimals")
_POWERS = np.array([float(f"1e{exponent}") for exponent in range(-30, 31)])


def derive_answers(exchange: Any) -> Answers:
    """Markets of all pairs that have candles in the data directory of an exchange object.

    Logs once what was assumed.

    :param exchange: freqtrade's exchange object, with its ccxt objects made.
    :return: what a record of the exchange would hold.
    :raise MarketsError: when there are no candles.
    """
    futures = exchange.trading_mode.value == "futures"
    maker, taker = _default_fees(exchange._api.fees, futures)
    markets, empty = [], []
    for pair, timeframes in _available(exchange, futures):
        prices = _prices(exchange, pair, timeframes)
        if prices is None:
            empty.append(pair)
            continue
        precision = {
            "price": _price_precision(prices, exchange.precision_mode_price),
            "amount": _step(AMOUNT_DECIMALS, exchange.precisionMode),
        }
        markets.append(
            {**market_of_pair(pair), "precision": precision, "maker": maker, "taker": taker}
        )
    if not markets:
        raise MarketsError(_nothing_found(exchange, empty))
    if empty:
        logger.warning("Offline markets: no prices in the candles of %s", ", ".join(empty))
    tiers = {market["symbol"]: [_tier(market)] for market in markets} if futures else None
    _announce(exchange, len(markets), futures, maker, taker)
    return Answers(markets=markets, leverage_tiers=tiers, trading_fees={})


def _nothing_found(exchange: Any, empty: list[str]) -> str:
    mode, datadir = exchange.trading_mode.value, exchange._config["datadir"]
    data_format = _data_format(exchange._config)
    if empty:
        return (
            f"offline markets: no prices in the {mode} candles ({data_format}) of "
            f"{', '.join(empty)} in {datadir}: the files are empty or damaged"
        )
    return (
        f"offline markets: no {mode} candles ({data_format}) in {datadir} to derive markets from. "
        "Point --datadir (or the configuration) to candles, or pass a record made by "
        "'freqkernels markets record'."
    )


def _data_format(config: dict[str, Any]) -> str:
    return str(config.get("dataformat_ohlcv") or "feather")


def _handler(exchange: Any) -> Any:
    return get_datahandler(exchange._config["datadir"], _data_format(exchange._config))


def _available(exchange: Any, futures: bool) -> Iterator[tuple[str, list[str]]]:
    """Pairs in order, each with its timeframes, the coarsest first."""
    wanted = exchange._config["candle_type_def"]
    found: dict[str, list[str]] = {}
    for pair, timeframe, candle_type in _handler(exchange).ohlcv_get_available_data(
        exchange._config["datadir"], exchange.trading_mode
    ):
        if candle_type == wanted and _PAIR[futures].fullmatch(pair):
            found.setdefault(pair, []).append(timeframe)
    for pair in sorted(found):
        yield pair, sorted(found[pair], key=timeframe_to_seconds, reverse=True)


def _prices(exchange: Any, pair: str, timeframes: list[str]) -> Any:
    """Positive finite prices of the coarsest candles that have any, None where none have."""
    for timeframe in timeframes:
        try:
            candles = _handler(exchange).ohlcv_load(
                pair,
                timeframe,
                candle_type=exchange._config["candle_type_def"],
                fill_missing=False,
                warn_no_data=False,
            )
        except Exception as error:  # each format's library raises errors of its own
            raise MarketsError(
                f"offline markets: the {timeframe} candles of {pair} in "
                f"{exchange._config['datadir']} cannot be read: {error}"
            ) from error
        columns = [candles[name] for name in ("open", "high", "low", "close")]
        prices = np.concatenate([column.to_numpy(np.float64) for column in columns])
        prices = prices[np.isfinite(prices) & (prices > 0)]
        if len(prices):
            return prices
    return None


def _price_precision(prices: Any, mode: int) -> float | int:
    decimals = np.empty_like(prices)
    _counting()(prices, False, decimals, 1)
    decimals = np.nan_to_num(decimals)
    if mode == SIGNIFICANT_DIGITS:
        digits = decimals + np.searchsorted(_POWERS, prices, side="right") - 30
        return max(1, int(digits.max()))
    return _step(min(int(decimals.max()), MAX_PRICE_DECIMALS), mode)


def _counting() -> Callable[..., Any]:
    """The kernel; one twin of it where nothing is installed, as no settings are read there."""
    install: Any = sys.modules.get("freqkernels.bridge.install")  # which a plain run never loads
    if install is not None and install.is_installed():
        return _count_decimals
    try:
        return _count_decimals.twin("compiled")
    except MissingExtensionError:
        return _count_decimals.twin("reference")


def _step(decimals: int, mode: int) -> float | int:
    """A number of decimals in the exchange's way of counting."""
    return decimals if mode in (DECIMAL_PLACES, SIGNIFICANT_DIGITS) else float(f"1e-{decimals}")


def market_of_pair(pair: str) -> dict[str, Any]:
    """What the name of a pair says, in the shape that ccxt gives a market.

    :param pair: "AAA/USDT", or "AAA/USDT:USDT" for a future.
    """
    name, _, settle = pair.partition(":")
    base, _, quote = name.partition("/")
    swap = bool(settle)
    return {
        "id": f"{base}{quote}{'_PERP' if swap else ''}",
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
        "linear": settle == quote if swap else None,
        "inverse": settle == base if swap else None,
        "contractSize": 1.0 if swap else None,
        "limits": {"leverage": {"min": 1.0, "max": MAX_LEVERAGE if swap else 1.0}},
        "info": {},
    }


def _tier(market: dict[str, Any]) -> dict[str, Any]:
    return {
        "tier": 1,
        "symbol": market["symbol"],
        "currency": market["quote"],
        "minNotional": 0.0,
        "maxNotional": MAX_NOTIONAL,
        "maintenanceMarginRate": MAINTENANCE_MARGIN_RATE,
        "maxLeverage": MAX_LEVERAGE,
        "info": {"cum": "0"},
    }


def _default_fees(fees: dict[str, Any], futures: bool) -> tuple[float | None, float | None]:
    """Maker and taker fee that ccxt knows for the kind of market without asking."""
    kinds = ("linear", "swap", "contract", "future") if futures else ("spot",)
    for kind in (*kinds, "trading"):
        section = fees.get(kind) or {}
        section = section.get("trading", section)
        maker, taker = section.get("maker"), section.get("taker")
        if maker is not None and taker is not None:
            return maker, taker
    return None, None


def _announce(
    exchange: Any, pairs: int, futures: bool, maker: float | None, taker: float | None
) -> None:
    assumed = [
        f"price precision from the decimals of the candles (at most {MAX_PRICE_DECIMALS})",
        f"amounts to {AMOUNT_DECIMALS} decimals",
        "no limits",
        f"ccxt's default fees (maker {maker}, taker {taker})",
    ]
    if futures:
        assumed.append(
            "contract size 1, and for pairs without leverage tiers on this machine one tier of "
            f"{MAX_LEVERAGE:g}x with {MAINTENANCE_MARGIN_RATE:.1%} maintenance margin"
        )
    logger.warning(
        "Offline markets of %s (%s) derived from the candles of %d pairs in %s. Assumed: %s.",
        exchange._api.id,
        exchange.trading_mode.value,
        pairs,
        exchange._config["datadir"],
        "; ".join(assumed),
    )
