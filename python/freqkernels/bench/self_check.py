"""Whether the kernels can be trusted with a strategy: what has been compared, or is now.

What was found identical is remembered in a file of the user's cache directory. A difference has
consequences: the engine is out in this process, after a restart too, and evidence is kept.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from freqkernels.bench.compare_engines import EXPORT_OPTIONS, Request, compare_engines
from freqkernels.bench.compare_runs import Comparison
from freqkernels.bench.report import difference_lines
from freqkernels.bridge.self_check import Subject
from freqkernels.bridge.targets import ENGINE
from freqkernels.errors import FreqkernelsError
from freqkernels.evidence import backtest_record, write
from freqkernels.runtime import control, switch
from freqkernels.runtime.journal import keep_evidence, record
from freqkernels.runtime.places import cache_directory, state_directory
from freqkernels.runtime.settings import MOST_CHARACTERS

logger = logging.getLogger("freqkernels")

_FILE = "verified.json"
_FORMAT = 1
_MOST_ENTRIES = 1000
#: Options that would make a comparison write where the command itself writes.
_OUTPUTS = (*EXPORT_OPTIONS, "--logfile", "--log-file")
_SHORTER = ("--export", "--log")  # options themselves, or too short to be one of the above


def memory_file() -> Path:
    """Where it is remembered what was found identical."""
    return cache_directory() / _FILE


def remembered(file: Path) -> dict[str, dict[str, str]]:
    """What was found identical: by digest, the strategy and when.

    A damaged file counts as an empty one, with a warning.

    :param file: as :func:`memory_file` names it.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        logger.warning("%s cannot be read, all is compared again: %s", file, error)
        return {}
    entries = content.get("identical") if isinstance(content, dict) else None
    if (
        not isinstance(entries, dict)
        or content.get("format") != _FORMAT
        or not all(isinstance(entry, dict) for entry in entries.values())
    ):
        logger.warning("%s is not what was written there, all is compared again", file)
        return {}
    return entries


def remember(file: Path, digests: dict[str, str]) -> None:
    """Add what was found identical; a reader finds all of the file or none.

    :param file: as :func:`memory_file` names it.
    :param digests: by strategy.
    """
    entries = remembered(file)
    for strategy, digest in digests.items():
        entries.pop(digest, None)  # the youngest come last
        now = datetime.now(UTC).isoformat(timespec="seconds")
        entries[digest] = {"strategy": strategy, "when": now}
    kept = dict(list(entries.items())[-_MOST_ENTRIES:])
    text = json.dumps({"format": _FORMAT, "identical": kept}, indent=1)
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        logger.warning("%s cannot be written, the next run compares again: %s", file, error)


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """Decides whether the kernels are trusted.

    :param offline_markets: record of an exchange or ``auto``, instead of asking the exchange.
    :param file: where is remembered what was found identical.
    """

    offline_markets: str | None = None
    file: Path = field(default_factory=memory_file)

    def __call__(self, subject: Subject, mode: str) -> str:
        """Why the kernels are not trusted, "" if they are.

        :param subject: strategies with everything that their results depend on.
        :param mode: "once" to believe what is remembered, unless the setting ``caches`` is off, or
            "always".
        """
        known = remembered(self.file) if mode == "once" and control.current().caches else {}
        new = {name: one for name, one in subject.digests.items() if one not in known}
        names = ", ".join(subject.digests)
        if not new:
            _say(f"{names}: found identical before, with all that the results depend on")
            return ""
        _say(f"{', '.join(new)}: both engines run the backtest, each in a process of its own")
        reason = self._compared(subject)
        if not reason:
            remember(self.file, new)
            _say(f"{', '.join(new)}: identical to the last bit")
        return reason

    def _compared(self, subject: Subject) -> str:
        request = Request(
            without_outputs(subject.arguments),
            offline_markets=self.offline_markets,
            environment=_environment(),
        )
        try:
            comparison = _run(request)
            if comparison.identical:
                return ""
            again = _run(replace(request, plain=True))
        except FreqkernelsError as error:
            return f"the self-check could not compare the engines: {error}"
        for line in difference_lines(comparison):
            logger.warning("self-check: %s", line)
        if not again.identical:
            return f"freqtrade alone gives another result each time: {_first(again)}"
        return self._distrusted(request, subject, _first(comparison))

    def _distrusted(self, request: Request, subject: Subject, difference: str) -> str:
        """Draw the consequences of a difference; the reason why the kernels are not trusted."""
        reason = f"the self-check found a difference between the engines: {difference}"
        switch(ENGINE.name).distrust(reason)
        kept = self._keep_evidence(request, subject, difference)
        told = [kept, control.roll_back(ENGINE.name, reason, "self-check")]
        record("mismatch", ENGINE.name, "; ".join([difference, *told]))
        return reason

    def _keep_evidence(self, request: Request, subject: Subject, difference: str) -> str:
        found = backtest_record(
            request.arguments,
            difference,
            offline_markets=self.offline_markets,
            digests=subject.digests,
            directory=request.cwd,
        )
        try:
            path = write(state_directory() / "evidence", found)
        except FreqkernelsError as error:
            return f"the evidence could not be kept: {error}"
        keep_evidence(ENGINE.name, path)
        return f"'freqkernels replay {path}' shows it again"


def _run(request: Request) -> Comparison:
    with tempfile.TemporaryDirectory(prefix="freqkernels-") as folder:
        return compare_engines(request, Path(folder).resolve(), logger.debug)


def _environment() -> dict[str, str]:
    """What makes functions of both processes run as fast ones where this one's do, and unmeasured.

    Their command line is another one than this one's.
    """
    found = control.effective()
    if not found.origins:
        return {}
    key = found.settings.key or control.run_key()
    named = {"FREQKERNELS_KEY": key} if len(key) <= MOST_CHARACTERS and key.isprintable() else {}
    return {"FREQKERNELS_SHADOW": "0", **named}


def _first(comparison: Comparison) -> str:
    part = comparison.first
    return "" if part is None else f"{part.name}: {part.difference}"


def _say(text: str) -> None:
    logger.info("self-check: %s", text)


def without_outputs(arguments: Iterable[str]) -> list[str]:
    """Arguments without those that say where files are written to.

    :param arguments: for ``freqtrade backtesting``.
    """
    kept = []
    words = iter(arguments)
    for word in words:
        name, given, _ = word.partition("=")
        if any(_is(name, option) for option in _OUTPUTS):
            if not given:
                next(words, None)
        else:
            kept.append(word)
    return kept


def _is(name: str, option: str) -> bool:
    """Whether a word is an option, or the beginning of one, as argparse allows."""
    return name == option or (
        name.startswith("--") and option.startswith(name) and name not in (*_SHORTER, "--")
    )
