"""Random backtests: both engines agree on all of them, and the comparison is not blind."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade, PairLocks

from freqkernels.bench.fuzz.campaign import OUTSIDE, Tally, run_campaign, run_one, shrink_and_save
from freqkernels.bench.fuzz.compare import Verdict, compare_case
from freqkernels.bench.fuzz.describe import describe, first_trade
from freqkernels.bench.fuzz.shrink import shrink
from freqkernels.bridge.fuzz.case import Case
from freqkernels.bridge.fuzz.case_file import load_case, read_case, save_case, write_case
from freqkernels.bridge.fuzz.generate.kinds import KINDS, make_case
from freqkernels.bridge.fuzz.run import run_case
from freqkernels.bridge.fuzz.sides import plain
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from freqkernels.cli import main
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference

SEED, CASES = 20260901, 210
#: What the cases have to reach; a rule that is never used is not tested.
REACHED = (
    *("exit roi", "exit stop_loss", "exit trailing_stop_loss", "exit liquidation"),
    *("exit exit_signal", "exit force_exit", "exit tag", "long", "short", "reversal", "leverage"),
    *("leverage as int", "funding fee", "stop moved", "closed where opened", "stacked"),
    *("late fill", "timedout_entry_orders", "timedout_exit_orders", "canceled_exit_orders"),
    *("rejected_trades", "rejection with tag kept", "trade left open", "epoch without trades"),
    *("lock of a pair", "lock of all pairs", "lock of a side", "protections", "detail"),
    *("hyperopt", "unlimited stake", "wallet of several currencies"),
    *("error DependencyException", "strategy FuzzedLeverage"),
)
#: Other reasons, in kinds whose cases should run compiled, are a loss of coverage.
ENOUGH_COMPILED = 0.8


@pytest.fixture(scope="module")
def tallies() -> dict[str, Tally]:
    """All cases, in two processes."""
    return run_campaign(CASES, SEED, jobs=2)


def all_of(tallies: dict[str, Tally]) -> Counter[str]:
    return sum((tally.happened for tally in tallies.values()), Counter())


@pytest.mark.parametrize("kind", KINDS)
def test_engines_agree(kind: str, tallies: dict[str, Tally]) -> None:
    tally = tallies[kind]
    assert tally.cases == CASES // len(KINDS)
    assert not tally.refused
    differences = [f"{kind} {SEED}-{one.number}{one.difference}" for one in tally.differences]
    assert not differences


@pytest.mark.parametrize("kind", KINDS)
def test_cases_run_compiled(kind: str, tallies: dict[str, Tally]) -> None:
    tally = tallies[kind]
    assert tally.compiled + tally.original.total() == tally.epochs
    if not certificate(ENGINE).support:
        assert tally.original == {certificate(ENGINE).support.reason: tally.epochs}
    elif kind in OUTSIDE:
        assert tally.original.total() > tally.epochs / 2  # some never reach what is broken
    else:
        assert tally.compiled >= ENOUGH_COMPILED * tally.epochs, tally.original


def test_cases_reach_the_rules(tallies: dict[str, Tally]) -> None:
    happened = all_of(tallies)
    assert not [name for name in REACHED if not happened[name]]
    assert happened["long"] + happened["short"] > 20 * CASES
    assert happened["epoch without trades"] < 0.2 * happened["epoch"]


# ---- cases


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_case_and_files_are_exact(kind: str, tmp_path: Path) -> None:
    case = make_case(kind, 5, 1)
    assert first_difference(make_case(kind, 5, 1), case) is None
    assert first_difference(make_case(kind, 5, 2), case) is not None
    save_case(case, tmp_path / "new" / "case.json")
    assert first_difference(load_case(tmp_path / "new" / "case.json"), case) is None


def test_two_runs_of_a_case_are_equal() -> None:
    case = make_case("repeated", 5, 0)
    with plain():
        assert first_difference(run_case(case), run_case(case)) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "its format is not"),
        ('{"format": "freqkernels-case", "version": 2}', "version 2 of the format"),
        ('{"format": "freqkernels-case", "version": 1}', "no case: KeyError: 'pairs'"),
    ],
)
def test_files_without_a_case(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text(text, "utf-8")
    with pytest.raises(InvalidInputError, match=reason):
        load_case(tmp_path / "case.json")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        load_case(tmp_path / "absent.json")


def test_a_file_with_a_field_too_few() -> None:
    document = json.loads(write_case(make_case("spot", 5, 0)))
    del document["pairs"][0]["market"]["tiers"]
    with pytest.raises(InvalidInputError, match="Market lacks tiers"):
        read_case(json.dumps(document))


def test_a_case_that_freqtrade_refuses() -> None:
    case = make_case("spot", 5, 0)
    case.config["fee"] = 2.0
    verdict = compare_case(case)
    assert "2.0 is greater than the maximum" in verdict.refused
    assert verdict.difference is None
    assert verdict.compiled == 0


# ---- damage


def damaged(damage: Callable[[Any, dict[str, Any]], None]) -> Any:
    """freqtrade's own backtest with something changed in what it leaves behind."""

    def engine(backtesting: Any, processed: Any, start: Any, end: Any) -> dict[str, Any]:
        function = Backtesting.backtest
        original = getattr(function, "__wrapped__", function)
        result: dict[str, Any] = original(backtesting, processed, start, end)
        damage(backtesting, result)
        return result

    return engine


