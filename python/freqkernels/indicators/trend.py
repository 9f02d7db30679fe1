"""Indicators in which each row follows from the one before: supertrend, psar, kama and others.

None of them can be computed in blocks: a row needs the exact value of the row before. Each is one
pass over the rows, the columns of a frame in parallel, and the same steps serve a stream.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError
from freqkernels.indicators._columns import (
    FLOAT64,
    Columns,
    are_plain,
    candle_columns,
    columns_of,
    number,
    transform_one,
    whole,
)
from freqkernels.runtime import Kernel, kernel, threads_for

_kama = kernel("trend", "kama")
_psar = kernel("trend", "psar")
_heikin_ashi = kernel("trend", "heikin_ashi")
_supertrend = kernel("trend", "supertrend")
_dynamic_bands = kernel("trend", "dynamic_bands")

_KAMA_NS = 2.2
_PSAR_NS = 6.0
_HEIKIN_ASHI_NS = 4.0
_SUPERTREND_NS = 5.0
_BANDS_NS = 5.0


class HeikinAshi(NamedTuple):
    """Candles of :func:`heikin_ashi`, each of the kind of the input."""

    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]


class Supertrend(NamedTuple):
    """Result of :func:`supertrend`.

    :param supertrend: the line that is drawn, float64.
    :param direction: 1 below the price, -1 above it, int64.
    :param lower: the line where it is below, else NaN, float64.
    :param upper: the line where it is above, else NaN, float64.
    """

    supertrend: NDArray[np.float64]
    direction: NDArray[np.int64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


class DynamicBands(NamedTuple):
    """Result of :func:`dynamic_bands`.

    :param dynamic_lower_band: lower band.
    :param dynamic_upper_band: upper band.
    :param volatility_ratio: range divided by its mean.
    :param ATR_MA: rolling mean of the range.
    """

    dynamic_lower_band: NDArray[np.float64]
    dynamic_upper_band: NDArray[np.float64]
    volatility_ratio: NDArray[np.float64]
    ATR_MA: NDArray[np.float64]


class _Stops(NamedTuple):
    psar: NDArray[np.float64]


#: Outputs that are not float64.
_WHOLE = "direction"
_FLOAT_NAMES = {
    kind: pd.Index([name for name in kind._fields if name != _WHOLE])
    for kind in (HeikinAshi, Supertrend, DynamicBands)
}


def _positive(value: Any, argument: str) -> float:
    found = number(value, argument)
    if found <= 0.0:
        raise InvalidInputError(f"{argument}: expected a number above 0, got {value!r}")
    return found


def _empty(kind: Callable[..., Any], size: int, joined: bool = False) -> list[NDArray[Any]]:
    """Arrays for the outputs of a kind; if joined, those of float64 are rows of one table."""
    fields: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
    floats = len(fields) - (_WHOLE in fields)
    table = iter(np.empty((floats, size)) if joined else [np.empty(size) for _ in range(floats)])
    return [np.empty(size, np.int64) if name == _WHOLE else next(table) for name in fields]


def _run(
    function: Kernel,
    inputs: dict[str, Any],
    parameters: tuple[Any, ...],
    kind: Callable[..., Any],
    ns_per_value: float,
) -> Any:
    """Outputs of a kernel as the kind of the inputs; without detours for plain arrays."""
    arrays = tuple(inputs.values())
    if are_plain(arrays):
        rows = arrays[0].shape[0]
        outputs = _empty(kind, rows)
        function(*arrays, rows, *parameters, *outputs, 1)
        return kind(*outputs)
    several = len(inputs) > 1
    columns = candle_columns(inputs) if several else [columns_of(arrays[0], *inputs)]
    size = columns[0].flat.shape[0]
    outputs = _empty(kind, size, joined=isinstance(columns[0].source, pd.Series))
    threads = threads_for(size * ns_per_value)
    flats = (each.flat for each in columns)
    function(*flats, columns[0].rows, *parameters, *outputs, threads)
    return _wrap(columns[0], outputs, kind)


def _wrap(columns: Columns, outputs: list[NDArray[Any]], kind: Any) -> Any:
    """A frame from Series; it takes the table of outputs as it is."""
    if kind is _Stops or not isinstance(columns.source, pd.Series):
        return kind(*(columns.wrap(output) for output in outputs))
    floats = [output for output in outputs if output.dtype == FLOAT64]
    frame = pd.DataFrame(
        floats[0].base.T,  # type: ignore[union-attr]
        index=columns.source.index,
        columns=_FLOAT_NAMES[kind].view(),
        copy=False,
    )
    if len(floats) < len(outputs):
        frame.insert(kind._fields.index(_WHOLE), _WHOLE, outputs[kind._fields.index(_WHOLE)])
    return frame


def kama(values: Any, timeperiod: int = 30) -> Any:
    """Kaufman's adaptive moving average.

    Bitwise equal to ``talib.KAMA`` of TA-Lib 0.8 (which multiplies and adds in one rounding;
    TA-Lib 0.6 does not, and differs in the last bits). The first ``timeperiod`` values after
    leading NaN are NaN; a later NaN makes everything after it NaN. Period 1 gives the values back.

    :param values: array (rows, or rows by columns), Series or frame; numbers.
    :param timeperiod: rows over which the efficiency is taken, from 1; more than there are rows
        gives NaN.
    :return: float64 of the same kind and shape.
    :raise InvalidInputError: for another kind of values, or a period that is no int from 1 on.
    """
    return transform_one(_kama, values, "values", (whole(timeperiod, "timeperiod"),), _KAMA_NS)


def psar(high: Any, low: Any = None, acceleration: float = 0.02, maximum: float = 0.2) -> Any:
    """Parabolic stop and reverse.

    Bitwise equal to ``talib.SAR`` of TA-Lib 0.8 (TA-Lib 0.6 differs in the last bits). The first
    row in which both are present gives NaN; comparisons with a later NaN are false.

    :param high: array, Series or frame of high prices; or, alone, a frame of candles.
    :param low: low prices of the same kind and shape.
    :param acceleration: first factor of the stop and its step, from 0.
    :param maximum: largest factor, from 0; a larger ``acceleration`` is taken as this.
    :return: float64 of the kind and shape of ``high``; a Series named psar for Series and for a
        frame of candles.
    :raise InvalidInputError: for kinds, shapes or indexes that differ, or numbers below 0.
    """
    factors = number(acceleration, "acceleration", 0.0), number(maximum, "maximum", 0.0)
    stops = _run(_psar, {"high": high, "low": low}, factors, _Stops, _PSAR_NS).psar
    if isinstance(stops, pd.Series):
        stops.name = "psar"
    return stops


def heikin_ashi(open: Any, high: Any = None, low: Any = None, close: Any = None) -> Any:
    """Heikin-Ashi candles.

    Bitwise equal to ``technical.qtpylib.heikinashi``, which needs an index from 0 on; here any
    index will do. An open that is NaN makes all later opens NaN; high and low pass over NaN.

    :param open: array, Series or frame of open prices; or, alone, a frame of candles.
    :param high: high prices of the same kind and shape, as ``low`` and ``close``.
    :param low: low prices.
    :param close: close prices.
    :return: float64 open, high, low, close: a :class:`HeikinAshi`, or a frame with these columns
        and the index of the input for Series and for a frame of candles.
    :raise InvalidInputError: for missing columns, or kinds, shapes or indexes that differ.
    """
    prices = {"open": open, "high": high, "low": low, "close": close}
    return _run(_heikin_ashi, prices, (), HeikinAshi, _HEIKIN_ASHI_NS)


def supertrend(
    high: Any,
    low: Any = None,
    close: Any = None,
    timeperiod: int = 10,
    multiplier: float = 3.0,
) -> Any:
    """Supertrend: a stop at a multiple of the average true range, that only follows the trend.

    Bitwise equal to ``pandas_ta.supertrend`` where that takes ``talib.ATR`` of TA-Lib 0.8, but
    for one value: pandas_ta has 0 in the first row of the trend, here it is NaN like in all rows
    before the first average. The direction there is 1, as in pandas_ta. With fewer rows than the
    period pandas_ta returns None; here all lines are NaN.

    :param high: array, Series or frame of high prices; or, alone, a frame of candles.
    :param low: low prices of the same kind and shape, as ``close``.
    :param close: close prices.
    :param timeperiod: rows of Wilder's average of the true range, from 1.
    :param multiplier: distance of the lines from the middle of a candle in average ranges, above 0.
    :return: supertrend, direction (int64, 1 or -1), lower, upper: a :class:`Supertrend`, or a
        frame with these columns for Series and for a frame of candles.
    :raise InvalidInputError: for missing columns, kinds, shapes or indexes that differ, a period
        that is no int from 1 on, or a multiplier that is no number above 0.
    """
    parameters = whole(timeperiod, "timeperiod"), _positive(multiplier, "multiplier")
    prices = {"high": high, "low": low, "close": close}
    return _run(_supertrend, prices, parameters, Supertrend, _SUPERTREND_NS)


def dynamic_bands(
    atr: Any,
    base_lower: float = 35,
    base_upper: float = 100,
    atr_period: int = 20,
    sensitivity: float = 0.7,
    adjustment_factor: float = 0.3,
    min_width: float = 10,
    max_width: float = 50,
) -> Any:
    """Bands for the stochastic RSI that move with volatility.

    The ratio of the range to its mean over ``atr_period`` rows is 1 on average. Above
    ``sensitivity`` both bands move outwards by ``(ratio - 1) * adjustment_factor * 100``, by at
    most ``max_width`` (inwards without a bound, for ratios below 1); otherwise, below
    ``1 / sensitivity``, inwards by ``(1 - ratio) * adjustment_factor * 100``, by at most
    ``min_width``. Bands closer than ``min_width`` are set that far apart around their middle.
    Where the ratio is NaN the bands are the base, if that is not closer. Bitwise equal to the same
    formula in numpy with pandas' rolling mean; infinities count as missing in the mean.

    :param atr: average true range: array or Series, or a frame with one column ATR or atr.
    :param base_lower: lower band at rest.
    :param base_upper: upper band at rest.
    :param atr_period: rows of the mean, from 1.
    :param sensitivity: ratio above which the bands move outwards, above 0.
    :param adjustment_factor: share of the ratio's change by which the bands move.
    :param min_width: least distance of the bands, and bound inwards, from 0.
    :param max_width: bound outwards, from 0.
    :return: dynamic_lower_band, dynamic_upper_band, volatility_ratio, ATR_MA: a
        :class:`DynamicBands`, or a frame with these columns for a Series or a frame.
    :raise InvalidInputError: for a missing column, what is not numeric, or numbers out of range.
    """
    parameters = (
        whole(atr_period, "atr_period"),
        number(base_lower, "base_lower"),
        number(base_upper, "base_upper"),
        _positive(sensitivity, "sensitivity"),
        number(adjustment_factor, "adjustment_factor"),
        number(min_width, "min_width", 0.0),
        number(max_width, "max_width", 0.0),
    )
    return _run(_dynamic_bands, {"atr": _range_of(atr)}, parameters, DynamicBands, _BANDS_NS)


def _range_of(atr: Any) -> Any:
    """The column of a frame that holds the average true range; anything else as it is."""
    if not isinstance(atr, pd.DataFrame):
        return atr
    named = [position for position, name in enumerate(atr.columns) if name in ("ATR", "atr")]
    if len(named) != 1:
        raise InvalidInputError(f"atr: expected one column ATR or atr, got {len(named)}")
    return atr.iloc[:, named[0]]
