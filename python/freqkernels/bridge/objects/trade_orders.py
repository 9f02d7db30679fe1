"""What a trade finds in its orders: freqtrade's ``LocalTrade`` methods that go through all of them.

They run on every candle of an open trade, and reading attributes through SQLAlchemy makes most of
their time; here the orders' own dictionaries are read (see ``plain_orders``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from freqkernels.bridge.objects.lazy_orders import LazyOrders
from freqkernels.bridge.objects.ledger import direct
from freqkernels.bridge.objects.plain_orders import orders_are_plain
from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.objects.trade_values import TRADE_MODEL, Function
from freqkernels.bridge.targets import Target

_BACKTESTING = "freqtrade.optimize.backtesting"
_SELECT_FILLED = f"{TRADE_MODEL}:LocalTrade.select_filled_orders"
_FILLED_UTC = f"{TRADE_MODEL}:Order.order_filled_utc"


def _order_class() -> tuple[type, tuple[str, ...]]:
    """``Order``, and the states of orders that are not open."""
    from freqtrade.constants import NON_OPEN_EXCHANGE_STATES
    from freqtrade.persistence import Order

    return Order, NON_OPEN_EXCHANGE_STATES


def _handing_out(orders: Any, find: Callable[[Any], Any]) -> Any:
    """What ``find`` finds in the orders of a callback's trade, as the callback is to have it."""
    if type(orders) is not LazyOrders:
        return NotImplemented
    readable = orders.readable()
    found = find(readable)
    if found is None or found is NotImplemented:
        return found
    places = dict(zip(map(id, readable), range(len(readable)), strict=True))
    if type(found) is list:
        return orders.picked([places[id(order)] for order in found])
    return orders[places[id(found)]]


def select_order(original: Function) -> Function:
    """The replacement of ``LocalTrade.select_order``."""
    from freqtrade.persistence import LocalTrade

    if not orders_are_plain():
        return original
    last_order, (kind, states) = direct("orders.last_order"), _order_class()

    @wraps(original)
    def fast(
        self: Any, order_side: Any = None, is_open: Any = None, only_filled: Any = False
    ) -> Any:
        if type(self) is LocalTrade:
            rest = kind, order_side, is_open, only_filled, states
            found = last_order(self.orders, *rest)
            if found is NotImplemented:
                found = _handing_out(self.orders, lambda orders: last_order(orders, *rest))
            if found is not NotImplemented:
                return found
        return original(self, order_side, is_open, only_filled)

    return fast


def select_filled_orders(original: Function) -> Function:
    """The replacement of ``LocalTrade.select_filled_orders``."""
    from freqtrade.persistence import LocalTrade

    if not orders_are_plain():
        return original
    filled_orders, (kind, states) = direct("orders.filled_orders"), _order_class()

    @wraps(original)
    def fast(self: Any, order_side: Any = None) -> Any:
        if type(self) is LocalTrade:
            rest = kind, order_side, states
            found = filled_orders(self.orders, *rest)
            if found is NotImplemented:
                found = _handing_out(self.orders, lambda orders: filled_orders(orders, *rest))
            if found is not NotImplemented:
                return found
        return original(self, order_side)

    return fast


def _finding(original: Function, find: Callable[[Any], Any]) -> Function:
    """A method or getter of a trade that asks ``find`` for orders among the trade's first."""
    from freqtrade.persistence import LocalTrade

    if not orders_are_plain():
        return original

    @wraps(original)
    def fast(self: Any) -> Any:
        if type(self) is LocalTrade:
            found = find(self.orders)
            if found is NotImplemented:
                found = _handing_out(self.orders, find)
            if found is not NotImplemented:
                return found
        return original(self)

    return fast


def _reading(original: property, read: Callable[[Any, Any], Any]) -> property:
    """A property that first asks ``read``, of the trade and its orders."""
    from freqtrade.persistence import LocalTrade

    getter = original.fget
    if getter is None or not orders_are_plain():
        return original

    @wraps(getter)
    def fast(self: Any) -> Any:
        if type(self) is LocalTrade:
            orders = self.orders
            found = read(self, orders)
            if found is NotImplemented and type(orders) is LazyOrders:
                found = read(self, orders.readable())
            if found is not NotImplemented:
                return found
        return getter(self)

    return property(fast, doc=original.__doc__)


def select_filled_or_open_orders(original: Function) -> Function:
    """The replacement of ``LocalTrade.select_filled_or_open_orders``."""
    find, (kind, states) = direct("orders.filled_or_open_orders"), _order_class()
    return _finding(original, lambda orders: find(orders, kind, states))


def open_orders(original: property) -> property:
    """The replacement of ``LocalTrade.open_orders``."""
    find, (kind, states) = direct("orders.open_orders"), _order_class()
    getter = original.fget
    if getter is None:
        return original
    return property(
        _finding(getter, lambda orders: find(orders, kind, states)), doc=original.__doc__
    )


def has_open_orders(original: property) -> property:
    """The replacement of ``LocalTrade.has_open_orders``."""
    has_open, (kind, states) = direct("orders.has_open"), _order_class()
    return _reading(original, lambda _trade, orders: has_open(orders, kind, states, False))


