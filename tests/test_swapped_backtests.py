"""Whole backtests of strategies with callbacks: everything a callback sees is freqtrade's."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

pytest.importorskip("freqtrade")

from freqtrade.data import history
from freqtrade.data.converter import trim_dataframes

from engine_backtesting import Run, offline
from freqkernels.bridge.objects.swaps import swapped
from freqkernels.bridge.objects.table import SWAPS
from oracle import logged

CANDLES = 110

STRATEGY = """
position_adjustment_enable = True
use_custom_stoploss = True
can_short = SHORT
minimal_roi = {"0": 0.04, "60": 0.03}
stoploss = -0.2
log = []
kept = []

@property
def protections(self):
    return [
        {"method": "CooldownPeriod", "stop_duration_candles": 2},
        {"method": "StoplossGuard", "lookback_period_candles": 40, "trade_limit": 2,
         "stop_duration_candles": 4, "only_per_pair": False},
    ]

def populate_entry_trend(self, dataframe, metadata):
    dataframe.loc[dataframe.index % 7 == 0, "enter_long"] = 1
    if self.can_short:
        dataframe.loc[dataframe.index % 7 == 3, "enter_short"] = 1
    return dataframe

def tell(self, name, trade=None, order=None, **others):
    self.log.append((name, sorted((k, repr(v)) for k, v in others.items())))
    number = len(self.log)
    if order is not None:
        self.log.append(self.values(order))
        if number % 5 == 0:
            order.ft_cancel_reason = f"seen at {number}"
    for old, look in self.kept[-1:]:
        self.log.append(look(old))
    if trade is None:
        return
    self.log.append(sorted((k, repr(v)) for k, v in vars(trade).items() if k != "orders"))
    self.log.append([len(trade.orders), trade.nr_of_successful_entries, trade.has_open_orders])
    how = number % 11
    if how == 0:
        self.log.append([self.values(order) for order in trade.orders])
    elif how in (1, 2):
        self.log.append([self.values(order) for order in trade.orders[-how:]])
    elif how == 3:
        found = trade.select_filled_orders(trade.entry_side)
        self.log.append([self.values(found[0]), found[-1].trade is trade] if found else None)
    elif how == 4:
        self.spoil(trade)
    elif how == 5:
        self.kept.append((trade, lambda t: [self.values(order) for order in t.orders]))
    elif how == 6:
        self.kept.append((trade.orders, lambda orders: [self.values(o) for o in orders]))
    elif how == 7:
        found = trade.select_filled_orders()
        self.kept.append((found, lambda orders: [self.values(o) for o in orders]))
    elif how == 8:
        self.log.append([repr(trade), repr(trade.orders), trade.stake_amount])
        self.log.append(trade.to_json())
    elif how == 9 and len(trade.orders):
        trade.orders[0].ft_price = 1e9
        self.log.append([self.values(order) for order in reversed(trade.orders)])
    else:
        others = Trade.get_trades_proxy(is_open=True)
        self.log.append([(t.pair, t.stop_loss, t is trade) for t in others])
        for other in others:
            other.seen = number
            if number % 3 == 0 and other.pair == trade.pair:
                other.orders[-1].ft_cancel_reason = f"touched at {number}"
        self.log.append([self.values(order) for order in trade.orders])

def values(self, order):
    hidden = ("_sa_instance_state", "_trade_bt")
    return sorted((k, repr(v)) for k, v in vars(order).items() if k not in hidden)

def spoil(self, trade):
    trade.stop_loss = 1e9
    trade.amount = -1.0
    trade.notes = {"a": [trade]}
    for order in list(trade.orders):
        order.filled = 1e9
        order.ft_is_open = True
        order.note = [1]
    trade.orders.append(trade.orders[0])
    del trade.orders[0]
    trade.orders.sort(key=lambda order: order.id)
    trade.orders = None

def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
    self.tell("custom_exit", trade, pair=pair, at=current_time, profit=current_profit)
    if current_time.minute == 5 and len(self.log) % 9 == 0:
        raise ValueError("no")
    return "gain" if current_profit > 0.004 else None

def custom_stoploss(
    self, pair, trade, current_time, current_rate, current_profit, after_fill, **kwargs
):
    self.tell("custom_stoploss", trade, at=current_time, rate=current_rate, fill=after_fill)
    if len(self.log) % 41 == 0:
        raise RuntimeError("unexpected")
    return -0.05 if len(trade.orders) < 4 else -0.015

def custom_roi(self, pair, trade, current_time, trade_duration, entry_tag, side, **kwargs):
    self.tell("custom_roi", trade, at=current_time, duration=trade_duration, side=side)
    return 0.02

