"""What the data provider knows of the progress of a run, worked out when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


class SliceIndex(dict[str, int]):
    """By pair, up to which row of its frame a callback may look.

    :param rows: how many rows of a pair were visited.
    :param visited: pairs in the order of their first visit.
    :param startup: candles in front of the first row.
    """

    def __init__(
        self, rows: Callable[[str], int], visited: Callable[[], list[str]], startup: int
    ) -> None:
        super().__init__()
        self._rows = rows
        self._visited = visited
        self._startup = startup

    def _known(self) -> dict[str, int]:
        return {pair: self._startup + self._rows(pair) for pair in self._visited()}

    def get(self, pair: str, default: Any = None) -> Any:
        """The index of a pair; asked for by ``DataProvider.get_analyzed_dataframe``."""
        rows = self._rows(pair)
        return self._startup + rows if rows else default

    def __getitem__(self, pair: str) -> int:
        return self._known()[pair]

    def __contains__(self, pair: object) -> bool:
        return pair in self._known()

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def __eq__(self, other: object) -> bool:
        return self._known() == other

    def __repr__(self) -> str:
        return repr(self._known())

    def keys(self) -> Any:
        """The pairs visited so far."""
        return self._known().keys()

    def values(self) -> Any:
        """Their indexes."""
        return self._known().values()

    def items(self) -> Any:
        """Pairs and indexes."""
        return self._known().items()

    def copy(self) -> dict[str, int]:
        """A plain dict."""
        return self._known()

    __hash__ = None
