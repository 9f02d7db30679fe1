"""``freqkernels compare`` in real processes: the same, different, broken, another release."""

from __future__ import annotations

import copy
import dataclasses
import io
import itertools
import json
import os
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

from freqkernels.bench.across import neutral, restored, shared
from freqkernels.bench.candles_around import selected
from freqkernels.bench.compare_engines import Request, compare_engines
from freqkernels.bench.compare_runs import compare, compare_releases
from freqkernels.bench.environments import (
    EnvironmentFailedError,
    environment_folder,
    environment_python,
)
from freqkernels.bench.exports import file_difference
from freqkernels.bench.releases import STEPS, expected_differences
from freqkernels.bench.run_process import FinishedRun, read_run
from freqkernels.cli import parse_command
from freqkernels.data.datadir import write_datadir
from freqkernels.data.market_spec import MarketSpec
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.runtime.places import CACHE_VARIABLE, cache_directory

PAIRS = ["BTC/USDT:USDT", "XRP/USDT:USDT"]
STRATEGY = """
import time

from freqtrade.strategy import IStrategy


class NAME(IStrategy):
    timeframe = "15m"
    can_short = True
    minimal_roi = {"0": 0.01}
    stoploss = -0.03

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe.index % 40 == 3, "enter_long"] = 1
        dataframe.loc[dataframe.index % 40 == 23, "enter_short"] = 1
        dataframe["enter_tag"] = TAG
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe.index % 40 == 19, ["exit_long", "exit_short"]] = 1
        return dataframe
"""


