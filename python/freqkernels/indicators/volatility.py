"""Bands and ranges."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from freqkernels.indicators._columns import (
    are_plain,
    candle_columns,
    columns_of,
    is_plain,
    number,
    transform,
    transform_plain,
    whole,
)
from freqkernels.indicators._windows import window_of
from freqkernels.runtime import kernel

_bollinger_bands = kernel("indicators", "bollinger_bands")
_atr = kernel("indicators", "atr")

_BANDS_NS_PER_VALUE = 3.0
_ATR_NS_PER_VALUE = 1.0


class BollingerBands(NamedTuple):
    """Result of :func:`bollinger_bands`.

    :param upper: mid plus the deviations.
    :param mid: rolling mean.
    :param lower: mid less the deviations.
    """

    upper: NDArray[np.float64]
    mid: NDArray[np.float64]
    lower: NDArray[np.float64]


class _Range(NamedTuple):
    atr: NDArray[np.float64]


def bollinger_bands(
    values: Any,
    window: int = 20,
    stds: float = 2.0,
    *,
    min_periods: int | None = 1,
    ddof: int = 1,
) -> Any:
    """Bollinger bands: a rolling mean, and that plus and minus some standard deviations.

    With the defaults equal to ``bollinger_bands`` of qtpylib, with ``min_periods=None, ddof=0`` to
    ``talib.BBANDS`` of a simple average, both within the bounds of :func:`rolling_mean` and
    :func:`rolling_std`. TA-Lib 0.6 takes variances below 1e-14 for none, which leaves no bands
    around the prices of cheap coins; this function and TA-Lib 0.8 do not. Missing values are those
    of pandas in both forms: after a NaN TA-Lib has none but NaN, here it is left out.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param stds: standard deviations between mid and the bands, at least 0.
    :param min_periods: values that a result needs; None stands for ``window``.
    :param ddof: the divisor of the variance is the number of values less this.
    :return: :class:`BollingerBands` of the kind of ``values``; for a Series a frame with its
        columns.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    parameters = (
        *window_of(window, min_periods),
        whole(ddof, "ddof", 0),
        number(stds, "stds", 0.0),
    )
    if is_plain(values):
        return transform_plain(_bollinger_bands, (values,), parameters, BollingerBands)
    columns = columns_of(values, "values")
    return transform(_bollinger_bands, (columns,), parameters, BollingerBands, _BANDS_NS_PER_VALUE)


def atr(high: Any, low: Any = None, close: Any = None, timeperiod: int = 14) -> Any:
    """Average true range of Wilder.

    Equals ``talib.ATR`` within a bound: eight rows are computed from one average. It is within
    ``2e-16 * (timeperiod + 10)`` of the largest average so far from the exact one. NaNs at the
    beginning are skipped; a later close that is NaN does not count, after a high or low that is
    NaN all is NaN, and after an infinity nothing is finite.

    :param high: array, Series or frame of highs; or one frame of candles with columns ``high``,
        ``low`` and ``close``, and no other arguments than ``timeperiod``.
    :param low: lows, of the kind and shape of ``high``.
    :param close: closes, of the kind and shape of ``high``.
    :param timeperiod: ranges in the first average, at least 1.
    :return: float64, of the kind and shape of ``high``, a Series for a frame of candles.
    :raise InvalidInputError: for other kinds and dtypes, missing columns, shapes and indexes that
        differ, and numbers out of their range.
    """
    parameters = (whole(timeperiod, "timeperiod"),)
    if are_plain((high, low, close)):
        return transform_plain(_atr, (high, low, close), parameters, _Range).atr
    columns = candle_columns({"high": high, "low": low, "close": close})
    result = transform(_atr, columns, parameters, None, _ATR_NS_PER_VALUE)
    return result if low is not None else result.rename("atr")
