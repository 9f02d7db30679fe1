"""The frame that ends a backtest: freqtrade's, and the one made of fewer entries."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("freqtrade")

from freqtrade.data.btanalysis import bt_fileutils
from freqtrade.optimize import backtesting
from freqtrade.persistence import LocalTrade
from hypothesis import given
from hypothesis import strategies as st

from drawn_trades import OPENED, make, prices, trades
from freqkernels.bridge.objects import trade_frame
from freqkernels.bridge.objects.swaps import swapped
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE

pytestmark = pytest.mark.skipif(
    not certificate(ENGINE).support, reason="the engine is left alone here"
)

minutes = st.integers(0, 100_000)
numbers = st.one_of(st.none(), prices, st.sampled_from([0.0, 0, 3, np.float64(1.5)]))
texts = st.sampled_from([None, "", "roi", "force_exit", np.nan])


@st.composite
def closed(draw: st.DrawFn) -> Any:
    """A trade as it may stand in ``LocalTrade.bt_trades``, and what freqtrade does not expect."""
    values, orders = draw(trades(3))
    opened = OPENED + timedelta(minutes=draw(minutes), seconds=draw(st.integers(0, 59)))
    values |= {
        "open_date": opened,
        "close_date": opened + timedelta(minutes=draw(minutes)),
        "is_open": False,
        "pair": draw(st.sampled_from(["ABC/USDT", "XYZ/USDT:USDT", "odd"])),
        "enter_tag": draw(texts),
        "exit_reason": draw(texts),
        "close_rate": draw(prices),
        "open_trade_value": draw(prices),
    }
    for name in ("close_profit", "close_profit_abs", "min_rate", "max_rate", "initial_stop_loss"):
        values[name] = draw(numbers)
    for name in ("stop_loss_pct", "initial_stop_loss_pct", "funding_fees", "max_stake_amount"):
        values[name] = draw(numbers)
    odd = draw(st.sampled_from([""] * 8 + list(_ODD)))
    if odd:
        values[odd] = _ODD[odd]
    return values, orders


_ODD: dict[str, Any] = {
    "close_date": None,
    "open_date": datetime(2024, 1, 1),
    "amount": None,
    "open_trade_value": None,
    "close_profit": "x",
    "amount_requested": "x",
    "stop_loss_pct": "x",
    "leverage": None,
}


def described(frame: pd.DataFrame) -> Any:
    """A frame with the type of each value and the layout of its blocks."""
    cells = [
        (name, str(frame[name].dtype), [(type(cell), repr(cell)) for cell in frame[name].tolist()])
        for name in frame.columns
    ]
    blocks = [(block.dtype, block.mgr_locs.as_array.tolist()) for block in frame._mgr.blocks]
    return cells, blocks, repr(frame.index)


def same(made: Any, **options: Any) -> Any:
    def act() -> Any:
        try:
            return described(bt_fileutils.trade_list_to_dataframe(made, **options))
        except Exception as error:
            return type(error), str(error)

    expected = act()
    with swapped(trade_frame.SWAPS):
        assert act() == expected
    return expected


@given(st.lists(closed(), max_size=6))
def test_frames(plans: list[Any]) -> None:
    same([make(plan) for plan in plans])


@given(st.lists(closed(), max_size=2))
def test_full_frames_and_other_lists(plans: list[Any]) -> None:
    made = [make(plan) for plan in plans]
    same(made, minified=False)
    same(tuple(made))


def test_other_classes_of_trades(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine(LocalTrade):
        def to_json(self, minified: bool = False) -> dict[str, Any]:
            return super().to_json(minified) | {"pair": "changed"}

    plan = {"open_date": OPENED, "close_date": OPENED, "close_rate": 1.5, "pair": "A/B"}
    cells, _, _ = same([make((plan, [])), make((plan, []), Mine)])
    assert [text for _, text in cells[0][2]] == ["'A/B'", "'changed'"]


def test_usual_trades_are_not_asked_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    filled = {"ft_is_open": False, "status": "closed", "filled": 1.0, "price": 2.0, "amount": 1.0}
    plan = {"open_date": OPENED, "close_date": OPENED, "close_rate": 1.5, "pair": "A/B"}
    trade = make((plan, [{**filled, "is_exit": False, "order_filled_date": OPENED}]))
    with swapped(trade_frame.SWAPS):
        monkeypatch.setattr(LocalTrade, "to_json", None)
        assert len(backtesting.trade_list_to_dataframe([trade])) == 1


def test_dates_of_another_zone_are_left_to_freqtrade() -> None:
    zone = timezone(timedelta(hours=2))
    filled = {"ft_is_open": False, "status": "closed", "filled": 1.0, "price": 2.0, "amount": 1.0}
    plan = {"open_date": OPENED.astimezone(zone), "close_date": OPENED, "pair": "A/B"}
    plan |= {"close_rate": 2.0}
    same([make((plan, []))])
    order = {**filled, "is_exit": True, "order_filled_date": OPENED.astimezone(zone)}
    same([make(({**plan, "open_date": OPENED}, [order]))])