def _counting(original: property, side_of: Callable[[Any], str]) -> property:
    count, (kind, states) = direct("orders.filled_count"), _order_class()
    return _reading(original, lambda trade, orders: count(orders, kind, side_of(trade), states))


def nr_of_successful_entries(original: property) -> property:
    """The replacement of ``LocalTrade.nr_of_successful_entries``."""
    return _counting(original, lambda trade: "sell" if trade.is_short else "buy")


def nr_of_successful_exits(original: property) -> property:
    """The replacement of ``LocalTrade.nr_of_successful_exits``."""
    return _counting(original, lambda trade: "buy" if trade.is_short else "sell")


def nr_of_successful_buys(original: property) -> property:
    """The replacement of ``LocalTrade.nr_of_successful_buys``."""
    return _counting(original, lambda trade: "buy")


def nr_of_successful_sells(original: property) -> property:
    """The replacement of ``LocalTrade.nr_of_successful_sells``."""
    return _counting(original, lambda trade: "sell")


def _dating(original: property, side_of: Callable[[Any], str | None], latest: bool) -> property:
    date_of, (kind, states) = direct("orders.filled_date"), _order_class()

    # The dates have freqtrade's UTC already.
    return _reading(
        original, lambda trade, orders: date_of(orders, kind, side_of(trade), states, latest)
    )


def date_last_filled(original: property) -> property:
    """The replacement of ``LocalTrade._date_last_filled_utc``."""
    return _dating(original, lambda trade: None, True)


def date_entry_fill(original: property) -> property:
    """The replacement of ``LocalTrade.date_entry_fill_utc``."""
    return _dating(original, lambda trade: "sell" if trade.is_short else "buy", False)


def set_funding_fees(original: Function) -> Function:
    """The replacement of ``LocalTrade.set_funding_fees``."""
    from freqtrade.persistence import LocalTrade

    if not orders_are_plain():
        return original
    fees_of, (kind, _) = direct("orders.funding_fees"), _order_class()

    @wraps(original)
    def fast(self: Any, funding_fee: Any) -> Any:
        if type(self) is LocalTrade and funding_fee is not None:
            fees = fees_of(self.orders, kind)
            if fees is not NotImplemented:
                self.funding_fee_running = funding_fee
                self.funding_fees = sum(fees) + funding_fee
                return None
        return original(self, funding_fee)

    return fast


def manage_open_orders(original: Function) -> Function:
    """The replacement of ``Backtesting.manage_open_orders``."""
    from freqtrade.persistence import LocalTrade

    if not orders_are_plain():
        return original
    has_open, (kind, states) = direct("orders.has_open"), _order_class()

    @wraps(original)
    def fast(self: Any, trade: Any, current_time: Any, row: Any) -> Any:
        if type(trade) is LocalTrade and has_open(trade.orders, kind, states, True) is False:
            return False
        return original(self, trade, current_time, row)

    return fast


def _swap(name: str, factory: str, kernel: str, imitates: tuple[str, ...] = ()) -> Swap:
    return Swap(
        Target(
            f"LocalTrade.{name}",
            TRADE_MODEL,
            f"LocalTrade.{name}",
            {"": f"bridge.objects.trade_orders.{factory}"},
            imitates=imitates,
            kernels=(f"orders.{kernel}",),
        )
    )


def _count_swap(name: str, *sides: str) -> Swap:
    imitated = (_SELECT_FILLED, *(f"{TRADE_MODEL}:LocalTrade.{side}" for side in sides))
    return _swap(name, name, "filled_count", imitated)


SWAPS: tuple[Swap, ...] = (
    _swap("select_order", "select_order", "last_order"),
    _swap("select_filled_orders", "select_filled_orders", "filled_orders"),
    _swap("select_filled_or_open_orders", "select_filled_or_open_orders", "filled_or_open_orders"),
    _swap("open_orders", "open_orders", "open_orders"),
    _swap("has_open_orders", "has_open_orders", "has_open"),
    _count_swap("nr_of_successful_entries", "entry_side"),
    _count_swap("nr_of_successful_exits", "exit_side"),
    _count_swap("nr_of_successful_buys"),
    _count_swap("nr_of_successful_sells"),
    _swap(
        "_date_last_filled_utc", "date_last_filled", "filled_date", (_SELECT_FILLED, _FILLED_UTC)
    ),
    _swap(
        "date_entry_fill_utc",
        "date_entry_fill",
        "filled_date",
        (_SELECT_FILLED, _FILLED_UTC, f"{TRADE_MODEL}:LocalTrade.entry_side"),
    ),
    _swap("set_funding_fees", "set_funding_fees", "funding_fees"),
    Swap(
        Target(
            "Backtesting.manage_open_orders",
            _BACKTESTING,
            "Backtesting.manage_open_orders",
            {"": "bridge.objects.trade_orders.manage_open_orders"},
            kernels=("orders.has_open",),
        )
    ),
)
"""What this module replaces."""
