"""Rows for the simulation against the installed freqtrade's own conversion."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.configuration import TimeRange
from freqtrade.optimize.backtesting import HEADERS, Backtesting
from hypothesis import given
from hypothesis import strategies as st

from _arrays import candles, frame_zoo
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.runtime import events
from freqkernels.signals import Timestamps, ohlcv_as_lists
from oracle import assert_identical
from replaced import pair_of

ROWS = 40


class Host:
    """As much of a Backtesting object as its conversion uses; keeps what it is told."""

    def __init__(self, startup: int = 0, timerange: str = "", **analysis: Any) -> None:
        self.calls: list[Any] = []
        self.analysis = analysis
        self.required_startup = startup
        self.timerange = TimeRange.parse_timerange(timerange)
        self.timeframe = "5m"
        self.config = {"candle_type_def": "spot"}
        self.strategy = SimpleNamespace(ft_advise_signals=self._advise)
        self.dataprovider = SimpleNamespace(_set_cached_df=self._cached)
        self.progress = SimpleNamespace(init_step=self._step, increment=self._increment_progress)

    def _step(self, *args: Any) -> None:
        self.calls.append(("step", *map(str, args)))

    def _increment_progress(self) -> None:
        self.calls.append("increment")

    def check_abort(self) -> None:
        self.calls.append("abort?")

    def _advise(self, frame: pd.DataFrame, metadata: dict[str, str]) -> pd.DataFrame:
        self.calls.append(("advise", metadata))
        return frame.assign(**self.analysis)

    def _cached(self, pair: str, timeframe: str, frame: pd.DataFrame, kind: str) -> None:
        self.calls.append(("cached", pair, timeframe, len(frame), list(frame.columns), kind))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Host) and self.calls == other.calls

    __hash__ = None  # type: ignore[assignment]


if hasattr(Backtesting, "_set_progress_step"):
    Host._set_progress_step = Host._step  # type: ignore[attr-defined]


def check(host: Host, processed: dict[str, pd.DataFrame]) -> Any:
    pair = pair_of("_get_ohlcv_as_lists")
    assert pair is not None
    return assert_identical(*pair, host, processed)


SIGNALS: dict[str, Any] = {
    "int": np.arange(ROWS) % 3 % 2,
    "float": np.where(np.arange(ROWS) % 4 == 0, 1.0, np.nan),
    "fractions": np.where(np.arange(ROWS) % 4 == 0, 0.5, 2.0),
    "negative zero": np.where(np.arange(ROWS) % 4 == 0, -0.0, 1.0),
    "infinite": np.where(np.arange(ROWS) % 4 == 0, np.inf, 1.0),
    "bool": np.arange(ROWS) % 5 == 0,
    "object": np.array([1, 0.0, np.nan, True, None] * 8, dtype=object),
    "object bool": np.array([True, False] * 20, dtype=object),
    "text": ["1"] * ROWS,
    "int8": (np.arange(ROWS) % 2).astype("int8"),
    "uint8": (np.arange(ROWS) % 2).astype("uint8"),
    "int32": (np.arange(ROWS) % 2).astype("int32"),
    "float32": (np.arange(ROWS) % 2).astype("float32"),
    "float16": (np.arange(ROWS) % 2).astype("float16"),
    "Int64": pd.array([1, None] * 20, dtype="Int64"),
    "boolean": pd.array([True, None] * 20, dtype="boolean"),
    "large int": np.full(ROWS, 2**53 + 1),
    "categorical": pd.Categorical(["0", "1"] * 20),
    "complex": np.full(ROWS, 1j),
    "dates": pd.date_range("2024-01-01", periods=ROWS),
    "all nan": np.full(ROWS, np.nan),
    "none": [None] * ROWS,
}
TAGS: dict[str, Any] = {
    "empty": [""] * ROWS,
    "one": ["rsi"] * ROWS,
    "some": ["", "rsi"] * 20,
    "with none": ["rsi", None] * 20,
    "with nan": np.array(["rsi", np.nan] * 20, dtype=object),
    "objects": np.array(["rsi", 5] * 20, dtype=object),
    "numbers": np.arange(ROWS),
    "floats": np.where(np.arange(ROWS) % 2 == 0, np.nan, 1.0),
    "categorical": pd.Categorical(["a", "b"] * 20),
    "string": pd.array(["a", None] * 20, dtype="string"),
    "bool": np.arange(ROWS) % 2 == 0,
    "none": [None] * ROWS,
}


@pytest.mark.usefixtures("backend")
class TestAgainstFreqtrade:
    @pytest.mark.parametrize("column", ["enter_long", "exit_short"])
    @pytest.mark.parametrize("name", SIGNALS)
    def test_signal_types(self, name: str, column: str) -> None:
        check(Host(**{column: SIGNALS[name]}), {"A/B": candles(ROWS)})

    @pytest.mark.parametrize("column", ["enter_tag", "exit_tag"])
    @pytest.mark.parametrize("name", TAGS)
    def test_tag_types(self, name: str, column: str) -> None:
        check(Host(enter_long=1, **{column: TAGS[name]}), {"A/B": candles(ROWS)})

    @pytest.mark.parametrize(("name", "frame"), frame_zoo(), ids=[name for name, _ in frame_zoo()])
    def test_zoo(self, name: str, frame: pd.DataFrame) -> None:
        check(Host(enter_long=1.0, exit_long=0, enter_tag="x"), {"A/B": frame, "C/B": candles(9)})

    @pytest.mark.parametrize("startup", [0, 5, 39, 40, 100])
    def test_startup(self, startup: int) -> None:
        check(Host(startup, enter_long=1), {"A/B": candles(ROWS), "C/B": candles(20)})

    @pytest.mark.parametrize("timerange", ["1705316400-1705320000", "20250101-", "-20230101"])
    def test_timerange(self, timerange: str) -> None:
        check(Host(timerange=timerange, enter_long=1), {"A/B": candles(ROWS)})

    def test_different_dates_share_what_they_can(self) -> None:
        host = Host(enter_long=1)
        processed = {
            "A": candles(ROWS),
            "late": candles(ROWS).iloc[10:],
            "early end": candles(ROWS).iloc[:-7],
            "holes": candles(ROWS).drop(index=[4, 9]),
            "before": candles(ROWS, start="2024-01-14 10:05"),
            "other unit": candles(ROWS, unit="ns"),
            "longer": candles(3 * ROWS),
            "again": candles(ROWS),
        }
        check(host, processed)

    def test_errors_of_the_strategy_come_out_once(self) -> None:
        pair = pair_of("_get_ohlcv_as_lists")
        assert pair is not None
        host = Host()

        def advise(*_: Any) -> None:
            host.calls.append("advise")
            raise RuntimeError("mistake in the strategy")

        host.strategy.ft_advise_signals = advise
        with pytest.raises(RuntimeError, match="mistake in the strategy"):
            pair[0](host, {"A/B": candles(ROWS)})
        assert host.calls.count("advise") == 1


@given(
    st.dictionaries(st.sampled_from(HEADERS[5:9]), st.sampled_from(sorted(SIGNALS))),
    st.dictionaries(st.sampled_from(HEADERS[9:]), st.sampled_from(sorted(TAGS))),
    st.integers(0, 3),
)
def test_any_combination(signals: dict[str, str], tags: dict[str, str], startup: int) -> None:
    analysis = {name: SIGNALS[kind] for name, kind in signals.items()}
    analysis |= {name: TAGS[kind] for name, kind in tags.items()}
    check(Host(startup, **analysis), {"A/B": candles(ROWS)})


def test_public_function_equals_freqtrade() -> None:
    frame = candles(ROWS).assign(enter_long=SIGNALS["float"], enter_tag=TAGS["some"])
    pair = pair_of("_get_ohlcv_as_lists")
    assert pair is not None
    expected = pair[1](Host(), {"A/B": frame})["A/B"]
    assert first_difference(ohlcv_as_lists(frame), expected) is None
    assert first_difference(ohlcv_as_lists.exact(frame), expected) is None  # type: ignore[attr-defined]
    assert events() == []


def test_public_function_names_missing_columns() -> None:
    with pytest.raises(InvalidInputError, match="dataframe: no column 'close'"):
        ohlcv_as_lists(candles(5).drop(columns="close"))


def test_timestamps_are_shared_between_pairs() -> None:
    timestamps = Timestamps()
    first = ohlcv_as_lists(candles(ROWS), timestamps)
    second = ohlcv_as_lists(candles(ROWS).iloc[5:], timestamps)
    assert all(one[0] is other[0] for one, other in zip(first[5:], second, strict=True))


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        ohlcv_as_lists(candles(ROWS))
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
