"""All checks, the same for people and for CI: ``nox -l`` lists them, ``.ci/run`` runs them all.

Sources are built in a copy that holds what a fresh clone would, so neither an old build folder
nor a forgotten file decides a result. One wheel is built once and is what every session installs
that does not build its own.
"""

from __future__ import annotations

import platform
import re
import shutil
import tarfile
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import nox

ROOT = Path(__file__).parent
DATA = ROOT.parent / "shared" / "data"
NO_DATA = "no real candles here"

RUFF = "ruff==0.17.6"
CYTHON_LINT = "cython-lint==0.22.0"
MYPY = ("mypy==2.4.1", "pandas-stubs>=2.2")
KERNEL_TESTS = ("numpy", "pandas", "pytest>=8", "hypothesis>=6.100")
FREQTRADE = "2026.9"
#: Whole processes with whole backtests, and what is said of them; the matrix runs one demo in
#: their place.
SLOW_TESTS = (
    *("tests/test_cli.py", "tests/test_compare.py", "tests/test_demo.py"),
    *("tests/test_engine_real.py", "tests/test_figures.py", "tests/test_followed_settings.py"),
    *("tests/test_hyperopt.py", "tests/test_layers.py", "tests/test_markets.py"),
    *("tests/test_readiness.py", "tests/test_readme.py", "tests/test_replay.py"),
    *("tests/test_rollout_cli.py", "tests/test_switched_off.py", "tests/test_webserver.py"),
)
#: The same, of which the newest Python and the oldest freqtrade have a part of their own.
PROCESS_TESTS = ("tests/test_self_check.py", "tests/test_status.py")
ANALYSIS_TESTS = ("tests/test_analysis.py", "tests/test_time_line.py")
#: For releases that the engine leaves alone: these would compare freqtrade with itself.
ENGINE_TESTS = (
    *("tests/test_fuzz.py", "tests/test_fuzz_callbacks.py"),
    *("tests/test_events.py", "tests/test_events_rules.py", "tests/test_workers.py"),
    *("tests/test_closed_trades.py", "tests/test_custom_data.py", "tests/test_exit_checks.py"),
    *("tests/test_object_swaps.py", "tests/test_order_swaps.py", "tests/test_trade_copies.py"),
    *("tests/test_swapped_backtests.py", "tests/test_trade_frame.py"),
    *("tests/test_trade_lookups.py", "tests/test_trade_swaps.py", "tests/test_report_lines.py"),
)
#: Tests of what knows neither freqtrade nor pandas; each Python runs them once.
PLAIN_TESTS = (
    *("tests/test_breaker.py", "tests/test_control.py", "tests/test_decisions.py"),
    *("tests/test_histogram.py", "tests/test_indicator_twins.py"),
    *("tests/test_indicators_exact.py", "tests/test_ledger.py", "tests/test_monitor.py"),
    *("tests/test_rollout.py", "tests/test_runtime_costs.py", "tests/test_settings_sources.py"),
    *("tests/test_shares.py", "tests/test_simulate_edges.py", "tests/test_simulate_twins.py"),
    *("tests/test_snapshots.py", "tests/test_surround.py", "tests/test_telemetry.py"),
    "tests/test_trend_kernels.py",
)
#: Tests of what knows pandas but not freqtrade; one release with the older pandas runs them.
PANDAS_TESTS = (
    *("tests/test_evidence.py", "tests/test_indicators.py", "tests/test_indicators_inputs.py"),
    *("tests/test_rolling_extremes.py", "tests/test_stream.py", "tests/test_trend.py"),
    "tests/test_trend_inputs.py",
)
_OF_RELEASES = SLOW_TESTS + PROCESS_TESTS + ENGINE_TESTS + PLAIN_TESTS
#: Python and freqtrade, beside the newest freqtrade on the oldest Python (session ``readme``), and
#: what is left out there.
VERSIONS = {
    ("3.12", FREQTRADE): SLOW_TESTS + PROCESS_TESTS + ANALYSIS_TESTS,
    ("3.13", FREQTRADE): SLOW_TESTS + ANALYSIS_TESTS,
    ("3.11", "2026.3"): _OF_RELEASES + ANALYSIS_TESTS + PANDAS_TESTS,
    ("3.11", "2025.9"): _OF_RELEASES,
}
#: Tests that call the kernels themselves, or functions that are little more.
DIRECT_TESTS = (
    *("tests/test_exact.py", "tests/test_exact_rounding.py", "tests/test_exact_trades.py"),
    *("tests/test_kernels.py", "tests/test_ledger.py", "tests/test_protections.py"),
    *("tests/test_simulate_edges.py", "tests/test_simulate_twins.py"),
    *("tests/test_trades.py", "tests/test_trade_stops.py", "tests/test_trend_kernels.py"),
)
FUSED = re.compile(r"\bvfn?m(?:add|sub)\w*\b|\bfn?m(?:add|sub|la|ls)\b")
#: Kernels that say fma where TA-Lib's definition does; their tests compare every bit.
SAYING_FMA = ("stream", "trend")