use_custom_roi = True

def adjust_trade_position(
    self, trade, current_time, current_rate, current_profit, min_stake, max_stake, **kwargs
):
    self.tell("adjust", trade, at=current_time, least=min_stake, most=max_stake, **kwargs)
    if current_time.minute % 20 == 0 and trade.nr_of_successful_entries < 6:
        return 30.0, f"more {current_time.hour}"
    if current_time.minute == 45 and trade.nr_of_successful_entries > 2:
        return -10.0
    return None

def custom_entry_price(self, pair, trade, current_time, proposed_rate, entry_tag, side, **kwargs):
    self.tell("entry_price", trade, at=current_time, rate=proposed_rate, tag=entry_tag)
    return proposed_rate * (0.999 if current_time.minute % 2 else 1.0)

def custom_stake_amount(self, pair, current_time, proposed_stake, min_stake, max_stake, **kwargs):
    self.tell("stake", at=current_time, stake=proposed_stake, least=min_stake, most=max_stake)
    return min(80.0, max_stake)

def confirm_trade_exit(self, pair, trade, order_type, amount, rate, exit_reason, **kwargs):
    self.tell("confirm_exit", trade, amount=amount, rate=rate, reason=exit_reason)
    return len(self.log) % 13 != 0

def order_filled(self, pair, trade, order, current_time, **kwargs):
    self.tell("filled", trade, order, at=current_time)

def check_entry_timeout(self, pair, trade, order, current_time, **kwargs):
    self.tell("entry_timeout", trade, order, at=current_time)
    return len(self.log) % 4 == 0

def adjust_order_price(self, trade, order, pair, current_time, proposed_rate, **kwargs):
    self.tell("order_price", trade, order, at=current_time, rate=proposed_rate, more=kwargs)
    return proposed_rate if len(self.log) % 2 else kwargs["current_order_rate"]

def leverage(self, pair, current_time, current_rate, proposed_leverage, max_leverage, **kwargs):
    self.tell("leverage", at=current_time, most=max_leverage)
    return 3.0
"""


def backtest(run: Run, body: str, frames: dict[str, Any]) -> tuple[Any, ...]:
    """All that a run leaves behind."""
    strategy = run.strategy(body)
    backtesting = run.backtesting
    backtesting.enable_protections = backtesting.config["enable_protections"] = True
    backtesting.trade_id_counter = backtesting.order_id_counter = 0
    first, last = history.get_timerange(frames)
    with offline(), logged("freqtrade") as lines:
        found = backtesting.backtest({k: v.copy() for k, v in frames.items()}, first, last)
    tables = {name: found.pop(name) for name in ("results", "wallet_history") if name in found}
    found.pop("config", None)
    told = {name: _told(table) for name, table in tables.items()}
    seen = {k: v for k, v in found.items() if k != "backtest_run_start_ts"}
    captures = repr(backtesting.wallet_captures)
    return (
        strategy.log,
        told,
        repr(seen),
        captures,
        [_line(*line) for line in lines if line[1] > logging.DEBUG],
    )


def _told(table: Any) -> Any:
    return list(table.columns), list(table.dtypes), table.map(repr).to_numpy().tolist()


def _line(name: str, level: int, text: str) -> tuple[str, int, str]:
    return name, level, re.sub(r" at 0x\w+", "", text)


@pytest.mark.parametrize(
    ("mode", "stake", "stacking"),
    [("spot", "unlimited", False), ("futures", 100, False), ("futures", 60, True)],
)
def test_callbacks_see_what_freqtrade_shows_them(mode: str, stake: Any, stacking: bool) -> None:
    run = Run(mode)
    run.backtesting._position_stacking = stacking
    run.backtesting.config["max_open_trades"] = 8 if stacking else 3
    body = STRATEGY.replace("SHORT", str(run.futures))
    run.backtesting.config["stake_amount"] = stake
    run.strategy(body)
    backtesting = run.backtesting
    data, timerange = backtesting.load_bt_data()
    frames = backtesting.strategy.advise_all_indicators(data)
    frames = {k: v.head(CANDLES) for k, v in trim_dataframes(frames, timerange, 0).items()}
    plain = backtest(run, body, frames)
    with swapped(SWAPS):
        ours = backtest(run, body, frames)
    assert len(plain[0]) > 1000
    for place, (entry, expected) in enumerate(zip(ours[0], plain[0], strict=False)):
        assert entry == expected, f"entry {place} of the log"
    assert ours == plain
