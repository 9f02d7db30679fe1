"""The wallet over time as freqtrade's ``convert_bt_wallet_collection`` returns it, from arrays."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.simulation.frame_columns import (
    PYTHON_MOMENT,
    moment_column,
    require_equal_lengths,
    text_column,
)

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

    Columns of one type lie in one block, as freqtrade's: the order of pandas' sums depends on it.

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
