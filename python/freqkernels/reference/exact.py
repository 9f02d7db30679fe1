"""Twins, in Python integers, of the kernels behind :mod:`freqkernels.exact`.

Functions of single numbers, for other twins, come before those of columns.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: An integer and its decimals, as ccxt's Precise has them.
Exact = tuple[int, int]

BITS = 320
QUOTIENT_DECIMALS = 18
PLACES_LAST = 26
CONTEXT_DIGITS = 28
STOP_PLACES = 14
TRUNCATE, ROUND, ROUND_UP, ROUND_DOWN = range(4)
DECIMAL_PLACES, SIGNIFICANT_DIGITS, TICK_SIZE = 2, 3, 4


class RefusedError(Exception):
    """A number does not fit, or a divisor is zero."""


def _each(out: Floats, function: Callable[..., float], *columns: Floats) -> int:
    """``function`` of each row into ``out``, NaN where it is refused; how many those are."""
    refused = 0
    for at, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        try:
            out[at] = function(*row)
        except RefusedError:
            out[at] = math.nan
            refused += 1
    return refused


# ---- decimals


def _exact(x: float) -> Exact:
    if not math.isfinite(x):
        raise RefusedError
    mantissa, _, exponent = repr(x).partition("e")
    whole, _, fraction = mantissa.partition(".")
    return int(whole + fraction), len(fraction) - int(exponent or 0)


def _stripped(x: float) -> Exact:
    """Magnitude without trailing zeros."""
    integer, decimals = _exact(abs(x))
    if integer == 0:
        return 0, 0
    digits = str(integer).rstrip("0")
    return int(digits), decimals - (len(str(integer)) - len(digits))


def _fitting(integer: int) -> int:
    if abs(integer).bit_length() > BITS:
        raise RefusedError
    return integer


def _aligned(a: Exact, b: Exact) -> tuple[int, int, int]:
    decimals = max(a[1], b[1])
    left, right = (_fitting(n * 10 ** (decimals - has)) for n, has in (a, b))
    return left, right, decimals


def _plus(a: Exact, b: Exact) -> Exact:
    left, right, decimals = _aligned(a, b)
    return _fitting(left + right), decimals


def _times(a: Exact, b: Exact) -> Exact:
    return _fitting(a[0] * b[0]), a[1] + b[1]


def _over(a: Exact, b: Exact) -> Exact:
    if b[0] == 0:
        raise RefusedError
    distance = QUOTIENT_DECIMALS - a[1] + b[1]
    numerator = _fitting(a[0] * 10**distance) if distance >= 0 else a[0] // 10**-distance
    quotient = abs(numerator) // abs(b[0])
    return (-quotient if (numerator < 0) != (b[0] < 0) else quotient), QUOTIENT_DECIMALS


def _remainder(a: Exact, b: Exact) -> Exact:
    left, right, decimals = _aligned(a, b)
    if right == 0:
        raise RefusedError
    return left % right, decimals


def _float(a: Exact) -> float:
    """The nearest double: Python divides integers with one correct rounding."""
    integer, decimals = a
    try:
        return float(integer * 10 ** max(-decimals, 0) / 10 ** max(decimals, 0))
    except OverflowError:
        return math.copysign(math.inf, integer)


def shortest(x: Floats, digits: NDArray[np.uint64], decimals: NDArray[np.int64]) -> None:
    """Digits and decimals that repr() prints, trailing zeros dropped; the numbers are finite."""
    for at, value in enumerate(x.tolist()):
        digits[at], decimals[at] = _stripped(value)


def nearest(digits: NDArray[np.uint64], decimals: NDArray[np.int64], out: Floats) -> None:
    """The doubles nearest to digits / 10^decimals."""
    out[:] = [_float(pair) for pair in zip(digits.tolist(), decimals.tolist(), strict=True)]


def multiply(a: Floats, b: Floats, out: Floats) -> int:
    """float(Precise(a) * Precise(b))."""
    return _each(out, lambda x, y: _float(_times(_exact(x), _exact(y))), a, b)


def divide(a: Floats, b: Floats, out: Floats) -> int:
    """float(Precise(a) / Precise(b))."""
    return _each(out, lambda x, y: _float(_over(_exact(x), _exact(y))), a, b)


def _order(a: Exact, b: Exact) -> Exact:
    left, right, _ = _aligned(a, b)
    return (left > right) - (left < right), 0


def combine(operation: int, a: Floats, b: Floats, c: Floats, d: Floats, out: Floats) -> int:
    """Precise(a) * Precise(b) and Precise(c) * Precise(d), combined, as a float."""
    operations: list[Callable[[Exact, Exact], Exact]] = [
        _plus,
        lambda left, right: _plus(left, (-right[0], right[1])),
        _over,
        _remainder,
        _order,
    ]
    chosen = operations[operation]

    def combined(*factors: float) -> float:
        x, y, z, w = map(_exact, factors)
        return _float(chosen(_times(x, y), _times(z, w)))

    return _each(out, combined, a, b, c, d)


# ---- rounding


def round_places(x: Floats, places: int, out: Floats) -> None:
    """round(x, places), for 0 to 19 places."""
    out[:] = [round(value, places) for value in x.tolist()]


def _fits_context(a: Exact, places: int) -> bool:
    shift = places - a[1] - CONTEXT_DIGITS
    return bool(abs(a[0]) * 10 ** max(shift, 0) < 10 ** max(-shift, 0))


def _to_tick(x: float, tick: float, mode: int) -> float:
    price, step = _exact(abs(x)), _stripped(tick)
    in_context = mode in (TRUNCATE, ROUND)
    if in_context and step[1] > PLACES_LAST:
        raise RefusedError
    multiple, unit, decimals = _aligned(price, step)
    missing = multiple % unit
    away = mode == (ROUND_DOWN if x < 0 else ROUND_UP)
    if missing and (away or (mode == ROUND and 2 * missing >= unit)):
        multiple = _fitting(multiple + unit - missing)
    else:
        multiple -= missing
    if in_context and not _fits_context((multiple, decimals), max(step[1], 0)):
        raise RefusedError
    if missing == 0:
        return x + 0.0 if in_context else x
    result = _float((-multiple if x < 0 else multiple, decimals))
    return result if in_context else round(result, STOP_PLACES)


def _cut(x: float, places: int, up: Callable[[int], bool]) -> float:
    """``x`` after that many places; ``up`` of the order of the rest and one half says where to."""
    digits, decimals = _stripped(x)
    sign = -1 if x < 0 else 1
    if decimals <= places:
        return x + 0.0
    units, rest = divmod(digits, 10 ** (decimals - places))
    half = 10 ** (decimals - places)
    units += up((2 * rest > half) - (2 * rest < half))
    return _float((sign * units, places))


def _to_places(x: float, places: int, mode: int) -> float:
    places = min(places, PLACES_LAST)
    if (mode == ROUND or places < 0) and not _fits_context(_exact(x), places):
        raise RefusedError
    return _cut(x, places, lambda order: mode == ROUND and order >= 0)


def _stop_to_places(x: float, places: int, mode: int) -> float:
    if not 0 <= places <= 22 or not math.isfinite(x * 10.0**places):
        raise RefusedError
    units = x * 10**places
    return float((math.ceil(units) if mode == ROUND_UP else math.floor(units)) / 10**places)


def _to_significant(x: float, digits: int, mode: int) -> float:
    stop = mode in (ROUND_UP, ROUND_DOWN)
    if digits < 1 or (stop and digits > PLACES_LAST):
        raise RefusedError
    if x == 0.0:
        return x if stop else 0.0
    integer, decimals = _stripped(x)
    places = min(digits, PLACES_LAST) - len(str(integer)) + decimals
    whole = places < 0
    if whole and x < 0 and mode != TRUNCATE:
        raise RefusedError
    if mode == ROUND_UP and whole and decimals <= places:
        return _float(_plus(_exact(x), (1, places)))
    ups: list[Callable[[int], bool]] = [
        lambda order: False,
        lambda order: order > 0 if whole else order >= 0,
        lambda order: True,
        lambda order: False,
    ]
    return _cut(x, places, ups[mode])


def to_precision(price: float, precision: float, counting: int, mode: int) -> float:
    """freqtrade's price_to_precision, for the four rounding modes of ccxt."""
    stop = mode in (ROUND_UP, ROUND_DOWN)
    if counting == TICK_SIZE:
        if not 0.0 < precision <= 1e300:
            raise RefusedError
    elif counting not in (DECIMAL_PLACES, SIGNIFICANT_DIGITS) or not abs(precision) <= 1000.0:
        raise RefusedError
    if math.isnan(price):
        return price
    if math.isinf(price):
        raise RefusedError
    if counting == TICK_SIZE:
        return _to_tick(price, precision, mode)
    places = round(precision) if stop else int(precision)
    if counting == SIGNIFICANT_DIGITS:
        return _to_significant(price, places, mode)
    return (_stop_to_places if stop else _to_places)(price, places, mode)


