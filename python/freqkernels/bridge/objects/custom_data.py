"""Custom data of a trade, found without going through that of all others.

freqtrade keeps the custom data of all trades of a backtest in one list, and reads all of it
whenever a strategy asks for one value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.targets import Target

_MODULE = "freqtrade.persistence.custom_data"


class _Moves:
    """How often an entry was given to another trade, and whether we would know."""

    __slots__ = ("count", "known")

    def __init__(self) -> None:
        self.count = 0
        self.known = False


_moves = _Moves()


@contextmanager
def moves_watched() -> Iterator[None]:
    """Entries that go to another trade are noticed."""
    from freqtrade.persistence.custom_data import _CustomData

    if _moves.known or "__setattr__" in vars(_CustomData):
        yield
        return
    inherited = _CustomData.__setattr__

    def set_attribute(self: Any, name: str, value: Any) -> None:
        if name == "ft_trade_id" and name in self.__dict__:
            _moves.count += 1
        inherited(self, name, value)

    # Not by setattr: the class would take that for a new column.
    type.__setattr__(_CustomData, "__setattr__", set_attribute)
    _moves.known = True
    try:
        yield
    finally:
        _moves.known = False
        type.__delattr__(_CustomData, "__setattr__")


class _Index:
    """Entries by trade, in the order of the list."""

    def __init__(self) -> None:
        self._entries: list[Any] = []
        self._moves = -1
        self._known = 0
        self._last: Any = None
        self._by_trade: dict[Any, list[Any]] = {}

    def of_trade(self, entries: list[Any], trade_id: Any) -> list[Any]:
        """The entries of a trade.

        :param entries: freqtrade's list, to which entries are appended.
        :param trade_id: the trade.
        """
        if not self._is_current(entries):
            self._entries, self._moves = entries, _moves.count
            self._by_trade, self._known = {}, 0
        if len(entries) > self._known:
            for entry in entries[self._known :]:
                self._by_trade.setdefault(entry.ft_trade_id, []).append(entry)
            self._known, self._last = len(entries), entries[-1]
        return self._by_trade.get(trade_id, [])

    def _is_current(self, entries: list[Any]) -> bool:
        known = self._known
        return (
            entries is self._entries
            and self._moves == _moves.count
            and len(entries) >= known
            and (not known or entries[known - 1] is self._last)
        )


def get_custom_data(original: staticmethod[..., Any]) -> staticmethod[..., Any]:
    """The replacement of ``CustomDataWrapper.get_custom_data``."""
    from freqtrade.persistence.custom_data import CustomDataWrapper

    genuine: Callable[..., Any] = original.__func__
    index = _Index()

    @wraps(genuine)
    def fast(*, trade_id: Any, key: Any = None) -> Any:
        if CustomDataWrapper.use_db or type(trade_id) is not int or not _moves.known:
            return genuine(trade_id=trade_id, key=key)
        found = index.of_trade(CustomDataWrapper.custom_data, trade_id)
        if key is not None:
            found = [entry for entry in found if entry.cd_key.casefold() == key.casefold()]
        return [CustomDataWrapper._convert_custom_data(entry) for entry in found]

    return staticmethod(fast)


SWAPS: tuple[Swap, ...] = (
    Swap(
        Target(
            "CustomDataWrapper.get_custom_data",
            _MODULE,
            "CustomDataWrapper.get_custom_data",
            {"": "bridge.objects.custom_data.get_custom_data"},
        ),
        scope="bridge.objects.custom_data.moves_watched",
    ),
)
"""What this module replaces."""