nox.options.envdir = ".nox"
nox.options.stop_on_first_error = True
nox.options.error_on_external_run = True


# ---- shared steps


def fresh_copy(session: nox.Session) -> Path:
    """A copy of all files that git tracks or would track."""
    copy = Path(session.create_tmp()) / "source"
    shutil.rmtree(copy, ignore_errors=True)
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = session.run(*command, external=True, silent=True, log=False)
    for name in str(listed).split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


def build_wheel(session: nox.Session, source: Path, *options: str) -> Path:
    """Build a wheel of a copy of the sources; without the extension it is an error."""
    target = Path(session.create_tmp()) / "wheel"
    shutil.rmtree(target, ignore_errors=True)
    session.run(
        *("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(target)),
        *(str(source), *options),
        env={"FREQKERNELS_REQUIRE_EXT": "1"},
        silent=True,
    )
    return only(target, "*.whl")


def only(folder: Path, pattern: str) -> Path:
    """The one file there."""
    found = list(folder.glob(pattern))
    assert len(found) == 1, f"expected one {pattern} in {folder}, found {found}"
    return found[0]


def shared_wheel(session: nox.Session) -> str:
    """The wheel that session ``wheel`` has built."""
    return str(only(Path(session.cache_dir) / "dist", "*.whl"))


def pytest_environment(session: nox.Session) -> tuple[dict[str, str], Path]:
    """Environment for pytest, and where it will report."""
    report = Path(session.create_tmp()) / "junit.xml"
    report.unlink(missing_ok=True)
    env = {"PYTEST_ADDOPTS": f"-p no:cacheprovider --junitxml={report}"}
    if DATA.is_dir():
        env["FREQKERNELS_TEST_DATA"] = str(DATA)
    return env, report


def refuse_skipped_tests(session: nox.Session, report: Path) -> None:
    """Fail for a skipped test; only where there are no real candles, theirs may be skipped."""
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 (our own report)
    skipped = [
        (str(case.get("name")), str(reason.get("message")))
        for case in cases
        for reason in case.iter("skipped")
        if reason.get("type") == "pytest.skip"  # not pytest.xfail
    ]
    refused = [
        f"{name}: {reason}"
        for name, reason in skipped
        if DATA.is_dir() or not reason.startswith(NO_DATA)
    ]
    if refused or not cases:
        session.error(f"{len(cases)} tests, skipped: {refused}")
    session.log(f"{len(cases)} tests passed, {len(skipped)} skipped")


def run_tests(session: nox.Session, *arguments: str) -> None:
    """pytest on what is installed; a skipped test is a failure."""
    env, report = pytest_environment(session)
    session.run("python", "-m", "pytest", "-q", *arguments, env=env)
    refuse_skipped_tests(session, report)


def readme_command(title: str) -> str:
    """The command in the README's code block after the mark ``<!-- title -->``."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(rf"<!-- {title} -->\s*```\w*\n(.*?)\n```", text, re.DOTALL)
    assert found, f"README.md has no code block after <!-- {title} -->"
    return found[1].strip()


# ---- sessions


@nox.session
def lint(session: nox.Session) -> None:
    """Style of Python and Cython."""
    session.install(RUFF, CYTHON_LINT)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("cython-lint", "kernels")


@nox.session(venv_backend="venv")
def wheel(session: nox.Session) -> None:
    """The sdist, and from it the wheel that other sessions install."""
    session.install("build", "abi3audit")
    dist = Path(session.cache_dir) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run(
        *("python", "-m", "build", "--outdir", str(dist), str(fresh_copy(session))),
        "-Ccmake.define.CMAKE_COMPILE_WARNING_AS_ERROR=ON",
        env={"FREQKERNELS_REQUIRE_EXT": "1"},
        silent=True,
    )
    check_sdist(only(dist, "*.tar.gz"))
    built = only(dist, "*.whl")
    check_wheel(built)
    session.run("abi3audit", "--strict", "--summary", str(built))


def check_sdist(sdist: Path) -> None:
    """Sources only: nothing that Cython or a compiler has made."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    generated = {name for name in names if re.search(r"\.(so|pyd|o|pyc)$|^build/", name)}
    generated |= {name for name in names if re.search(r"^(?!src/).*\.c$", name)}
    assert not generated, generated
    needed = {"LICENSE", "README.md", "CMakeLists.txt", "kernels/ohlcv.pyx", "src/fk_decimals.h"}
    assert needed <= names, needed - names


def check_wheel(built: Path) -> None:
    """One limited-API wheel with compiled kernels, without sources and tests."""
    assert "-cp311-abi3-" in built.name, built.name
    names = zipfile.ZipFile(built).namelist()
    compiled = {name for name in names if re.search(r"\.(so|pyd)$", name)}
    sources = {f"_kernels/{path.stem}" for path in ROOT.glob("kernels/*.pyx")}
    modules = {name.partition("/")[2].partition(".")[0] for name in compiled}
    assert modules == {*sources, "_kernels/_cyutility"}, compiled
    assert all(".abi3.so" in name or name.endswith(".pyd") for name in compiled), compiled
    assert not [name for name in names if name.endswith((".pyx", ".c", ".h"))]
    assert not [name for name in names if name.startswith("tests")]


@nox.session(venv_backend="venv")
def readme(session: nox.Session) -> None:
    """All tests, by the README's own command, in a fresh copy."""
    command = readme_command("test command")
    session.chdir(fresh_copy(session))
    env, report = pytest_environment(session)
    session.log(command)
    # Errors of pip still show; what it warns of is not about this project.
    session.run("bash", "-euc", command, env={**env, "PIP_QUIET": "2"}, external=True)
    refuse_skipped_tests(session, report)


@nox.session(requires=["wheel"])
def typing(session: nox.Session) -> None:
    """mypy on the sources, and the stubs against the compiled modules."""
    session.install(*MYPY, "nox", "pytest", shared_wheel(session))
    session.run("mypy")
    session.run("mypy", "noxfile.py", "tests/wheel_smoke.py", "tests/test_build.py")
    modules = [f"freqkernels._kernels.{path.stem}" for path in sorted(ROOT.glob("kernels/*.pyx"))]
    allowed = ("--allowlist", "tests/stubtest_allowed.txt")
    session.run("python", "-m", "mypy.stubtest", *allowed, *modules)


@nox.session(requires=["wheel"])
def wheel_smoke(session: nox.Session) -> None:
    """The wheel with nothing but what it requires: no freqtrade, no compiler."""
    session.install(shared_wheel(session))
    session.run("python", "tests/wheel_smoke.py")


@nox.session(requires=["wheel"])
@nox.parametrize("python,freqtrade", list(VERSIONS))
def versions(session: nox.Session, freqtrade: str) -> None:
    """The one wheel on other Pythons and with other releases of freqtrade."""
    session.install(f"{shared_wheel(session)}[test]", f"freqtrade[hyperopt]=={freqtrade}")
    run_tests(session, *(f"--ignore={name}" for name in VERSIONS[str(session.python), freqtrade]))
    arguments = ("--candles", "2500", "--strategy", "ManagedBreakout")
    session.run("python", "-m", "freqkernels", "demo", *arguments)


@nox.session
def nocompiler(session: nox.Session) -> None:
    """Without a compiler: a pure wheel on the reference twins that says so, or an error."""
    source, target = fresh_copy(session), Path(session.create_tmp()) / "wheel"
    shutil.rmtree(target, ignore_errors=True)
    build = ("python", "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(target), str(source))
    none = {"CC": "no-such-compiler", "CXX": "no-such-compiler"}
    required = {**none, "FREQKERNELS_REQUIRE_EXT": "1"}
    failure = session.run(*build, env=required, success_codes=[1], silent=True)
    assert "no-such-compiler" in str(failure), failure
    assert not target.exists() or not list(target.iterdir()), "a wheel without the extension"
    allowed = {**none, "FREQKERNELS_REQUIRE_EXT": None}
    session.run(*build, env=allowed, silent=True)
    pure = only(target, "*.whl")
    assert pure.name.endswith("-py3-none-any.whl"), pure.name
    session.install(str(pure))
    session.run("python", "tests/wheel_smoke.py", "reference")
    report = session.run("freqkernels", "doctor", success_codes=[1], silent=True)
    assert "Kernels run on the slow reference" in str(report), report


@nox.session
def noopenmp(session: nox.Session) -> None:
    """Built without OpenMP: the kernels run on one thread."""
    option = "-Ccmake.define.FREQKERNELS_OPENMP=OFF"
    session.install(str(build_wheel(session, fresh_copy(session), option)), *KERNEL_TESTS)
    report = session.run("freqkernels", "doctor", silent=True)
    assert "Built without OpenMP" in str(report), report
    session.run("python", "tests/wheel_smoke.py")
    run_tests(session, "tests/test_kernels.py")


@nox.session
def debug(session: nox.Session) -> None:
    """Built with checks of every index and every None: no test may trip one."""
    options = ("FREQKERNELS_DEBUG_CHECKS=ON", "CMAKE_COMPILE_WARNING_AS_ERROR=ON")
    defines = (f"-Ccmake.define.{option}" for option in options)
    built = build_wheel(session, fresh_copy(session), *defines)
    session.install(f"{built}[test]")
    trip = (
        "import numpy as np; from freqkernels._kernels import ohlcv\n"
        "long, short = np.ones(3), np.ones(2)\n"
        "try: ohlcv.row_maximum(short, short, short, short, long)\n"
        "except IndexError: print('the checks are there')\n"
        "else: raise SystemExit('built without the checks')"
    )
    session.run("python", "-c", trip)
    names = ("public", "replacements", "signals")
    run_tests(session, *DIRECT_TESTS, *(f"tests/test_{name}.py" for name in names))


@nox.session
def sanitizers(session: nox.Session) -> None:
    """Built by gcc with every access to memory and all arithmetic watched: nothing to report."""
    flags = "-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -g1"
    built = build_wheel(session, fresh_copy(session), f"-Ccmake.define.CMAKE_C_FLAGS={flags}")
    session.install(f"{built}[test]")
    library = session.run("cc", "-print-file-name=libasan.so", external=True, silent=True)
    # Python itself does not give back all of its memory in the end.
    session.env.update(LD_PRELOAD=str(library).strip(), ASAN_OPTIONS="detect_leaks=0")
    trip = (
        "import numpy as np; from freqkernels._kernels import ohlcv\n"
        "long, short = np.ones(3000), np.ones(2000)\n"
        "ohlcv.row_maximum(short, short, short, short, long)"
    )
    report = session.run("python", "-c", trip, success_codes=[1], silent=True)
    assert "heap-buffer-overflow" in str(report), f"built without sanitizers: {report}"
    # pytest's own handler of faults would hide what the sanitizers say.
    options = ("-p", "no:faulthandler", "--capture=no")
    run_tests(session, *options, *DIRECT_TESTS)
    scenarios = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/test_scenarios_*"))
    run_tests(session, *options, "-k", "test_as_installed and compiled", *scenarios)
    fuzz = ("--cases", "75", "--save", str(Path(session.create_tmp()) / "cases"))
    session.run("python", "-m", "freqkernels", "fuzz", *fuzz)


@nox.session
def contraction(session: nox.Session) -> None:
    """No fused multiply-add, even for a processor that has it: it would change the last bit.

    Every processor in reach of a plain x86-64 wheel lacks it, so this builds for one that has
    it; built the same way with contraction allowed, the kernels do have such instructions.
    """
    machine = platform.machine().lower()
    options = ["-Ccmake.define.CMAKE_C_FLAGS=-mfma"] if machine in ("x86_64", "amd64") else []
    source = fresh_copy(session)
    built = build_wheel(session, source, *options)
    fused = fused_instructions(session, built)
    assert not fused, f"fused instructions: {fused}"
    session.install(str(built), *KERNEL_TESTS)
    run_tests(session, "tests/test_kernels.py", "tests/test_trend_kernels.py")
    flags = source / "kernels" / "CMakeLists.txt"
    allowed = flags.read_text("utf-8").replace("-ffp-contract=off", "-ffp-contract=fast")
    flags.write_text(allowed, "utf-8")
    fused = fused_instructions(session, build_wheel(session, source, *options))
    assert fused, "contraction was allowed and nothing was contracted: this check sees nothing"
    session.log(f"with -ffp-contract=off: none; with it on: {fused}")


def fused_instructions(session: nox.Session, built: Path) -> dict[str, int]:
    """How many there are in each compiled module of a wheel that has any unasked."""
    folder = Path(session.create_tmp()) / "unpacked"
    shutil.rmtree(folder, ignore_errors=True)
    zipfile.ZipFile(built).extractall(folder)  # noqa: S202 (our own wheel)
    found = {}
    for module in sorted(folder.rglob("*.so")):
        command = ("objdump", "--disassemble", "--no-show-raw-insn", str(module))
        code = session.run(*command, external=True, silent=True, log=False)
        if module.name.partition(".")[0] not in SAYING_FMA:
            found[module.name] = len(FUSED.findall(str(code)))
    assert found, f"no compiled module in {built.name}"
    return {name: count for name, count in found.items() if count}


@nox.session(venv_backend="venv", requires=["wheel"], default=False)
def mutations(session: nox.Session) -> None:
    """Whether the tests notice when a rule of the engine is broken; takes an hour or two."""
    build = ("scikit-build-core>=1.1", "cython>=3.1", "cython-cmake>=0.3", "cmake", "ninja")
    session.install(f"{shared_wheel(session)}[test]", f"freqtrade=={FREQTRADE}", *build)
    session.run("python", "tools/mutations.py", *session.posargs)


@nox.session(requires=["wheel"])
def asv_quick(session: nox.Session) -> None:
    """Every benchmark once, parity checked before it runs; its times are not looked at."""
    session.install(shared_wheel(session), f"freqtrade=={FREQTRADE}", "asv>=0.6.4")
    session.chdir("asv_bench")
    env = {"HOME": session.create_tmp()}  # asv keeps the machine's description there
    session.run("asv", "machine", "--yes", env=env, silent=True)
    session.run("asv", "check", "-E", "existing", env=env)
    run = ("--python=same", "--quick", "--show-stderr")
    session.run("asv", "run", *run, env=env)
