# ruff: noqa: N802 - streams are named as classes
"""Indicators value by value: each has the bits of the function over whole columns, at every step.

A stream takes one value, or one candle, at a time::

    average = stream.EMA(20)
    average.update(101.5)        # NaN until there is one
    average.peek(102.0)          # what update would return; nothing changes
    average.value, average.count
    average.extend(frame["close"])

Parameters and defaults are those of the functions in :mod:`freqkernels.indicators`. The memory is
fixed from the start, an update takes constant time on average. Streams can be copied and pickled;
what was pickled by one backend can be read by the other. A stream belongs to one thread at a time.
"""

from __future__ import annotations

from typing import NamedTuple

from freqkernels.indicators._columns import number, whole
from freqkernels.indicators.trend import _positive
from freqkernels.stream._specs import (
    CandleStream,
    HighLowCloseStream,
    HighLowStream,
    ValueStream,
    make,
    makes_stream,
    window_and_least,
    window_of,
)
from freqkernels.stream.ring_buffer import RingBuffer

__all__ = [
    "ATR",
    "EMA",
    "KAMA",
    "MACD",
    "PSAR",
    "RSI",
    "SMA",
    "WMA",
    "ZLEMA",
    "BollingerBands",
    "CandleStream",
    "DynamicBands",
    "HeikinAshi",
    "HighLowCloseStream",
    "HighLowStream",
    "RingBuffer",
    "RollingMax",
    "RollingMean",
    "RollingMedian",
    "RollingMin",
    "RollingStd",
    "RollingSum",
    "RollingVar",
    "StochRSI",
    "Supertrend",
    "ValueStream",
    "ZScore",
]

HIGH_LOW_CLOSE = ("high", "low", "close")


class MACDRow(NamedTuple):
    """One row of :func:`MACD`, fields as in :mod:`freqkernels.indicators`."""

    macd: float
    signal: float
    histogram: float


class BollingerBandsRow(NamedTuple):
    """One row of :func:`BollingerBands`, fields as in :mod:`freqkernels.indicators`."""

    upper: float
    mid: float
    lower: float


class StochRSIRow(NamedTuple):
    """One row of :func:`StochRSI`, fields as in :mod:`freqkernels.indicators`."""

    fastk: float
    fastd: float


class SupertrendRow(NamedTuple):
    """One row of :func:`Supertrend`, fields as in :mod:`freqkernels.indicators`."""

    supertrend: float
    direction: int
    lower: float
    upper: float


class HeikinAshiRow(NamedTuple):
    """One row of :func:`HeikinAshi`, fields as in :mod:`freqkernels.indicators`."""

    open: float
    high: float
    low: float
    close: float


class DynamicBandsRow(NamedTuple):
    """One row of :func:`DynamicBands`, fields as in :mod:`freqkernels.indicators`."""

    dynamic_lower_band: float
    dynamic_upper_band: float
    volatility_ratio: float
    ATR_MA: float


@makes_stream
def SMA(timeperiod: int = 30) -> ValueStream[float]:
    """Simple moving average, as :func:`freqkernels.indicators.moving_averages.sma`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    return make(SMA, {"timeperiod": window_of(timeperiod, "timeperiod")})  # type: ignore[no-any-return]


@makes_stream
def WMA(timeperiod: int = 30) -> ValueStream[float]:
    """Weighted moving average, as :func:`freqkernels.indicators.moving_averages.wma`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    return make(WMA, {"timeperiod": window_of(timeperiod, "timeperiod")})  # type: ignore[no-any-return]


@makes_stream
def ZLEMA(timeperiod: int = 30) -> ValueStream[float]:
    """Zero-lag exponential moving average, as :func:`freqkernels.indicators.moving_averages.zlema`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    return make(ZLEMA, {"timeperiod": window_of(timeperiod, "timeperiod")})  # type: ignore[no-any-return]


@makes_stream
def KAMA(timeperiod: int = 30) -> ValueStream[float]:
    """Kaufman's adaptive moving average, as :func:`freqkernels.indicators.trend.kama`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    return make(KAMA, {"timeperiod": window_of(timeperiod, "timeperiod")})  # type: ignore[no-any-return]