def to_contract_precision(
    amount: float, precision: float, counting: int, contract_size: float
) -> float:
    """freqtrade's amount_to_contract_precision; a contract size of 0 stands for none."""
    if contract_size in (0.0, 1.0):
        return _cut_amount(amount, precision, counting)
    size = _exact(contract_size)
    contracts = _float(_over(_exact(amount), size))
    return _float(_times(_exact(_cut_amount(contracts, precision, counting)), size))


def _cut_amount(amount: float, precision: float, counting: int) -> float:
    if math.isnan(amount):
        raise RefusedError
    return to_precision(amount, precision, counting, TRUNCATE)


def price_to_precision(
    prices: Floats, precision: float, counting: int, mode: int, out: Floats
) -> int:
    """freqtrade's price_to_precision, for the four rounding modes of ccxt."""
    return _each(out, lambda price: to_precision(price, precision, counting, mode), prices)


def amount_to_contract_precision(
    amounts: Floats, precision: float, counting: int, contract_size: float, out: Floats
) -> int:
    """freqtrade's amount_to_contract_precision; a contract size of 0 stands for none."""

    def cut(amount: float) -> float:
        return to_contract_precision(amount, precision, counting, contract_size)

    return _each(out, cut, amounts)


# ---- values of a trade


def value_of(amount: float, rate: float, fee: float, plus: bool) -> float:
    """amount * rate with the fee added (plus) or taken off, exact until the float."""
    part, decimals = _exact(fee)
    factor = _plus((1, 0), (part if plus else -part, decimals))
    return _float(_times(_times(_exact(amount), _exact(rate)), factor))


