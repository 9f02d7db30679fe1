"""Prices and amounts on a market's grid: freqtrade's functions of one number.

ccxt rounds in the decimal context of the thread: it sets that context's rounding, which the first
call leaves to it, and a context of another precision stays with it altogether.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, getcontext
from typing import Any

from freqkernels.bridge.objects.ledger import direct
from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.targets import Target

_UTILS = "freqtrade.exchange.exchange_utils"
_HOLDERS = (
    "freqtrade.exchange",
    "freqtrade.exchange.exchange",
    "freqtrade.optimize.backtesting",
    "freqtrade.persistence.trade_model",
)
_CONTEXT_DIGITS = 28

PRICE_TO_PRECISION = f"{_UTILS}:price_to_precision"
AMOUNT_TO_CONTRACT_PRECISION = f"{_UTILS}:amount_to_contract_precision"


def price_to_precision(original: Callable[..., Any]) -> Callable[..., Any]:
    """The replacement of ``price_to_precision``."""
    from ccxt import ROUND

    to_precision = direct("ledger.price_to_precision")

    def fast(
        price: Any,
        price_precision: Any,
        precisionMode: Any,  # noqa: N803
        *,
        rounding_mode: Any = ROUND,
    ) -> Any:
        context = getcontext()
        if context.prec == _CONTEXT_DIGITS and context.rounding == ROUND_HALF_UP:
            result = to_precision(price, price_precision, precisionMode, rounding_mode)
            if result is not NotImplemented:
                return result
        return original(price, price_precision, precisionMode, rounding_mode=rounding_mode)

    return fast


def amount_to_contract_precision(original: Callable[..., Any]) -> Callable[..., Any]:
    """The replacement of ``amount_to_contract_precision``."""
    to_precision = direct("ledger.amount_to_contract_precision")

    def fast(
        amount: Any,
        amount_precision: Any,
        precisionMode: Any,  # noqa: N803
        contract_size: Any,
    ) -> Any:
        context = getcontext()
        if context.prec == _CONTEXT_DIGITS and context.rounding == ROUND_HALF_UP:
            result = to_precision(amount, amount_precision, precisionMode, contract_size)
            if result is not NotImplemented:
                return result
        return original(amount, amount_precision, precisionMode, contract_size)

    return fast


def _swap(name: str, imitates: tuple[str, ...]) -> Swap:
    return Swap(
        Target(
            name,
            _UTILS,
            name,
            {"": f"bridge.objects.precision.{name}"},
            imitates=tuple(f"{_UTILS}:{helper}" for helper in imitates),
            kernels=(f"ledger.{name}",),
        ),
        holders=tuple(f"{module}:{name}" for module in _HOLDERS),
    )


SWAPS: tuple[Swap, ...] = (
    _swap("price_to_precision", ("__price_to_precision_significant_digits",)),
    _swap(
        "amount_to_contract_precision",
        ("amount_to_contracts", "contracts_to_amount", "amount_to_precision"),
    ),
)
"""What this module replaces."""
