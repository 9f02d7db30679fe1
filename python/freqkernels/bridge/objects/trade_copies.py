"""Copies of trades for callbacks, the same that :func:`copy.deepcopy` makes."""

from __future__ import annotations

import copy
import copyreg
from collections.abc import Callable
from typing import Any

from freqkernels.bridge.objects.lazy_orders import LazyOrders, OrderCopies
from freqkernels.bridge.objects.order_writes import can_postpone, shared_types

# An InstanceState of SQLAlchemy keeps these in its __dict__ once something was assigned or copied.
_USUAL = frozenset(("modified", "_pending_mutations", "parents", "expired"))
_COPY_HOOKS = ("__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__")


class TradeCopier:
    """Copies trades of a backtest; their orders are copied when somebody looks at them."""

    def __init__(self) -> None:
        from freqtrade.persistence import LocalTrade, Order

        self._trade_class: type = LocalTrade
        self._order_class: type = Order
        self._shared = shared_types()
        self._shared_or_orders = self._shared.union((LazyOrders,))
        self._plain = not _is_copied_specially(LocalTrade)
        self._copy_order = self._order_copier()

    def copy(self, trade: Any) -> tuple[Any, OrderCopies] | None:
        """The copy of a trade, and what makes the copies of its orders.

        :param trade: the trade.
        :return: None if only :func:`copy.deepcopy` itself can copy it.
        """
        if type(trade) is not self._trade_class or not self._plain or not can_postpone():
            return None
        own = trade.__dict__
        originals = own.get("orders")
        if type(originals) is not list:
            return None
        copied = object.__new__(self._trade_class)
        values = own.copy()
        copied.__dict__ = values
        memo = {id(trade): copied}
        copies = OrderCopies(copied, memo, self._copy_order, originals)
        memo[id(originals)] = values["orders"] = copies.orders
        if not self._shared_or_orders.issuperset(map(type, values.values())):
            odd = {type(value) for value in values.values()}.difference(self._shared_or_orders)
            try:
                for name, value in own.items():
                    if type(value) in odd:
                        values[name] = copy.deepcopy(value, memo)
            except Exception:  # the caller's deepcopy meets it again, where freqtrade's does
                return None
        return copied, copies

    def _order_copier(self) -> Callable[[Any, dict[int, Any]], Any]:
        """A function that copies orders as :func:`copy.deepcopy` does, and that was tried."""
        order = self._order_class(ft_order_side="buy", price=1.5)
        order_trade: Any = object.__new__(self._trade_class)
        order._trade_bt = order_trade
        quick = self._quick_order_copier(order)
        if _is_copied_specially(self._order_class):
            return copy.deepcopy
        for _ in range(2):  # the copy of a copy, too
            memo = {id(order_trade): order_trade}
            expected = copy.deepcopy(order, dict(memo))
            order = quick(order, memo)
            if _described(order) != _described(expected):
                return copy.deepcopy
        return quick

    def _quick_order_copier(self, sample: Any) -> Callable[[Any, dict[int, Any]], Any]:
        shared = self._shared
        order_class = self._order_class
        state_class = type(sample._sa_instance_state)
        no_value = next(iter(copy.deepcopy(sample)._sa_instance_state.committed_state.values()))
        known = shared.union((type(no_value), state_class, self._trade_class))
        # What pickling keeps of the class, to set up a copy with.
        set_up = sample._sa_instance_state.__getstate__()["manager"]

        def copy_order(order: Any, memo: dict[int, Any]) -> Any:
            own = order.__dict__
            state = own["_sa_instance_state"]
            trade = memo.get(id(own.get("_trade_bt")))
            committed = state.committed_state
            if (
                trade is None
                or type(order) is not order_class
                or not known.issuperset(map(type, own.values()))
                or not known.issuperset(map(type, committed.values()))
                or not _is_usual(state)
            ):
                return copy.deepcopy(order, memo)
            copied = object.__new__(order_class)
            object.__new__(state_class).__setstate__(
                {
                    "instance": copied,
                    "class_": order_class,
                    "committed_state": committed.copy(),
                    "expired_attributes": set(),
                    "_pending_mutations": {},
                    "parents": {},
                    "modified": state.modified,
                    "expired": state.expired,
                    "manager": set_up,
                }
            )
            values = copied.__dict__
            copied_state = values["_sa_instance_state"]
            values.update(own)
            values["_sa_instance_state"] = copied_state
            values["_trade_bt"] = trade
            memo[id(order)] = copied
            return copied

        return copy_order


def _is_usual(state: Any) -> bool:
    """Whether a state is that of an object that no database ever saw."""
    own = state.__dict__
    return (
        own.keys() <= _USUAL
        and not own.get("_pending_mutations")
        and not own.get("parents")
        and not state.expired_attributes
        and state.key is None
        and not state.load_path
    )


def _is_copied_specially(cls: type) -> bool:
    hooks = any(
        name in vars(owner) for owner in cls.__mro__[:-1] for name in (*_COPY_HOOKS, "__new__")
    )
    return hooks or cls in copyreg.dispatch_table


def _described(order: Any) -> tuple[Any, ...]:
    """All that makes up an order, in its order."""
    own = list(order.__dict__.items())
    state = order._sa_instance_state
    slots = {
        name: getattr(state, name)
        for cls in type(state).__mro__
        for name in cls.__dict__.get("__slots__", ())
        if name not in ("__dict__", "__weakref__", "obj") and hasattr(state, name)
    }
    return (
        type(order),
        [(name, value) for name, value in own if value is not state],
        [name for name, _ in own],
        list(state.__dict__.items()),
        slots,
        state.obj() is order,
    )
