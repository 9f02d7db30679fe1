"""The worker processes of ``hyperopt -j N`` get the kernels too.

joblib starts them as new interpreters, in which nothing is installed, and sends the whole
``HyperOptimizer`` along with each epoch. Its pickle begins with a call of :func:`revive`, which
installs the kernels with the settings of the process that sent it. What happened and was counted in
an epoch comes back over the queue that freqtrade has for the log lines of its workers.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from logging.handlers import QueueHandler
from typing import Any
from weakref import WeakSet

from freqkernels import reload_signal
from freqkernels.bridge.shared_frames import SharedFrames
from freqkernels.runtime import (
    control,
    events,
    get_backend,
    set_backend,
    set_num_threads,
    switch,
    switches,
)
from freqkernels.runtime.counters import CounterValues
from freqkernels.runtime.journal import record
from freqkernels.runtime.rollout import RolloutLog, RolloutState
from freqkernels.runtime.settings import Effective
from freqkernels.runtime.threads import chosen_threads

logger = logging.getLogger("freqkernels")

#: The switch that decides whether workers get anything from us.
NAME = "hyperopt"
#: Not imported by an epoch that does not need it.
_ENGINE = "freqkernels.bridge.engine"
#: The logger through which freqtrade handles what its workers write.
_QUEUE_LOGGER = "freqtrade.optimize.hyperopt.hyperopt_logger"


@dataclass(frozen=True, slots=True)
class Distrusted:
    """Fast implementations that have given another result than the exact ones, in one process.

    :param steps: of the rollout's log that it knows; what a later one gives back is no news.
    :param reasons: by switch.
    """

    steps: int
    reasons: tuple[tuple[str, str], ...]

    @classmethod
    def here(cls) -> Distrusted:
        """Those of this process."""
        steps = control.steps_seen()  # first: what is given back meanwhile is old news then
        return cls(steps, tuple((one.name, why) for one in switches() if (why := one.distrusted)))

    def take_over(self) -> None:
        """What one process has seen go wrong, none of them asks again."""
        restored = control.restored_since(self.steps)
        for name, reason in self.reasons:
            if name not in restored:
                switch(name).distrust(reason)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker takes over.

    :param pid: process that sends it.
    :param backend: as of ``set_backend``.
    :param threads: as of ``set_num_threads``, None if nobody has chosen.
    :param frames: files to map, by the path of freqtrade's own.
    :param effective: settings in force, with the key that decides on percentages there.
    :param distrusted: what its breakers keep away for good.
    """

    pid: int
    backend: str
    threads: int | None
    frames: dict[str, SharedFrames]
    effective: Effective
    distrusted: Distrusted


@dataclass(frozen=True, slots=True)
class Epoch:
    """What a process says of one epoch.

    :param pid: the process.
    :param by_engine: whether the compiled engine has simulated it.
    :param news: kind, name and reason of events since the last epoch, and how many of them.
    :param counts: by switch, of calls since the last epoch.
    :param distrusted: what breakers keep away for good since the last epoch.
    """

    pid: int
    by_engine: bool
    news: tuple[tuple[str, str, str, int], ...] = ()
    counts: tuple[tuple[str, CounterValues], ...] = ()
    distrusted: Distrusted | None = None


@dataclass(slots=True)
class Simulated:
    """Epochs of one process.

    :param by_engine: simulated by the compiled engine.
    :param by_freqtrade: simulated by freqtrade's own code.
    """

    by_engine: int = 0
    by_freqtrade: int = 0


#: Files to map, by the path of freqtrade's own.
frames: dict[str, SharedFrames] = {}
_simulated: dict[int, Simulated] = {}
_guest = False  # whether the kernels are here for another process
_revived: WeakSet[Any] = WeakSet()
_adopted: tuple[Effective, RolloutLog, RolloutState | None] | None = None
_told: Counter[tuple[str, str, str]] = Counter()
_told_counts: dict[str, CounterValues] = {}
_told_distrust: set[tuple[str, str]] = set()


def epochs() -> dict[int, Simulated]:
    """Epochs of hyperopt so far that this process has run or ordered, by process."""
    return dict(_simulated)


# ---- in the process that sends


def reduce_with_settings(
    original: Callable[..., Any],
) -> Callable[[Any, Any], tuple[Any, ...]]:
    """A ``__reduce_ex__`` whose pickle installs the kernels where it is read, if that is wanted.

    :param original: the one that it stands for.
    """

    def __reduce_ex__(self: Any, protocol: Any) -> tuple[Any, ...]:  # noqa: N807
        reduced: tuple[Any, ...] = original(self, protocol)
        if switch(NAME).decision().variant == "exact":
            return reduced
        constructor, arguments, *rest = reduced
        return revive, (_settings(), constructor, arguments), *rest

    return __reduce_ex__


def _settings() -> Settings:
    found = control.effective()
    if not found.settings.key:
        found = replace(found, settings=replace(found.settings, key=control.run_key()))
    chosen = get_backend(), chosen_threads()
    return Settings(os.getpid(), *chosen, dict(frames), found, Distrusted.here())


def _take_in(line: logging.LogRecord) -> bool:
    """A filter of log lines from workers: those that are an epoch's account are ours."""
    epoch = getattr(line, "freqkernels_epoch", None)
    if epoch is None:
        return True
    _count(epoch)
    return False


