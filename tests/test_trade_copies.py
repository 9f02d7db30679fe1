"""Trades that callbacks get: the same copies as freqtrade's, made when somebody looks."""

from __future__ import annotations

import copy
import gc
import itertools
import json
import operator
import pickle
import random
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("freqtrade")

from freqtrade.enums import TradingMode
from freqtrade.exceptions import StrategyError
from freqtrade.persistence import LocalTrade, Order
from freqtrade.strategy import strategy_wrapper
from hypothesis import given
from hypothesis import strategies as st

from freqkernels.bridge.engine import timing
from freqkernels.bridge.objects import callbacks, order_writes
from freqkernels.bridge.objects.lazy_orders import picked, readable
from freqkernels.bridge.objects.swaps import swapped
from freqkernels.bridge.objects.trade_copies import TradeCopier
from made_trades import make_trade, told
from oracle import logged

GENUINE = strategy_wrapper.strategy_safe_wrapper


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    """Writes to orders are noticed, as while a backtest runs."""
    with order_writes.order_writes_watched():
        yield


@pytest.fixture
def safe() -> Iterator[Callable[..., Any]]:
    """freqtrade's wrapper with our one in its place."""
    with swapped(callbacks.SWAPS):
        assert strategy_wrapper.strategy_safe_wrapper.__module__ == callbacks.__name__
        yield strategy_wrapper.strategy_safe_wrapper


def test_the_wrapper_is_taken_out_again() -> None:
    before = strategy_wrapper.strategy_safe_wrapper
    with swapped(callbacks.SWAPS):
        assert strategy_wrapper.strategy_safe_wrapper is not before
    assert strategy_wrapper.strategy_safe_wrapper is before


def test_writes_are_noticed_for_a_time_only() -> None:
    assert "__setattr__" in vars(Order)
    with order_writes.order_writes_watched():
        assert order_writes.can_postpone()
    assert order_writes.can_postpone()  # the outer one still does


def copied(trade: Any) -> Any:
    found = TradeCopier().copy(trade)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("orders", [0, 1, 2, 5])
def test_copies_are_those_of_deepcopy(orders: int) -> None:
    trade = make_trade(orders)
    assert told(copied(trade)) == told(copy.deepcopy(trade))


def test_copies_of_copies_are_those_of_deepcopy() -> None:
    trade = copy.deepcopy(make_trade(3))
    assert told(copied(trade)) == told(copy.deepcopy(trade))


def test_orders_are_copied_by_hand() -> None:
    # Else everything would be right, and slow.
    copier = TradeCopier()
    assert copier._copy_order is not copy.deepcopy


def test_custom_attributes_are_copied_with_the_rest() -> None:
    trade = make_trade(3)
    trade.notes = {"first": trade.orders[0], "all": trade.orders, "own": trade, "deep": [[1], {2}]}
    trade.again = trade.notes
    ours, theirs = copied(trade), copy.deepcopy(trade)
    assert told(ours) == told(theirs)
    assert ours.notes["first"] is ours.orders[0]
    assert ours.notes["all"] is ours.orders
    assert ours.notes["deep"][0] is not trade.notes["deep"][0]


def test_orders_with_other_values_are_copied_at_once() -> None:
    trade = make_trade(2)
    trade.orders[0].note = [1]
    assert TradeCopier().copy(trade) is None


def test_enum_members_on_orders_need_no_copy() -> None:
    trade = make_trade(2)
    trade.orders[0].ft_order_tag = TradingMode.SPOT
    ours = copied(trade)
    assert told(ours) == told(copy.deepcopy(trade))


def test_trades_that_are_not_plain_are_left_to_deepcopy() -> None:
    class Mine(LocalTrade):
        pass

    assert TradeCopier().copy(None) is None
    assert TradeCopier().copy(Mine(open_rate=1.0, fee_open=0.1, amount=1.0)) is None
    assert TradeCopier().copy(copied(make_trade(2))) is None


def test_a_length_copies_nothing() -> None:
    trade = make_trade(4)
    ours, copies = TradeCopier().copy(trade) or (None, None)
    assert len(ours.orders) == 4
    assert ours.orders
    assert copies._made == []
    assert ours.orders[-1] is ours.orders[3]
    assert len(copies._made) == 1
    assert ours.orders[1:3][0] is ours.orders[1]
    assert len(copies._made) == 3


def first_and_rest(orders: list[Any]) -> Any:
    match orders:
        case [first, *rest]:
            return first, rest
    return None


