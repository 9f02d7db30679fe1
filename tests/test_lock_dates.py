"""Dates as protections and locks need them: their order in pandas, and the ends of candles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _protections import MINUTE, date_of
from freqkernels import runtime
from freqkernels.bridge.engine import locks as bridge

DAY = 24 * 60 * MINUTE


def orders_of(dates: list[int]) -> tuple[list[int], list[int]]:
    values = np.array(dates, dtype=np.int64)
    order = np.full(len(dates), -1, dtype=np.int32)
    runtime.kernel("protections", "order_of_dates").twin("compiled")(values, order)
    return order.tolist(), np.argsort(values.view("M8[us]"), kind="quicksort").tolist()


@given(st.lists(st.integers(-4, 4), max_size=120) | st.lists(st.integers(0, 60), max_size=120))
def test_order_of_equal_dates(dates: list[int]) -> None:
    ours, numpys = orders_of(dates)
    assert ours == numpys


def hard_to_part(size: int) -> list[int]:
    """The median of three is always one of the smallest: numpy turns to heaps (D. R. Musser)."""
    half = size // 2
    odd = [place if place % 2 else half + place - 1 for place in range(1, half + 1)]
    return odd + [2 * place for place in range(1, half + 1)]


@pytest.mark.parametrize("size", [15, 16, 17, 18, 64, 400, 3000])
def test_order_of_many_dates(size: int) -> None:
    rng = np.random.default_rng(size)
    for dates in (
        hard_to_part(size),
        [each // 2 for each in hard_to_part(size)],
        [each // 40 for each in hard_to_part(size)],
        [0] * size,
        list(range(size)),
        list(range(size, 0, -1)),
        [*range(size // 2), *range(size // 2, 0, -1)],
        *(rng.integers(0, most, size).tolist() for most in (2, 5, size, 50 * size)),
        *(np.sort(rng.integers(0, most, size)).tolist() for most in (2, size // 3, 2 * size)),
    ):
        ours, numpys = orders_of(dates)
        assert ours == numpys


def test_pandas_sorts_trades_in_that_order() -> None:
    import pandas as pd

    for size in (12, 40, 500):
        minutes = np.random.default_rng(size).integers(0, size // 4, size).tolist()
        frame = pd.DataFrame({"close_date": [date_of(each * MINUTE) for each in minutes]})
        assert orders_of(minutes)[0] == frame.sort_values("close_date").index.tolist()


TIMEFRAMES = ("1m", "3m", "5m", "45m", "1h", "4h", "1d", "3d", "1w", "2w", "1M", "5M", "1y", "30s")


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
def test_next_candle(timeframe: str) -> None:
    from freqtrade.exchange import timeframe_to_next_date

    grid = bridge.lock_grid(timeframe)
    assert isinstance(grid, np.ndarray)
    rng = np.random.default_rng(4)
    times = rng.integers(0, 3 * 10**12, 1500)
    minutes = times // MINUTE * MINUTE
    days = np.arange(1, 30_000, 37) * DAY
    every = np.concatenate([times, minutes, days, days - 1, days + 1, times // 1000 * 1000])
    expected = [timeframe_to_next_date(timeframe, date_of(ms)) for ms in every.tolist()]
    for backend in ("compiled", "reference"):
        out = np.empty_like(every)
        runtime.kernel("protections", "next_candles").twin(backend)(every, grid, out)
        assert [date_of(ms) for ms in out.tolist()] == expected


def test_another_order_of_dates_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A numpy that keeps equal dates in order would not pass."""
    argsort = np.argsort
    bridge._dates_are_ordered_alike.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(np, "argsort", lambda values, **_: argsort(values, kind="stable"))
        assert not bridge._dates_are_ordered_alike()
    bridge._dates_are_ordered_alike.cache_clear()
    assert bridge._dates_are_ordered_alike()
