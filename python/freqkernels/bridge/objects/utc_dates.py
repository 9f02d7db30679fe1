"""Dates of trades and orders in UTC: freqtrade's properties give each date a zone anew.

A date that has this very zone already is what they would make.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import wraps
from operator import attrgetter
from typing import Any

from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.objects.trade_values import TRADE_MODEL
from freqkernels.bridge.targets import Target


def _keeping(original: property, attribute: str) -> property:
    """A property that hands out a date as it is if it has the zone already."""
    getter = original.fget
    if getter is None:
        return original
    date_of = attrgetter(attribute)

    @wraps(getter)
    def fast(self: Any) -> Any:
        date = date_of(self)
        return date if type(date) is datetime and date.tzinfo is UTC else getter(self)

    return property(fast, doc=original.__doc__)


def open_date_utc(original: property) -> property:
    """The replacement of ``LocalTrade.open_date_utc``."""
    return _keeping(original, "open_date")


def close_date_utc(original: property) -> property:
    """The replacement of ``LocalTrade.close_date_utc``."""
    return _keeping(original, "close_date")


def order_date_utc(original: property) -> property:
    """The replacement of ``Order.order_date_utc``."""
    return _keeping(original, "order_date")


def order_filled_utc(original: property) -> property:
    """The replacement of ``Order.order_filled_utc``."""
    return _keeping(original, "order_filled_date")


def _swap(owner: str, name: str) -> Swap:
    return Swap(
        Target(
            f"{owner}.{name}",
            TRADE_MODEL,
            f"{owner}.{name}",
            {"": f"bridge.objects.utc_dates.{name}"},
        )
    )


SWAPS: tuple[Swap, ...] = (
    _swap("LocalTrade", "open_date_utc"),
    _swap("LocalTrade", "close_date_utc"),
    _swap("Order", "order_date_utc"),
    _swap("Order", "order_filled_utc"),
)
"""What this module replaces."""
