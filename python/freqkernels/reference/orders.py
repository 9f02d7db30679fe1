"""Twins of the kernels that read the orders of a trade.

Where a kernel cannot promise freqtrade's result it returns ``NotImplemented``.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import UTC, datetime
from typing import Any

from freqkernels.reference.exact import (
    Exact,
    RefusedError,
    _exact,
    _float,
    _over,
    _plus,
    _times,
    profit_abs_of,
    value_of,
)
from freqkernels.reference.ledger import most_stake, plain_number, refusing

Values = dict[str, Any]


def remember(on: bool) -> None:
    """From now on, or no longer, closed orders are looked at once: every change of one is told.

    Here they are looked at each time all the same.
    """


def changed() -> None:
    """An order was changed, whichever."""


def _attributes(order: Any, kind: type) -> Values:
    """What stands in a plain order's attributes.

    :raise RefusedError: for an order of another class, or of a database.
    """
    values: Values = {} if type(order) is not kind else vars(order)
    state = values.get("_sa_instance_state")
    if state is None or state.key is not None:
        raise RefusedError
    return values


def _read(orders: Any, kind: type) -> Iterator[tuple[Any, Values]]:
    if type(orders) is not list:
        raise RefusedError
    return ((order, _attributes(order, kind)) for order in orders)


def _is_filled(values: Values, states: Container[Any]) -> bool:
    return (
        values.get("ft_is_open") is False
        and bool(values.get("filled"))
        and values.get("status") in states
    )


@refusing
def last_order(
    orders: Any,
    kind: type,
    side: Any,
    is_open: Any,
    only_filled: bool,
    states: Container[Any],
) -> Any:
    """LocalTrade.select_order."""
    if type(orders) is not list:
        raise RefusedError
    for order, values in _read(orders[::-1], kind):
        if side and values.get("ft_order_side") != side:
            continue
        if is_open is not None and values.get("ft_is_open") != is_open:
            continue
        wants_filled = is_open is False and only_filled
        if wants_filled and not (values.get("filled") and values.get("status") in states):
            continue
        return order
    return None


@refusing
def filled_orders(orders: Any, kind: type, side: Any, states: Container[Any]) -> Any:
    """LocalTrade.select_filled_orders."""
    return [
        order
        for order, values in _read(orders, kind)
        if (side is None or values.get("ft_order_side") == side) and _is_filled(values, states)
    ]


@refusing
def filled_count(orders: Any, kind: type, side: Any, states: Container[Any]) -> Any:
    """How many orders LocalTrade.select_filled_orders has for one side."""
    return sum(
        values.get("ft_order_side") == side and _is_filled(values, states)
        for _, values in _read(orders, kind)
    )


@refusing
def filled_or_open_orders(orders: Any, kind: type, states: Container[Any]) -> Any:
    """LocalTrade.select_filled_or_open_orders."""
    return [
        order
        for order, values in _read(orders, kind)
        if (
            values.get("ft_is_open") is False
            and (values.get("filled") or 0) > 0
            and values.get("status") in states
        )
        or (values.get("ft_is_open") is True and values.get("status") is not None)
    ]


@refusing
def open_orders(orders: Any, kind: type, states: Container[Any]) -> Any:
    """LocalTrade.open_orders."""
    return [
        order
        for order, values in _read(orders, kind)
        if values.get("ft_is_open") and values.get("ft_order_side") != "stoploss"
    ]


@refusing
def has_open(orders: Any, kind: type, states: Container[Any], with_stoploss: bool) -> Any:
    """Whether an order is open; those on the exchange's stop only ``with_stoploss``."""
    found = [
        values.get("ft_is_open") and (with_stoploss or values.get("ft_order_side") != "stoploss")
        for _, values in _read(orders, kind)
    ]
    return any(found)


@refusing
def funding_fees(orders: Any, kind: type) -> Any:
    """Funding fees of the orders that have any."""
    return [fee for _, values in _read(orders, kind) if (fee := values.get("funding_fee"))]