def stake_of(amount: float, price: float, leverage: float) -> float:
    """amount * price / leverage, cut after 18 decimals."""
    return _float(_over(_times(_exact(amount), _exact(price)), _exact(leverage)))


def average_of(amount: float, price: float) -> float:
    """amount * price / amount, cut after 18 decimals."""
    return stake_of(amount, price, amount)


def cost_of(amount: float, price: float) -> float:
    """float(amount * price)."""
    return _float(_times(_exact(amount), _exact(price)))


def profit_ratio_of(opened: float, closed: float, leverage: float, is_short: bool) -> float:
    """Profit of a trade from its two values, as a ratio with 8 decimals."""
    if opened == 0.0:
        return 0.0
    change = 1 - closed / opened if is_short else closed / opened - 1
    return round(change * leverage, 8)


def profit_abs_of(opened: float, closed: float, is_short: bool) -> float:
    """Profit of a trade from its two values, with 8 decimals."""
    return round(opened - closed if is_short else closed - opened, 8)


def rate_of_roi(
    opened: float, at_0: float, at_1: float, roi: float, leverage: float, is_short: bool
) -> float:
    """The close rate that yields a return, from the close values of the rates 0 and 1."""
    if at_1 - at_0 == 0.0 or leverage == 0.0:
        raise RefusedError
    adjusted = 1.0 + (roi / leverage) / (-1.0 if is_short else 1.0)
    return (adjusted * opened - at_0) / (at_1 - at_0)


def sum_of(values: Iterable[float], compensated: bool) -> float:
    """sum() of floats, as in Python 3.11 or (compensated) from 3.12 on."""
    total = compensation = 0.0
    for x in values:
        after = total + x
        if compensated:
            larger, smaller = (total, x) if abs(total) >= abs(x) else (x, total)
            compensation += (larger - after) + smaller
        total = after
    if compensation and math.isfinite(compensation):
        return total + compensation
    return total


# ---- columns of them


def value_with_fee(amount: Floats, rate: Floats, fee: float, plus: bool, out: Floats) -> int:
    """amount * rate with the fee added (plus) or taken off, exact until the float."""
    return _each(out, lambda x, y: value_of(x, y, fee, plus), amount, rate)


def average_price(amount: Floats, price: Floats, out: Floats) -> int:
    """amount * price / amount, cut after 18 decimals."""
    return _each(out, average_of, amount, price)


def order_stake(amount: Floats, price: Floats, leverage: float, out: Floats) -> int:
    """amount * price / leverage, cut after 18 decimals."""
    return _each(out, lambda x, y: stake_of(x, y, leverage), amount, price)


def profits(
    open_value: Floats,
    close_value: Floats,
    leverage: float,
    is_short: bool,
    ratio: Floats,
    absolute: Floats,
) -> None:
    """Profit of a trade from its two values, as ratio and absolute, both with 8 decimals."""
    values = open_value, close_value
    _each(ratio, lambda x, y: profit_ratio_of(x, y, leverage, is_short), *values)
    _each(absolute, lambda x, y: profit_abs_of(x, y, is_short), *values)


def rate_for_roi(
    open_value: Floats,
    value_at_0: Floats,
    value_at_1: Floats,
    roi: float,
    leverage: float,
    is_short: bool,
    out: Floats,
) -> int:
    """The close rate that yields a return, from the close values of the rates 0 and 1."""

    def rate(opened: float, at_0: float, at_1: float) -> float:
        return rate_of_roi(opened, at_0, at_1, roi, leverage, is_short)

    return _each(out, rate, open_value, value_at_0, value_at_1)


def float_sum(values: Floats, compensated: bool) -> float:
    """sum() of a list of floats, as in Python 3.11 or (compensated) from 3.12 on."""
    return sum_of(values.tolist(), compensated)
