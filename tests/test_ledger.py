"""The kernels of single trades: both twins give the same, and refuse the same."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqkernels import runtime
from freqkernels._kernels import ledger, orders
from freqkernels.reference import ledger as reference_ledger
from freqkernels.reference import orders as reference_orders

STATES = ("closed", "canceled")
any_floats = st.floats() | st.floats(1e-10, 1e9).map(lambda x: round(x, 4))
odd = st.sampled_from([None, True, "1.5", 10**30, -(2**31), np.float64(1.5), np.float32(2.0)])
numbers = st.one_of(any_floats, st.integers(-5, 5), odd)
flags = st.booleans()

ARGUMENTS: dict[str, st.SearchStrategy[Any]] = {
    "price_to_precision": st.tuples(
        numbers, numbers, st.integers(1, 5) | odd, st.integers(-1, 4) | odd
    ),
    "amount_to_contract_precision": st.tuples(numbers, numbers, st.integers(1, 5) | odd, numbers),
    "open_trade_value": st.tuples(numbers, numbers, numbers, flags),
    "close_trade_value": st.tuples(numbers, numbers, numbers, numbers, flags),
    "profit_ratio": st.tuples(numbers, numbers, numbers, numbers, flags, numbers, numbers),
    "profits": st.tuples(numbers, numbers, flags, numbers, numbers, numbers, numbers),
    "rate_for_roi": st.tuples(numbers, numbers, numbers, numbers, numbers, flags, numbers, numbers),
    "order_stake": st.tuples(numbers, numbers, numbers),
}


def told(value: Any) -> Any:
    return type(value), repr(value)


@pytest.mark.parametrize("name", ARGUMENTS)
@given(st.data())
def test_numbers(name: str, data: st.DataObject) -> None:
    arguments = data.draw(ARGUMENTS[name])
    compiled, reference = getattr(ledger, name), getattr(reference_ledger, name)
    assert told(compiled(*arguments)) == told(reference(*arguments))


def test_nothing_is_rounded_where_a_market_has_no_precision() -> None:
    price = object()
    assert ledger.price_to_precision(price, None, 4, 1) is price
    assert ledger.price_to_precision(price, 0.1, None, 1) is price
    assert ledger.amount_to_contract_precision(price, None, 4, None) is price


class Order:
    """Something with the attributes of an order."""

    def __init__(self, key: Any, **values: Any) -> None:
        self.__dict__.update(values)
        if key != "no state":
            self._sa_instance_state = SimpleNamespace(key=key)


class OtherOrder(Order):
    """Not an order as any other."""


@st.composite
def placed(draw: st.DrawFn, *, plain: bool = False) -> Any:
    usual = plain or draw(st.integers(0, 19)) > 0
    values = {
        "ft_order_side": draw(st.sampled_from(["buy", "sell", "stoploss"])),
        "ft_is_open": draw(st.sampled_from([False, False, True, None, 0])),
        "filled": draw(st.sampled_from([1.5, 0.25, 2, 0, 0.0, None]) | any_floats),
        "status": draw(st.sampled_from(["closed", "canceled", "open", None])),
        "average": draw(st.sampled_from([None, 0.0, 2.0]) | any_floats),
        "price": draw(st.sampled_from([None, 3.0]) | any_floats),
        "funding_fee": draw(st.sampled_from([None, 0.0, 0, -1.25])),
        "ft_fee_base": draw(st.sampled_from([None, 0.0, 0.5])),
    }
    left_out = draw(st.sets(st.sampled_from(sorted(values)), max_size=2))
    kept = {name: value for name, value in values.items() if name not in left_out}
    kind = Order if usual else draw(st.sampled_from([Order, OtherOrder]))
    return kind(None if usual else draw(st.sampled_from([None, 1, "no state"])), **kept)


sides = st.sampled_from(["buy", "sell", "stoploss", None, ""])
ON_ORDERS: dict[str, st.SearchStrategy[Any]] = {
    "last_order": st.tuples(sides, st.sampled_from([None, True, False]), flags, st.just(STATES)),
    "filled_orders": st.tuples(sides, st.just(STATES)),
    "filled_count": st.tuples(sides, st.just(STATES)),
    "filled_or_open_orders": st.tuples(st.just(STATES)),
    "open_orders": st.tuples(st.just(STATES)),
    "has_open": st.tuples(st.just(STATES), flags),
    "funding_fees": st.tuples(),
    "filled_date": st.tuples(sides, st.just(STATES), flags),
    "fold_orders": st.tuples(sides, flags, numbers, numbers, numbers, flags, numbers, numbers),
}


def identified(value: Any) -> Any:
    if isinstance(value, list):
        return [identified(item) for item in value]
    return id(value) if isinstance(value, Order) else told(value)


@pytest.mark.parametrize("name", ON_ORDERS)
@given(st.lists(placed(), max_size=6), st.data())
def test_orders(name: str, found: list[Any], data: st.DataObject) -> None:
    rest = data.draw(ON_ORDERS[name])
    compiled, reference = getattr(orders, name), getattr(reference_orders, name)
    assert identified(compiled(found, Order, *rest)) == identified(reference(found, Order, *rest))
    assert compiled(tuple(found), Order, *rest) is NotImplemented
    assert reference(tuple(found), Order, *rest) is NotImplemented


LOOKS = [
    ("open_orders", (STATES,)),
    ("has_open", (STATES, False)),
    ("has_open", (STATES, True)),
    *(("filled_count", (side, STATES)) for side in ("buy", "sell", "stoploss", None)),
    *(("last_order", (side, True, False, STATES)) for side in ("buy", "sell", None)),
]


@given(st.lists(placed(plain=True), min_size=8, max_size=40), st.data())
def test_what_is_remembered_of_orders_is_so(found: list[Any], data: st.DataObject) -> None:
    """Closed orders in front, and changes that are told or can be seen."""
    for order in found[: data.draw(st.integers(0, len(found)))]:
        order.__dict__.update(ft_is_open=False, filled=1.5, status="closed")
    orders.remember(True)
    try:
        for change in data.draw(st.lists(st.sampled_from(["fill", "add", "drop", "tell"]))):
            place = data.draw(st.integers(0, len(found) - 1))
            if change == "fill":
                found[place].__dict__.update(ft_is_open=False, filled=2.0, status="closed")
            elif change == "add":
                found.append(data.draw(placed(plain=True)))
            elif change == "drop" and len(found) > 1:
                del found[place]
            elif change == "tell":
                found[place].__dict__.update(ft_is_open=True)
                orders.changed()
            for name, rest in LOOKS:
                known = getattr(orders, name)(found, Order, *rest)
                looked_at = getattr(reference_orders, name)(found, Order, *rest)
                assert identified(known) == identified(looked_at), name
    finally:
        orders.remember(False)


def test_a_thousand_orders_fit() -> None:
    """Sums grow by the number of orders, not by their decimals."""
    entries = [
        Order(None, ft_is_open=False, filled=0.1 + n / 3, price=1e-7 / (n + 1), ft_order_side="buy")
        for n in range(1000)
    ]
    for n in range(0, 1000, 3):
        entries[n].ft_order_side = "sell" if n else "buy"
        entries[n].filled /= 1e3
    arguments = (entries, Order, "buy", False, 3.0, 0.001, 0.001, True, None, 0)
    sums = orders.fold_orders(*arguments)
    assert sums is not NotImplemented
    assert told(sums) == told(reference_orders.fold_orders(*arguments))


def test_every_function_has_a_registered_twin() -> None:
    from freqkernels.bridge.objects.ledger import direct

    for module, twin in ((ledger, reference_ledger), (orders, reference_orders)):
        name = module.__name__.rpartition(".")[2]
        functions = [key for key in (*ARGUMENTS, *ON_ORDERS) if hasattr(module, key)]
        public = {key for key in vars(module) if not key.startswith("_") and key.islower()}
        assert set(functions) == public - {"remember", "changed"}
        for function in functions:
            compiled, reference = getattr(module, function), getattr(twin, function)
            assert direct(f"{name}.{function}") is compiled
            with runtime.use_backend("reference"):
                assert direct(f"{name}.{function}") is reference
            assert list(inspect.signature(compiled).parameters) == list(
                inspect.signature(reference).parameters
            )
            first = (compiled.__doc__ or "").split("\n\n")[1].split("\n")[0]
            assert first == (reference.__doc__ or "").split("\n")[0]
