"""A list that is made when somebody looks at what is in it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, MutableSequence
from typing import Any, SupportsIndex


class LazyList(MutableSequence[Any]):
    """Behaves as the list that ``make`` returns, and makes it at the first look at an item.

    Not a subclass of list: code in C reads a list's storage without asking, and would see an empty
    one. ``len`` and truth need no items. Copies and pickles are real lists.

    :param length: number of items.
    :param make: returns them as a new list.
    """

    __slots__ = ("__weakref__", "_items", "_length", "_make")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, length: int, make: Callable[[], list[Any]]) -> None:
        self._length = length
        self._make: Callable[[], list[Any]] | None = make
        self._items: list[Any] = []

    @property
    def made(self) -> bool:
        """Whether somebody has looked."""
        return self._make is None

    def _list(self) -> list[Any]:
        if self._make is not None:
            self._items, self._make = self._make(), None
        return self._items

    def __len__(self) -> int:
        return self._length if self._make is not None else len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._list()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._list()[index] = value

    def __delitem__(self, index: Any) -> None:
        del self._list()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._list())

    def insert(self, index: SupportsIndex, value: Any) -> None:
        """Insert before the index."""
        self._list().insert(index, value)

    def copy(self) -> list[Any]:
        """A new list of the same items."""
        return list(self._list())

    def sort(self, *, key: Any = None, reverse: bool = False) -> None:
        """Sort the items in place."""
        self._list().sort(key=key, reverse=reverse)

    def __add__(self, other: Iterable[Any]) -> list[Any]:
        return self._list() + list(other)

    def __radd__(self, other: Iterable[Any]) -> list[Any]:
        return list(other) + self._list()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LazyList):
            return self._list() == other._list()
        return self._list() == other

    def __repr__(self) -> str:
        return repr(self._list())

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (self._list(),)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return copy.deepcopy(self._list(), memo)
