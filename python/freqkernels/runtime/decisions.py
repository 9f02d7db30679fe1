"""One switch: the place where it is decided whether the fast or the exact implementation answers.

What can be decided beforehand is: :attr:`Switch.mode` tells a caller with one look that nothing but
the fast implementation is wanted. Only otherwise :meth:`Switch.decide` is asked, for each call.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from freqkernels.catalogue import ENTRIES, LEVELS, PHASES, Entry
from freqkernels.runtime.breaker import Breaker
from freqkernels.runtime.counters import Counters, Outcome
from freqkernels.runtime.rollout import RolloutState
from freqkernels.runtime.settings import FunctionSettings, Settings
from freqkernels.runtime.shares import current_key, falls_in
from freqkernels.runtime.threads import after_fork_in_child, renew_after_fork

Source = Literal["default", "setting", "level", "rollout", "breaker", "gate", "percentage"]


class Mode(IntEnum):
    """What a caller has to do: call the fast one; that and count; call the exact one; ask."""

    BARE = 0
    COUNTED = 1
    EXACT = 2
    GOVERNED = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """Which implementation answers, and why.

    :param variant: "fast" or "exact".
    :param reason: one sentence.
    :param source: what has decided.
    :param trial: whether the other implementation runs as well, on copies, and is compared; the
        exact one answers then.
    """

    variant: Literal["fast", "exact"]
    reason: str
    source: Source
    trial: bool = False


_FAST = Decision("fast", "nothing speaks against it", "default")
_SHADOW = Decision("exact", "both run and are compared", "setting", trial=True)
_GATE = Decision("exact", "both run until it is known how fast it is", "gate", trial=True)
_PROBE = Decision("exact", "both run to see whether it works again", "breaker", trial=True)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings and the rollout say of one switch.

    :param settled: the decision for all calls, None if it depends on the call.
    :param percentage: of keys whose calls run fast.
    :param key: that counts where a call has none of its own.
    :param shadow: share of calls that are trials, 0 to 1.
    :param min_speedup: how many times as fast it has to be, 0 for no gate.
    :param gate_trials: trials that have to be measured before the gate decides.
    :param fallback: whether the exact implementation answers where the fast one fails.
    :param telemetry: off, counters or timed.
    """

    settled: Decision | None
    percentage: float
    key: str
    shadow: float
    min_speedup: float
    gate_trials: int
    fallback: bool
    telemetry: str

    @property
    def plain(self) -> bool:
        """Whether nothing has to be asked or measured as long as nothing fails."""
        return (
            self.settled is None
            and self.percentage >= 100
            and self.shadow <= 0
            and self.min_speedup <= 0
            and self.telemetry != "timed"
        )


def policy_of(entry: Entry, settings: Settings, rollout: RolloutState) -> Policy:
    """What settings and rollout mean for one switch.

    :param entry: of the catalogue.
    :param settings: of the process.
    :param rollout: state of the rollout log.
    """
    own = settings.functions.get(entry.name, FunctionSettings())

    def chosen(name: str) -> float:
        value = getattr(own, name)
        return float(getattr(settings, name) if value is None else value)

    return Policy(
        settled=_settled(entry, own, settings, rollout),
        percentage=chosen("percentage"),
        key=settings.key,
        shadow=chosen("shadow") / 100 if entry.shadow else 0.0,
        min_speedup=chosen("min_speedup") if entry.shadow else 0.0,
        gate_trials=settings.gate_trials,
        fallback=settings.fallback,
        telemetry=settings.telemetry,
    )


