"""merge_informative_pair: freqtrade's own, what stands in for it, and the definition in pandas."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.strategy import merge_informative_pair, strategy_helper
from hypothesis import given
from hypothesis import strategies as st

from _arrays import candles, date_zoo, shape_zoo, value_zoo
from freqkernels import informative as ours
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import TARGETS
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.runtime import events, use_backend
from oracle import assert_identical, observe
from replaced import pair_of
from test_kernels import same

ZOO = [*date_zoo(), *shape_zoo(), *[*value_zoo()][::4]]
ZOO_NAMES = [name for name, _ in ZOO]
TARGET = next(each for each in TARGETS if each.name == "merge_informative_pair")
#: Whether this freqtrade fills the candles before the first match, as our definition does.
FILLS_HEAD = certificate(TARGET).variant == ""
HAS_PREPARED = hasattr(strategy_helper, "_merge_prepared_informative_pair")
UNNAMED = {"append_timeframe": False}
OPTIONS = [
    {},
    {"ffill": False},
    {"append_timeframe": False, "suffix": "btc"},
    {"append_timeframe": False, "suffix": "x", "ffill": False},
]


def check(*args: Any, **kwargs: Any) -> Any:
    """Compare what is installed with freqtrade's; nothing may have failed on the way."""
    pair = pair_of("merge_informative_pair")
    assert pair is not None
    outcome = assert_identical(*pair, *args, **kwargs)
    assert [event for event in events() if event.kind != "refusal"] == []
    return outcome


def check_fast(*args: Any, **kwargs: Any) -> Any:
    """As :func:`check`; the fast path has to answer."""
    outcome = check(*args, **kwargs)
    assert [event.reason for event in events()] == []
    assert outcome.error is None
    return outcome


def check_definition(*args: Any, **kwargs: Any) -> None:
    """Compare the public function, with and without its fast path, with freqtrade's."""
    if not FILLS_HEAD:
        return
    expected = observe(merge_informative_pair, args, kwargs)
    for path in (ours.merge_informative_pair, ours.merge_informative_pair.exact):  # type: ignore[attr-defined]
        found = observe(path, args, kwargs)
        if expected.error is None:
            assert found.error is None
            difference = first_difference(found.value, expected.value)
            assert difference is None, str(difference)
            assert first_difference(found.arguments, expected.arguments) is None
        else:
            assert found.error is not None


def hours(rows: int = 60, start: str = "2024-01-14 03:00", **kwargs: Any) -> pd.DataFrame:
    return candles(rows, seed=3, freq="1h", start=start, **kwargs)


def test_variants_of_freqtrade() -> None:
    """What the certificate says is what this freqtrade does."""
    merged = merge_informative_pair(candles(20), hours(), "5m", "1h")
    assert bool(merged["close_1h"].notna().iloc[0]) == FILLS_HEAD
    pair = pair_of("merge_informative_pair")
    assert pair is not None
    difference = first_difference(pair[0](candles(20), hours(), "5m", "1h"), merged)
    assert difference is None, str(difference)


@pytest.mark.usefixtures("backend")
class TestZoo:
    @pytest.mark.parametrize(("name", "frame"), ZOO, ids=ZOO_NAMES)
    def test_base(self, name: str, frame: pd.DataFrame) -> None:
        check(frame, hours(), "5m", "1h")

    @pytest.mark.parametrize(("name", "frame"), ZOO, ids=ZOO_NAMES)
    def test_informative(self, name: str, frame: pd.DataFrame) -> None:
        # Its dates are 5 minutes apart, so only some of them are found; nearly all of it is filled.
        check(candles(120, start="2024-01-15 12:00"), frame, "5m", "15m")