@refusing
def filled_date(orders: Any, kind: type, side: Any, states: Container[Any], latest: bool) -> Any:
    """When the last (latest) or first filled order was filled; None if no order is.

    Dates are those of the standard library with its own UTC; without any date of a filled order
    freqtrade decides.
    """
    dates = [
        values.get("order_filled_date")
        for _, values in _read(orders, kind)
        if (side is None or values.get("ft_order_side") == side) and _is_filled(values, states)
    ]
    known = [date for date in dates if date is not None]
    if any(type(date) is not datetime or date.tzinfo is not UTC for date in known):
        raise RefusedError
    if dates and not known:
        raise RefusedError
    return (max if latest else min)(known) if known else None


class _Fold:
    """A trade from its filled orders; src/fk_fold.h."""

    def __init__(self, leverage: float, fees: tuple[float, float], is_short: bool) -> None:
        self.amount: Exact = (0, 0)
        self.stake: Exact = (0, 0)
        self.max_stake: Exact = (0, 0)
        self.average: Exact = (0, 0)
        self.leverage, self.fees, self.is_short = leverage, fees, is_short
        self.total_stake = self.funding = self.total_funding = 0.0
        self.profit = self.last_profit = self.close_profit = 0.0

    def average_price(self) -> Exact | None:
        if self.amount[0] <= 0:
            return None
        if self.stake[0] < 0:
            raise RefusedError
        return _over(self.stake, self.amount)

    def enter(self, amount: float, price: float) -> None:
        cost = _times(_exact(amount), _exact(price))
        self.amount = _plus(self.amount, _exact(amount))
        self.stake = _plus(self.stake, cost)
        self.max_stake = _plus(self.max_stake, cost)
        self.average = self.average_price() or self.average
        self.total_stake += value_of(amount, price, self.fees[0], not self.is_short)

    def exit(self, amount: float, price: float, is_futures: bool) -> None:
        size, decimals = _exact(amount)
        self.amount = _plus(self.amount, (-size, decimals))
        cost, places = _times(self.average, (size, decimals))
        self.stake = _plus(self.stake, (-cost, places))
        opened = value_of(amount, _float(self.average), self.fees[0], not self.is_short)
        closed = value_of(amount, price, self.fees[1], self.is_short)
        if is_futures:
            closed = closed - self.funding if self.is_short else closed + self.funding
        self.last_profit = profit_abs_of(opened, closed, self.is_short)
        self.profit += self.last_profit
        if self.total_stake > 0.0:
            self.close_profit = self.profit / self.total_stake * self.leverage
        self.funding = 0.0


def _amount_and_price(values: Values) -> tuple[float, float]:
    amount = plain_number(values["filled"]) - plain_number(values.get("ft_fee_base") or 0.0)
    names = ("average", "price", "stop_price")
    price = next((values[name] for name in names if values.get(name)), values.get("ft_price"))
    if not amount > 0.0:
        raise RefusedError
    return amount, plain_number(price)


@refusing
def fold_orders(
    orders: Any,
    kind: type,
    entry_side: Any,
    is_short: bool,
    leverage: Any,
    fee_open: Any,
    fee_close: Any,
    is_futures: bool,
    max_stake_amount: Any,
    realized_profit: Any,
) -> Any:
    """The sums of LocalTrade.recalc_trade_from_orders.

    They are: funding fees, largest stake, stake of all entries with fees, profit ratio, profit,
    profit of the last exit, and what is left: amount, stake, average price.
    """
    fees = plain_number(fee_open), plain_number(fee_close)
    f = _Fold(plain_number(leverage), fees, is_short)
    for _, values in _read(orders, kind):
        if values.get("ft_is_open") or not values.get("filled"):
            continue
        is_exit = values.get("ft_order_side") != entry_side
        if is_exit:  # numbers that freqtrade looks at without need
            plain_number(realized_profit)
            most_stake(max_stake_amount, fee_open, is_short)
        amount, price = _amount_and_price(values)
        funding_fee = plain_number(values.get("funding_fee") or 0.0)
        f.funding += funding_fee
        f.total_funding += funding_fee
        if is_exit:
            f.exit(amount, price, is_futures)
        else:
            f.enter(amount, price)
    average = _float(f.average_price() or (0, 0))
    sums = (f.total_funding, _float(f.max_stake), f.total_stake)
    profits = (f.close_profit, f.profit, f.last_profit)
    return (*sums, *profits, _float(f.amount), _float(f.stake), average)
