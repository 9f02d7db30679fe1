"""Streams: the bits of the functions over whole columns at every step, by both twins."""

from __future__ import annotations

import copy
import pickle
import struct
import threading
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _arrays import candles
from freqkernels import stream
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.indicators import (
    momentum,
    moving_averages,
    rolling,
    rolling_extremes,
    trend,
    volatility,
)
from freqkernels.runtime import use_backend

Batch = Callable[..., Any]
#: Stream, function over columns, number of inputs, parameters by a window.
KINDS: dict[str, tuple[Any, Batch, int, Callable[[int], dict[str, Any]]]] = {
    "SMA": (stream.SMA, moving_averages.sma, 1, lambda w: {"timeperiod": w}),
    "WMA": (stream.WMA, moving_averages.wma, 1, lambda w: {"timeperiod": w}),
    "EMA": (stream.EMA, moving_averages.ema, 1, lambda w: {"timeperiod": w}),
    "ZLEMA": (stream.ZLEMA, moving_averages.zlema, 1, lambda w: {"timeperiod": w}),
    "KAMA": (stream.KAMA, trend.kama, 1, lambda w: {"timeperiod": w}),
    "RSI": (stream.RSI, momentum.rsi, 1, lambda w: {"timeperiod": w}),
    "MACD": (
        stream.MACD,
        moving_averages.macd,
        1,
        lambda w: {"fastperiod": w, "slowperiod": 5, "signalperiod": 1 + w // 3},
    ),
    "StochRSI": (
        stream.StochRSI,
        momentum.stoch_rsi,
        1,
        lambda w: {"timeperiod": 1 + w // 2, "fastk_period": w, "fastd_period": 1 + w // 3},
    ),
    "BollingerBands": (
        stream.BollingerBands,
        volatility.bollinger_bands,
        1,
        lambda w: {"window": w},
    ),
    "DynamicBands": (
        stream.DynamicBands,
        trend.dynamic_bands,
        1,
        lambda w: {"atr_period": w, "min_width": 3},
    ),
    "RollingSum": (
        stream.RollingSum,
        rolling.rolling_sum,
        1,
        lambda w: {"window": w, "min_periods": 1 + w // 3},
    ),
    "RollingMean": (stream.RollingMean, rolling.rolling_mean, 1, lambda w: {"window": w}),
    "RollingVar": (
        stream.RollingVar,
        rolling.rolling_var,
        1,
        lambda w: {"window": w, "min_periods": 1 + w // 3},
    ),
    "RollingStd": (stream.RollingStd, rolling.rolling_std, 1, lambda w: {"window": w, "ddof": 0}),
    "ZScore": (stream.ZScore, rolling.zscore, 1, lambda w: {"window": w}),
    "RollingMin": (
        stream.RollingMin,
        rolling_extremes.rolling_min,
        1,
        lambda w: {"window": w, "min_periods": 0},
    ),
    "RollingMax": (stream.RollingMax, rolling_extremes.rolling_max, 1, lambda w: {"window": w}),
    "RollingMedian": (
        stream.RollingMedian,
        rolling_extremes.rolling_median,
        1,
        lambda w: {"window": w, "min_periods": 1 + w // 3},
    ),
    "PSAR": (stream.PSAR, trend.psar, 2, lambda w: {"acceleration": w / 100}),
    "ATR": (stream.ATR, volatility.atr, 3, lambda w: {"timeperiod": w}),
    "Supertrend": (stream.Supertrend, trend.supertrend, 3, lambda w: {"timeperiod": w}),
    "HeikinAshi": (stream.HeikinAshi, trend.heikin_ashi, 4, lambda w: {}),
}
WINDOWS = (1, 2, 7, 8, 9, 20)
SPECIAL = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e9, 1e-8, 5e-324, -3.5])


def columns_of(result: Any) -> np.ndarray:
    """One or several results as rows of float64."""
    parts = result if isinstance(result, tuple) else (result,)
    return np.array([np.asarray(part, dtype=np.float64) for part in parts])


def check(found: Any, expected: Any) -> None:
    difference = first_difference(columns_of(found), columns_of(expected))
    assert difference is None, str(difference)


def series(rows: int, count: int, seed: int) -> list[np.ndarray]:
    """Walks with runs of equal values, outliers, a change of scale."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        values = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, rows))), 1 + seed % 5)
        values[rows // 3 : rows // 3 + 30] = values[rows // 3]
        values[rows // 2] *= 1e6
        values[-rows // 4 :] *= 1e-5
        found.append(values)
    return found


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("window", [*WINDOWS, 40, 300])
def test_every_step_of_a_long_series(name: str, window: int) -> None:
    make, batch, count, parameters = KINDS[name]
    for seed in range(3):
        values = series(900, count, seed)
        if seed == 1:
            for each in values:
                each[:3] = np.nan
        if seed == 2:
            values[-1][[400, 401, 640]] = np.nan, np.inf, np.nan
        here = make(**parameters(window))
        found = []
        for i, row in enumerate(zip(*values, strict=True)):
            if i % 37 == 5:
                here = pickle.loads(pickle.dumps(here))
            if i % 41 == 7:
                here = here.copy()
            ahead = here.peek(*row) if i % 3 == 0 else None
            found.append(here.update(*row))
            if ahead is not None:
                check(ahead, found[-1])
            check(here.value, found[-1])
        assert here.count == 900
        results = np.array(found, dtype=np.float64).reshape(900, -1).T
        expected = batch(*values, **parameters(window))
        assert first_difference(results, columns_of(expected)) is None
        check(make(**parameters(window)).extend(*values), expected)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_prefixes_of_anything_by_both_twins(name: str, data: st.DataObject) -> None:
    make, batch, count, parameters = KINDS[name]
    window = data.draw(st.sampled_from(WINDOWS))
    rows = data.draw(st.integers(1, 60))
    seed = data.draw(st.integers(0, 9))
    values = [each[-rows:].copy() for each in series(240, count, seed)]
    places = st.tuples(st.integers(0, count - 1), st.integers(0, rows - 1), SPECIAL)
    for column, row, value in data.draw(st.lists(places, max_size=4)):
        values[column][row] = value
    with use_backend("reference"):
        other = make(**parameters(window))
    here = make(**parameters(window))
    for row in range(rows):
        at = [float(each[row]) for each in values]
        saved, ahead, mirrored = here.save(), here.peek(*at), other.peek(*at)
        check(mirrored, ahead)
        assert here.save() == saved
        check(here.update(*at), ahead)
        check(other.update(*at), ahead)
        whole = batch(*(each[: row + 1] for each in values), **parameters(window))
        check([columns_of(ahead)], [columns_of(whole)[..., -1]])
        numbers = [np.frombuffer(each.save()) for each in (here, other)]
        assert first_difference(*numbers) is None


@pytest.mark.parametrize("name", KINDS)
def test_a_state_goes_from_twin_to_twin(name: str) -> None:
    make, _, count, parameters = KINDS[name]
    rows = list(zip(*series(80, count, 3), strict=True))
    for stop in (0, 1, 5, 11, 12, 29, 44, 79):
        here = make(**parameters(9))
        for row in rows[:stop]:
            here.update(*row)
        blob = pickle.dumps(here)
        with use_backend("reference"):
            there = pickle.loads(blob)
            assert type(there) is not type(here)
            back = pickle.dumps(there)
        again = pickle.loads(back)
        for row in rows[stop : stop + 20]:
            expected = here.update(*row)
            check(there.update(*row), expected)
            check(again.update(*row), expected)


@pytest.mark.parametrize("name", KINDS)
def test_copies_are_independent(name: str) -> None:
    make, _, count, parameters = KINDS[name]
    rows = list(zip(*series(50, count, 4), strict=True))
    here = make(**parameters(8))
    for row in rows[:20]:
        here.update(*row)
    others = here.copy(), copy.copy(here), copy.deepcopy(here)
    before = here.save()
    found = [[each.update(*row) for row in rows[20:]] for each in others]
    assert here.save() == before
    expected = [here.update(*row) for row in rows[20:]]
    for each in found:
        assert first_difference(each, expected) is None
    assert name in repr(here)
    assert "50 updates" in repr(here)


def damaged(here: Any, numbers: np.ndarray) -> None:
    restore, (maker, parameters, _) = here.__reduce__()
    body = numbers.tobytes()
    state = struct.pack("<4sHxxI", b"fkst", 1, zlib.crc32(body)) + body
    with pytest.raises(InvalidInputError, match=r"state|parameters"):
        restore(maker, parameters, state)


@pytest.mark.parametrize("backend", ["compiled", "reference"])
@pytest.mark.parametrize("name", KINDS)
def test_damaged_states(name: str, backend: str) -> None:
    make, _, count, parameters = KINDS[name]
    with use_backend(backend):
        here = make(**parameters(9))
        for row in zip(*series(40, count, 5), strict=True):
            here.update(*row)
        restore, (maker, given, state) = here.__reduce__()
        for bad in (b"", state[:-1], state[:11], b"xxxx" + state[4:], state[:-8], state + bytes(8)):
            with pytest.raises(InvalidInputError, match="state"):
                restore(maker, given, bad)
        flipped = bytearray(state)
        flipped[-3] ^= 1
        with pytest.raises(InvalidInputError, match="damaged"):
            restore(maker, given, bytes(flipped))
        with pytest.raises(InvalidInputError, match="version 1, got 2"):
            restore(maker, given, state[:4] + b"\2\0" + state[6:])
        with pytest.raises(InvalidInputError, match="maker"):
            restore(print, given, state)
        with pytest.raises(InvalidInputError, match="parameters"):
            restore(maker, given | {"unknown": 1}, state)
        numbers = np.frombuffer(here.save())
        for cut in range(len(numbers)):
            damaged(here, numbers[:cut])
        damaged(here, np.append(numbers, 1.0))
        for count_of in (-1.0, 0.5, np.nan, np.inf, 1e300):
            bad_count = numbers.copy()
            bad_count[0] = count_of
            damaged(here, bad_count)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=30)
@given(data=st.data())
def test_hostile_numbers_never_crash(name: str, data: st.DataObject) -> None:
    make, _, count, parameters = KINDS[name]
    rows = list(zip(*series(40, count, 6), strict=True))
    here = make(**parameters(9))
    for row in rows[: data.draw(st.integers(0, 39))]:
        here.update(*row)
    numbers = np.frombuffer(here.save()).copy()
    values = st.sampled_from([-1.0, 0.0, 1.0, 2.0, 7.0, 9.0, 2.0**31, 2.0**53, 2.0**63, np.nan])
    for _ in range(data.draw(st.integers(1, 3))):
        numbers[data.draw(st.integers(0, len(numbers) - 1))] = data.draw(values)
    restore, (maker, given, _) = here.__reduce__()
    body = numbers.tobytes()
    state = struct.pack("<4sHxxI", b"fkst", 1, zlib.crc32(body)) + body
    try:
        there = restore(maker, given, state)
    except InvalidInputError:
        return
    for row in rows * 3:
        there.peek(*row)
        there.update(*row)
    assert there.save() == there.copy().save()


def test_candles_as_they_come() -> None:
    frame = candles(60)
    expected = stream.Supertrend(5).extend(frame)
    check(expected, stream.Supertrend(5).extend(frame["high"], frame["low"], frame["close"]))
    for rows in (
        frame.to_dict("records"),
        [row for _, row in frame.iterrows()],
        list(frame.itertuples()),
        list(frame.drop(columns="date").to_records()),
    ):
        here = stream.Supertrend(5)
        found = np.array([here.update(row) for row in rows]).T
        check(found, np.array([*map(columns_of, expected)]).reshape(4, -1))
    assert isinstance(here.value.direction, int)
    assert expected.direction.dtype == np.int64
    check(stream.PSAR().extend(frame), trend.psar(frame))
    check(stream.HeikinAshi().update(frame.iloc[0]), stream.HeikinAshi().peek(frame.iloc[0]))


@pytest.mark.parametrize("backend", ["compiled", "reference"])
def test_what_is_refused(backend: str) -> None:
    with use_backend(backend):
        for bad in (0, -1, True, 2.0, "5", None, 2**31, 2**40):
            with pytest.raises(InvalidInputError, match="timeperiod"):
                stream.SMA(bad)  # type: ignore[arg-type]
        for bad in (2**24 + 1, 2**31 - 1):
            with pytest.raises(InvalidInputError, match="at most 16777216 rows in memory"):
                stream.RollingMedian(bad)
        with pytest.raises(InvalidInputError, match="min_periods"):
            stream.RollingSum(5, 6)
        with pytest.raises(InvalidInputError, match="multiplier"):
            stream.Supertrend(5, 0)
        here = stream.ATR(3)
        for row in ((1.0,), ({"high": 1},), (1.0, None, 2.0), ("a", 1.0, 2.0)):
            with pytest.raises((InvalidInputError, TypeError, ValueError)):
                here.update(*row)
        assert here.count == 0
        single = stream.EMA(3)
        for value in ("a", None, [1.0]):
            with pytest.raises((TypeError, ValueError)):
                single.update(value)  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError):
            single.extend(np.array(["a"]))
        with pytest.raises(InvalidInputError, match="one column"):
            single.extend(np.ones((3, 2)))
        with pytest.raises(InvalidInputError, match="columns"):
            here.extend(np.ones(3), np.ones(3))
        assert single.count == 0
        assert len(single.extend(np.array([]))) == 0


def test_one_stream_a_thread() -> None:
    values = series(3000, 1, 7)[0]
    found: dict[int, list[float]] = {}

    def run(number: int) -> None:
        here = stream.RollingStd(20)
        found[number] = [here.update(value) for value in values]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = rolling.rolling_std(values, 20)
    assert all(first_difference(np.array(each), expected) is None for each in found.values())


def test_starts_without_a_value() -> None:
    for make, _, _, parameters in KINDS.values():
        here = make(**parameters(5))
        assert here.count == 0
        empty = columns_of(here.value)
        assert np.isnan(empty).sum() >= len(empty) - 1


@given(st.integers(1, 9), st.integers(0, 40))
def test_ring_buffer(capacity: int, rows: int) -> None:
    buffer = stream.RingBuffer(capacity, ("open", "close"))
    plain: list[tuple[float, ...]] = []
    for i in range(rows):
        buffer.append(i * 60_000, i + 0.5, -float(i))
        plain.append((i * 60_000, i + 0.5, -float(i)))
        plain = plain[-capacity:]
        assert len(buffer) == len(plain)
        for count in range(len(plain) + 1):
            last = plain[len(plain) - count :]
            views = buffer.last(count)
            assert list(views) == ["date", "open", "close"]
            assert all(view.flags.c_contiguous for view in views.values())
            assert not any(view.flags.writeable or view.flags.owndata for view in views.values())
            assert list(zip(*map(np.ndarray.tolist, views.values()), strict=True)) == last
    assert buffer.dates().dtype == np.int64
    frame = buffer.to_frame()
    assert list(frame["close"]) == [row[2] for row in plain]
    frame.loc[:, "close"] = 1.0
    assert list(buffer.column("close")) == [row[2] for row in plain]


def test_ring_buffer_of_candles() -> None:
    frame = candles(7)
    buffer = stream.RingBuffer(5)
    for _, row in frame.iterrows():
        buffer.append_candle(row)
    view = buffer.column("close", 3)
    assert list(view) == list(frame["close"].tail(3))
    assert list(pd.to_datetime(buffer.dates(), unit="ms", utc=True)) == list(frame["date"].tail(5))
    buffer.append(0, 1.0, 2.0, 3.0, 4.0, 5.0)
    del buffer
    assert view.shape == (3,)
    assert stream.RingBuffer(2).to_frame().empty


ODD_ROWS = [
    (np.uint64(2**63), 1.0),
    (np.timedelta64(5, "s"), 1.0),
    (1, np.timedelta64(5, "s")),
    (1, "7"),
    (1, None),
    (1, np.ones(2)),
    (1, np.datetime64("2020")),
]


def test_copies_of_ring_buffers_are_independent() -> None:
    buffer = stream.RingBuffer(3, np.array(["close"]))
    buffer.append(1, 1.0)
    for copied in (copy.copy(buffer), copy.deepcopy(buffer), buffer.copy()):
        copied.append(9, 9.0)
        assert copied.column("close").tolist() == [1.0, 9.0]
    buffer.append(2, 2.0)
    assert buffer.column("close").tolist() == [1.0, 2.0]


def test_ring_buffer_takes_timestamps() -> None:
    buffer = stream.RingBuffer(3, ("close",))
    for unit in ("s", "ms", "us", "ns"):
        date = pd.Timestamp("2024-01-02 03:04:05", tz="UTC").as_unit(unit)
        buffer.append_candle({"date": date, "close": 1.0})
    buffer.append_candle({"date": pd.Timestamp("3000-01-01").as_unit("s"), "close": np.float32(2)})
    assert buffer.dates().tolist() == [1704164645000, 1704164645000, 32503680000000]


def test_ring_buffer_refuses() -> None:
    for bad in (0, True, 1.0, 2**24 + 1, 2**40):
        with pytest.raises(InvalidInputError, match="capacity"):
            stream.RingBuffer(bad)  # type: ignore[arg-type]
    for names in ("open", (), ("open", "open"), ("date",), (1,), None, 5, {"open", "close"}):
        with pytest.raises(InvalidInputError, match="columns"):
            stream.RingBuffer(3, names)  # type: ignore[arg-type]
    buffer = stream.RingBuffer(3, ("close",))
    for row in ((1,), (1, 2.0, 3.0), (1.0, 2.0), (2**63, 1.0), (1, "a"), (1, None, 2), *ODD_ROWS):
        with pytest.raises(InvalidInputError, match=r"values|date"):
            buffer.append(*row)
    with pytest.raises(InvalidInputError, match="candle"):
        buffer.append_candle({"date": 1})
    assert len(buffer) == 0
    for rows in (1, -1, True):
        with pytest.raises(InvalidInputError, match="rows"):
            buffer.column("close", rows)
    with pytest.raises(InvalidInputError, match="name"):
        buffer.column("open")
