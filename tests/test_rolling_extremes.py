"""Rolling minimum, maximum and median: pandas is the oracle, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from _arrays import OHLCV, candles, prices, shape_zoo, value_zoo
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.indicators.rolling_extremes import rolling_max, rolling_median, rolling_min
from test_kernels import same, twins

FUNCTIONS = {"min": rolling_min, "max": rolling_max, "median": rolling_median}
NAMES = list(FUNCTIONS)
#: Windows around the sizes of blocks, rows and chunks.
WINDOWS = [1, 2, 3, 4, 5, 7, 8, 14, 15, 16, 17, 20, 31, 32, 33, 48, 50, 63, 64, 65, 79, 80, 81, 200]
LARGE_WINDOWS = [1007, 1008, 1023, 1024, 1025, 1040, 2047, 2048, 2049, 2999, 3000, 3001, 5000]


def by_pandas(name: str, values: Any, window: int, min_periods: int | None = None) -> Any:
    """What pandas has, for an array or an object of pandas."""
    source = pd.Series(values) if isinstance(values, np.ndarray) else values
    result = getattr(source.rolling(window, min_periods=min_periods), name)()
    return result.to_numpy() if isinstance(values, np.ndarray) else result


def check(name: str, values: Any, window: int, min_periods: int | None = None) -> None:
    """Ours and pandas' results are the same, and the input is what it was."""
    before = values.copy()
    found = FUNCTIONS[name](values, window, min_periods)
    expected = by_pandas(name, values, window, min_periods)
    difference = first_difference(found, expected)
    assert difference is None, f"{name}, window {window}, {min_periods}{difference}"
    assert first_difference(values, before) is None