def _settled(
    entry: Entry, own: FunctionSettings, settings: Settings, rollout: RolloutState
) -> Decision | None:
    """The first of all that can say no to a switch as a whole."""
    if settings.level == LEVELS[0]:
        return Decision("exact", "the level is disabled: everything is off", "level")
    if own.enabled is False:
        return Decision("exact", "it is switched off by a setting", "setting")
    refusal = rollout.refusal(entry)
    if refusal:
        return Decision("exact", refusal, "rollout")
    if own.enabled:
        return None
    if entry.phase not in settings.modules:
        return Decision("exact", f"{entry.phase} is not among the modules", "setting")
    if LEVELS.index(entry.maturity) > LEVELS.index(settings.level):
        reason = f"it belongs to level {entry.maturity}, the level is {settings.level}"
        return Decision("exact", reason, "level")
    return None


class Switch:
    """One switch of the catalogue; :func:`switch` makes it.

    :param entry: of the catalogue.
    """

    __slots__ = ("_lock", "_policy", "breaker", "counters", "entry", "mode", "name", "told")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.name = entry.name
        self.counters = Counters()
        self.breaker = Breaker()
        self.mode = Mode.GOVERNED  # until the settings are read
        self.told = False  # that the settled decision is for the exact one
        self._lock = threading.RLock()
        self._policy: Policy | None = None

    def __repr__(self) -> str:
        return f"<switch {self.name}: {self.decision().variant}>"

    @property
    def policy(self) -> Policy:
        """What settings and rollout say; read now if they have not been."""
        if self._policy is None:
            _read_settings()
        policy = self._policy
        assert policy is not None, "reading the settings configures every switch"
        return policy

    def configure(self, settings: Settings, rollout: RolloutState) -> None:
        """Take over new settings; calls that are under way end as they began."""
        with self._lock:
            policy = policy_of(self.entry, settings, rollout)
            if self._policy is None or policy.settled != self._policy.settled:
                self.told = False
            self._policy = policy
            self.breaker.configure(
                failures=settings.breaker_failures,
                window=settings.breaker_window,
                cooldown=settings.breaker_cooldown,
                sticky=settings.breaker_sticky,
            )
            self._settle_mode()

    def decide(self, key: str | None = None) -> Decision:
        """Which implementation answers the call that is made now.

        Takes part in the recovery of a breaker: whoever gets a trial has to report its end with
        :meth:`worked` or :meth:`failed`.

        :param key: of the call; the current one if None.
        """
        policy = self.policy
        refused = policy.settled or _outside(self.name, policy, key)
        if refused is not None:
            return refused
        if not self.breaker.closed:
            answer = self.breaker.allow()
            if answer != "fast":
                return _PROBE if answer == "probe" else self._broken()
        return self._measured(policy)

    def decision(self, key: str | None = None) -> Decision:
        """Which implementation would answer, without any effect; trials aside.

        :param key: of the call; the current one if None.
        """
        policy = self.policy
        refused = policy.settled or _outside(self.name, policy, key)
        if refused is None and not self.breaker.closed:
            refused = self._broken()
        if refused is None:
            refused = self._gated(policy)
        return _FAST if refused is None or refused.trial else refused

    def failed(self, reason: str) -> None:
        """The fast implementation has failed, in a trial or on its own."""
        self.breaker.probed(False, reason)
        self._settle_mode()

    def distrust(self, reason: str) -> bool:
        """The fast implementation has given another result: it is not asked again.

        :return: False if it was not trusted before.
        """
        news = self.breaker.trip(reason)
        self._settle_mode()
        return news

    def count(self, outcome: Outcome, rows: int = 0) -> None:
        """Count an answer that was given elsewhere, if anything is counted."""
        if self.policy.telemetry != "off":
            self.counters.count_as(outcome, rows)

    @property
    def distrusted(self) -> str:
        """Why the fast implementation is not asked again, "" if it may be."""
        return self.breaker.reason if self.breaker.held else ""

    def worked(self, ok: bool | None = True) -> None:
        """A call of the fast implementation has ended, which may have been a probe.

        :param ok: None if it says nothing, because the fast implementation refused.
        """
        if not self.breaker.closed:
            self.breaker.probed(ok)
            self._settle_mode()

    def restore(self) -> None:
        """Close the breaker, whatever has opened it."""
        self.breaker.reset()
        self._settle_mode()

    def renew_locks(self) -> None:
        """In a forked child; another thread may have been in the middle of something."""
        self._lock = threading.RLock()
        self.counters.renew_lock()
        self.breaker.renew_lock()

    def forget(self) -> None:
        """As new: nothing counted, nothing failed, settings not read."""
        with self._lock:
            self.counters.clear()
            self.breaker.reset()
            self._policy = None
            self.mode = Mode.GOVERNED

    def _settle_mode(self) -> None:
        with self._lock:
            policy = self._policy
            if policy is not None and policy.settled is not None:
                self.mode = Mode.EXACT
            elif policy is None or not policy.plain or not self.breaker.closed:
                self.mode = Mode.GOVERNED
            else:
                self.mode = Mode.BARE if policy.telemetry == "off" else Mode.COUNTED

    def _broken(self) -> Decision:
        return Decision("exact", f"its breaker is open: {self.breaker.reason}", "breaker")

    def _measured(self, policy: Policy) -> Decision:
        if policy.shadow > 0 and _chance.random() < policy.shadow:
            return _SHADOW
        return self._gated(policy) or _FAST

    def _gated(self, policy: Policy) -> Decision | None:
        """What the gate says: that it has to be measured first, that it is too slow, or nothing."""
        if policy.min_speedup <= 0:
            return None
        values = self.counters.values()
        if values.trials < policy.gate_trials:
            return _GATE
        speedup = values.speedup
        if speedup is None or speedup >= policy.min_speedup:
            return None
        reason = (
            f"it is {speedup:.2f} times as fast in {values.measured} measured trials, "
            f"{policy.min_speedup:g} are demanded"
        )
        return Decision("exact", reason, "gate")