@pytest.mark.usefixtures("backend")
class TestOptions:
    @pytest.mark.parametrize("options", OPTIONS, ids=str)
    @pytest.mark.parametrize(
        "start", ["2024-01-14 03:00", "2024-01-15 10:00", "2024-01-15 20:00", "2024-03-01", "2020"]
    )
    def test_naming_and_filling(self, start: str, options: dict[str, Any]) -> None:
        outcome = check_fast(candles(300), hours(start=start), "5m", "1h", **options)
        assert len(outcome.value) == 300
        check_definition(candles(300), hours(start=start), "5m", "1h", **options)

    @pytest.mark.parametrize(
        ("timeframe", "timeframe_inf", "freq"),
        [
            ("5m", "5m", "5min"),
            ("1m", "5m", "5min"),
            ("30s", "1m", "1min"),
            ("5m", "1d", "1D"),
            ("5m", "1w", "7D"),
            ("1d", "1M", "MS"),
            ("1h", "1M", "MS"),
            ("1M", "1M", "MS"),
            ("1w", "1y", "MS"),
            ("0m", "0m", "1h"),
        ],
    )
    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    def test_timeframes(self, timeframe: str, timeframe_inf: str, freq: str, unit: str) -> None:
        base_freq = {"1d": "1D", "1M": "MS", "1w": "7D"}.get(timeframe, "1h")
        base = candles(200, freq=base_freq, start="2024-01-03", unit=unit)
        longer = candles(80, seed=2, freq=freq, start="2024-01-01", unit=unit)
        check_fast(base, longer, timeframe, timeframe_inf)
        check_definition(base, longer, timeframe, timeframe_inf)

    @pytest.mark.parametrize(
        ("timeframe", "timeframe_inf"),
        [("1h", "5m"), ("1M", "1w"), ("5m", "x"), ("", "1h"), ("5m", "-1h"), ("1h", "9999999y")],
    )
    def test_timeframes_that_do_not_fit(self, timeframe: str, timeframe_inf: str) -> None:
        outcome = check(candles(30), hours(), timeframe, timeframe_inf)
        assert outcome.error is not None
        check_definition(candles(30), hours(), timeframe, timeframe_inf)

    @pytest.mark.parametrize(
        "options",
        [
            {"suffix": "x"},
            {"append_timeframe": False},
            {"append_timeframe": False, "suffix": 5},
            {"append_timeframe": False, "suffix": ""},
            {"append_timeframe": 1, "suffix": ""},
            {"date_column": "moment"},
            {"date_column": ["date"]},
            {"date_column": "close"},
            {"ffill": None},
            {"ffill": "yes"},
            {"unknown": 1},
        ],
        ids=str,
    )
    def test_strange_options(self, options: dict[str, Any]) -> None:
        check(candles(300), hours(), "5m", "1h", **options)

    def test_date_column_of_another_name(self) -> None:
        frame = hours().rename(columns={"date": "moment"})
        check_fast(candles(300), frame, "5m", "1h", date_column="moment")
        frame["date"] = frame["moment"] + pd.Timedelta("1D")
        check_fast(candles(300), frame, "5m", "1h", date_column="moment")
        check_definition(candles(300), frame, "5m", "1h", date_column="moment")


COLUMNS: dict[str, Any] = {
    "int8": np.arange(60).astype("int8"),
    "int64": np.arange(60) * (2**56 + 1),
    "uint64": np.arange(60).astype("uint64") + np.uint64(2**63 + 1),
    "flag": np.arange(60) % 3 == 0,
    "float32": np.arange(60).astype("float32") / 3,
    "float16": np.arange(60).astype("float16"),
    "signed zeros": np.where(np.arange(60) % 2, 0.0, -0.0),
    "infinite": np.where(np.arange(60) % 2, np.inf, -np.inf),
    "half nan": np.where(np.arange(60) % 2, np.nan, 1.0),
    "all nan": np.full(60, np.nan),
    "moment": hours()["date"] + pd.Timedelta("1s"),
    "naive": hours()["date"].dt.tz_localize(None),
    "half nat": hours()["date"].where(np.arange(60) % 2 == 0),
    "zoned": hours()["date"].dt.tz_convert("Europe/Berlin"),
    "duration": hours()["date"] - hours()["date"].iloc[7],
    "text": pd.Series([f"s{i}" for i in range(60)]),
    "category": pd.Series(list("abc") * 20).astype("category"),
    "nullable": pd.Series(range(60), dtype="Int64"),
    "complex": np.arange(60) + 1j,
    "interval": pd.Series(pd.interval_range(0, 60)),
}
OBJECTS: dict[str, list[Any]] = {
    "texts": [f"s{i}" for i in range(60)],
    "flags": [i % 2 == 0 for i in range(60)],
    "integers": list(range(60)),
    "large integers": [2**63 + i for i in range(60)],
    "huge integers": [-(2**70) - i for i in range(60)],
    "whole floats": [float(i) for i in range(60)],
    "floats": [i + 0.5 for i in range(60)],
    "mixed": [1, True, "x", None, 2.5, np.float64(3)] * 10,
    "nothing": [None] * 60,
    "nan": [np.nan] * 60,
    "numpy": [np.int64(i) for i in range(60)],
    "nat": [pd.NaT] * 60,
    "na": [pd.NA] * 60,
    "dates": list(hours()["date"]),
    "lists": [[i] for i in range(60)],
}
for _name, _values in OBJECTS.items():
    COLUMNS[f"object {_name}"] = pd.Series(_values, dtype=object)


