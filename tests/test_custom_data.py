"""Custom data of trades: the same values, entries and errors as freqtrade's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("freqtrade")

from freqtrade.persistence.custom_data import CustomDataWrapper, _CustomData
from hypothesis import given
from hypothesis import strategies as st

from freqkernels.bridge.objects import custom_data
from freqkernels.bridge.objects.swaps import swapped
from made_trades import make_trade
from swapped_calls import both, no_database, outcome


@pytest.fixture(autouse=True)
def backtest() -> Iterator[None]:
    """As a backtest finds it."""
    with no_database():
        CustomDataWrapper.reset_custom_data()
        yield
        CustomDataWrapper.reset_custom_data()


VALUES: list[Any] = [1, -2.5, True, "text", None, [1, {"a": 2}], {"b": [None]}, {1, 2}, 10**30]
TRADES = st.sampled_from([0, 1, 2, 3])
KEYS = st.sampled_from(["a", "A", "b", "ß", "SS", ""])
STEPS = st.one_of(
    st.tuples(st.just("set"), TRADES, KEYS, st.sampled_from(VALUES)),
    st.tuples(st.just("move"), TRADES, st.integers(0, 5)),
    st.tuples(st.just("write"), st.integers(0, 5), st.sampled_from(["3", "x"])),
    st.tuples(st.just("drop"), st.integers(0, 5)),
    st.tuples(st.just("swap")),
    st.tuples(st.just("reset")),
    st.tuples(st.just("delete"), TRADES),
)


def take(step: tuple[Any, ...]) -> Any:
    """One thing that a strategy may do."""
    kind, *rest = step
    entries = CustomDataWrapper.custom_data
    if kind == "set":
        make_trade(0, id=rest[0]).set_custom_data(rest[1], rest[2])
    elif kind == "reset":
        CustomDataWrapper.reset_custom_data()
    elif kind == "delete":
        kept = [entry for entry in entries if entry.ft_trade_id != rest[0]]
        CustomDataWrapper.custom_data = kept
    elif kind == "swap":
        entries.reverse()
    elif entries and kind == "move":
        entries[rest[1] % len(entries)].ft_trade_id = rest[0]
    elif entries and kind == "write":
        entries[rest[0] % len(entries)].cd_value = rest[1]
    elif entries and kind == "drop":
        del entries[rest[0] % len(entries)]


def answers() -> list[Any]:
    seen = []
    for number in range(4):
        trade = make_trade(0, id=number)
        for key in ("a", "A", "ss", None, 5):
            seen.append(outcome(lambda trade=trade, key=key: trade.get_custom_data(key, "none")))
            entry = outcome(lambda trade=trade, key=key: places(trade.get_custom_data_entry(key)))
            seen.append(entry)
        seen.append(outcome(lambda trade=trade: [places(e) for e in trade.get_all_custom_data()]))
    for trade_id in (None, 1.0, True, "1"):
        found = outcome(
            lambda trade_id=trade_id: len(CustomDataWrapper.get_custom_data(trade_id=trade_id))
        )
        seen.append(found)
    return seen


def places(entry: Any) -> Any:
    """An entry by its place in the list, and what it holds."""
    known = [id(one) for one in CustomDataWrapper.custom_data]
    return entry and (known.index(id(entry)), entry.cd_key, repr(entry.value), entry.cd_type)


@given(st.lists(STEPS, max_size=12))
def test_custom_data(steps: list[Any]) -> None:
    def look() -> Any:
        CustomDataWrapper.reset_custom_data()
        seen = [answers()]
        for step in steps:
            seen.append([outcome(lambda step=step: take(step)), answers()])
        return seen

    ours, theirs = both(custom_data.SWAPS, look)
    assert ours == theirs


def test_entries_are_watched_for_a_time_only() -> None:
    assert "__setattr__" not in vars(_CustomData)
    with swapped(custom_data.SWAPS):
        assert "__setattr__" in vars(_CustomData)
        with swapped(custom_data.SWAPS):
            pass
        assert "__setattr__" in vars(_CustomData)
    assert "__setattr__" not in vars(_CustomData)


def test_one_value_is_found_without_reading_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    class Entry:
        def __init__(self, trade_id: int) -> None:
            self.number, self.cd_key, self.cd_type, self.cd_value = trade_id, "a", "int", "1"

        @property
        def ft_trade_id(self) -> int:
            read.append(self.number)
            return self.number

    monkeypatch.setattr(CustomDataWrapper, "custom_data", [Entry(n) for n in range(50)])
    with swapped(custom_data.SWAPS):
        for number in (7, 7, 9):
            assert make_trade(0, id=number).get_custom_data("a") == 1
        CustomDataWrapper.custom_data.append(Entry(9))
        assert len(make_trade(0, id=9).get_all_custom_data()) == 2
    assert read == [*range(50), 9]