def _outside(name: str, policy: Policy, key: str | None) -> Decision | None:
    if policy.percentage >= 100:
        return None
    chosen = (current_key.get() if key is None else key) or policy.key
    if falls_in(name, chosen, policy.percentage):
        return None
    reason = f"only {policy.percentage:g} % of the pairs and runs have it"
    return Decision("exact", reason, "percentage")


_chance = random.Random()  # noqa: S311 - nobody's seed, and nobody's sequence is disturbed
_lock = threading.RLock()
renew_after_fork(globals(), "_lock", threading.RLock)
_switches: dict[str, Switch] = {}
_reader: Callable[[], None] | None = None
_current: tuple[Settings, RolloutState] | None = None


def switch(name: str) -> Switch:
    """The switch of a name, made at the first call.

    :param name: as in the catalogue. Another name gets a switch of its own, of the first phase.
    """
    with _lock:
        found = _switches.get(name)
        if found is None:
            found = Switch(ENTRIES.get(name) or Entry(name, PHASES[0], LEVELS[1]))
            if _current is not None:
                found.configure(*_current)
            _switches[name] = found
        return found


def switches() -> list[Switch]:
    """All switches that this process has met, by name."""
    with _lock:
        return [_switches[name] for name in sorted(_switches)]


def configure_all(settings: Settings, rollout: RolloutState) -> None:
    """Give all switches, and those that are yet to be made, new settings."""
    global _current
    with _lock:
        _current = settings, rollout
        for one in _switches.values():
            one.configure(settings, rollout)


def forget_all() -> None:
    """Every switch as new."""
    global _current
    with _lock:
        _current = None
        for one in _switches.values():
            one.forget()


def on_first_use(reader: Callable[[], None]) -> None:
    """What reads the settings when the first switch is asked; it calls :func:`configure_all`."""
    global _reader
    _reader = reader


def _read_settings() -> None:
    assert _reader is not None, "freqkernels.runtime registers it"
    _reader()


def _renew_locks() -> None:
    for one in _switches.values():
        one.renew_locks()
        if _current is not None:
            one.configure(*_current)


after_fork_in_child(_renew_locks)
