"""Writes to orders, noticed before they happen.

The orders of the trade that a callback gets are copied when it looks at them, see
:mod:`freqkernels.bridge.objects.lazy_orders`. Until then the copy owes its state to the original
order: should somebody reach and change that one while the callback runs, the copy is made first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from freqkernels.bridge.objects.ledger import direct

if TYPE_CHECKING:
    from freqkernels.bridge.objects.lazy_orders import OrderCopies

# Attributes of other types, which are copied as what they are.
_COPIED = frozenset(("_trade_bt", "_sa_instance_state"))

#: Copies that are still to be made while a callback runs, the innermost last.
pending: list[OrderCopies] = []


class _Watch:
    """Whether writes are noticed, and whether all of them can be copied by sharing values."""

    __slots__ = ("count", "odd", "on")

    def __init__(self) -> None:
        self.on = False
        self.odd = False
        self.count = 0


_watch = _Watch()


@cache
def shared_types() -> frozenset[type]:
    """Types of values that never change, so a copy may hold the very same object."""
    import numpy as np
    import pandas as pd
    from freqtrade.enums import MarginMode, TradingMode

    plain = (int, float, complex, bool, str, bytes, type(None))
    dates = (datetime, date, time, timedelta, Decimal, pd.Timestamp)
    numbers = (np.float64, np.float32, np.int64, np.int32, np.bool_, np.str_)
    return frozenset((*plain, *dates, *numbers, TradingMode, MarginMode))


def is_shareable(value: Any) -> bool:
    """Whether a copy may hold the very same object."""
    return type(value) in shared_types() or isinstance(value, Enum)


def can_postpone() -> bool:
    """Whether copies of orders may wait: every write is noticed, and no value needs a copy."""
    return _watch.on and not _watch.odd


def writes() -> int:
    """How many writes to orders were noticed so far; only whether it has changed is of use."""
    return _watch.count


def about_to_change(order: Any) -> None:
    """Make the copies that are owed to an order's state as it is now.

    For whoever writes into the ``__dict__`` of an order while a callback runs; attributes that are
    set or deleted in the usual way need no call.

    :param order: the order.
    """
    for copies in pending:
        copies.before_change(order)


@contextmanager
def order_writes_watched() -> Iterator[None]:
    """Notice writes to all orders; outside of it copies are made at once."""
    from freqtrade.persistence import Order

    if _watch.on or any(name in vars(Order) for name in ("__setattr__", "__delattr__")):
        yield
        return
    remember, changed = direct("orders.remember"), direct("orders.changed")
    # Not by setattr: the class would take that for a new column.
    setter = _setter(Order.__setattr__, shared_types(), changed)
    type.__setattr__(Order, "__setattr__", setter)
    type.__setattr__(Order, "__delattr__", _deleter(Order.__delattr__, changed))
    _watch.on, _watch.odd = True, False
    remember(True)
    try:
        yield
    finally:
        _watch.on = False
        remember(False)
        type.__delattr__(Order, "__setattr__")
        type.__delattr__(Order, "__delattr__")


def _setter(
    inherited: Callable[[Any, str, Any], None],
    shared: frozenset[type],
    changed: Callable[[], None],
) -> Callable[[Any, str, Any], None]:
    def set_attribute(self: Any, name: str, value: Any) -> None:
        if pending:
            about_to_change(self)
        if type(value) not in shared and name not in _COPIED and not isinstance(value, Enum):
            _watch.odd = True
        changed()
        _watch.count += 1
        inherited(self, name, value)

    return set_attribute


def _deleter(
    inherited: Callable[[Any, str], None], changed: Callable[[], None]
) -> Callable[[Any, str], None]:
    def delete_attribute(self: Any, name: str) -> None:
        if pending:
            about_to_change(self)
        changed()
        _watch.count += 1
        inherited(self, name)

    return delete_attribute
