"""Orders that are made and filled quickly: the same objects as SQLAlchemy's."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

pytest.importorskip("freqtrade")

from freqtrade.persistence import LocalTrade, Order
from freqtrade.strategy import strategy_wrapper
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, inspect
from sqlalchemy.orm.state import InstanceState

import made_trades
from drawn_trades import OPENED, amounts, make, odd_numbers, prices, told, trades
from freqkernels.bridge.objects import (
    callbacks,
    order_making,
    plain_orders,
    precision,
    trade_changes,
    trade_orders,
    trade_values,
)
from freqkernels.bridge.objects.order_writes import order_writes_watched
from freqkernels.bridge.objects.swaps import swapped
from freqkernels.bridge.objects.trade_copies import TradeCopier
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from freqkernels.runtime import journal

pytestmark = pytest.mark.skipif(
    not certificate(ENGINE).support, reason="the engine is left alone here"
)

SWAPS = (
    *(*callbacks.SWAPS, *order_making.SWAPS, *precision.SWAPS, *trade_values.SWAPS),
    *(*trade_changes.SWAPS, *trade_orders.SWAPS),
)
GENUINE = vars(Order)["__init__"]

names = st.sampled_from(
    ["id", "ft_is_open", "ft_pair", "price", "amount", "filled", "status", "ft_order_tag", "cost"]
)
values = st.one_of(prices, odd_numbers, st.text(max_size=3), st.just(OPENED))


def outcome(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:
        return type(error), str(error)


def both(act: Callable[[], Any]) -> Any:
    """What ``act`` gives twice (the first order shows how), with freqtrade's ways and with ours."""
    expected = [outcome(act), outcome(act)]
    with swapped(SWAPS):
        assert vars(Order)["__init__"] is not GENUINE
        assert [outcome(act), outcome(act), outcome(act)] == [*expected, expected[1]]
    assert vars(Order)["__init__"] is GENUINE
    return expected[1]


def described(order: Any) -> Any:
    """All that makes up an order, and whether its state is its own."""
    state = inspect(order)
    assert state.obj() is order
    assert state.dict is order.__dict__
    slots = [getattr(state, name) for name in ("class_", "manager", "expired_attributes")]
    flags = [getattr(state, name) for name in ("transient", "modified", "session_id", "key")]
    return told(order), slots, flags, repr(list(state.unmodified))


# ---- making


@given(st.dictionaries(names, values))
def test_orders_of_any_arguments(given: dict[str, Any]) -> None:
    both(lambda: described(Order(**given)))


@pytest.mark.parametrize("given", [{"nothing": 1}, {"id": 1, "safe_price": 2.0}, {"trade": None}])
def test_arguments_that_orders_do_not_have(given: dict[str, Any]) -> None:
    both(lambda: described(Order(**given)))


def changed(order: Any) -> Any:
    order.price = 7.5
    order.stop_price = 1.0
    order.filled = None
    del order.ft_order_tag
    return described(order), repr(inspect(order).attrs.price.history)


def pickled(order: Any) -> Any:
    order._trade_bt = None
    return described(pickle.loads(pickle.dumps(order)))


AFTERWARDS: dict[str, Callable[[Any], Any]] = {
    "nothing": described,
    "changed": changed,
    "pickled": pickled,
    "copied": lambda order: described(copy.deepcopy(order)),
    "copied shallowly": lambda order: sorted(vars(copy.copy(order)))[1:],
    "told": lambda order: (order.to_json("buy"), order.to_json("buy", True), repr(order)),
    "read": lambda order: [getattr(order, column.key) for column in Order.__mapper__.columns],
    "weighed": lambda order: (order.stake_amount, order.stake_amount_filled),
}


@pytest.mark.parametrize("what", AFTERWARDS)
def test_orders_of_a_backtest(what: str) -> None:
    trade = made_trades.make_trade(0)
    both(lambda: AFTERWARDS[what](made_trades.make_order(trade, 3)))


def test_orders_go_when_nobody_holds_them() -> None:
    with swapped(SWAPS):
        orders = [Order(id=1), Order(id=2)]
        gone = weakref.ref(orders[1])
        orders.clear()
        gc.collect()
        assert gone() is None


