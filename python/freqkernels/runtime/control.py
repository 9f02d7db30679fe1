"""The settings of this process: read once, changed by calls, read again when somebody asks.

Whoever changes settings gets them checked as a whole: what is wrong raises, and nothing changes.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from freqkernels import reload_signal
from freqkernels.errors import FreqkernelsError, InvalidInputError
from freqkernels.runtime import backend, decisions, journal, places, threads
from freqkernels.runtime.decisions import Decision
from freqkernels.runtime.rollout import RolloutLog, Step
from freqkernels.runtime.settings import Effective, Settings, is_configured

logger = logging.getLogger("freqkernels")

Config = Mapping[str, Any]

_lock = threading.RLock()
threads.renew_after_fork(globals(), "_lock", threading.RLock)
_code: Config = {}
_config: Config | None = None
_reread: Callable[[], Config | None] | None = None
_adopted: Effective | None = None
_effective: Effective | None = None
_changed_to: Effective | None = None  # by the last call that has changed settings
_log: RolloutLog | None = None
_seen: tuple[Step, ...] | None = None  # of the log


def current() -> Settings:
    """The settings in force; read now if nobody has yet.

    :raise InvalidInputError: for a setting that is wrong, with all that are.
    """
    return effective().settings


def effective() -> Effective:
    """The settings in force, and where each came from.

    :raise InvalidInputError: for a setting that is wrong, with all that are.
    """
    with _lock:
        if _effective is None:
            _apply(_read(_code, _config))
        assert _effective is not None
        return _effective


def configure(**values: Any) -> Settings:
    """Change settings of this process, above all other sources.

    ::

        freqkernels.configure(level="conservative", functions={"backtest": {"enabled": False}})
        freqkernels.configure(level="disabled")   # everything off, at once
        freqkernels.configure(level=None)         # back to what the other sources say

    :param values: fields of :class:`~freqkernels.runtime.settings.Settings`; None takes back what
        was set by an earlier call.
    :return: the settings now in force.
    :raise InvalidInputError: for unknown names and bad values; nothing has changed then.
    """

    def change() -> tuple[Config, Config | None]:
        code = {**_code, **values}
        return {name: value for name, value in code.items() if value is not None}, _config

    return _change(change)


def set_config(section: Config | None, reread: Callable[[], Config | None] | None = None) -> None:
    """Take over the part of freqtrade's configuration that is about us.

    :param section: of the configuration; None if it has none.
    :param reread: reads it again for :func:`reload`.
    :raise InvalidInputError: for unknown keys and bad values; nothing has changed then.
    """
    global _reread
    with _lock:
        _change(lambda: (_code, section))
        _reread = reread


def adopt(settings: Effective) -> None:
    """Take over the settings of the process that this one works for, in place of its own.

    :param settings: of :func:`effective` there.
    """
    global _adopted
    with _lock:
        _adopted = settings
        _apply(settings)


def reload() -> Settings:
    """Read environment, configuration and the log of the rollout again.

    Breakers stay as they are.

    :return: the settings now in force.
    :raise InvalidInputError: for a setting that is wrong; the old ones stay in force then.
    """
    with _lock:
        config = _config if _reread is None else _reread()
        return _change(lambda: (_code, config))


def reload_on_signal(number: int | None = None) -> None:
    """Let a signal do what :func:`reload` does; what goes wrong is logged.

    :param number: of the signal; ``SIGUSR1`` if absent.
    :raise InvalidInputError: outside of the main thread, and where there is no such signal.
    """
    wanted = reload_signal.NUMBER if number is None else number
    if wanted is None:
        raise InvalidInputError("number: this platform has no SIGUSR1, name a signal")
    try:
        signal.signal(wanted, _on_signal)
    except (ValueError, OSError, TypeError) as error:
        raise InvalidInputError(f"number: signal {wanted!r} cannot be handled: {error}") from error


def _on_signal(number: int, frame: object) -> None:
    # The main thread may be holding any lock just now.
    threading.Thread(target=reload_logged, name="freqkernels-reload", daemon=True).start()


def reload_logged() -> None:
    """:func:`reload` for those who cannot handle an error: it is logged, nothing changes."""
    try:
        reload()
    except FreqkernelsError as error:
        logger.error("the settings were not read again: %s", error)
    except Exception:  # somebody else's reader of a configuration may raise anything
        logger.exception("the settings were not read again")
    else:
        logger.warning("the settings were read again, the level is %s", current().level)


def decision(name: str, key: str | None = None) -> Decision:
    """Which implementation of a function or kernel would answer now, and why.

    :param name: as in the catalogue, such as ``calculate_market_change`` or ``metrics.rel_mean``.
    :param key: a pair, for settings that depend on it.
    :raise InvalidInputError: for a name that there is not.
    """
    from freqkernels.catalogue import find

    return decisions.switch(find(name).name).decision(key)


def reset_breakers(name: str | None = None) -> None:
    """Close a breaker, or all of them.

    :param name: as in the catalogue.
    :raise InvalidInputError: for a name that there is not.
    """
    from freqkernels.catalogue import find

    chosen = decisions.switches() if name is None else [decisions.switch(find(name).name)]
    for one in chosen:
        one.restore()


def roll_back(name: str, reason: str, by: str) -> str:
    """Take a function or kernel out, here at once, and by the log of the rollout for longer.

    :param name: of its switch.
    :param reason: why, in one sentence.
    :param by: who.
    :return: one sentence that says for how long.
    """
    try:
        log = _log or RolloutLog()
        log.append("rollback", name, reason[:500], by)
    except FreqkernelsError as error:
        return f"it will be on again after a restart: {error}"
    # Whoever changes settings may be waiting for a lock that this thread holds.
    if _lock.acquire(blocking=False):
        try:
            _follow_again()
        finally:
            _lock.release()
    else:
        threading.Thread(target=_follow_again, name="freqkernels-rollback", daemon=True).start()
    return f"it stays off until 'freqkernels rollout promote {name}'"


def steps_seen() -> int:
    """How many steps of the rollout's log this process has taken over."""
    effective()
    return len(_seen or ())


