"""The generator of the README's figures: it measures what is identical, and nothing else."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from freqkernels.bench import figures
from freqkernels.bench.figures import BEGIN, END, write_block
from freqkernels.bench.measured_functions import (
    Case,
    Measured,
    NotIdenticalError,
    Sizes,
    cases,
    measure,
)
from freqkernels.bridge.originals import beside, freqtrade_function
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import refuse
from freqkernels.runtime.dispatch import accelerate

TINY = Sizes(40, 2, 300, 400, 2, rounds=1, backtests=1, processes=1)


@pytest.mark.parametrize("case", cases(TINY), ids=lambda case: f"{case.function}, {case.input}")
def test_each_case_is_identical_and_measured(case: Case) -> None:
    measured = measure(case, 2)
    assert (measured.function, measured.input) == (case.function, case.input)
    assert len(measured.freqtrade) == 2
    if case.functions()[1] is None:
        assert measured.ratio is None
    else:
        assert measured.ratio is not None
        assert measured.ratio > 0


def frame() -> pd.DataFrame:
    return pd.DataFrame({"close": [1.0, 2.0]})


def plus_zero(values: pd.DataFrame) -> pd.DataFrame:
    return values + 0.0


def plus_tiny(values: pd.DataFrame) -> pd.DataFrame:
    return values + 1e-15


def in_place(values: pd.DataFrame) -> pd.DataFrame:
    values["close"] += 1.0
    return values - 1.0


@accelerate(lambda values: refuse("not today"))
def refusing(values: pd.DataFrame) -> pd.DataFrame:
    return values + 0.0


@pytest.mark.parametrize(
    ("ours", "text"),
    [
        (plus_tiny, r"plus \(two rows\) differs: .*1\.000000000000001"),
        (in_place, r"plus \(two rows\) differs: .*\[1\]"),
        (refusing, r"plus \(two rows\) fell back: .*not today"),
    ],
)
def test_what_is_not_identical_is_not_timed(ours: object, text: str) -> None:
    case = Case("plus", "two rows", lambda: (plus_zero, ours), lambda: ((frame(),), {}))  # type: ignore[arg-type,return-value]
    with pytest.raises(NotIdenticalError, match=text):
        measure(case, 1)


def test_functions_left_to_freqtrade_have_no_ratio() -> None:
    case = Case("plus", "two rows", lambda: (plus_zero, None), lambda: ((frame(),), {}))
    measured = measure(case, 3)
    assert len(measured.freqtrade) == 3
    assert measured.ratio is None
    assert figures._function_row(measured)[3:] == ("left to freqtrade", "-")


@pytest.mark.parametrize(
    ("seconds", "milliseconds", "duration"),
    [
        (8.7124, "8,712", "8.71 s"),
        (0.0123, "12.3", "12.3 ms"),
        (0.000_456, "0.456", "0.456 ms"),
        (3.21e-7, "0.000", "321 ns"),
    ],
)
def test_numbers(seconds: float, milliseconds: str, duration: str) -> None:
    assert figures._milliseconds(seconds) == milliseconds
    assert figures._duration(seconds) == duration


def test_ratios() -> None:
    ratios = [Measured("f", "x", (theirs,), (1.0,)).ratio for theirs in (14_321.4, 23.4, 9.94, 0.5)]
    assert [figures._ratio(ratio) for ratio in ratios] == ["14,321x", "23x", "9.9x", "0.5x"]


def test_block_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_block(file, "new")
    write_block(file, "newer")
    assert file.read_text("utf-8") == f"before\n{BEGIN}\nnewer\n{END}\nafter\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "content",
    ["nothing", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"],
)
def test_block_without_its_markers_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInputError, match="once each"):
        write_block(file, "new")
    assert file.read_text("utf-8") == content


def test_figures_of_small_inputs_are_not_published(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        figures.main(["--quick", "--write", "README.md"])
    assert "not for publishing" in capsys.readouterr().err


def test_original_beside_an_installed_replacement() -> None:
    code = (
        "import freqkernels, freqtrade.data.metrics as held\n"
        "from freqkernels.bridge.originals import beside\n"
        "own = [held.calculate_market_change]\n"  # a bare name would be replaced, too
        "freqkernels.install()\n"
        "assert held.calculate_market_change is not own[0]\n"
        "assert beside('calculate_market_change').original is own[0]\n"
        "from freqkernels.bench.figures import main\n"
        "assert main(['--quick']) == 1\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "uninstall() it first" in done.stderr


def test_originals_by_name() -> None:
    assert freqtrade_function("freqtrade.data.metrics", "calculate_market_change") is (
        beside("calculate_market_change").original
    )
    with pytest.raises(InvalidInputError, match=r"name: expected one of .*trim_dataframe"):
        beside("nothing_of_ours")


def test_everything_in_one_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(figures, "FULL", dataclasses.replace(TINY, long_candles=1_500))
    readme, report = tmp_path / "README.md", tmp_path / "figures.json"
    readme.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    assert figures.main(["--write", str(readme), "--json", str(report)]) == 0
    text = readme.read_text("utf-8")
    assert text.count("| `get_tick_size_over_time` |") == 2
    assert "A whole backtest: 2 pairs x 1,500 candles of 5m" in text
    document = json.loads(report.read_text("utf-8"))
    assert [entry["identical"] for entry in document["backtests"]] == [True]
    assert len(document["functions"]) == len(cases(TINY))
    assert all(cost["seconds"] > 0 for cost in document["costs"])
