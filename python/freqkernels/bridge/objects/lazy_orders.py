"""The orders of a trade that a callback gets: copied when it looks at them.

A callback gets a copy of the trade, and may do with it what it likes. The copies of its orders are
made one by one as they are looked at, so a trade with a thousand orders costs no more than one.

How to read them without a copy (``orders`` being ``trade.__dict__["orders"]``)::

    for order in readable(orders): ...          # each as it is; read only, hand none of them out
    found = picked(orders, positions)           # a list for the caller, copied when looked at

The ``trade`` of an order that was not copied is the original, so take ``leverage`` and the like
from the trade at hand.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from sys import getrefcount
from typing import Any, SupportsIndex, TypeVar

_T = TypeVar("_T")

#: Length of a memo that has the trade and its list of orders only.
_UNTOUCHED = 2


def readable(orders: list[Any]) -> list[Any]:
    """A list of orders to read: copies where there are any, originals otherwise.

    :param orders: a trade's orders.
    :return: the list itself unless it is a lazy one; nobody may write to these orders, or get them.
    """
    return orders.readable() if type(orders) is LazyOrders else orders


def picked(orders: list[Any], positions: Iterable[int]) -> list[Any]:
    """A new list of some of a trade's orders.

    :param orders: a trade's orders.
    :param positions: which ones, counted from 0.
    """
    if type(orders) is LazyOrders:
        return orders.picked(positions)
    return [orders[position] for position in positions]


class OrderCopies:
    """The copies that a copied trade owes to the original's orders.

    :param trade: the copied trade.
    :param memo: what has been copied so far, as :func:`copy.deepcopy` keeps it.
    :param copy_order: copies an order, given the memo.
    :param originals: the orders as they are.
    """

    __slots__ = ("_alone", "_made", "_trade", "copy_order", "memo", "orders")

    def __init__(
        self,
        trade: Any,
        memo: dict[int, Any],
        copy_order: Callable[[Any, dict[int, Any]], Any],
        originals: list[Any],
    ) -> None:
        self._trade = trade
        self._made: list[Any] = []
        self._alone: tuple[int, ...] = ()
        self.memo = memo
        self.copy_order = copy_order
        self.orders: Any = LazyOrders(originals, self)

    def take(self, order: Any) -> Any:
        """The copy of an order, made now unless it is there."""
        made = self.memo.get(id(order))
        if made is None:
            made = self.copy_order(order, self.memo)
            self._made.append(made)
        return made

    def before_change(self, order: Any) -> None:
        """Copy an order that is about to change, if it is one of the originals."""
        if id(order) not in self.memo and any(order is one for one in self.orders.owed()):
            self.take(order)

    def readable(self, orders: list[Any]) -> list[Any]:
        """The copies where there are any, the originals otherwise."""
        if len(self.memo) == _UNTOUCHED:
            return orders
        get = self.memo.get
        return [get(id(order), order) for order in orders]

    def handed_out(self) -> None:
        """Remember who refers to the copied trade before a callback gets it."""
        references = self._references()
        self._alone = references

    def taken_back(self) -> None:
        """After a callback: drop the copies that nobody kept, and make them if somebody did.

        What is kept shows the state that the orders had when the callback was called, whatever
        becomes of the originals.
        """
        references = self._references()  # by itself: a call in progress refers to us, too
        if self._is_kept(references):
            self.complete()
            return
        self.memo.clear()  # with it the only way from the trade to itself
        self._made.clear()
        self._trade = self.orders = None

    def complete(self) -> None:
        """Make all copies."""
        for order in self.orders.owed():
            self.take(order)

    def _references(self) -> tuple[int, ...]:
        """How often each thing that leads to the copies is referred to."""
        trade = self._trade
        own = trade.__dict__
        held = own.get("orders") is self.orders  # the callback may have put in another list
        return (
            getrefcount(trade),
            getrefcount(own),
            getrefcount(self.orders) - held,
            getrefcount(self),
        )

    def _is_kept(self, references: tuple[int, ...]) -> bool:
        """Whether anybody but us refers to the copied trade, or to what leads to it."""
        if not self._made:
            return references != self._alone
        trade, *others = self._alone
        linked = sum(made.__dict__.get("_trade_bt") is self._trade for made in self._made)
        if references != (trade + linked, *others):
            return True
        return any(_references(made) != _LONELY for made in self._made)


class LazyOrders(list[Any]):
    """A list of orders that hands out copies, each made when it is looked at.

    It holds the originals until all of it is needed: lengths and truth are right at no cost. What
    is looked at, by index or in a loop, is copied one by one; every other operation copies all and
    then works as for any list. Copies and pickles of it are real lists.

    :param originals: the orders.
    :param copies: makes the copies.
    """

    __slots__ = ("_copies",)

    def __init__(self, originals: Iterable[Any], copies: OrderCopies) -> None:
        super().__init__(originals)
        self._copies: OrderCopies | None = copies

    def readable(self) -> list[Any]:
        """The orders to read, see :func:`readable`."""
        held = list.__getitem__(self, slice(None))
        return held if self._copies is None else self._copies.readable(held)

    def picked(self, positions: Iterable[int]) -> list[Any]:
        """Some of the orders, see :func:`picked`."""
        found = [list.__getitem__(self, position) for position in positions]
        return found if self._copies is None else LazyOrders(found, self._copies)

    def owed(self) -> list[Any]:
        """The originals, some of which may have been copied already."""
        return [] if self._copies is None else list.__getitem__(self, slice(None))

    def complete(self) -> None:
        """Copy what has not been copied; from now on it is an ordinary list."""
        copies = self._copies
        if copies is not None:
            made = [copies.take(order) for order in list.__iter__(self)]
            self._copies = None
            list.__setitem__(self, slice(None), made)

    def __getitem__(self, index: Any) -> Any:
        found = list.__getitem__(self, index)
        copies = self._copies
        if copies is None:
            return found
        if type(found) is list:
            return [copies.take(order) for order in found]
        return copies.take(found)

    def __iter__(self) -> Iterator[Any]:
        return list.__iter__(self) if self._copies is None else self._one_by_one()

    def _one_by_one(self) -> Iterator[Any]:
        index = 0
        while index < len(self):
            yield self[index]
            index += 1

    def __reversed__(self) -> Iterator[Any]:
        return list.__reversed__(self) if self._copies is None else self._backwards()

    def _backwards(self) -> Iterator[Any]:
        index = len(self) - 1
        while 0 <= index < len(self):
            yield self[index]
            index -= 1

    def __contains__(self, order: object) -> bool:
        self.complete()
        return list.__contains__(self, order)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.complete()
        list.__setitem__(self, index, value)

    def __delitem__(self, index: Any) -> None:
        self.complete()
        list.__delitem__(self, index)

    def append(self, order: Any) -> None:
        """Append an order."""
        self.complete()
        list.append(self, order)

    def extend(self, orders: Iterable[Any]) -> None:
        """Append several orders."""
        self.complete()
        list.extend(self, orders)

    def insert(self, index: SupportsIndex, order: Any) -> None:
        """Insert an order before the index."""
        self.complete()
        list.insert(self, index, order)

    def remove(self, order: Any) -> None:
        """Remove an order."""
        self.complete()
        list.remove(self, order)

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Remove an order and return it."""
        self.complete()
        return list.pop(self, index)

    def clear(self) -> None:
        """Remove all orders."""
        self.complete()
        list.clear(self)

    def index(self, order: Any, *bounds: Any) -> int:
        """Position of an order."""
        self.complete()
        return list.index(self, order, *bounds)

    def count(self, order: Any) -> int:
        """How often an order occurs."""
        self.complete()
        return list.count(self, order)

    def reverse(self) -> None:
        """Turn the list around."""
        self.complete()
        list.reverse(self)

    def sort(self, *, key: Any = None, reverse: bool = False) -> None:
        """Sort the list in place."""
        self.complete()
        list.sort(self, key=key, reverse=reverse)

    def copy(self) -> list[Any]:
        """A new list of the same orders."""
        self.complete()
        return list.copy(self)

    __copy__ = copy

    def __add__(self, other: Any) -> Any:
        self.complete()
        return list.__add__(self, _completed(other))

    def __radd__(self, other: Any) -> Any:
        self.complete()
        return NotImplemented  # lists are concatenated by the one on the left

    def __iadd__(self, other: Any) -> Any:
        self.complete()
        return list.__iadd__(self, other)

    def __mul__(self, times: SupportsIndex) -> list[Any]:
        self.complete()
        return list.__mul__(self, times)

    __rmul__ = __mul__

    def __imul__(self, times: SupportsIndex) -> Any:
        self.complete()
        return list.__imul__(self, times)

    def __eq__(self, other: object) -> bool:
        self.complete()
        return list.__eq__(self, _completed(other))

    def __ne__(self, other: object) -> bool:
        self.complete()
        return list.__ne__(self, _completed(other))

    def __lt__(self, other: Any) -> bool:
        self.complete()
        return list.__lt__(self, _completed(other))

    def __le__(self, other: Any) -> bool:
        self.complete()
        return list.__le__(self, _completed(other))

    def __gt__(self, other: Any) -> bool:
        self.complete()
        return list.__gt__(self, _completed(other))

    def __ge__(self, other: Any) -> bool:
        self.complete()
        return list.__ge__(self, _completed(other))

    def __repr__(self) -> str:
        self.complete()
        return list.__repr__(self)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return list, (self.copy(),)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return copy.deepcopy(self.copy(), memo)


def _completed(other: _T) -> _T:
    if isinstance(other, LazyOrders):
        other.complete()
    return other


class _Thing:
    """Something with attributes, to count references with."""


def _references(made: Any) -> tuple[int, int]:
    return getrefcount(made), getrefcount(made.__dict__)


def _lonely() -> tuple[int, int]:
    """References to an order that is in a list, in a memo, and nowhere else."""
    made = [_Thing()]
    memo = {0: made[0]}
    counts = next(_references(thing) for thing in made)
    memo.clear()
    return counts


_LONELY = _lonely()
