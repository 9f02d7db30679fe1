"""``freqkernels rollout``: let more and more run fast, phase by phase, and take it back."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from freqkernels.catalogue import ENTRIES, PHASES, Entry, find
from freqkernels.cli._output import progress
from freqkernels.errors import FreqkernelsError, InvalidInputError, StateError
from freqkernels.runtime import control, places
from freqkernels.runtime.rollout import NONE, RolloutLog, RolloutState, Step
from freqkernels.runtime.settings import Settings

ACTIONS = ("status", "check", "promote", "rollback")
_BY = "command"
_TAIL = 10
_DESCRIPTION = f"""\
Let freqkernels answer phase by phase: {", ".join(PHASES)}. Without a rollout everything may run
fast; the first 'promote' starts one. Each step is kept in a log that all processes of this user
read, and that survives whatever ends them.

  status           how far it has come, what is rolled back, the last steps (default)
  check [PHASE]    whether the next phase, or this one, is ready: smoke test, identity, resources
  promote          check, then one phase further; refused if the check fails
  promote NAME     let a function or kernel run again that was rolled back
  rollback         one phase back
  rollback NAME    this function or kernel is freqtrade's own code from now on, in every phase
  rollback --all   nothing runs fast any more
"""
_EPILOG = """\
Exit code: 0 done, or nothing to do; 1 a check has failed, or the log cannot be understood; 2 wrong
arguments, or the log cannot be written.
"""


@dataclass(slots=True)
class Outcome:
    """What an action has to say.

    :param code: exit code.
    :param lines: for people.
    :param document: for ``--json``, beside the state.
    """

    code: int = 0
    lines: list[str] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``freqkernels rollout``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _DESCRIPTION
    parser.epilog = _EPILOG
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="status")
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="function or kernel; for check, a phase"
    )
    parser.add_argument("--all", action="store_true", help="with rollback: everything")
    parser.add_argument("--reason", default="", metavar="TEXT", help="is kept in the log")
    parser.add_argument(
        "--force", action="store_true", help="with promote: even if the check fails"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "-c",
        "--config",
        action="append",
        metavar="CONFIG",
        help="configuration file of freqtrade, if it names the state directory; if absent, the one "
        "that freqtrade would find",
    )


def run(args: argparse.Namespace) -> int:
    """Do what is asked.

    :return: exit code; 2 is left to the caller.
    :raise InvalidInputError: for arguments that do not fit the action.
    :raise StateError: if the log cannot be written or understood.
    """
    _require_fit(args)
    _take_configuration(args)
    log = RolloutLog()
    outcome = _DO[args.action](log, args)
    if args.json:
        print(json.dumps({**outcome.document, **_as_dict(log)}, indent=2))
    else:
        print("\n".join(outcome.lines))
    return outcome.code


def _take_configuration(args: argparse.Namespace) -> None:
    """Where the log is; what else is wrong in a configuration does not stop an emergency."""
    from freqkernels.bridge.configuration import section_of

    section = None
    try:
        section = section_of(args.config)
        if section is not None:
            control.set_config(section)
    except FreqkernelsError as error:
        if args.action not in ("status", "rollback"):
            raise
        _warn(error)
        state = (section or {}).get("state_directory")
        if isinstance(state, str) and not os.environ.get(places.STATE_VARIABLE):
            places.configure(state=state)


def _warn(error: FreqkernelsError) -> None:
    print(f"freqkernels: warning: {error}", file=sys.stderr)


def _require_fit(args: argparse.Namespace) -> None:
    if args.all and (args.action != "rollback" or args.name):
        raise InvalidInputError("--all: only with rollback, and without a name")
    if args.force and (args.action != "promote" or args.name):
        raise InvalidInputError("--force: only with promote, and without a name")
    if args.action == "status" and args.name:
        raise InvalidInputError(f"NAME: status takes none, got {args.name!r}")
    if args.action == "check" and args.name and args.name not in PHASES:
        raise InvalidInputError(f"NAME: check takes one of {', '.join(PHASES)}, got {args.name!r}")


# ---- what there is


def _status(log: RolloutLog, _: argparse.Namespace) -> Outcome:
    state = log.read()
    lines = [_where(state)]
    if state.problem:
        lines += [f"problem: {state.problem}.", _way_out(log)]
    if state.ignored:
        lines.append("The last line of the log is cut off and does not count.")
    lines += [
        f"rolled back: {step.name}, {step.time} by {step.by}: {step.reason or 'no reason given'}"
        for step in _rolled_back(state)
    ]
    for step in state.entries[-_TAIL:]:
        about = step.name or step.phase
        lines.append(f"{step.sequence:4} {step.time} {step.action:8} {about}  {step.reason}")
    return Outcome(int(bool(state.problem)), [*lines, f"log: {log.path}"])


def _where(state: RolloutState) -> str:
    if state.problem:
        return "Nothing runs fast, because the log cannot be relied on."
    if state.phase is None:
        return f"No rollout: everything {'else ' if state.rolled_back else ''}may run fast."
    if state.phase == PHASES[-1]:
        return "The rollout is complete: everything may run fast but what is rolled back."
    allowed, left = ", ".join(state.phases), ", ".join(PHASES[len(state.phases) :])
    fast = f"{allowed} may run fast" if allowed else "nothing runs fast"
    return f"The rollout stands at {state.phase}: {fast}; {left}: freqtrade's own code."


def _way_out(log: RolloutLog) -> str:
    return (
        f"Keep {log.path.name} under another name to start anew: without it everything may run "
        f"fast. Then 'freqkernels rollout promote', or rollback, as far as it had come."
    )


def _rolled_back(state: RolloutState) -> list[Step]:
    """The step that has rolled back each name."""
    steps = {step.name: step for step in state.entries if step.action == "rollback" and step.name}
    return [steps[name] for name in state.rolled_back]


def _as_dict(log: RolloutLog) -> dict[str, Any]:
    state = log.read()
    return {
        "log": str(log.path),
        "phase": state.phase,
        "allowed": list(state.phases),
        "next_phase": None if state.problem else state.next_phase,
        "rolled_back": [asdict(step) for step in _rolled_back(state)],
        "problem": state.problem,
        "cut_off": bool(state.ignored),
        "history": [asdict(step) for step in state.entries],
    }


# ---- what changes it


def _check(log: RolloutLog, args: argparse.Namespace) -> Outcome:
    state = _usable(log)
    phase = args.name or state.next_phase
    if phase is None:
        return Outcome(lines=["The rollout is complete: name a phase to check it again."])
    return _checked(log, phase)


def _checked(log: RolloutLog, phase: str) -> Outcome:
    from freqkernels.bench.readiness import check

    readiness = check(phase, progress())
    outcome = Outcome(int(not readiness.passed), document={"check": readiness.as_dict()})
    for part in readiness.parts:
        outcome.lines.append(f"{part.name}: {'passed' if part.passed else 'FAILED'}")
        outcome.lines += [f"  ! {finding}" for finding in part.findings]
        outcome.lines += [f"    {note}" for note in part.notes]
    outcome.lines.append(f"{phase} is {'ready' if readiness.passed else 'not ready'}.")
    log.append("check", reason=readiness.summary, by=_BY, phase=phase)
    return outcome


def _promote(log: RolloutLog, args: argparse.Namespace) -> Outcome:
    if args.name:
        return _restore(log, args)
    state = _usable(log)
    phase = state.next_phase
    if phase is None:
        return Outcome(lines=[_where(state)])
    outcome = _checked(log, phase)
    if outcome.code and not args.force:
        outcome.lines.append("Not promoted. '--force' promotes all the same.")
        return outcome
    if _usable(log).phase != state.phase:
        outcome.lines.append("Not promoted: somebody else has changed the phase meanwhile.")
        outcome.code = 1
        return outcome
    reason = args.reason or ("the check has passed" if not outcome.code else "")
    if outcome.code:
        reason = f"forced, the check has failed. {reason}".strip()
    outcome.code = 0
    if state.phase is None:
        later = ", ".join(PHASES[1:])
        outcome.lines.append(f"The rollout starts. Until promoted, freqtrade's own: {later}.")
    return _done(log, outcome, log.append("promote", reason=reason, by=_BY, phase=phase))


def _restore(log: RolloutLog, args: argparse.Namespace) -> Outcome:
    entry, state = _named(args.name), _usable(log)
    if entry.name not in state.rolled_back:
        return Outcome(lines=[f"{entry.name} is not rolled back: nothing to do."])
    step = log.append("restore", entry.name, args.reason, _BY)
    outcome = Outcome(lines=[f"{entry.name} may run fast again."])
    if entry.phase not in state.phases:
        outcome.lines = [f"{entry.name} is restored, and runs fast once {entry.phase} is promoted."]
    return _done(log, outcome, step)


def _rollback(log: RolloutLog, args: argparse.Namespace) -> Outcome:
    state = _usable(log)
    if args.name:
        entry = _named(args.name)
        if entry.name in state.rolled_back and not args.reason:  # the reason there is worth more
            return Outcome(lines=[f"{entry.name} is rolled back already."])
        step = log.append("rollback", entry.name, args.reason, _BY)
        return _done(log, Outcome(lines=[f"{entry.name} does not run fast any more."]), step)
    phase = NONE if args.all else state.previous_phase
    if phase is None or phase == state.phase:
        return Outcome(lines=["Nothing runs fast already."])
    return _done(log, Outcome(), log.append("rollback", reason=args.reason, by=_BY, phase=phase))


def _named(name: str) -> Entry:
    if name in PHASES and name not in ENTRIES:
        raise InvalidInputError(f"NAME: {name!r} is a phase; phases go one by one, without a name")
    return find(name)


def _usable(log: RolloutLog) -> RolloutState:
    """The state, if steps can follow.

    :raise StateError: if the log has a problem.
    """
    state = log.read()
    if state.problem:
        raise StateError(f"{state.problem}. {_way_out(log)}")
    return state


def _done(log: RolloutLog, outcome: Outcome, step: Step) -> Outcome:
    """Read the step back, take it over here, and say who else does and when.

    :raise StateError: if the log does not have it.
    """
    state = RolloutLog(log.path).read()
    if state.problem or step not in state.entries:
        raise StateError(f"the rollout log {log.path} does not have the step that was written")
    interval = Settings().monitor_interval
    try:
        interval = control.reload().monitor_interval
    except FreqkernelsError as error:  # the step counts, whatever the settings are
        _warn(error)
    outcome.document["step"] = asdict(step)
    outcome.lines += [
        _where(state),
        f"Running processes with a monitor notice within {interval:g} s, others when they call "
        "freqkernels.runtime.reload(), or start again.",
        f"log: {log.path}",
    ]
    return outcome


_DO: dict[str, Callable[[RolloutLog, argparse.Namespace], Outcome]] = {
    "status": _status,
    "check": _check,
    "promote": _promote,
    "rollback": _rollback,
}
