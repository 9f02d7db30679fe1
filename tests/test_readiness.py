"""The check of a phase: real calls and processes, and what happens when something is wrong."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from freqkernels import metrics, ohlcv
from freqkernels.bench import readiness, resources
from freqkernels.bench.inputs import everything_on
from freqkernels.bench.readiness import Part, check, resource, smoke
from freqkernels.bench.readiness_cases import TWINS, cases_of
from freqkernels.bench.readiness_identity import compare_phase
from freqkernels.bridge import replace
from freqkernels.bridge.originals import beside
from freqkernels.bridge.targets import TARGETS
from freqkernels.catalogue import ENTRIES, PHASES
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import refuse
from freqkernels.runtime.decisions import switches
from freqkernels.runtime.rollout import RolloutLog

CALLED = PHASES[:-1]


def silent(_: str) -> None:
    """Progress that nobody sees."""


@pytest.fixture
def anew() -> Iterator[None]:
    """Replacements and certificates are made when they are asked for, and forgotten."""
    beside.cache_clear()
    replace.certificate.cache_clear()
    yield
    beside.cache_clear()
    replace.certificate.cache_clear()


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of one test."""
    monkeypatch.setenv("FREQKERNELS_STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


def targets_of(phase: str) -> list[str]:
    return [target.name for target in TARGETS if ENTRIES[target.name].phase == phase]


@pytest.mark.parametrize("phase", CALLED)
def test_everything_of_a_phase_is_called_and_the_same(phase: str) -> None:
    found = compare_phase(phase)
    assert found.findings == []
    told = {note.split()[0] for note in found.notes}
    assert told | set(found.names) >= set(targets_of(phase))
    certified = {target.name for target in TARGETS if replace.certificate(target).support}
    assert all("fell back" in note for note in found.notes if note.split()[0] in certified)


@pytest.mark.parametrize("twins", TWINS, ids=lambda twins: twins.kernel)
def test_a_call_runs_its_kernel(twins: Any) -> None:
    from freqkernels.bench.readiness_cases import candles

    before = {one.name: one.counters.values().calls for one in switches()}
    twins.call(candles())
    after = {one.name: one.counters.values().calls for one in switches()}
    assert after[twins.kernel] > before.get(twins.kernel, 0)


def test_every_kernel_of_the_indicators_is_called() -> None:
    wanted = {e.name for e in ENTRIES.values() if e.is_kernel and e.phase == "indicators"}
    within = {kernel for target in TARGETS for kernel in target.kernels}
    within |= {"strategy.crossings", "strategy.level_crossings"}  # by crossed
    assert wanted <= within | {twins.kernel for twins in TWINS}
    assert "crossed" in {case.function for case in cases_of("indicators")}


# ---- something is wrong


def a_bit_more(fast: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: np.nextafter(fast(*args, **kwargs), np.inf).item()


def changing(fast: Callable[..., Any]) -> Callable[..., Any]:
    def changed(data: Any, *args: Any, **kwargs: Any) -> Any:
        result = fast(data, *args, **kwargs)
        next(iter(data.values()))["more"] = 1
        return result

    return changed


def raising(fast: Callable[..., Any]) -> Callable[..., Any]:
    def raised(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("broken")

    return raised


def refusing(fast: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: refuse("not today")


@pytest.mark.parametrize(
    ("wrong", "text"),
    [(a_bit_more, "differs"), (changing, "columns"), (raising, "broken")],
)
@pytest.mark.usefixtures("anew")
def test_a_wrong_function_is_found(wrong: Any, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = metrics.fast_market_change
    monkeypatch.setattr(metrics, "fast_market_change", functools.wraps(fast)(wrong(fast)))
    found = compare_phase("metrics")
    assert len(found.findings) == 2, found.findings
    assert all("calculate_market_change" in line for line in found.findings)
    assert text in found.findings[0]
    assert "combine_dataframes_by_column" in found.names
    assert "calculate_market_change" not in found.names


@pytest.mark.usefixtures("anew")
def test_a_refusal_is_told_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """freqtrade's own function has answered: nothing is wrong, and nothing was compared."""
    fast = metrics.fast_market_change
    monkeypatch.setattr(metrics, "fast_market_change", functools.wraps(fast)(refusing(fast)))
    found = compare_phase("metrics")
    assert found.findings == []
    # Older releases are told of more that is left to them.
    assert sum("not today" in note for note in found.notes) == 2
    assert "calculate_market_change" not in found.names


@pytest.mark.usefixtures("anew")
def test_a_wrong_frame_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fast: Any = ohlcv.fast_trim
    wrong = functools.wraps(fast)(lambda *args, **kwargs: fast(*args, **kwargs).iloc[1:])
    monkeypatch.setattr(ohlcv, "fast_trim", wrong)
    assert [line.split()[0] for line in compare_phase("data").findings] == ["trim_dataframe"]


def test_a_wrong_kernel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from freqkernels._kernels import trend

    compiled = trend.kama

    def wrong(values: Any, rows: int, period: int, out: Any, threads: int) -> None:
        compiled(values, rows, period, out, threads)
        out[-1] = np.nextafter(out[-1], 0)

    monkeypatch.setattr(trend, "kama", wrong)
    assert ["trend.kama" in line for line in compare_phase("indicators").findings] == [True]


def test_a_wrong_function_of_ours_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from freqkernels._kernels import strategy as kernels

    monkeypatch.setattr(kernels, "crossings", lambda *args: None)
    assert any("crossed" in line for line in compare_phase("indicators").findings)


@pytest.mark.usefixtures("anew")
def test_what_is_not_certified_is_told_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replace, "certified", dict)
    found = compare_phase("data")
    assert found.findings == []
    assert found.names == []
    assert len(found.notes) == len(targets_of("data"))
    part = smoke("data", silent)
    assert part.passed
    assert (
        f"0 of {len(targets_of('data'))} functions are certified for this freqtrade" in part.notes
    )


PATCH = """
import os
import freqkernels.metrics

def wrong(data, column="close", min_date=None):
    {wrong}

freqkernels.metrics.fast_market_change = wrong
"""


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            "return 0.5",
            "calculate_market_change (4 pairs x 1,500 candles) differs",
        ),
        ("os.abort()", "the process ended with"),
    ],
)
def test_a_check_fails(
    wrong: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong function in the process that compares, even one that takes the process with it."""
    (tmp_path / "sitecustomize.py").write_text(PATCH.format(wrong=wrong))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = check("metrics", silent)
    assert not found.passed
    assert [part.passed for part in found.parts] == [True, False, True]
    assert any(text in finding for finding in found.parts[1].findings), found.parts[1]
    assert found.summary.startswith("failed: identity: ")


def test_nothing_depends_on_what_is_switched_on(
    own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RolloutLog().append("rollback", phase="none")
    monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "disabled")
    monkeypatch.setenv("FREQTRADE_OPT_TRIM_DATAFRAME", "false")
    said: list[str] = []
    found = check("data", said.append)
    assert found.passed, found
    assert said == ["data: smoke", "data: identity", "data: resource"]
    assert "the level is disabled" in found.parts[0].notes
    assert any("trim_dataframe" in note for note in found.parts[1].notes)
    assert found.summary == "passed: smoke, identity, resource"
    document = found.as_dict()
    assert [part["name"] for part in document["parts"]] == ["smoke", "identity", "resource"]
    assert own_state.is_dir()


def test_whole_backtests(tmp_path: Path) -> None:
    """The engine that goes from event to event, in real runs; and a run that cannot be."""
    environment = everything_on(tmp_path)
    part = Part("identity")
    readiness._backtest(part, "ManagedBreakout", environment)
    assert part.passed, part
    assert "trades, identical" in part.notes[0]
    readiness._backtest(part, "NoSuchStrategy", environment)
    assert "'NoSuchStrategy' is none of" in part.findings[0]


# ---- smoke and resources


def test_a_missing_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "freqkernels._kernels.metrics", None)
    findings = smoke("metrics", silent).findings
    assert len(findings) == 7
    assert all("metrics." in line and "not compiled" in line for line in findings)


def test_settings_that_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "fast")
    findings = smoke("data", silent).findings
    assert len(findings) == 1
    assert "FREQTRADE_OPT_LEVEL" in findings[0]


def test_a_phase_that_settings_leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREQKERNELS_MODULES", "metrics")
    part = smoke("data", silent)
    assert part.passed
    assert any("leaves out data" in note for note in part.notes)


def test_state_that_cannot_be_kept(own_state: Path) -> None:
    own_state.write_text("a file")
    findings = smoke("data", silent).findings
    assert any("state directory cannot be written" in line for line in findings)


def test_a_log_with_a_problem(own_state: Path) -> None:
    own_state.mkdir()
    (own_state / "rollout.jsonl").write_text("rubbish\n")
    findings = smoke("data", silent).findings
    assert len(findings) == 1
    assert "line 1 is damaged" in findings[0]


def test_too_little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resource("data", silent).passed
    monkeypatch.setattr(resources, "LEAST_MEMORY", 10**18)
    monkeypatch.setattr(resources, "LEAST_DISK", 10**18)
    findings = resource("data", silent).findings
    assert [line.split()[0].strip(":") for line in findings] == ["memory", "disk"]
    assert all("1,000,000,000,000 needed" in line for line in findings)


def test_numbers_without_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    free = resources.free_memory()
    assert free is None or free > 0
    assert (free is None) <= (os.name != "posix" or sys.platform == "darwin")
    assert resource("data", silent).notes


def test_the_limit_of_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_CGROUP", tmp_path)
    (tmp_path / "memory.current").write_text("1000\n")
    (tmp_path / "memory.max").write_text("1300\n")
    assert resources.free_memory() == 300
    (tmp_path / "memory.max").write_text("max\n")
    assert resources.free_memory() != 300


def test_disk_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert resources.free_disk(tmp_path / "a" / "b") is not None


@pytest.mark.parametrize("phase", ["", "none", "backtests", None])
def test_other_phases(phase: Any) -> None:
    with pytest.raises(InvalidInputError, match="metrics, data, indicators, backtest"):
        check(phase, silent)
