"""What a trade is worth at a price: freqtrade's ``LocalTrade`` methods that compute in decimals.

All are about trades of exactly that class, on spot markets or futures, whose numbers are plain
floats and ints; freqtrade's own methods do the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from freqkernels.bridge.objects.ledger import direct
from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.targets import Target

TRADE_MODEL = "freqtrade.persistence.trade_model"
CLOSE_VALUE = (
    f"{TRADE_MODEL}:LocalTrade.calc_close_trade_value",
    f"{TRADE_MODEL}:LocalTrade._calc_base_close",
)
OPEN_VALUE = f"{TRADE_MODEL}:LocalTrade._calc_open_trade_value"

Function = Callable[..., Any]


def _funding_fees_of() -> Function:
    """A function for the funding fees of a trade: 0 on spot, None where interest matters."""
    from freqtrade.enums import TradingMode

    spot, futures = TradingMode.SPOT, TradingMode.FUTURES

    def funding_fees_of(trade: Any) -> Any:
        mode = trade.trading_mode
        if mode is spot:
            return 0.0
        return (trade.funding_fees or 0.0) if mode is futures else None

    return funding_fees_of


def calc_open_trade_value(original: Function) -> Function:
    """The replacement of ``LocalTrade._calc_open_trade_value``."""
    from freqtrade.persistence import LocalTrade

    value_of = direct("ledger.open_trade_value")

    @wraps(original)
    def fast(self: Any, amount: Any, open_rate: Any) -> Any:
        if type(self) is LocalTrade:
            value = value_of(amount, open_rate, self.fee_open, self.is_short)
            if value is not NotImplemented:
                return value
        return original(self, amount, open_rate)

    return fast


def calc_close_trade_value(original: Function) -> Function:
    """The replacement of ``LocalTrade.calc_close_trade_value``."""
    from freqtrade.persistence import LocalTrade

    value_of, funding_fees_of = direct("ledger.close_trade_value"), _funding_fees_of()

    @wraps(original)
    def fast(self: Any, rate: Any, amount: Any = None) -> Any:
        if type(self) is LocalTrade:
            value = value_of(
                amount or self.amount,
                rate,
                self.fee_close or 0.0,
                funding_fees_of(self),
                self.is_short,
            )
            if value is not NotImplemented:
                return value
        return original(self, rate, amount)

    return fast


def calc_profit_ratio(original: Function) -> Function:
    """The replacement of ``LocalTrade.calc_profit_ratio``."""
    from freqtrade.persistence import LocalTrade

    ratio_of, funding_fees_of = direct("ledger.profit_ratio"), _funding_fees_of()

    @wraps(original)
    def fast(self: Any, rate: Any, amount: Any = None, open_rate: Any = None) -> Any:
        if amount is None and open_rate is None and type(self) is LocalTrade:
            ratio = ratio_of(
                self.amount,
                rate,
                self.fee_close or 0.0,
                funding_fees_of(self),
                self.is_short,
                self.open_trade_value,
                self.leverage,
            )
            if ratio is not NotImplemented:
                return ratio
        return original(self, rate, amount, open_rate)

    return fast


def calculate_profit(original: Function) -> Function:
    """The replacement of ``LocalTrade.calculate_profit``."""
    from freqtrade.persistence import LocalTrade
    from freqtrade.persistence.trade_model import ProfitStruct

    profits_of = direct("ledger.profits")

    @wraps(original)
    def fast(self: Any, rate: Any, amount: Any = None, open_rate: Any = None) -> Any:
        if type(self) is LocalTrade:
            close_value = self.calc_close_trade_value(rate, amount)
            if amount is None or open_rate is None:
                open_value = self.open_trade_value
            else:
                open_value = self._calc_open_trade_value(amount, open_rate)
            profits = profits_of(
                close_value,
                open_value,
                self.is_short,
                self.leverage,
                self.realized_profit,
                self.max_stake_amount,
                self.fee_open,
            )
            if profits is not NotImplemented:
                return ProfitStruct(*profits)
        return original(self, rate, amount, open_rate)

    return fast


def calc_close_rate_for_roi(original: Function) -> Function:
    """The replacement of ``LocalTrade.calc_close_rate_for_roi``."""
    from freqtrade.persistence import LocalTrade

    rate_for_roi, funding_fees_of = direct("ledger.rate_for_roi"), _funding_fees_of()

    @wraps(original)
    def fast(self: Any, target_roi: Any) -> Any:
        if type(self) is LocalTrade:
            rate = rate_for_roi(
                self.amount,
                self.open_rate,
                self.fee_open,
                self.fee_close or 0.0,
                funding_fees_of(self),
                self.is_short,
                target_roi,
                self.leverage or 1.0,
            )
            if rate is not NotImplemented:
                return rate
        return original(self, target_roi)

    return fast


def _swap(name: str, imitates: tuple[str, ...], kernel: str) -> Swap:
    return Swap(
        Target(
            f"LocalTrade.{name}",
            TRADE_MODEL,
            f"LocalTrade.{name}",
            {"": f"bridge.objects.trade_values.{name.lstrip('_')}"},
            imitates=imitates,
            kernels=(f"ledger.{kernel}",),
        )
    )


SWAPS: tuple[Swap, ...] = (
    _swap("_calc_open_trade_value", (), "open_trade_value"),
    _swap("calc_close_trade_value", CLOSE_VALUE[1:], "close_trade_value"),
    _swap("calc_profit_ratio", CLOSE_VALUE, "profit_ratio"),
    _swap("calculate_profit", (), "profits"),
    _swap("calc_close_rate_for_roi", (*CLOSE_VALUE, OPEN_VALUE), "rate_for_roi"),
)
"""What this module replaces."""