@makes_stream
def EMA(timeperiod: int = 30) -> ValueStream[float]:
    """Exponential moving average, as :func:`freqkernels.indicators.moving_averages.ema`.

    :raise InvalidInputError: for parameters out of their range.
    """
    return make(EMA, {"timeperiod": whole(timeperiod, "timeperiod")})  # type: ignore[no-any-return]


@makes_stream
def RSI(timeperiod: int = 14) -> ValueStream[float]:
    """Wilder's relative strength index, as :func:`freqkernels.indicators.momentum.rsi`.

    :raise InvalidInputError: for parameters out of their range.
    """
    return make(RSI, {"timeperiod": whole(timeperiod, "timeperiod")})  # type: ignore[no-any-return]


@makes_stream
def MACD(fastperiod: int = 12, slowperiod: int = 26, signalperiod: int = 9) -> ValueStream[MACDRow]:
    """Convergence of averages, as :func:`freqkernels.indicators.moving_averages.macd`.

    :raise InvalidInputError: for parameters out of their range.
    """
    fast, slow = sorted((whole(fastperiod, "fastperiod"), whole(slowperiod, "slowperiod")))
    signal = whole(signalperiod, "signalperiod")
    parameters = {"fastperiod": fast, "slowperiod": slow, "signalperiod": signal}
    return make(MACD, parameters, MACDRow)  # type: ignore[no-any-return]


@makes_stream
def StochRSI(
    timeperiod: int = 14, fastk_period: int = 5, fastd_period: int = 3
) -> ValueStream[StochRSIRow]:
    """Stochastic RSI, as :func:`freqkernels.indicators.momentum.stoch_rsi`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    parameters = {
        "timeperiod": whole(timeperiod, "timeperiod"),
        "fastk_period": window_of(fastk_period, "fastk_period"),
        "fastd_period": window_of(fastd_period, "fastd_period"),
    }
    return make(StochRSI, parameters, StochRSIRow)  # type: ignore[no-any-return]


@makes_stream
def ATR(timeperiod: int = 14) -> HighLowCloseStream[float]:
    """Average true range of Wilder, as :func:`freqkernels.indicators.volatility.atr`.

    :raise InvalidInputError: for parameters out of their range.
    """
    parameters = {"timeperiod": whole(timeperiod, "timeperiod")}
    return make(ATR, parameters, inputs=HIGH_LOW_CLOSE)  # type: ignore[no-any-return]


@makes_stream
def PSAR(acceleration: float = 0.02, maximum: float = 0.2) -> HighLowStream[float]:
    """Parabolic stop and reverse, as :func:`freqkernels.indicators.trend.psar`.

    :raise InvalidInputError: for parameters out of their range.
    """
    factors = number(acceleration, "acceleration", 0.0), number(maximum, "maximum", 0.0)
    parameters = dict(zip(("acceleration", "maximum"), factors, strict=True))
    return make(PSAR, parameters, inputs=("high", "low"))  # type: ignore[no-any-return]


@makes_stream
def Supertrend(timeperiod: int = 10, multiplier: float = 3.0) -> HighLowCloseStream[SupertrendRow]:
    """Supertrend, as :func:`freqkernels.indicators.trend.supertrend`.

    :raise InvalidInputError: for parameters out of their range.
    """
    parameters = {
        "timeperiod": whole(timeperiod, "timeperiod"),
        "multiplier": _positive(multiplier, "multiplier"),
    }
    return make(Supertrend, parameters, SupertrendRow, HIGH_LOW_CLOSE)  # type: ignore[no-any-return]


@makes_stream
def HeikinAshi() -> CandleStream[HeikinAshiRow]:
    """Heikin-Ashi candles, as :func:`freqkernels.indicators.trend.heikin_ashi`."""
    return make(HeikinAshi, {}, HeikinAshiRow, ("open", *HIGH_LOW_CLOSE))  # type: ignore[no-any-return]


@makes_stream
def DynamicBands(
    base_lower: float = 35,
    base_upper: float = 100,
    atr_period: int = 20,
    sensitivity: float = 0.7,
    adjustment_factor: float = 0.3,
    min_width: float = 10,
    max_width: float = 50,
) -> ValueStream[DynamicBandsRow]:
    """Bands that move with volatility, as :func:`freqkernels.indicators.trend.dynamic_bands`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    parameters = {
        "atr_period": window_of(atr_period, "atr_period"),
        "base_lower": number(base_lower, "base_lower"),
        "base_upper": number(base_upper, "base_upper"),
        "sensitivity": _positive(sensitivity, "sensitivity"),
        "adjustment_factor": number(adjustment_factor, "adjustment_factor"),
        "min_width": number(min_width, "min_width", 0.0),
        "max_width": number(max_width, "max_width", 0.0),
    }
    return make(DynamicBands, parameters, DynamicBandsRow)  # type: ignore[no-any-return]


