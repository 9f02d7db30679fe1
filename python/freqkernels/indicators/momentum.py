"""Oscillators, with the names, parameters and head rows of TA-Lib."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from freqkernels.indicators._columns import (
    columns_of,
    transform,
    transform_one,
    transform_plain,
    whole,
)
from freqkernels.runtime import kernel

_rsi = kernel("indicators", "rsi")
_stoch_rsi = kernel("indicators", "stoch_rsi")

_RSI_NS_PER_VALUE = 1.2
_STOCH_RSI_NS_PER_VALUE = 4.0


class StochRSI(NamedTuple):
    """Result of :func:`stoch_rsi`.

    :param fastk: 0 to 100, up to rounding.
    :param fastd: mean of that.
    """

    fastk: NDArray[np.float64]
    fastd: NDArray[np.float64]


def rsi(values: Any, timeperiod: int = 14) -> Any:
    """Wilder's relative strength index.

    Equals ``talib.RSI`` within an absolute bound of ``1e-10``: eight rows are computed from one
    average, and the index from the averages of the changes and of their sizes. 0 as long as no
    value has changed, and after some 700 times ``timeperiod`` equal values, when the averages are
    too small to have digits: TA-Lib 0.8 goes on with what is left of them, TA-Lib 0.6 takes
    average sizes below 1e-14 for none. After a later value that is not finite TA-Lib goes on with
    0, which says oversold; here it is NaN.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param timeperiod: changes in the first average, at least 1.
    :return: float64, of the kind and shape of ``values``, never below 0 or above 100; NaN before
        row ``timeperiod`` after the leading NaNs, and from a later value on that is not finite.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    parameters = (whole(timeperiod, "timeperiod"),)
    return transform_one(_rsi, values, "values", parameters, _RSI_NS_PER_VALUE)


def stoch_rsi(
    values: Any, timeperiod: int = 14, fastk_period: int = 5, fastd_period: int = 3
) -> Any:
    """Stochastic oscillator of the relative strength index.

    Equals ``talib.STOCHRSI`` (``fastd_matype=0``) as closely as the index allows: what
    :func:`rsi` differs by, times 300 and divided by the range of the index in the window. 0 where
    that range is below 1e-12, as in TA-Lib 0.8: what rounding makes of an index at rest. Time
    grows with ``fastk_period``.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param timeperiod: period of the index, at least 1.
    :param fastk_period: rows in which the index is ranked, at least 1.
    :param fastd_period: rows over which fastk is averaged, at least 1.
    :return: :class:`StochRSI` of the kind of ``values``; for a Series a frame with its columns.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    columns = columns_of(values, "values")
    parameters = (
        whole(timeperiod, "timeperiod"),
        whole(fastk_period, "fastk_period"),
        whole(fastd_period, "fastd_period"),
        np.empty(columns.flat.shape[0]),
    )
    if columns.flat is values:
        return transform_plain(_stoch_rsi, (columns.flat,), parameters, StochRSI)
    return transform(_stoch_rsi, (columns,), parameters, StochRSI, _STOCH_RSI_NS_PER_VALUE)
