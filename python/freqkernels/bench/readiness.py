"""Whether a phase of a rollout is ready to run fast on this machine, with this freqtrade.

Three parts. *Smoke*: everything is there and loads. *Identity*: ours and freqtrade's own give the
same bits, in processes where everything is switched on, whatever is switched on here. *Resource*:
the machine has room.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from freqkernels.bench.inputs import Say, everything_on
from freqkernels.bench.resources import look
from freqkernels.bridge.fingerprints import SourceNotFoundError, package_root
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import TARGETS
from freqkernels.catalogue import ENTRIES, PHASES
from freqkernels.errors import FreqkernelsError, InvalidInputError, MissingFreqtradeError
from freqkernels.runtime import control, get_backend, kernel
from freqkernels.runtime.places import state_directory
from freqkernels.runtime.rollout import RolloutLog

#: By the engine for plain strategies, and by the one that goes from event to event.
_STRATEGIES = ("TrendPullback", "ManagedBreakout")
_PAIRS = ("BTC/USDT", "XRP/USDT", "PEPE/USDT")
_CANDLES = 1500
_ENGINE = "backtest"
_TIMEOUT = 600


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the check.

    :param name: smoke, identity or resource.
    :param findings: what speaks against the phase, one sentence each; none if it has passed.
    :param notes: what is worth knowing, one sentence each.
    """

    name: str
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the phase."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a phase is ready.

    :param phase: of the catalogue.
    :param parts: smoke, identity, resource.
    """

    phase: str
    parts: tuple[Part, ...]

    @property
    def passed(self) -> bool:
        """Whether all parts have passed."""
        return all(part.passed for part in self.parts)

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.passed:
            return f"passed: {', '.join(part.name for part in self.parts)}"
        findings = [f"{part.name}: {finding}" for part in self.parts for finding in part.findings]
        return f"failed: {'; '.join(findings)}"

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        parts = [{**asdict(part), "passed": part.passed} for part in self.parts]
        return {"phase": self.phase, "passed": self.passed, "parts": parts}


def check(phase: str, say: Say) -> Readiness:
    """Check a phase; takes seconds, for the last one half a minute.

    :param phase: of the catalogue.
    :param say: called with what is being done.
    :raise InvalidInputError: for any other phase, and a state directory that cannot be.
    :raise MissingFreqtradeError: if freqtrade is not installed.
    """
    if phase not in PHASES:
        raise InvalidInputError(f"phase: expected one of {', '.join(PHASES)}, got {phase!r}")
    try:
        package_root("freqtrade")
    except SourceNotFoundError as error:
        raise MissingFreqtradeError(
            "freqtrade is not installed: there is nothing to compare with. "
            "'pip install freqkernels[freqtrade]' installs both"
        ) from error
    parts = []
    for name, look_at in (("smoke", smoke), ("identity", identity), ("resource", resource)):
        say(f"{phase}: {name}")
        parts.append(look_at(phase, say))
    return Readiness(phase, tuple(parts))


def smoke(phase: str, _: Say) -> Part:
    """Kernels load, settings are valid, state can be kept; what this freqtrade allows.

    :param phase: of the catalogue.
    """
    part = Part("smoke")
    _kernels(part, phase)
    _settings(part, phase)
    _state(part)
    targets = [target for target in TARGETS if ENTRIES[target.name].phase == phase]
    known = {target.name: certificate(target).support for target in targets}
    for name, support in known.items():
        if not support:
            part.notes.append(f"{name} stays freqtrade's own: {support.reason}")
    count = sum(map(bool, known.values()))
    part.notes.append(f"{count} of {len(known)} functions are certified for this freqtrade")
    return part


def _kernels(part: Part, phase: str) -> None:
    names = [entry.name for entry in ENTRIES.values() if entry.is_kernel and entry.phase == phase]
    for name in names:
        try:
            kernel(*name.split(".")).twin("compiled")
        except (FreqkernelsError, AttributeError) as error:
            part.findings.append(f"{name} is not compiled: {error}")
    if get_backend() == "reference":
        part.findings.append("the backend is set to reference: no kernel runs compiled")
    part.notes.append(f"{len(names)} kernels looked for")


def _settings(part: Part, phase: str) -> None:
    try:
        settings = control.current()
    except FreqkernelsError as error:
        part.findings.append(f"the settings are not valid: {error}")
        return
    part.notes.append(f"the level is {settings.level}")
    if phase not in settings.modules:
        part.notes.append(f"the setting 'modules' leaves out {phase}: nothing of it runs fast")


def _state(part: Part) -> None:
    folder = state_directory()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        part.findings.append(f"the state directory cannot be written: {error}")
    else:
        part.notes.append(f"state is kept in {folder}")
    problem = RolloutLog().read().problem
    if problem:
        part.findings.append(problem)


def identity(phase: str, say: Say) -> Part:
    """Ours and freqtrade's own give the same bits.

    :param phase: of the catalogue.
    :param say: called with what is being done.
    """
    part = Part("identity")
    with tempfile.TemporaryDirectory(prefix="freqkernels-") as state:
        environment = everything_on(Path(state))
        _functions(part, phase, environment)
        if phase == ENTRIES[_ENGINE].phase:
            for strategy in _STRATEGIES:
                say(f"{phase}: a backtest of {strategy} by both engines")
                _backtest(part, strategy, environment)
            part.notes.append("hyperopt is not run: what it computes is what backtests do")
    return part


def _run(arguments: list[str], environment: dict[str, str]) -> dict[str, Any] | str:
    """What a process prints as JSON, or why there is nothing."""
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            check=False,
            timeout=_TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it could not be run: {error}"
    begin = done.stdout.find("{")
    try:
        found: dict[str, Any] = json.loads(done.stdout[begin:]) if begin >= 0 else {}
    except ValueError:
        found = {}
    last = done.stderr.strip().splitlines()[-1:] or ["no message"]
    return found or f"the process ended with {done.returncode}: {last[0]}"


def _functions(part: Part, phase: str, environment: dict[str, str]) -> None:
    found = _run(["-m", "freqkernels.bench.readiness_identity", phase], environment)
    if isinstance(found, str):
        part.findings.append(f"functions of {phase}: {found}")
        return
    part.findings.extend(found["findings"])
    part.notes.extend(found["notes"])
    part.notes.append(f"compared and identical: {', '.join(found['names'])}")


def _backtest(part: Part, strategy: str, environment: dict[str, str]) -> None:
    demo = ["-m", "freqkernels", "demo", "--json", "--strategy", strategy]
    found = _run([*demo, "--candles", str(_CANDLES), "--pairs", *_PAIRS], environment)
    name = f"the backtest of {strategy}"
    if isinstance(found, str):
        part.findings.append(f"{name}: {found}")
        return
    if found["identical"]:
        part.notes.append(f"{name}: {found['runs']['alone']['trades']} trades, identical")
    else:
        part.findings.append(f"{name} differs: {json.dumps(found['first_difference'])}")
    states = {function["name"]: function["state"] for function in found["functions"]}
    for event in found["events"]:
        # Refusals are ordinary, but the engine has to run, unless this release is left alone.
        ordinary = event["name"] != _ENGINE or states.get(_ENGINE) == "refused"
        if event["kind"] != "way" and (event["kind"] != "refusal" or not ordinary):
            text = f"{event['kind']} of {event['name']}: {event['reason']}"
            part.findings.append(f"{name}: {text}")
    for function in found["functions"]:
        note = f"{function['name']} stays freqtrade's own: {function['reason']}"
        if function["state"] != "replaced" and note not in part.notes:
            part.notes.append(note)


def resource(_: str, __: Say) -> Part:
    """The machine has room."""
    return Part("resource", *look(state_directory()))
