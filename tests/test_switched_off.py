"""Everything off, on again, and half of it gone: whole commands, in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from freqkernels.bench.exports import read_exports
from freqkernels.bridge import targets
from freqkernels.bridge.replace import certificate
from hyperopt_runs import STRATEGY
from market_workspace import Workspace, binance_on_loopback

has_engine = pytest.mark.skipif(
    not certificate(targets.ENGINE).support, reason="this release's simulation is left alone"
)
TIMES = ("backtest_start", "Backtested", "freqkernels")

#: The command line, and then what this process has of ours.
COMMAND = """
import json, sys
from freqkernels.cli import main

code = main(sys.argv[1:])
compiled = [name for name in sys.modules if name.startswith("freqkernels._kernels.")]
from freqkernels.runtime import events, switches
counts = {one.name: one.counters.values() for one in switches()}
print("OURS", json.dumps({
    "compiled": compiled,
    "frozen": __import__("gc").get_freeze_count(),
    "fast": {name: one.fast for name, one in counts.items() if one.fast},
    "exact": {name: one.exact for name, one in counts.items() if one.exact},
    "events": [[event.kind, event.name, event.reason] for event in events()],
}), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("switched")).create()
    (made.root / "user_data" / "strategies" / "tuned.py").write_text(STRATEGY)
    return made


def process(
    workspace: Workspace, code: str, *arguments: str, **environment: str
) -> tuple[str, str, dict[str, Any]]:
    """Run a program; what it printed and logged, and what it says of itself."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=workspace.root,
        env={**os.environ, "COLUMNS": "250", "NO_COLOR": "1", "PYTHONHASHSEED": "0", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = [line for line in done.stderr.splitlines() if line.startswith("OURS ")]
    return done.stdout, done.stderr, json.loads(said[-1].removeprefix("OURS ")) if said else {}


def exported(workspace: Workspace) -> dict[str, bytes]:
    """The files of the last backtest, which go."""
    folder = workspace.root / "user_data" / "backtest_results"
    found = read_exports(folder, 0.0)
    shutil.rmtree(folder)
    return found


def test_disabled_is_freqtrade_alone(workspace: Workspace) -> None:
    with binance_on_loopback() as exchange:
        config = str(workspace.write_config(**exchange))
        command = ("backtesting", "-c", config, "--strategy", "Sample", "--cache", "none")
        plain = process(workspace, COMMAND, *command, "--plain")
        files = exported(workspace)
        # A setting that is wrong concerns nobody who asks for freqtrade alone.
        again = process(workspace, COMMAND, *command, "--plain", FREQTRADE_OPT_LEVEL="wrong")
        assert exported(workspace) == files
        off = process(workspace, COMMAND, *command, FREQTRADE_OPT_LEVEL="disabled")
        off_files = exported(workspace)
        on = process(workspace, COMMAND, *command)
    assert plain[0] == again[0] == off[0] == on[0]
    assert len(files) > 3
    assert off_files == files == exported(workspace)
    assert plain[2]["exact"] == again[2]["exact"] == {}
    assert off[2]["compiled"] == plain[2]["compiled"] == []
    assert off[2]["fast"] == {}
    assert {kind for kind, *_ in off[2]["events"]} == {"decision"}
    for target in targets.TARGETS:
        if target.name in ("backtest", "advise_all_indicators", "calculate_market_change"):
            # Else this release's is left alone, which the engine finds out when it is asked.
            accelerated = certificate(target).support.ok or target.judged_at_use
            assert off[2]["exact"].get(target.name, 0) == int(accelerated)
            decided = ["decision", target.name, "the level is disabled: everything is off"]
            assert (decided in off[2]["events"]) is accelerated
    assert " s = " not in off[1]  # the line that tells where the time went
    assert on[2]["compiled"]
    assert on[2]["exact"] == {}


TOGGLED = """
import io, json, sys
from contextlib import redirect_stdout
import freqkernels
from freqkernels.bridge.run import run_freqtrade
from freqkernels.runtime import configure, switches

def run():
    before = {one.name: one.counters.values() for one in switches()}
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert run_freqtrade(sys.argv[1:], "auto") == 0
    fast = exact = 0
    for one in switches():
        values, old = one.counters.values(), before.get(one.name)
        if "." not in one.name:
            fast += values.fast - (old.fast if old else 0)
            exact += values.exact - (old.exact if old else 0)
    states = sorted({row.state for row in freqkernels.status()})
    return printed.getvalue(), fast, exact, states

