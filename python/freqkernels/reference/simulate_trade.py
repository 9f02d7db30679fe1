"""freqtrade's LocalTrade and Order, of a trade with one entry and one exit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from freqkernels.layout import Refusal
from freqkernels.reference.exact import (
    ROUND_DOWN,
    ROUND_UP,
    average_of,
    cost_of,
    profit_abs_of,
    profit_ratio_of,
    rate_of_roi,
    stake_of,
    sum_of,
    value_of,
)
from freqkernels.reference.simulate_market import GivenUpError, Grid, Market


@dataclass(slots=True, eq=False)
class Order:
    """An order; what becomes of it stands in ``is_open`` and ``filled_ms``."""

    id: int
    is_entry: bool
    placed_ms: int
    row: int
    price: float
    amount: float
    reason: int = 0
    is_open: bool = True
    filled_ms: int | None = None
    funding_fee: float | None = None


@dataclass(slots=True, eq=False)
class Trade:
    """A trade; None and the types of numbers are freqtrade's."""

    rules: Any
    market: Market
    id: int
    pair: int
    is_short: bool
    open_ms: int
    entry_row: int
    open_rate: float
    stake_amount: float
    leverage: float
    grid: Grid
    open_rate_requested: float = 0.0
    amount: float = 0
    orders: list[Order] = field(default_factory=list)
    is_open: bool = True
    close_ms: int | None = None
    close_rate: float | None = None
    close_profit: float | None = None
    close_profit_abs: float | None = None
    max_stake_amount: float = 0.0
    open_trade_value: float = 0.0
    stop_loss: float = 0.0
    stop_loss_pct: float | None = None
    initial_stop_loss: float = 0.0
    initial_stop_loss_pct: float | None = None
    is_stop_loss_trailing: bool = False
    max_rate: float | None = None
    min_rate: float | None = None
    liquidation_price: float | None = None
    funding_fees: float | None = None
    funding_fee_running: float | None = None
    exit_reason: int = 0
    reason_row: int = 0

    # ---- orders

    def open_order(self, is_entry: bool) -> Order | None:
        """The latest open order of that side."""
        found = [o for o in self.orders if o.is_open and o.is_entry is is_entry]
        return found[-1] if found else None

    def filled_order(self, is_entry: bool) -> Order | None:
        """The filled order of that side."""
        found = [o for o in self.orders if not o.is_open and o.is_entry is is_entry]
        return found[-1] if found else None

    def last_filled_ms(self) -> int:
        """date_last_filled_utc."""
        filled = [o.filled_ms for o in self.orders if not o.is_open and o.filled_ms is not None]
        return max([self.open_ms, *filled])

    def close_bt_order(self, order: Order, now_ms: int) -> None:
        """An order is filled."""
        order.filled_ms = now_ms
        order.is_open = False
        order.funding_fee = self.funding_fee_running
        self.funding_fee_running = 0.0
        if order.is_entry:
            self.open_rate = order.price
            self.recalc_from_orders()
            self.initial_stop_loss_pct = None
            self.is_stop_loss_trailing = False
            self.adjust_stop_loss(self.open_rate, self.stop_loss_pct)

    def recalc_from_orders(self) -> None:
        """recalc_trade_from_orders, also of a trade that is closing."""
        entry, exit_ = self.filled_order(True), self.filled_order(False)
        self.funding_fees = 0.0
        if entry is None:
            self.max_stake_amount = 0.0
            return
        funding = 0.0 + (entry.funding_fee or 0.0)
        total_stake = 0.0 + self._open_value(entry.amount, entry.price)
        average = average_of(entry.amount, entry.price)
        cost = cost_of(entry.amount, entry.price)
        if exit_ is not None:
            funding += exit_.funding_fee or 0.0
            self.funding_fees = funding
            closed = self.close_value(exit_.price, exit_.amount)
            opened = self._open_value(exit_.amount, average)
            self.close_profit_abs = 0.0 + profit_abs_of(opened, closed, self.is_short)
            self.close_profit = (self.close_profit_abs / total_stake) * self.leverage
        self.funding_fees = funding
        self.max_stake_amount = cost / self.leverage
        if exit_ is None:
            self._recalc_position(entry, average, cost)

    def _recalc_position(self, entry: Order, average: float, cost: float) -> None:
        self.open_rate = self.grid.price(average)
        self.amount = self.market.amount(entry.amount)
        if self.amount != entry.amount:
            raise GivenUpError(Refusal.PARTIAL_EXIT)
        self.stake_amount = cost / self.leverage
        self.open_trade_value = self._open_value(self.amount, self.open_rate)
        self.adjust_stop_loss(self.open_rate, self.stop_loss_pct)

    # ---- stops

    def adjust_stop_loss(
        self, current_price: float, stoploss: float | None, initial: bool = False
    ) -> None:
        """The first stop, or one that walks towards the price."""
        if stoploss is None or (initial and self.stop_loss != 0):
            return
        rounding = ROUND_DOWN if self.is_short else ROUND_UP
        part = abs(stoploss / self.leverage)
        raw = current_price * (1 + part) if self.is_short else current_price * (1 - part)
        stop = self.grid.price(raw, rounding)
        if self.initial_stop_loss_pct is None:
            self._set_stop_loss(stop, stoploss)
            self.initial_stop_loss = self.grid.price(stop, rounding)
            self.initial_stop_loss_pct = -1 * abs(stoploss)
        elif stop < self.stop_loss if self.is_short else stop > self.stop_loss:
            self.is_stop_loss_trailing = True
            self._set_stop_loss(stop, stoploss)

    def _set_stop_loss(self, stop: float, percent: float) -> None:
        if not self.stop_loss:
            self.initial_stop_loss = stop
        self.stop_loss = stop
        self.stop_loss_pct = -1 * abs(percent)

    def adjust_min_max_rates(self, high: float, low: float) -> None:
        """The extreme rates since the entry."""
        self.max_rate = max(high, self.max_rate or self.open_rate)
        self.min_rate = min(low, self.min_rate or self.open_rate)

    # ---- values

    def _open_value(self, amount: float, rate: float) -> float:
        return value_of(amount, rate, self.rules.fee, not self.is_short)

    def close_value(self, rate: float, amount: float) -> float:
        """calc_close_trade_value."""
        value = value_of(amount, rate, self.rules.fee, self.is_short)
        if not self.rules.futures:
            return value
        funding = self.funding_fees or 0.0
        return value - funding if self.is_short else value + funding

    def calc_profit_ratio(self, rate: float) -> float:
        """The profit at a rate."""
        closed = self.close_value(rate, self.amount)
        return profit_ratio_of(self.open_trade_value, closed, self.leverage, self.is_short)

    def calc_close_rate_for_roi(self, roi: float) -> float:
        """The rate that yields that profit."""
        at_0, at_1 = (self.close_value(rate, self.amount) for rate in (0.0, 1.0))
        opened = self._open_value(self.amount, self.open_rate)
        return rate_of_roi(opened, at_0, at_1, roi, self.leverage, self.is_short)

    # ---- futures

    def run_funding_fees(self, now_ms: int, force: bool = False) -> None:
        """_run_funding_fees and set_funding_fees."""
        if not self.rules.futures or not (force or now_ms % self.rules.funding_ms == 0):
            return
        fees = self.market.calculate_funding_fees(
            self.amount, self.is_short, self.last_filled_ms(), now_ms
        )
        prior = [o.funding_fee for o in self.orders if o.funding_fee]
        booked = sum_of(prior, self.rules.compensated_sum) if prior else 0
        self.funding_fee_running = fees
        self.funding_fees = booked + fees

    def update_liquidation_price(self) -> None:
        """update_liquidation_prices of an isolated trade."""
        price = self.market.liquidation_price(
            self.open_rate, self.is_short, self.amount, self.stake_amount
        )
        if price is not None:
            self.liquidation_price = self.grid.price(price)