OPERATIONS: list[Callable[[list[Any]], Any]] = [
    lambda x: list(x),
    lambda x: tuple(x),
    lambda x: [*x],
    lambda x: x[0],
    lambda x: x[-1],
    lambda x: x[::2],
    lambda x: list(reversed(x)),
    lambda x: [order.id for order in x],
    lambda x: x.append(x[0]),
    lambda x: x.extend(x[:1]),
    lambda x: x.insert(1, x[2]),
    lambda x: x.pop(),
    lambda x: x.pop(0),
    lambda x: x.remove(x[1]),
    lambda x: x.clear(),
    lambda x: x.index(x[1]),
    lambda x: x.count(x[1]),
    lambda x: x.reverse(),
    lambda x: x.sort(key=lambda order: -order.id),
    lambda x: sorted(x, key=lambda order: -order.id),
    lambda x: x.copy(),
    lambda x: copy.copy(x),
    lambda x: operator.add(x, [1]),
    lambda x: operator.add([1], x),
    lambda x: x + x,
    lambda x: x * 2,
    lambda x: 2 * x,
    lambda x: x.__iadd__([3]),
    lambda x: x.__imul__(2),
    lambda x: x.__setitem__(0, x[1]),
    lambda x: x.__setitem__(slice(0, 2), []),
    lambda x: x.__delitem__(0),
    lambda x: x[0] in x,
    lambda x: 5 in x,
    lambda x: x == list(x),
    lambda x: list(x) == x,
    lambda x: x != list(x),
    lambda x: x == x[:1],
    lambda x: x < [],
    lambda x: operator.lt([], x),
    lambda x: x == 3,
    lambda x: repr(x),
    lambda x: max(x, key=lambda order: order.id),
    lambda x: min(order.amount for order in x),
    lambda x: dict(enumerate(x)),
    lambda x: next(iter(x)),
    lambda x: np.array(x, dtype=object).tolist(),
    lambda x: list(itertools.pairwise(x)),
    lambda x: operator.itemgetter(0)(x),
    lambda x: list(filter(lambda order: order.ft_is_open, x)),
    lambda x: [*map(operator.attrgetter("trade"), x)],
    lambda x: json.dumps(x, default=lambda order: order.id),
    lambda x: first_and_rest(x),
    lambda x: random.Random(1).shuffle(x),
    lambda x: random.Random(1).choice(x),
    lambda x: list(itertools.islice(x, 1, None)),
    lambda x: itertools.chain.from_iterable([x, x]).__next__(),
    lambda x: sum((order.amount for order in x), 0.5),
    lambda x: [1, 2].__iadd__(x),
    lambda x: list.__setitem__([], slice(0, 0), x),
    lambda x: x.__setitem__(slice(0, 1), x[1:]),
    lambda x: x[17],
    lambda x: x.pop(17),
    lambda x: x.remove(3),
    lambda x: hash(x),
    lambda x: x + 3,
    lambda x: x["a"],
]


@pytest.mark.parametrize("number", range(len(OPERATIONS)))
def test_every_operation_does_what_it_does_to_a_list(number: int) -> None:
    operation = OPERATIONS[number]
    trade = make_trade(4)
    before = told(trade)
    outcomes = []
    for mine in (copied(trade), copy.deepcopy(trade)):
        try:
            outcome = ("value", operation(mine.orders))
        except Exception as error:
            outcome = ("error", type(error))
        outcomes.append(told([outcome, mine, list(mine.orders)]))
    assert outcomes[0] == outcomes[1]
    assert told(trade) == before


@given(st.lists(st.integers(0, len(OPERATIONS) - 1), max_size=6), st.integers(0, 5))
def test_operations_one_after_the_other(numbers: list[int], orders: int) -> None:
    trade = make_trade(orders)
    before = told(trade)
    outcomes = []
    for mine in (copied(trade), copy.deepcopy(trade)):
        seen: list[Any] = []
        for number in numbers:
            try:
                seen.append(OPERATIONS[number](mine.orders))
            except Exception as error:
                seen.append(type(error))
        outcomes.append(told([seen, mine, list(mine.orders)]))
    assert outcomes[0] == outcomes[1]
    assert told(trade) == before


def test_loops_see_what_happens_to_the_list() -> None:
    seen = []
    for mine in (copied(make_trade(4)), copy.deepcopy(make_trade(4))):
        ids = []
        for order in mine.orders:
            ids.append(order.id)
            if len(ids) == 2:
                del mine.orders[0]
            if len(ids) == 3:
                mine.orders.append(mine.orders[0])
        back = []
        for order in reversed(mine.orders):
            back.append(order.id)
            del mine.orders[-1]
        seen.append((ids, back))
    assert seen[0] == seen[1]


