"""Whether an order's attributes can be read and written where SQLAlchemy keeps them.

An attribute of an order that no database knows is an entry of the order's ``__dict__``, and None
if there is no entry. Somebody who listens to attributes being read, set or set up would not notice
it when that is done without SQLAlchemy's descriptors; then freqtrade's own way stays.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from freqkernels.runtime.journal import record

_ATTRIBUTES = (
    *("ft_order_side", "ft_is_open", "ft_price", "ft_fee_base", "status", "price", "average"),
    *("filled", "stop_price", "order_filled_date", "funding_fee", "amount", "remaining"),
    "ft_amount",
)


def orders_are_plain() -> bool:
    """Whether the columns of ``Order`` that are read directly are just that: columns."""
    from freqtrade.persistence import Order
    from sqlalchemy.orm import configure_mappers

    configure_mappers()  # the first order would do it
    for name in _ATTRIBUTES:
        if not is_plain_column(Order, name) or vars(Order)[name].impl.active_history:
            record("refusal", "Order", f"Order.{name} is not a plain column, or listened to")
            return False
    return True


def is_plain_column(kind: Any, name: str) -> bool:
    """Whether an attribute is a column that nobody listens to.

    :param kind: the class of orders.
    :param name: the attribute's.
    """
    from sqlalchemy.orm import InstrumentedAttribute

    attribute = vars(kind).get(name)
    if name not in _columns(kind) or type(attribute) is not InstrumentedAttribute:
        return False
    events = attribute.impl.dispatch
    return not any((*events.set, *events.init_scalar, *events.modified))


@cache
def _columns(kind: Any) -> frozenset[str]:
    return frozenset(kind.__mapper__.columns.keys())
