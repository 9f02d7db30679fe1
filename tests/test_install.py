"""Install, uninstall and status, in processes of their own: they change freqtrade's modules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from freqkernels.bridge.fingerprints import package_root, source_file

PRELUDE = """
import importlib, sys, threading, traceback, pickle
import freqkernels
from freqkernels.bridge.targets import TARGETS

def states():
    # What older releases do not have at all is not looked at.
    absent = ('generate_wallet_stats', '_calculate_stats_for_period',
              '_merge_prepared_informative_pair')
    return {row.name: row.state for row in freqkernels.status()
            if row.name not in absent or row.reason != 'there is no such function'}

def names():
    '''Every function under every name in freqtrade's modules and classes.'''
    found = {}
    for name, module in list(sys.modules.items()):
        if name.partition('.')[0] != 'freqtrade':
            continue
        for attribute, value in list(vars(module).items()):
            if callable(value):
                found[name, attribute] = value
            if isinstance(value, type) and value.__module__ == name:
                for method, function in list(vars(value).items()):
                    found[name, attribute, method] = function
    return found

def load():
    for module in ('freqtrade.optimize.backtesting', 'freqtrade.optimize.optimize_reports',
                   'freqtrade.exchange.exchange', 'freqtrade.data.history.history_utils',
                   'freqtrade.data.history.datahandlers.idatahandler',
                   'freqtrade.strategy.informative_decorator'):
        importlib.import_module(module)
"""

#: Who holds which function under a name of its own.
HOLDERS = {
    "calculate_market_change": ("data.metrics", "optimize.optimize_reports.optimize_reports"),
    "combined_dataframes_with_rel_mean": ("data.metrics", "optimize.backtesting"),
    "get_tick_size_over_time": (
        "data.btanalysis",
        "data.btanalysis.historic_precision",
        "optimize.backtesting",
    ),
    "clean_ohlcv_dataframe": (
        "data.converter",
        "data.converter.converter",
        "data.history.datahandlers.idatahandler",
        "data.history.history_utils",
        "exchange.exchange",
    ),
    "ohlcv_fill_up_missing_data": ("data.converter", "data.converter.converter"),
    "trim_dataframe": ("data.converter", "data.converter.converter", "optimize.backtesting"),
    "analyze_trade_parallelism": ("data.btanalysis", "data.btanalysis.trade_parallelism"),
    "trades_to_ohlcv": ("data.converter", "data.converter.trade_converter"),
    "merge_informative_pair": (
        "strategy",
        "strategy.strategy_helper",
        "strategy.informative_decorator",
    ),
    "calculate_underwater": ("data.metrics",),
    "calculate_csum": ("data.metrics", "optimize.optimize_reports.optimize_reports"),
}
CHECK_HOLDERS = f"""
def check_holders():
    rows = {{row.name: row for row in freqkernels.status()}}
    for name, modules in {HOLDERS!r}.items():
        if rows[name].state == 'refused' and rows[name].certified:
            continue  # this release computes it otherwise and is left alone
        assert rows[name].state == 'replaced', rows[name]
        for module in modules:
            held = getattr(sys.modules['freqtrade.' + module], name)
            assert held.__freqkernels__ == name, (module, name)
            assert f'freqtrade.{{module}}.{{name}}' in rows[name].holders
