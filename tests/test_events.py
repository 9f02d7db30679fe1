"""Backtests event by event: on cases without callbacks too, and by both twins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.optimize.backtesting import Backtesting

from freqkernels.bench.fuzz.compare import compare_case
from freqkernels.bridge import engine
from freqkernels.bridge.events.provider import SliceIndex
from freqkernels.bridge.events.rows import Rows
from freqkernels.bridge.fuzz.case_file import load_case
from freqkernels.bridge.fuzz.generate.kinds import make_case
from freqkernels.bridge.fuzz.run import run_case
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from freqkernels.identity import first_difference
from freqkernels.runtime import refuse, use_backend
from freqkernels.signals import ohlcv_as_lists

CASES = sorted((Path(__file__).parent / "fuzz_cases").glob("*.json"))
KINDS = ("spot", "futures", "detail", "ties", "protections", "unfilled", "late", "repeated")
TWINS = ("compiled", "reference")


@pytest.fixture
def by_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """No strategy is simulated by the compiled engine alone."""
    for name in ("engine_support", "run_support"):
        monkeypatch.setattr(engine, name, lambda *_: refuse("a test asks for events"))


def ours(backtesting: Any, processed: Any, start: Any, end: Any) -> Any:
    function = Backtesting.backtest
    original = getattr(function, "__wrapped__", function)
    return engine.backtest(backtesting, processed, start, end, _original=original)


@pytest.mark.usefixtures("by_events")
@pytest.mark.parametrize("backend", TWINS)
@pytest.mark.parametrize("kind", KINDS)
def test_without_callbacks(kind: str, backend: str) -> None:
    for number in range(3):
        case = make_case(kind, 20261121, number)
        wanted = run_case(case)
        with use_backend(backend):
            found = run_case(case, ours)
        assert first_difference(wanted, found) is None, number
        way = engine.last_run()
        assert way is not None
        assert way.reason == "events, because a test asks for events"


@pytest.mark.parametrize("backend", TWINS)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_the_fuzzer_found(path: Path, backend: str) -> None:
    with use_backend(backend):
        assert compare_case(load_case(path)).difference is None


def test_there_are_cases() -> None:
    assert len(CASES) > 5


def test_slice_index_is_a_dict_of_what_was_visited() -> None:
    rows = {"A": 3, "B": 0, "C": 7}
    index = SliceIndex(lambda pair: rows.get(pair, 0), lambda: ["C", "A"], 100)
    plain = {"C": 107, "A": 103}
    assert index == plain
    assert list(index) == list(plain) == list(index.keys())
    assert (len(index), repr(index), index.copy()) == (2, repr(plain), plain)
    assert list(index.items()) == list(plain.items())
    assert list(index.values()) == list(plain.values())
    assert (index.get("A"), index["C"], index.get("B"), index.get("B", 5)) == (103, 107, None, 5)
    assert "A" in index
    assert "B" not in index
    with pytest.raises(KeyError):
        index["B"]


@pytest.mark.parametrize("tags", ["text", "objects", "absent", "missing"])
def test_rows_are_those_of_freqtrade(tags: str) -> None:
    size = 200
    dates = pd.date_range("2024-01-01", periods=size, freq="5min", tz="UTC")
    prices = np.random.default_rng(3).uniform(1, 2, (size, 4))
    frame = pd.DataFrame(prices, columns=["open", "high", "low", "close"])
    frame.insert(0, "date", dates)
    frame["volume"] = 1.0
    frame["enter_long"] = np.arange(size) % 3 == 0
    if tags == "text":
        frame["enter_tag"] = [f"tag {number}" for number in range(size)]
    elif tags == "objects":
        frame["enter_tag"] = pd.Series([f"tag {n}" for n in range(size)], dtype=object)
    elif tags == "missing":
        frame["enter_tag"] = pd.Series(["x", None, "", np.nan] * (size // 4))
    wanted = ohlcv_as_lists(frame)
    bits = np.array([int(row[5] == 1) | (bool(row[5]) << 4) for row in wanted], dtype=np.uint8)
    rows = Rows(frame, bits, None)
    assert len(rows) == len(wanted)
    order = [*range(40), 7, 100, 101, 199 - 1, 3, *range(120, 199)]
    for row in order:
        found = rows.row(row)
        assert found == wanted[row], row
        assert list(map(type, found[:5])) == list(map(type, wanted[row][:5]))
        assert type(found[9]) is type(wanted[row][9])


if not certificate(ENGINE).support:  # a release that is left alone
    for _name in [name for name in globals() if name.startswith("test_")]:
        del globals()[_name]