outcomes = [run()]
for level in ("disabled", None):
    configure(level=level)
    outcomes.append(run())
print("OURS", json.dumps({"outcomes": outcomes}), file=sys.stderr)
"""


def test_off_and_on_again_in_a_running_process(workspace: Workspace) -> None:
    config = str(workspace.write_config())
    command = ("backtesting", "-c", config, "--strategy", "Sample", "--cache", "none")
    (on, fast, exact, states), off, again = process(workspace, TOGGLED, *command)[2]["outcomes"]
    assert on == off[0] == again[0]
    assert "TOTAL" in on
    assert (fast > 5, exact, "off" in states) == (True, 0, False)
    assert (off[1], off[2] > 5, "replaced" in off[3]) == (0, True, False)
    assert (again[1], again[2], again[3]) == (fast, 0, states)


TUNED = """
import json, os, sys
import freqkernels
from freqkernels.bridge import workers
from freqkernels.bridge.markets import use_offline_markets
from freqkernels.runtime import configure, switch, switches
from freqtrade.main import main
from pathlib import Path
sys.path.insert(0, sys.argv.pop(1))
from hyperopt_runs import epochs_of

def run():
    for one in switches():
        one.counters.clear()
    workers._simulated.clear()
    try:
        main(["hyperopt", *sys.argv[1:]])
    except SystemExit:
        pass
    epochs = epochs_of(Path("user_data"))
    counts = {one.name: one.counters.values() for one in switches()}
    return {
        "epochs": epochs,
        "by engine": sum(one.by_engine for one in workers.epochs().values()),
        "pids": len(workers.epochs()),
        "here": str(os.getpid()) in map(str, workers.epochs()),
        "backtest": [counts["backtest"].fast, counts["backtest"].exact],
        "hyperopt": [counts["hyperopt"].fast, counts["hyperopt"].exact],
        "events": [[event.kind, event.name, event.reason] for event in freqkernels.events()],
    }

