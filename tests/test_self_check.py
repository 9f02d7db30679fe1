"""The self-check: both engines are compared before the kernels are trusted, and remembered."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine_backtesting import Run
from freqkernels.bench.self_check import (
    SelfCheck,
    memory_file,
    remember,
    remembered,
    without_outputs,
)
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.self_check import Subject, backtesting_arguments, mode_of
from freqkernels.bridge.self_check_key import digest_of
from freqkernels.bridge.targets import ENGINE
from freqkernels.cli import main, split_options
from freqkernels.errors import InvalidInputError
from freqkernels.evidence import read
from freqkernels.runtime.places import CACHE_VARIABLE, STATE_VARIABLE
from freqkernels.runtime.rollout import RolloutLog
from market_workspace import Workspace

#: What somebody may put on PYTHONPATH: every process of theirs gets trades that are off by a bit.
DAMAGE = """
from freqkernels.bridge.hooks import on_import


def damage(module):
    original = module.Outcome.apply

    def apply(self):
        content = original(self)
        trades = content["results"]
        trades.loc[0, "profit_abs"] = trades.loc[0, "profit_abs"] * (1 + 2**-50)
        return content

    module.Outcome.apply = apply


on_import("freqkernels.bridge.engine.outcome", damage)
"""
#: The command line, and then what status() says.
WITH_STATUS = """
import json, sys
import freqkernels
from freqkernels.cli import main

code = main(sys.argv[1:])
print(json.dumps([[row.name, row.state, row.reason] for row in freqkernels.status()]))
sys.exit(code)
"""


HYPEROPT = (
    *("hyperopt", "--epochs", "2", "-j", "1", "--spaces", "buy", "--random-state", "1"),
    *("--hyperopt-loss", "SharpeHyperOptLoss"),
)


def has_hyperopt() -> bool:
    """Whether this freqtrade's hyperopt works with the joblib that is installed."""
    try:
        importlib.import_module("freqtrade.optimize.hyperopt")
    except ImportError:
        return False
    return True


class User:
    """Somebody with a workspace, who runs commands there."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root / "space").create()
        self.root = self.workspace.root
        self.cache = root / "cache"
        self.state = root / "state"
        config = self.workspace.write_config()
        settings = json.loads(config.read_text())
        config.write_text(json.dumps(settings | {"freqkernels": {"verify": True}}))
        self.common = ["-c", str(config), "--strategy", "Sample", "--offline-markets", "auto"]

    def run(self, *command: str, code: str = "", **environment: str) -> tuple[str, str]:
        """Run a command; what it printed and what it logged."""
        name, *options = command
        start = ["-c", code] if code else ["-m", "freqkernels"]
        done = subprocess.run(
            [sys.executable, *start, name, *self.common, *options],
            cwd=self.root,
            env={
                **os.environ,
                CACHE_VARIABLE: str(self.cache),
                STATE_VARIABLE: str(self.state),
                "COLUMNS": "1000",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout, done.stderr

    def backtest(self, code: str = "", **environment: str) -> tuple[str, str, Any]:
        """Run a backtest; what it printed and logged, and the trades that it exported."""
        printed, log = self.run("backtesting", "--cache", "none", code=code, **environment)
        folder = self.root / "user_data" / "backtest_results"
        newest = max(folder.glob("*.zip"), key=lambda path: path.stat().st_mtime_ns)
        with zipfile.ZipFile(newest) as archive:
            result = json.loads(archive.read(f"{newest.stem}.json"))
        return printed, log, result["strategy"]["Sample"]["trades"]


@pytest.mark.skipif(not certificate(ENGINE).support, reason="the engine is left alone here")
def test_compared_remembered_and_refused(tmp_path: Path) -> None:
    user = User(tmp_path)
    _, log, trades = user.backtest()
    assert "self-check: Sample: both engines run the backtest" in log
    assert "self-check: Sample: identical to the last bit" in log
    assert len(trades) > 20
    (entry,) = remembered(user.cache / "verified.json").values()
    assert entry["strategy"] == "Sample"

    # A second run does not compare, and neither does another command with the same settings.
    _, log = user.run(*(HYPEROPT if has_hyperopt() else ("backtesting", "--cache", "none")))
    assert "self-check: Sample: found identical before" in log
    assert "both engines" not in log

    # An engine that is off by a bit, and a strategy that has not been compared.
    source = user.root / "user_data" / "strategies" / "sample.py"
    source.write_text(source.read_text() + "\n# changed\n")
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "sitecustomize.py").write_text(DAMAGE)
    places = os.pathsep.join([str(plugin), os.environ.get("PYTHONPATH", "")])
    printed, log, again = user.backtest(code=WITH_STATUS, PYTHONPATH=places)
    assert "self-check: Sample: both engines run the backtest" in log
    assert "WARNING - self-check: first difference: trades: trade 1 (" in log
    assert "WARNING - freqtrade's own code runs: the self-check found a difference" in log
    assert again == trades
    rows = json.loads(printed.splitlines()[-1])
    assert {state for _, state, _ in rows} == {"refused"}
    assert all("found a difference between the engines: trades: [0]" in why for *_, why in rows)
    assert len(remembered(user.cache / "verified.json")) == 1

    # What follows from the difference: evidence, and the engine is off after a restart, too.
    (evidence,) = (user.state / "evidence").iterdir()
    assert "ERROR - mismatch of backtest: trades: [0]" in log
    assert f"'freqkernels replay {evidence}' shows it again" in log
    record = read(evidence)
    assert (record.kind, record.switch, record.obstacle) == ("backtest", "backtest", "")
    assert record.kwargs["arguments"][:2] == user.common[:2]
    assert list(record.kwargs["digests"]) == ["Sample"]
    state = RolloutLog(user.state / "rollout.jsonl").read()
    assert "found a difference" in state.rolled_back["backtest"]
    assert [(step.action, step.by) for step in state.entries] == [("rollback", "self-check")]
    printed, log, again = user.backtest(code=WITH_STATUS, FREQKERNELS_VERIFY="0")
    assert again == trades
    rows = {name: (state, why) for name, state, why in json.loads(printed.splitlines()[-1])}
    assert rows["backtest"][0] == "off"
    assert "it is rolled back: the self-check found a difference" in rows["backtest"][1]
    assert rows["calculate_csum"] == ("replaced", "")


def test_a_strategy_that_differs_from_itself_says_nothing_of_the_engine(tmp_path: Path) -> None:
    user = User(tmp_path)
    source = user.root / "user_data" / "strategies" / "sample.py"
    drawn = "above = pd.Series(np.random.default_rng().random(len(dataframe)) < 0.1)"
    text = source.read_text().replace('above = fast > dataframe["slow"]', drawn)
    source.write_text(f"import numpy as np\nimport pandas as pd\n{text}")
    printed, log, _ = user.backtest(code=WITH_STATUS)
    rows = json.loads(printed.splitlines()[-1])
    assert {state for _, state, _ in rows} == {"refused"}
    assert all("freqtrade alone gives another result each time" in why for *_, why in rows)
    assert "mismatch of backtest" not in log
    assert not (user.state / "evidence").exists()
    assert RolloutLog(user.state / "rollout.jsonl").read().entries == ()


LOOKAHEAD = """
import json, sys
from freqkernels.bridge.run import run_freqtrade
from freqkernels.bridge.self_check import Gate
import freqkernels

