"""The kernels that compute and look up one trade at a time, for the functions that call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from freqkernels.runtime import kernel

_LEDGER = (
    *("price_to_precision", "amount_to_contract_precision", "open_trade_value"),
    *("close_trade_value", "profit_ratio", "profits", "rate_for_roi", "order_stake"),
)
_ORDERS = (
    *("last_order", "filled_orders", "filled_count", "filled_or_open_orders", "open_orders"),
    *("has_open", "funding_fees", "filled_date", "fold_orders", "remember", "changed"),
)
_KERNELS = {
    **{f"ledger.{name}": kernel("ledger", name) for name in _LEDGER},
    **{f"orders.{name}": kernel("orders", name) for name in _ORDERS},
}


def direct(name: str) -> Callable[..., Any]:
    """The function of a kernel itself: a call of it is shorter than the way through the kernel.

    :param name: ``ledger.`` or ``orders.`` and the function's name.
    :return: the twin of the chosen backend.
    """
    chosen = _KERNELS[name]
    return chosen.twin(chosen.backend)
