"""A breaker: after too many failures the exact implementation answers, until a probe goes well.

::

             failures within the window, or trip()         cooldown is over
    closed ------------------------------------> open ---------------------> half-open
      ^                                           ^  ^                        |   |
      |                                           |  +---- probe failed ------+   |
      +-------------------------------------------|------- probe went well -------+
      +---------------- reset() ------------------+

Time alone changes no state: open becomes half-open when a caller asks and is handed the probe.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from freqkernels.errors import InvalidInputError

State = Literal["closed", "open", "half-open"]
Permission = Literal["fast", "exact", "probe"]

#: Of this many failures the times are kept at most.
MOST_FAILURES = 100_000


class Breaker:
    """Keeps a failing fast implementation away from its callers.

    :param failures: so many failures open it.
    :param window: within so many seconds.
    :param cooldown: seconds from opening to a probe, and from a probe that does not report back
        to the next one.
    :param sticky: no probes; only :meth:`reset` closes it.
    :param clock: seconds from any moment on. It may stand still and jump: what it jumps back is
        not counted.
    :raise InvalidInputError: as :meth:`configure`.

    ``closed`` is there to be read without a lock: a call that finds it true needs no
    :meth:`allow`. ``reason`` says why it is not closed.
    """

    __slots__ = (
        "_clock",
        "_cooldown",
        "_held",
        "_lag",
        "_latest",
        "_lock",
        "_prober",
        "_since",
        "_sticky",
        "_times",
        "_window",
        "closed",
        "reason",
    )

    def __init__(
        self,
        failures: int = 3,
        window: float = 60.0,
        cooldown: float = 300.0,
        sticky: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # A signal handler may come in while its own thread holds the lock.
        self._lock = threading.RLock()
        self._clock = clock
        self._latest = -math.inf
        self._lag = 0.0
        self._times: deque[float] = deque()
        self._since = 0.0
        self._prober: int | None = None
        self._held = False
        self.reason = ""
        self.closed = True
        self.configure(failures, window, cooldown, sticky)

    def __repr__(self) -> str:
        return f"<breaker, {self.state}{': ' if self.reason else ''}{self.reason}>"

    @property
    def state(self) -> State:
        """ "closed", "open", or "half-open" while a probe is under way."""
        with self._lock:
            if self.closed:
                return "closed"
            return "open" if self._prober is None else "half-open"

    @property
    def held(self) -> bool:
        """Whether :meth:`trip` has opened it for good: no probe, only :meth:`reset` closes it."""
        return self._held

    def configure(self, failures: int, window: float, cooldown: float, sticky: bool) -> None:
        """Set everything anew; the state and the failures so far stay.

        :param failures: from 1 to 100,000.
        :param window: seconds, more than 0.
        :param cooldown: seconds, 0 or more. With 0 every call is a probe while it is open.
        :param sticky: whether only :meth:`reset` closes it.
        :raise InvalidInputError: for anything else.
        """
        if (
            isinstance(failures, bool)
            or not isinstance(failures, int)
            or not 1 <= failures <= MOST_FAILURES
        ):
            raise InvalidInputError(
                f"failures: expected an int from 1 to {MOST_FAILURES}, got {failures!r}"
            )
        if not _is_number(window) or window <= 0:
            raise InvalidInputError(f"window: expected seconds, more than 0, got {window!r}")
        if not _is_number(cooldown) or cooldown < 0:
            raise InvalidInputError(f"cooldown: expected seconds, 0 or more, got {cooldown!r}")
        if not isinstance(sticky, bool):
            raise InvalidInputError(f"sticky: expected True or False, got {sticky!r}")
        with self._lock:
            # Only as many as decide: when the last one comes, the first one may be too old.
            self._times = deque(self._times, maxlen=failures)
            self._window, self._cooldown, self._sticky = window, cooldown, sticky

    def allow(self) -> Permission:
        """What the call that asks may do.

        :return: "fast"; "exact"; or "probe": try the fast implementation without relying on it,
            and call :meth:`probed` from the same thread.
        """
        with self._lock:
            if self.closed:
                return "fast"
            left = self._left()
            if left is None or left > 0:
                return "exact"
            self._since = self._now()
            self._prober = threading.get_ident()
            return "probe"

    def failed(self, reason: str) -> bool:
        """The fast implementation has failed.

        :param reason: how, in one sentence.
        :return: whether this has opened the breaker.
        """
        with self._lock:
            if not self.closed:
                return False  # began before it opened
            now = self._now()
            self._times.append(now)
            count = len(self._times)
            if count != self._times.maxlen or now - self._times[0] > self._window:
                return False
            many = "a failure" if count == 1 else f"{count} failures in {self._window:g} seconds"
            self._open(f"{many}, the last one: {reason}" if count > 1 else f"{many}: {reason}")
            return True

    def probed(self, ok: bool | None, reason: str = "") -> bool:
        """What became of a probe.

        A report that nobody waits for any more, as the breaker was tripped or reset or another
        probe is under way, closes nothing; if it is of a failure, it counts as :meth:`failed`.

        :param ok: whether the fast implementation did well; None if the probe says nothing about
            that, for example because it refused: then the next call gets the probe.
        :param reason: what went wrong.
        :return: whether this has closed the breaker.
        """
        with self._lock:
            if self.closed or self._prober != threading.get_ident():
                if ok is False:
                    self.failed(reason)
                return False
            if ok:
                self._close()
            elif ok is None:
                self._give_back()
            else:
                self._open(f"a probe failed: {reason}")
            return ok is True

    def trip(self, reason: str, sticky: bool = True) -> bool:
        """Open it at once, for example because results differed.

        :param reason: why, in one sentence.
        :param sticky: whether only :meth:`reset` closes it.
        :return: False if it was open for good before: then the first reason stays.
        """
        with self._lock:
            if self._held:
                return False
            self._open(reason, held=sticky)
            return True

    def reset(self) -> None:
        """Close it, whatever has opened it, and forget all failures."""
        with self._lock:
            self._close()

    def retry_in(self) -> float | None:
        """Seconds until a call may be handed a probe; None if closed, or open for good."""
        with self._lock:
            return None if self.closed else self._left()

    def renew_lock(self) -> None:
        """In a forked child: another thread may have held the lock, or be at a probe."""
        self._lock = threading.RLock()
        if self._prober is not None:
            self._give_back()

    # Below, the lock is held. `closed` is written last: a fork or a signal may come in between.

    def _open(self, reason: str, held: bool = False) -> None:
        self._since = self._now()
        self._prober = None
        self._held = held
        self.reason = reason
        self.closed = False

    def _close(self) -> None:
        self._times.clear()
        self._held = False
        self.reason = ""
        self.closed = True

    def _give_back(self) -> None:
        self._since = -math.inf
        self._prober = None

    def _left(self) -> float | None:
        if self._held or self._sticky:
            return None
        return max(0.0, self._cooldown - (self._now() - self._since))

    def _now(self) -> float:
        reading = self._clock()
        if reading < self._latest:
            self._lag += self._latest - reading
        self._latest = reading
        return reading + self._lag


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= sys.float_info.max  # not so for what is not a number