def test_the_second_order_is_made_without_sqlalchemy(monkeypatch: pytest.MonkeyPatch) -> None:
    with swapped(SWAPS):
        Order(id=1)
        monkeypatch.setattr(InstanceState, "_initialize_instance", None)
        assert Order(id=2).id == 2
        with pytest.raises(TypeError):
            Order(price=2.0)


def test_somebody_listens_to_an_attribute() -> None:
    seen: list[Any] = []

    def listen(order: Any, value: Any, old: Any, initiator: Any) -> None:
        seen.append(value)

    event.listen(Order.filled, "set", listen)
    try:
        with swapped(SWAPS):
            assert vars(Order)["__init__"] is GENUINE
            Order(filled=1.0)
            made_trades.make_trade(2)
    finally:
        event.remove(Order.filled, "set", listen)
    assert seen == [1.0, 0, 2.5, 0]
    assert any("Order.filled" in entry.reason for entry in journal.events())


def test_values_that_no_copy_can_share_are_noticed() -> None:
    trade = made_trades.make_trade(1)
    with swapped(SWAPS), order_writes_watched():
        for tag in ("a", "b", ["odd"]):
            made_trades.make_order(trade, 5, ft_order_tag=tag)
        assert TradeCopier().copy(trade) is None


# ---- filling


@given(trades(4), st.data())
def test_close_bt_order(plan: Any, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 3))
    running = data.draw(st.sampled_from([None, 0.0, 1.5, np.float64(2.0), 0, "x"]))
    stop = data.draw(st.sampled_from([None, -0.1]))

    def act() -> Any:
        trade = make(plan)
        trade.funding_fee_running = running
        if stop:
            trade.adjust_stop_loss(trade.open_rate, stop, initial=True)
        results = [
            outcome(lambda order=order: order.close_bt_order(OPENED, trade))
            for order in trade.orders[place : place + 2]
        ]
        return results, told(trade), [described(order) for order in trade.orders]

    both(act)


def test_close_bt_order_notes_what_stood_there() -> None:
    def act() -> Any:
        trade = made_trades.make_trade(1)
        order = trade.orders[0]
        inspect(order)._commit_all(order.__dict__)
        order.price = 3.0
        order.close_bt_order(OPENED, trade)
        return described(order)

    both(act)


def test_close_bt_order_of_another_class() -> None:
    class Mine(LocalTrade):
        """Somebody's own class of trades."""

    def act() -> Any:
        trade = make(
            ({"open_date": OPENED}, [{"price": 2.0, "amount": 1.0, "is_exit": True}]), Mine
        )
        trade.orders[0].close_bt_order(OPENED, trade)
        return told(trade), described(trade.orders[0])

    both(act)


def test_a_callbacks_orders_do_not_change_with_the_originals() -> None:
    def act() -> Any:
        trade, seen = made_trades.make_trade(2), []

        def callback(order: Any, **kwargs: Any) -> None:
            order.close_bt_order(OPENED + timedelta(hours=1), trade)
            seen.append([described(one) for one in kwargs["trade"].orders])

        strategy_wrapper.strategy_safe_wrapper(callback)(trade=trade, order=trade.orders[-1])
        return seen, [described(order) for order in trade.orders]

    with order_writes_watched():
        seen, after = both(act)
    assert seen[0][-1] != after[-1]


@given(amounts | odd_numbers, prices | odd_numbers, st.sampled_from([1.0, 3, 2.5, None, 0]))
def test_stake_amounts(amount: Any, price: Any, leverage: Any) -> None:
    def act() -> Any:
        trade = LocalTrade.__new__(LocalTrade)
        trade.leverage = leverage
        order = Order(amount=amount, filled=amount, price=price, ft_price=2.0)
        order._trade_bt = trade
        return [
            outcome(lambda: (type(order.stake_amount), repr(order.stake_amount))),
            outcome(lambda: repr(order.stake_amount_filled)),
        ]

    both(act)


def test_columns_are_what_they_are_taken_for() -> None:
    assert plain_orders.orders_are_plain()
