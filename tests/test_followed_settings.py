"""What installing, self-checks, workers and commands make of settings, rollout and signals."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import freqkernels
from freqkernels import reload_signal
from freqkernels.bench.self_check import SelfCheck, remember
from freqkernels.bridge import hyperopt, install, workers
from freqkernels.bridge.long_runs import _Keeper, looked_after
from freqkernels.bridge.self_check import Gate, Subject
from freqkernels.cli import doctor, main
from freqkernels.errors import InvalidInputError
from freqkernels.evidence import backtest_record, write
from freqkernels.runtime import configure, control, switch
from freqkernels.runtime.counters import CounterValues
from freqkernels.runtime.rollout import RolloutLog
from freqkernels.runtime.shares import current_key, falls_in
from python_process import python

FRAMES = {"A": pd.DataFrame({"close": [1.0, 3.0]})}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory of one test."""
    configure(state_directory=str(tmp_path))
    return tmp_path


@pytest.fixture
def in_place() -> Iterator[None]:
    install.install()
    yield
    install.uninstall()


def states() -> dict[str, str]:
    return {row.name: row.state for row in freqkernels.status()}


def change() -> Any:
    """freqtrade's function, whoever stands there now."""
    from freqtrade.data import metrics

    return metrics.calculate_market_change