def run(
    workspace: Path, *arguments: object, **environment: str
) -> subprocess.CompletedProcess[str]:
    """``freqkernels compare`` with the paths of a user who stands in his own directory."""
    command = [sys.executable, "-m", "freqkernels", "compare", "-c", "config.json"]
    command += ["--offline-markets", "auto", "--datadir", "data", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=workspace,
        env=os.environ | {"COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Futures candles, a configuration, and strategies: two that repeat themselves, one not."""
    root = tmp_path_factory.mktemp("workspace")
    spec = MarketSpec(timeframe="5m", candles=1_500)
    write_datadir(root / "data", PAIRS, spec, informative=("15m", "1h"))
    strategies = root / "user_data" / "strategies"
    strategies.mkdir(parents=True)
    for name, tag in (("First", "'a'"), ("Second", "None"), ("Clock", "str(time.time_ns())")):
        source = STRATEGY.replace("NAME", name).replace("TAG", tag)
        (strategies / f"{name.lower()}.py").write_text(source)
    pricing = {"price_side": "same", "use_order_book": True, "order_book_top": 1}
    config = {
        "dry_run": True,
        "dry_run_wallet": 1_000,
        "stake_currency": "USDT",
        "stake_amount": "unlimited",
        "max_open_trades": 1,
        "trading_mode": "futures",
        "margin_mode": "isolated",
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "exchange": {"name": "binance", "pair_whitelist": PAIRS},
        "pairlists": [{"method": "StaticPairList"}],
    }
    (root / "config.json").write_text(json.dumps(config))
    return root


@pytest.fixture(scope="module")
def same(workspace: Path) -> SimpleNamespace:
    """Two strategies, details, signals: the JSON document and what was kept."""
    done = run(
        workspace,
        *("--strategy-list", "First", "Second", "--timeframe", "15m", "--timeframe-detail", "5m"),
        *("--export", "signals", "--cache", "week", "--keep", "kept", "--json"),
    )
    assert done.returncode == 0, done.stderr
    return SimpleNamespace(document=json.loads(done.stdout), folder=workspace / "kept")


def test_the_runs_are_identical_and_all_was_compared(same: SimpleNamespace) -> None:
    document = same.document
    assert document["identical"] is True
    assert document["first_difference"] is None
    assert document["candles"] == document["left_out"] == []
    archive = "file backtest-result-TIME.zip/backtest-result-TIME"
    each = ("trades", "trade and order objects", "counters, balance, run id", "locks")
    expected = {f"{name}: {part}" for name in ("First", "Second") for part in each}
    expected |= {f"{name}: wallet summary" for name in ("First", "Second")}
    expected |= {"strategies", "numbers of trades and orders", "statistics", "exit code"}
    expected |= {"lines of the printed tables", "names of the exported files"}
    expected |= {"file .last_result.json", "file backtest-result-TIME.meta.json"}
    expected |= {f"{archive}_{name}.py" for name in ("First", "Second")}
    expected |= {f"{archive}_{name}_wallet.feather" for name in ("First", "Second")}
    expected |= {f"{archive}_{name}.pkl" for name in ("signals", "rejected", "exited")}
    expected |= {f"{archive}.json", f"{archive}_config.json", f"{archive}_market_change.feather"}
    assert {part["what"] for part in document["compared"]} == expected
    assert all(part["identical"] for part in document["compared"])


def test_the_document_says_what_ran(same: SimpleNamespace) -> None:
    document = same.document
    assert document["strategy"] == "First, Second"
    market = document["market"]
    assert market["pairs"] == PAIRS
    assert (market["timeframe"], market["timeframe_detail"]) == ("15m", "5m")
    assert market["trading_mode"] == "futures"
    alone, accelerated = document["runs"]["alone"], document["runs"]["accelerated"]
    assert alone["name"] == "freqtrade alone"
    assert accelerated["name"] == "with freqkernels"
    assert alone["trades"] == accelerated["trades"] >= 20
    for side in (alone, accelerated):
        assert side["total_seconds"] > side["seconds"]["simulate"] > 0
        assert side["peak_memory_bytes"] > 50e6
        assert side["versions"]["freqtrade"] == version("freqtrade")
    functions = {entry["name"]: entry for entry in document["functions"]}
    assert functions["get_tick_size_over_time"]["state"] == "replaced"
    assert all(entry["state"] == "replaced" or entry["reason"] for entry in functions.values())
    assert document["backend"] == "auto"
    assert isinstance(document["events"], list)


def test_nothing_is_written_to_the_user_directory(workspace: Path, same: SimpleNamespace) -> None:
    assert not list((workspace / "user_data").rglob("*.zip"))
    assert len(list(same.folder.rglob("*.zip"))) == 2


# Results that differ: the kept ones, with one value changed.


def both(same: SimpleNamespace) -> tuple[FinishedRun, FinishedRun]:
    left = read_run(same.folder / "alone")
    return left, copy.deepcopy(read_run(same.folder / "accelerated"))


def different(left: FinishedRun, right: FinishedRun) -> list[Any]:
    return [part for part in compare(left, right) if part.difference is not None]


def test_the_second_strategy_counts_too(same: SimpleNamespace) -> None:
    left, right = both(same)
    assert different(left, right) == []
    trades = right.run.contents["Second"]["results"]
    trades.loc[2, "close_rate"] = np.nextafter(trades.loc[2, "close_rate"], 0)
    (part,) = different(left, right)
    assert (part.name, part.strategy) == ("Second: trades", "Second")
    assert part.difference.path == (2, "close_rate")


def test_an_order_counts_too(same: SimpleNamespace) -> None:
    left, right = both(same)
    right.run.trades["First"][4]["orders"][1]["ft_price"] += 1.0
    (part,) = different(left, right)
    assert part.name == "First: trade and order objects"
    assert part.difference.path == (4, "orders", 1, "ft_price")


def test_a_missing_trade_is_named(same: SimpleNamespace) -> None:
    left, right = both(same)
    trades = right.run.contents["First"]["results"]
    right.run.contents["First"]["results"] = trades.iloc[:-1].copy()
    (part,) = different(left, right)
    assert part.difference.path == (len(trades) - 1,)
    assert part.difference.left["pair"] == trades["pair"].iloc[-1]
    assert part.difference.right == "no such trade"


def test_the_first_trade_that_differs_comes_before_the_number(same: SimpleNamespace) -> None:
    left, right = both(same)
    trades = right.run.contents["First"]["results"].iloc[:-1].copy()
    trades.loc[1, "stake_amount"] += 1.0
    right.run.contents["First"]["results"] = trades
    (part,) = different(left, right)
    assert part.difference.path == (1, "stake_amount")


def test_a_strategy_without_a_wallet_summary_is_seen(same: SimpleNamespace) -> None:
    left, right = both(same)
    del right.run.contents["First"]["wallet_summary"]
    (part,) = different(left, right)
    assert part.name == "First: wallet summary"
    assert part.difference.kind == "keys"


def test_a_lost_strategy_is_seen(same: SimpleNamespace) -> None:
    left, right = both(same)
    del right.run.contents["Second"]
    assert different(left, right)[0].name == "strategies"


def test_pickles_are_compared_by_what_they_hold() -> None:
    def pickled(value: Any) -> bytes:
        buffer = io.BytesIO()
        joblib.dump(value, buffer)
        return buffer.getvalue()

    text = "".join(["BTC", "/USDT"])
    frame = pd.DataFrame({"close": [1.0, 2.0]})
    once, twice = pickled([text, text, frame]), pickled([text, "BTC" + text[3:], frame])
    assert once != twice
    assert file_difference("a.pkl", once, twice) is None
    found = file_difference("a.pkl", once, pickled([text, text, frame * 2]))
    assert found is not None
    assert found.path == (2, 0, "close")


def test_exit_code_1_and_the_candles_when_results_differ(workspace: Path) -> None:
    done = run(workspace, "--strategy", "Clock", "--timerange", "20240120-20240122")
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert "identical: NO" in lines
    at = next(i for i, line in enumerate(lines) if line.startswith("first difference"))
    assert lines[at].startswith("first difference: trades: trade 1 (")
    assert lines[at].endswith(", enter_tag")
    values = [line.split("'")[1] for line in lines[at + 1 : at + 3]]
    assert values[0] != values[1]
    assert "candles around it" in lines[at + 3]
    assert lines[at + 4].split()[:6] == ["date", "open", "high", "low", "close", "volume"]
    candles = [line for line in lines[at + 5 :] if " 2024-01-2" in line]
    assert 6 <= len(candles) <= 10
    assert sum(line.strip().startswith("*") for line in candles) == 2
    assert "  DIFFERENT trades (" in done.stdout


def test_exit_code_2_and_freqtrades_words_when_a_run_fails(workspace: Path) -> None:
    done = run(workspace, "--strategy", "Nope", "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "freqtrade alone: there is no result" in done.stderr
    assert "Impossible to load Strategy 'Nope'" in done.stderr


def test_arguments_are_freqtrades_but_for_ours() -> None:
    args = parse_command(
        "compare",
        ["-c", "a.json", "--json", "-p", "A/B", "C/D", "--plain", "--cache", "none", "--fee", "0"],
    )
    assert args.json
    assert args.plain
    assert args.rest == ["-c", "a.json", "-p", "A/B", "C/D", "--cache", "none", "--fee", "0"]
    assert parse_command("compare", ["--js"]).rest == ["--js"]


@pytest.mark.parametrize("option", ["--export-filename=x", "--backtest-directory"])
def test_where_exports_go_is_not_for_the_user(option: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="leave out --"):
        compare_engines(Request([option]), tmp_path, lambda text: None)


# Another release.


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    return tmp_path


def test_a_release_in_an_environment_without_freqkernels(workspace: Path, cache: Path) -> None:
    """The environment is one that was kept; what it has is what is installed here."""
    release = version("freqtrade")
    folder = environment_folder(release)
    assert folder.is_relative_to(cache)
    venv.create(folder, symlinks=True)
    (site,) = folder.rglob("site-packages")
    here = Path(sysconfig.get_paths()["purelib"])
    for entry in here.iterdir():
        if "freqkernels" not in entry.name:
            (site / entry.name).symlink_to(entry)
    done = run(
        workspace,
        *("--strategy", "First", "--against-version", release, "--json"),
        **{CACHE_VARIABLE: str(cache)},
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    alone, accelerated = document["runs"]["alone"], document["runs"]["accelerated"]
    assert alone["name"] == f"freqtrade {release} alone"
    assert "freqkernels" not in alone["versions"]
    assert "freqkernels" in accelerated["versions"]
    assert alone["trades"] == accelerated["trades"] >= 10
    assert any("expected between" in note for note in document["market"]["notes"])
    assert "trades" in {part["what"] for part in document["compared"]}


def test_without_a_network_it_says_so(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(EnvironmentFailedError, match=r"freqtrade 2026\.3 cannot be installed"):
        environment_python("2026.3", lambda text: None)
    assert list((cache / "environments").iterdir()) == []


def test_what_is_no_version_is_refused(cache: Path) -> None:
    for text in ("", "latest", "2026", "../2026.3", "2026.3 ccxt"):
        with pytest.raises(InvalidInputError, match="against_version:"):
            environment_folder(text)


def test_the_cache_is_where_the_platform_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    assert "freqkernels" in cache_directory().parts
    monkeypatch.setenv(CACHE_VARIABLE, "~/mine")
    assert cache_directory() == Path.home() / "mine"


def test_expected_differences_follow_one_another() -> None:
    for step, following in itertools.pairwise(STEPS):
        assert step.after == following.before
    notes = expected_differences("2025.9", "2026.9")
    assert [note.split()[1] for note in notes] == ["2025.9", "2026.3", "2026.6"]
    assert notes == expected_differences("2026.9", "2025.9")
    assert "funding fees" in expected_differences("2026.6", "2026.9")[0]
    assert "before 2025.3" in "".join(expected_differences("2024.1", "2025.9"))
    assert "after 2026.9" in "".join(expected_differences("2026.9", "2027.1"))
    assert "one release" in expected_differences("2026.3", "2026.3")[0]


def test_frames_survive_as_plain_values() -> None:
    frame = pd.DataFrame(
        {
            "when": pd.to_datetime(["2024-01-20 10:00", None], utc=True),
            "price": [-0.0, np.nan],
            "tag": pd.Series(["a", None], dtype="str"),
            "orders": [[{"amount": np.float64(0.1)}], []],
        }
    )
    made = neutral({"frame": frame, "count": np.int64(3), "path": Path("a")})
    back = restored(made)
    assert (back["count"], back["path"]) == (3, "a")
    row = back["frame"].iloc[0].to_dict()
    assert row["when"].isoformat() == "2024-01-20T10:00:00+00:00"
    assert str(row["price"]) == "-0.0"
    assert row["orders"] == [{"amount": 0.1}]
    assert back["frame"].iloc[1].to_dict()["tag"] is None


def test_only_what_both_have_is_compared(same: SimpleNamespace) -> None:
    left, right = both(same)
    for finished in (left, right):
        captured = restored(neutral(finished.run.contents))
        finished.run.contents.update(captured)
    trades = right.run.contents["First"]["results"]
    right.run.contents["First"]["results"] = trades.assign(more=1)
    del left.run.contents["Second"]["wallet_summary"]
    files = {name: data for name, data in right.files.items() if not name.endswith("First.py")}
    parts, left_out = compare_releases(left, dataclasses.replace(right, files=files))
    assert [part.name for part in parts if part.difference is not None] == []
    assert "+First: trades['more']" in left_out
    assert "+Second: wallet summary" in left_out
    assert "-file backtest-result-TIME.zip/backtest-result-TIME_First.py" in left_out


def test_a_number_may_be_whole_in_one_release_only() -> None:
    left_out: list[str] = []
    pair = shared({"a": 1, "b": [True]}, {"a": 1.0, "b": [1]}, left_out)
    found = first_difference(*pair)
    assert found is not None
    assert (found.path, left_out) == (("b", 0), [])


def test_candles_at_the_edges_of_the_data() -> None:
    dates = pd.date_range("2024-01-01", periods=6, freq="15min", tz="UTC")
    candles = pd.DataFrame({"date": dates, "open": 1.0, "enter_long": [1, None] * 3})
    rows = selected(candles, [dates[0], dates[5] + pd.Timedelta(minutes=5)])
    assert [row["date"] for row in rows] == [str(date) for date in dates]
    assert [row["traded"] for row in rows] == [True, False, False, False, False, True]
    assert rows[1]["enter_long"] is None
