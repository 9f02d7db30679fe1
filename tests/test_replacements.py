"""Every replacement against the freqtrade function that it stands in for, over the whole zoo."""

from __future__ import annotations

import copy
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from _arrays import candles, date_zoo, frame_zoo, prices
from freqkernels.identity import first_difference
from freqkernels.runtime import events, set_num_threads
from oracle import assert_identical
from replaced import pair_of

ZOO = frame_zoo()
ZOO_NAMES = [name for name, _ in ZOO]
DATES = list(date_zoo())
TIMEFRAMES = ["1m", "5m", "7m", "1h", "1d", "3d", "1w", "1M", "1y", "0m", "5x", "", "m5"]


def check(name: str, *args: Any, **kwargs: Any) -> Any:
    """Compare a target with its replacement; nothing may have failed on the way."""
    pair = pair_of(name)
    if pair is None:
        return None
    outcome = assert_identical(*pair, *args, **kwargs)
    assert [event for event in events() if event.kind != "refusal"] == []
    return outcome


def was_refused() -> bool:
    return any(event.kind == "refusal" for event in events())


@pytest.mark.usefixtures("backend", "float_errors")
class TestCandles:
    @pytest.mark.parametrize("drop_incomplete", [False, True])
    @pytest.mark.parametrize("fill_missing", [False, True])
    @pytest.mark.parametrize(("name", "frame"), ZOO, ids=ZOO_NAMES)
    def test_clean(
        self, name: str, frame: pd.DataFrame, fill_missing: bool, drop_incomplete: bool
    ) -> None:
        options = {"fill_missing": fill_missing, "drop_incomplete": drop_incomplete}
        check("clean_ohlcv_dataframe", frame, "5m", "A/B", **options)

    @pytest.mark.parametrize(("name", "frame"), ZOO, ids=ZOO_NAMES)
    def test_fill(self, name: str, frame: pd.DataFrame) -> None:
        check("ohlcv_fill_up_missing_data", frame, "5m", "A/B")

    @pytest.mark.parametrize("timeframe", TIMEFRAMES)
    @pytest.mark.parametrize(("name", "frame"), DATES[:12], ids=[name for name, _ in DATES[:12]])
    def test_fill_timeframes(self, name: str, frame: pd.DataFrame, timeframe: str) -> None:
        check("ohlcv_fill_up_missing_data", frame, timeframe, "A/B")

    @pytest.mark.parametrize(("name", "frame"), ZOO, ids=ZOO_NAMES)
    def test_tick_size(self, name: str, frame: pd.DataFrame) -> None:
        check("get_tick_size_over_time", frame)

    def test_tick_size_replaces_columns_in_place(self) -> None:
        frame = candles(50).assign(max_count="old", open_count=1)
        check("get_tick_size_over_time", frame)

    def test_ordinary_candles_take_the_fast_path(self) -> None:
        options = {"fill_missing": True, "drop_incomplete": False}
        for frame in (candles(300), candles(300).drop(index=range(9, 40))):
            check("clean_ohlcv_dataframe", frame, "5m", "A/B", **options)
            check("ohlcv_fill_up_missing_data", frame, "5m", "A/B")
            check("get_tick_size_over_time", frame)
        assert not was_refused()


