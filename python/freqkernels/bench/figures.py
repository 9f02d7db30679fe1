"""The figures of the README, measured in one run beside the installed freqtrade.

::

    python -m freqkernels.bench.figures [--write README.md] [--json FILE] [--quick]

Nothing is timed before its result has been found identical to freqtrade's, to the last bit.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from freqkernels import runtime
from freqkernels.bench.compare_runs import ACCELERATED, ALONE, Comparison, compare_runs
from freqkernels.bench.inputs import Choices, Say, prepare
from freqkernels.bench.measured_costs import Cost, measure_costs
from freqkernels.bench.measured_functions import (
    FULL,
    QUICK,
    TIMEFRAME,
    Measured,
    NotIdenticalError,
    Sizes,
    cases,
    measure,
)
from freqkernels.bench.report import as_dict, memory_row, stage_rows, trades_row
from freqkernels.bridge.install import is_installed
from freqkernels.data.market_spec import pair_names
from freqkernels.errors import FreqkernelsError, InvalidInputError

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
_PACKAGES = ("freqkernels", "freqtrade", "pandas", "numpy")


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was measured.

    :param sizes: how much.
    :param functions: each function beside freqtrade's.
    :param backtests: comparisons of a whole backtest.
    :param costs: what having freqkernels costs.
    """

    sizes: Sizes
    functions: list[Measured]
    backtests: list[Comparison]
    costs: list[Cost]

    @property
    def backtest(self) -> Comparison:
        """The comparison whose total ratio is in the middle; stages of one run add up."""
        ordered = sorted(self.backtests, key=_total_ratio)
        return ordered[len(ordered) // 2]


def _total_ratio(comparison: Comparison) -> float:
    runs = as_dict(comparison)["runs"]
    ratio: float = runs["alone"]["total_seconds"] / runs["accelerated"]["total_seconds"]
    return ratio


def measure_all(sizes: Sizes, say: Say) -> Figures:
    """Measure everything.

    :param sizes: how much.
    :param say: called with what is being measured.
    :raise NotIdenticalError: if a result differs from freqtrade's.
    :raise FreqkernelsError: if the kernels are installed, or freqtrade cannot be run.
    """
    if is_installed():
        raise FreqkernelsError("freqkernels is installed in this process: uninstall() it first")
    say("importing and installing")
    costs = measure_costs(sizes.processes)
    functions = []
    for case in cases(sizes):
        say(f"{case.function}: {case.input}")
        functions.append(measure(case, sizes.rounds))
    backtests = [_backtest(sizes, say) for _ in range(sizes.backtests)]
    return Figures(sizes, functions, backtests, costs)


def _backtest(sizes: Sizes, say: Say) -> Comparison:
    with tempfile.TemporaryDirectory(prefix="freqkernels-figures-") as name:
        pairs = tuple(pair_names(sizes.backtest_pairs))
        choices = Choices(pairs=pairs, timeframe=TIMEFRAME, candles=sizes.long_candles)
        comparison = compare_runs(prepare(choices, Path(name).resolve(), say), say)
    if comparison.first is not None:
        raise NotIdenticalError(
            f"the backtest differs: {comparison.first.name}: {comparison.first.difference}"
        )
    return comparison


def markdown(figures: Figures) -> str:
    """The block of the README, without its markers."""
    return "\n".join(
        [
            _provenance(figures),
            "",
            *_table(
                ("function", "input", "freqtrade, ms", "freqkernels, ms", "ratio"),
                [_function_row(measured) for measured in figures.functions],
            ),
            "",
            f"A whole backtest: {backtest_name(figures.sizes)}, strategy "
            f"`{figures.backtest.inputs.strategy}`, results identical.",
            "",
            *_table(
                ("stage, seconds", ALONE, ACCELERATED, "ratio"),
                [
                    *stage_rows(figures.backtest),
                    memory_row(figures.backtest),
                    trades_row(figures.backtest),
                ],
            ),
            "",
            _summary(figures.backtest),
            "",
            "What it costs:",
            "",
            *_table(("", "time"), [(cost.name, _duration(cost.seconds)) for cost in figures.costs]),
        ]
    )


def backtest_name(sizes: Sizes) -> str:
    """The backtest in words."""
    return f"{sizes.backtest_pairs} pairs x {sizes.long_candles:,} candles of {TIMEFRAME}"


def _provenance(figures: Figures) -> str:
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return (
        f"Measured by `python -m freqkernels.bench.figures`: {versions}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} processors, {runtime.num_threads()} thread(s). Each result was compared "
        f"to the last bit before it was timed. Best of {figures.sizes.rounds} alternating rounds; "
        f"of {figures.sizes.backtests} backtests the one with the middle ratio."
    )


def _summary(backtest: Comparison) -> str:
    ratios = {title: ratio for title, *_, ratio in stage_rows(backtest)}
    return (
        f"The simulation is {ratios['convert + simulate']} as fast, loading {ratios['load']}, the "
        f"whole backtest {ratios['total wall']}. Imports take both the same time, however much "
        "data there is."
    )


def _function_row(measured: Measured) -> tuple[str, ...]:
    ours = _milliseconds(min(measured.ours)) if measured.ours else "left to freqtrade"
    return (
        f"`{measured.function}`",
        measured.input,
        _milliseconds(min(measured.freqtrade)),
        ours,
        _ratio(measured.ratio),
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    numbers = ("freqtrade", "freqkernels", "ratio", "time", ALONE, ACCELERATED)
    rule = ["---:" if name.startswith(numbers) else "---" for name in header]
    return ["| " + " | ".join(cells) + " |" for cells in (header, rule, *rows)]


def _milliseconds(seconds: float) -> str:
    return _significant(seconds * 1e3)


def _duration(seconds: float) -> str:
    """With the unit that suits it."""
    unit, factor = next(
        (unit, factor)
        for unit, factor in (("s", 1), ("ms", 1e3), ("ns", 1e9))
        if seconds > 0.2 / factor
    )
    return f"{_significant(seconds * factor)} {unit}"


def _significant(value: float) -> str:
    """Three digits, and never fewer than all before the point."""
    decimals = next((n for n, limit in enumerate((100, 10, 1)) if value >= limit), 3)
    return f"{value:,.{decimals}f}"


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio:,.0f}x" if ratio >= 10 else f"{ratio:.1f}x"


def as_json(figures: Figures) -> dict[str, Any]:
    """All that was measured, in values that JSON can hold."""
    return {
        "sizes": dataclasses.asdict(figures.sizes),
        "versions": {package: version(package) for package in _PACKAGES},
        "functions": [
            {**dataclasses.asdict(measured), "ratio": measured.ratio}
            for measured in figures.functions
        ],
        "backtests": [as_dict(comparison) for comparison in figures.backtests],
        "costs": [dataclasses.asdict(cost) for cost in figures.costs],
    }


def write_block(path: Path, text: str) -> None:
    """Put a text between the markers of a file.

    :raise InvalidInputError: if the file does not have both markers, in their order, once.
    """
    content = path.read_text(encoding="utf-8")
    before, begin, rest = content.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in old + after or END in before + after:
        raise InvalidInputError(f"write: {path} does not have {BEGIN} and {END} once each")
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    temporary.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the tables, and write what was asked for.

    :param arguments: command line, that of the process if absent.
    :return: exit code; 1 if something differs from freqtrade or cannot be measured.
    """
    parser = argparse.ArgumentParser(prog="python -m freqkernels.bench.figures")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help=f"file with the markers {BEGIN} and {END}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="everything measured")
    parser.add_argument("--quick", action="store_true", help="small inputs, to try it out")
    options = parser.parse_args(arguments)
    if options.write and options.quick:
        parser.error("figures of small inputs are not for publishing: leave out --quick or --write")
    try:
        figures = measure_all(
            QUICK if options.quick else FULL,
            lambda text: print(text, file=sys.stderr, flush=True),
        )
        print(markdown(figures))
        if options.json:
            options.json.write_text(json.dumps(as_json(figures), indent=1), encoding="utf-8")
        if options.write:
            write_block(options.write, markdown(figures))
    except FreqkernelsError as error:
        print(f"figures: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
