"""Numbers on an exchange's grid, exactly as freqtrade puts them there: arrays in, arrays out.

freqtrade computes prices, amounts and values in decimals: the shortest digits of each float, exact
products, quotients of 18 decimals, and one correct rounding at the end. So do these functions, for
whole arrays; the simulation does the same through the C headers that stand behind them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freqkernels.errors import InvalidInputError
from freqkernels.runtime import kernel

__all__ = [
    "DECIMAL_PLACES",
    "ROUND",
    "ROUND_DOWN",
    "ROUND_UP",
    "SIGNIFICANT_DIGITS",
    "TICK_SIZE",
    "TRUNCATE",
    "amount_to_contract_precision",
    "price_to_precision",
    "round_places",
]

Floats = NDArray[np.float64]

#: Rounding modes, numbered as in ccxt.
TRUNCATE, ROUND, ROUND_UP, ROUND_DOWN = range(4)
#: What a precision counts, numbered as in ccxt.
DECIMAL_PLACES, SIGNIFICANT_DIGITS, TICK_SIZE = 2, 3, 4

_KERNELS = {
    name: kernel("exact", name)
    for name in (
        *("shortest", "nearest", "multiply", "divide", "combine", "float_sum"),
        *("round_places", "price_to_precision", "amount_to_contract_precision"),
        *("value_with_fee", "average_price", "order_stake", "profits", "rate_for_roi"),
    )
}
_MOST_PLACES = 19


def _floats(values: Any, name: str) -> Floats:
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{name}: expected numbers, got {type(values).__name__}") from error
    if array.ndim != 1:
        raise InvalidInputError(f"{name}: expected one dimension, got {array.ndim}")
    return array


def _one_of(value: Any, allowed: tuple[int, ...], name: str) -> int:
    if value not in allowed:
        raise InvalidInputError(f"{name}: expected one of {allowed}, got {value!r}")
    return int(value)


def _require_all(refused: int, values: Floats, out: Floats, name: str, precision: float) -> None:
    if refused:
        lost = np.isnan(out)
        numbers = lost & ~np.isnan(values)
        first = float(values[numbers if numbers.any() else lost][0])
        raise InvalidInputError(
            f"{name}: {refused} of {len(values)} cannot be put on a precision of {precision!r}, "
            f"the first is {first!r}"
        )


def price_to_precision(
    prices: ArrayLike, precision: float, counting_mode: int, *, rounding_mode: int = ROUND
) -> Floats:
    """Prices that an exchange accepts.

    Identical to ``freqtrade.exchange.price_to_precision`` of each price. Stops use
    ``ROUND_UP`` (long) and ``ROUND_DOWN`` (short), everything else ``ROUND``: half up.

    :param prices: one dimension; NaN stays NaN.
    :param precision: tick size, or number of places or digits.
    :param counting_mode: ``TICK_SIZE``, ``DECIMAL_PLACES`` or ``SIGNIFICANT_DIGITS``.
    :param rounding_mode: ``ROUND``, ``ROUND_UP``, ``ROUND_DOWN`` or ``TRUNCATE``.
    :return: a new array.
    :raise InvalidInputError: for prices or a precision that freqtrade cannot use either, and for
        numbers beyond the digits of its decimal context.
    """
    values = _floats(prices, "prices")
    counting = _one_of(
        counting_mode, (DECIMAL_PLACES, SIGNIFICANT_DIGITS, TICK_SIZE), "counting_mode"
    )
    mode = _one_of(rounding_mode, (TRUNCATE, ROUND, ROUND_UP, ROUND_DOWN), "rounding_mode")
    out = np.empty_like(values)
    refused = _KERNELS["price_to_precision"](values, precision, counting, mode, out)
    _require_all(refused, values, out, "prices", precision)
    return out


def amount_to_contract_precision(
    amounts: ArrayLike, precision: float, counting_mode: int, contract_size: float | None = None
) -> Floats:
    """Amounts that an exchange accepts: cut, never rounded up.

    Identical to ``freqtrade.exchange.amount_to_contract_precision`` of each amount.

    :param amounts: one dimension.
    :param precision: tick size, or number of places or digits, of contracts if there are any.
    :param counting_mode: as for :func:`price_to_precision`.
    :param contract_size: amount of one contract.
    :return: a new array.
    :raise InvalidInputError: as for :func:`price_to_precision`.
    """
    values = _floats(amounts, "amounts")
    counting = _one_of(
        counting_mode, (DECIMAL_PLACES, SIGNIFICANT_DIGITS, TICK_SIZE), "counting_mode"
    )
    out = np.empty_like(values)
    refused = _KERNELS["amount_to_contract_precision"](
        values, precision, counting, contract_size or 0.0, out
    )
    _require_all(refused, values, out, "amounts", precision)
    return out


def round_places(values: ArrayLike, places: int) -> Floats:
    """Python's ``round(value, places)`` of each value, which numpy's ``round`` is not.

    :param values: one dimension.
    :param places: 0 to 19.
    :return: a new array.
    :raise InvalidInputError: for other places.
    """
    numbers = _floats(values, "values")
    out = np.empty_like(numbers)
    _KERNELS["round_places"](
        numbers, _one_of(places, tuple(range(_MOST_PLACES + 1)), "places"), out
    )
    return out
