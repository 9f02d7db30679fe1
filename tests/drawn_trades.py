"""Trades with orders as hypothesis draws them, and all that can be told of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from freqtrade.enums import TradingMode
from freqtrade.persistence import LocalTrade, Order
from hypothesis import strategies as st

OPENED = datetime(2024, 1, 1, tzinfo=UTC)

#: Prices as markets have them, and then any.
prices = st.one_of(
    st.floats(0.1, 1e5).map(lambda x: round(x, 4)),
    st.floats(1e-10, 1e9),
    st.sampled_from([1.0, 0.5, 1e-10, 1e9, 0.1 + 0.2]),
)
amounts = st.one_of(st.floats(0.001, 1e4).map(lambda x: round(x, 3)), st.floats(1e-8, 1e6))
fees = st.sampled_from([0.001, 0.0005, 0.0, 0.00075, 0.1, 0])
funding = st.one_of(st.just(0.0), st.floats(-100.0, 100.0), st.sampled_from([None, 0, -0.01]))
#: What freqtrade does not expect of a number, and what somebody's strategy may pass anyway.
odd_numbers = st.sampled_from(
    [None, 0, 3, True, np.float64(1.25), np.float32(1.5), np.nan, np.inf, "1.5", 10**400, -2.0]
)
#: Precision and what it counts.
grids = st.one_of(
    st.tuples(st.sampled_from([0.1, 0.001, 1e-8, 0.5, 1, 10, np.float64(0.0001)]), st.just(4)),
    st.tuples(st.integers(0, 8) | st.sampled_from([5.0, np.float64(3.0)]), st.sampled_from([2, 3])),
    st.sampled_from([(None, 4), (0.01, None), (None, None), (0.01, 7), (-1, 2), ("x", 4)]),
)


@st.composite
def trade_values(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of ``LocalTrade``."""
    price, mode = draw(grids)
    size, size_mode = draw(grids)
    rate = draw(prices)
    return {
        "id": 1,
        "pair": "ABC/USDT",
        "open_rate": rate,
        "open_date": OPENED,
        "stake_amount": draw(amounts),
        "amount": draw(amounts),
        "fee_open": draw(fees),
        "fee_close": draw(fees),
        "is_short": draw(st.booleans()),
        "leverage": draw(st.sampled_from([1.0, 1, 3, 5.0, 2.5, np.float64(2.0), None])),
        "trading_mode": draw(st.sampled_from([TradingMode.SPOT, TradingMode.FUTURES])),
        "funding_fees": draw(funding),
        "amount_precision": size,
        "price_precision": price,
        "precision_mode": size_mode,
        "precision_mode_price": mode,
        "contract_size": draw(st.sampled_from([None, 1.0, 1, 0.01, 10, 100.0])),
        "max_stake_amount": draw(st.sampled_from([None, 0.0, 250.0, 1e-5])),
        "realized_profit": draw(st.sampled_from([0, 0.0, 12.5, -3.25])),
    }


@st.composite
def order_values(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Arguments of ``Order``; ``side`` is that of an entry or of an exit."""
    price, amount = draw(prices), draw(amounts)
    is_open = draw(st.sampled_from([False, False, False, True]))
    values = {
        "id": number,
        "ft_is_open": is_open,
        "ft_price": price,
        "price": price,
        "amount": amount,
        "filled": amount if not is_open else draw(st.sampled_from([0, 0.0, amount / 2])),
        "status": draw(st.sampled_from(["open"] if is_open else ["closed", "canceled", None])),
        "order_filled_date": OPENED + timedelta(minutes=draw(st.integers(0, 9))),
    }
    if draw(st.booleans()):
        values["average"] = draw(prices)
    if draw(st.booleans()):
        values["funding_fee"] = draw(funding)
    for name, value in draw(
        st.dictionaries(st.sampled_from(_ODD), odd_numbers, max_size=1)
    ).items():
        if draw(st.integers(0, 9)) == 0:
            values[name] = value
    return {**values, "is_exit": draw(st.sampled_from([False, False, True]))}


_ODD = (
    *("price", "average", "filled", "ft_fee_base", "funding_fee", "order_filled_date"),
    *("status", "ft_is_open", "stop_price"),
)


@st.composite
def trades(draw: st.DrawFn, most_orders: int = 6) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What :func:`make` makes a trade of."""
    count = draw(st.integers(0, most_orders))
    return draw(trade_values()), [draw(order_values(number)) for number in range(count)]


def make(plan: tuple[dict[str, Any], list[dict[str, Any]]], kind: type = LocalTrade) -> Any:
    """A trade from what was drawn."""
    values, orders = plan
    trade = kind.__new__(kind)
    for name, value in values.items():
        setattr(trade, name, value)
    trade.orders = []
    for drawn in orders:
        own = {**drawn}
        side = trade.exit_side if own.pop("is_exit") else trade.entry_side
        order = Order(ft_pair=trade.pair, ft_order_side=side, **own)
        order._trade_bt = trade
        trade.orders.append(order)
    return trade


def told(value: Any) -> Any:
    """A value with its type, to the last bit; trades and orders by their attributes in order."""
    if isinstance(value, (LocalTrade, Order)):
        return _told_object(value)
    if isinstance(value, (list, tuple)):  # a callback's trade has a list of another class
        return isinstance(value, list), [told(item) for item in value]
    if isinstance(value, BaseException):
        return type(value), str(value)
    if hasattr(value, "__dataclass_fields__"):
        return type(value), [(name, told(item)) for name, item in vars(value).items()]
    return type(value), repr(value)


def _told_object(value: Any) -> Any:
    own = dict(vars(value))
    state = own.pop("_sa_instance_state", None)
    owner = own.pop("_trade_bt", None)
    attributes = [(name, told(item)) for name, item in own.items()]
    if state is None:
        return type(value), attributes
    kept = {name: item for name, item in vars(state).items() if name != "committed_state"}
    committed = list(state.committed_state.items())
    return type(value), attributes, owner is None, state.key, repr(committed), repr(kept)
