"""The wallet over time as freqtrade's ``convert_bt_wallet_collection`` returns it, from arrays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.bridge.engine.frame_columns import (
    PYTHON_MOMENT,
    moment_column,
    require_equal_lengths,
    text_column,
)
from freqkernels.bridge.engine.lazy_list import LazyList

_MILLISECOND = timedelta(milliseconds=1)
#: Rows whose balance is an int of Python: all, none, or one bool a row.
Integers = bool | NDArray[np.bool_]


def wallet_summary_frame(
    times_ms: NDArray[np.int64],
    currency_codes: NDArray[np.int32],
    currencies: tuple[str, ...],
    rates: NDArray[np.float64],
    balances: NDArray[np.float64],
    *,
    stake_code: int = 0,
    integer_balances: Integers = False,
    moment: datetime = PYTHON_MOMENT,
) -> pd.DataFrame:
    """What ``convert_bt_wallet_collection`` makes of the captures.

    Columns of one type lie in one block, as in freqtrade's: the order of pandas' sums depends on it.

    :param times_ms: moment of each capture, milliseconds since 1970.
    :param currency_codes: index into ``currencies`` of each capture.
    :param currencies: names of the currencies.
    :param rates: price of the currency; freqtrade has the int 1 for the stake currency.
    :param balances: what the wallet holds of it.
    :param stake_code: index of the stake currency.
    :param integer_balances: which balances are ints of Python.
    :param moment: a moment of the loop: its kind and time zone are those of the dates.
    :return: columns date, currency, rate, balance; no columns if there are no captures.
    :raise InvalidInputError: for columns of different lengths.
    """
    rows = require_equal_lengths(
        {
            "times_ms": times_ms,
            "currency_codes": currency_codes,
            "rates": rates,
            "balances": balances,
        }
    )
    if rows == 0:
        return pd.DataFrame()
    if (currency_codes == stake_code).all():
        rates = rates.astype(np.int64)
    if np.all(integer_balances):
        balances = balances.astype(np.int64)
    return pd.DataFrame(
        {
            "date": moment_column(times_ms, moment),
            "currency": text_column(currency_codes, currencies),
            "rate": rates,
            "balance": balances,
        }
    )


def wallet_captures(
    times_ms: NDArray[np.int64],
    currency_codes: NDArray[np.int32],
    currencies: tuple[str, ...],
    rates: NDArray[np.float64],
    balances: NDArray[np.float64],
    *,
    stake_code: int = 0,
    integer_balances: Integers = False,
    moment: datetime = PYTHON_MOMENT,
) -> LazyList:
    """The captures as ``Backtesting.wallet_captures`` has them; parameters as above.

    :return: list of (moment, currency, rate, balance), made when somebody looks at it. Until then
        it holds on to the arrays, which must not change.
    """

    def make() -> list[tuple[Any, ...]]:
        names = np.array(currencies, dtype=object).take(currency_codes).tolist()
        ones = currency_codes == stake_code
        integers = np.broadcast_to(np.asarray(integer_balances), len(balances))
        columns = (
            _moments(times_ms, moment),
            names,
            _with_integers(rates, ones),
            _with_integers(balances, integers),
        )
        return list(zip(*columns, strict=True))

    return LazyList(len(times_ms), make)


def _moments(times_ms: NDArray[np.int64], moment: datetime) -> list[datetime]:
    """Objects like ``moment``; captures of one candle share one, as in freqtrade's loop."""
    begins = np.ones(len(times_ms), dtype=np.bool_)
    begins[1:] = times_ms[1:] != times_ms[:-1]
    since_1970 = moment - (PYTHON_MOMENT if moment.tzinfo else PYTHON_MOMENT.replace(tzinfo=None))
    after = times_ms[begins] - since_1970 // _MILLISECOND
    moments = np.array([moment + time * _MILLISECOND for time in after.tolist()], dtype=object)
    result: list[datetime] = moments.take(np.cumsum(begins) - 1).tolist()
    return result


def _with_integers(values: NDArray[np.float64], integers: NDArray[np.bool_]) -> list[Any]:
    """Floats, ints where ``integers`` says so."""
    objects = values.astype(object)
    objects[integers] = values[integers].astype(np.int64).astype(object)
    result: list[Any] = objects.tolist()
    return result