OPTIONS = {"fill_missing": True, "drop_incomplete": False}
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("clean_ohlcv_dataframe", (candles(9), "5m", "A"), {**OPTIONS, "candle_type": "futures"}),
    ("clean_ohlcv_dataframe", (candles(9), "5m", "A"), {**OPTIONS, "candle_type": "funding_rate"}),
    ("clean_ohlcv_dataframe", (candles(9), "5m", "A"), {**OPTIONS, "candle_type": ["spot"]}),
    ("clean_ohlcv_dataframe", (candles(9), "5m", "A"), {**OPTIONS, "_logger": None}),
    ("clean_ohlcv_dataframe", (candles(9), "5m", "A"), {}),
    ("clean_ohlcv_dataframe", (candles(9), "5m", "A", True, False), {}),
    (
        "clean_ohlcv_dataframe",
        (),
        {"dataframe": candles(9), "timeframe": "5m", "pair": "A", **OPTIONS},
    ),
    ("clean_ohlcv_dataframe", (), {"data": candles(9), "timeframe": "5m", "pair": "A", **OPTIONS}),
    ("ohlcv_fill_up_missing_data", (candles(9), "5m", "A", "mark"), {}),
    ("ohlcv_fill_up_missing_data", (candles(9), "5m", "A", None), {}),
    ("ohlcv_fill_up_missing_data", (candles(9), "5m", "A", "spot", 1), {}),
    ("get_tick_size_over_time", (), {"candles": candles(9)}),
    ("get_tick_size_over_time", (), {}),
    ("get_tick_size_over_time", (candles(9),), {"_fixed_decimals": True}),
    ("calculate_market_change", ({"A": candles(9)}, "close", None, 1), {}),
    ("calculate_market_change", ({"A": candles(9)},), {"_logger": 1}),
    ("calculate_market_change", (), {"data": {"A": candles(9)}, "column": "open"}),
    ("combine_dataframes_by_column", ([candles(9)],), {}),
    ("combine_dataframes_by_column", (None,), {}),
]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
def test_call_forms(call: tuple[str, tuple[Any, ...], dict[str, Any]]) -> None:
    """Names, positions, too many and too few arguments: freqtrade's answer or its error."""
    name, args, kwargs = call
    check(name, *args, **kwargs)


class _TimeRange:
    """What the functions use of freqtrade's TimeRange."""

    def __init__(self, start: datetime | None, stop: datetime | None) -> None:
        self.starttype = "date" if start else None
        self.stoptype = "date" if stop else None
        self.startdt, self.stopdt = start, stop

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TimeRange) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


MIDDLE = datetime(2024, 1, 15, 12, 0, tzinfo=UTC)
RANGES = [
    _TimeRange(None, None),
    _TimeRange(MIDDLE, None),
    _TimeRange(None, MIDDLE),
    _TimeRange(MIDDLE, MIDDLE + timedelta(hours=1)),
    _TimeRange(MIDDLE + timedelta(seconds=1), MIDDLE + timedelta(hours=1, microseconds=1)),
    _TimeRange(MIDDLE, MIDDLE - timedelta(hours=1)),
    _TimeRange(datetime(1990, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)),
    _TimeRange(datetime(2090, 1, 1, tzinfo=UTC), None),
    _TimeRange(MIDDLE.replace(tzinfo=None), None),
]


@pytest.mark.usefixtures("backend")
class TestTrim:
    @pytest.mark.parametrize("startup", [0, 1, 30, 10_000, -3])
    @pytest.mark.parametrize("timerange", RANGES, ids=range(len(RANGES)))
    def test_ranges(self, timerange: _TimeRange, startup: int) -> None:
        check("trim_dataframe", candles(200), timerange, startup_candles=startup)

    @pytest.mark.parametrize(("name", "frame"), ZOO, ids=ZOO_NAMES)
    def test_zoo(self, name: str, frame: pd.DataFrame) -> None:
        check("trim_dataframe", frame, RANGES[3])

    def test_foreign_byte_order(self) -> None:
        frame = candles(60).assign(extra=np.arange(60).astype(">f8"))
        check("trim_dataframe", frame, RANGES[3])

    def test_other_date_column(self) -> None:
        frame = candles(200).rename(columns={"date": "open_date"})
        check("trim_dataframe", frame, RANGES[3], df_date_col="open_date")


