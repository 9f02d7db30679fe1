"""Indicators beside the functions that they state to equal: TA-Lib, pandas, qtpylib."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from technical import qtpylib

from _indicator_series import LEVELS, ROWS, Floats, walk
from freqkernels import indicators

talib = pytest.importorskip("talib")

VERSION = tuple(map(int, talib.__ta_version__.decode().split()[0].split(".")))
WINDOWS = [1, 2, 3, 7, 8, 9, 20, 255, 256, 257, ROWS - 1, ROWS, ROWS + 1, 2**31 - 1]
PERIODS = [2, 3, 7, 8, 9, 14, 20, 256, 257, ROWS - 1, ROWS, ROWS + 1, 100_000]
AVERAGES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sma": (indicators.sma, talib.SMA),
    "wma": (indicators.wma, talib.WMA),
    "ema": (indicators.ema, talib.EMA),
}


def near(found: Any, expected: Any, bound: Any) -> None:
    """NaN in the same rows, else no further apart than the bound."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    known = np.isfinite(expected) | np.isfinite(found)
    both = np.abs(np.subtract(found, expected, where=known, out=np.zeros(found.shape))) > bound
    assert not both.any(), f"row {both.argmax()}: {found[both][0]!r} not {expected[both][0]!r}"


def candles_of(values: Floats) -> tuple[Floats, Floats, Floats]:
    away = np.abs(np.random.default_rng(9).normal(0, 0.004, (2, len(values))))
    return values * (1 + away[0]), values * (1 - away[1]), values


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("name", AVERAGES)
def test_averages_of_talib(name: str, period: int, level: float) -> None:
    ours, theirs = AVERAGES[name]
    values = walk(level)
    drift = 1e-10 if name == "wma" else 1e-12  # TA-Lib 0.6 carries both sums of wma along
    near(ours(values, period), theirs(values, period), drift * values.max())
    for head in (1, 5, 8, 300):
        values[:head] = np.nan
        near(ours(values, period), theirs(values, period), drift * np.nanmax(values))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("period", PERIODS)
def test_wilder_of_talib(period: int, level: float) -> None:
    values = walk(level)
    bound = 1e-10
    if level < 1e-3:  # TA-Lib has no index where the average size is below 1e-14
        assert np.abs(np.diff(values)).mean() > 1e-12
    high, low, close = candles_of(values)
    near(indicators.rsi(values, period), talib.RSI(values, period), bound)
    found, expected = indicators.atr(high, low, close, period), talib.ATR(high, low, close, period)
    near(found, expected, 1e-12 * np.fmax.reduce(expected, initial=0.0))
    for head in (1, 7, 300):
        values[:head] = low[:head] = np.nan
        near(indicators.rsi(values, period), talib.RSI(values, period), bound)
        expected = talib.ATR(high, low, close, period)
        near(indicators.atr(high, low, close, period), expected, 1e-12 * values[-1])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "periods", [(12, 26, 9), (26, 12, 9), (2, 3, 2), (8, 17, 256), (12, 700, 802), (12, 700, 801)]
)
def test_macd_of_talib(periods: tuple[int, int, int], level: float) -> None:
    values = walk(level)
    for head in (0, 1, 11):
        values[:head] = np.nan
        expected = talib.MACD(values, *periods)
        for ours, theirs in zip(indicators.macd(values, *periods), expected, strict=True):
            near(ours, theirs, 1e-12 * np.nanmax(values))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("period", [2, 5, 14, 30, 256])
