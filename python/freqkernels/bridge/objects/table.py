"""All functions that give way to faster ones while a backtest with callbacks runs."""

from __future__ import annotations

from freqkernels.bridge.objects import (
    callbacks,
    order_making,
    precision,
    trade_changes,
    trade_frame,
    trade_orders,
    trade_values,
)
from freqkernels.bridge.objects.swaps import Swap

SWAPS: tuple[Swap, ...] = (
    *callbacks.SWAPS,
    *order_making.SWAPS,
    *precision.SWAPS,
    *trade_changes.SWAPS,
    *trade_frame.SWAPS,
    *trade_orders.SWAPS,
    *trade_values.SWAPS,
)
