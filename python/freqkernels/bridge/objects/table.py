"""All functions that give way to faster ones while a backtest with callbacks runs."""

from __future__ import annotations

from freqkernels.bridge.objects import (
    callbacks,
    closed_trades,
    custom_data,
    exit_checks,
    funding,
    locks,
    order_making,
    precision,
    precision_history,
    trade_changes,
    trade_frame,
    trade_orders,
    trade_values,
    utc_dates,
    wallet_sums,
)
from freqkernels.bridge.objects.swaps import Swap

SWAPS: tuple[Swap, ...] = (
    *callbacks.SWAPS,
    *closed_trades.SWAPS,
    *custom_data.SWAPS,
    *exit_checks.SWAPS,
    *funding.SWAPS,
    *locks.SWAPS,
    *order_making.SWAPS,
    *precision.SWAPS,
    *precision_history.SWAPS,
    *trade_changes.SWAPS,
    *trade_frame.SWAPS,
    *trade_orders.SWAPS,
    *trade_values.SWAPS,
    *utc_dates.SWAPS,
    *wallet_sums.SWAPS,
)
