"""How a trade changes: freqtrade's ``LocalTrade`` methods that set a stop or sum up the orders.

They run the statements of freqtrade's methods, on attributes in the same order; what is slow in
them - sums in decimals over all orders, texts for a log that nobody writes - is done otherwise.
"""

from __future__ import annotations

import logging
from functools import wraps
from typing import Any

from freqkernels.bridge.objects.ledger import direct
from freqkernels.bridge.objects.plain_orders import orders_are_plain
from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.objects.trade_values import (
    CLOSE_VALUE,
    OPEN_VALUE,
    TRADE_MODEL,
    Function,
)
from freqkernels.bridge.targets import Target


def adjust_stop_loss(original: Function) -> Function:
    """The replacement of ``LocalTrade.adjust_stop_loss``."""
    from freqtrade.persistence import LocalTrade, trade_model

    logger = trade_model.logger
    round_down, round_up = trade_model.ROUND_DOWN, trade_model.ROUND_UP

    def to_stop(trade: Any, price: Any) -> Any:
        return trade_model.price_to_precision(
            price,
            trade.price_precision,
            trade.precision_mode_price,
            rounding_mode=round_down if trade.is_short else round_up,
        )

    @wraps(original)
    def fast(
        self: Any,
        current_price: Any,
        stoploss: Any,
        initial: Any = False,
        allow_refresh: Any = False,
    ) -> None:
        if stoploss is None or (initial and not (self.stop_loss is None or self.stop_loss == 0)):
            return
        if (
            type(self) is not LocalTrade
            or logger.isEnabledFor(logging.DEBUG)
            or not _can_be_logged(self, current_price)
        ):
            original(self, current_price, stoploss, initial, allow_refresh)
            return
        is_short = self.is_short
        part = abs(stoploss / (self.leverage or 1.0))
        stop = to_stop(self, float(current_price * (1 + part if is_short else 1 - part)))
        if self.initial_stop_loss_pct is None:
            self._LocalTrade__set_stop_loss(stop, stoploss)
            self.initial_stop_loss = to_stop(self, stop)
            self.initial_stop_loss_pct = -1 * abs(stoploss)
            return
        if allow_refresh:
            self._LocalTrade__set_stop_loss(stop, stoploss)
        elif stop < self.stop_loss if is_short else stop > self.stop_loss:
            self.is_stop_loss_trailing = True
            self._LocalTrade__set_stop_loss(stop, stoploss)

    return fast


def _can_be_logged(trade: Any, current_price: Any) -> bool:
    """Whether freqtrade's log line, which it puts together in any case, can be put together."""
    return (
        isinstance(current_price, float)
        and isinstance(trade.open_rate, float)
        and isinstance(trade.max_rate or 0.0, float)
        and isinstance(trade.stop_loss, float)
        and isinstance(trade.initial_stop_loss, float)
    )


def adjust_min_max_rates(original: Function) -> Function:
    """The replacement of ``LocalTrade.adjust_min_max_rates``."""

    @wraps(original)
    def fast(self: Any, current_price: Any, current_price_low: Any) -> None:
        rate = self.max_rate or self.open_rate
        self.max_rate = rate if rate > current_price else current_price
        rate = self.min_rate or self.open_rate
        self.min_rate = rate if rate < current_price_low else current_price_low

    return fast


def recalc_trade_from_orders(original: Function) -> Function:
    """The replacement of ``LocalTrade.recalc_trade_from_orders``."""
    from freqtrade.enums import TradingMode
    from freqtrade.persistence import LocalTrade, Order

    if not orders_are_plain():
        return original
    fold_orders, finish = direct("orders.fold_orders"), _finishing()
    spot, futures = TradingMode.SPOT, TradingMode.FUTURES

    @wraps(original)
    def fast(self: Any, *, is_closing: Any = False) -> Any:
        mode = self.trading_mode
        if type(self) is LocalTrade and (mode is spot or mode is futures):
            sums = fold_orders(
                self.orders,
                Order,
                "sell" if self.is_short else "buy",
                self.is_short,
                self.leverage,
                self.fee_open,
                self.fee_close or 0.0,
                mode is futures,
                self.max_stake_amount,
                self.realized_profit,
            )
            if sums is not NotImplemented:
                return finish(self, sums, is_closing)
        return original(self, is_closing=is_closing)

    return fast


def _finishing() -> Function:
    """What ``recalc_trade_from_orders`` does once it has gone through the orders."""
    from freqtrade.persistence import trade_model

    def finish(trade: Any, sums: tuple[float, ...], is_closing: Any) -> None:
        funding, max_stake, total_stake, close_profit, profit, last_profit = sums[:6]
        amount, stake, average = sums[6:]
        trade.funding_fees = funding
        trade.max_stake_amount = max_stake / (trade.leverage or 1.0)
        if close_profit:
            trade.close_profit = close_profit
            trade.realized_profit = profit
            trade.close_profit_abs = last_profit
        amount_left = trade_model.amount_to_contract_precision(
            amount, trade.amount_precision, trade.precision_mode, trade.contract_size
        )
        if amount_left > 0.0:
            trade.open_rate = trade_model.price_to_precision(
                average, trade.price_precision, trade.precision_mode_price
            )
            trade.amount = amount_left
            trade.stake_amount = stake / (trade.leverage or 1.0)
            trade.fee_open_cost = trade.fee_open * float(trade.max_stake_amount)
            trade.recalc_open_trade_value()
            if trade.stop_loss_pct is not None and trade.open_rate is not None:
                trade.adjust_stop_loss(trade.open_rate, trade.stop_loss_pct)
        elif is_closing and total_stake > 0:
            trade.close_profit = (profit / total_stake) * trade.leverage
            trade.close_profit_abs = profit

    return finish


def _swap(name: str, imitates: tuple[str, ...] = (), kernels: tuple[str, ...] = ()) -> Swap:
    return Swap(
        Target(
            f"LocalTrade.{name}",
            TRADE_MODEL,
            f"LocalTrade.{name}",
            {"": f"bridge.objects.trade_changes.{name}"},
            imitates=imitates,
            kernels=kernels,
        )
    )


_SUMMED = (
    f"{TRADE_MODEL}:LocalTrade.calculate_profit",
    f"{TRADE_MODEL}:LocalTrade.entry_side",
    *CLOSE_VALUE,
    OPEN_VALUE,
    *(
        f"{TRADE_MODEL}:Order.{name}"
        for name in ("safe_amount_after_fee", "safe_filled", "safe_fee_base", "safe_price")
    ),
)

SWAPS: tuple[Swap, ...] = (
    _swap("adjust_stop_loss"),
    _swap("adjust_min_max_rates"),
    _swap("recalc_trade_from_orders", _SUMMED, ("orders.fold_orders",)),
)
"""What this module replaces."""