@makes_stream
def RollingSum(window: int, min_periods: int | None = None) -> ValueStream[float]:
    """Sum of a window, as :func:`freqkernels.indicators.rolling.rolling_sum`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    return make(RollingSum, window_and_least(window, min_periods))  # type: ignore[no-any-return]


@makes_stream
def RollingMean(window: int, min_periods: int | None = None) -> ValueStream[float]:
    """Mean of a window, as :func:`freqkernels.indicators.rolling.rolling_mean`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    return make(RollingMean, window_and_least(window, min_periods))  # type: ignore[no-any-return]


@makes_stream
def RollingMin(window: int, min_periods: int | None = None) -> ValueStream[float]:
    """Minimum of a window, as :func:`freqkernels.indicators.rolling_extremes.rolling_min`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    return make(RollingMin, window_and_least(window, min_periods))  # type: ignore[no-any-return]


@makes_stream
def RollingMax(window: int, min_periods: int | None = None) -> ValueStream[float]:
    """Maximum of a window, as :func:`freqkernels.indicators.rolling_extremes.rolling_max`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    return make(RollingMax, window_and_least(window, min_periods))  # type: ignore[no-any-return]


@makes_stream
def RollingMedian(window: int, min_periods: int | None = None) -> ValueStream[float]:
    """Median of a window, as :func:`freqkernels.indicators.rolling_extremes.rolling_median`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    return make(RollingMedian, window_and_least(window, min_periods))  # type: ignore[no-any-return]


@makes_stream
def RollingVar(window: int, min_periods: int | None = None, ddof: int = 1) -> ValueStream[float]:
    """Variance of a window, as :func:`freqkernels.indicators.rolling.rolling_var`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    parameters = window_and_least(window, min_periods) | {"ddof": whole(ddof, "ddof", 0)}
    return make(RollingVar, parameters)  # type: ignore[no-any-return]


@makes_stream
def RollingStd(window: int, min_periods: int | None = None, ddof: int = 1) -> ValueStream[float]:
    """Standard deviation of a window, as :func:`freqkernels.indicators.rolling.rolling_std`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    parameters = window_and_least(window, min_periods) | {"ddof": whole(ddof, "ddof", 0)}
    return make(RollingStd, parameters)  # type: ignore[no-any-return]


@makes_stream
def ZScore(window: int = 20, min_periods: int | None = None, ddof: int = 1) -> ValueStream[float]:
    """Distance from the mean in deviations, as :func:`freqkernels.indicators.rolling.zscore`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    parameters = window_and_least(window, min_periods) | {"ddof": whole(ddof, "ddof", 0)}
    return make(ZScore, parameters)  # type: ignore[no-any-return]


@makes_stream
def BollingerBands(
    window: int = 20, stds: float = 2.0, *, min_periods: int | None = 1, ddof: int = 1
) -> ValueStream[BollingerBandsRow]:
    """Bollinger bands, as :func:`freqkernels.indicators.volatility.bollinger_bands`.

    :raise InvalidInputError: for parameters out of their range, and windows above 2**24 rows.
    """
    parameters = {
        **window_and_least(window, min_periods),
        "ddof": whole(ddof, "ddof", 0),
        "stds": number(stds, "stds", 0.0),
    }
    return make(BollingerBands, parameters, BollingerBandsRow)  # type: ignore[no-any-return]
