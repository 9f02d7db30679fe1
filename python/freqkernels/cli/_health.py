"""Settings, rollout, and what earlier runs have left: what ``freqkernels doctor`` makes of them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from freqkernels.cli._processes import look_at
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import control
from freqkernels.runtime.given import FIELDS
from freqkernels.runtime.places import state_directory
from freqkernels.runtime.rollout import RolloutLog
from freqkernels.runtime.settings import Effective, Settings

#: Packages that need not be there, and what telemetry goes to with them.
OPTIONAL = {
    "prometheus-client": "a Prometheus registry: pip install freqkernels[prometheus]",
    "opentelemetry-api": "OpenTelemetry meters: pip install freqkernels[opentelemetry]",
}
_REQUIRED = "pydantic-settings"
_SHOWN_FILES = 5


@dataclass(slots=True)
class Part:
    """One part of the report.

    :param content: plain values.
    :param lines: for people.
    :param findings: what is not as it should be, each with what to do.
    """

    content: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def settings_part() -> Part:
    """The settings in force; the defaults are, for the rest of a report, if they are wrong."""
    part = Part()
    try:
        found = control.effective()
    except InvalidInputError as error:
        problems = str(error).splitlines()
        part.findings += [f"No run starts with this setting: {problem}" for problem in problems]
        found = Effective(Settings(), {})
        control.adopt(found)
    settings = found.settings
    said = {path: origin for path, origin in found.origins.items() if origin != "default"}
    values = {path: _value(settings, path) for path in sorted(said)}
    part.content = {
        "level": settings.level,
        "profile": settings.profile,
        "backend": settings.backend,
        "changed": {path: {"value": values[path], "from": said[path]} for path in values},
        "problems": [finding.partition(": ")[2] for finding in part.findings],
    }
    profile = f", profile {settings.profile}" if settings.profile else ""
    part.lines = [f"level {settings.level}{profile}, backend {settings.backend}"]
    part.lines += [f"{path} = {values[path]!r}  ({said[path]})" for path in values]
    return part


def _value(settings: Settings, path: str) -> Any:
    if path in FIELDS:
        return getattr(settings, path)
    name, _, key = path.removeprefix("functions.").rpartition(".")
    return getattr(settings.functions[name], key)


def rollout_part() -> Part:
    """How far the rollout has come, and what is taken back."""
    log = RolloutLog()
    state = log.read()
    part = Part(
        content={
            "log": str(log.path),
            "phase": state.phase,
            "rolled_back": dict(state.rolled_back),
            "problem": state.problem,
        }
    )
    stands = "no rollout: everything may run fast"
    part.lines = [stands if state.phase is None else f"stands at {state.phase}"]
    if state.problem:
        part.lines = [f"nothing runs fast: {state.problem}"]
        part.findings.append(
            f"Nothing runs fast: {state.problem}. 'freqkernels rollout' says what to do about it."
        )
    for name, reason in state.rolled_back.items():
        part.lines.append(f"rolled back: {name}: {reason or 'no reason given'}")
        part.findings.append(
            f"{name} is rolled back ({reason or 'no reason given'}). 'freqkernels rollout promote "
            f"{name}' lets it run again."
        )
    return part


def _unwritable(folder: Path) -> bool:
    """Whether a folder can neither be written nor made."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), None)
    return there is None or not there.is_dir() or not os.access(there, os.W_OK)


def leftovers_part() -> Part:
    """Evidence of differences, and breakers that are open in processes that run."""
    folder = state_directory() / "evidence"
    unwritable = _unwritable(folder)
    files = sorted(map(str, folder.glob("*.zip")))
    part = Part(content={"evidence": files, "open_breakers": []})
    if unwritable:
        part.findings.append(
            f"Nothing can be kept in {folder.parent}: evidence and the log of the rollout need it. "
            "Choose another folder: FREQKERNELS_STATE_DIRECTORY."
        )
    if files:
        more = f" and {len(files) - _SHOWN_FILES} older ones" if len(files) > _SHOWN_FILES else ""
        shown = ", ".join(files[-_SHOWN_FILES:])
        part.findings.append(
            f"A fast implementation has given another result: 'freqkernels replay FILE' shows it "
            f"again, for {shown}{more}. Please report it; delete the files when that is done."
        )
    for seen in look_at([]):
        if seen.snapshot is None:
            part.findings.append(f"A telemetry file cannot be read: {seen.problem}")
            continue
        for one in seen.snapshot.switches if seen.state == "running" else ():
            if one.breaker != "closed":
                told = {"pid": seen.snapshot.pid, "name": one.name, "reason": one.breaker_reason}
                part.content["open_breakers"].append(told)
                part.findings.append(
                    f"In process {told['pid']} the breaker of {one.name} is {one.breaker}: "
                    f"{one.breaker_reason}"
                )
    return part


def packages_part() -> Part:
    """Packages that settings and exporters need."""
    part = Part()
    for package in (_REQUIRED, *OPTIONAL):
        try:
            part.content[package] = version(package)
        except PackageNotFoundError:
            part.content[package] = "not installed"
    if part.content[_REQUIRED] == "not installed":
        part.findings.append(
            f"{_REQUIRED} is not installed, no settings can be read: 'pip install {_REQUIRED}'."
        )
    part.lines = [
        f"{package:18} {part.content[package]}"
        + (f" ({OPTIONAL[package]})" if part.content[package] == "not installed" else "")
        for package in OPTIONAL
    ]
    return part