def until(condition: Callable[[], object]) -> None:
    """Wait for another thread, which has ten seconds."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


# ---- install and status


def test_wrong_settings_replace_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = change()
    monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "most")
    with pytest.raises(InvalidInputError, match="FREQTRADE_OPT_LEVEL: expected one of disabled"):
        install.install()
    assert not install.is_installed()
    assert change() is before
    monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "standard")
    install.install()
    assert switch("backtest").policy.settled is None
    install.uninstall()


def test_what_is_off_says_who_has_decided(in_place: None) -> None:
    change()
    configure(functions={"calculate_market_change": {"enabled": False}})
    rows = {row.name: row for row in freqkernels.status()}
    row = rows["calculate_market_change"]
    assert (row.state, row.decision) == ("off", "exact")
    assert row.reason == row.decided_by == "it is switched off by a setting"
    assert row.holders
    other = rows["calculate_csum"]
    assert (other.state, other.decision, other.decided_by) == ("replaced", "fast", "")
    # Half of the pairs have it: it is in force.
    configure(functions=None, percentage=0)
    row = {row.name: row for row in freqkernels.status()}["calculate_market_change"]
    assert (row.state, row.decision) == ("replaced", "exact")
    assert "0 % of the pairs" in row.decided_by
    configure(percentage=None, level="disabled")
    assert set(states().values()) <= {"off", "waiting", "refused", "not found"}
    assert change()(FRAMES) == 2.0
    assert switch("calculate_market_change").counters.values().exact == 1


def test_status_of_what_is_off_is_no_failure(
    in_place: None, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["status", "--json"])
    assert code == int(
        not {row["state"] for row in json.loads(capsys.readouterr().out)} <= {"replaced"}
    )
    configure(level="disabled")
    assert main(["status"]) == code
    assert "the level is disabled: everything is off" in capsys.readouterr().out


# ---- a rollout log that changes


def test_a_rollout_log_that_is_damaged_while_a_process_runs(in_place: None, state: Path) -> None:
    change()
    log = RolloutLog()
    log.append("rollback", "calculate_csum", "a doubt", "test")
    assert control.reload()
    assert states()["calculate_csum"] == "off"
    assert states()["calculate_market_change"] == "replaced"
    log.path.write_bytes(b"\x00" * 40 + b"\n" + log.path.read_bytes())
    control.reload_logged()
    row = next(row for row in freqkernels.status() if row.name == "calculate_market_change")
    assert row.state == "off"
    assert "line 1 is damaged" in row.reason
    assert change()(FRAMES) == 2.0
    log.path.unlink()
    control.reload_logged()
    assert states()["calculate_csum"] == states()["calculate_market_change"] == "replaced"


def test_the_monitor_follows_the_log_and_starts_anew(state: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text("{}")
    configure(monitor_interval=0.1, telemetry_file=str(tmp_path / "telemetry.json"))
    keeper = _Keeper("trade")
    try:
        keeper.start([str(config)])
        first = keeper._monitor
        assert first is not None
        assert first.is_running
        RolloutLog().append("rollback", "calculate_csum", "a doubt", "test")
        until(lambda: control.decision("calculate_csum").variant == "exact")
        keeper.start([str(config)])
        assert keeper._monitor is not first
        assert not first.is_running
        configure(monitor="off")
        keeper.start([])
        assert keeper._monitor is None
    finally:
        keeper.stop()
    assert (tmp_path / "telemetry.json").exists()
    assert not [one for one in threading.enumerate() if one.name == "freqkernels-monitor"]


@pytest.mark.parametrize(
    ("monitor", "command", "runs"),
    [
        ("auto", "trade", True),
        ("auto", "webserver", True),
        ("auto", "backtesting", False),
        ("on", "backtesting", True),
        ("off", "trade", False),
    ],
)
def test_which_commands_have_a_monitor(monitor: str, command: str, runs: bool, state: Path) -> None:
    configure(monitor=monitor)
    keeper = _Keeper(command)
    keeper.start([])
    assert (keeper._monitor is not None) is runs
    keeper.stop()


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="there is no such signal here")
def test_a_signal_reads_the_settings_again(state: Path) -> None:
    with looked_after("backtesting"):
        RolloutLog().append("rollback", "calculate_csum", "a doubt", "test")
        assert control.decision("calculate_csum").variant == "fast"
        os.kill(os.getpid(), signal.SIGUSR1)
        until(lambda: control.decision("calculate_csum").variant == "exact")
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="there is no such signal here")
@pytest.mark.parametrize("words", [["list-exchanges"], ["list-exchanges", "--plain"]])
def test_the_signal_ends_nobody(words: list[str]) -> None:
    """From the first moment on, and where nothing is replaced."""
    code = (
        "import os, signal, sys, freqkernels.cli as cli\n"
        "split = cli.split_options\n"
        "def early(words):\n"
        "    os.kill(os.getpid(), signal.SIGUSR1)\n"
        "    return split(words)\n"
        "cli.split_options = early\n"
        f"assert cli.main({[*words, '-1']!r}) == 0\n"
        "assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL\n"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr


def test_the_signal_is_ignored_only_where_nobody_handles_it() -> None:
    if reload_signal.NUMBER is None:
        return
    with reload_signal.ignored():
        os.kill(os.getpid(), reload_signal.NUMBER)
        with reload_signal.heard_by(control.reload_on_signal):
            assert callable(signal.getsignal(reload_signal.NUMBER))
            assert not reload_signal.ignore()
        assert signal.getsignal(reload_signal.NUMBER) is signal.SIG_IGN
    assert signal.getsignal(reload_signal.NUMBER) is signal.SIG_DFL


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="there is no such signal here")
def test_the_signal_of_somebody_else_is_left_alone() -> None:
    seen: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _: seen.append(number))
    try:
        with looked_after("trade"):
            os.kill(os.getpid(), signal.SIGUSR1)
            until(lambda: seen)
        os.kill(os.getpid(), signal.SIGUSR1)
        until(lambda: len(seen) == 2)
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)


def test_the_monitor_starts_when_freqtrade_has_its_configuration(
    state: Path,
) -> None:
    from freqtrade.configuration.configuration import Configuration

    config = state / "config.json"
    exchange = {"name": "binance", "pair_whitelist": []}
    rest = {"exchange": exchange, "user_data_dir": str(state), "dry_run": True}
    ours = {"monitor": "on", "monitor_interval": 0.1}
    config.write_text(json.dumps(rest | {"freqkernels": ours}))
    original = vars(Configuration)["load_config"]
    args = {"config": [str(config)], "command": "list-exchanges"}
    install.install()
    try:
        with looked_after("list-exchanges"):
            Configuration(args).load_config()
            assert [one for one in threading.enumerate() if one.name == "freqkernels-monitor"]
            config.write_text(json.dumps(rest | {"freqkernels": {"level": "disabled"}}))
            until(lambda: control.current().level == "disabled")
        assert not [one for one in threading.enumerate() if one.name == "freqkernels-monitor"]
    finally:
        install.uninstall()
    assert vars(Configuration)["load_config"] is original


# ---- keys


def test_a_strategy_works_on_a_pair(in_place: None) -> None:
    from freqtrade.strategy import IStrategy

    seen: list[str] = []

    class Looking(IStrategy):
        timeframe = "5m"

        def populate_indicators(self, dataframe: Any, metadata: Any) -> Any:
            seen.append(current_key.get())
            return dataframe

        populate_entry_trend = populate_exit_trend = populate_indicators

    strategy = Looking({"dry_run": True})
    candles = {pair: pd.DataFrame({"close": [1.0, 2.0]}) for pair in ("A/B", "C/B")}
    for frame in candles.values():
        frame["date"] = pd.date_range("2024", periods=2, tz="UTC")
        frame["volume"] = 1.0
    for level in (None, "disabled"):
        configure(level=level)
        strategy.advise_all_indicators(candles)
        strategy.ft_advise_signals(candles["A/B"], {"pair": "A/B"})
        assert seen == ["A/B", "C/B", "A/B", "A/B"]
        assert current_key.get() == ""
        seen.clear()
    install.uninstall()
    strategy.advise_all_indicators(candles)
    assert seen == ["", ""]


def test_runs_have_their_command_line_as_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/a/b/freqkernels", "backtesting", "-c", "/home/x/c.json"])
    configure(percentage=50)
    first = control.decision("backtest")
    monkeypatch.setattr("sys.argv", ["C:\\y\\freqkernels", "backtesting", "-c", "z/c.json"])
    configure(percentage=50)
    assert control.decision("backtest") == first
    assert (first.variant == "fast") is falls_in(
        "backtest", "freqkernels backtesting -c c.json", 50
    )


# ---- workers


class Optimizer:
    """Travels as freqtrade's HyperOptimizer does."""

    __reduce_ex__ = workers.reduce_with_settings(object.__reduce_ex__)


