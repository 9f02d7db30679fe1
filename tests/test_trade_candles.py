"""Candles from trades: freqtrade's conversion of all at once is the judge, of streams too."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.configuration import TimeRange
from freqtrade.data import converter
from freqtrade.data.converter import trade_converter
from freqtrade.enums import CandleType
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from _arrays import frame_zoo
from freqkernels import ohlcv
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.ohlcv import TradeCandles, trades_to_candles, trades_to_ohlcv
from freqkernels.runtime import events
from freqkernels.trade_candles.convert import (
    COMPENSATED,
    NUMPY,
    addition_of_pandas,
    compensated,
)
from freqkernels.trade_candles.stream import _CompensatedVolumes
from oracle import assert_identical, observe
from replaced import pair_of
from test_kernels import FLOATS, same

TIMEFRAMES = ["1s", "1m", "5m", "7m", "1h", "7h", "1d", "3d", "1w", "1M", "1y", "0m", "5x", ""]
ZOO = [
    (name, frame.rename(columns={"close": "price", "volume": "amount"}))
    for name, frame in frame_zoo()
]
START = pd.Timestamp("2024-01-15 10:05:07.123", tz="UTC").as_unit("ms")


def trades(count: int = 3000, seed: int = 0, span: float = 40_000.0) -> pd.DataFrame:
    """Trades as freqtrade loads them, several at a moment, over so many seconds."""
    rng = np.random.default_rng(seed)
    after = np.sort(rng.integers(0, int(span * 1000), count))
    prices = np.round(100 * np.exp(np.cumsum(rng.normal(0, 1e-4, count))), 2)
    amounts = np.round(rng.lognormal(0, 4, count), 8)
    stamps = START.value // 10**6 + after
    return pd.DataFrame(
        {
            "timestamp": stamps,
            "id": [str(number) for number in range(count)],
            "type": None,
            "side": rng.choice(["buy", "sell"], count),
            "price": prices,
            "amount": amounts,
            "cost": prices * amounts,
            "date": pd.to_datetime(stamps, unit="ms", utc=True),
        }
    )


def check(frame: pd.DataFrame, timeframe: Any) -> Any:
    pair = pair_of("trades_to_ohlcv")
    assert pair is not None
    outcome = assert_identical(*pair, frame, timeframe)
    assert [event for event in events() if event.kind != "refusal"] == []
    return outcome


def pieces(frame: pd.DataFrame, cuts: list[int]) -> Iterator[pd.DataFrame]:
    bounds = [0, *sorted(cuts), len(frame)]
    for begin, end in pairwise(bounds):
        yield frame.iloc[begin:end]


@pytest.mark.usefixtures("backend", "float_errors")
class TestReplacement:
    @pytest.mark.parametrize(("name", "frame"), ZOO, ids=[name for name, _ in ZOO])
    def test_zoo(self, name: str, frame: pd.DataFrame) -> None:
        for timeframe in ("5m", "1h"):
            check(frame, timeframe)

    @pytest.mark.parametrize("timeframe", TIMEFRAMES)
    def test_timeframes(self, timeframe: str) -> None:
        for frame in (trades(), trades(500, 1, 4e6), trades(1), trades(0)):
            check(frame, timeframe)

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    def test_units(self, unit: str) -> None:
        for zone in (None, "UTC", "Europe/Berlin"):
            dates = trades()["date"].dt.tz_convert(zone).dt.as_unit(unit)
            if unit != "s" or zone != "UTC":  # at the end of a second some stand before others
                check(trades().assign(date=dates), "5m")
            check(trades().assign(date=dates.dt.floor("1s").sort_values()), "1m")


def test_ordinary_trades_are_not_left_to_pandas() -> None:
    for timeframe in ("1s", "1m", "7h", "1d"):
        check(trades(), timeframe)
    check(trades().assign(amount=lambda f: f["amount"].where(f.index % 7 > 0)), "5m")
    check(trades().assign(price=lambda f: f["price"].where(f.index % 500 > 490)), "5m")
    assert not events()


@given(st.data())
def test_any_values(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 60))
    seconds = np.sort(data.draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 400))))
    dates = pd.Series(pd.to_datetime(seconds, unit="s", utc=True))
    columns = {}
    for name in ("price", "amount"):
        ordinary = st.floats(-1e9, 1e9, allow_nan=False)
        elements = FLOATS if data.draw(st.booleans()) else ordinary
        columns[name] = data.draw(hnp.arrays(np.float64, rows, elements=elements))
    for timeframe in ("1m", "5m"):
        check(pd.DataFrame({"date": dates, **columns}), timeframe)


@pytest.mark.parametrize(
    "count", [*range(1, 20), 127, 128, 129, 130, 136, 137, 255, 257, 1000, 4099]
)
def test_sums_of_any_length(count: int) -> None:
    """Around the sizes at which numpy changes its way of adding."""
    frame = trades(count, count, 50.0)
    check(frame.assign(date=frame["date"].min()), "1m")
    check(pd.concat([frame, frame.assign(date=frame["date"] + pd.Timedelta("1h"))]), "5m")
    assert not events()


def test_the_installed_pandas_adds_in_a_known_way() -> None:
    assert addition_of_pandas() in (NUMPY, COMPENSATED)


class TestPublic:
    @pytest.mark.parametrize(("name", "frame"), ZOO, ids=[name for name, _ in ZOO])
    def test_both_paths(self, name: str, frame: pd.DataFrame) -> None:
        for timeframe in ("5m", "1M"):
            expected = observe(converter.trades_to_ohlcv, (frame, timeframe), {})
            for path in (trades_to_ohlcv, trades_to_ohlcv.exact):  # type: ignore[attr-defined]
                found = observe(path, (frame, timeframe), {})
                if found.error is not None:
                    ours_alone = ("object", "missing date")  # what no exchange sends
                    assert expected.error or name.startswith(ours_alone), (name, found.error)
                    assert expected.error or found.error[0] == "InvalidInputError"
                elif expected.error is None:
                    difference = first_difference(found.value, expected.value)
                    assert difference is None, str(difference)

    def test_errors(self) -> None:
        good = trades(5)
        for frame, text in (
            (good.iloc[:0], "Trade-list empty"),
            (good.drop(columns="price"), "no column 'price'"),
            (good.drop(columns=["date", "amount"]), "no column 'date', 'amount'"),
            (good.assign(date=pd.NaT), "missing dates"),
            (good.assign(amount="1"), "'amount'"),
            ([1, 2], "expected a DataFrame"),
        ):
            with pytest.raises(InvalidInputError, match=text):
                trades_to_ohlcv(frame, "5m")  # type: ignore[arg-type]
        for timeframe in ("", "5", "m5", None, 5):
            with pytest.raises(InvalidInputError, match="timeframe"):
                trades_to_ohlcv(good, timeframe)  # type: ignore[arg-type]

    def test_is_in_ohlcv(self) -> None:
        assert {"trades_to_ohlcv", "TradeCandles", "trades_to_candles"} <= set(ohlcv.__all__)


STREAMED = ["1d", "1s", "7m", "1m", "60s", "5m", "7h"]


def check_stream(frame: pd.DataFrame, chunks: Iterator[pd.DataFrame], names: list[str]) -> None:
    found = trades_to_candles(chunks, names)
    assert list(found) == names
    for name in names:
        difference = first_difference(found[name], converter.trades_to_ohlcv(frame, name))
        assert difference is None, f"{name}{difference}"


@pytest.mark.usefixtures("backend")
class TestStream:
    @pytest.mark.parametrize("size", [1, 7, 128, 999, 10_000])
    def test_size_of_chunks(self, size: int) -> None:
        frame = trades(1500)
        check_stream(frame, pieces(frame, list(range(size, len(frame), size))), STREAMED)

    def test_long_candles(self) -> None:
        """Sums of many amounts, of which each chunk has a part."""
        frame = trades(20_000, 5, 300_000)
        check_stream(frame, pieces(frame, [1, 3000, 3001, 3009, 9999]), ["1h", "4h", "1d", "3d"])

    def test_gaps_and_dates_before_1970(self) -> None:
        frame = trades(400, 6, 4e6)
        frame["date"] -= pd.Timedelta(days=54 * 365.25)
        check_stream(frame, pieces(frame, [17, 200]), STREAMED)

    def test_missing_and_signed_prices(self) -> None:
        frame = trades(600, 7, 3000)
        rng = np.random.default_rng(7)
        frame["price"] = rng.choice([np.nan, 0.0, -0.0, 1.0, -1.0, np.inf], len(frame))
        frame.loc[100:300, "price"] = np.nan
        check_stream(frame, pieces(frame, list(range(0, 600, 13))), ["1s", "1m", "5m"])


def test_trades_without_prices() -> None:
    frame = trades(20).assign(price=np.nan)
    check_stream(frame, pieces(frame, [3, 9]), STREAMED)


@pytest.mark.parametrize("other", [1.0, -1.0, np.nan])
def test_signed_zeros_in_several_chunks(other: float) -> None:
    """Of equal prices the earliest is the highest and the lowest, in whichever chunk it came."""
    frame = trades(300, 8, 3000)
    frame["price"] = np.random.default_rng(8).choice([0.0, -0.0, other], len(frame))
    check_stream(frame, pieces(frame, list(range(0, 300, 3))), ["1m", "5m", "1h"])


@given(st.data())
def test_chunks_end_anywhere(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 40))
    seconds = np.sort(data.draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 900))))
    prices = data.draw(hnp.arrays(np.float64, rows, elements=FLOATS))
    numbers = st.floats(-1e199, 1e199) | st.just(-0.0)
    amounts = data.draw(hnp.arrays(np.float64, rows, elements=numbers))
    frame = pd.DataFrame({"price": prices, "amount": amounts})
    frame["date"] = pd.to_datetime(seconds, unit="s", utc=True)
    cuts = data.draw(st.lists(st.integers(0, rows), max_size=8))
    expected = {name: converter.trades_to_ohlcv(frame, name) for name in ("1m", "5m")}
    found = trades_to_candles(pieces(frame, cuts), list(expected))
    assert first_difference(found, expected) is None


def test_compensated_volumes_of_chunks() -> None:
    """Any pandas compensates when an amount is missing; here it is the last of all."""
    frame = trades(5000, 9)
    expected = trade_converter.trades_to_ohlcv(
        pd.concat([frame, frame.tail(1).assign(amount=np.nan)]), "1h"
    )["volume"].to_numpy()
    hours = (frame["timestamp"] // 3_600_000).to_numpy()
    amounts = frame["amount"].to_numpy()
    begins = np.flatnonzero(np.diff(hours, prepend=-1))
    assert compensated(amounts, begins).tolist() == expected.tolist()
    for size in (1, 100, 333, 4999):
        volumes, found = _CompensatedVolumes(), []
        for begin in range(0, len(frame), size):
            part = hours[begin : begin + size]
            rows = np.flatnonzero(np.diff(part, prepend=-1))
            goes_on = begin > 0 and part[0] == hours[begin - 1]
            found += volumes.add(amounts[begin : begin + size], rows, goes_on).tolist()
        assert [*found, volumes.last()] == expected.tolist()


def test_candles_are_taken_once_and_when_complete() -> None:
    frame = trades(2000)
    whole = converter.trades_to_ohlcv(frame, "5m")
    candles, parts = TradeCandles(["5m", "1h"]), []
    assert candles.timeframes == ("5m", "1h")
    assert candles.take("5m").empty
    for chunk in pieces(frame, list(range(0, 2000, 111))):
        candles.update(chunk)
        part = candles.take("5m")
        assert list(part.columns) == list(whole.columns)
        assert candles.take("5m").empty
        if len(part) and len(chunk):
            assert part["date"].iloc[-1] <= chunk["date"].iloc[-1] - pd.Timedelta("5m")
        parts += [part] if len(part) else []
    assert sum(map(len, parts)) == len(whole) - 1
    candles.finish()
    candles.finish()
    parts.append(candles.take("5m"))
    difference = first_difference(pd.concat(parts).to_dict("list"), whole.to_dict("list"))
    assert difference is None
    with pytest.raises(InvalidInputError, match="after finish"):
        candles.update(frame.tail(1))
    with pytest.raises(InvalidInputError, match="expected one of 5m, 1h, got '1m'"):
        candles.take("1m")


def test_a_stream_can_be_copied_and_pickled() -> None:
    frame = trades(2000)
    candles = TradeCandles(STREAMED)
    candles.update(frame.iloc[:777])
    others = [copy.deepcopy(candles), pickle.loads(pickle.dumps(candles))]
    for other in (candles, *others):
        other.update(frame.iloc[777:])
        other.finish()
    for name in STREAMED:
        found = [other.take(name) for other in (candles, *others)]
        assert first_difference(found, [converter.trades_to_ohlcv(frame, name)] * 3) is None


def test_memory_does_not_grow() -> None:
    candles = TradeCandles(["1m", "5m"])
    sizes = []
    for number in range(40):
        chunk = trades(500, 3, 600.0)
        candles.update(chunk.assign(date=chunk["date"] + pd.Timedelta(minutes=10 * number)))
        candles.take("1m"), candles.take("5m")
        sizes.append(len(pickle.dumps(candles)))
    assert max(sizes[1:]) - min(sizes[1:]) < 100


def test_errors_leave_a_stream_as_it_was() -> None:
    frame = trades(1000)
    candles = TradeCandles(["1m", "1h"])
    candles.update(frame.iloc[:500])
    rest = frame.iloc[500:]
    for bad, text in (
        (frame.iloc[490:], "not in order of time"),
        (rest.iloc[::-1], "the dates are not sorted"),
        (rest.assign(amount=rest["amount"].where(rest.index != 700)), "'amount' has missing"),
        (rest.assign(amount=np.inf), "'amount' has missing or endless"),
        (rest.assign(amount=-1e201), "'amount' has missing or endless"),
        (rest.assign(price=1), "'price' is int64, not float64"),
        (rest.assign(date=rest["timestamp"]), "'date' is int64, not a date"),
        (rest.assign(date=rest["date"].dt.tz_localize(None)), "another unit or time zone"),
        (rest.assign(date=rest["date"].dt.as_unit("s")), "another unit or time zone"),
        (rest.assign(date=rest["date"].where(rest.index != 500)), "a date is missing"),
        (rest.drop(columns="price"), "no column 'price'"),
        ({"price": [1.0]}, "expected a DataFrame"),
    ):
        with pytest.raises(InvalidInputError, match=f"trades: .*{text}"):
            candles.update(bad)  # type: ignore[arg-type]
    candles.update(rest.iloc[:0])
    candles.update(rest)
    candles.finish()
    assert first_difference(candles.take("1h"), converter.trades_to_ohlcv(frame, "1h")) is None


@pytest.mark.parametrize(
    "names", ["5m", [], ["1w"], ["5m", "1M"], ["5x"], [5], ["5m", "5m"], ["0m"]]
)
def test_timeframes_that_cannot_be(names: Any) -> None:
    with pytest.raises(InvalidInputError, match="timeframes: "):
        TradeCandles(names)


def test_a_stream_without_trades() -> None:
    for chunks in ([], [trades(0)]):
        with pytest.raises(InvalidInputError, match="chunks: Trade-list empty"):
            trades_to_candles(chunks, ["5m"])


@given(st.data())
def test_trade_prices(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 40))
    dates = np.sort(data.draw(hnp.arrays(np.int64, rows, elements=st.integers(-300, 300))))
    prices = data.draw(hnp.arrays(np.float64, rows, elements=FLOATS))
    step = data.draw(st.integers(1, 100))
    first = int(dates[0]) - data.draw(st.integers(0, step - 1))
    outputs = (np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64), np.zeros((4, rows)))
    args = (dates, prices, first, step)
    count, (begins, starts, values) = same("trade_candles.trade_prices", *args, outputs=outputs)
    assert begins[:count].tolist() == sorted({first + (at - first) // step * step for at in dates})
    assert starts[0] == 0
    # Longer periods from these, and from the trades.
    longer = step * data.draw(st.integers(1, 5))
    whole = same("trade_candles.trade_prices", dates, prices, first, longer, outputs=outputs)
    shorter = (begins[:count], starts[:count], np.ascontiguousarray(values[:, :count]))
    joined = same("trade_candles.join_prices", *shorter, first, longer, outputs=outputs)
    assert first_difference(joined, whole) is None


@given(st.data())
def test_compensated_sums(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 40))
    values = data.draw(hnp.arrays(np.float64, rows, elements=FLOATS))
    others = data.draw(st.sets(st.integers(1, rows), max_size=5))
    begins = np.array(sorted({0, *others} - {rows}), dtype=np.int64)
    start = (data.draw(FLOATS), data.draw(st.floats(-1, 1)))
    args = (values, begins, *start)
    same("trade_candles.compensated_sums", *args, outputs=(np.zeros(len(begins)),))
    # A missing value makes any pandas compensate. Beyond all numbers versions of it differ.
    values = np.where(np.abs(values) < 1e200, values, np.nan)
    groups = np.searchsorted(begins, np.arange(rows), side="right")
    missing = pd.Series([*values, np.nan]).groupby([*groups, len(begins)])
    expected = missing.sum().to_numpy()
    assert first_difference(compensated(values, begins), expected) is None


def convert(datadir: Path) -> dict[str, pd.DataFrame]:
    names = ["1m", "5m", "1h", "1d"]
    trade_converter.convert_trades_to_ohlcv(
        ["XRP/ETH"], names, datadir, TimeRange(), True, "feather", "feather", CandleType.SPOT
    )
    return {name: pd.read_feather(datadir / f"XRP_ETH-{name}.feather") for name in names}


def test_real_trades(shared_data: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    source = shared_data / "binance" / "XRP_ETH-trades.feather"
    (tmp_path / source.name).write_bytes(source.read_bytes())
    theirs = convert(tmp_path)
    request.getfixturevalue("installed")
    ours = convert(tmp_path)
    assert trade_converter.trades_to_ohlcv.__freqkernels__ == "trades_to_ohlcv"
    assert not events()
    assert first_difference(ours, theirs) is None
    assert min(map(len, ours.values())) > 0
