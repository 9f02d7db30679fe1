"""Minimum, maximum and median of a moving window, as pandas has them.

Where rolling windows of pandas leave a value out (NaN, and the infinities, which pandas takes for
NaN), these do; where 0.0 and -0.0 meet, the same one of them is the result.
"""

from __future__ import annotations

from typing import Any

from freqkernels.indicators._columns import transform_one
from freqkernels.indicators._windows import window_of
from freqkernels.runtime import kernel

_rolling_min = kernel("extremes", "rolling_min")
_rolling_max = kernel("extremes", "rolling_max")
_rolling_median = kernel("extremes", "rolling_median")

_EXTREME_NS_PER_VALUE = 0.5
_MEDIAN_NS_PER_VALUE = 10.0


def rolling_min(values: Any, window: int, min_periods: int | None = None) -> Any:
    """Lowest value of the last ``window`` ones.

    Equal, bit for bit, to ``pandas.Series.rolling(window, min_periods).min()``; on values without
    NaN, infinities and signed zeros also to ``talib.MIN`` and ``bottleneck.move_min``.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param min_periods: how many values must be there for a result, from 0 to
        ``window``; None stands for ``window``.
    :return: float64, of the kind and shape of ``values``; NaN where too few values are there.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    parameters = window_of(window, min_periods)
    return transform_one(_rolling_min, values, "values", parameters, _EXTREME_NS_PER_VALUE)


def rolling_max(values: Any, window: int, min_periods: int | None = None) -> Any:
    """Highest value of the last ``window`` ones.

    Equal, bit for bit, to ``pandas.Series.rolling(window, min_periods).max()``; on values without
    NaN, infinities and signed zeros also to ``talib.MAX`` and ``bottleneck.move_max``.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param min_periods: how many values must be there for a result, from 0 to
        ``window``; None stands for ``window``.
    :return: float64, of the kind and shape of ``values``; NaN where too few values are there.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    parameters = window_of(window, min_periods)
    return transform_one(_rolling_max, values, "values", parameters, _EXTREME_NS_PER_VALUE)


def rolling_median(values: Any, window: int, min_periods: int | None = None) -> Any:
    """Median of the last ``window`` values; of an even number, the mean of the two in the middle.

    Equal, bit for bit, to ``pandas.Series.rolling(window, min_periods).median()``: that mean is
    half of the rounded sum, which is infinite where the sum is beyond the largest float64.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param min_periods: how many values must be there for a result, from 0 to
        ``window``; None stands for ``window``.
    :return: float64, of the kind and shape of ``values``; NaN where too few values are there.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    parameters = window_of(window, min_periods)
    return transform_one(_rolling_median, values, "values", parameters, _MEDIAN_NS_PER_VALUE)
