"""``freqkernels rollout``: from nothing to everything and back, as a trader does it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from freqkernels.bench import readiness
from freqkernels.bench.readiness import Part, Readiness
from freqkernels.catalogue import ENTRIES, PHASES
from freqkernels.cli import main
from freqkernels.runtime import control
from freqkernels.runtime.rollout import RolloutLog


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RolloutLog:
    """The log of one test, in a folder that is not there yet."""
    monkeypatch.setenv("FREQKERNELS_STATE_DIRECTORY", str(tmp_path / "state"))
    return RolloutLog(tmp_path / "state" / "rollout.jsonl")


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Finding by phase: what a check takes half a minute for. The real one has its own tests."""
    findings: dict[str, str] = {}

    def check(phase: str, say: Any) -> Readiness:
        say(f"looking at {phase}")
        found = [findings[phase]] if phase in findings else []
        return Readiness(phase, (Part("smoke", [], ["a note"]), Part("identity", found)))

    monkeypatch.setattr(readiness, "check", check)
    return findings


def rollout(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code, and all that was printed to standard output."""
    capsys.readouterr()
    code = main(["rollout", *words])
    return code, capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code, out = rollout(capsys, *words, "--json")
    document: dict[str, Any] = json.loads(out)
    assert code == 0, document
    return document


def is_fast(name: str) -> bool:
    return control.decision(name).variant == "fast"


@pytest.mark.usefixtures("verdicts")
def test_from_nothing_to_everything_and_back(
    capsys: pytest.CaptureFixture[str], log: RolloutLog
) -> None:
    """What the command says, what the log holds, and what this process does agree at each step."""
    assert rollout(capsys) == (0, f"No rollout: everything may run fast.\nlog: {log.path}\n")
    assert is_fast("backtest")
    for number, phase in enumerate(PHASES, start=1):
        document = told(capsys, "promote")
        assert document["phase"] == phase
        assert document["allowed"] == list(PHASES[:number])
        assert document["step"]["action"] == "promote"
        assert document["check"]["passed"]
        assert log.read().phase == phase
        for entry in ENTRIES.values():
            assert (not log.read().refusal(entry)) == (entry.phase in PHASES[:number])
        assert is_fast("calculate_market_change")
        assert is_fast("backtest") == (phase == "backtest")
    assert "The rollout is complete" in rollout(capsys, "promote")[1]
    for phase in ("indicators", "data", "metrics", "none"):
        assert told(capsys, "rollback")["phase"] == phase
        assert not is_fast("backtest")
    assert not is_fast("metrics.rel_mean")
    assert rollout(capsys, "rollback") == (0, "Nothing runs fast already.\n")
    assert told(capsys, "promote")["phase"] == "metrics"
    steps = [step.action for step in log.read().entries]
    assert steps == ["check", "promote"] * 4 + ["rollback"] * 4 + ["check", "promote"]


@pytest.mark.usefixtures("verdicts")
def test_the_start_says_what_it_takes_away(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = rollout(capsys, "promote", "--reason", "let us see")
    assert code == 0
    assert "The rollout starts. Until promoted, freqtrade's own: data, indicators, backtest." in out
    assert "within 2 s" in out
    assert "let us see" in rollout(capsys)[1]
    assert "starts" not in rollout(capsys, "promote")[1]


@pytest.mark.parametrize("name", ["metrics.rel_mean", "calculate_market_change", "backtest"])
@pytest.mark.parametrize("spelled", [str, str.upper, lambda name: ENTRIES[name].key])
def test_one_name(
    name: str, spelled: Any, capsys: pytest.CaptureFixture[str], log: RolloutLog
) -> None:
    document = told(capsys, "rollback", spelled(name), "--reason", "odd profits")
    assert [(step["name"], step["reason"]) for step in document["rolled_back"]] == [
        (name, "odd profits")
    ]
    assert document["phase"] is None
    assert not is_fast(name)
    assert is_fast("calculate_csum")
    assert f"rolled back: {name}, " in rollout(capsys)[1]
    assert told(capsys, "promote", spelled(name))["rolled_back"] == []
    assert is_fast(name)
    before = log.read().entries
    assert rollout(capsys, "promote", name) == (
        0,
        f"{name} is not rolled back: nothing to do.\n",
    )
    assert log.read().entries == before


def test_a_name_of_a_later_phase(capsys: pytest.CaptureFixture[str], log: RolloutLog) -> None:
    log.append("promote", phase="metrics")
    log.append("rollback", "backtest", "other bits", "shadow")
    assert "by shadow: other bits" in rollout(capsys)[1]
    _, out = rollout(capsys, "promote", "backtest")
    assert "backtest is restored, and runs fast once backtest is promoted." in out
    assert not is_fast("backtest")


def test_everything_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    document = told(capsys, "rollback", "--all", "--reason", "enough")
    assert document["phase"] == "none"
    assert document["allowed"] == []
    assert not any(is_fast(name) for name in ("metrics.rel_mean", "backtest", "trim_dataframe"))
    assert rollout(capsys, "rollback", "--all")[1] == "Nothing runs fast already.\n"


def test_a_second_rollback_keeps_the_reason(
    log: RolloutLog, capsys: pytest.CaptureFixture[str]
) -> None:
    log.append("rollback", "backtest", "other bits", "shadow")
    assert rollout(capsys, "rollback", "backtest") == (0, "backtest is rolled back already.\n")
    assert log.read().rolled_back == {"backtest": "other bits"}
    told(capsys, "rollback", "backtest", "--reason", "seen again")
    assert log.read().rolled_back == {"backtest": "seen again"}


def test_a_rollback_without_a_rollout_starts_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "rollback")["allowed"] == ["metrics", "data", "indicators"]
    assert not is_fast("backtest")


def test_a_check_that_fails(
    capsys: pytest.CaptureFixture[str], verdicts: dict[str, str], log: RolloutLog
) -> None:
    verdicts["metrics"] = "rel_mean differs"
    for words in (["check"], ["check", "metrics"], ["promote"]):
        code, out = rollout(capsys, *words)
        assert code == 1
        assert "identity: FAILED\n  ! rel_mean differs" in out
        assert "metrics is not ready." in out
        assert log.read().phase is None
        last = log.read().entries[-1]
        assert (last.action, last.phase) == ("check", "metrics")
        assert last.reason == "failed: identity: rel_mean differs"
    assert "--force" in out
    assert rollout(capsys, "promote", "--json")[0] == 1
    assert rollout(capsys, "check", "data")[0] == 0
    code, _ = rollout(capsys, "promote", "--force", "--reason", "I know")
    assert code == 0
    assert log.read().phase == "metrics"
    assert log.read().entries[-1].reason == "forced, the check has failed. I know"


def test_a_rollback_during_the_check(
    capsys: pytest.CaptureFixture[str], log: RolloutLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append("promote", phase="data")

    def check(phase: str, say: Any) -> Readiness:
        RolloutLog(log.path).append("rollback", phase="none", reason="stop", by="somebody")
        return Readiness(phase, ())

    monkeypatch.setattr(readiness, "check", check)
    code, out = rollout(capsys, "promote")
    assert code == 1
    assert "somebody else has changed the phase" in out
    assert log.read().phase == "none"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["promote", "data"], "'data' is a phase; phases go one by one"),
        (["rollback", "rel_maen"], "there is no function or kernel 'rel_maen'"),
        (["rollback", "metrics.rel_maen"], "metrics.rel_mean"),
        (["check", "calculate_csum"], "check takes one of metrics, data, indicators, backtest"),
        (["status", "backtest"], "status takes none"),
        (["rollback", "backtest", "--all"], "--all: only with rollback"),
        (["promote", "--all"], "--all: only with rollback"),
        (["rollback", "--force"], "--force: only with promote"),
    ],
)
def test_wrong_arguments(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], log: RolloutLog
) -> None:
    assert main(["rollout", *words]) == 2
    assert message in capsys.readouterr().err
    assert not log.path.exists()


def test_unknown_actions(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["rollout", "leap"])
    assert ended.value.code == 2
    assert "status" in capsys.readouterr().err


def test_a_log_with_a_problem(capsys: pytest.CaptureFixture[str], log: RolloutLog) -> None:
    log.append("promote", phase="metrics")
    data = log.path.read_bytes().replace(b"metrics", b"metricz")
    log.path.write_bytes(data)
    code, out = rollout(capsys)
    assert code == 1
    assert "Nothing runs fast, because the log cannot be relied on." in out
    assert "line 1 is damaged" in out
    assert "under another name" in out
    document = json.loads(rollout(capsys, "--json")[1])
    assert document["allowed"] == []
    assert "line 1 is damaged" in document["problem"]
    for words in (["promote"], ["rollback"], ["rollback", "backtest"], ["check"]):
        assert main(["rollout", *words]) == 2
        assert "line 1 is damaged" in capsys.readouterr().err
    assert log.path.read_bytes() == data
    control.reload()
    assert not is_fast("calculate_market_change")


def test_a_line_that_is_cut_off(capsys: pytest.CaptureFixture[str], log: RolloutLog) -> None:
    log.append("promote", phase="metrics")
    log.append("promote", phase="data")
    log.path.write_bytes(log.path.read_bytes()[:-9])
    code, out = rollout(capsys)
    assert code == 0
    assert "stands at metrics" in out
    assert "cut off and does not count" in out
    assert told(capsys)["cut_off"]


def test_a_state_directory_that_cannot_be(
    capsys: pytest.CaptureFixture[str], log: RolloutLog
) -> None:
    log.path.parent.write_text("a file")
    assert main(["rollout", "rollback", "--all"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("freqkernels: error: ")
    assert str(log.path) in message


def test_a_rollback_works_whatever_the_settings_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log: RolloutLog
) -> None:
    monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "rubbish")
    assert main(["rollout", "rollback", "--all"]) == 0
    assert "FREQTRADE_OPT_LEVEL" in capsys.readouterr().err
    assert log.read().phase == "none"


def test_the_state_directory_of_a_configuration(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FREQKERNELS_STATE_DIRECTORY")
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"freqkernels": {"state_directory": str(tmp_path / "mine")}}))
    assert main(["rollout", "rollback", "--all", "-c", str(config)]) == 0
    assert RolloutLog(tmp_path / "mine" / "rollout.jsonl").read().phase == "none"


@pytest.mark.parametrize("folder", ["user_data", "."])
def test_the_configuration_that_freqtrade_finds(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
) -> None:
    """What a run in that folder has is meant, without naming the file."""
    monkeypatch.delenv("FREQKERNELS_STATE_DIRECTORY")
    monkeypatch.chdir(tmp_path)
    section = {"state_directory": str(tmp_path / "mine"), "level": "conservative"}
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "config.json").write_text(json.dumps({"freqkernels": section}))
    assert main(["settings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["level"]["value"] == "conservative"
    code, out = rollout(capsys, "rollback", "backtest")
    path = tmp_path / "mine" / "rollout.jsonl"
    assert code == 0
    assert f"log: {path}" in out
    assert "everything else may run fast" in out
    assert "backtest" in RolloutLog(path).read().rolled_back


def test_freqtrade_s_own_variables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREQTRADE__FREQKERNELS__LEVEL", "conservative")
    assert main(["settings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["level"]["value"] == "conservative"
    monkeypatch.setenv("FREQTRADE__FREQKERNELS__PERCENTAGE", "fifty")
    assert main(["settings"]) == 2
    assert "percentage" in capsys.readouterr().err


def test_an_emergency_with_a_wrong_configuration(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    log: RolloutLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes where the runs of this environment look."""
    config = tmp_path / "config.json"
    for section, path in (
        ({"num_threads": 0}, log.path),
        ({"num_threads": 0, "state_directory": str(tmp_path / "mine")}, log.path),
        (["no table"], log.path),
    ):
        config.write_text(json.dumps({"freqkernels": section}))
        words = ("rollback", "backtest", "--reason", "odd", "-c", str(config))
        assert main(["rollout", *words]) == 0
        captured = capsys.readouterr()
        assert f"log: {path}" in captured.out
        assert "freqkernels" in captured.err
        assert main(["rollout", "promote", "backtest", "-c", str(config)]) == 2
        control.forget()
    assert len(log.read().entries) == 3
    monkeypatch.delenv("FREQKERNELS_STATE_DIRECTORY")
    section = {"num_threads": 0, "state_directory": str(tmp_path / "mine")}
    config.write_text(json.dumps({"freqkernels": section}))
    code, out = rollout(capsys, "rollback", "backtest", "-c", str(config))
    assert code == 0
    assert f"log: {tmp_path / 'mine'}" in out


RUNNING = """
import sys
from freqkernels import runtime
for line in sys.stdin:
    runtime.reload()
    print(runtime.decision("calculate_market_change").variant, flush=True)
"""


def test_a_running_process_and_one_that_starts_later() -> None:
    """The real command, a process that reads again, and a new one."""

    def command(*words: str) -> None:
        run = [sys.executable, "-m", "freqkernels", "rollout", *words]
        done = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr

    def starts() -> subprocess.Popen[str]:
        run = [sys.executable, "-c", RUNNING]
        return subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def decides(process: subprocess.Popen[str]) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("now\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    running = starts()
    try:
        assert decides(running) == "fast"
        command("rollback", "calculate_market_change", "--reason", "to be sure")
        assert decides(running) == "exact"
        assert starts().communicate("now\n", timeout=60)[0].strip() == "exact"
        command("promote", "calculate_market_change")
        assert decides(running) == "fast"
    finally:
        running.communicate(timeout=60)
    assert os.environ["FREQKERNELS_STATE_DIRECTORY"]


def test_a_real_check(capsys: pytest.CaptureFixture[str], log: RolloutLog) -> None:
    document = told(capsys, "check", "data")
    assert [part["name"] for part in document["check"]["parts"]] == [
        "smoke",
        "identity",
        "resource",
    ]
    assert document["history"][-1]["reason"] == "passed: smoke, identity, resource"
    assert log.read().phase is None
