"""Everything that code after a backtest could look at, as plain values for comparison.

Bits and types are kept: numbers, dates, frames stay what they are. Objects of freqtrade become
dicts of all their attributes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pandas as pd
from freqtrade.persistence import CustomDataWrapper, LocalTrade, PairLocks

#: Counters of ``Backtesting``.
COUNTERS = (
    "rejected_trades",
    "timedout_entry_orders",
    "timedout_exit_orders",
    "canceled_trade_entries",
    "canceled_entry_orders",
    "replaced_entry_orders",
    "canceled_exit_orders",
    "replaced_exit_orders",
    "trade_id_counter",
    "order_id_counter",
)


def outcome_of(
    backtesting: Any,
    result: dict[str, Any] | None,
    processed: dict[str, pd.DataFrame],
    began: datetime | None = None,
) -> dict[str, Any]:
    """What a backtest returned and left behind.

    :param backtesting: freqtrade's object.
    :param result: what ``backtest()`` returned, None if it raised.
    :param processed: the frames that it was given.
    :param began: when it began, if the strategy can lock pairs by the clock.
    """
    return {
        "trades": _trades(),
        "result": _result(backtesting, result, began),
        "counters": {name: getattr(backtesting, name) for name in COUNTERS},
        "rejected_dict": _copied(backtesting.rejected_dict),
        "wallet_captures": list(getattr(backtesting, "wallet_captures", ())),
        "wallets": _wallets(backtesting),
        "locks": [_lock(lock, began) for lock in PairLocks.locks],
        "custom_data": [
            (data.ft_trade_id, data.cd_key, data.cd_type, data.cd_value)
            for data in CustomDataWrapper.custom_data
        ],
        "processed": dict(processed),
        "dataprovider": _dataprovider(backtesting.dataprovider),
        "progress": _progress(backtesting.progress),
        "abort": backtesting.abort,
    }


def _result(
    backtesting: Any, result: dict[str, Any] | None, began: datetime | None
) -> dict[str, Any] | None:
    if result is None:
        return None
    plain = dict(result)
    plain["config"] = (result["config"] is backtesting.strategy.config, dict(result["config"]))
    plain["locks"] = [_lock(lock, began) for lock in result["locks"]]
    return plain


def _lock(lock: Any, began: datetime | None) -> dict[str, Any]:
    """A lock; a time of the clock is not the same in two runs."""
    state = _attributes(lock)
    if began is not None and lock.lock_time >= began:
        state["lock_time"] = "now"
    return state


def _trades() -> dict[str, Any]:
    still_open = list(LocalTrade.bt_trades_open)
    positions = {id(trade): i for i, trade in enumerate(still_open)}
    return {
        "closed": [trade_state(trade) for trade in LocalTrade.bt_trades],
        "open": [trade_state(trade) for trade in still_open],
        "open_by_pair": {
            pair: [positions.get(id(trade)) for trade in trades]
            for pair, trades in LocalTrade.bt_trades_open_pp.items()
        },
        "open_count": LocalTrade.bt_open_open_trade_count,
        "total_profit": LocalTrade.bt_total_profit,
    }


def trade_state(trade: Any) -> dict[str, Any]:
    """All attributes of a trade, its orders included."""
    state = _attributes(trade)
    state["orders"] = [_order_state(order, trade) for order in trade.orders]
    return state


def _order_state(order: Any, trade: Any) -> dict[str, Any]:
    state = _attributes(order)
    state["_trade_bt"] = state.get("_trade_bt") is trade
    return state


def _attributes(thing: Any) -> dict[str, Any]:
    """Instance attributes by name; of SQLAlchemy's objects those that were ever set."""
    return {name: vars(thing)[name] for name in sorted(vars(thing)) if name[:4] != "_sa_"}


def _wallets(backtesting: Any) -> dict[str, Any]:
    wallets = backtesting.wallets
    return {
        "wallets": {name: tuple(wallet) for name, wallet in wallets._wallets.items()},
        "positions": {name: tuple(position) for name, position in wallets._positions.items()},
        "start_cap": dict(wallets._start_cap),
        "starting_balance": getattr(backtesting, "starting_balance", None),
    }


def _dataprovider(dataprovider: Any) -> dict[str, Any]:
    cached = dataprovider._DataProvider__cached_pairs
    index = dataprovider._DataProvider__slice_index
    return {
        "frames": {key: frame for key, (frame, _) in cached.items()},
        # One number for all pairs before it became one a pair.
        "slice_index": dict(index) if isinstance(index, dict) else index,
        "slice_date": dataprovider._DataProvider__slice_date,
    }


def _progress(progress: Any) -> list[tuple[Any, ...]]:
    """Steps of the progress bars, whatever class this release has for them."""
    if progress is None:
        return []
    if hasattr(progress, "tasks"):
        return [(task.description, task.completed, task.total) for task in progress.tasks]
    return [_plain(vars(progress))]


def _plain(state: dict[str, Any]) -> tuple[Any, ...]:
    return tuple((name, str(value)) for name, value in state.items())


def _copied(rejected: dict[str, Iterable[Any]]) -> dict[str, list[Any]]:
    return {pair: [list(entry) for entry in entries] for pair, entries in rejected.items()}
