"""Where one series crosses another one or a level, as in ``technical.qtpylib``.

As in :mod:`freqkernels.metrics`, a body is the exact definition in pandas, and the fast function
in front of it answers for float64 where it promises the same result: one pass, without the four
comparisons and two shifted copies of the definition.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import FLOAT64
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support, accelerate, kernel, refuse

__all__ = ["crossed", "crossed_above", "crossed_below"]

_crossings = kernel("strategy", "crossings")
_level_crossings = kernel("strategy", "level_crossings")

_DIRECTIONS = {"above": 1, "below": -1, None: 0}
#: Up to here all integers are floats, too.
_EXACT_INTEGERS = 2**53

Series = pd.Series | NDArray[Any]
Other = Series | float


def fast_crossed(series1: Any, series2: Any, direction: Any = None) -> pd.Series | Support:
    """Fast path of :func:`crossed`."""
    if not isinstance(direction, str | None) or direction not in _DIRECTIONS:
        return refuse(f"there is no direction {direction!r}")
    values = _values_of(series1, "series1")
    if isinstance(values, Support):
        return values
    index = series1.index if isinstance(series1, pd.Series) else pd.RangeIndex(len(values))
    level = _level_of(series2)
    if level is not None:
        out = np.empty(len(values), dtype=np.uint8)
        _level_crossings(values, level, _DIRECTIONS[direction], out)
        return pd.Series(out.view(np.bool_), index=index, copy=False)
    other = _values_of(series2, "series2")
    if isinstance(other, Support):
        return other
    if len(other) != len(values):
        return refuse("the series differ in length")
    name = None
    if isinstance(series2, pd.Series):
        if series2.index is not index and not series2.index.equals(index):
            return refuse("the series differ in their index")
        name = series2.name if series2.name == getattr(series1, "name", None) else None
    out = np.empty(len(values), dtype=np.uint8)
    _crossings(values, other, _DIRECTIONS[direction], out)
    return pd.Series(out.view(np.bool_), index=index, name=name, copy=False)


def _values_of(series: Any, argument: str) -> NDArray[np.float64] | Support:
    """An ordinary float64 Series or array as a contiguous array."""
    if series.__class__ is pd.Series:
        if series.attrs or not series.flags.allows_duplicate_labels:
            return refuse(f"{argument} carries attrs or flags")
        if not isinstance(series.name, str | None):
            return refuse(f"{argument} is not named by a text")
    elif series.__class__ is not np.ndarray or series.ndim != 1:
        return refuse(f"{argument} is no plain Series and no array with one dimension")
    if series.dtype != FLOAT64:
        return refuse(f"{argument} is {series.dtype}, not float64")
    if len(series) == 0:
        return refuse(f"{argument} is empty")
    return np.ascontiguousarray(series if series.__class__ is np.ndarray else series.to_numpy())


def _level_of(other: Any) -> float | None:
    """A number as the float that floats are compared with; None if it is none of these."""
    if isinstance(other, (int, np.integer)) and not isinstance(other, bool):
        return float(other) if abs(int(other)) <= _EXACT_INTEGERS else None
    if isinstance(other, (float, np.float32, np.float16)):
        return float(other)
    return None


def _require_series(series: Any, argument: str) -> None:
    if isinstance(series, pd.DataFrame) or not hasattr(series, "shift"):
        raise InvalidInputError(
            f"{argument}: expected a Series, an array with one dimension"
            f"{' or a number' if argument == 'series2' else ''}, got {type(series).__name__}"
        )


@accelerate(fast_crossed)
def crossed(
    series1: Series, series2: Other, direction: Literal["above", "below"] | None = None
) -> pd.Series:
    """Whether a series crosses another one, or a level, at each element.

    Identical to ``technical.qtpylib.crossed``. A series crosses above where it is greater than the
    other one and was less or equal one element before; below is the same with the sides exchanged.

    :param series1: n numbers; Series or array with one dimension.
    :param series2: n numbers, a Series with the index of ``series1`` or an array; or one number.
    :param direction: "above", "below", or None for either.
    :return: bool Series with the index of ``series1``, and with its name where ``series2`` has the
        same one. False at the first element, and where one of the four numbers is NaN.
    :raise InvalidInputError: for another direction, and for what is no Series, no array with one
        dimension and no number (also a ValueError).
    :raise ValueError: if the series differ in index or length; from pandas.
    """
    if direction not in ("above", "below", None):
        raise InvalidInputError(f"direction: expected 'above', 'below' or None, got {direction!r}")
    series: Any = series1
    if isinstance(series1, np.ndarray) and series1.ndim == 1:
        series = pd.Series(series1)
    _require_series(series, "series1")
    other: Any = series2
    if isinstance(series2, (float, int, np.integer, np.floating)) or (
        isinstance(series2, np.ndarray) and series2.ndim == 1
    ):
        other = pd.Series(series2, index=series.index)
    _require_series(other, "series2")
    if direction is None:
        return _above(series, other) | _below(series, other)
    return _above(series, other) if direction == "above" else _below(series, other)


def _above(series: Any, other: Any) -> pd.Series:
    return pd.Series((series > other) & (series.shift(1) <= other.shift(1)))


def _below(series: Any, other: Any) -> pd.Series:
    return pd.Series((series < other) & (series.shift(1) >= other.shift(1)))


def crossed_above(series1: Series, series2: Other) -> pd.Series:
    """Whether a series crosses above another one, or a level: see :func:`crossed`.

    Identical to ``technical.qtpylib.crossed_above``.

    :param series1: as for :func:`crossed`.
    :param series2: as for :func:`crossed`.
    :return: as :func:`crossed`.
    :raise ValueError: as :func:`crossed`.
    """
    return crossed(series1, series2, "above")


def crossed_below(series1: Series, series2: Other) -> pd.Series:
    """Whether a series crosses below another one, or a level: see :func:`crossed`.

    Identical to ``technical.qtpylib.crossed_below``.

    :param series1: as for :func:`crossed`.
    :param series2: as for :func:`crossed`.
    :return: as :func:`crossed`.
    :raise ValueError: as :func:`crossed`.
    """
    return crossed(series1, series2, "below")