def market(*frames: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {f"P{i}/USDT": frame for i, frame in enumerate(frames)}


def pairs(count: int, rows: int = 120) -> dict[str, pd.DataFrame]:
    return market(*(candles(rows, seed=i, decimals=1 + i % 7) for i in range(count)))


def _markets() -> list[tuple[str, dict[Any, pd.DataFrame]]]:
    late = candles(120, start="2024-01-15 13:05")
    holes = candles(120)
    holes.loc[4:9, "close"] = np.nan
    zero = candles(120)
    zero.loc[5, "close"] = 0.0
    zero_first = candles(120)
    zero_first.loc[0, "close"] = 0.0
    infinite = candles(120)
    infinite.loc[5, "close"] = np.inf
    huge = candles(120)
    huge.loc[5:9, "close"] = 1.7e308
    empty_close = candles(120).assign(close=np.nan)
    return [
        ("one", pairs(1)),
        ("two", pairs(2)),
        ("many", pairs(25)),
        ("many more", pairs(140, 30)),
        ("late", {**pairs(3), "L": late}),
        ("only late", {"L": late}),
        ("holes", {**pairs(3), "H": holes}),
        ("zero", {**pairs(3), "Z": zero}),
        ("zero first", {**pairs(3), "Z": zero_first}),
        ("infinite", {**pairs(3), "I": infinite}),
        ("huge", market(huge, huge, huge)),
        ("no values", {**pairs(2), "E": empty_close}),
        ("only no values", {"E": empty_close}),
        ("integers", {**pairs(2), "I": candles(120).astype({"close": "int64"})}),
        ("single precision", {"I": candles(120).astype({"close": "float32"})}),
        ("other unit", {**pairs(2), "N": candles(120, unit="ns")}),
        ("naive", {"N": candles(120).assign(date=candles(120)["date"].dt.tz_localize(None))}),
        ("duplicate dates", market(*(candles(9, seed=i).iloc[[0, 1, 1, 2]] for i in range(3)))),
        ("unsorted", market(*(candles(40, seed=i).iloc[::-1] for i in range(3)))),
        ("empty frame", {**pairs(2), "E": candles(0)}),
        ("no pairs", {}),
        ("pair named mean", {"mean": candles(50), "A": candles(50, seed=3)}),
        ("pair named close", {"close": candles(50), "A": candles(50, seed=3)}),
        ("pair named open", {"open": candles(50), "A": candles(50, seed=3)}),
        ("pair named date", {"date": candles(50)}),
        ("integer names", {1: candles(50), 2: candles(50, seed=3)}),
        ("attrs", {"A": _with_attrs(candles(50))}),
        ("without column", {"A": candles(50).drop(columns="close")}),
        ("without date", {"A": candles(50).drop(columns="date")}),
        ("pair None", {None: candles(50), "A": candles(50, seed=3)}),
        ("one row of many", pairs(12, 1)),
        ("two rows of many", pairs(12, 2)),
        ("negative zero", market(*(candles(9).assign(close=-0.0) for _ in range(3)))),
        ("one row", pairs(3, 1)),
    ]


def _with_attrs(frame: pd.DataFrame) -> pd.DataFrame:
    frame.attrs["source"] = "test"
    return frame


MARKETS = _markets()
MARKET_NAMES = [name for name, _ in MARKETS]
START = datetime(2024, 1, 15, 11, 0, tzinfo=UTC)
ENDS = [
    (START, START + timedelta(hours=2)),
    (START - timedelta(days=1), START + timedelta(days=1)),
    (START + timedelta(hours=2), START),
    (START + timedelta(days=9), START + timedelta(days=10)),
    (START.replace(tzinfo=None), START.replace(tzinfo=None) + timedelta(hours=1)),
]


@pytest.mark.usefixtures("backend", "float_errors")
class TestMarkets:
    @pytest.mark.parametrize("min_date", [None, START, START + timedelta(days=9), "2024-01-15"])
    @pytest.mark.parametrize(("name", "data"), MARKETS, ids=MARKET_NAMES)
    def test_market_change(self, name: str, data: Any, min_date: Any) -> None:
        check("calculate_market_change", data, min_date=min_date)

    @pytest.mark.parametrize("column", ["close", "open", "volume", "date", "nothing"])
    def test_market_change_of_column(self, column: str) -> None:
        check("calculate_market_change", pairs(3), column)

    @pytest.mark.parametrize("function", ["by_column", "with_mean"])
    @pytest.mark.parametrize(("name", "data"), MARKETS, ids=MARKET_NAMES)
    def test_combine(self, name: str, data: Any, function: str) -> None:
        check(f"combine_dataframes_{function}", data)

    @pytest.mark.parametrize("column", ["open", "volume", "date", "nothing"])
    @pytest.mark.parametrize("function", ["by_column", "with_mean"])
    def test_combine_column(self, column: str, function: str) -> None:
        check(f"combine_dataframes_{function}", pairs(3), column)

    @pytest.mark.parametrize("ends", ENDS, ids=range(len(ENDS)))
    @pytest.mark.parametrize(("name", "data"), MARKETS, ids=MARKET_NAMES)
    def test_rel_mean(self, name: str, data: Any, ends: tuple[datetime, datetime]) -> None:
        check("combined_dataframes_with_rel_mean", data, *ends)

    def test_ordinary_markets_take_the_fast_path(self) -> None:
        check("calculate_market_change", pairs(3), min_date=START)
        check("combine_dataframes_by_column", pairs(3))
        check("combine_dataframes_with_mean", pairs(3))
        check("combined_dataframes_with_rel_mean", pairs(3), *ENDS[0])
        assert not was_refused()


@pytest.mark.parametrize("option", ["compute.use_bottleneck", "compute.use_numexpr"])
@pytest.mark.parametrize(("name", "data"), MARKETS, ids=MARKET_NAMES)
def test_without_pandas_own_accelerators(name: str, data: Any, option: str) -> None:
    """pandas sums by bottleneck or by numpy, whichever is there."""
    with pd.option_context(option, False):
        check("combine_dataframes_with_mean", data)
        for ends in ENDS:
            check("combined_dataframes_with_rel_mean", data, *ends)


INDEPENDENT: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("combine_dataframes_by_column", (pairs(1),), {}),
    ("combine_dataframes_by_column", (pairs(3),), {}),
    ("combine_dataframes_with_mean", (pairs(3),), {}),
    ("combined_dataframes_with_rel_mean", (pairs(3), *ENDS[0]), {}),
    ("clean_ohlcv_dataframe", (candles(50), "5m", "A"), OPTIONS),
    ("clean_ohlcv_dataframe", (candles(50), "5m", "A"), {**OPTIONS, "fill_missing": False}),
    ("ohlcv_fill_up_missing_data", (candles(50), "5m", "A"), {}),
    ("get_tick_size_over_time", (candles(50),), {}),
    *(("trim_dataframe", (candles(200), timerange), {}) for timerange in RANGES[:4]),
    ("trim_dataframe", (candles(200), RANGES[0]), {"startup_candles": 20}),
    ("trim_dataframe", (candles(200), RANGES[2]), {"startup_candles": 20}),
]