use_offline_markets("auto")
freqkernels.install()
found = [run()]
configure(functions={"backtest": {"enabled": False}})
found.append(run())
configure(level="disabled")
found.append(run())
print("OURS", json.dumps(found), file=sys.stderr)
"""


@has_engine
def test_workers_of_hyperopt_do_as_the_process_that_orders(workspace: Workspace) -> None:
    pytest.importorskip("optuna")
    arguments = [
        *("-c", str(workspace.write_config()), "--datadir", str(workspace.datadir)),
        *("--strategy", "Tuned", "--spaces", "stoploss", "-e", "3", "-j", "2"),
        *("--hyperopt-loss", "SharpeHyperOptLossDaily", "--random-state", "7"),
        *("--min-trades", "1", "--disable-param-export"),
    ]
    tests = str(Path(__file__).parent)
    found: Any = process(workspace, TUNED, tests, *arguments)[2]
    fast, exact, off = found
    assert fast["epochs"] == exact["epochs"] == off["epochs"]
    assert len(fast["epochs"]) == 3
    # What workers have counted is counted here.
    assert (fast["backtest"], fast["hyperopt"], fast["by engine"]) == ([3, 0], [3, 0], 3)
    assert (exact["backtest"], exact["hyperopt"], exact["by engine"]) == ([0, 3], [3, 0], 0)
    assert ["decision", "backtest", "it is switched off by a setting"] in exact["events"]
    assert not fast["here"]
    assert not exact["here"]
    # Nothing at all is sent to the workers, and those that had the kernels have put them away.
    assert (off["backtest"], off["hyperopt"], off["pids"]) == ([0, 0], [0, 0], 0)
    assert ["decision", "hyperopt", "the level is disabled: everything is off"] in off["events"]


RUBBISH = {
    "FREQTRADE_OPT_LEVEL": "\x1b[31mnone\n",
    "FREQTRADE_OPT_BACKTEST": "perhaps",
    "FREQTRADE_OPT_BACKTEST_PERCENTAGE": "nan",
    "FREQTRADE_OPT_": "x",
    "FREQKERNELS_NO_SUCH": "1",
    "FREQKERNELS_FUNCTIONS": "{" * 5000,
    "FREQKERNELS_STATE_DIRECTORY": "\udcff" * 3,
}


def test_an_environment_full_of_rubbish_stops_before_freqtrade(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "freqkernels", "backtesting", "--strategy", "X"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
        env={**os.environ, **RUBBISH},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("freqkernels: error: ")
    for name in ("FREQTRADE_OPT_LEVEL", "FREQTRADE_OPT_BACKTEST:", "FREQKERNELS_NO_SUCH"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    assert "freqtrade -" not in done.stderr
    assert not list(tmp_path.iterdir())


FORKING = """
    def populate_exit_trend(self, dataframe, metadata):
        import freqkernels, os, sys, threading
        import pandas as pd
        from freqkernels import metrics
        from freqkernels.runtime import configure, switch
        frames = {"A": pd.DataFrame({"close": [1.0, 2.0]})}
        stop = threading.Event()

        def call():
            while not stop.is_set():
                metrics.calculate_market_change(frames)
                freqkernels.status()

        threads = [threading.Thread(target=call, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            child = os.fork()
            if not child:
                code = 1
                try:
                    import faulthandler
                    faulthandler.dump_traceback_later(30, exit=True)
                    before = switch("calculate_market_change").counters.values().fast
                    assert metrics.calculate_market_change(frames) == 1.0
                    configure(level="disabled")
                    assert metrics.calculate_market_change(frames) == 1.0
                    assert switch("calculate_market_change").counters.values().fast == before + 1
                    assert freqkernels.status() and freqkernels.report()
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for thread in threads:
            thread.join()
        return super().populate_exit_trend(dataframe, metadata)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_forks_within_a_backtest(workspace: Workspace) -> None:
    source = "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parent))\n"
    source += f"from sample import Sample\n\n\nclass Forking(Sample):\n{FORKING}"
    (workspace.root / "user_data" / "strategies" / "forking.py").write_text(source)
    config = str(workspace.write_config())
    command = ("backtesting", "-c", config, "--cache", "none", "--offline-markets", "auto")
    plain = process(workspace, COMMAND, *command, "--strategy", "Sample")
    forked = process(workspace, COMMAND, *command, "--strategy", "Forking")
    assert forked[0].replace("Forking", "Sample").split() == plain[0].split()
    assert forked[2]["fast"].get("backtest") == plain[2]["fast"].get("backtest")


GONE = """
import importlib, json, sys
folder = sys.argv[1]
sys.meta_path = [
    finder for finder in sys.meta_path
    if "editable" not in type(finder).__module__.lower()
    and "ScikitBuild" not in type(finder).__name__
]
sys.path.insert(0, folder)
import numpy as np
import pandas as pd
import freqkernels
assert freqkernels.__file__.startswith(folder)
from freqkernels import metrics
freqkernels.install()
from freqtrade.data.metrics import calculate_market_change
frames = {"A": pd.DataFrame({"close": [1.0, 3.0], "date": pd.date_range("2024", periods=2)})}
answer = calculate_market_change(frames)
row = next(one for one in freqkernels.status() if one.name == "calculate_market_change")
print(json.dumps([answer, row.state, row.backend, [e.kind for e in freqkernels.events()]]))
"""


def test_an_extension_that_is_gone(tmp_path: Path) -> None:
    """Between two runs somebody removes a compiled file: the twin answers, and it is said."""
    import freqkernels
    from freqkernels import _kernels

    source = Path(freqkernels.__file__).parent
    shutil.copytree(source, tmp_path / "freqkernels", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in _kernels.__path__:
        for file in Path(folder).glob("*.so"):
            shutil.copy2(file, tmp_path / "freqkernels" / "_kernels")
    files = list((tmp_path / "freqkernels" / "_kernels").glob("metrics*.so"))
    if not files:
        pytest.skip("compiled files have another suffix here")

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", GONE, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, **environment},
        )

    before = run()
    assert before.returncode == 0, before.stderr
    assert json.loads(before.stdout) == [2.0, "replaced", "compiled", []]
    for file in files:
        file.unlink()
    after = run()
    assert json.loads(after.stdout) == [2.0, "replaced", "reference", ["fallback"]]
    assert "the compiled kernels 'metrics' cannot be loaded" in after.stderr
    # Where nothing runs fast, nobody misses it.
    off = run(FREQTRADE_OPT_LEVEL="disabled")
    assert json.loads(off.stdout)[:2] == [2.0, "off"]
