"""What a simulated backtest leaves behind, as freqtrade's own code would have left it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.bridge.engine.columns import tags_at
from freqkernels.bridge.engine.lazy_list import LazyList
from freqkernels.bridge.engine.locks import pair_locks
from freqkernels.bridge.engine.results_frame import OrderColumns, TradeColumns, results_frame
from freqkernels.bridge.engine.simulation import Simulated
from freqkernels.bridge.engine.snapshot import Snapshot
from freqkernels.bridge.engine.trade_objects import (
    Market,
    Surroundings,
    exit_reasons,
    trade_objects,
)
from freqkernels.bridge.engine.wallet_summary import wallet_captures, wallet_summary_frame
from freqkernels.layout import Kind, OrderState

Tags = tuple[list[Any], list[Any], list[Any]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Outcome:
    """Brings a run's outcome into freqtrade's objects.

    :param backtesting: freqtrade's ``Backtesting``.
    :param snapshot: what the engine ran by.
    :param processed: analysed and trimmed frames by pair.
    :param simulated: what came out.
    :param start: first date of the run.
    """

    def __init__(
        self,
        backtesting: Any,
        snapshot: Snapshot,
        processed: dict[str, pd.DataFrame],
        simulated: Simulated,
        start: Any,
    ) -> None:
        self._backtesting = backtesting
        self._snapshot = snapshot
        self._frames = processed
        self._simulated = simulated
        self._around = _surroundings(backtesting, snapshot, processed, start)

    def apply(self) -> dict[str, Any]:
        """Set all state that other code sees, and return what ``backtest()`` returns."""
        tags = self._tags(self._simulated.trades)
        self._set_trades(tags)
        self._set_counters()
        self._set_provider()
        self._set_rejected()
        captures = self._set_captures()
        self._backtesting.wallets.update()
        return self._content(tags, captures)

    # ---- tags

    def _tags(self, records: NDArray[Any]) -> Tags:
        """Enter tags, exit reasons, and exit reasons of the exit orders."""
        entered = self._tags_at("enter_tag", records["pair"], records["entry_row"])
        signal = self._tags_at("exit_tag", records["pair"], records["reason_row"])
        ordered = self._tags_at("exit_tag", records["pair"], records["exit"]["row"])
        return (
            entered,
            exit_reasons(records["reason"], signal),
            exit_reasons(records["exit"]["reason"], ordered),
        )

    def _tags_at(self, name: str, pairs: NDArray[Any], rows: NDArray[np.int64]) -> list[Any]:
        tags = np.empty(len(rows), dtype=object)
        for number in np.unique(pairs):
            of_pair = np.flatnonzero(pairs == number)
            frame = self._frames[self._snapshot.pairs[number]]
            tags[of_pair] = _objects(tags_at(frame, name, rows[of_pair]))
        result: list[Any] = tags.tolist()
        return result

    # ---- state

    def _set_trades(self, tags: Tags) -> None:
        from freqtrade.persistence import LocalTrade, PairLocks

        records, left = self._simulated.trades, self._simulated.left
        around = self._around
        LocalTrade.bt_trades = LazyList(len(records), lambda: trade_objects(records, tags, around))
        LocalTrade.bt_trades_open = trade_objects(left, self._tags(left), around)
        by_pair: dict[str, list[Any]] = defaultdict(list)
        for number in self._simulated.visits.tolist():
            by_pair[self._snapshot.pairs[number]] = []
        for trade in LocalTrade.bt_trades_open:
            by_pair[trade.pair].append(trade)
        LocalTrade.bt_trades_open_pp = by_pair
        LocalTrade.bt_open_open_trade_count = len(left)
        profit = self._simulated.summary["total_profit"]
        LocalTrade.bt_total_profit = profit if len(records) else 0
        if len(self._simulated.locks):
            PairLocks.locks.extend(
                pair_locks(
                    self._simulated.locks, self._snapshot.pairs, self._backtesting.protections
                )
            )

    def _set_counters(self) -> None:
        summary, backtesting = self._simulated.summary, self._backtesting
        backtesting.trade_id_counter = summary["trade_id"]
        backtesting.order_id_counter = summary["order_id"]
        backtesting.rejected_trades = summary["rejected_signals"]
        backtesting.timedout_entry_orders = summary["timedout_entry_orders"]
        backtesting.timedout_exit_orders = summary["timedout_exit_orders"]
        backtesting.canceled_exit_orders = summary["canceled_exit_orders"]

    def _set_provider(self) -> None:
        provider, startup = self._backtesting.dataprovider, self._backtesting.required_startup
        rows = self._simulated.visited_rows
        for number in self._simulated.visits.tolist():
            provider._set_dataframe_max_index(self._snapshot.pairs[number], startup + rows[number])
        if len(self._simulated.visits):
            last = self._simulated.summary["last_visit_ms"]
            provider._set_dataframe_max_date(self._around.loop_epoch + milliseconds(last))

    def _set_rejected(self) -> None:
        rejections = self._simulated.rejections
        tags = self._tags_at("enter_tag", rejections["pair"], rejections["row"])
        for (row, time_ms, number, _), tag in zip(rejections.tolist(), tags, strict=True):
            pair = self._snapshot.pairs[number]
            date = self._frames[pair]["date"].iloc[row + 1]
            moment = self._around.epochs[number] + milliseconds(time_ms)
            if date != moment:
                dates = self._backtesting.detail_data[pair]["date"]
                date = dates.iloc[dates.searchsorted(moment)]
            self._backtesting.rejected_dict.setdefault(pair, []).append([date, tag])

    def _set_captures(self) -> pd.DataFrame:
        captures, snapshot = self._simulated.captures, self._snapshot
        columns = (
            np.ascontiguousarray(captures["time_ms"]),
            np.ascontiguousarray(captures["currency"]),
            snapshot.currencies,
            np.ascontiguousarray(captures["price"]),
            np.ascontiguousarray(captures["total"]),
        )
        whole = captures["is_whole"] != 0
        kinds: dict[str, Any] = {
            "stake_code": snapshot.stake_code,
            "integer_balances": whole if whole.any() else False,
            "moment": self._around.loop_epoch,
        }
        self._backtesting.wallet_captures = wallet_captures(*columns, **kinds)
        return wallet_summary_frame(*columns, **kinds)

    # ---- results

    def _content(self, tags: Tags, wallet_summary: pd.DataFrame) -> dict[str, Any]:
        from freqtrade.persistence import PairLocks

        backtesting = self._backtesting
        config = backtesting.strategy.config
        return {
            "results": self._results(tags),
            "config": config,
            "locks": PairLocks.get_all_locks(),
            "rejected_signals": backtesting.rejected_trades,
            "timedout_entry_orders": backtesting.timedout_entry_orders,
            "timedout_exit_orders": backtesting.timedout_exit_orders,
            "canceled_trade_entries": backtesting.canceled_trade_entries,
            "canceled_entry_orders": backtesting.canceled_entry_orders,
            "replaced_entry_orders": backtesting.replaced_entry_orders,
            "final_balance": backtesting.wallets.get_total(config["stake_currency"]),
            "wallet_summary": wallet_summary,
        }

    def _results(self, tags: Tags) -> pd.DataFrame:
        records = self._simulated.trades
        fee = self._around.fee
        return results_frame(
            self._snapshot.pairs,
            _trade_columns(records, tags),
            _order_columns(records, tags, fee),
            fee_open=fee,
            fee_close=fee,
        )


def milliseconds(ms: int) -> Any:
    """Milliseconds as a difference of dates."""
    return pd.Timedelta(ms, unit="ms").to_pytimedelta()


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _epoch_of(frame: pd.DataFrame) -> datetime:
    """1970 in the time zone object of the frame's dates."""
    return _EPOCH.replace(tzinfo=frame["date"].dt.tz) if len(frame) else _EPOCH