seen = []
def check(subject, mode):
    seen.append([subject.digests, subject.arguments, mode])
    return "nobody is trusted"

argv = [word for word in sys.argv[1:] if word not in ("--offline-markets", "auto")]
code = run_freqtrade(argv, "auto", around=Gate(argv, "always", check).attached())
states = {row.state for row in freqkernels.status()}
freqkernels.install()
assert not freqkernels.is_installed()
freqkernels.uninstall()
freqkernels.install()
assert freqkernels.is_installed()
print(json.dumps([seen, sorted(states)]))
sys.exit(code)
"""


def test_each_strategy_of_an_analysis_is_asked_about_once(tmp_path: Path) -> None:
    user = User(tmp_path)
    own = ["--minimum-trade-amount", "2", "--targeted-trade-amount", "4"]
    printed, log = user.run(
        *("lookahead-analysis", "--timerange", "20230902-20230905", *own), code=LOOKAHEAD
    )
    seen, states = json.loads(printed.splitlines()[-1])
    ((digests, arguments, mode),) = seen
    assert (list(digests), mode, states) == (["Sample"], "always", ["refused"])
    expected = [*user.common[:4], "--timerange", "20230902-20230905", "--strategy-list", "Sample"]
    forced = ["--max-open-trades", "-1", "--stake-amount", "10000"]
    assert arguments == [*expected, *forced, "--dry-run-wallet", "1000000000"]
    assert "freqtrade's own code runs: nobody is trusted" in log
    assert "no bias detected" in log


# What the memory goes by.


@pytest.fixture(scope="module")
def run() -> Run:
    return Run("spot")


def test_what_changes_a_digest(run: Run, tmp_path: Path) -> None:
    run.strategy("pass")
    backtesting = run.backtesting
    strategy = backtesting.strategy

    def digest() -> str:
        return digest_of(backtesting, backtesting.strategy)

    before = digest()
    assert digest() == before
    for name, value in (("logfile", "a.log"), ("export", "none"), ("strategy_path", "b")):
        strategy.config[name] = value
        assert digest() == before
    seen = {before}
    candles = next(Path(strategy.config["datadir"]).glob("BTC_USDT-5m*"))
    stamp = candles.stat()
    source = Path(type(strategy).__dict__["__file__"])
    changes: list[Callable[[], object]] = [
        lambda: strategy.config.update(timerange="20230902-"),
        lambda: strategy.config.update(fee=0.002),
        lambda: os.utime(candles, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1)),
        lambda: candles.with_name("another.feather").write_text(""),
        lambda: run.strategy("x = 1"),
        lambda: source.with_suffix(".json").write_text("{}"),
        lambda: backtesting.exchange.markets["BTC/USDT"]["precision"].update(price=0.5),
    ]
    for change in changes:
        change()
        assert digest() not in seen
        seen.add(digest())
    candles.with_name("another.feather").unlink()
    source.with_suffix(".json").unlink()


def test_a_module_beside_the_strategy_counts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.strategy("pass")
    before = digest_of(run.backtesting, run.backtesting.strategy)
    monkeypatch.syspath_prepend(str(run.folder))
    helper = run.folder / "beside_the_strategy.py"
    helper.write_text("x = 1")
    __import__(helper.stem)
    between = digest_of(run.backtesting, run.backtesting.strategy)
    helper.write_text("x = 2")
    after = digest_of(run.backtesting, run.backtesting.strategy)
    del sys.modules[helper.stem]
    assert len({before, between, after}) == 3


# The memory.


def test_memory_keeps_what_it_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "not yet" / "verified.json"
    assert remembered(file) == {}
    remember(file, {"A": "1", "B": "2"})
    remember(file, {"A": "3"})
    assert {key: entry["strategy"] for key, entry in remembered(file).items()} == {
        "1": "A",
        "2": "B",
        "3": "A",
    }
    assert [path.name for path in file.parent.iterdir()] == ["verified.json"]
    assert caplog.records == []


DAMAGED = (
    *("", "{", "[]", "null", "\x80abc", '{"format": 1}', '{"format": 2, "identical": {}}'),
    *('{"format": 1, "identical": {"a": 1}}', '{"format": 1, "identical": ["a"]}'),
)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_memory_is_an_empty_one(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "verified.json"
    file.write_bytes(text.encode("latin-1"))
    assert remembered(file) == {}
    assert "all is compared again" in caplog.text
    remember(file, {"A": "1"})
    assert list(remembered(file)) == ["1"]


def test_a_memory_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file" / "verified.json", {"A": "1"})
    assert "the next run compares again" in caplog.text


def test_the_memory_does_not_grow_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "verified.json"
    remember(file, {str(i): f"digest {i}" for i in range(1_200)})
    kept = list(remembered(file))
    assert kept == [f"digest {i}" for i in range(200, 1_200)]


def test_the_memory_is_in_the_cache_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert memory_file() == tmp_path / "verified.json"
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    if sys.platform.startswith("linux"):
        assert memory_file() == tmp_path / "xdg" / "freqkernels" / "verified.json"


def test_always_ignores_the_memory_and_a_failed_run_is_no_trust(tmp_path: Path) -> None:
    file = tmp_path / "verified.json"
    remember(file, {"A": "1"})
    check = SelfCheck(None, file)
    subject = Subject({"A": "1"}, ["--no-such-option"])
    assert check(subject, "once") == ""
    reason = check(subject, "always")
    assert reason.startswith("the self-check could not compare the engines: freqtrade alone: ")
    assert "unrecognized arguments: --no-such-option" in reason


# Arguments.


def test_arguments_of_other_commands() -> None:
    rest = ["-c", "a.json", "--epochs", "5", "-p", "A/B", "C/D", "--spaces", "roi", "stoploss"]
    rest += ["-j", "2", "--timeframe=5m", "--fee", "0", "--enable-protections", "--print-all"]
    kept = ["-c", "a.json", "-p", "A/B", "C/D", "--timeframe=5m", "--fee", "0"]
    assert backtesting_arguments(rest) == [*kept, "--enable-protections"]
    assert backtesting_arguments(["--startup-candle", "30", "50", "-s", "X"]) == ["-s", "X"]


def test_the_comparison_writes_nowhere() -> None:
    outputs = ["--export-filename", "a", "--logfile=b", "--backtest-directory", "c", "--log-f", "d"]
    kept = ["--export", "signals", "-c", "config.json", "--cache", "none"]
    assert without_outputs([*kept[:2], *outputs, *kept[2:]]) == kept


def test_what_a_setting_means() -> None:
    values = {None: "", "": "", False: "", "0": "", True: "once", "1": "once", "once": "once"}
    assert {value: mode_of(value, "x") for value in values} == values
    assert mode_of("always", "x") == "always"
    with pytest.raises(
        InvalidInputError, match="x: expected true, false, once or always, got 'some'"
    ):
        mode_of("some", "x")


def test_options(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("FREQKERNELS_VERIFY", raising=False)
    assert split_options(["backtesting"]).verify is None
    options = split_options(["backtesting", "--freqkernels-verify", "-c", "a"])
    assert (options.argv, options.verify) == (["backtesting", "-c", "a"], "once")
    assert split_options(["hyperopt", "--freqkernels-verify=always"]).verify == "always"
    monkeypatch.setenv("FREQKERNELS_VERIFY", "1")
    assert split_options(["backtesting"]).verify == "once"
    assert split_options(["backtesting", "--freqkernels-verify=false"]).verify == ""
    monkeypatch.setenv("FREQKERNELS_VERIFY", "perhaps")
    assert main(["backtesting"]) == 2
    assert "FREQKERNELS_VERIFY: expected true, false, once or always" in capsys.readouterr().err
    monkeypatch.delenv("FREQKERNELS_VERIFY")
    assert main(["list-pairs", "--freqkernels-verify"]) == 2
    assert "--freqkernels-verify is for backtesting, hyperopt" in capsys.readouterr().err