def _frames_in(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return [value] if isinstance(value, pd.DataFrame | pd.Series) else []


def _after_writing(function: Any, args: Any, kwargs: Any, write_to: str) -> Any:
    """Inputs and result after a write to one of them, by pandas and past it."""
    args = copy.deepcopy(args)
    result = function(*args, **kwargs)
    inputs = _frames_in(args[0])
    for frame in inputs if write_to == "input" else [result]:
        columns = [frame] if isinstance(frame, pd.Series) else [frame[c] for c in frame.columns]
        frame.iloc[(2, *(0,) * (frame.ndim - 1))] = frame.iloc[(3, *(0,) * (frame.ndim - 1))]
        for column in columns:
            if column.dtype == np.float64 and column.array[0] != 77.5:
                column.array[0] = 77.5
    return inputs, result


@pytest.mark.parametrize("write_to", ["input", "result"])
@pytest.mark.parametrize("call", INDEPENDENT, ids=range(len(INDEPENDENT)))
def test_memory_is_shared_only_where_freqtrade_shares_it(
    call: tuple[str, tuple[Any, ...], dict[str, Any]], write_to: str
) -> None:
    name, args, kwargs = call
    pair = pair_of(name)
    if pair is None or (name == "get_tick_size_over_time" and write_to == "result"):
        return  # a series of one or two months: nothing to write to
    seen = []
    for function in pair:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seen.append(_after_writing(function, args, kwargs, write_to))
    difference = first_difference(*seen)
    assert difference is None, str(difference)


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_n_threads_agnosticism(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several threads, however small the work; the oracle has no threads at all."""
    monkeypatch.setattr("freqkernels.runtime.threads.PARALLEL_FROM_NS", 0)
    data = pairs(25, 20_000)
    set_num_threads(threads)
    try:
        check("combine_dataframes_with_mean", data)
        check("combined_dataframes_with_rel_mean", data, START, START + timedelta(days=60))
        large = candles(150_000, freq="1min", decimals=5)
        pair = pair_of("get_tick_size_over_time")
        assert pair is not None
        check("get_tick_size_over_time", large)
    finally:
        set_num_threads(None)
    assert not was_refused()


def trades(count: int, seed: int, step: str = "5min", unit: str = "ms") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    grid = pd.date_range("2024-01-15 22:10", periods=2000, freq=step, tz="UTC").as_unit(unit)
    opened = rng.integers(0, 1900, count)
    closed = opened + rng.integers(0, 90, count)
    return pd.DataFrame(
        {
            "pair": [f"P{i}/USDT" for i in rng.integers(0, 9, count)],
            "open_date": grid[opened],
            "close_date": grid[closed],
            "profit": prices(count, seed),
        }
    )


def _trade_zoo() -> list[tuple[str, pd.DataFrame]]:
    ordinary = trades(60, 0)
    missing = ordinary.copy()
    missing.loc[3, "close_date"] = pd.NaT
    reversed_ = ordinary.rename(columns={"open_date": "close_date", "close_date": "open_date"})
    naive = ordinary.assign(
        open_date=ordinary["open_date"].dt.tz_localize(None),
        close_date=ordinary["close_date"].dt.tz_localize(None),
    )
    return [
        ("ordinary", ordinary),
        ("off the grid", trades(60, 1, "7min")),
        ("seconds", trades(60, 1, "13s")),
        *((f"unit {unit}", trades(20, 2, unit=unit)) for unit in ("s", "us", "ns")),
        ("one", ordinary.iloc[:1]),
        ("none", ordinary.iloc[:0]),
        ("all closed at once", ordinary.assign(close_date=ordinary["open_date"])),
        ("some closed at once", ordinary.assign(close_date=ordinary["open_date"]).iloc[:4]),
        ("missing close", missing),
        ("closed before opened", reversed_),
        ("missing pairs", ordinary.assign(pair=[None, "A"] * 30)),
        ("no pair known", ordinary.assign(pair=None)),
        ("no pair column", ordinary.drop(columns="pair")),
        ("no open_date", ordinary.drop(columns="open_date")),
        ("naive", naive),
        ("one naive", ordinary.assign(close_date=naive["close_date"])),
        ("other unit", ordinary.assign(close_date=ordinary["close_date"].dt.as_unit("ns"))),
        (
            "other zone",
            ordinary.assign(open_date=ordinary["open_date"].dt.tz_convert("Asia/Tokyo")),
        ),
        ("shuffled", ordinary.sample(frac=1, random_state=0)),
        ("column date", ordinary.assign(date=ordinary["open_date"])),
        ("text", ordinary.assign(open_date="2024-01-01", close_date="2024-01-02")),
    ]


TRADES = _trade_zoo()


@pytest.mark.usefixtures("backend")
class TestTradeParallelism:
    @pytest.mark.parametrize("timeframe", TIMEFRAMES)
    @pytest.mark.parametrize(("name", "frame"), TRADES, ids=[name for name, _ in TRADES])
    def test_zoo(self, name: str, frame: pd.DataFrame, timeframe: str) -> None:
        check("analyze_trade_parallelism", frame, timeframe)

    def test_ordinary_trades_take_the_fast_path(self) -> None:
        check("analyze_trade_parallelism", trades(200, 4), "5m")
        assert not was_refused()
