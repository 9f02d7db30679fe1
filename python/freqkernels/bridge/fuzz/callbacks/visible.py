"""All that a callback can see of a backtest, as groups of plain values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.persistence import CustomDataWrapper, LocalTrade, PairLocks

State = dict[str, dict[str, Any]]

#: Values of these types never change; of any other the text is kept.
_UNCHANGING = frozenset({
    *(bool, int, float, str, type(None), datetime, timedelta),
    *(np.float64, np.int64, np.bool_, pd.Timestamp),
})  # fmt: skip
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")


def kept(value: Any) -> Any:
    """A value as it is now: itself if it cannot change, otherwise its text."""
    return value if type(value) in _UNCHANGING else _ADDRESS.sub("at 0x", repr(value))


def same(one: Any, other: Any) -> bool:
    """Whether two kept values are equal to the last bit."""
    return one is other or (type(one) is type(other) and repr(one) == repr(other))


def visible(strategy: Any, began: datetime) -> State:
    """Open trades, the last closed one, wallets, locks, custom data, positions in the frames.

    :param strategy: the strategy whose callback is being called.
    :param began: when the run began; times of the clock since then differ from run to run.
    """
    still_open = LocalTrade.bt_trades_open
    state: State = {"trades": _lists()}
    for trade in still_open:
        state.update(trade_groups(trade, f"trade {trade.id}"))
    if LocalTrade.bt_trades:
        state.update(trade_groups(LocalTrade.bt_trades[-1], "last closed"))
    state["wallets"] = {name: kept(wallet) for name, wallet in strategy.wallets._wallets.items()}
    state["positions"] = {pair: kept(one) for pair, one in strategy.wallets._positions.items()}
    provider = strategy.dp
    state["frames"] = dict(provider._DataProvider__slice_index)
    state["frames"]["date"] = provider._DataProvider__slice_date
    for number, lock in enumerate(PairLocks.locks):
        state[f"lock {number}"] = _lock(lock, began)
    for data in CustomDataWrapper.custom_data:
        group = state.setdefault(f"custom data of {data.ft_trade_id}", {})
        group[data.cd_key] = (data.cd_type, data.cd_value)
    return state


def _lists() -> dict[str, Any]:
    by_pair = LocalTrade.bt_trades_open_pp
    return {
        "open": repr([trade.id for trade in LocalTrade.bt_trades_open]),
        "open by pair": repr({pair: [trade.id for trade in by_pair[pair]] for pair in by_pair}),
        "open count": LocalTrade.bt_open_open_trade_count,
        "closed": len(LocalTrade.bt_trades),
        "total profit": kept(LocalTrade.bt_total_profit),
    }


def trade_groups(trade: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Attributes of a trade and of its orders.

    :param trade: the trade.
    :param name: of its group.
    """
    yield name, {key: kept(value) for key, value in vars(trade).items() if key != "orders"}
    for number, order in enumerate(trade.orders):
        attributes = {
            key: kept(value)
            for key, value in vars(order).items()
            if key[:4] != "_sa_" and key != "_trade_bt"
        }
        attributes["belongs to the trade"] = vars(order).get("_trade_bt") is trade
        yield f"{name}, order {number}", attributes


def _lock(lock: Any, began: datetime) -> dict[str, Any]:
    state = {key: kept(value) for key, value in vars(lock).items() if key[:4] != "_sa_"}
    if lock.lock_time >= began:
        state["lock_time"] = "now"
    return state