def restored_since(steps: int) -> set[str]:
    """Names that the rollout has given back, as far as this process knows.

    :param steps: of :func:`steps_seen`, here or elsewhere: only later ones are meant.
    """
    effective()
    seen = _seen or ()
    later = seen[steps:] if steps <= len(seen) else seen  # another log, begun anew
    return {step.name for step in later if step.action == "restore"}


def forget() -> None:
    """As in a new process: nothing configured, nothing counted, every breaker closed."""
    global _code, _config, _reread, _adopted, _effective, _changed_to, _log
    with _lock:
        _code, _config, _reread, _adopted = {}, None, None, None
        _effective = _changed_to = _log = None
        places.configure()
        journal.be_verbose(False)
        decisions.forget_all()


def _change(change: Callable[[], tuple[Config, Config | None]]) -> Settings:
    """Take over code and configuration as they shall be; what is wrong raises, nothing changes.

    A signal handler may come in and change them, too: then everything is done once more on top of
    that, as what was applied here was read before.
    """
    global _code, _config, _changed_to
    disturbed = False
    with _lock:
        while True:
            seen = _code, _config
            try:
                code, config = change()
                found = _read(code, config)
            except Exception:
                if disturbed and _changed_to is not None:
                    _apply(_changed_to)  # what the handler wanted
                raise
            _apply(found)
            disturbed = _code is not seen[0] or _config is not seen[1]
            if not disturbed:
                # Another dictionary each time: a change can be told.
                _code, _config, _changed_to = {**code}, config, found
                return current()


def _read(code: Config, config: Config | None) -> Effective:
    """All sources, without taking them over; loads pydantic only if there is something to read."""
    if _adopted is not None:
        return _adopted
    if not code and not config and not is_configured(os.environ):
        return Effective(Settings(), {})
    with threads.no_fork():  # pydantic has locks
        try:
            from freqkernels.runtime.sources import read
        except ImportError as error:
            raise FreqkernelsError(
                f"settings cannot be read without pydantic-settings ({error}); "
                "'pip install pydantic-settings' installs it"
            ) from error
        return read(code, os.environ, config)


def _apply(found: Effective) -> None:
    """Take over settings that have been checked."""
    global _effective, _log, _seen
    path = _take_over_places(found.settings) / "rollout.jsonl"
    if _log is None or _log.path != path:
        _log, _seen = RolloutLog(path), None
    _take_over_choices(found)
    journal.be_verbose(found.settings.verbose)
    _follow(found.settings, _log)
    _effective = found


def _follow(settings: Settings, log: RolloutLog) -> None:
    """Let all switches do what settings and the log of the rollout say."""
    rollout = log.read()
    if rollout.problem:
        logger.warning("nothing runs fast: %s", rollout.problem)
    if not settings.key:
        settings = dataclasses.replace(settings, key=run_key())
    decisions.configure_all(settings, rollout)
    if not rollout.problem:
        for step in _news(rollout.entries):
            if step.action == "restore" and step.name not in rollout.rolled_back:
                decisions.switch(step.name).restore()  # somebody has looked at what was wrong


def _follow_again() -> None:
    with _lock:
        if _effective is not None and _log is not None:
            _follow(_effective.settings, _log)


def _news(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps that this process has not seen; to a new one none is new."""
    global _seen
    before = steps if _seen is None else _seen
    if _seen is not None and steps == before[: len(steps)]:
        return ()  # nothing new; or not there, or an older copy, for a moment
    _seen = steps
    both = enumerate(zip(before, steps, strict=False))
    common = next((i for i, (old, new) in both if old != new), len(before))
    return steps[common:]  # all of them, in a log that was begun anew


def _take_over_places(settings: Settings) -> Path:
    """The state directory; a folder that there cannot be raises, and nothing changes."""
    before = places.chosen()
    places.configure(cache=settings.cache_directory, state=settings.state_directory)
    try:
        places.cache_directory()
        return places.state_directory()
    except InvalidInputError:
        places.configure(cache=before[0], state=before[1])
        raise


def _take_over_choices(found: Effective) -> None:
    """What has a function of its own to choose it: touched only where a source says something, or
    has said it before."""
    sources = ("code", "configuration")

    def concerned(name: str) -> bool:
        before = _effective.origins.get(name) if _effective is not None else None
        return found.origins.get(name) in sources or before in sources

    if concerned("backend"):
        backend.set_backend(found.settings.backend)
    if concerned("num_threads"):
        threads.set_num_threads(found.settings.num_threads)


def run_key() -> str:
    """What stands for this run where a percentage has no pair: its command line."""
    return " ".join(word.replace("\\", "/").rpartition("/")[2] for word in sys.argv)


def _first_use() -> None:
    effective()


decisions.on_first_use(_first_use)
