"""What users read: commands exist, code runs, links lead somewhere, figures are complete."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from freqtrade.commands import Arguments

from freqkernels.bench.figures import BEGIN, END, backtest_name
from freqkernels.bench.measured_costs import COSTS
from freqkernels.bench.measured_functions import FULL, cases
from freqkernels.bridge.objects.table import SWAPS
from freqkernels.cli import COMMANDS, parse_command, split_options

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
DEMO = "python3 -m pip install '.[freqtrade]' && freqkernels demo"
TESTS = "FREQKERNELS_REQUIRE_EXT=1 python3 -m pip install '.[test]' && python3 -m pytest"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

each_page = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])


def blocks(page: Path, language: str) -> list[str]:
    """Code blocks of a page in a language; "" for the command line."""
    found = BLOCK.findall(page.read_text("utf-8"))
    return [code for tag, code in found if tag == language]


def inline_code(page: Path) -> list[str]:
    """What stands in single backticks, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", BLOCK.sub("", page.read_text("utf-8")))


def own_commands(page: Path) -> Iterator[list[str]]:
    """Arguments of each call of ``freqkernels`` that a page shows."""
    lines = [line for block in blocks(page, "") for line in block.splitlines()]
    for line in [*lines, *inline_code(page)]:
        for command in line.split("&&"):
            text = command.strip().removeprefix("python -m ")
            if text.startswith("freqkernels ") and "COMMAND" not in text:
                yield shlex.split(text, comments=True)[1:]


def test_the_two_commands_come_first() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    first, second = BLOCK.findall(readme)[:2]
    assert first == ("", f"{DEMO}\n")
    assert second == ("", f"{TESTS}\n")
    assert f"<!-- test command -->\n```\n{TESTS}\n```\n<!-- /test command -->\n" in readme


def figures_block() -> list[str]:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert readme.count(BEGIN) == readme.count(END) == 1
    return readme.partition(BEGIN)[2].partition(END)[0].splitlines()


def row_of(start: str) -> list[str]:
    """Cells of the one row that begins like this."""
    found = [line for line in figures_block() if line.startswith(start)]
    assert len(found) == 1, start
    return [cell.strip() for cell in found[0].strip("|").split("|")]


@pytest.mark.parametrize("case", cases(FULL), ids=lambda case: f"{case.function}, {case.input}")
def test_every_function_has_its_figure(case: object) -> None:
    *_, theirs, ours, ratio = row_of(f"| `{case.function}` | {case.input} |")  # type: ignore[attr-defined]
    for cell in (theirs, ours, ratio.removesuffix("x")):
        assert float(cell.replace(",", "")) > 0


def test_backtest_and_costs_have_their_figures() -> None:
    assert f"A whole backtest: {backtest_name(FULL)}" in "\n".join(figures_block())
    for stage in ("import", "load", "convert + simulate", "total wall", "peak memory, MB"):
        assert re.fullmatch(r"\d+\.\dx", row_of(f"| {stage} |")[3])
    for name in COSTS:
        assert re.fullmatch(r"[\d,.]+ (s|ms|ns)", row_of(f"| {name} |")[1])


@each_page
def test_commands_and_their_options_exist(page: Path) -> None:
    for words in own_commands(page):
        if words[0] in COMMANDS:
            rest = getattr(parse_command(words[0], words[1:]), "rest", [])
            assert Arguments(["backtesting", *rest]).get_parsed_arg()["command"] == "backtesting"
        elif words != ["--version"] and words != ["--help"]:
            assert Arguments(split_options(words).argv).get_parsed_arg()["command"] == words[0]


def test_commands_are_found() -> None:
    names = {words[0] for page in PAGES for words in own_commands(page)}
    assert names >= {*COMMANDS, "backtesting", "hyperopt"}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, id=f"{page.name}-{number}")
        for page in PAGES
        for number, code in enumerate(blocks(page, "python"))
    ],
)
def test_python_code_runs(code: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


@each_page
def test_names_exist(page: Path) -> None:
    for dotted in re.findall(r"\bfreqkernels(?:\.\w+)+", "\n".join(inline_code(page))):
        value = importlib.import_module("freqkernels")
        for name in dotted.split(".")[1:]:
            if not hasattr(value, name):
                importlib.import_module(f"{value.__name__}.{name}")
            value = getattr(value, name)


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    for target in targets:
        if not target.startswith("https://"):
            assert (page.parent / target).is_file(), target


@each_page
def test_files_exist(page: Path) -> None:
    """Files of ours; what has no folder in front may be the user's."""
    for name in re.findall(r"[\w*.-]+(?:/[\w*.-]+)+\.\w+", "\n".join(inline_code(page))):
        places = (ROOT, ROOT / "python" / "freqkernels")
        assert any(list(place.glob(name.replace("NOUN", "*"))) for place in places), name


@each_page
def test_environment_variables_exist(page: Path) -> None:
    places = [*(ROOT / "python").rglob("*.py"), *ROOT.glob("tests/conftest.py")]
    places += [ROOT / "CMakeLists.txt", ROOT / "pyproject.toml"]
    sources = "\n".join(place.read_text("utf-8") for place in places)
    for name in re.findall(r"\bFREQKERNELS_[A-Z_]+", page.read_text("utf-8")):
        assert name in sources, name


@each_page
def test_no_paths_of_one_machine(page: Path) -> None:
    assert not re.findall(r"(?:^|[\s`(\"'])/(?:[a-z]+/)+", page.read_text("utf-8"))


def test_callbacks_name_every_faster_function() -> None:
    page = (ROOT / "docs" / "callbacks.md").read_text("utf-8")
    block = page.partition("<!-- swaps -->")[2].partition("<!-- /swaps -->")[0]
    named = re.findall(r"`([\w.]+)`", block)
    assert sorted(named) == sorted(swap.target.qualname for swap in SWAPS)


def test_checks_that_development_names_exist() -> None:
    page = ROOT / "docs" / "development.md"
    table = page.read_text("utf-8").partition("| session |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    sessions = re.findall(r"^def (\w+)\(session: nox.Session[,)]", _noxfile(), re.MULTILINE)
    assert named
    assert named <= set(sessions), named - set(sessions)


def _noxfile() -> str:
    return (ROOT / "noxfile.py").read_text("utf-8")


def test_navigation_lists_every_page() -> None:
    listed = re.findall(r"^  - .*: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert sorted(listed) == [page.name for page in PAGES if page.parent.name == "docs"]
