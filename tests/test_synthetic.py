"""Synthetic markets: each thing they promise really happens, and the same everywhere."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from freqkernels.data._paths import exp
from freqkernels.data.synthetic import (
    MarketSpec,
    aggregate_candles,
    make_candles,
    make_futures,
    make_market,
)
from freqkernels.timeframes import timeframe_to_seconds

PRICES = ["open", "high", "low", "close"]
FUTURE = "BTC/USDT:USDT"


def decimals(prices: pd.Series) -> pd.Series:
    """Digits after the point of the shortest text of each price."""
    exponents = [Decimal(repr(price)).normalize().as_tuple().exponent for price in prices]
    return pd.Series(np.maximum(-np.array(exponents), 0), index=prices.index)


@st.composite
def specs(draw: st.DrawFn) -> MarketSpec:
    timeframe = draw(st.sampled_from(["1s", "1m", "5m", "7m", "1h", "90m", "4h", "1d", "3d"]))
    step = timeframe_to_seconds(timeframe)
    share = st.one_of(st.just(0.0), st.floats(0, 0.5))
    low = 10.0 ** draw(st.floats(-8, 4))
    return MarketSpec(
        timeframe=timeframe,
        candles=draw(st.integers(1, 300)),
        start=datetime.fromtimestamp(step * (draw(st.integers(0, 10**9)) // step), UTC),
        price_range=(low, low * 10.0 ** draw(st.floats(0.1, 5))),
        max_decimals=draw(st.integers(8, 15)),
        daily_volatility=draw(st.floats(0, 2)),
        clustering=draw(st.floats(0, 2)),
        correlation=draw(st.floats(0, 1)),
        tick_changes=draw(st.floats(0, 1)),
        gaps=draw(share),
        zero_volume=draw(share),
        ties=draw(share),
        duplicates=draw(share),
        late=draw(share),
    )


def check_candles(frame: pd.DataFrame, spec: MarketSpec) -> None:
    assert list(frame.columns) == ["date", *PRICES, "volume"]
    assert frame["date"].dtype == pd.DatetimeTZDtype("ms", "UTC")
    assert (frame.dtypes.iloc[1:] == np.float64).all()
    assert isinstance(frame.index, pd.RangeIndex)
    assert frame.index.equals(pd.RangeIndex(len(frame)))
    assert np.isfinite(frame[[*PRICES, "volume"]]).all(axis=None)
    assert (frame["low"] <= frame[["open", "close"]].min(axis=1)).all()
    assert (frame["high"] >= frame[["open", "close"]].max(axis=1)).all()
    assert (frame["low"] > 0).all()
    assert (frame["volume"] >= 0).all()
    assert all((decimals(frame[name]) <= spec.max_decimals).all() for name in PRICES)


@settings(deadline=None, max_examples=60)
@given(spec=specs(), seed=st.integers(0, 2**63 - 1))
def test_any_market_is_consistent(spec: MarketSpec, seed: int) -> None:
    future = make_futures(FUTURE, spec, seed)
    check_candles(future.candles, spec)
    for timeframe, mark in future.mark.items():
        check_candles(mark, spec)
        step = timedelta(seconds=timeframe_to_seconds(timeframe))
        assert (mark["date"].diff().dropna() == step).all()
        assert mark["date"].iloc[0] <= spec.start < mark["date"].iloc[0] + step
    grid = {spec.start_ms + k * spec.step_ms for k in range(spec.candles)}
    dates = future.candles["date"].astype("int64")
    assert {dates.min(), dates.max()} == {min(grid), max(grid)}
    assert set(dates) <= grid
    assert_frame_equal(future.candles, make_candles(FUTURE, spec, seed), check_exact=True)


@settings(deadline=None, max_examples=40)
@given(spec=specs(), seed=st.integers(0, 2**63 - 1))
def test_disorder_and_gaps_leave_the_other_candles_alone(spec: MarketSpec, seed: int) -> None:
    orderly = replace(spec, duplicates=0.0, late=0.0)
    full = make_candles("ABC/XYZ", replace(orderly, gaps=0.0), seed)
    assert len(full) == spec.candles
    kept = make_candles("ABC/XYZ", orderly, seed)
    of_full = full[full["date"].isin(kept["date"])].reset_index(drop=True)
    assert_frame_equal(of_full, kept, check_exact=True)
    messy = make_candles("ABC/XYZ", spec, seed)
    last_ones = messy.drop_duplicates("date", keep="last").sort_values("date", ignore_index=True)
    assert_frame_equal(last_ones, kept, check_exact=True)


def test_same_seed_same_candles_whatever_is_made_with_them() -> None:
    spec = MarketSpec(candles=2_000).messy()
    together = make_market(["ETH/USDT", "AAA/BTC", "BTC/USDT"], spec, 7)
    assert list(together) == ["ETH/USDT", "AAA/BTC", "BTC/USDT"]
    assert_frame_equal(together["AAA/BTC"], make_candles("AAA/BTC", spec, 7), check_exact=True)
    closes = {
        tuple(frame["close"].head(50))
        for frame in [*together.values(), make_candles("AAA/BTC", spec, 8)]
    }
    assert len(closes) == 4


DIGEST = """
import hashlib, sys
sys.modules.update(dict.fromkeys(("freqtrade", "pyarrow")))
import pandas as pd
from freqkernels.data.synthetic import MarketSpec, make_futures
future = make_futures("BTC/USDT:USDT", MarketSpec(candles=3000).messy(), 3)
frames = [future.candles, *future.mark.values(), future.funding]
digest = hashlib.sha256()
for frame in frames:
    for name in frame:
        digest.update(frame[name].to_numpy("M8[ms]" if name == "date" else float).tobytes())