@dataclass
class Trades:
    """All trades of a run, as LocalTrade keeps them."""

    open: list[Trade] = field(default_factory=list)
    of_pair: dict[int, list[Trade]] = field(default_factory=lambda: defaultdict(list))
    closed: list[Trade] = field(default_factory=list)
    total_profit: float = 0

    def add(self, trade: Trade) -> None:
        """A trade begins."""
        self.open.append(trade)
        self.of_pair[trade.pair].append(trade)

    def remove(self, trade: Trade) -> None:
        """A trade vanishes, or is about to be listed as closed."""
        self.open.remove(trade)
        self.of_pair[trade.pair].remove(trade)

    def close(self, trade: Trade, rate: float, now_ms: int) -> None:
        """A trade ends at a rate."""
        trade.close_ms = now_ms
        trade.close_rate = rate
        trade.is_open = False
        trade.recalc_from_orders()
        assert trade.close_profit_abs is not None
        self.remove(trade)
        self.closed.append(trade)
        self.total_profit += trade.close_profit_abs


def open_entry_stakes(trade: Trade) -> list[float]:
    """Stakes of the trade's open entry orders."""
    return [
        stake_of(o.amount, o.price, trade.leverage)
        for o in trade.orders
        if o.is_open and o.is_entry
    ]