@pytest.mark.parametrize("start", ["2024-01-15 10:05", "2024-01-14 03:55", "2024-01-14 01:00"])
@pytest.mark.parametrize("name", COLUMNS)
def test_columns(name: str, start: str) -> None:
    """Before the first match candles get an earlier row, or none is missing, or none is there."""
    frame = hours().assign(extra=COLUMNS[name])
    for options in ({}, {"ffill": False}):
        check(candles(90, start=start), frame, "5m", "1h", **options)
        check_definition(candles(90, start=start), frame, "5m", "1h", **options)
        check(candles(60, start=start).assign(own=COLUMNS[name]), hours(), "5m", "1h", **options)


@pytest.mark.parametrize(
    "name", ["flag", "int64", "text", "object texts", "object flags", "half nat", "zoned"]
)
def test_ordinary_columns_take_the_fast_path(name: str) -> None:
    for start in ("2024-01-15 10:05", "2024-01-14 01:00"):
        check_fast(candles(90, start=start), hours().assign(extra=COLUMNS[name]), "5m", "1h")


@given(st.data())
def test_random_frames(data: st.DataObject) -> None:
    step = data.draw(st.sampled_from([1, 5, 15, 60]), label="minutes")
    step_inf = data.draw(st.sampled_from([1, 2, 3, 12]), label="times") * step

    def drawn(minutes: int, label: str) -> pd.DataFrame:
        kept = data.draw(st.lists(st.integers(-30, 60), unique=data.draw(st.booleans())), label)
        rows = kept if data.draw(st.integers(0, 5)) == 0 else sorted(kept)
        rng = np.random.default_rng(len(rows))
        date = pd.Timestamp("2024-05-01", tz="UTC").as_unit("ms")
        frame = pd.DataFrame({"date": date + pd.to_timedelta(np.array(rows) * minutes, "m")})
        frame["date"] = frame["date"].astype("datetime64[ms, UTC]")
        frame["close"] = np.where(rng.random(len(rows)) < 0.3, np.nan, rng.random(len(rows)))
        for name in data.draw(st.lists(st.sampled_from("ibods"), unique=True), label):
            frame[name] = {
                "i": np.arange(len(rows)),
                "b": rng.random(len(rows)) < 0.5,
                "o": pd.Series([[1, "x", None, 2.5][i % 4] for i in rows], dtype=object),
                "d": frame["date"].where(rng.random(len(rows)) < 0.7),
                "s": rng.random(len(rows)).astype("float32"),
            }[name]
        return frame

    base, longer = drawn(step, "base"), drawn(step_inf, "informative")
    options = data.draw(st.sampled_from([*OPTIONS, {"append_timeframe": False}]))
    with use_backend(data.draw(st.sampled_from(["compiled", "reference"]))):
        check(base, longer, f"{step}m", f"{step_inf}m", **options)
    check_definition(base, longer, f"{step}m", f"{step_inf}m", **options)


def prepared(frame: pd.DataFrame, timeframe_inf: str, **options: Any) -> Any:
    return strategy_helper._prepare_informative_pair(frame, "5m", timeframe_inf, **options)


#: Frames that freqtrade itself can prepare.
PREPARABLE = [
    (name, frame)
    for name, frame in ZOO[::2]
    if "date" in frame and "last" not in name and "integer dates" not in name
]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(("name", "frame"), PREPARABLE, ids=[name for name, _ in PREPARABLE])
def test_prepared(name: str, frame: pd.DataFrame) -> None:
    pair = pair_of("_merge_prepared_informative_pair")
    assert pair is not None
    base = candles(200)
    kept = prepared(hours(), "1h", append_timeframe=False, date_merge_column="known")
    kept = type(kept)(kept.dataframe.rename(columns=lambda c: f"{c}_x"), "known_x")
    for ffill in (True, False):
        assert_identical(*pair, frame, kept, ffill=ffill)
        assert_identical(*pair, base, prepared(frame, "1h"), ffill=ffill)
    assert_identical(*pair, base, kept, True)  # ffill is no positional argument
    assert_identical(*pair, base, None)


def test_prepared_takes_the_fast_path_and_stays_as_it_is() -> None:
    pair = pair_of("_merge_prepared_informative_pair")
    assert pair is not None
    kept = prepared(hours().assign(flag=True, count=1), "1h")
    before = copy.deepcopy(kept.dataframe)
    for start in ("2024-01-15 10:05", "2024-01-14 01:00"):
        found = pair[0](candles(90, start=start), kept)
        assert first_difference(found, pair[1](candles(90, start=start), kept)) is None
        for name in found:
            found.loc[:, name] = found[name].iloc[0]
    assert first_difference(kept.dataframe, before) is None
    assert [event.reason for event in events()] == []