@pytest.fixture(scope="module")
def eventful() -> Case:
    """A case in which everything happens that the damages below change."""
    wanted = ("lock of a pair", "rejection with tag kept", "rejected_trades", "trade left open")
    for number in (75, *range(200)):  # the first one has it all until the generators change
        case = make_case("protections", 11, number)
        case.config |= {"export": "signals", "runmode": "backtest"}
        if case.rows < 600 and all(
            compare_case(case, damaged(nothing)).happened[n] for n in wanted
        ):
            return case
    raise AssertionError("no such case")


def nothing(backtesting: Any, result: dict[str, Any]) -> None:
    """No damage."""


def one_ulp(backtesting: Any, result: dict[str, Any]) -> None:
    trade = LocalTrade.bt_trades[-1]
    trade.close_profit = math.nextafter(trade.close_profit, 1.0)


def one_ulp_in_the_frame(backtesting: Any, result: dict[str, Any]) -> None:
    frame = result["results"]
    frame.loc[0, "profit_abs"] = math.nextafter(frame.loc[0, "profit_abs"], 1e9)


def order_dropped(backtesting: Any, result: dict[str, Any]) -> None:
    LocalTrade.bt_trades[0].orders.pop()


def order_of_another_type(backtesting: Any, result: dict[str, Any]) -> None:
    LocalTrade.bt_trades[0].orders[0].order_type = "stop"


def trades_swapped(backtesting: Any, result: dict[str, Any]) -> None:
    trades = LocalTrade.bt_trades
    trades[0], trades[1] = trades[1], trades[0]


def a_number_as_int(backtesting: Any, result: dict[str, Any]) -> None:
    LocalTrade.bt_trades[0].leverage = 1


def another_lock(backtesting: Any, result: dict[str, Any]) -> None:
    PairLocks.locks[-1].lock_end_time += timedelta(minutes=5)


def lock_forgotten(backtesting: Any, result: dict[str, Any]) -> None:
    PairLocks.locks = PairLocks.locks[:-1]


def counted_once_more(backtesting: Any, result: dict[str, Any]) -> None:
    backtesting.order_id_counter += 1


def rejection_in_the_result(backtesting: Any, result: dict[str, Any]) -> None:
    result["rejected_signals"] += 1


def rejection_forgotten(backtesting: Any, result: dict[str, Any]) -> None:
    next(iter(backtesting.rejected_dict.values())).pop()


def capture_forgotten(backtesting: Any, result: dict[str, Any]) -> None:
    backtesting.wallet_captures.pop()


def open_trade_closed(backtesting: Any, result: dict[str, Any]) -> None:
    LocalTrade.bt_trades_open_pp[LocalTrade.bt_trades_open[0].pair].clear()


def order_of_pairs(backtesting: Any, result: dict[str, Any]) -> None:
    keys = LocalTrade.bt_trades_open_pp
    first = next(iter(keys))
    keys[first] = keys.pop(first)


def minus_zero(backtesting: Any, result: dict[str, Any]) -> None:
    wallet = backtesting.wallets._wallets["USDT"]
    backtesting.wallets._wallets["USDT"] = wallet._replace(used=-0.0)


def frame_not_kept(backtesting: Any, result: dict[str, Any]) -> None:
    backtesting.dataprovider._DataProvider__cached_pairs.popitem()


def slice_behind(backtesting: Any, result: dict[str, Any]) -> None:
    index = backtesting.dataprovider._DataProvider__slice_index
    index[next(iter(index))] -= 1


def another_dtype(backtesting: Any, result: dict[str, Any]) -> None:
    result["results"] = result["results"].astype({"trade_duration": "float64"})


def another_config(backtesting: Any, result: dict[str, Any]) -> None:
    result["config"] = dict(result["config"])


def progress_behind(backtesting: Any, result: dict[str, Any]) -> None:
    backtesting._increment_progress()


