"""Pair locks and wallets, as far as the walk through a run has to know them."""

from __future__ import annotations

from math import ceil
from typing import Any

from freqkernels.layout import NEVER
from freqkernels.simulation.structs import Setup


class Locks:
    """Until when entries may be locked; what ends a lock early is for freqtrade to see.

    :param walk: to be told.
    """

    def __init__(self, walk: Any) -> None:
        from freqtrade.persistence import PairLocks

        self._walk = walk
        self._locks = PairLocks
        self._seen = 0
        self._until = NEVER

    def tell(self) -> None:
        """Tell the walk of new locks."""
        locks = self._locks.locks
        if len(locks) == self._seen:
            return
        if len(locks) < self._seen:
            self._seen, self._until = 0, NEVER
        for lock in locks[self._seen :]:
            self._until = max(self._until, ceil(lock.lock_end_time.timestamp() * 1000))
        self._seen = len(locks)
        self._walk.set_locks(self._until)


class Totals:
    """What is owned of each currency, for the wallet captures.

    :param walk: to be told.
    :param wallets: freqtrade's ``Wallets``.
    :param setup: numbers of the currencies.
    """

    def __init__(self, walk: Any, wallets: Any, setup: Setup) -> None:
        self._walk = walk
        self._wallets = wallets
        self._codes = {name: code for code, name in enumerate(setup.currencies)}
        self._captures = bool(setup.rules["capture_wallets"][0])
        self._seen: Any = None

    def tell(self) -> None:
        """Tell the walk after an update of the wallets."""
        balances = self._wallets._wallets
        if not self._captures or balances is self._seen:
            return
        self._seen = balances
        owned = {
            self._codes[name]: wallet.total
            for name, wallet in balances.items()
            if name in self._codes and wallet.total
        }
        self._walk.set_totals(list(owned), list(owned.values()))
