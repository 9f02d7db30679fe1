"""Indicators: kinds of input, bad input, numbers of threads."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from _arrays import candles
from freqkernels import indicators, runtime
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.runtime import threads

#: Each function with parameters.
PERIOD = "timeperiod"
FUNCTIONS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "sma": (indicators.sma, {PERIOD: 9}),
    "wma": (indicators.wma, {PERIOD: 9}),
    "ema": (indicators.ema, {PERIOD: 9}),
    "zlema": (indicators.zlema, {PERIOD: 9}),
    "rsi": (indicators.rsi, {PERIOD: 9}),
    "macd": (indicators.macd, {"fastperiod": 3, "slowperiod": 9, "signalperiod": 4}),
    "stoch_rsi": (indicators.stoch_rsi, {PERIOD: 9, "fastk_period": 4, "fastd_period": 2}),
    "bollinger_bands": (
        indicators.bollinger_bands,
        {"window": 9, "min_periods": 3, "ddof": 1, "stds": 2},
    ),
    "rolling_sum": (indicators.rolling_sum, {"window": 9, "min_periods": 3}),
    "rolling_mean": (indicators.rolling_mean, {"window": 9, "min_periods": 3}),
    "rolling_var": (indicators.rolling_var, {"window": 9, "min_periods": 3, "ddof": 1}),
    "rolling_std": (indicators.rolling_std, {"window": 9, "min_periods": 3, "ddof": 1}),
    "zscore": (indicators.zscore, {"window": 9, "min_periods": 3, "ddof": 1}),
    "rolling_statistics": (indicators.rolling_statistics, {"window": 9, "min_periods": 3}),
    "atr": (indicators.atr, {PERIOD: 9}),
}
ROWS = 150
FRAME = candles(ROWS, decimals=3)
PRICES = ["high", "low", "close"]
each_function = pytest.mark.parametrize("name", FUNCTIONS)


def call(name: str, make: Callable[[Any], Any], frame: pd.DataFrame = FRAME) -> Any:
    """The function of what ``make`` makes of its columns."""
    function, parameters = FUNCTIONS[name]
    columns = PRICES if name == "atr" else ["close"]
    return function(*(make(frame[column]) for column in columns), **parameters)


def parts(result: Any) -> list[Any]:
    """Outputs one by one, whatever holds them."""
    if isinstance(result, pd.DataFrame):
        return [result[name] for name in result.columns]
    return list(result) if isinstance(result, tuple) else [result]


def tables(result: Any) -> list[Any]:
    """As :func:`parts`, of frames."""
    return list(result) if isinstance(result, tuple) else [result]


def expected(name: str, frame: pd.DataFrame = FRAME) -> list[Any]:
    return parts(call(name, lambda column: column.to_numpy(dtype=np.float64), frame))


def same(found: Any, wanted: Any) -> None:
    difference = first_difference(found, wanted)
    assert difference is None, str(difference)


def read_only(column: pd.Series) -> np.ndarray:
    array = column.to_numpy(copy=True)
    array.flags.writeable = False
    return array


def unaligned(column: pd.Series) -> np.ndarray:
    return np.frombuffer(b"-" + column.to_numpy().tobytes(), dtype=np.float64, offset=1)


KINDS: dict[str, Callable[[Any], Any]] = {
    "strided": lambda column: np.repeat(column.to_numpy(), 3)[::3],
    "backwards": lambda column: column.to_numpy()[::-1].copy()[::-1],
    "read-only": read_only,
    "unaligned": unaligned,
    "big-endian": lambda column: column.to_numpy().astype(">f8"),
    "series": lambda column: column,
    "nullable": lambda column: column.astype("Float64"),
    "nullable with gaps": lambda column: column.astype("Float64").mask(column.index < 5),
    "big-endian series": lambda column: column.astype(">f8"),
    "float32": lambda column: column.to_numpy().astype(np.float32),
    "whole": lambda column: column.round().astype("int64"),
    "small whole": lambda column: column.round().to_numpy().astype(np.uint8),
    "nullable whole": lambda column: column.round().astype("Int64"),
}


@each_function
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_same_numbers(name: str, kind: str) -> None:
    made = {column: pd.Series(KINDS[kind](FRAME[column])) for column in PRICES}
    floats = pd.DataFrame(
        {column: each.to_numpy(np.float64, na_value=np.nan) for column, each in made.items()}
    )
    found = parts(call(name, KINDS[kind]))
    same([np.asarray(part) for part in found], expected(name, floats))
    assert all(part.dtype == np.float64 for part in found)


@each_function
def test_series_keep_index_and_name(name: str) -> None:
    dated = FRAME.set_index("date")
    found = call(name, lambda column: column, dated)
    assert found.index.equals(dated.index)
    if isinstance(found, pd.Series):
        assert found.name == ("high" if name == "atr" else "close")
    else:
        kind = type(call(name, lambda column: column.to_numpy()))
        assert tuple(found.columns) == kind._fields
    same([part.to_numpy() for part in parts(found)], expected(name))


@each_function
def test_columns_are_series(name: str) -> None:
    """Tables and frames of several columns, in any layout, of mixed types."""
    frames = [candles(ROWS, seed) for seed in (1, 2, 3)]
    frames[1] = frames[1][PRICES].round().astype(dict.fromkeys(PRICES, "int64"))
    pairs = {
        column: pd.DataFrame({f"P{n}": each[column] for n, each in enumerate(frames)})
        for column in PRICES
    }
    wanted = [expected(name, each) for each in frames]
    function, parameters = FUNCTIONS[name]
    columns = PRICES if name == "atr" else ["close"]
    for layout in (np.ascontiguousarray, np.asfortranarray):
        found = parts(function(*(layout(pairs[column]) for column in columns), **parameters))
        assert all(part.shape == (ROWS, 3) for part in found)
        same([[part[:, n].copy() for part in found] for n in range(3)], wanted)
    found = tables(function(*(pairs[column] for column in columns), **parameters))
    assert all(part.columns.tolist() == ["P0", "P1", "P2"] for part in found)
    same([[part.iloc[:, n].to_numpy() for part in found] for n in range(3)], wanted)


def test_atr_of_candles() -> None:
    for frame in (FRAME, FRAME.set_index("date")):
        found = indicators.atr(frame, timeperiod=9)
        assert found.name == "atr"
        assert found.index.equals(frame.index)
        same([found.to_numpy()], expected("atr"))


@each_function
def test_input_is_not_written(name: str) -> None:
    arrays = {column: FRAME[column].to_numpy(copy=True) for column in PRICES}
    frame = pd.DataFrame(arrays)
    for make in (lambda column: column, lambda column: column.to_numpy()):
        for part in parts(call(name, make, frame)):
            assert not any(np.shares_memory(part, array) for array in arrays.values())
    same(frame, FRAME[PRICES])


@each_function
def test_no_rows_no_columns_few_rows(name: str) -> None:
    function, parameters = FUNCTIONS[name]
    count = 3 if name == "atr" else 1
    for shape in ((0,), (0, 3), (5, 0), (0, 0)):
        for part in parts(function(*[np.empty(shape)] * count, **parameters)):
            assert part.shape == shape
    assert len(parts(call(name, lambda column: column[:0]))[0]) == 0
    nothing = pd.DataFrame(index=FRAME.index)
    for part in tables(function(*[nothing] * count, **parameters)):
        assert part.shape == (ROWS, 0)
    for rows in range(1, 30):
        few = FRAME.iloc[:rows]
        for part, whole in zip(expected(name, few), expected(name), strict=True):
            np.testing.assert_allclose(part, whole[:rows], rtol=1e-12, atol=1e-12)
    missing = parts(function(*[np.full(40, math.nan)] * count, **parameters))
    assert all(np.isnan(part).all() for part in missing)


BAD = [
    [1.0, 2.0],
    (1.0, 2.0),
    None,
    5.0,
    "close",
    np.array(["a", "b"]),
    np.array([1.0, None]),
    np.array([True, False]),
    np.array(["2024-01-01"], dtype="M8[s]"),
    np.array([5], dtype="m8[s]"),
    np.zeros(3, dtype=complex),
    np.zeros(3, dtype=[("a", "f8")]),
    np.zeros((2, 2, 2)),
    np.array(1.0),
    pd.Series(["a", "b"]),
    pd.Series([1.0, 2.0], dtype=object),
    pd.Series([True, False]),
    pd.Series([True, None], dtype="boolean"),
    pd.Series(pd.date_range("2024", periods=3)),
    pd.Series(["a", "b"], dtype="category"),
    pd.Series([1j]),
    np.ma.array([1.0, 2.0], mask=[True, False]),
]


@each_function
@pytest.mark.parametrize(
    "values", BAD, ids=lambda value: f"{type(value).__name__} {getattr(value, 'dtype', '')}"
)
def test_bad_values(name: str, values: Any) -> None:
    function, parameters = FUNCTIONS[name]
    first = "high" if name == "atr" else "values"
    others = [values] * 2 if name == "atr" else []
    with pytest.raises(InvalidInputError, match=f"^{first}: expected"):
        function(values, *others, **parameters)
    frame = pd.DataFrame({"fine": [1.0], "text": ["a"]})
    with pytest.raises(InvalidInputError, match=r"\['text'\]: expected numbers"):
        function(*[frame] * (1 + len(others)), **parameters)


def wrong_parameters() -> list[Any]:
    counts: list[Any] = [0, -1, True, False, 1.5, 3.0, "3", 2**31, 10**30, math.nan, np.bool_(True)]
    bad = {
        "ddof": [-1, *counts[2:]],
        "min_periods": [-1, 10, *counts[2:]],
        "stds": [-0.5, True, "2", None, 10**400, math.nan, math.inf, 1j],
    }
    return [
        pytest.param(name, parameter, value, id=f"{name} {parameter} {value!r}")
        for name, (_, parameters) in FUNCTIONS.items()
        for parameter in parameters
        for value in bad.get(parameter, [*counts, None])
    ]


@pytest.mark.parametrize(("name", "parameter", "value"), wrong_parameters())
def test_wrong_parameters(name: str, parameter: str, value: Any) -> None:
    function, parameters = FUNCTIONS[name]
    columns = [np.ones(20)] * (3 if name == "atr" else 1)
    with pytest.raises(InvalidInputError, match=f"^{parameter}: expected"):
        function(*columns, **parameters | {parameter: value})


@each_function
def test_parameters_of_numpy_and_long_ones(name: str) -> None:
    function, parameters = FUNCTIONS[name]
    columns = [FRAME[column].to_numpy() for column in (PRICES if name == "atr" else ["close"])]
    given = {key: np.int16(value) for key, value in parameters.items()}
    same(parts(function(*columns, **given)), expected(name))
    longest = {key: 2**31 - 1 for key in parameters if key not in ("ddof", "stds")}
    for part in parts(function(*columns, **longest)):
        assert np.isnan(part).all()


def test_candles_that_do_not_fit() -> None:
    good = np.ones(20)
    for other in (np.ones(19), np.ones((20, 1)), pd.Series(good), np.ones((2, 10))):
        with pytest.raises(InvalidInputError, match=r"^low: expected the kind and shape of high"):
            indicators.atr(good, other, good)
        with pytest.raises(InvalidInputError, match=r"^close: expected the kind and shape of high"):
            indicators.atr(good, good, other)
    series, later = pd.Series(good), pd.Series(good, index=range(1, 21))
    with pytest.raises(InvalidInputError, match=r"^close: its index differs"):
        indicators.atr(series, series, later)
    wide = pd.DataFrame({"a": good, "b": good})
    with pytest.raises(InvalidInputError, match=r"^low: its columns differ"):
        indicators.atr(wide, wide.rename(columns={"b": "c"}), wide)
    with pytest.raises(InvalidInputError, match=r"^high: no column 'low', 'close'"):
        indicators.atr(FRAME[["open", "high"]])
    for alone in (good, series):
        with pytest.raises(InvalidInputError, match=r"^high: expected a DataFrame of candles"):
            indicators.atr(alone)
    with pytest.raises(InvalidInputError, match=r"^close: expected an array"):
        indicators.atr(good, good)
    with pytest.raises(InvalidInputError, match=r"^low: .* parameters go by keyword"):
        indicators.atr(FRAME, 14)
    twice = pd.concat([FRAME, FRAME[["low"]]], axis=1)
    with pytest.raises(InvalidInputError, match=r"^high: column 'low' is there twice"):
        indicators.atr(twice)
    with pytest.raises(InvalidInputError, match=r"^low: expected numbers"):
        indicators.atr(FRAME.assign(low="1"))


@pytest.mark.parametrize(
    "statistics", ["mean", [], ["mean", "mode"], [3], ("std", None), 5], ids=repr
)
def test_unknown_statistics(statistics: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^statistics: expected names among mean, sum"):
        indicators.rolling_statistics(np.ones(5), 3, statistics)


def test_statistics_of_any_iterable() -> None:
    values = np.arange(9.0)
    for names in (iter(["mean"]), np.array(["mean"]), pd.Index(["mean"]), ("mean",)):
        found = indicators.rolling_statistics(values, 3, names)
        assert found.mean.tobytes() == indicators.rolling_mean(values, 3).tobytes()


@each_function
def test_any_number_of_threads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty columns, NaN in some of them: the same bits."""
    rng = np.random.default_rng(0)
    table = np.abs(np.cumsum(rng.normal(size=(700, 50)), axis=0)) + 50
    table[rng.random((700, 50)) < 0.0005] = math.nan
    monkeypatch.setattr(threads, "PARALLEL_FROM_NS", 0)
    function, parameters = FUNCTIONS[name]
    inputs = [table + 1, table - 1, table] if name == "atr" else [table]
    results = []
    with runtime.use_backend("compiled"):
        for count in (1, 2, 5):
            threads.set_num_threads(count)
            try:
                assert threads.threads_for(1) == count
                results.append(parts(function(*inputs, **parameters)))
            finally:
                threads.set_num_threads(None)
    same(results[1], results[0])
    same(results[2], results[0])
    first = function(*(each[:, 7].copy() for each in inputs), **parameters)
    same([part[:, 7].copy() for part in results[0]], parts(first))
