"""Twins of the kernels that compute one trade at a time, on the twins of exact arithmetic.

Where a kernel cannot promise freqtrade's result it returns ``NotImplemented``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from freqkernels.reference.exact import (
    TICK_SIZE,
    RefusedError,
    profit_abs_of,
    profit_ratio_of,
    rate_of_roi,
    stake_of,
    to_contract_precision,
    to_precision,
    value_of,
)

LAST_INT = 2**31 - 1
LAST_ON_INT = 1e15


def plain_number(value: Any) -> float:
    """A plain float, or an int that changes nothing when it is taken for a float.

    :raise RefusedError: for anything else.
    """
    if type(value) is float or (type(value) is int and abs(value) <= LAST_INT):
        return float(value)
    raise RefusedError


def most_stake(max_stake: Any, fee: Any, is_short: bool) -> float:
    """The divisor of a total profit ratio; 0 for a stake of None or 0, where there is no ratio.

    :raise RefusedError: if the divisor is 0 for another reason.
    """
    stake = 0.0 if max_stake is None else plain_number(max_stake)
    if not stake:
        return 0.0
    rate = plain_number(fee)
    divisor = stake * (1.0 - rate if is_short else 1.0 + rate)
    if not divisor:
        raise RefusedError
    return divisor


def refusing(function: Callable[..., Any]) -> Callable[..., Any]:
    """``NotImplemented`` where a function refuses."""

    @wraps(function)
    def answer(*args: Any) -> Any:
        try:
            return function(*args)
        except RefusedError:
            return NotImplemented

    return answer


def _grid(precision: Any, counting: Any, x: Any) -> float:
    if type(x) is not float or not math.isfinite(x):
        raise RefusedError
    if type(counting) is not int:
        raise RefusedError
    if isinstance(precision, float):
        return float(precision)
    if counting == TICK_SIZE and abs(x) >= LAST_ON_INT:
        raise RefusedError
    return plain_number(precision)


@refusing
def price_to_precision(price: Any, precision: Any, counting: Any, mode: Any) -> Any:
    """freqtrade's price_to_precision of one price."""
    if precision is None or counting is None:
        return price
    if type(mode) is not int or not 0 <= mode <= 3:
        raise RefusedError
    return to_precision(price, _grid(precision, counting, price), counting, mode)


@refusing
def amount_to_contract_precision(
    amount: Any, precision: Any, counting: Any, contract_size: Any
) -> Any:
    """freqtrade's amount_to_contract_precision of one amount."""
    if precision is None or counting is None:
        return amount
    size = 0.0 if contract_size is None else plain_number(contract_size)
    places = _grid(precision, counting, amount)
    if type(contract_size) is int and amount < 0.0:
        raise RefusedError
    return to_contract_precision(amount, places, counting, size)


def _value(amount: Any, rate: Any, fee: Any, plus: bool) -> float:
    return value_of(plain_number(amount), plain_number(rate), plain_number(fee), plus)


def _close_value(amount: Any, rate: Any, fee: Any, funding_fees: Any, is_short: bool) -> float:
    funding = plain_number(funding_fees)
    value = _value(amount, rate, fee, is_short)
    return value - funding if is_short else value + funding


@refusing
def open_trade_value(amount: Any, open_rate: Any, fee: Any, is_short: bool) -> Any:
    """LocalTrade._calc_open_trade_value."""
    return _value(amount, open_rate, fee, not is_short)


@refusing
def close_trade_value(amount: Any, rate: Any, fee: Any, funding_fees: Any, is_short: bool) -> Any:
    """LocalTrade.calc_close_trade_value without interest; no funding fees are 0."""
    return _close_value(amount, rate, fee, funding_fees, is_short)


@refusing
def profit_ratio(
    amount: Any,
    rate: Any,
    fee: Any,
    funding_fees: Any,
    is_short: bool,
    open_value: Any,
    leverage: Any,
) -> Any:
    """LocalTrade.calc_profit_ratio of the whole trade."""
    closed = _close_value(amount, rate, fee, funding_fees, is_short)
    return profit_ratio_of(plain_number(open_value), closed, plain_number(leverage), is_short)


@refusing
def profits(
    close_value: Any,
    open_value: Any,
    is_short: bool,
    leverage: Any,
    realized_profit: Any,
    max_stake_amount: Any,
    fee_open: Any,
) -> Any:
    """LocalTrade.calculate_profit of two values: absolute, ratio, and both in total."""
    closed, opened = plain_number(close_value), plain_number(open_value)
    divisor = most_stake(max_stake_amount, fee_open, is_short)
    total = (opened - closed if is_short else closed - opened) + plain_number(realized_profit)
    return (
        profit_abs_of(opened, closed, is_short),
        profit_ratio_of(opened, closed, plain_number(leverage), is_short),
        round(total, 8),
        round(total / divisor, 8) if divisor else 0.0,
    )


@refusing
def rate_for_roi(
    amount: Any,
    open_rate: Any,
    fee_open: Any,
    fee_close: Any,
    funding_fees: Any,
    is_short: bool,
    roi: Any,
    leverage: Any,
) -> Any:
    """LocalTrade.calc_close_rate_for_roi."""
    at_0, at_1 = (
        _close_value(amount, rate, fee_close, funding_fees, is_short) for rate in (0.0, 1.0)
    )
    opened = _value(amount, open_rate, fee_open, not is_short)
    return rate_of_roi(opened, at_0, at_1, plain_number(roi), plain_number(leverage), is_short)


@refusing
def order_stake(amount: Any, price: Any, leverage: Any) -> Any:
    """Order.stake_amount."""
    numbers = plain_number(amount), plain_number(price), plain_number(leverage)
    if min(numbers) < 0.0:
        raise RefusedError
    return stake_of(*numbers)
