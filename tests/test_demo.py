"""``freqkernels demo``, end to end in real processes, and its comparison on results that differ."""

import copy
import dataclasses
import importlib.util
import io
import json
import math
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from freqkernels.bench.compare_runs import ACCELERATED, ALONE, Comparison, compare
from freqkernels.bench.exports import MASK, file_difference, masked, read_exports
from freqkernels.bench.inputs import STRATEGIES, Inputs
from freqkernels.bench.report import as_dict, findings, stage_rows
from freqkernels.bench.run_process import FinishedRun, read_run
from freqkernels.bench.stages import load_run
from freqkernels.bridge.probe import STAGES, StageClock, peak_memory, plain
from freqkernels.cli import main as cli
from freqkernels.cli._output import print_comparison
from freqkernels.errors import FreqkernelsError, InvalidInputError

CANDLES = 2_500
PAIRS = {
    "spot": ["BTC/USDT", "XRP/USDT", "PEPE/USDT"],
    "futures": ["BTC/USDT:USDT", "XRP/USDT:USDT", "1000PEPE/USDT:USDT"],
}


def run_demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "freqkernels", "demo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module", params=list(STRATEGIES))
def kept(request, tmp_path_factory):
    """One demo of each strategy of ours: its JSON document, its progress, what it kept."""
    return kept_demo(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def managed(tmp_path_factory):
    """The demo with locks, partial exits and orders that are not filled at once."""
    return kept_demo("ManagedBreakout", tmp_path_factory)


_demos: dict[str, SimpleNamespace] = {}


def kept_demo(strategy, tmp_path_factory):
    if strategy not in _demos:
        folder = tmp_path_factory.mktemp(strategy) / "kept"
        pairs = PAIRS[STRATEGIES[strategy][1]]
        done = run_demo(
            *("--strategy", strategy, "--candles", CANDLES, "--pairs", *pairs),
            *("--keep", folder, "--json"),
        )
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        _demos[strategy] = SimpleNamespace(
            strategy=strategy, folder=folder, document=document, progress=done.stderr
        )
    return _demos[strategy]


def test_the_runs_are_identical_and_were_real(kept):
    document = kept.document
    assert document["identical"] is True
    assert document["first_difference"] is None
    assert document["strategy"] == kept.strategy
    alone, accelerated = document["runs"]["alone"], document["runs"]["accelerated"]
    assert alone["trades"] == accelerated["trades"] >= 10
    assert document["market"]["made_candles"] == CANDLES
    assert document["market"]["trading_mode"] == STRATEGIES[kept.strategy][1]


def test_everything_that_came_out_was_compared(kept):
    compared = {part["what"] for part in kept.document["compared"]}
    assert all(part["identical"] for part in kept.document["compared"])
    archive = "file backtest-result-TIME.zip/backtest-result-TIME"
    assert compared == {
        "trades",
        "trade and order objects",
        "counters, balance, run id",
        "locks",
        "wallet summary",
        "numbers of trades and orders",
        "statistics",
        "exit code",
        "lines of the printed tables",
        "names of the exported files",
        "file .last_result.json",
        "file backtest-result-TIME.meta.json",
        f"{archive}.json",
        f"{archive}_config.json",
        f"{archive}_{kept.strategy}.py",
        f"{archive}_{kept.strategy}_wallet.feather",
        f"{archive}_market_change.feather",
    }


def test_every_moment_belongs_to_a_stage(kept):
    for run in kept.document["runs"].values():
        assert list(run["seconds"]) == list(STAGES)
        assert run["total_seconds"] == sum(run["seconds"].values())
        timed = {stage for stage, seconds in run["seconds"].items() if seconds > 0}
        assert timed | {"install"} == set(STAGES)
        assert run["peak_memory_bytes"] > 50e6
    assert kept.document["runs"]["alone"]["seconds"]["install"] == 0.0


def test_the_functions_are_replaced_in_the_second_run_only(kept):
    functions = {entry["name"]: entry for entry in kept.document["functions"]}
    assert functions["get_tick_size_over_time"]["state"] == "replaced"
    assert functions["_get_ohlcv_as_lists"]["state"] == "replaced"
    for entry in functions.values():
        assert entry["state"] == "replaced" or entry["reason"]
    kinds = {event["kind"] for event in kept.document["events"]}
    assert kinds <= {"refusal", "way"}
    assert load_run(kept.folder / "alone" / "run.pickle").targets == []


def test_progress_is_told_on_standard_error(kept):
    told = [line.partition(" s  ")[2] for line in kept.progress.splitlines()]
    for name in ("freqtrade alone", "with freqkernels"):
        stages = [line.partition(": ")[2] for line in told if line.startswith(f"{name}: ")]
        known = [stage for stage in STAGES if stage != "install" or "with" in name]
        assert stages == [*known, "report"]  # tables come after the files


def test_the_strategies_do_what_they_are_for():
    modes = {name: mode for name, (_, mode) in STRATEGIES.items()}
    assert sorted(modes.values()) == ["futures", "spot", "spot"]


def test_trades_of_the_strategy_with_callbacks_show_them(managed):
    run = read_run(managed.folder / "alone")
    trades = run.content["results"]
    assert run.content["locks"]
    assert (trades["orders"].map(len) > 2).any()
    assert {"trailing_stop_loss"} <= set(trades["exit_reason"])


def test_both_directions_are_traded_with_leverage_and_funding(tmp_path_factory):
    run = read_run(kept_demo("FuturesSwing", tmp_path_factory).folder / "accelerated")
    trades = run.content["results"]
    assert set(trades["is_short"]) == {True, False}
    assert set(trades["leverage"]) == {2.0, 5.0}
    assert (trades["funding_fees"] != 0).any()


# Results that differ: the kept ones, with one thing changed.


def one_bit(number: float) -> float:
    return math.nextafter(float(number), math.inf)


def change_trade(run: FinishedRun) -> None:
    trades = run.content["results"]
    trades.loc[3, "profit_abs"] = one_bit(trades.loc[3, "profit_abs"])


def change_order(run: FinishedRun) -> None:
    order = run.run.trades["ManagedBreakout"][2]["orders"][0]
    order["price"] = one_bit(order["price"])


def change_counter(run: FinishedRun) -> None:
    run.content["rejected_signals"] += 1


def change_balance(run: FinishedRun) -> None:
    run.content["final_balance"] = np.float64(run.content["final_balance"])


def change_lock(run: FinishedRun) -> None:
    run.content["locks"][0]["reason"] += "!"


def change_wallet(run: FinishedRun) -> None:
    wallet = run.content["wallet_summary"]
    wallet.loc[7, "rate"] = one_bit(wallet.loc[7, "rate"])


def change_statistics(run: FinishedRun) -> None:
    statistics = run.run.stats["strategy"]["ManagedBreakout"]
    statistics["sharpe"] = one_bit(statistics["sharpe"])


def change_exit_code(run: FinishedRun) -> None:
    run.run.exit_code = 2


def lose_file(run: FinishedRun) -> None:
    del run.files[".last_result.json"]


def change_feather(run: FinishedRun) -> None:
    name = next(name for name in run.files if name.endswith("market_change.feather"))
    frame = pd.read_feather(io.BytesIO(run.files[name]))
    frame.loc[5, "rel_mean"] = one_bit(frame.loc[5, "rel_mean"])
    buffer = io.BytesIO()
    frame.to_feather(buffer, compression_level=9, compression="lz4")
    run.files[name] = buffer.getvalue()


def change_json(run: FinishedRun) -> None:
    name = next(name for name in run.files if name.endswith("TIME.json"))
    run.files[name] = run.files[name].replace(b'"is_short":false', b'"is_short":true', 1)


DOCTORED = [
    (change_trade, "trades", "[3]['profit_abs']"),
    (change_order, "trade and order objects", "[2]['orders'][0]['price']"),
    (change_counter, "counters, balance, run id", "['rejected_signals']"),
    (change_balance, "counters, balance, run id", "['final_balance']"),
    (change_lock, "locks", "[0]['reason']"),
    (change_wallet, "wallet summary", "[7]['rate']"),
    (change_statistics, "statistics", "['strategy']['ManagedBreakout']['sharpe']"),
    (change_exit_code, "exit code", ""),
    (lose_file, "names of the exported files", ""),
    (
        change_feather,
        "file backtest-result-TIME.zip/backtest-result-TIME_market_change.feather",
        "[5]['rel_mean']",
    ),
    (
        change_json,
        "file backtest-result-TIME.zip/backtest-result-TIME.json",
        "['strategy']['ManagedBreakout']['trades'][0]['is_short']",
    ),
]


def comparison_of(alone: FinishedRun, accelerated: FinishedRun) -> Comparison:
    inputs = Inputs(
        directory=Path(),
        strategy="ManagedBreakout",
        trading_mode="spot",
        datadir=Path(),
        pairs=tuple(PAIRS["spot"]),
        timeframe="5m",
        timerange=None,
        arguments=[],
        made_candles=CANDLES,
    )
    return Comparison(inputs, alone, accelerated, compare(alone, accelerated))


@pytest.mark.parametrize(("change", "part", "where"), DOCTORED, ids=lambda value: str(value)[:30])
def test_one_changed_thing_is_found_and_named(managed, change, part, where):
    alone = read_run(managed.folder / "alone")
    doctored = copy.deepcopy(read_run(managed.folder / "accelerated"))
    change(doctored)
    comparison = comparison_of(alone, doctored)
    assert not comparison.identical
    different = [part.name for part in comparison.parts if part.difference is not None]
    assert different == [part]
    document = as_dict(comparison)["first_difference"]
    assert (document["what"], document["where"]) == (part, where)
    assert document["alone"] != document["accelerated"]


def test_a_changed_table_is_found(managed):
    alone = read_run(managed.folder / "alone")
    accelerated = read_run(managed.folder / "accelerated")
    doctored = dataclasses.replace(accelerated, tables=accelerated.tables.replace("1", "2", 1))
    comparison = comparison_of(alone, doctored)
    assert comparison.first is not None
    assert comparison.first.name == "lines of the printed tables"


def test_the_report_names_the_trade_the_field_and_both_values(managed):
    alone = read_run(managed.folder / "alone")
    doctored = copy.deepcopy(alone)
    change_trade(doctored)
    change_wallet(doctored)
    text = "\n".join(findings(comparison_of(alone, doctored)))
    trade = alone.content["results"].loc[3]
    assert "identical: NO" in text
    assert f"trade 4 ({trade['pair']}, opened {trade['open_date']}), profit_abs" in text
    assert f"freqtrade alone: {trade['profit_abs']!r}" in text
    assert f"with freqkernels: {doctored.content['results'].loc[3, 'profit_abs']!r}" in text
    assert "different, too: wallet summary" in text


def test_a_run_without_a_result_differs(managed):
    alone = read_run(managed.folder / "alone")
    lost = dataclasses.replace(
        alone, run=dataclasses.replace(alone.run, contents={}), error="it broke"
    )
    comparison = comparison_of(alone, lost)
    assert not comparison.identical
    assert "it broke" in "\n".join(findings(comparison))
    assert as_dict(comparison)["runs"]["accelerated"]["trades"] is None


# Exit codes.

TAGS_BY_THE_CLOCK = """
    def populate_entry_trend(self, dataframe, metadata):
        import time

        dataframe.loc[dataframe.index % 50 == 0, "enter_long"] = 1
        dataframe["enter_tag"] = str(time.time_ns())
        return dataframe
"""
DIES_WITH_KERNELS = """
    def populate_entry_trend(self, dataframe, metadata):
        import os
        import sys

        if "freqkernels.bridge.install" in sys.modules:
            os._exit(9)
        dataframe.loc[dataframe.index % 50 == 0, "enter_long"] = 1
        return dataframe
"""


def write_strategy(folder: Path, entries: str) -> None:
    source = (
        "from freqtrade.strategy import IStrategy\n\n\n"
        "class Mine(IStrategy):\n"
        "    timeframe = '5m'\n"
        "    minimal_roi = {'0': 0.01}\n"
        "    stoploss = -0.05\n"
        f"{entries}\n"
        "    def populate_indicators(self, dataframe, metadata):\n"
        "        return dataframe\n\n"
        "    def populate_exit_trend(self, dataframe, metadata):\n"
        "        return dataframe\n"
    )
    (folder / "mine.py").write_text(source)


def test_exit_code_1_and_the_first_difference_when_results_differ(tmp_path):
    write_strategy(tmp_path, TAGS_BY_THE_CLOCK)
    done = run_demo(
        *("--strategy", "Mine", "--strategy-path", tmp_path),
        *("--candles", 600, "--pairs", "BTC/USDT"),
    )
    assert done.returncode == 1, done.stderr
    assert "identical: NO" in done.stdout
    assert "first difference: trades: trade 1 (BTC/USDT, opened 2024-" in done.stdout
    assert "enter_tag" in done.stdout


def test_exit_code_1_when_only_the_second_run_breaks(tmp_path):
    write_strategy(tmp_path, DIES_WITH_KERNELS)
    done = run_demo(
        *("--strategy", "Mine", "--strategy-path", tmp_path),
        *("--candles", 600, "--pairs", "BTC/USDT"),
    )
    assert done.returncode == 1, done.stderr
    assert "ended early" in done.stdout


def refusal(capsys, *arguments: object) -> str:
    """What the demo says when it ends with 2, without a word on standard output."""
    assert cli(["demo", *map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_a_folder_that_is_absent_is_refused(capsys, tmp_path):
    assert "datadir:" in refusal(capsys, "--datadir", tmp_path / "absent")
    assert "strategy_path:" in refusal(capsys, "--strategy-path", tmp_path / "absent")


def test_a_folder_in_use_is_not_written_to(capsys, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    assert "not an empty directory" in refusal(capsys, "--keep", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_strategy_is_refused(capsys):
    assert "'Nope' is none of TrendPullback" in refusal(capsys, "--strategy", "Nope")


def test_freqtrade_s_own_words_come_through(capsys, tmp_path):
    text = refusal(
        capsys,
        *("--strategy", "Nope", "--strategy-path", tmp_path),
        *("--candles", 300, "--pairs", "BTC/USDT"),
    )
    assert "Impossible to load Strategy 'Nope'" in text


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--pairs", "BTC"], "pair:"),
        (["--pairs", "BTC/USDT", "ETH/BTC"], "pairs:"),
        (["--pairs", "BTC/USDT:USDT"], "pairs:"),
        (["--candles", "0"], "candles:"),
        (["--timeframe", "7x"], "timeframe:"),
    ],
)
def test_a_market_that_cannot_be_made_is_refused(capsys, arguments, named):
    assert named in refusal(capsys, "--candles", "300", *arguments)


def test_what_is_not_in_the_data_directory_is_refused(capsys, managed, tmp_path):
    candles = managed.folder / "candles"
    text = refusal(capsys, "--datadir", candles, "--pairs", "FOO/USDT")
    assert "no 5m candles of FOO/USDT; there are BTC/USDT, PEPE/USDT, XRP/USDT" in text
    text = refusal(capsys, "--datadir", candles, "--trading-mode", "futures")
    assert "no futures candles" in text
    damaged = tmp_path / "candles"
    damaged.mkdir()
    whole = (candles / "BTC_USDT-5m.feather").read_bytes()
    (damaged / "BTC_USDT-5m.feather").write_bytes(whole[: len(whole) // 2])
    text = refusal(capsys, "--datadir", damaged)
    assert "BTC_USDT-5m.feather cannot be read" in text


def test_without_freqtrade_it_says_what_to_install():
    code = (
        "import sys; sys.modules['freqtrade'] = None; from freqkernels.cli import main; "
        "sys.exit(main(['demo']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'freqkernels[freqtrade]'" in done.stderr


def test_real_candles(shared_data):
    done = run_demo(
        *("--datadir", shared_data / "binance", "--pairs", "ETH/BTC", "LTC/BTC"),
        *("--timerange", "20180112-20180120", "--json"),
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["market"]["made_candles"] is None
    assert document["runs"]["alone"]["trades"] > 0


# The parts.


def test_the_table_is_readable_without_rich(capsys, monkeypatch, managed):
    alone = read_run(managed.folder / "alone")
    comparison = comparison_of(alone, alone)
    for name in [*filter(lambda name: name.partition(".")[0] == "rich", sys.modules), "rich"]:
        monkeypatch.setitem(sys.modules, name, None)
    print_comparison(comparison)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["stage,", "seconds", *f"{ALONE} {ACCELERATED} ratio".split()]
    for line, row in zip(lines[2:], stage_rows(comparison), strict=False):
        assert " ".join(line.split()) == " ".join(row)


def test_stage_times_add_up():
    announced: list[str] = []
    started = time.monotonic() - 5.0
    clock = StageClock(started, announced.append)
    for stage in ("start", "load", "start", "start", None):
        clock.enter(stage)
    assert announced == ["start", "load", "start"]
    assert clock.seconds["import"] >= 5.0
    assert sum(clock.seconds.values()) <= time.monotonic() - started


def test_peak_memory_grows_with_what_is_held():
    before = peak_memory()
    assert before is not None
    block = np.ones(max(0, before) // 8 + 4_000_000)
    after = peak_memory()
    assert after is not None
    assert after >= before + 16_000_000
    assert block[0] == 1.0


class Mode(Enum):
    SPOT = "spot"


def test_objects_are_captured_as_plain_values():
    trade = SimpleNamespace(pair="BTC/USDT", mode=Mode.SPOT, orders=[])
    trade.orders.append(SimpleNamespace(price=1.5, _trade_bt=trade, _sa_instance_state=object()))
    assert plain({"trades": (trade,)}) == {
        "trades": (
            {
                "class": "SimpleNamespace",
                "mode": "Mode.SPOT",
                "orders": [{"class": "SimpleNamespace", "price": 1.5}],
                "pair": "BTC/USDT",
            },
        )
    }
    with pytest.raises(FreqkernelsError, match="cannot capture a object"):
        plain([object()])


def test_only_times_of_the_run_are_masked():
    begun = datetime(2024, 6, 1, tzinfo=UTC).timestamp()
    candle, clock = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 1, 0, 0, 3, tzinfo=UTC)
    value = {
        "backtest_start_time": 5,
        "locks": [
            {"lock_time": candle, "lock_timestamp": candle.timestamp() * 1000},
            {"lock_time": clock, "lock_timestamp": clock.timestamp() * 1000},
            {"lock_time": "2024-06-01 00:00:03", "lock_end_time": clock},
            {"lock_time": "30m"},
        ],
    }
    assert masked(value, begun) == {
        "backtest_start_time": MASK,
        "locks": [
            {"lock_time": candle, "lock_timestamp": candle.timestamp() * 1000},
            {"lock_time": MASK, "lock_timestamp": MASK},
            {"lock_time": MASK, "lock_end_time": clock},
            {"lock_time": "30m"},
        ],
    }


def test_exports_are_read_under_names_without_the_time(tmp_path):
    stamp = "backtest-result-2024-06-01_10-11-12"
    text = '{"a":{"backtest_run_start_ts":17,"x":1.50},"lock_timestamp":5}'
    (tmp_path / ".last_result.json").write_text(f'{{"latest_backtest":"{stamp}.zip"}}')
    with zipfile.ZipFile(tmp_path / f"{stamp}.zip", "w") as archive:
        archive.writestr(f"{stamp}.json", text)
        archive.writestr(f"{stamp}_Mine.py", f"# {stamp}")
    assert read_exports(tmp_path, begun=1.7e9) == {
        ".last_result.json": b'{"latest_backtest":"backtest-result-TIME.zip"}',
        "backtest-result-TIME.zip/backtest-result-TIME.json": (
            b'{"a":{"backtest_run_start_ts":"<time of the run>","x":1.50},"lock_timestamp":5}'
        ),
        "backtest-result-TIME.zip/backtest-result-TIME_Mine.py": f"# {stamp}".encode(),
    }
    (tmp_path / f"{stamp}.zip").write_bytes(b"no archive")
    with pytest.raises(InvalidInputError, match="damaged"):
        read_exports(tmp_path, begun=1.7e9)


def test_files_that_differ_in_bytes_only_differ():
    assert file_difference("a.json", b'{"a":1.5}', b'{"a":1.5}') is None
    found = file_difference("a.json", b'{"a":1.5}', b'{"a":1.50}')
    assert found is not None
    assert (found.kind, found.path) == ("bytes", (8,))
    found = file_difference("a.json", b'{"a":[0.0]}', b'{"a":[-0.0]}')
    assert found is not None
    assert found.path == ("a", 0)


def test_a_damaged_capture_is_refused(tmp_path):
    (tmp_path / "run.pickle").write_bytes(b"nothing")
    with pytest.raises(InvalidInputError, match="path:"):
        load_run(tmp_path / "run.pickle")


def test_strategies_are_files_of_the_package():
    package = importlib.util.find_spec("freqkernels.bench.inputs")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).with_name("strategies")
    assert {path.name for path in folder.glob("*.py")} == {file for file, _ in STRATEGIES.values()}
