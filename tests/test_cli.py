"""The command line in real processes, beside freqtrade's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from freqkernels.cli import COMMANDS, split_options

OURS = [sys.executable, "-m", "freqkernels"]
FREQTRADE = [sys.executable, "-m", "freqtrade"]


def run(
    command: list[str], *args: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=300,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", **environment},
    )


def test_help_tells_own_commands_apart() -> None:
    done = run(OURS, "--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert command in done.stdout
    assert "Every other command is freqtrade's own" in done.stdout
    assert "--offline-markets" in done.stdout
    assert "--plain" in done.stdout


def test_nothing_to_do_is_a_usage_error() -> None:
    done = run(OURS)
    assert done.returncode == 2
    assert "usage: freqkernels" in done.stdout


def test_versions() -> None:
    import freqtrade

    import freqkernels

    done = run(OURS, "--version")
    assert done.returncode == 0
    assert f"freqkernels {freqkernels.__version__}\n" in done.stdout
    assert f"freqtrade {freqtrade.__version__}\n" in done.stdout


def test_console_script_is_the_module() -> None:
    script = Path(sys.executable).with_name("freqkernels")
    assert run([str(script)], "--version").stdout == run(OURS, "--version").stdout


@pytest.mark.parametrize(
    "args",
    [
        ["backtesting", "--help"],
        ["hyperopt", "-h"],
        ["no-such-command"],
        ["backtesting", "--no-such-option"],
        ["backtesting", "-c", "missing.json", "--strategy", "X"],
        ["list-hyperoptloss"],
        ["list-exchanges", "-1"],
        ["-V"],
    ],
    ids=" ".join,
)
def test_freqtrade_comes_through_unchanged(args: list[str], tmp_path: Path) -> None:
    user_dir = tmp_path / "user_data"
    user_dir.mkdir()
    ours = run(OURS, *args, cwd=tmp_path)
    theirs = run(FREQTRADE, *args, cwd=tmp_path)
    assert ours.returncode == theirs.returncode
    assert ours.stdout == theirs.stdout
    assert _messages(ours.stderr) == _messages(theirs.stderr)


def _messages(log: str) -> list[str]:
    """Log lines without their times."""
    lines = []
    for line in log.splitlines():
        parts = line.split(" - ", 1)
        lines.append(parts[1] if len(parts) == 2 and parts[0][:2] == "20" else line)
    return lines


def test_damaged_configuration(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"max_open_trades": 3,', "utf-8")
    args = ["backtesting", "-c", str(config), "--strategy", "X"]
    ours, theirs = run(OURS, *args, cwd=tmp_path), run(FREQTRADE, *args, cwd=tmp_path)
    assert ours.returncode == theirs.returncode
    assert _messages(ours.stderr)[-3:] == _messages(theirs.stderr)[-3:]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_own_commands_explain_themselves(command: str) -> None:
    done = run(OURS, command, "--help")
    assert done.returncode == 0
    assert f"usage: freqkernels {command}" in done.stdout
    wrong = run(OURS, command, "--no-such-option")
    assert wrong.returncode == 2
    program = "freqtrade" if command == "compare" else "freqkernels"  # it passes arguments on
    assert f"usage: {program}" in wrong.stderr


class TestSplitOptions:
    def test_ours_are_taken_out(self) -> None:
        options = split_options(
            ["--plain", "backtesting", "--offline-markets", "auto", "-c", "config.json"]
        )
        assert options.argv == ["backtesting", "-c", "config.json"]
        assert options.offline_markets == "auto"
        assert options.plain

    def test_equals_sign(self) -> None:
        options = split_options(["backtesting", "--offline-markets=record.json"])
        assert options.argv == ["backtesting"]
        assert options.offline_markets == "record.json"
        assert not options.plain

    @pytest.mark.parametrize(
        "argv", [["--offline-markets"], ["--offline-markets", "-c"], ["--offline-markets="]]
    )
    def test_missing_value(self, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as leaving:
            split_options(["backtesting", *argv])
        assert leaving.value.code == 2
        assert "--offline-markets needs a value" in capsys.readouterr().err


class TestDoctor:
    def test_all_is_well(self) -> None:
        done = run(OURS, "doctor", "--json")
        report = json.loads(done.stdout)
        assert set(report["kernels"].values()) == {"compiled"}
        assert all(row["versions"] for row in report["targets"])
        assert done.returncode == 0
        assert run(OURS, "doctor").stdout.startswith("python")

    def test_forced_reference_is_a_finding(self) -> None:
        done = run(OURS, "doctor", "--json", FREQKERNELS_BACKEND="reference")
        report = json.loads(done.stdout)
        assert done.returncode == 1
        assert any("FREQKERNELS_BACKEND" in finding for finding in report["findings"])

    def test_rubbish_in_the_environment_is_a_finding(self) -> None:
        report = json.loads(run(OURS, "doctor", "--json", FREQKERNELS_NUM_THREADS="lots").stdout)
        assert any("FREQKERNELS_NUM_THREADS='lots'" in finding for finding in report["findings"])

    def test_unknown_backend_is_an_error(self) -> None:
        done = run(OURS, "doctor", FREQKERNELS_BACKEND="warp")
        assert done.returncode == 2
        assert "FREQKERNELS_BACKEND: expected one of" in done.stderr
        assert "Traceback" not in done.stderr

    def test_nothing_can_be_kept(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        state = str(tmp_path / "file" / "state")
        done = run(OURS, "doctor", "--json", FREQKERNELS_STATE_DIRECTORY=state)
        findings = json.loads(done.stdout)["findings"]
        assert [state in finding for finding in findings if "can be kept" in finding] == [True]
        done = run(OURS, "doctor", FREQKERNELS_STATE_DIRECTORY=str(tmp_path / "new"))
        assert "can be kept" not in done.stdout
        assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", ["status", "doctor --json", "--help"])
def test_a_reader_that_goes_away(command: str) -> None:
    done = subprocess.run(
        f"{sys.executable} -m freqkernels {command} | head -c 5",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert len(done.stdout) == 5
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["doctor", "--version"])
def test_output_without_room(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*OURS, command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "cannot write the output" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["settings", "rollout", "status --file", "--version"])
def test_output_that_is_closed(command: str) -> None:
    done = subprocess.run(
        f"{sys.executable} -m freqkernels {command} >&-",
        shell=True,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_relative_place_in_a_folder_that_has_gone(tmp_path: Path) -> None:
    done = subprocess.run(
        f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m freqkernels rollout",
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "FREQKERNELS_STATE_DIRECTORY": "here"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 2
    assert "state_directory: 'here' is no folder" in done.stderr


def test_status() -> None:
    done = run(OURS, "status", "--json")
    rows = json.loads(done.stdout)
    assert {row["state"] for row in rows} <= {"replaced", "refused"}
    assert done.returncode == int(any(row["state"] != "replaced" for row in rows))
    text = run(OURS, "status").stdout
    assert all(row["name"] in text for row in rows)