def _surroundings(
    backtesting: Any, snapshot: Snapshot, processed: dict[str, pd.DataFrame], start: Any
) -> Surroundings:
    exchange = backtesting.exchange
    markets = tuple(
        Market(
            exchange.get_pair_base_currency(pair),
            exchange.get_precision_amount(pair),
            exchange.get_precision_price(pair),
            exchange.get_contract_size(pair),
        )
        for pair in snapshot.pairs
    )
    common = {
        "stake_currency": backtesting.config["stake_currency"],
        "fee_open": backtesting.fee,
        "fee_close": backtesting.fee,
        "timeframe": backtesting.timeframe_min,
        "exchange": backtesting._exchange_name,
        "trading_mode": backtesting.trading_mode,
        "precision_mode": backtesting.precision_mode,
    }
    types = backtesting.strategy.order_types
    # The loop adds a timedelta to its first date: what comes of it is what its dates are.
    loop_epoch = start - (start - _EPOCH)
    return Surroundings(
        snapshot.pairs,
        markets,
        common,
        tuple(_epoch_of(processed[pair]) for pair in snapshot.pairs),
        loop_epoch,
        types["entry"],
        types["exit"],
        backtesting.fee,
    )


def _of_kind(values: NDArray[np.float64], kinds: NDArray[np.uint8]) -> NDArray[Any]:
    """Numbers as Python has them: floats, ints, or objects where both occur."""
    whole = kinds == Kind.INT
    if not whole.any():
        return values
    if whole.all():
        return values.astype(np.int64)
    objects = values.astype(object)
    objects[whole] = values[whole].astype(np.int64).astype(object)
    return objects


def _trade_columns(records: NDArray[Any], tags: Tags) -> TradeColumns:
    plain = {
        name: np.ascontiguousarray(records[name])
        for name in (
            *("stake_amount", "max_stake_amount", "amount", "open_ms", "close_ms", "open_rate"),
            *("close_rate", "initial_stop_loss", "initial_stop_loss_pct", "stop_loss"),
            *("stop_loss_pct", "min_rate", "max_rate", "funding_fees"),
        )
    }
    return TradeColumns(
        pair_codes=np.ascontiguousarray(records["pair"]),
        profit_ratio=np.ascontiguousarray(records["close_profit"]),
        profit_abs=np.ascontiguousarray(records["close_profit_abs"]),
        exit_reason=tags[1],
        enter_tag=tags[0],
        leverage=_of_kind(np.ascontiguousarray(records["leverage"]), records["leverage_kind"]),
        is_short=records["is_short"] != 0,
        first_order=np.arange(0, 2 * len(records) + 1, 2),
        **plain,
    )


def _order_columns(records: NDArray[Any], tags: Tags, fee: Any) -> OrderColumns:
    """The entry and the exit of each trade; closed trades have no other orders."""
    both = np.stack([records["entry"], records["exit"]], axis=1).ravel()
    if not (both["state"] == OrderState.CLOSED).all():
        raise AssertionError("a closed trade has an order that is not closed")
    tag = np.empty((len(records), 2), dtype=object)
    tag[:, 0] = _objects(tags[0])
    tag[:, 1] = _objects(tags[2])
    return OrderColumns(
        amount=np.ascontiguousarray(both["amount"]),
        price=np.ascontiguousarray(both["price"]),
        is_entry=np.tile([True, False], len(records)),
        filled_ms=np.ascontiguousarray(both["filled_ms"]),
        tag=tag.ravel().tolist(),
        cost=both["amount"] * both["price"] * (1 + fee),
    )
