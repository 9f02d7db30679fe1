"""Closed trades since a date: the same lists of the same trades as freqtrade's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("freqtrade")

from freqtrade.persistence import LocalTrade, Trade
from freqtrade.strategy import strategy_wrapper
from hypothesis import given
from hypothesis import strategies as st

from freqkernels.bridge.objects import callbacks, closed_trades
from freqkernels.bridge.objects.swaps import swapped
from made_trades import NOW, make_trade
from swapped_calls import both, no_database, outcome

DATES = [None, *(NOW + timedelta(minutes=5 * number) for number in range(6))]
QUESTIONS = [
    {"pair": pair, "is_open": is_open, "open_date": opened, "close_date": closed}
    for pair in (None, "A/B")
    for is_open in (False, True, None, 0)
    for opened in (None, NOW)
    for closed in (*DATES, NOW.replace(tzinfo=None), pd.Timestamp(NOW))
]


@pytest.fixture(autouse=True)
def backtest() -> Iterator[None]:
    """As a backtest finds it."""
    with no_database():
        yield


def closed_trade(pair: str = "A/B", closed: Any = NOW) -> Any:
    trade = make_trade(0, pair=pair, is_open=False)
    trade.close_date, trade.open_date = closed, NOW + timedelta(minutes=1)
    return trade


def change(step: str) -> None:
    """What a strategy may do to closed trades."""
    if step == "close":
        LocalTrade.add_bt_trade(closed_trade(closed=NOW + timedelta(hours=1)))
    elif LocalTrade.bt_trades:
        later = {"later": NOW + timedelta(minutes=17), "naive": NOW.replace(tzinfo=None)}
        LocalTrade.bt_trades[0].close_date = later.get(step)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    return strategy_wrapper.strategy_safe_wrapper(function)(*arguments)


def places(question: dict[str, Any]) -> list[int]:
    known = [*LocalTrade.bt_trades, *LocalTrade.bt_trades_open]
    numbers = {id(trade): number for number, trade in enumerate(known)}
    return [numbers[id(trade)] for trade in LocalTrade.get_trades_proxy(**question)]


def answers() -> list[Any]:
    return [outcome(lambda question=question: places(question)) for question in QUESTIONS]


@given(
    st.lists(st.tuples(st.sampled_from(["A/B", "C/B"]), st.sampled_from(DATES)), max_size=8),
    st.lists(st.sampled_from(["close", "later", "naive", "forget"]), max_size=3),
    st.booleans(),
)
def test_lists_are_freqtrades(made: list[Any], steps: list[str], in_order: bool) -> None:
    if in_order:
        made = sorted((one for one in made if one[1]), key=lambda one: one[1])

    def look() -> Any:
        Trade.reset_trades()
        for pair, closed in made:
            LocalTrade.add_bt_trade(closed_trade(pair, closed))
        seen = [answers()]
        for step in steps:
            call(change, step)  # the strategy's code runs in callbacks
            seen.append(answers())
        seen.append(call(lambda: [answers(), change("later"), answers()]))
        return [*seen, answers()]

    ours, theirs = both((*callbacks.SWAPS, *closed_trades.SWAPS), look)
    assert ours == theirs


def test_trades_are_the_originals() -> None:
    trades = [closed_trade(closed=NOW + timedelta(minutes=number)) for number in range(3)]
    with swapped((*callbacks.SWAPS, *closed_trades.SWAPS)):
        for number, trade in enumerate(trades):
            LocalTrade.add_bt_trade(trade)
            found = Trade.get_trades_proxy(is_open=False, close_date=NOW)
            assert [id(one) for one in found] == [id(one) for one in trades[1 : number + 1]]


def test_unknown_calls_of_the_strategy_leave_it_to_freqtrade() -> None:
    LocalTrade.add_bt_trade(closed_trade(closed=NOW))
    with swapped(closed_trades.SWAPS):
        assert LocalTrade.get_trades_proxy(is_open=False, close_date=NOW) == []
        change("later")
        found = LocalTrade.get_trades_proxy(is_open=False, close_date=NOW)
        assert found == LocalTrade.bt_trades
