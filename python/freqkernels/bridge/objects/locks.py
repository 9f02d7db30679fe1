"""Locks of pairs, found by reading each lock once."""

from __future__ import annotations

from typing import Any

from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.targets import Target

_MIDDLEWARE = "freqtrade.persistence.pairlock_middleware"


def get_pair_locks(original: staticmethod[..., Any]) -> staticmethod[..., Any]:
    """The replacement of ``PairLocks.get_pair_locks``."""
    from freqtrade.persistence import PairLocks
    from freqtrade.persistence.models import PairLock

    genuine = original.__func__

    def fast(pair: Any, now: Any = None, side: Any = None) -> Any:
        if not now or PairLocks.use_db:
            return genuine(pair, now, side)
        found = []
        for lock in PairLocks.locks:
            if type(lock) is not PairLock:
                return genuine(pair, now, side)
            own = lock.__dict__
            try:
                wanted = (
                    own["lock_end_time"] > now
                    and own["active"] is True
                    and (pair is None or own["pair"] == pair)
                    and (side is None or own["side"] == "*" or own["side"] == side)
                )
            except KeyError:  # never assigned: SQLAlchemy knows what that is
                return genuine(pair, now, side)
            if wanted:
                found.append(lock)
        return found

    return staticmethod(fast)


def is_pair_locked(original: staticmethod[..., Any]) -> staticmethod[..., Any]:
    """The replacement of ``PairLocks.is_pair_locked``."""
    from freqtrade.persistence import PairLocks

    genuine = original.__func__

    def fast(pair: Any, now: Any = None, side: Any = "*") -> Any:
        if not PairLocks.use_db and not PairLocks.locks:
            return False
        return genuine(pair, now, side)

    return staticmethod(fast)


def _swap(name: str, imitates: tuple[str, ...] = ()) -> Swap:
    return Swap(
        Target(
            f"PairLocks.{name}",
            _MIDDLEWARE,
            f"PairLocks.{name}",
            {"": f"bridge.objects.locks.{name}"},
            imitates=imitates,
        )
    )


SWAPS: tuple[Swap, ...] = (
    _swap("get_pair_locks"),
    _swap("is_pair_locked", (f"{_MIDDLEWARE}:PairLocks.is_global_lock",)),
)
"""What this module replaces."""
