"""The trend indicators: kinds of input, bad input, and series of a million rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from _arrays import candles
from freqkernels import runtime
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.indicators import trend
from test_trend import agree, bands_by_numpy, exactly, talib

OHLC = ["open", "high", "low", "close"]
#: Each function with the names of its inputs.
FUNCTIONS: list[tuple[Callable[..., Any], list[str]]] = [
    (trend.kama, ["close"]),
    (trend.psar, ["high", "low"]),
    (trend.heikin_ashi, OHLC),
    (trend.supertrend, ["high", "low", "close"]),
    (trend.dynamic_bands, ["close"]),
]
each_function = pytest.mark.parametrize(
    ("function", "names"), FUNCTIONS, ids=[function.__name__ for function, _ in FUNCTIONS]
)


def parts(result: Any) -> list[Any]:
    """Outputs one by one, whatever holds them."""
    if isinstance(result, pd.DataFrame):
        return [result[name] for name in result.columns]
    return list(result) if isinstance(result, tuple) else [result]


@each_function
def test_every_kind_has_the_same_numbers(function: Callable[..., Any], names: list[str]) -> None:
    frame = candles(80)
    expected = parts(function(*(frame[name].to_numpy() for name in names)))
    kinds = [
        function(*(frame[name] for name in names)),
        function(*(np.repeat(frame[name].to_numpy(), 2)[::2] for name in names)),
    ]
    if len(names) > 1:
        kinds.append(function(frame))
    for result in kinds:
        found = [np.asarray(part) for part in parts(result)]
        agree(found, expected)


@each_function
def test_two_columns_are_two_series(function: Callable[..., Any], names: list[str]) -> None:
    frames = candles(80), candles(80, seed=4)
    tables = [np.stack([frame[name] for frame in frames], axis=1) for name in names]
    for position, frame in enumerate(frames):
        expected = parts(function(*(frame[name].to_numpy() for name in names)))
        found = parts(function(*tables))
        agree([np.ascontiguousarray(part[:, position]) for part in found], expected)


def test_wide_frames() -> None:
    pairs = pd.DataFrame({"BTC": candles(60)["close"], "ETH": candles(60, seed=2)["close"]})
    result = trend.kama(pairs, 5)
    agree(result, pairs.apply(trend.kama, timeperiod=5))
    found = trend.psar(pairs + 1.0, pairs - 1.0)
    assert found.columns.tolist() == ["BTC", "ETH"]
    assert isinstance(trend.supertrend(pairs + 1.0, pairs - 1.0, pairs), trend.Supertrend)


def test_index_and_names_are_kept() -> None:
    frame = candles(50).set_index("date")
    for result in (trend.heikin_ashi(frame), trend.supertrend(frame), trend.psar(frame)):
        assert result.index.equals(frame.index)
    assert trend.psar(frame).name == "psar"
    assert trend.kama(frame["close"]).name == "close"
    assert trend.heikin_ashi(frame).columns.tolist() == OHLC
    assert trend.supertrend(frame)["direction"].dtype == np.int64
    assert trend.supertrend(frame).columns.tolist() == list(trend.Supertrend._fields)
    assert trend.dynamic_bands(frame["close"]).columns.tolist() == list(trend.DynamicBands._fields)


def test_dynamic_bands_of_a_frame() -> None:
    frame = candles(50).rename(columns={"volume": "ATR"})
    expected = trend.dynamic_bands(frame["ATR"])
    agree(trend.dynamic_bands(frame), expected)
    agree(trend.dynamic_bands(frame.rename(columns={"ATR": "atr"})), expected)
    for wrong in (candles(50), frame.assign(atr=1.0), frame[["ATR", "ATR"]]):
        with pytest.raises(InvalidInputError, match=r"atr: expected one column ATR or atr, got"):
            trend.dynamic_bands(wrong)


@each_function
def test_input_is_not_written(function: Callable[..., Any], names: list[str]) -> None:
    frame = candles(80)
    arrays = [frame[name].to_numpy(copy=True) for name in names]
    copies = [array.copy() for array in arrays]
    expected = parts(function(*arrays))
    agree(arrays, copies)
    for array in arrays:
        array.flags.writeable = False
    agree(parts(function(*arrays)), expected)
    assert not any(np.shares_memory(out, array) for out in expected for array in arrays)


@each_function
def test_no_rows_and_all_nan(function: Callable[..., Any], names: list[str]) -> None:
    for part in parts(function(*[np.empty(0)] * len(names))):
        assert part.shape == (0,)
    agree(parts(function(*[np.empty((0, 3))] * len(names)))[0].shape, (0, 3))
    missing = parts(function(*[np.full(40, math.nan)] * len(names)))
    if function is trend.supertrend:
        assert set(missing.pop(1)) == {1}
    if function is trend.dynamic_bands:
        assert [set(missing.pop(0)) for _ in range(2)] == [{35.0}, {100.0}]
    for part in missing:
        assert np.isnan(part).all()


@each_function
def test_bad_columns(function: Callable[..., Any], names: list[str]) -> None:
    good = np.ones(5)
    for bad in ([1.0] * 5, "close", None, 1.5, np.array(["a"] * 5), np.ones((5, 2, 2)), good > 0):
        with pytest.raises(InvalidInputError):
            function(bad, *[good] * (len(names) - 1))
    if len(names) == 1:
        return
    for other in (np.ones(4), np.ones((5, 1)), pd.Series(good)):
        with pytest.raises(InvalidInputError, match=f"{names[-1]}: expected the kind and shape"):
            function(*[good] * (len(names) - 1), other)
    series = pd.Series(good)
    with pytest.raises(InvalidInputError, match=f"{names[-1]}: its index differs"):
        function(*[series] * (len(names) - 1), pd.Series(good, index=range(1, 6)))
    with pytest.raises(InvalidInputError, match="no column 'low'"):
        function(candles(5).drop(columns="low"))


PRICES = np.ones(5)
WRONG_PERIODS = [0, -1, True, 2.0, "3", None, 2**31, np.nan]
WRONG_NUMBERS = [True, "1", None, math.nan, math.inf]


def wrong_parameters() -> list[Any]:
    calls: list[tuple[str, Callable[..., Any], list[Any]]] = [
        ("timeperiod", lambda **kw: trend.kama(PRICES, **kw), WRONG_PERIODS),
        ("timeperiod", lambda **kw: trend.supertrend(*[PRICES] * 3, **kw), WRONG_PERIODS),
        ("atr_period", lambda **kw: trend.dynamic_bands(PRICES, **kw), WRONG_PERIODS),
        ("multiplier", lambda **kw: trend.supertrend(*[PRICES] * 3, **kw), [0, -1.0]),
        ("sensitivity", lambda **kw: trend.dynamic_bands(PRICES, **kw), [0.0, -0.5]),
        ("min_width", lambda **kw: trend.dynamic_bands(PRICES, **kw), [-1]),
        ("max_width", lambda **kw: trend.dynamic_bands(PRICES, **kw), [-1]),
        ("base_lower", lambda **kw: trend.dynamic_bands(PRICES, **kw), []),
        ("base_upper", lambda **kw: trend.dynamic_bands(PRICES, **kw), []),
        ("adjustment_factor", lambda **kw: trend.dynamic_bands(PRICES, **kw), []),
        ("acceleration", lambda **kw: trend.psar(PRICES, PRICES, **kw), [-0.1]),
        ("maximum", lambda **kw: trend.psar(PRICES, PRICES, **kw), [-0.1]),
    ]
    return [
        pytest.param(name, call, value, id=f"{name} {value!r}")
        for name, call, values in calls
        for value in (values if "period" in name else values + WRONG_NUMBERS)
    ]


@pytest.mark.parametrize(("name", "call", "value"), wrong_parameters())
def test_wrong_parameters(name: str, call: Callable[..., Any], value: Any) -> None:
    with pytest.raises(InvalidInputError, match=f"^{name}: "):
        call(**{name: value})


def test_parameters_of_numpy() -> None:
    frame = candles(40)
    found = trend.supertrend(frame, timeperiod=np.int32(7), multiplier=np.float32(2.5))
    agree(found, trend.supertrend(frame, timeperiod=7, multiplier=2.5))


@pytest.mark.parametrize("level", [1e-8, 1.0, 1e9])
def test_near_whatever_talib(level: float) -> None:
    """Every version of TA-Lib is the same up to rounding."""
    frame = candles(500, level=level, decimals=16)
    close = frame["close"].to_numpy()
    np.testing.assert_allclose(trend.kama(close), talib.KAMA(close), rtol=1e-9)
    expected = talib.SAR(frame["high"], frame["low"])
    np.testing.assert_allclose(trend.psar(frame), expected, rtol=1e-9)


@pytest.fixture(scope="module")
def million() -> pd.DataFrame:
    """A million candles, some of them without prices before the first trade."""
    frame = candles(1_000_000, 5, freq="1min", decimals=4)
    frame.loc[:2, OHLC] = math.nan
    return frame


@pytest.fixture
def compiled() -> Iterator[None]:
    with runtime.use_backend("compiled"):
        yield


@exactly
@pytest.mark.usefixtures("compiled")
def test_a_million_rows_beside_talib(million: pd.DataFrame) -> None:
    high, low, close = (million[name].to_numpy() for name in OHLC[1:])
    agree(trend.kama(close), talib.KAMA(close))
    agree(trend.psar(high, low), talib.SAR(high, low))
    average = 3.0 * talib.ATR(high, low, close, 10)
    middle = 0.5 * (high + low)
    expected = supertrend_by_lists(close, middle + average, middle - average)
    found = trend.supertrend(high, low, close)
    agree([found.direction, found.supertrend], expected)


def supertrend_by_lists(close: np.ndarray, above: np.ndarray, below: np.ndarray) -> list[Any]:
    """Direction and line as pandas_ta decides on them, over lists."""
    directions, lines = [1], [math.nan]
    upper, lower = float(above[0]), float(below[0])
    rows = zip(close[1:].tolist(), above[1:].tolist(), below[1:].tolist(), strict=True)
    for price, top, bottom in rows:
        direction = directions[-1]
        if price > upper:
            direction = 1
        elif price < lower:
            direction = -1
        elif direction > 0 and bottom < lower:
            bottom = lower
        elif direction < 0 and top > upper:
            top = upper
        directions.append(direction)
        lines.append(bottom if direction > 0 else top)
        upper, lower = top, bottom
    return [np.array(directions), np.array(lines)]


@pytest.mark.usefixtures("compiled")
def test_a_million_rows_of_heikin_ashi(million: pd.DataFrame) -> None:
    frame = million.iloc[3:].reset_index(drop=True)
    close = (frame["open"] + frame["high"] + frame["low"] + frame["close"]) / 4
    before, opens = (frame["open"][0] + frame["close"][0]) / 2, []
    for closed in close.tolist():
        opens.append(before)
        before = (before + closed) / 2
    made = pd.DataFrame({"open": opens, "high": 0.0, "low": 0.0, "close": close})
    edges = made["open"], made["close"]
    made["high"] = np.maximum(np.maximum(frame["high"], edges[0]), edges[1])
    made["low"] = np.minimum(np.minimum(frame["low"], edges[0]), edges[1])
    assert first_difference(trend.heikin_ashi(frame), made) is None


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("period", [1, 20, 500])
def test_a_million_rows_of_dynamic_bands(million: pd.DataFrame, period: int) -> None:
    ranges = (million["high"] - million["low"]).where(million["volume"] > 1.0)
    expected = bands_by_numpy(ranges, atr_period=period)
    agree(trend.dynamic_bands(ranges, atr_period=period), expected)