if not HAS_PREPARED:  # this freqtrade merges in one step
    del test_prepared, test_prepared_takes_the_fast_path_and_stays_as_it_is


@pytest.mark.parametrize("start", ["2024-01-15 10:05", "2024-01-14 03:00"])
@pytest.mark.parametrize("timeframe_inf", ["5m", "1h"])
def test_result_shares_nothing_that_can_be_seen(start: str, timeframe_inf: str) -> None:
    base, longer = candles(90, start=start), candles(90, start=start)
    before = base.copy(), longer.copy()
    pair = pair_of("merge_informative_pair")
    assert pair is not None
    merged = pair[0](base, longer, "5m", timeframe_inf)
    kept = merged.copy()
    merged.loc[:, "close"] = -1.0
    merged.loc[5:, f"close_{timeframe_inf}"] = -1.0
    assert first_difference((base, longer), before) is None
    merged = pair[0](base, longer, "5m", timeframe_inf)
    base.loc[:, "close"] = -1.0
    longer.loc[:, "close"] = -1.0
    assert first_difference(merged, kept) is None


@pytest.mark.parametrize("start", ["2024-01-14 03:00", "2024-01-15 10:00", "2024-03-01"])
def test_no_more_fragmented_than_by_freqtrade(start: str) -> None:
    """pandas warns when columns are added to a frame in more than 100 blocks."""
    base, longer = candles(90), hours(start=start)
    for i in range(99):
        longer = longer.assign(**{f"x{i}": 1.0 if i % 2 else i % 4 == 0})
    pair = pair_of("merge_informative_pair")
    assert pair is not None
    found, expected = (function(base, longer, "5m", "1h") for function in pair)
    assert len(found._mgr.blocks) <= len(expected._mgr.blocks)
    assert len(found._mgr.blocks) < 10
    assert [event.reason for event in events()] == []


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("options", [*OPTIONS, UNNAMED], ids=str)
@pytest.mark.parametrize(
    "name",
    ["date_merge", "date_merge_1h", "date_merge_btc", "close_1h", "close_x", "date_1h", "close"],
)
def test_columns_of_the_same_name(name: str, options: dict[str, Any]) -> None:
    check(candles(90).assign(**{name: 1.0}), hours(), "5m", "1h", **options)
    check(candles(90), hours().assign(**{name: 1.0}), "5m", "1h", **options)
    check_definition(candles(90).assign(**{name: 1.0}), hours(), "5m", "1h", **options)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("ffill", [True, False])
def test_units_that_differ(unit: str, ffill: bool) -> None:
    for other in ("s", "ms", "us", "ns"):
        check_fast(candles(90, unit=unit), hours(unit=other), "5m", "1h", ffill=ffill)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("x", hours(), "5m", "1h"), "dataframe: expected a DataFrame"),
        ((candles(9), None, "5m", "1h"), "informative: expected a DataFrame"),
        ((candles(9).drop(columns="date"), hours(), "5m", "1h"), "dataframe: no column 'date'"),
        ((candles(9), hours(), "5m", "1h", True, True, "moment"), "informative: no .*'moment'"),
        ((candles(9), hours(), "1h", "5m"), "timeframe_inf: expected 1h or longer, got '5m'"),
        ((candles(9), hours(), "5m", "1x"), "timeframe: expected a number"),
        ((candles(9), hours(), "5m", "1h", True, True, "date", "x"), "suffix: expected None"),
    ],
)
def test_clear_errors(arguments: tuple[Any, ...], text: str) -> None:
    with pytest.raises(InvalidInputError, match=text):
        ours.merge_informative_pair(*arguments)


@given(st.data())
def test_matching_rows(data: st.DataObject) -> None:
    sorted_dates = st.lists(st.integers(-40, 40), unique=True).map(sorted)
    dates = np.array(data.draw(sorted_dates), dtype=np.int64)
    others = np.array(data.draw(sorted_dates), dtype=np.int64)
    shift, forward = data.draw(st.integers(-5, 5)), data.draw(st.booleans())
    rows = np.zeros(len(dates), dtype=np.int64)
    arguments = (dates, others, shift, forward)
    missing, (found,) = same("strategy.matching_rows", *arguments, outputs=(rows,))
    places = {date + shift: row for row, date in enumerate(others.tolist())}
    expected, last = [], -1
    for date in dates.tolist():
        last = places.get(date, last if forward else -1)
        expected.append(last)
    assert found.tolist() == expected
    assert missing == expected.count(-1)
