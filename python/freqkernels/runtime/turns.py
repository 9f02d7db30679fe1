"""Whose code is running: seconds by owner, for whoever wants to know.

Owners take turns: what runs within another one's turn interrupts it, so every moment belongs to
one owner and the parts add up to the whole. Costs next to nothing while nobody watches.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal, Self

Owner = Literal["callbacks", "indicators", "freqtrade", "freqkernels", "self-check"]


class Watch:
    """Seconds by owner, from the moment it is made; of one thread.

    :param owner: whose turn it is at first.
    """

    def __init__(self, owner: Owner) -> None:
        self.thread = threading.get_ident()
        self._seconds: dict[Owner, float] = {}
        self._owner = owner
        self._since = perf_counter()

    def switch(self, owner: Owner) -> Owner:
        """Begin another owner's turn; whose it was until now."""
        now, before = perf_counter(), self._owner
        self._seconds[before] = self._seconds.get(before, 0.0) + now - self._since
        self._owner, self._since = owner, now
        return before

    def move(self, owner: Owner, seconds: float) -> None:
        """Give a part of the turn that is on to another owner, to whom it belonged."""
        for whose, much in ((owner, seconds), (self._owner, -seconds)):
            self._seconds[whose] = self._seconds.get(whose, 0.0) + much

    def seconds(self) -> dict[Owner, float]:
        """Seconds so far, of those who had a turn."""
        self.switch(self._owner)
        return dict(self._seconds)


class turn:  # noqa: N801 - used like a function
    """A turn for the time of a ``with`` block; nothing if nobody watches this thread.

    :param owner: whose turn it is.
    """

    __slots__ = ("_before", "_owner", "_watch")

    def __init__(self, owner: Owner) -> None:
        self._owner: Owner = owner

    def __enter__(self) -> Self:
        watch = _watch
        self._watch = watch if watch and watch.thread == threading.get_ident() else None
        if self._watch is not None:
            self._before = self._watch.switch(self._owner)
        return self

    def __exit__(self, *_: object) -> None:
        if self._watch is not None:
            self._watch.switch(self._before)


_watch: Watch | None = None


def moved(owner: Owner, seconds: float) -> None:
    """Say that so much of the turn that is on was another owner's; nothing if nobody watches.

    :param owner: whose it was.
    :param seconds: how much.
    """
    if _watch is not None and _watch.thread == threading.get_ident():
        _watch.move(owner, seconds)


@contextmanager
def watched(owner: Owner) -> Iterator[Watch]:
    """Watch this thread for the time of a ``with`` block.

    :param owner: whose turn it is outside of all others.
    """
    global _watch
    before, _watch = _watch, Watch(owner)
    try:
        yield _watch
    finally:
        _watch = before