def test_what_is_sent_to_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["freqkernels", "hyperopt"])
    configure(level="standard", functions={"hyperopt": {"enabled": True}})
    revive, (sent, *_), *_ = Optimizer().__reduce_ex__(4)
    assert revive is workers.revive
    assert (sent.effective.settings.level, sent.effective.settings.key) == (
        "standard",
        "freqkernels hyperopt",
    )
    configure(functions={"hyperopt": {"enabled": False}})
    assert Optimizer().__reduce_ex__(4)[0] is not workers.revive


def test_a_worker_hears_of_what_another_one_has_rolled_back(state: Path) -> None:
    configure(level="standard")
    sent = control.effective()
    control.forget()
    try:
        workers._adopt(sent)
        assert control.current().level == "standard"
        assert control.decision("calculate_csum").variant == "fast"
        RolloutLog().append("rollback", "calculate_csum", "a doubt", "shadow")
        workers._adopt(sent)
        assert control.decision("calculate_csum").source == "rollout"
    finally:
        workers._adopted = None


def test_counts_of_workers_are_added_once() -> None:
    counters = switch("calculate_csum").counters
    counters.count(10)
    ours = counters.values()
    workers._counts()
    counters.count(5)
    ((name, values),) = workers._counts()
    assert (name, values) == ("calculate_csum", CounterValues(calls=1, fast=1, rows=5))
    assert workers._counts() == ()
    workers._count(workers.Epoch(1, by_engine=True, counts=((name, values),)))
    assert counters.values().calls == ours.calls + 2
    workers._told_counts.clear()
    workers._simulated.clear()


@pytest.fixture
def as_worker() -> Iterator[None]:
    yield
    workers._simulated.clear()
    workers._told_distrust.clear()


def test_a_mismatch_in_one_process_is_one_in_all(as_worker: None) -> None:
    """Also where the log of the rollout cannot be written."""
    one = switch("calculate_csum")
    reason = "another result than the exact one: [3]"
    assert one.distrust(reason)
    heard = workers._distrust()
    assert heard.reasons == ((one.name, reason),)
    assert workers._distrust().reasons == ()  # said once
    one.restore()
    workers._count(workers.Epoch(1, by_engine=False, distrusted=heard))
    assert one.decision().source == "breaker"
    assert workers._settings().distrusted.reasons == heard.reasons  # the next epoch of all workers
    one.restore()
    workers._settings().distrusted.take_over()
    assert one.decision().variant == "fast"
    assert workers._distrust().reasons == ()
    assert one.distrust(reason)  # once more: that is news
    assert workers._distrust() == heard


def test_the_same_mismatch_again_is_news_again(state: Path, as_worker: None) -> None:
    one, log = switch("calculate_csum"), RolloutLog()
    sent = workers._settings()
    try:
        one.distrust("[3]")
        assert workers._distrust().reasons == ((one.name, "[3]"),)
        log.append("restore", one.name, "somebody has looked", "command")
        workers._adopt(sent.effective)
        workers._forget_what_was_given_back()
        assert not one.distrusted
        one.distrust("[3]")
        assert workers._distrust().reasons == ((one.name, "[3]"),)
    finally:
        workers._adopted = None


def test_what_the_rollout_gives_back_is_not_taken_away_by_older_messages(
    state: Path, as_worker: None
) -> None:
    one, log = switch("calculate_csum"), RolloutLog()
    log.append("rollback", one.name, "a mismatch", "shadow")
    control.reload()
    assert one.distrust("another result than the exact one: [3]")
    sent = workers._settings().distrusted
    assert sent.steps == 1
    log.append("restore", one.name, "somebody has looked", "command")
    sent.take_over()
    assert not one.distrust("again")  # this process has not read the log yet
    control.reload()
    assert one.decision().variant == "fast"
    sent.take_over()
    assert one.decision().variant == "fast"
    workers._count(workers.Epoch(1, by_engine=False, distrusted=sent))
    assert one.decision().variant == "fast"
    one.distrust("later")
    later = workers._distrust()
    one.restore()
    later.take_over()
    assert one.decision().source == "breaker"


