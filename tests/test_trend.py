"""Supertrend, psar, kama, Heikin-Ashi and dynamic bands beside who else computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from _arrays import OHLCV, candles, value_zoo
from freqkernels.identity import first_difference
from freqkernels.indicators import trend

talib = pytest.importorskip("talib")
pandas_ta = pytest.importorskip("pandas_ta")
qtpylib = pytest.importorskip("technical.qtpylib")

VERSION = tuple(map(int, talib.__ta_version__.decode().split()[0].split(".")))
pytestmark = pytest.mark.usefixtures("backend")

PERIODS = [1, 2, 3, 14, 30, 60, 200]
FACTORS = [(0.02, 0.2), (0.0, 0.2), (0.1, 0.1), (0.5, 0.05), (0.3, 2.0), (0.02, 0.0)]


def exactly(test: Any) -> Any:
    """A test that only is one with TA-Lib 0.8: earlier versions round otherwise."""
    return test if VERSION >= (0, 8) else None


def as_floats(frame: pd.DataFrame) -> pd.DataFrame:
    """The prices as those take them who only take float64."""
    return pd.DataFrame(
        {name: frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in OHLCV},
        index=frame.index,
    )


def zoo() -> list[Any]:
    """Strange values, and prices of every size, rounded and not."""
    frames = [(name, frame) for name, frame in value_zoo() if not name.startswith("object")]
    for level, decimals in [(1e-8, 12), (1e-8, 10), (1e-3, 5), (1.0, 1), (3e4, 2), (1e9, 2)]:
        frames.append((f"{level:g} {decimals}", candles(150, 3, level=level, decimals=decimals)))
    frames.append(("three rows", candles(3)))
    frames.append(("two rows", candles(2)))
    frames.append(("one row", candles(1)))
    return [pytest.param(frame, id=name) for name, frame in frames]


def agree(found: Any, expected: Any) -> None:
    difference = first_difference(found, expected)
    assert difference is None, str(difference)


def rows_of(data: st.DataObject, count: int) -> list[np.ndarray]:
    """Prices of one size with gaps, some on a coarse grid."""
    rows = data.draw(st.integers(1, 60))
    unit = 10.0 ** data.draw(st.integers(-8, 9))
    price = st.floats(0.5, 2.0) | st.integers(8, 12).map(lambda step: step / 10)
    value = price.map(lambda price: price * unit) | st.just(np.nan)
    return [data.draw(hnp.arrays(np.float64, rows, elements=value)) for _ in range(count)]


@exactly
@pytest.mark.parametrize("frame", zoo())
def test_kama_of_the_zoo(frame: pd.DataFrame) -> None:
    for name in OHLCV:
        values = as_floats(frame)[name].to_numpy()
        for period in PERIODS:
            agree(trend.kama(frame[name].to_numpy(), period), talib.KAMA(values, period))


@exactly
@given(st.data())
def test_kama_of_anything(data: st.DataObject) -> None:
    (values,) = rows_of(data, 1)
    period = data.draw(st.integers(1, 12))
    agree(trend.kama(values, period), talib.KAMA(values, period))


def steps(seed: int, rows: int = 80) -> np.ndarray:
    """Changes of all sizes, most of them zero: running sums come out beside or below zero."""
    rng = np.random.default_rng(seed)
    sizes = 10.0 ** rng.integers(-16, 3, rows)
    return rng.normal(size=rows) * sizes * (rng.random(rows) < rng.random())


@exactly
@pytest.mark.parametrize("seed", range(40))
def test_kama_where_sums_cancel(seed: int) -> None:
    values = 10.0 ** (seed % 14 - 9) + np.cumsum(steps(seed))
    for period in range(2, 9):
        agree(trend.kama(values, period), talib.KAMA(values, period))


@exactly
@pytest.mark.parametrize("frame", zoo())
def test_psar_of_the_zoo(frame: pd.DataFrame) -> None:
    prices = as_floats(frame)
    for acceleration, maximum in FACTORS:
        expected = talib.SAR(prices["high"], prices["low"], acceleration, maximum)
        agree(trend.psar(frame, None, acceleration, maximum), expected.rename("psar"))


@exactly
@given(st.data())
def test_psar_of_anything(data: st.DataObject) -> None:
    high, low = rows_of(data, 2)
    for prices in ((high, low), (np.fmax(high, low), np.fmin(high, low))):
        for factors in FACTORS:
            agree(trend.psar(*prices, *factors), talib.SAR(*prices, *factors))


@exactly
def test_psar_of_integers() -> None:
    """Ties: a range as far above as below the one before, and prices equal to the stop."""
    rng = np.random.default_rng(8)
    for _ in range(200):
        low = rng.integers(0, 5, 12).astype(np.float64)
        high = low + rng.integers(0, 4, 12)
        agree(trend.psar(high, low, 0.5, 1.0), talib.SAR(high, low, 0.5, 1.0))


@pytest.mark.parametrize("frame", zoo())
def test_heikin_ashi_of_the_zoo(frame: pd.DataFrame) -> None:
    agree(trend.heikin_ashi(frame), qtpylib.heikinashi(as_floats(frame)))


@given(st.data())
def test_heikin_ashi_of_anything(data: st.DataObject) -> None:
    names = ["open", "high", "low", "close"]
    frame = pd.DataFrame(dict(zip(names, rows_of(data, 4), strict=True)))
    agree(trend.heikin_ashi(frame), qtpylib.heikinashi(frame))


def by_pandas_ta(frame: pd.DataFrame, period: int, multiplier: float) -> pd.DataFrame:
    """With the 0 of the first row as NaN: there is no trend yet, as in the rows after it."""
    prices = frame["high"], frame["low"], frame["close"]
    result = pandas_ta.supertrend(*prices, period, multiplier)
    lines = pd.DataFrame(result.to_dict("series"))
    lines.columns = pd.Index(["supertrend", "direction", "lower", "upper"])
    assert lines["supertrend"].iloc[0] == 0
    lines["supertrend"] = [np.nan, *lines["supertrend"].iloc[1:]]
    return lines


@exactly
@pytest.mark.parametrize("frame", zoo())
def test_supertrend_of_the_zoo(frame: pd.DataFrame) -> None:
    prices = as_floats(frame)
    for period, multiplier in [(1, 0.5), (2, 3.0), (10, 1.0), (14, 1e4)]:
        if period > len(frame):
            assert pandas_ta.supertrend(*(prices[name] for name in OHLCV[1:4]), period) is None
            found = trend.supertrend(frame, None, None, period, multiplier)
            assert found.drop(columns="direction").isna().all(axis=None)
            assert found["direction"].tolist() == [1] * len(frame)
            continue
        expected = by_pandas_ta(prices, period, multiplier)
        agree(trend.supertrend(frame, None, None, period, multiplier), expected)


@exactly
@given(st.data())
def test_supertrend_of_anything(data: st.DataObject) -> None:
    names = ["high", "low", "close"]
    frame = pd.DataFrame(dict(zip(names, rows_of(data, 3), strict=True)))
    period = data.draw(st.integers(1, min(8, len(frame))))
    multiplier = data.draw(st.floats(0.1, 4.0))
    found = trend.supertrend(frame, timeperiod=period, multiplier=multiplier)
    agree(found, by_pandas_ta(frame, period, multiplier))


def bands_by_numpy(
    atr: pd.Series,
    base_lower: float = 35,
    base_upper: float = 100,
    atr_period: int = 20,
    sensitivity: float = 0.7,
    adjustment_factor: float = 0.3,
    min_width: float = 10,
    max_width: float = 50,
) -> pd.DataFrame:
    """The formula over whole columns, one numpy or pandas operation after the other."""
    mean = atr.rolling(window=atr_period).mean()
    with np.errstate(all="ignore"):
        ratio = atr / mean
        wider = ratio > sensitivity
        closer = ratio < (1 / sensitivity)
        outwards = (ratio - 1) * adjustment_factor * 100
        inwards = (1 - ratio) * adjustment_factor * 100
        lower = np.where(
            wider,
            np.maximum(base_lower - outwards, base_lower - max_width),
            np.where(closer, np.minimum(base_lower + inwards, base_lower + min_width), base_lower),
        )
        upper = np.where(
            wider,
            np.minimum(base_upper + outwards, base_upper + max_width),
            np.where(closer, np.maximum(base_upper - inwards, base_upper - min_width), base_upper),
        )
        narrow = upper - lower < min_width
        middle = (lower + upper) / 2
        lower = np.where(narrow, middle - min_width / 2, lower)
        upper = np.where(narrow, middle + min_width / 2, upper)
    columns = {"dynamic_lower_band": lower, "dynamic_upper_band": upper}
    return pd.DataFrame(columns | {"volatility_ratio": ratio, "ATR_MA": mean})


BANDS: list[dict[str, Any]] = [
    {},
    {"sensitivity": 1.5, "adjustment_factor": 2.5},
    {"base_lower": 60, "base_upper": 62.5, "atr_period": 3},
    {"atr_period": 1, "min_width": 0, "max_width": 0},
    {"atr_period": 2, "adjustment_factor": -0.3, "sensitivity": 0.1},
    {"atr_period": 200},
]


def test_dynamic_bands_at_a_limit() -> None:
    """A ratio of exactly 1 / sensitivity is neither high nor low."""
    ranges = pd.Series([3.0, 1.0, 3.0, 1.0])
    parameters: dict[str, Any] = {"atr_period": 2, "sensitivity": 2.0}
    found = trend.dynamic_bands(ranges, **parameters)
    assert found["volatility_ratio"].tolist()[1:] == [0.5, 1.5, 0.5]
    assert found["dynamic_lower_band"].tolist() == [35.0, 35.0, 35.0, 35.0]
    agree(found, bands_by_numpy(ranges, **parameters))


@pytest.mark.parametrize("seed", range(40))
def test_dynamic_bands_where_sums_cancel(seed: int) -> None:
    """No mean of positive numbers is negative, nor the other way round."""
    values = pd.Series(abs(steps(seed, 200)) + 1e-16 * (seed % 3))
    for period in range(2, 9):
        for ranges in (values, -values):
            found = trend.dynamic_bands(ranges, atr_period=period)
            agree(found, bands_by_numpy(ranges, atr_period=period))


@pytest.mark.parametrize("frame", zoo())
def test_dynamic_bands_of_the_zoo(frame: pd.DataFrame) -> None:
    for name in ("close", "volume"):
        values = as_floats(frame)[name]
        for parameters in BANDS:
            found = trend.dynamic_bands(frame[name], **parameters)
            agree(found, bands_by_numpy(values, **parameters))


@given(st.data())
def test_dynamic_bands_of_anything(data: st.DataObject) -> None:
    (values,) = rows_of(data, 1)
    if data.draw(st.booleans()):
        factors = st.sampled_from([1.0, -1.0, 0.0, -0.0, np.inf, -np.inf, 1e-16, 1e16])
        values = (
            values * np.array(data.draw(st.lists(factors, min_size=60, max_size=60)))[: len(values)]
        )
    parameters = data.draw(st.sampled_from(BANDS))
    parameters = parameters | {"atr_period": data.draw(st.integers(1, 9))}
    agree(
        trend.dynamic_bands(pd.Series(values), **parameters),
        bands_by_numpy(pd.Series(values), **parameters),
    )