"""


def run(code: str, *, path: Path | None = None, **environment: str) -> str:
    """Run a snippet in a new process; what it printed."""
    environment = {**os.environ, **environment}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + CHECK_HOLDERS + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.mark.parametrize("order", ["before", "after", "between"])
def test_every_holder_in_each_import_order(order: str) -> None:
    run(f"""
        if {order!r} == "between":
            import freqtrade.data.converter, freqtrade.data.metrics
        if {order!r} == "after":
            load()
        freqkernels.install()
        load()
        check_holders()
        assert set(states().values()) <= {{"replaced", "refused"}}
    """)


@pytest.mark.parametrize("order", ["before", "after"])
def test_uninstall_restores_what_was_there(order: str) -> None:
    run(f"""
        if {order!r} == "before":
            freqkernels.install()
            load()
            freqkernels.uninstall()
            ours = [key for key, value in names().items() if hasattr(value, "__freqkernels__")]
            assert ours == []
        load()
        before = names()
        freqkernels.install()
        changed = {{key for key, value in names().items() if before.get(key) is not value}}
        assert len(changed) > 15, changed
        freqkernels.uninstall()
        after = names()
        assert before.keys() == after.keys()
        assert [key for key in before if before[key] is not after[key]] == []
        assert set(states().values()) <= {{"not installed", "refused"}}
    """)


def test_installing_twice_changes_nothing() -> None:
    run("""
        load()
        freqkernels.install()
        first = names()
        freqkernels.install()
        assert all(first[key] is value for key, value in names().items())
        freqkernels.uninstall()
        freqkernels.uninstall()
        assert not freqkernels.is_installed()
        freqkernels.install()
        check_holders()
    """)


def test_status_before_and_while_waiting() -> None:
    run("""
        assert set(states().values()) <= {"not installed", "refused"}
        freqkernels.install()
        assert set(states().values()) <= {"waiting", "refused"}
        rows = {row.name: row for row in freqkernels.status()}
        row = rows["get_tick_size_over_time"]
        assert row.backend == "compiled" and row.certified and row.holders == ()
        assert "has not imported" in row.reason
        assert not [name for name in sys.modules if name.startswith("freqtrade")]
        load()
        assert "waiting" not in states().values()
        with freqkernels.use_backend("reference"):
            assert {row.backend for row in freqkernels.status()} == {"reference", ""}
    """)


def test_names_imported_by_somebody_else_and_by_a_strategy_file() -> None:
    run("""
        import types
        load()
        import freqtrade.data.metrics
        originals = [freqtrade.data.metrics.calculate_market_change]  # no name of this module
        plugin = types.ModuleType("plugin")
        plugin.change = originals[0]
        sys.modules["plugin"] = plugin
        freqkernels.install()
        assert plugin.change.__freqkernels__ == "calculate_market_change"
        strategy = {}  # a strategy file is executed without entering sys.modules
        exec("from freqtrade.data.metrics import calculate_market_change", strategy)
        freqkernels.uninstall()
        assert plugin.change is originals[0]
        assert strategy["calculate_market_change"] is not originals[0]
        assert strategy["calculate_market_change"]({}) == originals[0]({}) == 0.0
        assert [event.reason for event in freqkernels.events()] == ["freqkernels is uninstalled"]
    """)


def test_functions_replaced_before_are_left_alone() -> None:
    run("""
        load()
        import freqtrade.data.metrics as metrics, freqtrade.optimize.backtesting as backtesting
        def mine(data, column="close", min_date=None):
            return 42.0
        other = lambda *args, **kwargs: None
        metrics.calculate_market_change = mine
        backtesting.trim_dataframe = other
        freqkernels.install()
        rows = {row.name: row for row in freqkernels.status()}
        assert metrics.calculate_market_change is mine
        assert backtesting.trim_dataframe is other
        assert rows["calculate_market_change"].state == "refused"
        assert "replaced by something else" in rows["calculate_market_change"].reason
        assert rows["trim_dataframe"].state == "replaced"
        freqkernels.uninstall()
        assert metrics.calculate_market_change is mine
        assert backtesting.trim_dataframe is other
    """)


def test_functions_replaced_later_are_noticed_and_survive_uninstall() -> None:
    run("""
        load()
        import pandas as pd
        import freqtrade.data.converter.converter as converter
        freqkernels.install()
        calls = []
        def fill(dataframe, timeframe, pair, candle_type="spot"):
            calls.append(pair)
            return dataframe.iloc[:1]
        converter.ohlcv_fill_up_missing_data = fill
        frame = pd.DataFrame({"date": pd.date_range("2024", periods=9, freq="5min", tz="UTC")})
        for name in ("open", "high", "low", "close", "volume"):
            frame[name] = 1.5
        options = {"fill_missing": True, "drop_incomplete": False}
        result = converter.clean_ohlcv_dataframe(frame, "5m", "A/B", **options)
        assert calls == ["A/B"] and len(result) == 1
        (event,) = freqkernels.events()
        assert event.name == "clean_ohlcv_dataframe"
        assert "ohlcv_fill_up_missing_data has been replaced by something else" in event.reason
        freqkernels.uninstall()
        assert converter.ohlcv_fill_up_missing_data is fill
    """)


def test_a_wrapper_of_ours_is_somebody_elses() -> None:
    run("""
        load()
        import functools
        import pandas as pd
        import freqtrade.data.metrics as metrics
        freqkernels.install()
        calls = []
        ours = [metrics.combine_dataframes_by_column]
        @functools.wraps(ours[0])
        def counted(*args, **kwargs):
            calls.append(args)
            return ours[0](*args, **kwargs)
        metrics.combine_dataframes_by_column = counted
        dates = pd.date_range("2024", periods=9, freq="5min", tz="UTC")
        data = {"A/B": pd.DataFrame({"date": dates, "close": 1.5})}
        metrics.combine_dataframes_with_mean(data)
        assert len(calls) == 1
    """)


def test_patches_around_install_and_uninstall() -> None:
    run("""
        load()
        from unittest import mock
        import freqtrade.data.converter.converter as converter
        originals = [converter.trim_dataframe]
        freqkernels.install()
        with mock.patch.object(converter, "trim_dataframe"):
            freqkernels.uninstall()
        # The patch put back a replacement that is out of force.
        freqkernels.install()
        assert states()["trim_dataframe"] == "replaced"
        assert converter.trim_dataframe.__wrapped__ is originals[0]
        freqkernels.uninstall()
        assert converter.trim_dataframe is originals[0]
        with mock.patch.object(converter, "trim_dataframe"):
            freqkernels.install()
            assert states()["trim_dataframe"] == "refused"
        freqkernels.install()
        assert states()["trim_dataframe"] == "replaced"
        freqkernels.uninstall()
        assert [key for key, f in names().items() if hasattr(f, "__freqkernels__")] == []
    """)


def test_reload_of_a_module() -> None:
    run("""
        import freqtrade.data.metrics as metrics
        freqkernels.install()
        before = metrics.calculate_market_change
        importlib.reload(metrics)
        after = metrics.calculate_market_change
        assert after is not before and after.__freqkernels__
        assert after({}) == 0.0
        freqkernels.uninstall()
        assert not hasattr(metrics.calculate_market_change, "__freqkernels__")
        importlib.reload(metrics)
        assert not hasattr(metrics.calculate_market_change, "__freqkernels__")
    """)


def test_threads_installing_uninstalling_and_importing() -> None:
    run("""
        failures = []
        def work(seed):
            try:
                for i in range(10):
                    (freqkernels.install if (i + seed) % 3 else freqkernels.uninstall)()
                    freqkernels.status()
                    if i == 3:
                        load()
            except Exception as error:
                failures.append(traceback.format_exc())
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive(), "deadlock"
        assert failures == []
        freqkernels.install()
        check_holders()
        freqkernels.uninstall()
        assert [key for key, f in names().items() if hasattr(f, "__freqkernels__")] == []
    """)


def test_replacements_are_listed_while_another_thread_makes_some() -> None:
    run("""
        import time
        from freqkernels.bridge import replace
        target = next(each for each in TARGETS if each.name == "calculate_market_change")
        load()
        original = sys.modules[target.module].calculate_market_change
        made, stop = [], threading.Event()
        def make():
            while not stop.is_set():
                made.append(replace.build(target, original, replace.certificate(target).variant))
        thread = threading.Thread(target=make, daemon=True)
        sys.setswitchinterval(1e-6)
        thread.start()
        until = time.monotonic() + 3
        while time.monotonic() < until:
            replace.replacements()
        stop.set()
        thread.join()
        assert len(replace.replacements()) >= len(made) > 100
    """)


def test_replacements_pickle_by_name() -> None:
    run("""
        load()
        import cloudpickle, inspect
        import freqtrade.data.metrics as metrics
        originals = [metrics.calculate_market_change]
        freqkernels.install()
        function = metrics.calculate_market_change
        assert pickle.loads(pickle.dumps(function)) is function
        assert cloudpickle.loads(cloudpickle.dumps(function)) is function
        assert inspect.signature(function) == inspect.signature(originals[0])
        assert function.__wrapped__ is originals[0]
    """)


@pytest.fixture(scope="module")
def altered_freqtrade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freqtrade that somebody changed: one constant, one comment, one function gone."""
    folder = tmp_path_factory.mktemp("altered")
    root = package_root("freqtrade")
    shutil.copytree(root, folder / "freqtrade", ignore=shutil.ignore_patterns("__pycache__"))

    def change(module: str, old: str, new: str) -> None:
        file = folder / source_file(module).relative_to(root.parent)
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    change("freqtrade.data.metrics", "(end - start) / start", "(end - start) / end")
    change(
        "freqtrade.data.btanalysis.historic_precision",
        "    candles1 = candles",
        "    # a comment\n    candles1 = candles",
    )
    change("freqtrade.data.converter.converter", "def trim_dataframe(", "def trim_frame(")
    change(
        "freqtrade.data.converter.converter",
        "trim_dataframe(df, timerange, ",
        "trim_frame(df, timerange, ",
    )
    change(
        "freqtrade.data.converter.converter",
        "def trim_dataframes(",
        "trim_dataframe = trim_frame\n\n\ndef trim_dataframes(",
    )
    return folder