def test_hyperopt_of_freqtrade_alone() -> None:
    calls: list[tuple[Any, ...]] = []
    prepare = hyperopt._prepare(lambda *args: calls.append(args))
    configure(functions={"hyperopt": {"enabled": False}})
    prepare("an optimizer without anything that would be looked at")
    epoch = hyperopt._epoch(lambda *args: calls.append(args))
    epoch(Optimizer(), 1)
    assert len(calls) == 2
    assert switch("hyperopt").counters.values().exact == 1
    workers._simulated.clear()


# ---- self-check


@pytest.mark.parametrize(
    ("settings", "option", "command", "lot", "expected"),
    [
        ({}, None, "backtesting", 0.0, ""),
        ({"shadow": 5}, None, "backtesting", 4.9, "always"),
        ({"shadow": 5}, None, "backtesting", 5.0, ""),
        ({"shadow": 5}, None, "hyperopt", 0.0, ""),
        ({"shadow": 5}, "", "backtesting", 0.0, ""),
        ({"shadow": 5, "functions": {"backtest": {"shadow": 0}}}, None, "backtesting", 0.0, ""),
        ({"functions": {"backtest": {"shadow": 100}}}, None, "backtesting", 99.9, "always"),
        ({"verify": "once", "shadow": 100}, None, "backtesting", 0.0, "once"),
        ({"verify": "once"}, "always", "hyperopt", 0.0, "always"),
        ({"verify": "once"}, "", "hyperopt", 0.0, ""),
        ({"profile": "development"}, None, "hyperopt", 0.0, "always"),
        ({"verify": "always", "level": "disabled"}, "always", "backtesting", 0.0, ""),
    ],
)
def test_which_runs_are_checked(
    settings: dict[str, Any], option: str | None, command: str, lot: float, expected: str
) -> None:
    configure(**settings)
    gate = Gate([command], option, lambda subject, mode: "", lot)
    assert gate._mode() == expected


def test_the_lot_is_another_one_each_run() -> None:
    lots = {Gate([], None, lambda subject, mode: "").lot for _ in range(50)}
    assert len(lots) == 50
    assert all(0 <= lot < 100 for lot in lots)


def test_without_caches_nothing_remembered_is_believed(tmp_path: Path) -> None:
    file = tmp_path / "verified.json"
    remember(file, {"A": "1"})
    subject = Subject({"A": "1"}, ["--no-such-option"])
    assert SelfCheck(None, file)(subject, "once") == ""
    configure(caches=False)
    assert "could not compare the engines" in SelfCheck(None, file)(subject, "once")


# ---- doctor


def test_doctor_tells_what_is_set(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(level="conservative", functions={"calculate_csum": {"percentage": 50}})
    report = doctor.examine()
    assert report["settings"]["level"] == "conservative"
    assert report["settings"]["changed"]["functions.calculate_csum.percentage"] == {
        "value": 50.0,
        "from": "code",
    }
    assert report["rollout"]["phase"] is None
    assert not [one for one in report["findings"] if "setting" in one or "rollout" in one]
    # What is off on purpose is not what cannot be loaded.
    assert any(backend.startswith("off: ") for backend in report["kernels"].values())
    assert main(["doctor"]) == 0
    assert "level conservative" in capsys.readouterr().out


def test_doctor_finds_rubbish_rollbacks_and_evidence(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RolloutLog().append("rollback", "calculate_csum", "a doubt", "test")
    evidence = write(state / "evidence", backtest_record([], "trades: [0]"))
    (state / "processes").mkdir()
    (state / "processes" / "1.json").write_text("{")
    findings = "\n".join(doctor.examine()["findings"])
    assert "calculate_csum is rolled back (a doubt)" in findings
    assert str(evidence) in findings
    assert "A telemetry file cannot be read" in findings
    RolloutLog().path.write_text("rubbish\n")
    report = doctor.examine()
    assert report["rollout"]["problem"]
    assert any(one.startswith("Nothing runs fast: ") for one in report["findings"])
    control.forget()
    monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "most")
    monkeypatch.setenv("FREQKERNELS_SHADOWS", "1")
    report = doctor.examine()
    assert len(report["settings"]["problems"]) == 2
    assert any("FREQTRADE_OPT_LEVEL: expected one of" in one for one in report["findings"])
