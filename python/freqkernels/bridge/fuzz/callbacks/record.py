"""The log of a strategy's calls: which callback, with what, and what had changed since the last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from freqtrade.persistence import LocalTrade, Order

from freqkernels.bridge.fuzz.callbacks.visible import State, kept, same, trade_groups, visible


class Record:
    """Calls in their order.

    A call holds the arguments and the part of the visible state that is not as it was at the last
    call that looked at it, so equal logs mean equal states at every call.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self.calls: list[dict[str, Any]] = []
        self.began = datetime.now(UTC)
        self._state: State = {}
        self._text = ""

    def call(self, strategy: Any, callback: str, given: dict[str, Any], *, look: bool) -> None:
        """A callback is called.

        :param strategy: whose.
        :param callback: its name.
        :param given: all arguments.
        :param look: whether to look at trades and orders, given and visible.
        """
        shown: dict[str, Any] = {}
        for name, value in given.items():
            if isinstance(value, (LocalTrade, Order)):
                shown[name] = _described(value, given) if look else type(value).__name__
            else:
                shown[name] = kept(value)
        entry = {"callback": callback, "given": shown, "changed": {}, "gone": [], "did": []}
        if look:
            state = visible(strategy, self.began)
            entry["changed"] = _changed(state, self._state)
            entry["gone"] = [name for name in self._state if name not in state]
            self._state = state
        self.calls.append(entry)
        self._text = f"{callback} {shown}"

    def toss(self, step: str, every: int) -> bool:
        """Whether a step is done, noted if it is; the arguments of the call decide.

        :param step: its name.
        :param every: it is done in one of so many calls.
        """
        done = crc32(f"{self._text} {step}".encode()) % every == 0
        if done and self.calls:
            self.calls[-1]["did"].append(step)
        return done

    def look(self, *values: Any) -> None:
        """Note what a callback has seen."""
        self.calls[-1].setdefault("saw", []).append([kept(value) for value in values])


def _changed(state: State, before: State) -> State:
    found: State = {}
    for name, group in state.items():
        old = before.get(name)
        if old is None:
            found[name] = group
            continue
        changed = {
            key: value
            for key, value in group.items()
            if key not in old or not same(value, old[key])
        }
        changed.update({key: "(gone)" for key in old if key not in group})
        if changed:
            found[name] = changed
    return found


def _described(value: Any, given: dict[str, Any]) -> dict[str, Any]:
    """A trade or an order among the arguments: whose copy it is, and where it is not like it."""
    if isinstance(value, LocalTrade):
        return _trade(value)
    trade = given.get("trade")
    originals = [order for one in _all_trades() for order in one.orders]
    return {
        "class": type(value).__name__,
        "order": value.order_id,
        "original": any(value is order for order in originals),
        "of the given trade": trade is not None and any(value is o for o in trade.orders),
        "trade": value._trade_bt.id,
    }


def _trade(given: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"class": type(given).__name__, "trade": given.id}
    original = next((trade for trade in _all_trades() if trade.id == given.id), None)
    if original is None:
        return found | {"original": None, **dict(trade_groups(given, "trade"))}
    found["original"] = given is original
    if given is not original:
        found["shared"] = [
            number
            for number, order in enumerate(given.orders)
            if any(order is other for other in original.orders)
        ]
        expected = dict(trade_groups(original, "trade"))
        found["differs"] = _changed(dict(trade_groups(given, "trade")), expected)
    return found


def _all_trades() -> list[Any]:
    return [*LocalTrade.bt_trades_open, *LocalTrade.bt_trades[-3:]]
