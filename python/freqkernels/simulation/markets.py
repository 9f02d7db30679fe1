"""What an exchange says about a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import nan
from typing import Any, Literal

import pandas as pd

from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support
from freqkernels.simulation.checks import is_number, reject, require_choice, require_number
from freqkernels.simulation.market_tables import MarketTables, or_nan, tick_steps, tier_steps
from freqkernels.simulation.structs import Struct
from freqkernels.ticks import get_tick_size_over_time

DECIMAL_PLACES, SIGNIFICANT_DIGITS, TICK_SIZE = 2, 3, 4
_MODES = (DECIMAL_PLACES, SIGNIFICANT_DIGITS, TICK_SIZE)
_BOUNDS = ("cost_min", "cost_max", "amount_min", "amount_max")
_TIER = ("minNotional", "maxLeverage", "maintenanceMarginRate")
_CANDLES = "candles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A pair's market. The default is one without steps and limits.

    :param price_precision: step of prices, or digits, as ``precision_mode`` says; None for any.
    :param amount_precision: the same of amounts (of contracts, in futures).
    :param precision_mode: ccxt's: 4 for the size of a step, 2 for decimal places, 3 for significant
        digits.
    :param ticks: price steps over time, which come before ``price_precision``: by the dates (UTC)
        from which they hold, or "candles" to find them in the prices of each month, as freqtrade's
        backtesting does.
    :param contract_size: of futures.
    :param cost_min: least stake of an order before leverage; this and the next three in contracts.
    :param cost_max: greatest one.
    :param amount_min: least amount of an order.
    :param amount_max: greatest one.
    :param taker: fee in the liquidation formula "base".
    :param leverage_tiers: of futures, ascending: mappings with freqtrade's keys minNotional,
        maxNotional, maxLeverage, maintenanceMarginRate and maintAmt.
    :param funding: of futures, a frame with columns date (UTC), open_fund (the rate) and open_mark
        (the price that it is paid on); None for no funding fees.
    """

    price_precision: float | None = None
    amount_precision: float | None = None
    precision_mode: int = TICK_SIZE
    ticks: pd.Series | Literal["candles"] | None = None
    contract_size: float = 1.0
    cost_min: float | None = None
    cost_max: float | None = None
    amount_min: float | None = None
    amount_max: float | None = None
    taker: float | None = None
    leverage_tiers: Sequence[Mapping[str, Any]] = ()
    funding: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        """Check.

        :raise InvalidInputError: naming the setting.
        """
        require_choice("precision_mode", self.precision_mode, _MODES)
        for name in ("price_precision", "amount_precision"):
            _check_precision(name, getattr(self, name), self.precision_mode)
        require_number("contract_size", self.contract_size, 0.0)
        if self.contract_size == 0:
            reject("contract_size", "a number above 0", self.contract_size)
        for name in _BOUNDS:
            require_number(name, getattr(self, name), 0.0, optional=True)
        require_number("taker", self.taker, 0.0, below=1.0, optional=True)
        for tier in self.leverage_tiers:
            _check_tier(tier)
        if not (self.ticks is None or isinstance(self.ticks, pd.Series)):
            require_choice("ticks", self.ticks, (_CANDLES,))


def _check_precision(name: str, precision: float | None, mode: int) -> None:
    require_number(name, precision, 0.0, optional=True)
    if precision is None:
        return
    if mode == TICK_SIZE and precision == 0:
        reject(name, "a step above 0", precision)
    if mode != TICK_SIZE and precision != int(precision):
        reject(name, "a whole number of digits", precision)


def _check_tier(tier: Any) -> None:
    if not isinstance(tier, Mapping):
        reject("leverage_tiers", "mappings", tier)
    for key in (*_TIER, "maxNotional", "maintAmt"):
        if key not in tier:
            raise InvalidInputError(f"leverage_tiers: a tier has no {key!r}")
        require_number(f"leverage_tiers: {key}", tier[key], 0.0, optional=key not in _TIER)
    if tier["maxLeverage"] < 1:
        reject("leverage_tiers: maxLeverage", "a number from 1 on", tier["maxLeverage"])


def base_currency(pair: str) -> str:
    """The name before the slash."""
    return pair.partition("/")[0]


def add_market(
    tables: MarketTables,
    pair: str,
    market: Market,
    candles: pd.DataFrame,
    currency: int,
    *,
    futures: bool,
    formula: str,
) -> None:
    """Put a pair's market into the tables.

    :param tables: the tables.
    :param pair: its name, for errors.
    :param market: its market.
    :param candles: its candles, for ticks that come from them.
    :param currency: number of its base currency.
    :param futures: whether the trading mode is futures.
    :param formula: of the liquidation price.
    :raise InvalidInputError: naming the market, and what it lacks.
    """
    if futures and not market.leverage_tiers:
        raise InvalidInputError(f"markets[{pair!r}]: futures need leverage_tiers")
    if futures and formula == "base" and not market.taker:
        raise InvalidInputError(f"markets[{pair!r}]: liquidation_formula 'base' needs taker")
    size = float(market.contract_size) if futures else 1.0
    tables.add(
        _ticks(pair, market, candles),
        tier_steps(market.leverage_tiers if futures else ()),
        amount_precision=or_nan(market.amount_precision),
        price_precision=or_nan(market.price_precision),
        contract_size=size,
        **{name: _in_amount(getattr(market, name), size) for name in _BOUNDS},
        taker_fee=market.taker if futures and formula == "base" else 0.0,
        amount_mode=market.precision_mode,
        price_mode=market.precision_mode,
        base_currency=currency,
        captured_currency=currency,
    )


def _in_amount(contracts: float | None, size: float) -> float:
    """A number of contracts in the base or stake currency: the exact product, rounded once."""
    if contracts is None:
        return nan
    if size == 1:
        return contracts
    return float(Fraction(repr(float(contracts))) * Fraction(repr(size)))


def _ticks(pair: str, market: Market, candles: pd.DataFrame) -> Struct:
    ticks = market.ticks
    if isinstance(ticks, str):
        ticks = get_tick_size_over_time(candles[["date", "open", "high", "low", "close"]].copy())
    if isinstance(ticks, pd.Series) and len(ticks):
        ticks = _in_utc(pair, ticks)
    steps = tick_steps(ticks)
    if isinstance(steps, Support):
        raise InvalidInputError(f"markets[{pair!r}]: ticks: {steps.reason}")
    return steps


def _in_utc(pair: str, ticks: pd.Series) -> pd.Series:
    if not isinstance(ticks.index, pd.DatetimeIndex):
        raise InvalidInputError(f"markets[{pair!r}]: ticks: expected an index of dates")
    if not all(is_number(tick) or tick != tick for tick in ticks.tolist()):
        raise InvalidInputError(f"markets[{pair!r}]: ticks: expected numbers")
    index = ticks.index.tz_localize("UTC") if ticks.index.tz is None else ticks.index
    return ticks.set_axis(index.tz_convert("UTC"))