def test_copies_and_pickles_are_real_lists() -> None:
    trade = make_trade(3)
    ours, theirs = copied(trade), copy.deepcopy(trade)
    for make in (copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))):
        again = make(ours)
        assert type(again.orders) is list
        assert told(again) == told(make(theirs))
        assert again.orders[0].trade is again


def test_reading_without_copies() -> None:
    trade = make_trade(4)
    ours, copies = TradeCopier().copy(trade) or (None, None)
    assert readable(trade.orders) is trade.orders
    assert readable(ours.orders) == trade.orders
    found = picked(ours.orders, [3, 1])
    assert len(found) == 2
    assert copies._made == []
    found[1].ft_price = 9.0
    assert ours.orders[1] is found[1]
    assert [order.ft_price for order in readable(ours.orders)] == [1.5, 9.0, 1.5, 1.5]
    assert trade.orders[1].ft_price == 1.5
    assert picked(trade.orders, [0]) == trade.orders[:1]
    ours.orders.append(found[0])
    assert len(readable(ours.orders)) == 5
    assert picked(ours.orders, [4]) == [found[0]]


def call(wrapper: Any, function: Callable[..., Any], **kwargs: Any) -> Any:
    return wrapper(function)(**kwargs)


def spoil(trade: Any, **_: Any) -> None:
    """A callback that writes wherever it can."""
    trade.stop_loss = 99.0
    trade.custom = {"a": [1]}
    trade.orders[0].ft_price = 17.0
    trade.orders[0].note = ["x"]
    trade.orders[-1].ft_is_open = False
    for order in trade.orders:
        order.filled = 5.0
    trade.orders.append(trade.orders[0])
    del trade.orders[0]
    trade.recalc_trade_from_orders()
    trade.orders = []


def test_what_a_callback_writes_does_no_harm(safe: Any) -> None:
    trade = make_trade(3)
    trade.notes = {"deep": {"er": [1]}}
    before = told(trade)

    def callback(trade: Any) -> None:
        trade.notes["deep"]["er"].append(2)
        spoil(trade)

    call(safe, callback, trade=trade)
    assert told(trade) == before
    call(safe, spoil, trade=trade)  # its odd order makes the next copies complete ones
    assert told(trade) == before


def test_copies_show_the_state_at_the_call(safe: Any) -> None:
    trade = make_trade(3)
    order = trade.orders[-1]
    seen = []

    def callback(trade: Any, order: Any) -> None:
        order.ft_price = 123.0  # freqtrade gives the order itself, not a copy
        del order.ft_order_tag
        seen.append((trade.orders[-1].ft_price, trade.orders[-1].ft_order_tag))
        assert trade.orders[0].ft_price == 1.5

    call(safe, callback, trade=trade, order=order)
    assert seen == [(1.5, "x")]
    assert order.ft_price == 123.0