print(digest.hexdigest())
from freqkernels.data.datadir import write_datadir
from freqkernels.errors import MissingFreqtradeError
try:
    write_datadir(sys.argv[1], ["BTC/USDT"], MarketSpec())
except MissingFreqtradeError as error:
    print(error)
"""


def test_same_bytes_anywhere_and_without_freqtrade(tmp_path: Path) -> None:
    target = tmp_path / "data"
    answers = set()
    for hash_seed, without in {"1": "", "2": "AVX512F AVX2 FMA3 X86_V3 X86_V4"}.items():
        run = subprocess.run(
            [sys.executable, "-c", DIGEST, str(target)],
            env={
                **os.environ,
                "PYTHONHASHSEED": hash_seed,
                "NPY_DISABLE_CPU_FEATURES": without,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        answers.add(run.stdout)
    (answer,) = answers
    assert len(answer.splitlines()[0]) == 64
    assert "freqkernels[freqtrade]" in answer.splitlines()[1]
    assert not target.exists()


def test_exponential_is_good_to_the_last_digits() -> None:
    values = np.concatenate((np.linspace(-45, 45, 20_001), np.linspace(-1e-3, 1e-3, 2_001)))
    np.testing.assert_allclose(exp(values), np.exp(values), rtol=1e-15)
    assert (exp(np.abs(values)) >= 1).all()
    assert (exp(-np.abs(values)) <= 1).all()
    assert exp(np.zeros(1))[0] == 1


def size_autocorrelation(clustering: float) -> float:
    spec = MarketSpec(candles=30_000, clustering=clustering, tick_changes=0.0, ties=0.0, gaps=0.0)
    returns = np.log(make_candles("BTC/USDT", spec, 1)["close"]).diff().dropna()
    assert abs(returns.autocorr(1)) < 0.03
    assert returns.kurt() > (1.0 if clustering else 0.1)
    return float(returns.abs().autocorr(10))


def test_volatility_comes_in_clusters() -> None:
    assert size_autocorrelation(0.6) > 0.12
    assert abs(size_autocorrelation(0.0)) < 0.03


@pytest.mark.parametrize("timeframe", ["1m", "1h"])
def test_volatility_is_that_of_a_day(timeframe: str) -> None:
    step = timeframe_to_seconds(timeframe)
    spec = MarketSpec(timeframe=timeframe, candles=20_000, clustering=0.0, zero_volume=0.0)
    closes = make_candles("BTC/USDT", spec, 2)["close"]
    daily = np.log(closes).diff().std() * np.sqrt(86_400 / step)
    assert daily == pytest.approx(spec.daily_volatility, rel=0.1)


def test_pairs_move_together() -> None:
    def together(correlation: float) -> float:
        spec = MarketSpec(candles=5_000, correlation=correlation, gaps=0.0, ties=0.0)
        frames = make_market(["BTC/USDT", "ETH/USDT"], spec)
        one, two = (np.log(frame["close"]).diff() for frame in frames.values())
        return float(one.corr(two))

    assert abs(together(0.0)) < 0.1
    assert together(0.8) > 0.6


def test_prices_reach_from_satoshis_to_a_hundred_thousand() -> None:
    low = make_candles("AAA/BTC", MarketSpec(price_range=(1e-8, 2e-8)))
    assert set(low["close"]) == {1e-8, 2e-8}
    high = make_candles("AAA/BTC", MarketSpec(price_range=(9e4, 1e5), candles=20_000))
    assert 9.9e4 < high["high"].max() <= 1e5
    assert 9e4 <= high["low"].min() < 9.1e4
    levels = [make_candles(f"A{i}/BTC", MarketSpec(candles=1))["close"][0] for i in range(200)]
    assert min(levels) < 1e-7
    assert max(levels) > 1e4


def test_known_pairs_start_near_their_price() -> None:
    spec = MarketSpec(candles=10)
    for pair, price in {"BTC/USDT": 43_000, "1000PEPE/USDT:USDT": 1.1e-3}.items():
        assert 0.5 < make_candles(pair, spec, 5)["open"][0] / price < 2
    narrow = replace(spec, price_range=(1.0, 2.0))
    assert 1 <= make_candles("BTC/USDT", narrow)["open"][0] <= 2


def test_tick_size_changes_at_the_turn_of_a_month() -> None:
    spec = MarketSpec(timeframe="1h", candles=24 * 300, tick_changes=1.0)
    frame = make_candles("ETH/USDT", spec)
    digits = pd.concat([decimals(frame[name]) for name in PRICES], axis=1).max(axis=1)
    monthly = digits.groupby(frame["date"].dt.strftime("%Y-%m")).max()
    assert len(monthly) > 9
    assert all(one != two for one, two in pairwise(monthly))
    same = make_candles("ETH/USDT", replace(spec, tick_changes=0.0))
    digits = decimals(same["close"])
    assert digits.groupby(same["date"].dt.strftime("%Y-%m")).max().nunique() == 1


def test_some_prices_are_whole_numbers() -> None:
    whole = [make_candles("BTC/USDT", MarketSpec(candles=200), seed) for seed in range(12)]
    kinds = {bool((frame[PRICES] % 1 == 0).all(axis=None)) for frame in whole}
    assert kinds == {True, False}
    spec = MarketSpec(price_range=(1.0, 1e5), max_decimals=0)
    assert (make_candles("AAA/BTC", spec)[PRICES] % 1 == 0).all(axis=None)


def test_gaps_are_runs_of_missing_candles() -> None:
    spec = MarketSpec(candles=50_000, gaps=0.05)
    frame = make_candles("BTC/USDT", spec)
    assert 1 - len(frame) / spec.candles == pytest.approx(spec.gaps, rel=0.2)
    missing = frame["date"].diff().dropna() // timedelta(minutes=5) - 1
    assert missing.max() > 5
    assert (missing == 1).any()
    assert len(make_candles("BTC/USDT", replace(spec, gaps=0.0))) == spec.candles


def test_candles_without_a_trade_repeat_the_last_close() -> None:
    spec = MarketSpec(candles=50_000, zero_volume=0.1, gaps=0.0, tick_changes=0.0)
    frame = make_candles("XRP/USDT", spec)
    silent = frame["volume"] == 0
    assert silent.mean() == pytest.approx(spec.zero_volume, rel=0.2)
    silent[0] = False
    last_close = frame["close"].shift()[silent]
    for name in PRICES:
        assert (frame.loc[silent, name] == last_close).all()


def test_ties_close_where_the_last_candle_closed() -> None:
    spec = MarketSpec(candles=50_000, ties=0.2, zero_volume=0.0, gaps=0.0, tick_changes=0.0)
    frame = make_candles("BTC/USDT", spec)
    tied = frame["close"].diff() == 0
    assert tied.mean() == pytest.approx(spec.ties, rel=0.2)
    flat = tied & (frame["high"] == frame["low"])
    assert flat.mean() == pytest.approx(spec.ties / 2, rel=0.2)
    assert (frame["volume"] > 0).all()


def test_duplicates_are_copies_or_snapshots() -> None:
    spec = MarketSpec(candles=50_000, duplicates=0.1, zero_volume=0.0)
    frame = make_candles("BTC/USDT", spec)
    assert frame["date"].is_monotonic_increasing
    again = frame["date"].duplicated()
    assert again.mean() == pytest.approx(0.1 / 1.1, rel=0.1)
    copies = frame.duplicated()
    assert copies.sum() == pytest.approx(again.sum() / 2, rel=0.2)
    snapshot = again.shift(-1, fill_value=False) & ~copies.shift(-1, fill_value=False)
    firsts, seconds = frame[snapshot], frame[again & ~copies]
    assert (firsts[["high", "low", "close"]].eq(firsts["open"], axis=0)).all(axis=None)
    assert list(firsts["open"]) == list(seconds["open"])
    assert list(firsts["volume"] * 2) == list(seconds["volume"])


def test_late_candles_come_up_to_twenty_rows_late() -> None:
    frame = make_candles("BTC/USDT", MarketSpec(candles=20_000, late=0.02, gaps=0.0))
    place = (frame["date"].rank(method="first") - 1).to_numpy()
    delay = np.arange(len(frame)) - place
    assert np.mean(delay > 0) == pytest.approx(0.02, rel=0.3)
    assert 15 < delay.max() <= 20


def test_funding_is_due_every_eight_hours_some_milliseconds_late() -> None:
    spec = MarketSpec(candles=20_000, start=datetime(2024, 1, 20, 3, 25, tzinfo=UTC))
    funding = make_futures(FUTURE, spec).funding
    times = funding["date"].astype("int64")
    late = times % (8 * 3_600_000)
    assert late.max() < 20
    assert (late > 0).mean() == pytest.approx(0.57, abs=0.15)
    assert ((times - late).diff().dropna() == 8 * 3_600_000).all()
    assert times[0] <= spec.start_ms < times[0] + 8 * 3_600_000
    assert times.iloc[-1] > spec.end_ms - 8 * 3_600_000
    assert (decimals(funding["open"]) <= 8).all()
    assert funding["open"].abs().between(0, 0.0075).all()
    assert {True, False} == set(funding["open"] < 0)


@pytest.mark.parametrize("timeframe", ["5m", "4h"])
def test_mark_follows_the_candles(timeframe: str) -> None:
    spec = MarketSpec(timeframe=timeframe, candles=1_000, gaps=0.0)
    future = make_futures(FUTURE, spec)
    both = future.candles.merge(future.mark["1h"], on="date", suffixes=("", "_mark"))
    assert len(both) > 80
    assert (both["open_mark"] / both["open"] - 1).abs().max() < 0.01
    assert (both["open_mark"] != both["open"]).any()
    assert_frame_equal(aggregate_candles(future.mark["1h"], "8h"), future.mark["8h"])


def test_aggregated_candles_are_those_of_pandas() -> None:
    frame = make_candles("BTC/USDT", MarketSpec(candles=3_000, gaps=0.3))
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    expected = frame.resample("1h", on="date").agg(rules).dropna().reset_index()
    assert_frame_equal(aggregate_candles(frame, "1h"), expected, rtol=1e-12)
    in_berlin = frame.assign(date=frame["date"].dt.tz_convert(timezone(timedelta(hours=2))))
    assert_frame_equal(aggregate_candles(in_berlin, "1h"), expected, rtol=1e-12)
