"""``freqkernels.simulate``: forms of input, what comes out, and no need for freqtrade."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import freqkernels
from _arrays import candles
from freqkernels import Market, Rules, Simulated, WalletRules, simulate
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference

BACKENDS = ("compiled", "reference")
SIGNALS = ("enter_long", "exit_long", "enter_short", "exit_short", "enter_tag", "exit_tag")
PRICES = ("open", "high", "low", "close")
TIERS = (
    {
        "minNotional": 0.0,
        "maxNotional": 1e9,
        "maxLeverage": 20.0,
        "maintenanceMarginRate": 0.01,
        "maintAmt": 0.0,
    },
)
RULES: dict[str, Any] = {"timeframe": "5m", "stoploss": -0.01, "fee": 0.001, "max_open_trades": 2}
WALLET = WalletRules(stake_currency="USDT", stake_amount=100)


def market(pair_count: int = 2, rows: int = 400) -> dict[str, pd.DataFrame]:
    """Candles with signals in their columns."""
    frames = {}
    for number in range(pair_count):
        frame = candles(rows, seed=number)
        rng = np.random.default_rng(number)
        for name in SIGNALS[:4]:
            frame[name] = (rng.random(rows) < 0.1).astype(np.int64)
        frame["enter_tag"] = pd.Series(rng.choice(["dip", "break"], rows), dtype=object)
        frame["exit_tag"] = pd.Series(rng.choice(["", "far"], rows), dtype=object)
        frames[f"{'ABC'[number]}/USDT"] = frame
    return frames


def run(frames: Any = None, signals: Any = None, **rules: Any) -> Simulated:
    return simulate(frames or market(), signals, Rules(**{**RULES, **rules}), WALLET)


def all_of(simulated: Simulated) -> dict[str, Any]:
    names = ("trades", "orders", "left_open", "wallet", "equity", "locks", "rejected", "counters")
    found = {name: getattr(simulated, name) for name in names}
    return found | {"results": simulated.results(), "final": simulated.final_balance}


def assert_equal(ours: Simulated, other: Simulated) -> None:
    difference = first_difference(all_of(ours), all_of(other))
    assert difference is None, difference


# ---- forms of input


def as_arrays(frame: pd.DataFrame, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: frame[name].to_numpy() for name in names}


def milliseconds(frame: pd.DataFrame) -> np.ndarray:
    moments: np.ndarray = frame["date"].dt.as_unit("ms").astype("int64").to_numpy()
    return moments


def forms() -> Iterator[Any]:
    """The same market in other words: candles and signals."""
    frames = market()
    told = {pair: frame[list(SIGNALS)] for pair, frame in frames.items()}
    bare = {pair: frame[["date", *PRICES]] for pair, frame in frames.items()}
    yield pytest.param(bare, told, id="signals of their own")
    dated = {pair: frame[["date", *SIGNALS]] for pair, frame in frames.items()}
    yield pytest.param(frames, dated, id="signals with dates")
    naive = {
        pair: frame.assign(date=frame["date"].dt.tz_localize(None))
        for pair, frame in frames.items()
    }
    yield pytest.param(naive, None, id="dates without time zone")
    abroad = {
        pair: frame.assign(date=frame["date"].dt.tz_convert("Asia/Tokyo"))
        for pair, frame in frames.items()
    }
    yield pytest.param(abroad, None, id="another time zone")
    fine = {
        pair: frame.assign(date=frame["date"].dt.as_unit("ns")) for pair, frame in frames.items()
    }
    yield pytest.param(fine, None, id="nanoseconds")
    other = {
        pair: frame.set_index(frame.index + 7).astype({"enter_long": bool, "exit_long": float})
        for pair, frame in frames.items()
    }
    yield pytest.param(other, None, id="other dtypes and another index")
    arrays = {
        pair: {"date": milliseconds(frame), **as_arrays(frame, PRICES)}
        for pair, frame in frames.items()
    }
    lists = {
        pair: {name: frame[name].tolist() for name in SIGNALS} for pair, frame in frames.items()
    }
    yield pytest.param(arrays, lists, id="arrays and lists")
    stamps = {
        pair: {
            **as_arrays(frame, (*PRICES, *SIGNALS)),
            "date": milliseconds(frame).view("M8[ms]").astype("M8[s]"),
        }
        for pair, frame in frames.items()
    }
    yield pytest.param(stamps, None, id="datetime64")
    structured = {
        pair: np.rec.fromarrays(
            [milliseconds(frame), *as_arrays(frame, (*PRICES, *SIGNALS[:4])).values()],
            names=["date", *PRICES, *SIGNALS[:4]],
        )
        for pair, frame in frames.items()
    }
    tagged = {pair: {name: frame[name] for name in SIGNALS} for pair, frame in frames.items()}
    yield pytest.param(structured, tagged, id="structured arrays")


@pytest.mark.parametrize(("frames", "signals"), list(forms()))
def test_forms_of_input_are_equal(frames: Any, signals: Any) -> None:
    expected = run()
    assert len(expected.trades) > 20
    assert set(expected.trades["exit_reason"]) >= {"far", "exit_signal", "stop_loss"}
    assert_equal(run(frames, signals), expected)


def test_input_is_not_changed() -> None:
    frames = market()
    before = {pair: frame.copy() for pair, frame in frames.items()}
    run(frames)
    for pair, frame in frames.items():
        pd.testing.assert_frame_equal(frame, before[pair])


def hour(**columns: Any) -> dict[str, Any]:
    """Six flat candles."""
    dates = 1_704_067_200_000 + 300_000 * np.arange(6)
    flat = {"date": dates, "open": np.arange(100.0, 106.0), "high": np.full(6, 110.0)}
    return {"A/USDT": {**flat, "low": np.full(6, 99.0), "close": np.full(6, 104.0), **columns}}


def test_signals_act_on_the_next_candle() -> None:
    simulated = run(
        hour(enter_long=[0, 1, 0, 0, 0, 0], exit_long=[0, 0, 0, 1, 0, 0]), stoploss=-0.9
    )
    trade = simulated.trades.iloc[0]
    assert (trade["open_rate"], trade["close_rate"], trade["exit_reason"]) == (
        102,
        104,
        "exit_signal",
    )
    assert trade["enter_tag"] == ""


def test_the_first_candle_only_gives_signals_and_the_last_one_takes_none() -> None:
    simulated = run(hour(enter_long=[1, 0, 0, 0, 1, 1]), stoploss=-0.9)
    assert simulated.trades["open_rate"].tolist() == [101]
    assert simulated.trades["exit_reason"].tolist() == ["force_exit"]


def test_one_candle_is_no_run() -> None:
    one = {
        "A/USDT": {name: values[:1] for name, values in hour(enter_long=[1] * 6)["A/USDT"].items()}
    }
    simulated = run(one)
    assert len(simulated.trades) == 0
    assert list(simulated.trades.columns) == list(run().trades.columns)
    assert len(simulated.orders) == len(simulated.equity) == len(simulated.results()) == 0
    assert simulated.final_balance == 1000


def test_minimal_roi_as_in_a_configuration_file() -> None:
    assert_equal(run(minimal_roi={"0": 0.01, "20": 0.0}), run(minimal_roi={20: 0.0, 0: 0.01}))


def test_ticks_from_candles() -> None:
    frames = market()
    told = {
        pair: Market(ticks=freqkernels.ohlcv.get_tick_size_over_time(frame.copy()))
        for pair, frame in frames.items()
    }
    found = {pair: Market(ticks="candles") for pair in frames}
    rules = Rules(**RULES)
    ours = simulate(frames, None, rules, WALLET, markets=found)
    assert_equal(ours, simulate(frames, None, rules, WALLET, markets=told))
    assert set(ours.trades["price_precision"]) == {0.01}
    assert run(frames).trades["price_precision"].isna().all()


def test_an_outcome_can_be_pickled() -> None:
    simulated = run()
    assert_equal(pickle.loads(pickle.dumps(simulated)), simulated)


def test_wallet_and_refused_signals_only_if_wanted() -> None:
    frames, rules = market(), Rules(**{**RULES, "max_open_trades": 1})
    kept = simulate(frames, None, rules, WALLET, collect_rejected=True)
    left_out = simulate(frames, None, rules, WALLET, capture_wallet=False)
    assert len(kept.rejected) == kept.counters["rejected_signals"] > 0
    assert set(kept.rejected["enter_tag"]) == {"dip", "break"}
    assert len(kept.equity) == 399
    assert len(left_out.rejected) == len(left_out.wallet) == len(left_out.equity) == 0
    assert first_difference(left_out.trades, kept.trades) is None


def test_pairs_that_begin_late_wait() -> None:
    frames = market()
    frames["B/USDT"] = frames["B/USDT"].iloc[100:]
    late = run(frames).trades
    assert late.loc[late["pair"] == "B/USDT", "open_date"].min() > frames["B/USDT"]["date"].iloc[0]
    # What A does depends on a free slot, not on B's candles, as long as both have one.
    first = late[late["pair"] == "A/USDT"]["open_rate"].tolist()
    assert first == run({"A/USDT": frames["A/USDT"]}).trades["open_rate"].tolist()


# ---- leverage, progress


def futures(leverage: Any, progress: Any = None) -> Simulated:
    frames = {f"{pair}:USDT": frame for pair, frame in market().items()}
    rules = Rules(**RULES, trading_mode="futures", can_short=True, leverage=leverage)
    markets = {pair: Market(leverage_tiers=TIERS) for pair in frames}
    return simulate(frames, None, rules, WALLET, markets=markets, progress=progress)


def test_leverage_as_a_function() -> None:
    calls = []

    def leverage(**arguments: Any) -> Any:
        calls.append(arguments)
        return np.float64(3.0)

    asked = futures(leverage)
    assert_equal(asked, futures(3.0))
    assert set(asked.trades["leverage"]) == {3.0}
    assert len(calls) >= len(asked.trades) > 20
    names = "pair current_time current_rate proposed_leverage max_leverage entry_tag side"
    assert set(calls[0]) == set(names.split())
    first = asked.trades.sort_values("trade_id").iloc[0]
    assert calls[0]["current_time"] == first["open_date"].to_pydatetime()
    assert calls[0]["entry_tag"] == first["enter_tag"]
    assert (calls[0]["current_rate"], calls[0]["max_leverage"]) == (first["open_rate"], 20.0)
    assert {call["side"] for call in calls} == {"long", "short"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_a_leverage_function_raises_comes_out(backend: str) -> None:
    def leverage(**_: Any) -> float:
        raise ZeroDivisionError("nothing to divide by")

    with freqkernels.use_backend(backend), pytest.raises(ZeroDivisionError, match="nothing to"):
        futures(leverage)


@pytest.mark.parametrize("answer", ["3", None, float("nan"), float("inf"), True])
def test_leverage_that_is_no_number(answer: Any) -> None:
    with pytest.raises(InvalidInputError, match="leverage: expected a finite number"):
        futures(lambda **_: answer)


def test_progress_counts_all_candles_and_may_end_the_run() -> None:
    done: list[int] = []
    futures(1.0, done.append)
    assert sum(done) == 399

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        futures(1.0, stop)


# ---- without freqtrade

ALONE = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("freqtrade", "ccxt"):
            raise ImportError(name)

sys.meta_path.insert(0, Blocked())
import numpy as np
import freqkernels
from freqkernels import Market, Rules, WalletRules, simulate

rows = np.arange(300)
price = 100 + np.round(np.sin(rows / 7) * 3, 2)
dates = 1704067200000 + 300000 * rows
prices = {"open": price, "high": price + 1, "low": price - 1, "close": price}
candles = {"A/USDT": {"date": dates, **prices}}
signals = {"A/USDT": {"enter_long": rows % 20 == 0, "exit_long": rows % 20 == 9}}
rules = Rules(timeframe="5m", stoploss=-0.05, fee=0.001, max_open_trades=1)
markets = {"A/USDT": Market(ticks="candles", amount_precision=1e-6)}
wallet = WalletRules(stake_currency="USDT", stake_amount="unlimited")
protections = [{"method": "CooldownPeriod", "stop_duration_candles": 2}]
simulated = simulate(candles, signals, rules, wallet, markets=markets, protections=protections)
assert len(simulated.locks) == len(simulated.trades)
assert not [name for name in sys.modules if name.startswith(("freqtrade", "ccxt"))]
assert "freqkernels.bridge" not in sys.modules
profits = simulated.trades["profit_abs"].tolist()
print(json.dumps([freqkernels.get_backend(), profits, simulated.final_balance]))
"""


def test_without_freqtrade() -> None:
    found = {}
    for backend in BACKENDS:
        code = f"import os; os.environ['FREQKERNELS_BACKEND'] = {backend!r}\n{ALONE}"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        used, *found[backend] = json.loads(done.stdout)
        assert used == backend
    assert found["compiled"] == found["reference"]
    assert len(found["compiled"][0]) > 10