def test_zlema_is_the_ema_of_twice_the_value(period: int, level: float) -> None:
    values = pd.Series(walk(level))
    ahead = 2 * values - values.shift((period - 1) // 2)
    expected = talib.EMA(ahead.to_numpy(), period)
    near(indicators.zlema(values, period), expected, 1e-12 * values.max())


@pytest.mark.parametrize("periods", [(14, 5, 3), (14, 14, 3), (2, 1, 1), (9, 8, 1), (14, 700, 9)])
@pytest.mark.parametrize("level", LEVELS)
def test_stoch_rsi_of_talib(level: float, periods: tuple[int, int, int]) -> None:
    values = walk(level)
    for head in (0, 9):
        values[:head] = np.nan
        index = pd.Series(indicators.rsi(values, periods[0]))
        ranked = index.rolling(periods[1])
        spans = (ranked.max() - ranked.min()).to_numpy()
        with np.errstate(divide="ignore"):
            bound = 300 * 1e-10 / spans
        found = indicators.stoch_rsi(values, *periods)
        expected = talib.STOCHRSI(values, *periods)
        near(found.fastk, expected[0], bound)
        worst = pd.Series(bound).rolling(periods[2]).max().to_numpy()
        near(found.fastd, expected[1], worst + 1e-11)
        assert np.nanmin(found.fastk) >= 0.0
        assert np.nanmax(found.fastk) <= 100.0 + 2e-14


@pytest.mark.parametrize("periods", [(14, 5, 3), (14, 14, 3), (7, 3, 1), (3, 3, 1)])
@pytest.mark.parametrize("level", [1e-4, 1.0, 1e4])
def test_stoch_rsi_at_rest(level: float, periods: tuple[int, int, int]) -> None:
    """An index that only rounding moves is not overbought."""
    rng = np.random.default_rng(4)
    values = level * np.round(1.0 + np.cumsum(rng.normal(0.0, 0.0004, 2000)), 3)
    values[300:700] = values[300]
    found = indicators.stoch_rsi(values, *periods)
    assert (found.fastk[300 + periods[1] : 700] == 0.0).all()
    if VERSION >= (0, 8):
        expected = talib.STOCHRSI(values, *periods)
        near(found.fastk, expected[0], 1e-6)
        near(found.fastd, expected[1], 1e-6)


@pytest.mark.parametrize("period", [2, 5, 7, 8, 20, 257, ROWS + 1])
@pytest.mark.parametrize("level", [1.0, 98_765.0])
def test_deviations_of_talib(level: float, period: int) -> None:
    """TA-Lib subtracts the square of the mean from the mean of the squares."""
    values = walk(level)
    bound = 2e-7 * level
    near(indicators.rolling_std(values, period, ddof=0), talib.STDDEV(values, period), bound)
    bands = indicators.bollinger_bands(values, period, 2.5, min_periods=None, ddof=0)
    expected = talib.BBANDS(values, period, 2.5, 2.5)
    for ours, theirs in zip(bands, expected, strict=True):
        near(ours, theirs, 3 * bound)


def test_bands_of_cheap_coins() -> None:
    """They are as wide as those of dearer coins; TA-Lib 0.6 has none."""
    cheap, dear = (indicators.bollinger_bands(walk(level), 20, ddof=0) for level in (2.0**-27, 1.0))
    np.testing.assert_allclose(cheap.upper, dear.upper * 2.0**-27, rtol=1e-13)
    assert np.all(cheap.upper[1:] > cheap.lower[1:])


@pytest.mark.parametrize("window", [2, 20, 21, 257, ROWS, ROWS + 5])
@pytest.mark.parametrize("level", LEVELS)
def test_bands_of_qtpylib(level: float, window: int) -> None:
    series = pd.Series(walk(level), name="close")
    for values in (series, series.mask(series.index % 97 < 3), series.mask(series.index < 40)):
        found = indicators.bollinger_bands(values, window)
        expected = qtpylib.bollinger_bands(values, window)
        assert list(found) == list(expected)
        assert found.index.equals(expected.index)
        for name in found:
            near(found[name], expected[name], 1e-9 * level)


def by_pandas(
    name: str, values: Floats, window: int, min_periods: int | None, **ddof: Any
) -> tuple[Floats, Floats]:
    """What pandas has, and how far it is from exact: its variances forget no large one."""
    rolling = pd.Series(values).rolling(window, min_periods=min_periods)
    if name in ("sum", "mean"):
        found = getattr(rolling, name)()
        return found.to_numpy(), 1e-11 * found.abs().to_numpy()
    variance = rolling.var(**ddof)
    share = 1e-9 * variance.cummax() / variance
    deviation = rolling.std(**ddof)
    found = {
        "var": variance,
        "std": deviation,
        "zscore": (pd.Series(values) - rolling.mean()) / deviation,
    }[name]
    return found.to_numpy(), (share * (found.abs() + (name == "zscore"))).to_numpy()


ROLLING: dict[str, Callable[..., Any]] = {
    "sum": indicators.rolling_sum,
    "mean": indicators.rolling_mean,
    "var": indicators.rolling_var,
    "std": indicators.rolling_std,
    "zscore": indicators.zscore,
}
MOMENTS = ["var", "std", "zscore"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", ROLLING)
def test_rolling_of_pandas(name: str, window: int, level: float) -> None:
    values = walk(level)
    for ddof in ({"ddof": 0}, {"ddof": 1}, {"ddof": 2}) if name in MOMENTS else ({},):
        for min_periods in (None, 1, min(window, 5), min(window, 500)):
            found = ROLLING[name](values, window, min_periods, **ddof)
            near(found, *by_pandas(name, values, window, min_periods, **ddof))


@pytest.mark.parametrize("share", [0.001, 0.05, 0.4, 0.95, 1.0])
@pytest.mark.parametrize("window", [1, 2, 7, 8, 9, 20, 60, 300])
def test_missing_values_of_pandas(window: int, share: float) -> None:
    """NaN and infinities are left out."""
    rng = np.random.default_rng(window)
    values = walk()
    missing = rng.random(ROWS) < share
    values[missing] = rng.choice([np.nan, np.inf, -np.inf], missing.sum())
    for name, ours in ROLLING.items():
        for min_periods in {None, 0, 1, min(2, window), window // 2, window}:
            found = ours(values, window, min_periods)
            near(found, *by_pandas(name, values, window, min_periods))


NUMBERS = st.integers(-3, 3).map(float) | st.sampled_from([np.nan, np.inf, -np.inf, 0.1])


@given(st.data())
def test_any_series_with_holes(data: st.DataObject) -> None:
    values = data.draw(hnp.arrays(np.float64, st.integers(0, 60), elements=NUMBERS))
    window = data.draw(st.integers(1, 64))
    min_periods = data.draw(st.none() | st.integers(0, window))
    ddof = data.draw(st.integers(0, 3))
    found = {}
    for name, bound in (("sum", 1e-9), ("mean", 1e-9), ("var", 1e-9), ("std", 1e-4)):
        extra = {"ddof": ddof} if name in MOMENTS else {}
        found[name] = ROLLING[name](values, window, min_periods, **extra)
        near(found[name], by_pandas(name, values, window, min_periods, **extra)[0], bound)
    score = indicators.zscore(values, window, min_periods, ddof)
    spread = found["std"] > 0.0
    expected = (values - found["mean"])[spread] / found["std"][spread]
    near(score[spread], expected, 1e-9)
    assert not np.isfinite(score[~spread]).any()


def rows_with(value: float) -> list[tuple[int, Floats]]:
    """Two series of 60 rows for each place of the value."""
    made = []
    for place in range(60):
        values = walk(rows=60)
        values[place] = value
        made.append((place, values))
        made.append((place, np.where(np.arange(60) == min(place + 4, 59), value, values)))
    return made


@pytest.mark.parametrize("period", [2, 5, 8, 13])
def test_a_missing_value_at_every_place(period: int) -> None:
    """A later NaN ends the series, as in TA-Lib."""
    whole = walk(rows=60, seed=1)
    for _, values in rows_with(np.nan):
        for name in ("sma", "ema"):
            ours, theirs = AVERAGES[name]
            near(ours(values, period), theirs(values, period), 1e-10)
        found = indicators.macd(values, period, period + 3, 4)
        for part, expected in zip(found, talib.MACD(values, period, period + 3, 4), strict=True):
            near(part, expected, 1e-10)
        for rows in ((values, whole, whole), (whole, values, whole), (whole, whole, values)):
            near(indicators.atr(*rows, period), talib.ATR(*rows, period), 1e-10)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("period", [2, 5, 8, 13])
def test_an_infinity_at_every_place(period: int, value: float) -> None:
    """From there on nothing is finite, as in TA-Lib."""
    whole = walk(rows=60, seed=1)
    for _, values in rows_with(value):
        pairs = [
            (AVERAGES[name][0](values, period), AVERAGES[name][1](values, period))
            for name in ("sma", "ema")
        ]
        for rows in ((values, whole, whole), (whole, values, whole), (whole, whole, values)):
            pairs.append((indicators.atr(*rows, period), talib.ATR(*rows, period)))
        pairs += zip(
            indicators.macd(values, 3, period, 4), talib.MACD(values, 3, period, 4), strict=True
        )
        for found, expected in pairs:
            np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
            known = np.isfinite(found)
            if np.isinf(found).any():
                assert np.isnan(found[np.isinf(found).argmax() + 2 :]).all()
            np.testing.assert_allclose(found[known], expected[known], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("period", [2, 5, 8, 13])
def test_a_missing_value_ends_weighted_means(period: int, value: float) -> None:
    """TA-Lib 0.8 goes on in later rows, short periods in others than long ones."""
    expected = talib.WMA(walk(rows=60), period)
    for place in range(1, 60):
        values = np.where(np.arange(60) == place, value, walk(rows=60))
        ended = np.where(np.arange(60) >= place, np.nan, expected)
        near(indicators.wma(values, period), ended, 1e-10)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("period", [2, 5, 8, 13])
def test_a_missing_value_ends_the_index(period: int, value: float) -> None:
    """TA-Lib goes on with 0 after a NaN: its comparisons with NaN are false."""
    whole = walk(rows=60)
    index, (fastk, fastd) = talib.RSI(whole, period), talib.STOCHRSI(whole, period, 3, 2)
    for place in range(1, 60):
        values = np.where(np.arange(60) == place, value, whole)
        gone = np.arange(60) >= place
        near(indicators.rsi(values, period), np.where(gone, np.nan, index), 1e-10)
        found = indicators.stoch_rsi(values, period, 3, 2)
        near(found.fastk, np.where(gone, np.nan, fastk), 1e-5)
        near(found.fastd, np.where(gone, np.nan, fastd), 1e-5)


def test_period_one() -> None:
    values = walk(rows=100)
    for average in (indicators.sma, indicators.wma, indicators.ema, indicators.zlema):
        np.testing.assert_array_equal(average(values, 1), values)
    signs = np.where(np.diff(values, prepend=np.nan) > 0, 100.0, 0.0)
    signs[0] = np.nan
    np.testing.assert_array_equal(indicators.rsi(values, 1), signs)
    high, low, close = candles_of(values)
    near(indicators.atr(high, low, close, 1), talib.ATR(high, low, close, 1), 1e-13)


STATISTICS = ("mean", "sum", "var", "std", "min", "max", "median", "zscore")


def test_statistics_together() -> None:
    series = pd.Series(walk(rows=200), index=range(5, 205), name="close")
    functions = {
        name: indicators.zscore if name == "zscore" else getattr(indicators, f"rolling_{name}")
        for name in STATISTICS
    }
    found = indicators.rolling_statistics(series, 20, min_periods=3)
    assert tuple(found.columns) == STATISTICS
    for name, function in functions.items():
        pd.testing.assert_series_equal(found[name], function(series, 20, 3), check_names=False)
    some = indicators.rolling_statistics(series.to_numpy(), 20, ["max", "mean"])
    assert [name for name in STATISTICS if getattr(some, name) is not None] == ["mean", "max"]
    np.testing.assert_array_equal(some.mean, functions["mean"](series.to_numpy(), 20))
