"""Break one rule of the engine at a time and see whether a test notices.

``mutations.toml`` lists what is broken: a C file, a text that stands in it once, the text in its
place, and the rule that this breaks; under ``events`` those of backtests event by event, in Python
files, too. Each is tried in a copy of the project, never here::

    python tools/mutations.py                       # all of them; takes some hours
    python tools/mutations.py --only exit.h "ROI"   # those whose file or rule contains a text
    python tools/mutations.py --write docs/mutations.md

What cannot change anything has its reason in the table (``equivalent``) and must survive. Exit
code: 0 when all is as it should be, otherwise 1. For Linux; the environment needs what the project
is built and tested with.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import resource
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import tomllib
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = "tests/test_scenarios_*.py"
#: Other tests of the engine that need no freqtrade, or little of it.
DIRECT = ("tests/test_simulate*.py", "tests/test_protections.py")
#: What tests backtests event by event, besides random strategies with callbacks.
EVENTS = (
    *("tests/test_events*.py", "tests/test_trade_copies.py", "tests/test_trade_lookups.py"),
    *("tests/test_order_swaps.py", "tests/test_closed_trades.py", "tests/test_custom_data.py"),
    *("tests/test_object_swaps.py", "tests/test_trade_swaps.py", "tests/test_swapped_backtests.py"),
)
#: Random strategies of each kind.
CALLBACK_CASES = 6
#: A broken loop may never end, or collect results until the memory is full.
MOST_SECONDS, MOST_MEMORY = 1800, 6 << 30


@dataclass(frozen=True)
class Mutation:
    """One broken rule.

    :param rule: what freqtrade does and the broken engine does not.
    :param file: where, from the project's folder.
    :param old: text that stands there once.
    :param new: text in its place.
    :param equivalent: why nothing can notice, "" where something has to.
    :param by_events: whether it is one of backtests event by event.
    """

    rule: str
    file: str
    old: str
    new: str
    equivalent: str = ""
    by_events: bool = False


@dataclass(frozen=True)
class Finding:
    """What came of a mutation.

    :param noticed_by: the first test that failed, "" if none did.
    """

    mutation: Mutation
    noticed_by: str

    @property
    def is_wanted(self) -> bool:
        """Noticed, or explained why it is not."""
        return bool(self.noticed_by) != bool(self.mutation.equivalent)


def read_table(root: Path = ROOT) -> list[Mutation]:
    """The mutations; each text has to stand in its file exactly once."""
    table = tomllib.loads((root / "tools" / "mutations.toml").read_text("utf-8"))
    mutations = [Mutation(**entry) for entry in table["mutation"]]
    mutations += [Mutation(**entry, by_events=True) for entry in table["events"]]
    for mutation in mutations:
        count = (root / mutation.file).read_text("utf-8").count(mutation.old)
        if count != 1 or mutation.old == mutation.new:
            raise SystemExit(f"{mutation.rule}: {count} times in {mutation.file}: {mutation.old}")
    return mutations


# ---- the copy


def make_copy(folder: Path) -> None:
    """Copy what git tracks or would track, and build it."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in _checked(command, ROOT).split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    options = ("--quiet", "--no-deps", "--no-build-isolation", "-Cbuild-dir=build")
    wheel = (sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", "wheel", ".")
    _checked(wheel, folder, FREQKERNELS_REQUIRE_EXT="1")


def build(folder: Path) -> None:
    """Compile what has changed, and put it beside the Python files."""
    _checked(("cmake", "--build", "build"), folder)
    _checked(("cmake", "--install", "build", "--prefix", "python"), folder)


def _checked(command: Sequence[str], folder: Path, **env: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def run_copy(folder: Path, arguments: Sequence[str]) -> int:
    """This program in the copy, on the copy's package and the environment's others."""
    # Not the environment's own Python: an editable installation would come before the copy.
    python = getattr(sys, "_base_executable", sys.executable)
    places = [str(folder / "python"), str(folder / "tests"), *site.getsitepackages()]
    env = {"PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1"}
    command = (python, str(folder / "tools" / "mutations.py"), "--in-copy", *arguments)
    code = subprocess.run(command, cwd=folder, env={**os.environ, **env}).returncode
    if code < 0:
        print(f"ended by signal {-code}")
    return code


# ---- tests


def pytest_run(tests: Sequence[str], *options: str) -> str:
    """The first test that fails, "" if none does."""
    import pytest

    class Watch:
        failed = ""

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            self.failed = self.failed or (report.nodeid if report.failed else "")

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            self.failed = self.failed or (report.nodeid if report.failed else "")

    paths = [str(path) for pattern in tests for path in sorted(ROOT.glob(pattern))]
    watch = Watch()
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        pytest.main(["-q", "-x", "-p", "no:cacheprovider", *options, *paths], [watch])
    return watch.failed.removeprefix("tests/")


def fuzz() -> str:
    """The first random case of the test suite that differs, "" if none does."""
    from freqkernels.bench.fuzz.campaign import run_one
    from freqkernels.bridge.fuzz.generate.kinds import KINDS
    from test_fuzz import CASES, SEED

    for number in range(CASES // len(KINDS)):
        for kind in KINDS:
            if run_one(kind, SEED, number).difference:
                return f"test_fuzz.py::test_engines_agree[{kind}] (case {SEED}-{number})"
    return ""


def fuzz_callbacks() -> str:
    """The same of strategies with callbacks."""
    from freqkernels.bench.fuzz.campaign import run_one
    from freqkernels.bridge.fuzz.generate.kinds import CALLBACK_KINDS
    from test_fuzz_callbacks import SEED

    for number in range(CALLBACK_CASES):
        for kind in CALLBACK_KINDS:
            if run_one(kind, SEED, number).difference:
                return f"test_fuzz_callbacks.py::test_engines_agree[{kind}] (case {SEED}-{number})"
    return ""


def first_failure(by_events: bool) -> str:
    """What notices first; of tests with twins, the compiled one counts."""
    if by_events:
        return fuzz_callbacks() or pytest_run(EVENTS)
    return (
        pytest_run([SCENARIOS], "-k", "test_as_installed and compiled")
        or pytest_run(DIRECT)
        or fuzz()
    )


def in_a_child(by_events: bool) -> str:
    """The same in a process of its own, which loads the package as it is now."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgrp()
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        signal.alarm(MOST_SECONDS)
        try:
            os.write(writable, first_failure(by_events).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(3)
    os.close(writable)
    with os.fdopen(readable, "rb") as answer:
        noticed = answer.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code > 0:
        raise SystemExit("the tests themselves failed")
    if code < 0:
        noticed = "it never ends" if code == -signal.SIGALRM else f"it crashes (signal {-code})"
    return noticed


# ---- what is asked for


def try_one(mutation: Mutation) -> Finding:
    """Break the copy, test it, mend it."""
    path = ROOT / mutation.file
    whole = path.read_text("utf-8")
    path.write_text(whole.replace(mutation.old, mutation.new), "utf-8")
    try:
        build(ROOT)
        return Finding(mutation, in_a_child(mutation.by_events))
    finally:
        path.write_text(whole, "utf-8")


def try_all(mutations: Sequence[Mutation]) -> Iterator[Finding]:
    """Try them, in the copy.

    Those of events come first: children load all of the package then. For the others freqtrade's
    own side of all scenarios is run once before; the kernels are not loaded by it.
    """
    build(ROOT)
    importlib.import_module("freqtrade.optimize.backtesting")
    for by_events, unwanted in ((True, "freqkernels"), (False, "freqkernels._kernels.simulate")):
        chosen = [mutation for mutation in mutations if mutation.by_events == by_events]
        if not chosen:
            continue
        failed = "" if by_events else pytest_run([SCENARIOS], "-k", "test_as_written")
        failed = failed or in_a_child(by_events) or (unwanted if unwanted in sys.modules else "")
        if failed:
            raise SystemExit(f"before any mutation: {failed}")
        for mutation in chosen:
            finding = try_one(mutation)
            mark = "" if finding.is_wanted else "WRONG "
            print(f"{mark}{mutation.rule}: {finding.noticed_by or 'survived'}", flush=True)
            yield finding


def row(finding: Finding) -> str:
    """What was broken and what noticed it."""
    mutation = finding.mutation
    seen = f"`{finding.noticed_by}`" if finding.noticed_by else "**nothing**"
    if mutation.equivalent and not finding.noticed_by:
        seen = f"nothing can: {mutation.equivalent}"
    return f"{_row_start(mutation)}{seen} |"


def _row_start(mutation: Mutation) -> str:
    return f"| {mutation.rule} | `{Path(mutation.file).name}` | "


def write(page: Path, finding: Finding) -> None:
    """Put a finding into the table of a page, in place of an earlier one of the same rule."""
    head, mark, tail = page.read_text("utf-8").partition("<!-- findings -->\n")
    rows = [*tail.splitlines(), row(finding)]
    mutations = read_table()
    lines = ["| broken rule | file | noticed by |", "| --- | --- | --- |"]
    for mutation in mutations:
        lines += [line for line in rows if line.startswith(_row_start(mutation))][-1:]
    done = f"Of the {len(mutations)} rules of the table {len(lines) - 2} have been broken so far."
    page.write_text("\n".join([f"{head}{mark}{lines[0]}", *lines[1:], "", done, ""]), "utf-8")


def main() -> int:
    """Try what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[""], help="a text in the rule or the file")
    parser.add_argument("--begin", type=int, default=1, help="number of the first one of these")
    parser.add_argument("--write", type=Path, help="a page with a table of findings")
    parser.add_argument("--in-copy", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.in_copy:
        read_table()
        where = ["--write", str(args.write.resolve())] if args.write else []
        with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
            make_copy(Path(folder))
            return run_copy(
                Path(folder), [*where, "--begin", str(args.begin), "--only", *args.only]
            )
    chosen = [
        mutation
        for mutation in read_table()
        if any(text in f"{mutation.file} {mutation.rule}" for text in args.only)
    ]
    findings = []
    for finding in try_all(chosen[args.begin - 1 :]):
        findings.append(finding)
        if args.write:
            write(args.write, finding)
    wrong = [finding for finding in findings if not finding.is_wanted]
    print(f"{len(findings)} mutations, {len(wrong)} not as they should be")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
