"""What freqtrade's exchange knows of a pair: precisions, limits, leverage tiers, funding fees."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from freqkernels.layout import Liquidation, Refusal
from freqkernels.reference.exact import (
    ROUND,
    TICK_SIZE,
    sum_of,
    to_contract_precision,
    to_precision,
)

_NANOSECONDS = 1_000_000


class GivenUpError(Exception):
    """The run is one for freqtrade's own code."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


def fields(struct: Any) -> Any:
    """A struct's fields as attributes."""
    return SimpleNamespace(**dict(zip(struct.dtype.names, struct.item(), strict=True)))


def or_none(value: float) -> float | None:
    """The number, or what NaN stands for."""
    return None if math.isnan(value) else value


class Grid(NamedTuple):
    """The price precision of a trade."""

    precision: float | None
    mode: int
    from_history: bool

    def price(self, price: float, rounding: int = ROUND) -> float:
        """price_to_precision."""
        if self.precision is None:
            return price
        return to_precision(price, self.precision, self.mode, rounding)


class Tier(NamedTuple):
    """One of the leverage tiers."""

    min_notional: float
    max_notional: float | None
    max_leverage: float
    maintenance_ratio: float
    maintenance_amount: float | None

    @classmethod
    def of(cls, struct: Any) -> Tier:
        """From the struct of the layout."""
        least, most, leverage, ratio, amount, whole = struct.item()
        max_leverage = int(leverage) if whole else leverage
        return cls(least, or_none(most), max_leverage, ratio, or_none(amount))


@dataclass
class Market:
    """One pair's market."""

    rules: Any
    limits: Any
    ticks: list[tuple[int, float]]
    tiers: list[Tier]
    funding_ns: list[int] = field(default_factory=list)
    funding_fees: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, rules: Any, struct: Any, ticks: NDArray[Any], tiers: NDArray[Any]) -> Market:
        """From the structs of the layout."""
        m = fields(struct)
        history = ticks[m.first_tick : m.last_tick].tolist()
        return cls(rules, m, history, [Tier.of(row) for row in tiers[m.first_tier : m.last_tier]])

    # ---- precisions

    def price_grid(self, time_ms: int) -> Grid:
        """get_pair_precision: of the latest known month, else of the exchange."""
        known = [tick for since, tick in self.ticks if since <= time_ms]
        if known:
            return Grid(known[-1], TICK_SIZE, True)
        return Grid(or_none(self.limits.price_precision), self.limits.price_mode, False)

    def amount(self, amount: float) -> float:
        """amount_to_contract_precision."""
        m = self.limits
        if math.isnan(m.amount_precision):
            return amount
        return to_contract_precision(amount, m.amount_precision, m.amount_mode, m.contract_size)

    # ---- limits

    def min_stake(self, price: float, leverage: float) -> float:
        """get_min_pair_stake_amount, 0 for none."""
        limits = []
        if not math.isnan(self.limits.cost_min):
            limits.append(self.limits.cost_min * self.rules.stoploss_reserve)
        if not math.isnan(self.limits.amount_min):
            limits.append(self.limits.amount_min * price * self.rules.margin_reserve)
        return max(limits) / leverage if limits else 0

    def max_stake(self, price: float, leverage: float) -> float:
        """get_max_pair_stake_amount."""
        limits = []
        for tier in reversed(self.tiers):
            if leverage <= tier.max_leverage:
                if tier.max_notional:
                    limits.append(tier.max_notional)
                break
        if not math.isnan(self.limits.cost_max):
            limits.append(self.limits.cost_max)
        if not math.isnan(self.limits.amount_max):
            limits.append(self.limits.amount_max * price)
        return min(limits) / leverage if limits else math.inf

    def max_leverage(self, stake: float) -> float:
        """get_max_leverage; given up where freqtrade raises, or warns of a gap between tiers."""
        if not self.rules.futures or not self.tiers:
            return 1.0
        if stake == 0:
            return self.tiers[0].max_leverage
        prior = 0.0
        for tier in self.tiers:
            min_stake = tier.min_notional / (prior or tier.max_leverage)
            max_stake = math.inf
            if tier.max_notional is not None:
                max_stake = tier.max_notional / tier.max_leverage
            prior = tier.max_leverage
            if min_stake <= stake <= max_stake:
                return tier.max_leverage
            if stake < min_stake:
                break
        raise GivenUpError(Refusal.LEVERAGE_TIERS)

    # ---- liquidation

    def liquidation_price(
        self, open_rate: float, is_short: bool, amount: float, stake: float
    ) -> float | None:
        """get_liquidation_price of an isolated position."""
        if self.rules.liquidation == Liquidation.NONE:
            return None
        tiers = [tier for tier in reversed(self.tiers) if stake >= tier.min_notional]
        if not tiers:
            raise GivenUpError(Refusal.LIQUIDATION_PRICE)
        price_of = self._binance if self.rules.liquidation == Liquidation.BINANCE else self._base
        try:
            price = price_of(tiers[0], open_rate, is_short, amount, stake)
        except ZeroDivisionError:
            raise GivenUpError(Refusal.LIQUIDATION_PRICE) from None
        buffer: float = abs(open_rate - price) * self.rules.liquidation_buffer
        return max(price - buffer if is_short else price + buffer, 0.0)

    def _base(
        self, tier: Tier, open_rate: float, is_short: bool, amount: float, stake: float
    ) -> float:
        value = stake / amount
        ratio: float = tier.maintenance_ratio + self.limits.taker_fee
        if is_short:
            return (open_rate + value) / (1 + ratio)
        return (open_rate - value) / (1 - ratio)

    def _binance(
        self, tier: Tier, open_rate: float, is_short: bool, amount: float, stake: float
    ) -> float:
        side = -1 if is_short else 1
        if tier.maintenance_amount is None:
            raise GivenUpError(Refusal.LIQUIDATION_PRICE)
        return ((stake + 0.0 + tier.maintenance_amount) - (side * amount * open_rate)) / (
            (amount * tier.maintenance_ratio) - (side * amount)
        )

    # ---- funding fees

    def set_funding(self, time_ns: NDArray[np.int64], fee_per_unit: NDArray[np.float64]) -> None:
        """Fees by time."""
        self.funding_ns, self.funding_fees = time_ns.tolist(), fee_per_unit.tolist()

    def calculate_funding_fees(
        self, amount: float, is_short: bool, open_ms: int, close_ms: int
    ) -> float:
        """The sum of what was due between two times, both inclusive; paid by longs."""
        first = bisect_left(self.funding_ns, open_ms * _NANOSECONDS)
        last = bisect_right(self.funding_ns, close_ms * _NANOSECONDS)
        due = [fee * amount for fee in self.funding_fees[first:last]]
        fees = sum_of(due, self.rules.compensated_sum) if due else 0
        if math.isnan(fees):
            fees = 0.0
        return fees if is_short else -fees