KEPT: dict[str, Callable[[Any], Any]] = {
    "trade": lambda trade: (trade, lambda kept: kept.orders),
    "orders": lambda trade: (trade.orders, lambda kept: kept),
    "one order": lambda trade: (trade.orders[0], lambda kept: kept.trade.orders),
    "picked": lambda trade: (picked(trade.orders, range(3)), lambda kept: kept),
    "loop": lambda trade: (iter(trade.orders), lambda kept: list(kept)),
    "method": lambda trade: (trade.select_order, lambda kept: kept.__self__.orders),
    "dictionary": lambda trade: (vars(trade), lambda kept: kept["orders"]),
    "dictionary of an order": lambda trade: (
        vars(trade.orders[1]),
        lambda kept: kept["_trade_bt"].orders,
    ),
    "closure": lambda trade: (lambda: trade.orders, lambda kept: kept()),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_a_callback_keeps_stays_as_it_was(safe: Any, name: str) -> None:
    trade = make_trade(3)
    kept: list[Any] = []

    def callback(trade: Any) -> None:
        kept.append(KEPT[name](trade))

    call(safe, callback, trade=trade)
    for order in trade.orders:
        order.ft_price = 77.0
    thing, look = kept[0]
    assert [order.ft_price for order in look(thing)] == [1.5, 1.5, 1.5]


def test_what_a_callback_returns_or_raises_stays_as_it_was(safe: Any) -> None:
    trade = make_trade(2)
    returned = call(safe, lambda trade: trade, trade=trade)
    raised: list[Any] = []

    def fail(trade: Any) -> None:
        raised.append(weakref.ref(trade))
        raise KeyError("x")

    with pytest.raises(StrategyError) as caught:
        call(safe, fail, trade=trade)
    trade.orders[0].ft_price = 5.0
    assert returned.orders[0].ft_price == 1.5
    assert caught.value.__cause__ is not None
    assert raised[0]().orders[0].ft_price == 1.5


def test_copies_vanish_at_once_when_nobody_keeps_them(safe: Any) -> None:
    seen: list[Any] = []

    def callback(trade: Any) -> int:
        seen.append(weakref.ref(trade))
        seen.append(weakref.ref(trade.orders[0]))
        return len(picked(trade.orders, [0, 1]))

    gc.disable()
    try:
        assert call(safe, callback, trade=make_trade(3)) == 2
        assert [ref() for ref in seen] == [None, None]
    finally:
        gc.enable()


def test_a_callback_within_a_callback(safe: Any) -> None:
    trade, order = make_trade(2), make_trade(1).orders[0]
    seen = []

    def inner(trade: Any) -> None:
        trade.orders[0].ft_price = 3.0
        seen.append(trade.orders[0].ft_price)

    def outer(trade: Any, given: Any) -> None:
        call(safe, inner, trade=given)
        given.orders[0].ft_price = 4.0
        order.ft_price = 2.0
        seen.append(trade.orders[0].ft_price)

    call(safe, outer, trade=trade, given=trade)
    assert seen == [3.0, 1.5]
    assert trade.orders[0].ft_price == 4.0


class Strategy:
    """Functions of a strategy, called with and without our wrapper."""

    def fine(self, trade: Any, number: int = 1) -> Any:
        return number, trade.orders[0].ft_price, type(trade).__name__

    def wrong_value(self, **kwargs: Any) -> None:
        int("x")

    def wrong(self, **kwargs: Any) -> None:
        raise RuntimeError("unexpected")

    def wrong_orders(self, trade: Any) -> Any:
        return trade.orders[5]

    def stops(self, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    def no_trade(self, current_time: Any) -> Any:
        return current_time


def default(trade: Any, **kwargs: Any) -> Any:
    """Stands for one of IStrategy's own: it gets the trade itself."""
    return trade


default.__qualname__ = "IStrategy.default"


class Uncopyable:
    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        raise ValueError("cannot be copied")


@pytest.mark.parametrize("options", [{}, {"default_retval": 5}, {"supress_error": True}])
@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("fine", {"trade": 1}),
        ("fine", {"trade": 1, "number": 2}),
        ("fine", {"trade": 1, "wrong": 2}),
        ("fine", {"trade": None}),
        ("fine", {"trade": "uncopyable"}),
        ("wrong_value", {"trade": 1}),
        ("wrong_value", {}),
        ("wrong", {"trade": 1}),
        ("wrong_orders", {"trade": 1}),
        ("stops", {"trade": 1}),
        ("no_trade", {"current_time": 3}),
    ],
)
def test_errors_and_log_lines_are_freqtrades(
    safe: Any, name: str, kwargs: dict[str, Any], options: dict[str, Any]
) -> None:
    outcomes = []
    strategy = Strategy()
    for wrapper in (safe, GENUINE):
        given = dict(kwargs)
        if "trade" in given and given["trade"] is not None:
            trade = make_trade(2)
            if given["trade"] == "uncopyable":
                trade.bad = Uncopyable()
            given["trade"] = trade
        with logged("freqtrade") as lines:
            try:
                outcome = wrapper(getattr(strategy, name), message="A: ", **options)(**given)
            except BaseException as error:
                outcome = (type(error), str(error), repr(error.__cause__), repr(error.__context__))
        outcomes.append((outcome, lines))
    assert outcomes[0] == outcomes[1]


def test_functions_of_freqtrade_get_the_trade_itself(safe: Any) -> None:
    trade = make_trade(1)
    assert call(safe, default, trade=trade) is trade


def test_the_wrapper_has_the_names_of_the_function(safe: Any) -> None:
    wrapped = safe(Strategy().fine)
    assert wrapped.__name__ == "fine"
    assert wrapped.__wrapped__.__func__ is Strategy.fine


def test_times_are_those_of_the_users_own_functions(safe: Any) -> None:
    timing.reset()
    trade = make_trade(1)
    call(safe, default, trade=trade)
    assert timing.taken() == {}
    call(safe, Strategy().fine, trade=trade)
    call(safe, Strategy().no_trade, current_time=1)
    assert set(timing.taken()) == {"fine", "no_trade"}
    assert all(seconds > 0 for seconds in timing.taken().values())
    timing.add("fine", 10.0)
    assert list(timing.taken()) == ["fine", "no_trade"]
    timing.reset()
    assert timing.taken() == {}