def test_altered_code_is_left_alone_with_a_warning(altered_freqtrade: Path) -> None:
    output = run(
        """
        import logging
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
        load()
        freqkernels.install()
        rows = {row.name: row for row in freqkernels.status()}
        assert rows["calculate_market_change"].state == "refused", rows
        assert "differs from every version" in rows["calculate_market_change"].reason
        assert rows["get_tick_size_over_time"].state == "replaced"  # only a comment changed
        assert rows["trim_dataframe"].state in ("refused", "not found")
        print(sys.modules["freqtrade"].__file__)
        """,
        path=altered_freqtrade,
    )
    assert str(altered_freqtrade) in output
    assert "WARNING freqkernels calculate_market_change is not accelerated" in output


@pytest.mark.parametrize("by", ["status", "call"])
def test_the_engine_is_judged_when_it_is_first_needed(by: str) -> None:
    output = run(f"""
        import logging
        from freqkernels.bridge.fingerprints import certified
        from freqkernels.bridge.replace import certificate
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
        load()
        from freqtrade.optimize.backtesting import Backtesting
        originals = [Backtesting.backtest]
        freqkernels.install()
        assert Backtesting.backtest.__freqkernels__ == "backtest"
        assert certificate.cache_info().currsize == len(TARGETS) - 1
        certified()["backtest"].clear()  # as if this release had never been seen
        if {by!r} == "call":
            for _ in range(2):
                try:
                    Backtesting.backtest(None, {{}}, None, None)
                except AttributeError as error:
                    assert "NoneType" in str(error), error  # freqtrade has begun
            (event,) = [event for event in freqkernels.events() if event.name == "backtest"]
            assert event.count == 1
            assert "differs from every version" in event.reason
        (row,) = [row for row in freqkernels.status() if row.name == "backtest"]
        assert (row.state, row.holders) == ("refused", ())
        assert "differs from every version" in row.reason
        assert Backtesting.backtest is originals[0]
        freqkernels.install()  # looks again, at once
        assert Backtesting.backtest is originals[0]
        freqkernels.uninstall()
        assert Backtesting.backtest is originals[0]
    """)
    assert output.count("WARNING freqkernels backtest is not accelerated: this freqtrade") == 1


def test_without_freqtrade() -> None:
    output = run("""
        class Blocker:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "freqtrade":
                    raise ModuleNotFoundError(f"No module named {name!r}")
        import importlib.util
        real = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *rest: (
            None if name == "freqtrade" else real(name, *rest))
        sys.meta_path.insert(0, Blocker())
        from freqkernels.errors import MissingFreqtradeError
        from freqkernels.cli import main
        for call in (freqkernels.install, lambda: main(["trade"])):
            try:
                print("exit code", call())
            except MissingFreqtradeError as error:
                print(error)
        from freqkernels import metrics
        assert metrics.calculate_market_change({}) == 0.0
        assert set(states().values()) == {"not found"}
    """)
    assert output.count("pip install freqkernels[freqtrade]") == 2
    assert "exit code 2" in output