def _count(epoch: Epoch) -> None:
    mine = _simulated.setdefault(epoch.pid, Simulated())
    if epoch.by_engine:
        mine.by_engine += 1
    else:
        mine.by_freqtrade += 1
    for kind, name, reason, times in epoch.news:
        record(kind, name, reason, times)  # type: ignore[arg-type]
    for name, values in epoch.counts:
        switch(name).counters.add(values)
    if epoch.distrusted is not None:
        epoch.distrusted.take_over()


def listen() -> None:
    """Understand what workers say."""
    logging.getLogger(_QUEUE_LOGGER).addFilter(_take_in)


def stop_listening() -> None:
    """Leave what workers say to freqtrade, and forget what they have said."""
    logging.getLogger(_QUEUE_LOGGER).removeFilter(_take_in)
    _simulated.clear()


# ---- in the worker


def revive(settings: Settings, constructor: Callable[..., Any], arguments: Any) -> Any:
    """The object that :func:`reduce_with_settings` took apart, with the kernels installed.

    :param settings: of the process that sent it.
    :param constructor: what makes the object, still without state.
    :param arguments: of the constructor.
    """
    if settings.pid == os.getpid():
        return constructor(*arguments)
    _take_over(settings)
    made = constructor(*arguments)
    _revived.add(made)
    return made


def _take_over(settings: Settings) -> None:
    global _guest
    from freqkernels.bridge.install import install, is_installed

    reload_signal.ignore()  # they hear of everything with each epoch
    _adopt(settings.effective)
    _forget_what_was_given_back()
    if settings.backend != get_backend():
        set_backend(settings.backend)
    set_num_threads(settings.threads)
    frames.clear()
    frames.update(settings.frames)
    settings.distrusted.take_over()
    _told_distrust.update(settings.distrusted.reasons)
    if not is_installed():
        _guest = True
        logger.addFilter(_is_for_this_process)
        install()


def _forget_what_was_given_back() -> None:
    """The same mismatch once more is news."""
    _told_distrust.intersection_update(Distrusted.here().reasons)


def _adopt(effective: Effective) -> None:
    """Take over settings, and what the log of the rollout says by now: another worker may have
    found something."""
    global _adopted
    if _adopted is None or _adopted[0] != effective:
        control.adopt(effective)  # which says where the log is
        _adopted = effective, RolloutLog(), None
    _, log, seen = _adopted
    state = log.read()
    if state is not seen:
        control.adopt(effective)
        _adopted = effective, log, state


def leave_unless_invited(thing: Any) -> bool:
    """Uninstall the kernels in a worker that now works for a process without them, and forget
    that process's settings.

    :param thing: what has come with the task.
    :return: whether they are gone.
    """
    global _guest, _adopted
    if not _guest or thing in _revived:
        return False
    from freqkernels.bridge.install import uninstall

    uninstall()
    control.forget()
    _told_counts.clear()
    _told_distrust.clear()
    logger.removeFilter(_is_for_this_process)
    _guest, _adopted = False, None
    return True


def begin_epoch() -> None:
    """What is said of the next epoch is said of no earlier one."""
    engine: Any = sys.modules.get(_ENGINE)
    if engine is not None:
        engine.forget_last_run()


def note_epoch(thing: Any) -> None:
    """Count the epoch that has just ended, here or where it was ordered.

    :param thing: what has come with the task.
    """
    engine: Any = sys.modules.get(_ENGINE)
    by_engine = engine is not None and bool(engine.last_run())
    queue = _queue() if thing in _revived else None
    if queue is None:
        _count(Epoch(os.getpid(), by_engine))
        return
    line = logging.LogRecord("freqkernels", logging.DEBUG, __file__, 0, "epoch", (), None)
    line.freqkernels_epoch = Epoch(os.getpid(), by_engine, _news(), _counts(), _distrust())
    queue.enqueue(line)


def _news() -> tuple[tuple[str, str, str, int], ...]:
    found = []
    for event in events():
        key = (event.kind, event.name, event.reason)
        if event.count > _told[key]:
            found.append((*key, event.count - _told[key]))
            _told[key] = event.count
    return tuple(found)


def _counts() -> tuple[tuple[str, CounterValues], ...]:
    found = []
    for one in switches():
        now, before = one.counters.values(), _told_counts.get(one.name, CounterValues())
        if now != before:
            names = [field.name for field in fields(CounterValues)]
            new = {name: getattr(now, name) - getattr(before, name) for name in names}
            found.append((one.name, CounterValues(**new)))
            _told_counts[one.name] = now
    return tuple(found)


def _distrust() -> Distrusted:
    here = Distrusted.here()
    news = tuple(one for one in here.reasons if one not in _told_distrust)
    _told_distrust.clear()
    _told_distrust.update(here.reasons)
    return replace(here, reasons=news)


def _queue() -> QueueHandler | None:
    """Where log lines of a worker go, if freqtrade has set that up."""
    handlers = logging.getLogger().handlers
    return next((handler for handler in handlers if isinstance(handler, QueueHandler)), None)


def _is_for_this_process(line: logging.LogRecord) -> bool:
    """A filter of our log lines in a worker: what is said once is said by who ordered the epochs.

    Events go there with the epoch; what is not replaced, it has found out for itself.
    """
    told_there = getattr(line, "freqkernels_event", False) and _queue() is not None
    return not (told_there or getattr(line, "freqkernels_install", False))
