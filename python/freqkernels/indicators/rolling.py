"""Statistics of a moving window, with the names, parameters and NaN rules of pandas.

Where rolling windows of pandas leave a value out (NaN, and the infinities, which pandas takes for
NaN), these do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError
from freqkernels.indicators._columns import transform_one, whole
from freqkernels.indicators._windows import window_of
from freqkernels.indicators.rolling_extremes import rolling_max, rolling_median, rolling_min
from freqkernels.runtime import Kernel, kernel

_rolling_sum = kernel("indicators", "rolling_sum")
_rolling_var = kernel("indicators", "rolling_var")
_rolling_std = kernel("indicators", "rolling_std")
_rolling_zscore = kernel("indicators", "rolling_zscore")

_SUM_NS_PER_VALUE = 0.6
_MOMENT_NS_PER_VALUE = 2.5


def rolling_sum(values: Any, window: int, min_periods: int | None = None) -> Any:
    """Sum of the last ``window`` values.

    Equals ``pandas.Series.rolling(window, min_periods).sum()`` within a bound: the sum starts anew
    every 256 rows (or every ``window``, if that is more), and where its size has changed by a
    factor of 1024. So it is within ``1e-14`` of the largest sum of absolute values in these rows
    from the exact sum (``3e-14`` for windows of 10,000 to 100,000), and, where all values are
    positive, within ``1e-8`` of the sum itself, whatever outliers were there before.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param min_periods: how many values must be there for a result, from 0 (a window without
        values has the sum 0, and no other statistic) to ``window``; None stands for ``window``.
    :return: float64, of the kind and shape of ``values``; NaN where too few values are there.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    parameters = (*window_of(window, min_periods), False)
    return transform_one(_rolling_sum, values, "values", parameters, _SUM_NS_PER_VALUE)


def rolling_mean(values: Any, window: int, min_periods: int | None = None) -> Any:
    """Mean of the last ``window`` values.

    Equals ``pandas.Series.rolling(window, min_periods).mean()`` within the bound of
    :func:`rolling_sum`. :func:`sma` is the same with the NaN rules of TA-Lib.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param min_periods: as for :func:`rolling_sum`.
    :return: float64, of the kind and shape of ``values``; NaN where too few values are there.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    parameters = (*window_of(window, min_periods), True)
    return transform_one(_rolling_sum, values, "values", parameters, _SUM_NS_PER_VALUE)


def _moment(function: Kernel, values: Any, window: Any, min_periods: Any, ddof: Any) -> Any:
    parameters = (*window_of(window, min_periods), whole(ddof, "ddof", 0))
    return transform_one(function, values, "values", parameters, _MOMENT_NS_PER_VALUE)


def rolling_var(values: Any, window: int, min_periods: int | None = None, ddof: int = 1) -> Any:
    """Variance of the last ``window`` values; exactly 0 where they are equal.

    Equals ``pandas.Series.rolling(window, min_periods).var(ddof)`` within a bound: sums of
    differences to an origin near the window, which start anew every 256 rows, and wherever the
    variance is small beside them. It is within ``1e-8`` of the exact variance relative to it, and
    on prices within ``1e-11``, at any distance from 0 and after any outlier.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param min_periods: as for :func:`rolling_sum`.
    :param ddof: the divisor is the number of values less this, at least 0.
    :return: float64, of the kind and shape of ``values``; NaN where too few values are there.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    return _moment(_rolling_var, values, window, min_periods, ddof)


def rolling_std(values: Any, window: int, min_periods: int | None = None, ddof: int = 1) -> Any:
    """Standard deviation of the last ``window`` values; exactly 0 where they are equal.

    Equals ``pandas.Series.rolling(window, min_periods).std(ddof)`` within the bound of
    :func:`rolling_var`; with ``ddof=0`` ``talib.STDDEV``, which subtracts squares far from the
    origin, and as TA-Lib 0.6 takes variances below 1e-14 for none.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param min_periods: as for :func:`rolling_sum`.
    :param ddof: as for :func:`rolling_var`.
    :return: float64, of the kind and shape of ``values``; NaN where too few values are there.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    return _moment(_rolling_std, values, window, min_periods, ddof)


def zscore(values: Any, window: int = 20, min_periods: int | None = None, ddof: int = 1) -> Any:
    """Distance from the mean of the last ``window`` values, in their standard deviations.

    Equals ``(values - mean) / std`` of pandas' rolling windows within the bounds of
    :func:`rolling_mean` and :func:`rolling_std`: ``1e-8`` of the score, and what the mean rounds
    by in deviations, ``2e-15 * abs(mean) / std``. NaN where all values are equal.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param min_periods: as for :func:`rolling_sum`.
    :param ddof: as for :func:`rolling_var`.
    :return: float64, of the kind and shape of ``values``; NaN where too few values are there.
    :raise InvalidInputError: for other kinds and dtypes, and for numbers out of their range.
    """
    return _moment(_rolling_zscore, values, window, min_periods, ddof)


class RollingStatistics(NamedTuple):
    """Result of :func:`rolling_statistics`; None for what was not asked for."""

    mean: NDArray[np.float64] | None = None
    sum: NDArray[np.float64] | None = None
    var: NDArray[np.float64] | None = None
    std: NDArray[np.float64] | None = None
    min: NDArray[np.float64] | None = None
    max: NDArray[np.float64] | None = None
    median: NDArray[np.float64] | None = None
    zscore: NDArray[np.float64] | None = None


_STATISTICS = {
    "mean": rolling_mean,
    "sum": rolling_sum,
    "var": rolling_var,
    "std": rolling_std,
    "min": rolling_min,
    "max": rolling_max,
    "median": rolling_median,
    "zscore": zscore,
}
_ALL = tuple(_STATISTICS)


def rolling_statistics(
    values: Any,
    window: int,
    statistics: Iterable[str] = _ALL,
    min_periods: int | None = None,
) -> Any:
    """Several statistics of the last ``window`` values.

    Each is that of the function of its name: :func:`rolling_mean`, :func:`rolling_sum`,
    :func:`rolling_var`, :func:`rolling_std`, :func:`rolling_min`, :func:`rolling_max`,
    :func:`rolling_median`, :func:`zscore`.

    :param values: array (one column, or rows by columns), Series or frame of numbers.
    :param window: number of rows, at least 1; may be larger than the data.
    :param statistics: names among mean, sum, var, std, min, max, median, zscore.
    :param min_periods: as for :func:`rolling_sum`.
    :return: for a Series a frame with a column for each; else :class:`RollingStatistics` of the
        kind of ``values``.
    :raise InvalidInputError: for unknown names, other kinds and dtypes, and for numbers out of
        their range.
    """
    names = list(statistics) if isinstance(statistics, Iterable) else []
    if isinstance(statistics, str) or not names or not all(name in _ALL for name in names):
        raise InvalidInputError(
            f"statistics: expected names among {', '.join(_ALL)}, got {statistics!r}"
        )
    functions: dict[str, Any] = {name: _STATISTICS[name] for name in names}
    found = {name: function(values, window, min_periods) for name, function in functions.items()}
    if isinstance(values, pd.Series):
        return pd.DataFrame(found, index=values.index)
    return RollingStatistics(**found)
