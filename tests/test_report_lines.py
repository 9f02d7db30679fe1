"""Lines of freqtrade's tables from arrays: numbers that are hard on sums, ratios and deviations."""

from __future__ import annotations

import datetime as dt
from typing import Any

import freqtrade
import numpy as np
import pandas as pd
import pytest
from freqtrade.data import metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from freqkernels.bridge import report_lines
from freqkernels.bridge.certify import variant_for
from freqkernels.bridge.targets import LEFT_ALONE
from freqkernels.runtime import events
from oracle import assert_identical
from replaced import pair_of

FIRST = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
PAIRS = ["A/USDT", "B/USDT", "Z/USDT"]

pytestmark = pytest.mark.skipif(
    variant_for("generate_pair_metrics", freqtrade.__version__) == LEFT_ALONE,
    reason="this release's lines are left alone",
)

profits = st.one_of(
    st.sampled_from([0.0, -0.0, 1.5, -1.5, 1e-12, 5e-324, 1e140, -1e140]),
    st.floats(-1e4, 1e4).map(lambda value: round(value, 8)),
)
trades = st.lists(
    st.tuples(profits, profits, st.integers(0, 10**6), st.integers(0, 400), st.sampled_from("ABX")),
    min_size=1,
    max_size=40,
)


def frame_of(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    absolute, ratios, durations, days, names = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "pair": [f"{name}/USDT" for name in names],
            "profit_abs": np.array(absolute),
            "profit_ratio": np.array(ratios),
            "trade_duration": np.array(durations, dtype=np.int64),
            "close_date": pd.to_datetime([FIRST + dt.timedelta(days=day) for day in days]),
            "enter_tag": [f"tag {name}" for name in names],
            "exit_reason": ["roi" if day % 2 else "stop_loss" for day in days],
        }
    )


@settings(max_examples=25)
@given(
    rows=trades,
    days=st.sampled_from([0, 0.5, 1, 33, 400]),
    balance=st.sampled_from([1000, 1000.0, 0.05, 0, -10.0, 1e9]),
    skip_nan=st.booleans(),
)
def test_random_trades(
    rows: list[tuple[Any, ...]], days: float, balance: float, skip_nan: bool
) -> None:
    last = FIRST + dt.timedelta(days=days)
    frame = frame_of(rows)
    line = (balance, frame, FIRST, last)
    with np.errstate(all="ignore"):
        assert_identical(*pair_of("generate_pair_metrics"), PAIRS, "USDT", *line, skip_nan)
        for tag in ("enter_tag", ["enter_tag", "exit_reason"]):
            assert_identical(*pair_of("generate_tag_metrics"), tag, *line)


def test_equal_trades_are_computed_once() -> None:
    frame = frame_of([(1.0, 0.1, 5, 3, "A"), (-2.0, -0.2, 7, 4, "B")])
    last = FIRST + dt.timedelta(days=9)
    fast, _ = pair_of("generate_tag_metrics")
    report_lines._made.clear()
    lines = fast("enter_tag", 1000, frame, FIRST, last)
    again = fast("exit_reason", 1000, frame, FIRST, last)
    assert lines[-1] == again[-1]
    assert lines[-1] is not again[-1]  # whoever changes one does not change the other
    known = list(report_lines._made)
    fast("enter_tag", 1000.5, frame, FIRST, last)
    assert len(report_lines._made) > len(known)
    assert not events()


def test_memory_of_lines_is_bounded() -> None:
    fast, _ = pair_of("generate_tag_metrics")
    for day in range(60):
        fast("enter_tag", 1000, frame_of([(1.0 + day, 0.1, 5, 3, "A")]), FIRST, FIRST)
    assert len(report_lines._made) <= report_lines._MOST_MADE


@pytest.mark.parametrize("name", ["calculate_max_drawdown", "_calc_drawdown_series"])
def test_patched_formulas_are_respected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where only one formula asks another one, not the line itself."""

    def patched(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("nobody knows")

    frame = frame_of([(1.0, 0.1, 5, 3, "A"), (-2.0, -0.2, 7, 4, "B")])
    line = (1000, frame, FIRST, FIRST + dt.timedelta(days=9))
    monkeypatch.setattr(metrics, name, patched)
    assert_identical(*pair_of("generate_pair_metrics"), PAIRS, "USDT", *line)
    assert any(name in event.reason for event in events())