def failed(backtesting: Any, result: dict[str, Any]) -> None:
    raise ValueError("damaged")


DAMAGES = (
    *(one_ulp, one_ulp_in_the_frame, order_dropped, order_of_another_type, trades_swapped),
    *(a_number_as_int, another_lock, lock_forgotten, counted_once_more, rejection_in_the_result),
    *(rejection_forgotten, capture_forgotten, open_trade_closed, order_of_pairs, minus_zero),
    *(frame_not_kept, slice_behind, another_dtype, another_config, progress_behind, failed),
)


def test_no_damage_no_difference(eventful: Case) -> None:
    assert compare_case(eventful, damaged(nothing)).difference is None


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_seen(damage: Callable[[Any, dict[str, Any]], None], eventful: Case) -> None:
    verdict = compare_case(eventful, damaged(damage))
    assert verdict.difference is not None
    assert "first difference" in describe(verdict)


# ---- shrinking


def stops_differ(backtesting: Any, result: dict[str, Any]) -> None:
    """An engine that is wrong about trades that a stop ends."""
    for trade in LocalTrade.bt_trades:
        if trade.exit_reason == "stop_loss":
            trade.close_rate = math.nextafter(trade.close_rate, 0.0)


@pytest.fixture(scope="module")
def shrunk(eventful: Case, tmp_path_factory: pytest.TempPathFactory) -> tuple[Verdict, str, Path]:
    folder = tmp_path_factory.mktemp("cases")
    return (*shrink_and_save(eventful, folder, damaged(stops_differ)), folder)


def test_shrinking_keeps_the_difference(eventful: Case, shrunk: tuple[Verdict, str, Path]) -> None:
    verdict, _, _ = shrunk
    assert verdict.difference is not None
    small = verdict.case
    assert len(small.pairs) == 1
    assert small.rows < 20 < eventful.rows
    assert len(small.config) < len(eventful.config)
    assert "protections" not in small.strategy
    assert [trade["exit_reason"] for trade in verdict.outcomes[0]["trades"]["closed"]]
    found = first_trade(verdict)
    assert found is not None
    assert "close_rate" in str(found[1])


def test_shrunk_cases_are_saved_and_replay(shrunk: tuple[Verdict, str, Path]) -> None:
    verdict, text, folder = shrunk
    (path,) = folder.glob("*.json")
    assert f"saved as {path}" in text
    assert "['close_rate']" in text
    assert verdict.case.pairs[0].name in text
    saved = load_case(path)
    again = compare_case(saved, damaged(stops_differ))
    assert str(again.difference) == str(verdict.difference)
    assert compare_case(saved, damaged(nothing)).difference is None


def test_shrinking_stops_when_told() -> None:
    case, tried = make_case("spot", 5, 0), []

    def always(candidate: Case) -> bool:
        tried.append(candidate)
        return True

    assert shrink(case, always, tries=7).rows < case.rows
    assert len(tried) == 7
    assert shrink(case, lambda _: False) is case


# ---- the command


def test_run_one_tells_the_difference(eventful: Case) -> None:
    kind, number = eventful.kind, int(eventful.seed.partition("-")[2])
    assert run_one(kind, 11, number, damaged(nothing)).difference == ""
    assert "order_id_counter" in run_one(kind, 11, number, damaged(counted_once_more)).difference


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--cases", "2", "--seed", "5", "--kind", "spot", "late", "--save", str(tmp_path)]
    compiled = bool(certificate(ENGINE).support)
    assert main(["fuzz", *options]) == (0 if compiled else 1)
    assert "0 cases differ" in capsys.readouterr().out
    assert main(["fuzz", *options, "--json"]) == (0 if compiled else 1)
    report = json.loads(capsys.readouterr().out)
    assert {kind: tally["cases"] for kind, tally in report["kinds"].items()} == {
        "spot": 1,
        "late": 1,
    }
    assert not list(tmp_path.iterdir())


def test_command_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_case(make_case("outside", 5, 3), tmp_path / "case.json")
    assert main(["fuzz", "--replay", str(tmp_path / "case.json")]) == 1
    shown = capsys.readouterr().out
    assert "no difference" in shown
    assert "0 of 1 backtests ran compiled" in shown


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--kind", "nonsense"], "kind: expected some of spot, futures"),
        (["--cases", "0"], "cases: expected at least 1, got 0"),
        (["--jobs", "0"], "jobs: expected at least 1, got 0"),
        (["--replay", "absent.json"], "case file absent.json cannot be read"),
    ],
)
def test_arguments_that_cannot_be_used(
    options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fuzz", *options]) == 2
    assert reason in capsys.readouterr().err