def series_with_gaps(rows: int, share: float, seed: int = 0) -> np.ndarray:
    """Few different numbers, signed zeros among them, and a share of values missing."""
    rng = np.random.default_rng(seed)
    values: np.ndarray = rng.integers(-2, 3, rows) * rng.choice([1.0, -1.0], rows)
    missing = rng.random(rows) < share
    values[missing] = rng.choice([np.nan, np.inf, -np.inf], missing.sum())
    return values


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("window", WINDOWS)
def test_windows(name: str, window: int) -> None:
    for rows in (1, 3, 31, 32, 33, 35, 36, 100, 1100, 2500):
        check(name, prices(rows, seed=rows), window)
        check(name, series_with_gaps(rows, 0.0, rows), window, max(window // 2, 1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("window", LARGE_WINDOWS)
def test_large_windows(name: str, window: int) -> None:
    check(name, prices(3000), window, 1)
    check(name, series_with_gaps(3000, 0.01), window, window // 3)
    check(name, np.arange(3000.0), window, window // 2)
    check(name, -np.arange(3000.0), window, window // 2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.0005, 0.02, 0.4, 0.97, 1.0])
def test_missing_values(name: str, share: float) -> None:
    for window in (1, 3, 7, 14, 50, 100, 900, 1500):
        for min_periods in (None, 0, 1, 2, window // 2, window):
            if min_periods is None or min_periods <= window:
                check(name, series_with_gaps(2300, share, window), window, min_periods)


@pytest.mark.parametrize("name", NAMES)
def test_one_missing_value_at_every_place(name: str) -> None:
    """Around the borders of the head, of fours, and of chunks."""
    values = prices(1100)
    for place in [*range(50), *range(1020, 1100)]:
        holed = values.copy()
        holed[place] = [np.nan, np.inf, -np.inf][place % 3]
        for window in (3, 14, 40, 70):
            check(name, holed, window, window - 1)
            check(name, holed, window)


FLOATS = (
    st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf, 1.5])
    | st.floats(1e-8, 1e9)
)


@settings(max_examples=150)
@given(st.data())
def test_any_series(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 90))
    values = data.draw(hnp.arrays(np.float64, rows, elements=FLOATS))
    window = data.draw(st.integers(1, rows + 3))
    min_periods = data.draw(st.none() | st.integers(0, window))
    for name in NAMES:
        check(name, values, window, min_periods)


@settings(max_examples=150)
@given(st.data())
def test_both_twins(data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 60))
    columns = data.draw(st.integers(0, 3)) if rows else 0
    values = data.draw(hnp.arrays(np.float64, rows * columns, elements=FLOATS))
    window = data.draw(st.integers(1, rows + 3))
    min_periods = data.draw(st.integers(0, window))
    for name in NAMES:
        parameters = (rows, window, min_periods)
        out = np.full(len(values), 7.0)
        same(f"extremes.rolling_{name}", values, *parameters, outputs=(out,), tail=(2,))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("window", [1, 5, 14, 33, 64, 65, 130, 1024, 1030, 2300])
def test_both_twins_on_long_columns(name: str, window: int) -> None:
    values = np.concatenate([series_with_gaps(2200, share, 3) for share in (0.0, 0.001, 0.3)])
    out = np.zeros(len(values))
    results = [
        same(f"extremes.rolling_{name}", values, 2200, window, window // 2, outputs=(out,), tail=t)
        for t in ((1,), (2,), (5,))
    ]
    assert first_difference(results[0], results[1]) is None
    assert first_difference(results[0], results[2]) is None


@pytest.mark.parametrize("name", NAMES)
def test_signed_zeros_are_those_of_pandas(name: str) -> None:
    rng = np.random.default_rng(2)
    for rows in (40, 1500):
        values = rng.choice([0.0, -0.0], rows)
        assert len(set(np.signbit(by_pandas(name, values, 3)))) == 2
        for window in (2, 3, 14, 15, 64, 77):
            check(name, values, window)
            check(name, np.where(rng.random(rows) < 0.1, np.nan, values), window, 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [1e-8, 1e-3, 1.0, 98_765.0, 1e9])
def test_price_levels(name: str, level: float) -> None:
    check(name, prices(700, decimals=12, start=level), 14)
    check(name, prices(700, decimals=12, start=level), 100, 3)


@pytest.mark.parametrize("name", NAMES)
def test_extreme_numbers(name: str) -> None:
    values = np.array([1.7e308, 1.6e308, -1.7e308, 5e-324, 5e-324, -5e-324, -0.0, 2e-308] * 5)
    for window in (1, 2, 3, 4, 20):
        check(name, values, window, 1)


@pytest.mark.parametrize("period", [2, 3, 14, 20, 50, 100, 200])
def test_extremes_are_those_of_talib(period: int) -> None:
    values = prices(3000)
    assert first_difference(rolling_min(values, period), talib.MIN(values, period)) is None
    assert first_difference(rolling_max(values, period), talib.MAX(values, period)) is None


@pytest.mark.parametrize("name", NAMES)
def test_array_zoo(name: str) -> None:
    for _, frame in [*value_zoo(), *shape_zoo()]:
        for column in [column for column in OHLCV if column in frame.columns]:
            series = frame[column]
            if isinstance(series, pd.Series) and series.dtype != object:
                expected = by_pandas(name, series.astype(np.float64), 5, 2)
                difference = first_difference(FUNCTIONS[name](series, 5, 2), expected)
                assert difference is None, f"{column}{difference}"


@pytest.mark.parametrize("name", NAMES)
def test_kinds_of_input(name: str) -> None:
    frame = candles(300)[OHLCV]
    check(name, frame, 14)
    check(name, frame.set_axis(candles(300)["date"]), 14, 3)
    check(name, frame["close"], 14)
    table = FUNCTIONS[name](frame.to_numpy(), 14)
    assert first_difference(table, by_pandas(name, frame, 14).to_numpy()) is None
    many = np.asfortranarray(np.random.default_rng(0).random((100, 7)))
    found = FUNCTIONS[name](many, 5)
    expected = by_pandas(name, pd.DataFrame(many), 5).to_numpy()
    assert first_difference(np.array(found), np.array(expected)) is None


@pytest.mark.parametrize("name", NAMES)
def test_strided_and_read_only_arrays(name: str) -> None:
    values = prices(400)
    values.flags.writeable = False
    for array in (values, values[::3], values[::-1], values[:0:-7]):
        expected = by_pandas(name, array.copy(), 10)
        assert first_difference(FUNCTIONS[name](array, 10), expected) is None
    between = np.frombuffer(b"-" + values.tobytes(), dtype=np.float64, offset=1)
    assert not between.flags.aligned
    assert first_difference(FUNCTIONS[name](between, 10), by_pandas(name, values, 10)) is None
    whole = np.arange(50)
    assert first_difference(FUNCTIONS[name](whole, 4), by_pandas(name, whole, 4)) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("array", "error", "text"),
    [
        (None, TypeError, "None"),
        ([1.0, 2.0, 3.0], TypeError, "bytes-like"),
        (np.zeros(3, dtype=np.float32), ValueError, "float64"),
        (np.zeros(3, dtype=np.int64), ValueError, "float64"),
        (np.zeros(3, dtype=">f8"), ValueError, "float64"),
        (np.zeros((3, 1)), ValueError, "one dimension"),
        (np.zeros(6)[::2], ValueError, "contiguous"),
    ],
    ids=str,
)
def test_compiled_kernels_refuse_other_arrays(
    name: str, array: Any, error: type[Exception], text: str
) -> None:
    compiled = twins(f"extremes.rolling_{name}")[0]
    plain = np.zeros(3)
    with pytest.raises(error, match=text):
        compiled(array, 3, 2, 1, plain, 1)
    with pytest.raises(error, match=text):
        compiled(plain, 3, 2, 1, array, 1)
    plain.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        compiled(np.zeros(3), 3, 2, 1, plain, 1)


@pytest.mark.parametrize("name", NAMES)
def test_no_rows(name: str) -> None:
    assert FUNCTIONS[name](np.empty(0), 5).shape == (0,)
    assert FUNCTIONS[name](np.empty((0, 3)), 5).shape == (0, 3)
    assert len(FUNCTIONS[name](pd.Series(dtype=float), 5)) == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("window", [0, -1, True, 1.5, 3.0, None, "3", 2**31, 10**30, np.nan])
def test_impossible_windows(name: str, window: Any) -> None:
    with pytest.raises(InvalidInputError, match="window"):
        FUNCTIONS[name](prices(10), window)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("min_periods", [-1, 6, False, 2.0, "1", 10**30])
def test_impossible_min_periods(name: str, min_periods: Any) -> None:
    with pytest.raises(InvalidInputError, match="min_periods"):
        FUNCTIONS[name](prices(10), 5, min_periods)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0],
        None,
        5.0,
        np.array(["a", "b"]),
        np.array([1.0, None]),
        np.array([True, False]),
        np.array(["2024-01-01"], dtype="M8[s]"),
        np.zeros(3, dtype=complex),
        np.zeros((2, 2, 2)),
        np.array(1.0),
        pd.Series(["a", "b"]),
    ],
    ids=lambda values: f"{type(values).__name__} {getattr(values, 'dtype', '')}",
)
def test_impossible_values(name: str, values: Any) -> None:
    with pytest.raises(InvalidInputError, match="values"):
        FUNCTIONS[name](values, 2)
