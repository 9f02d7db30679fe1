"""Orders made, filled and weighed without SQLAlchemy's way through every single attribute.

What comes out are freqtrade's own ``Order`` objects, with the very same ``__dict__`` and state.
The first order with a given set of arguments is made by SQLAlchemy, and shows what the state of
the next ones has to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from freqkernels.bridge.objects.ledger import direct
from freqkernels.bridge.objects.order_writes import about_to_change, pending, shared_types
from freqkernels.bridge.objects.plain_orders import is_plain_column, orders_are_plain
from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.objects.trade_values import TRADE_MODEL, Function
from freqkernels.bridge.targets import Target

_STATE = "_sa_instance_state"


@contextmanager
def orders_made_quickly() -> Iterator[None]:
    """``Order(...)`` takes a shorter way for that time."""
    from freqtrade.persistence import Order

    genuine = vars(Order).get("__init__")
    if genuine is None or not orders_are_plain():
        yield
        return
    ours = _constructor(genuine)
    # Not by setattr: the class would take that for a new column.
    type.__setattr__(Order, "__init__", ours)
    try:
        yield
    finally:
        if vars(Order).get("__init__") is ours:
            type.__setattr__(Order, "__init__", genuine)


def _constructor(genuine: Function) -> Function:
    """``Order.__init__``, given the one that SQLAlchemy has put into the class."""
    from freqtrade.persistence import Order
    from sqlalchemy.orm.state import InstanceState

    # None where orders with these arguments are left to SQLAlchemy
    known: dict[tuple[str, ...], dict[str, Any] | None] = {}
    shared, manager = shared_types(), Order.__mapper__.class_manager

    @wraps(genuine)
    def fast(self: Any, **kwargs: Any) -> None:
        names, own = tuple(kwargs), self.__dict__
        if own or type(self) is not Order or not shared.issuperset(map(type, kwargs.values())):
            genuine(self, **kwargs)
            return
        committed = known.get(names)
        if committed is None:
            genuine(self, **kwargs)
            if names not in known:
                known[names] = _committed_state(self, kwargs)
            return
        own[_STATE] = state = InstanceState(self, manager)
        own.update(kwargs)
        state.committed_state = committed.copy()
        state.modified = True

    return fast


def _committed_state(order: Any, given: dict[str, Any]) -> dict[str, Any] | None:
    """What SQLAlchemy notes of the attributes of a new order, None if it did more than that."""
    from sqlalchemy.orm.base import NO_VALUE
    from sqlalchemy.orm.state import InstanceState

    own = dict(order.__dict__)
    state = own.pop(_STATE)
    committed: dict[str, Any] = state.committed_state
    if (
        type(state) is InstanceState
        and len(state.manager.dispatch.init) == 1  # the mapper's own
        and all(is_plain_column(type(order), name) for name in given)
        and vars(state) == {"modified": True}
        and not state.expired_attributes
        and [(name, id(value)) for name, value in own.items()]
        == [(name, id(value)) for name, value in given.items()]
        and list(committed) == list(given)
        and all(value is NO_VALUE for value in committed.values())
    ):
        return committed.copy()
    return None


def close_bt_order(original: Function) -> Function:
    """The replacement of ``Order.close_bt_order``."""
    from freqtrade.persistence import LocalTrade, Order
    from sqlalchemy.orm.base import NO_VALUE

    if not orders_are_plain():
        return original
    shared = shared_types()

    @wraps(original)
    def fast(self: Any, close_date: Any, trade: Any) -> Any:
        own = self.__dict__
        state = own.get(_STATE)
        if (
            type(self) is not Order
            or type(trade) is not LocalTrade
            or not _is_loose(state)
            or not shared.issuperset(
                (type(close_date), type(own.get("amount")), type(trade.funding_fee_running))
            )
        ):
            return original(self, close_date, trade)
        if pending:
            about_to_change(self)
        changed = {
            "order_filled_date": close_date,
            "filled": own.get("amount"),
            "remaining": 0,
            "status": "closed",
            "ft_is_open": False,
            "funding_fee": trade.funding_fee_running,
        }
        committed = state.committed_state
        for name in changed:
            if name not in committed:
                committed[name] = own.get(name, NO_VALUE)
        own.update(changed)
        trade.funding_fee_running = 0.0
        if own.get("ft_order_side") == trade.entry_side and own.get("price"):
            trade.open_rate = own["price"]
            trade.recalc_trade_from_orders()
            if trade.nr_of_successful_entries == 1:
                trade.initial_stop_loss_pct = None
                trade.is_stop_loss_trailing = False
            trade.adjust_stop_loss(trade.open_rate, trade.stop_loss_pct)
        return None

    return fast


def _is_loose(state: Any) -> bool:
    """Whether a change of an attribute is noted in ``committed_state`` and nowhere else."""
    return (
        state is not None
        and state.modified
        and state.key is None
        and state.session_id is None
        and state._last_known_values is None
    )


def stake_amount(original: property) -> property:
    """The replacement of ``Order.stake_amount``."""
    return _stake(original, lambda own: own.get("amount") or own.get("ft_amount"))


def stake_amount_filled(original: property) -> property:
    """The replacement of ``Order.stake_amount_filled``."""
    return _stake(original, lambda own: own.get("filled", 0.0))


def _stake(original: property, amount_of: Function) -> property:
    from freqtrade.persistence import LocalTrade, Order

    getter, stake_of = original.fget, direct("ledger.order_stake")
    if getter is None or not orders_are_plain():
        return original

    @wraps(getter)
    def fast(self: Any) -> Any:
        if type(self) is Order:
            own = self.__dict__
            trade, state = own.get("_trade_bt"), own.get(_STATE)
            if type(trade) is LocalTrade and state is not None and state.key is None:
                price = own.get("average") or own.get("price") or own.get("stop_price")
                stake = stake_of(amount_of(own), price or own.get("ft_price"), trade.leverage)
                if stake is not NotImplemented:
                    return stake
        return getter(self)

    return property(fast, doc=original.__doc__)


def _swap(name: str, *imitates: str, kernel: str = "", scope: str = "") -> Swap:
    return Swap(
        Target(
            f"Order.{name}",
            TRADE_MODEL,
            f"Order.{name}",
            {"": f"bridge.objects.order_making.{name}"},
            imitates=tuple(f"{TRADE_MODEL}:Order.{helper}" for helper in imitates),
            kernels=(kernel,) if kernel else (),
        ),
        scope=scope,
    )


SWAPS: tuple[Swap, ...] = (
    _swap("close_bt_order", scope="bridge.objects.order_making.orders_made_quickly"),
    _swap("stake_amount", "safe_amount", "safe_price", "trade", kernel="ledger.order_stake"),
    _swap("stake_amount_filled", "safe_filled", "safe_price", "trade", kernel="ledger.order_stake"),
)
"""What this module replaces."""
