"""Moving averages, with the names, parameters and head rows of TA-Lib."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from freqkernels.indicators._columns import (
    columns_of,
    is_plain,
    transform,
    transform_one,
    transform_plain,
    whole,
)
from freqkernels.runtime import kernel

_sma = kernel("indicators", "sma")
_wma = kernel("indicators", "wma")
_ema = kernel("indicators", "ema")
_zlema = kernel("indicators", "zlema")
_macd = kernel("indicators", "macd")

_NS_PER_VALUE = 0.6
_WMA_NS_PER_VALUE = 1.5
_ZLEMA_NS_PER_VALUE = 1.0
_MACD_NS_PER_VALUE = 3.0


class MACD(NamedTuple):
    """Result of :func:`macd`.

    :param macd: fast less slow average.
    :param signal: average of that.
    :param histogram: macd less signal.
    """

    macd: NDArray[np.float64]
    signal: NDArray[np.float64]
    histogram: NDArray[np.float64]


def sma(values: Any, timeperiod: int = 30) -> Any:
    """Simple moving average.

    Equals ``talib.SMA`` within a bound: where TA-Lib carries one sum through the whole series,
    this one starts anew every 256 rows (or every ``timeperiod``, if that is more), so that it is
    within ``1e-14`` of the largest mean of absolute values in these rows from the exact mean,
    however long the series (``3e-14`` for periods of 10,000 to 100,000). NaNs at the beginning are
    skipped; from the first later value that is not finite on, all is NaN.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param timeperiod: number of rows, at least 1; may be larger than the data.
    :return: float64, of the kind and shape of ``values``; NaN before the first whole window.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    return transform_one(_sma, values, "values", (whole(timeperiod, "timeperiod"),), _NS_PER_VALUE)


def wma(values: Any, timeperiod: int = 30) -> Any:
    """Weighted moving average: the newest value weighs ``timeperiod`` times the oldest.

    Equals ``talib.WMA`` within a bound, as :func:`sma` equals ``talib.SMA``, of ``3e-14`` for
    periods to 100,000; the sums start anew every 64 rows. From the first later value that is not
    finite on, all is NaN, where TA-Lib 0.8 goes on after some rows.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param timeperiod: number of rows, at least 1; may be larger than the data.
    :return: float64, of the kind and shape of ``values``; NaN before the first whole window.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    parameters = (whole(timeperiod, "timeperiod"),)
    return transform_one(_wma, values, "values", parameters, _WMA_NS_PER_VALUE)


def ema(values: Any, timeperiod: int = 30) -> Any:
    """Exponential moving average that begins with the mean of the first ``timeperiod`` values.

    Equals ``talib.EMA`` within a bound: eight rows are computed from one average, which rounds
    otherwise. It is within ``1e-16 * (timeperiod + 10)`` of the largest average of absolute values
    so far from the exact one: ``4e-15`` for a period of 30, and it does not grow with the series.
    NaNs at the beginning are skipped; after the first later value that is not finite all is NaN.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param timeperiod: the weight of the newest value is ``2 / (timeperiod + 1)``; at least 1.
    :return: float64, of the kind and shape of ``values``; NaN before row ``timeperiod - 1``.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    return transform_one(_ema, values, "values", (whole(timeperiod, "timeperiod"),), _NS_PER_VALUE)


def zlema(values: Any, timeperiod: int = 30) -> Any:
    """Zero-lag exponential moving average of Ehlers and Way.

    The :func:`ema` of ``2 * values - values.shift((timeperiod - 1) // 2)``; equals
    ``talib.EMA`` of that series within the bound of :func:`ema`. ``zlema`` of qtpylib is another
    average: weighted over half the period, without a beginning of its own.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param timeperiod: as for :func:`ema`.
    :return: float64, of the kind and shape of ``values``.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    columns = columns_of(values, "values")
    work = np.empty(columns.flat.shape[0])
    parameters = (whole(timeperiod, "timeperiod"), work)
    return transform(_zlema, (columns,), parameters, None, _ZLEMA_NS_PER_VALUE)


def macd(values: Any, fastperiod: int = 12, slowperiod: int = 26, signalperiod: int = 9) -> Any:
    """Moving average convergence and divergence.

    Equals ``talib.MACD`` within the bounds of the averages it is made of (see :func:`ema`): macd
    and signal are within ``2e-16`` times the sum of the periods and 30, of the largest average of
    absolute values so far, from the exact ones; histogram within twice that. Both averages begin
    in the row in which the slow one can, and all three outputs in that in which the signal can. A
    fast period longer than the slow one changes places with it.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param fastperiod: period of the fast average, at least 1.
    :param slowperiod: period of the slow average, at least 1.
    :param signalperiod: period of the average of their difference, at least 1.
    :return: :class:`MACD` of the kind of ``values``; for a Series a frame with its columns.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    fast, slow = sorted((whole(fastperiod, "fastperiod"), whole(slowperiod, "slowperiod")))
    parameters = (fast, slow, whole(signalperiod, "signalperiod"))
    if is_plain(values):
        return transform_plain(_macd, (values,), parameters, MACD)
    columns = columns_of(values, "values")
    return transform(_macd, (columns,), parameters, MACD, _MACD_NS_PER_VALUE)
