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
)


def orders_are_plain() -> bool:
    """Whether the columns of ``Order`` that are read directly are just that: columns."""
    from freqtrade.persistence import Order
    from sqlalchemy.orm import InstrumentedAttribute, configure_mappers

    configure_mappers()  # the first order would do it
    columns = _columns(Order)
    for name in _ATTRIBUTES:
        attribute = vars(Order).get(name)
        if name not in columns or type(attribute) is not InstrumentedAttribute:
            record("refusal", "Order", f"Order.{name} is not a plain column")
            return False
        if _listeners(attribute):
            record("refusal", "Order", f"something listens to Order.{name}")
            return False
    return True


@cache
def _columns(kind: Any) -> frozenset[str]:
    return frozenset(kind.__mapper__.columns.keys())


def _listeners(attribute: Any) -> bool:
    events = attribute.impl.dispatch
    return any((len(events.set), len(events.init_scalar), len(events.modified)))
