"""Indicators and rolling statistics against exact arithmetic: the bounds that they state."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from _indicator_series import (
    ROWS,
    SERIES,
    ExactWindows,
    Floats,
    exact_atr,
    exact_ema,
    exact_rsi,
    recent_largest,
    walk,
)
from freqkernels import indicators

WINDOWS = [1, 2, 7, 8, 9, 16, 20, 50, 256, 257, 1000, ROWS]
PERIODS = [1, 2, 9, 14, 50, 200]
PRICES = [name for name in SERIES if name.startswith("walk")]
EXACT = {name: ExactWindows(values) for name, values in SERIES.items()}


def within(found: Floats, exact: Floats, bound: Any) -> None:
    """NaN in the same rows, else no further apart than the bound."""
    assert np.array_equal(np.isnan(found), np.isnan(exact))
    far = np.abs(found - exact) > bound
    assert not far.any(), (
        f"row {far.argmax()}: {found[far][0]!r}, exactly {exact[far][0]!r}; "
        f"{np.nanmax(np.abs(found - exact) / bound):.3g} times the bound"
    )


def since(window: int) -> int:
    """Rows in which a running sum cannot have started anew, and the groups at both ends."""
    return max(256, window) + 8


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", SERIES)
def test_sums_and_means(name: str, window: int) -> None:
    values, exact = SERIES[name], EXACT[name]
    sums = exact.sums(window)
    bound = 1e-14 * recent_largest(exact.sums(window, sizes=True), since(window))
    within(indicators.rolling_sum(values, window), sums, bound)
    within(indicators.rolling_mean(values, window), sums / window, bound / window)
    within(indicators.sma(values, window), sums / window, bound / window)
    if values.min() > 0.0:
        within(indicators.rolling_sum(values, window), sums, 1e-8 * sums)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", SERIES)
def test_weighted_means(name: str, window: int) -> None:
    exact = EXACT[name]
    bound = 3e-14 * recent_largest(exact.weighted_means(window, sizes=True), since(window))
    within(indicators.wma(SERIES[name], window), exact.weighted_means(window), bound)


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("window", WINDOWS[1:])
@pytest.mark.parametrize("name", SERIES)
def test_variances(name: str, window: int, ddof: int) -> None:
    values = SERIES[name]
    exact = EXACT[name].variances(window, ddof)
    share = 1e-11 if name in PRICES else 1e-8
    within(indicators.rolling_var(values, window, ddof=ddof), exact, share * exact)
    within(indicators.rolling_std(values, window, ddof=ddof), np.sqrt(exact), share * exact**0.5)


@pytest.mark.parametrize("window", [8, 9, 10])
@pytest.mark.parametrize("step", [10, 13])
def test_variances_up_a_staircase(step: int, window: int) -> None:
    """Steps too small to be outliers, that add up to a long way from the origin."""
    noise = np.random.default_rng(1).uniform(-1, 1, ROWS)
    values = 1000.0 + 10.0 * (np.arange(ROWS) // step) + noise
    exact = ExactWindows(values).variances(window, 1)
    within(indicators.rolling_var(values, window), exact, 2e-12 * exact)


@pytest.mark.parametrize("window", [2, 7, 8, 20, 257])
@pytest.mark.parametrize("name", SERIES)
def test_bands_and_scores(name: str, window: int) -> None:
    values = SERIES[name]
    mean, deviation = EXACT[name].sums(window) / window, EXACT[name].variances(window, 1) ** 0.5
    around = 1e-8 * deviation + 4e-16 * np.abs(mean)
    bands = indicators.bollinger_bands(values, window, 2.5, min_periods=None)
    within(bands.mid, mean, around)
    within(bands.upper, mean + 2.5 * deviation, 4 * around)
    within(bands.lower, mean - 2.5 * deviation, 4 * around)
    assert np.all((bands.upper == bands.lower) == (deviation == 0.0), where=~np.isnan(mean))
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (values - mean) / deviation
        bound = 1e-8 * np.abs(score) + 4 * around / deviation
    within(indicators.zscore(values, window), score, bound)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("name", SERIES)
def test_exponential_averages(name: str, period: int) -> None:
    values = SERIES[name]
    largest = np.fmax.accumulate(exact_ema(np.abs(values), period))
    within(
        indicators.ema(values, period),
        exact_ema(values, period),
        1e-16 * (period + 10) * largest,
    )
    lag = (period - 1) // 2
    ahead = 2.0 * values[lag:] - values[: ROWS - lag]
    largest = np.fmax.accumulate(exact_ema(np.abs(ahead), period))
    found = indicators.zlema(values, period)
    assert np.isnan(found[:lag]).all()
    within(found[lag:], exact_ema(ahead, period), 1e-16 * (period + 10) * largest)


@pytest.mark.parametrize("periods", [(12, 26, 9), (3, 10, 16), (50, 200, 5), (1, 2, 1)])
@pytest.mark.parametrize("name", SERIES)
def test_macd(name: str, periods: tuple[int, int, int]) -> None:
    values = SERIES[name]
    fast, slow, signal = periods
    begin = slow - fast
    line = exact_ema(values, slow)
    line[begin:] = exact_ema(values[begin:], fast) - line[begin:]
    smoothed = np.full(ROWS, np.nan)
    smoothed[slow - 1 :] = exact_ema(line[slow - 1 :], signal)
    line[: slow + signal - 2] = np.nan
    sizes = np.abs(values)
    largest = np.fmax(exact_ema(sizes, slow), exact_ema(sizes, fast))
    bound = 2e-16 * (sum(periods) + 30) * np.fmax.accumulate(largest)
    found = indicators.macd(values, *periods)
    within(found.macd, line, bound)
    within(found.signal, smoothed, bound)
    within(found.histogram, line - smoothed, 2 * bound)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("name", SERIES)
def test_relative_strength(name: str, period: int) -> None:
    found = indicators.rsi(SERIES[name], period)
    assert np.all((found >= 0.0) & (found <= 100.0), where=~np.isnan(found))
    within(found, exact_rsi(SERIES[name], period), 1e-10)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("name", SERIES)
def test_true_ranges(name: str, period: int) -> None:
    close = SERIES[name]
    away = np.abs(np.random.default_rng(5).normal(0, 0.01, (2, ROWS))) * np.abs(close)
    high, low = close + away[0], close - away[1]
    exact = exact_atr(high, low, close, period)
    bound = 2e-16 * (period + 10) * np.fmax.accumulate(exact)
    within(indicators.atr(high, low, close, period), exact, bound)


FLOATS = st.floats(-1e9, 1e9, allow_subnormal=False) | st.sampled_from([0.0, 1e15, -1e15, 1e-8])


@settings(max_examples=200)
@given(st.data())
def test_any_series(data: st.DataObject) -> None:
    """Blocks of drawn values, repeated, so that windows pass over all that can be drawn."""
    drawn = data.draw(hnp.arrays(np.float64, st.integers(1, 40), elements=FLOATS))
    values = np.tile(drawn, data.draw(st.integers(1, 12)))
    window = data.draw(st.integers(1, 40))
    exact = ExactWindows(values)
    sizes = recent_largest(exact.sums(window, sizes=True), since(window))
    within(indicators.rolling_sum(values, window), exact.sums(window), 1e-14 * sizes)
    weighed = recent_largest(exact.weighted_means(window, sizes=True), since(window))
    within(indicators.wma(values, window), exact.weighted_means(window), 3e-14 * weighed)
    if window > 1:
        tiny = 1e-300  # squares of differences below 1e-150
        variances = exact.variances(window, 1)
        within(indicators.rolling_var(values, window), variances, 1e-8 * variances + tiny)


EQUAL = [0.0, 0.1, 1e-8, 1e9 / 3, -7.7e15, 5e-324, 1e300, *walk(rows=20).tolist()]


@pytest.mark.parametrize("value", EQUAL)
@pytest.mark.parametrize("window", [1, 2, 7, 8, 20, 49, 256, 300])
def test_equal_values(value: float, window: int) -> None:
    """Nothing spreads, whatever was before."""
    before = walk(rows=200)
    values = np.concatenate([before, np.full(700, value), before])
    still = slice(200 + window - 1, 900)
    assert set(indicators.rolling_var(values, window, ddof=0)[still]) == {0.0}
    assert set(indicators.rolling_std(values, window, ddof=0)[still]) == {0.0}
    bands = indicators.bollinger_bands(values, window, min_periods=None, ddof=0)
    assert all(set(band[still]) == {value} for band in bands)
    assert np.isnan(indicators.zscore(values, window, ddof=0)[still]).all()


def test_relative_strength_at_its_ends() -> None:
    rows = np.arange(300.0)
    head = np.full(14, np.nan)
    for values, index in ((rows, 100.0), (-rows, 0.0), (rows * 0.1, 100.0), (rows * 0 + 5, 0.0)):
        np.testing.assert_array_equal(
            indicators.rsi(values), np.concatenate([head, np.full(286, index)])
        )


@pytest.mark.parametrize("period", [2, 9, 14])
def test_calm(period: int) -> None:
    """The index stays what it was as long as the averages have digits, then there is none."""
    values = np.concatenate([walk(rows=100), np.full(1_600 * period, 50.0)])
    found = indicators.rsi(values, period)[100:]
    gone = int(np.argmax(found == 0.0))
    assert 500 * period < gone < 710 * period
    assert np.ptp(found[:gone]) < 1e-10
    assert set(found[gone:]) == {0.0}
    moved = indicators.rsi(np.append(values, [51.0, 50.5]), period)[-2:]
    assert moved[0] == 100.0
    assert 0.0 < moved[1] < 100.0


OUTLIERS: dict[str, Callable[[Floats, int], Floats]] = {
    "rolling_mean": indicators.rolling_mean,
    "rolling_std": indicators.rolling_std,
    "sma": indicators.sma,
    "wma": indicators.wma,
    "zscore": indicators.zscore,
}


@pytest.mark.parametrize("huge", [1e6, -1e9, 1e15, 1e100, 1e300])
@pytest.mark.parametrize("window", [5, 8, 20, 60])
@pytest.mark.parametrize("name", OUTLIERS)
def test_outliers_leave_no_trace(name: str, window: int, huge: float) -> None:
    calm = walk(1e-8, 400)
    for place in (100, 101, 107, 110, 255, 256):
        values = calm.copy()
        values[place] = huge
        found, expected = OUTLIERS[name](values, window), OUTLIERS[name](calm, window)
        after = slice(place + window, None)
        np.testing.assert_allclose(found[after], expected[after], rtol=1e-7)
        np.testing.assert_array_equal(found[:place], expected[:place])


@pytest.mark.parametrize("start", [1, 7, 8, 100, 333])
@pytest.mark.parametrize("window", [3, 14, 50, 300])
def test_slices(window: int, start: int) -> None:
    """A windowed value depends on its window alone, up to the bound."""
    values = walk()
    for name, share in (("rolling_sum", 3e-14), ("wma", 3e-14), ("rolling_std", 1e-11)):
        function = getattr(indicators, name)
        found, whole = function(values[start:], window), function(values, window)[start:]
        known = slice(window - 1, None)
        np.testing.assert_allclose(found[known], whole[known], rtol=2 * share)


@pytest.fixture(scope="module")
def long_series() -> Floats:
    """Prices that stay where they are: nothing but the rows makes a sum start anew."""
    return 100.0 + np.random.default_rng(3).random(10_000_000)


SAMPLES = [*range(20_000, 10_000_000, 333_331), *range(9_999_990, 10_000_000)]


def sampled(function: Callable[..., Any], values: Floats, *parameters: Any) -> Floats:
    found: Floats = function(values, *parameters)[SAMPLES]
    return found


@pytest.mark.parametrize("window", [20, 1000])
def test_no_drift_of_sums(long_series: Floats, window: int) -> None:
    cuts = [long_series[row - window + 1 : row + 1] for row in SAMPLES]
    means = np.array([math.fsum(cut) / window for cut in cuts])
    within(sampled(indicators.sma, long_series, window), means, 1e-14 * means)
    weights = np.arange(1.0, window + 1)
    weighted = [math.fsum(cut * weights) / (window * (window + 1) / 2) for cut in cuts]
    within(sampled(indicators.wma, long_series, window), np.array(weighted), 3e-14 * means)
    exact = np.array([ExactWindows(cut).variances(window, 1)[-1] for cut in cuts]) ** 0.5
    within(sampled(indicators.rolling_std, long_series, window), exact, 3e-15 * exact)


def test_no_drift_of_averages(long_series: Floats) -> None:
    cuts = [long_series[row - 1500 : row + 1] for row in SAMPLES]
    averages = np.array([exact_ema(cut, 20)[-1] for cut in cuts])
    largest = long_series.max()
    within(sampled(indicators.ema, long_series, 20), averages, 3e-15 * largest)
    exact = np.array([exact_rsi(cut, 14)[-1] for cut in cuts])
    within(sampled(indicators.rsi, long_series, 14), exact, 1e-10)
    ranges = np.array([exact_atr(cut * 1.01, cut * 0.99, cut, 14)[-1] for cut in cuts])
    found = indicators.atr(long_series * 1.01, long_series * 0.99, long_series, 14)[SAMPLES]
    within(found, ranges, 5e-15 * 0.05 * largest)


def test_a_very_long_window(long_series: Floats) -> None:
    window = 100_000
    cuts = [long_series[row - window + 1 : row + 1] for row in SAMPLES[-3:]]
    means = np.array([math.fsum(cut) / window for cut in cuts])
    found = indicators.sma(long_series, window)[SAMPLES[-3:]]
    within(found, means, 3e-14 * means)
    weights = np.arange(1.0, window + 1) / (window * (window + 1) / 2)
    weighted = np.array([math.fsum(cut * weights) for cut in cuts])
    found = indicators.wma(long_series, window)[SAMPLES[-3:]]
    within(found, weighted, 3e-14 * means)
