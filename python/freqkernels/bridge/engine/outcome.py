"""What a simulated backtest leaves behind, as freqtrade's own code would have left it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from freqkernels.bridge.engine.lazy_list import LazyList
from freqkernels.bridge.engine.locks import pair_locks
from freqkernels.bridge.engine.trade_objects import (
    Market,
    Surroundings,
    trade_objects,
)
from freqkernels.bridge.engine.wallet_summary import wallet_captures
from freqkernels.simulation.records import Tags, order_columns, tags_at_rows, tags_of, trade_columns
from freqkernels.simulation.results_frame import results_frame
from freqkernels.simulation.run import Records
from freqkernels.simulation.structs import Setup, Struct
from freqkernels.simulation.wallet_frame import wallet_summary_frame

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Outcome:
    """Brings a run's outcome into freqtrade's objects.

    :param backtesting: freqtrade's ``Backtesting``.
    :param setup: what the engine ran by.
    :param processed: analysed and trimmed frames by pair.
    :param records: what came out.
    :param start: first date of the run.
    """

    def __init__(
        self,
        backtesting: Any,
        setup: Setup,
        processed: dict[str, pd.DataFrame],
        records: Records,
        start: Any,
    ) -> None:
        self._backtesting = backtesting
        self._setup = setup
        self._frames = processed
        self._tagged = (setup.pairs, processed)
        self._records = records
        self._around = _surroundings(backtesting, setup, processed, start)

    def apply(self) -> dict[str, Any]:
        """Set all state that other code sees, and return what ``backtest()`` returns."""
        tags = tags_of(self._records.trades, *self._tagged)
        self._set_trades(tags)
        self._set_counters()
        self._set_provider()
        self._set_rejected()
        if self._records.summary["order_id"] > self._setup.rules["order_id"][0]:
            _round_like_ccxt()
        records = self._records.captures
        captures = keep_captures(self._backtesting, self._setup, records, self._around.loop_epoch)
        self._backtesting.wallets.update()
        return backtest_content(self._backtesting, self._results(tags), captures)

    # ---- state

    def _set_trades(self, tags: Tags) -> None:
        from freqtrade.persistence import LocalTrade, PairLocks

        records, left = self._records.trades, self._records.left
        around = self._around
        LocalTrade.bt_trades = LazyList(len(records), lambda: trade_objects(records, tags, around))
        LocalTrade.bt_trades_open = trade_objects(left, tags_of(left, *self._tagged), around)
        by_pair: dict[str, list[Any]] = defaultdict(list)
        for number in self._records.visits.tolist():
            by_pair[self._setup.pairs[number]] = []
        for trade in LocalTrade.bt_trades_open:
            by_pair[trade.pair].append(trade)
        LocalTrade.bt_trades_open_pp = by_pair
        LocalTrade.bt_open_open_trade_count = len(left)
        profit = self._records.summary["total_profit"]
        LocalTrade.bt_total_profit = profit if len(records) else 0
        if len(self._records.locks):
            PairLocks.locks.extend(
                pair_locks(
                    self._records.locks,
                    self._setup.pairs,
                    self._backtesting.protections,
                    self._around.loop_epoch,
                )
            )

    def _set_counters(self) -> None:
        summary, backtesting = self._records.summary, self._backtesting
        backtesting.trade_id_counter = summary["trade_id"]
        backtesting.order_id_counter = summary["order_id"]
        backtesting.rejected_trades = summary["rejected_signals"]
        backtesting.timedout_entry_orders = summary["timedout_entry_orders"]
        backtesting.timedout_exit_orders = summary["timedout_exit_orders"]
        backtesting.canceled_exit_orders = summary["canceled_exit_orders"]

    def _set_provider(self) -> None:
        provider, startup = self._backtesting.dataprovider, self._backtesting.required_startup
        rows = self._records.visited_rows
        for number in self._records.visits.tolist():
            provider._set_dataframe_max_index(self._setup.pairs[number], startup + rows[number])
        if len(self._records.visits):
            last = self._records.summary["last_visit_ms"]
            provider._set_dataframe_max_date(self._around.loop_epoch + milliseconds(last))

    def _set_rejected(self) -> None:
        found = rejected_signals(
            self._backtesting, self._setup, self._frames, self._records.rejections
        )
        for pair, date, tag in found:
            self._backtesting.rejected_dict.setdefault(pair, []).append([date, tag])

    # ---- results

    def _results(self, tags: Tags) -> pd.DataFrame:
        records = self._records.trades
        fee = self._around.fee
        return results_frame(
            self._setup.pairs,
            trade_columns(records, tags),
            order_columns(records, tags, fee),
            fee_open=fee,
            fee_close=fee,
        )


def rejected_signals(
    backtesting: Any, setup: Setup, frames: dict[str, pd.DataFrame], rejections: Any
) -> Iterator[tuple[str, Any, Any]]:
    """Pair, date and enter tag of rejected signals.

    :param backtesting: freqtrade's ``Backtesting``.
    :param setup: what the engine ran by.
    :param frames: analysed and trimmed frames by pair.
    :param rejections: as ``freqkernels.layout.REJECTION``.
    """
    tagged = (setup.pairs, frames)
    tags = tags_at_rows("enter_tag", rejections["pair"], rejections["row"], *tagged)
    epochs = {pair: _epoch_of(frame) for pair, frame in frames.items()}
    for (row, time_ms, number, _), tag in zip(rejections.tolist(), tags, strict=True):
        pair = setup.pairs[number]
        date = frames[pair]["date"].iloc[row + 1]
        moment = epochs[pair] + milliseconds(time_ms)
        if date != moment:
            dates = backtesting.detail_data[pair]["date"]
            date = dates.iloc[dates.searchsorted(moment)]
        yield pair, date, tag


def keep_captures(
    backtesting: Any, setup: Setup, captures: Struct, epoch: datetime
) -> pd.DataFrame:
    """Set the wallet captures of a run, and summarise them.

    :param backtesting: freqtrade's ``Backtesting``.
    :param setup: what the engine ran by.
    :param captures: as ``freqkernels.layout.CAPTURE``.
    :param epoch: 1970 as a date like those of the time loop.
    :return: freqtrade's wallet summary.
    """
    columns = (
        np.ascontiguousarray(captures["time_ms"]),
        np.ascontiguousarray(captures["currency"]),
        setup.currencies,
        np.ascontiguousarray(captures["price"]),
        np.ascontiguousarray(captures["total"]),
    )
    whole = captures["is_whole"] == 1
    kinds: dict[str, Any] = {
        "stake_code": setup.stake_code,
        "integer_balances": whole if whole.any() else False,
        "moment": epoch,
    }
    numpys = np.flatnonzero(captures["is_whole"] == 2)
    backtesting.wallet_captures = wallet_captures(*columns, **kinds, numpy_balances=numpys)
    return wallet_summary_frame(*columns, **kinds)


def backtest_content(
    backtesting: Any, results: pd.DataFrame, wallet_summary: pd.DataFrame
) -> dict[str, Any]:
    """What ``backtest()`` returns, from the state that a run has left."""
    from freqtrade.persistence import PairLocks

    config = backtesting.strategy.config
    return {
        "results": results,
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


def loop_epoch(start: Any) -> Any:
    """1970 as a date like those of the time loop: it adds a timedelta to its first date."""
    return start - (start - _EPOCH)


def _round_like_ccxt() -> None:
    """ccxt sets up the thread's decimal context for each rounding, and leaves it so."""
    from ccxt.base.decimal_to_precision import ROUND, TICK_SIZE, decimal_to_precision

    decimal_to_precision(1.0, ROUND, 0.1, TICK_SIZE)


def milliseconds(ms: int) -> Any:
    """Milliseconds as a difference of dates."""
    return pd.Timedelta(ms, unit="ms").to_pytimedelta()


def _epoch_of(frame: pd.DataFrame) -> datetime:
    """1970 in the time zone object of the frame's dates."""
    return _EPOCH.replace(tzinfo=frame["date"].dt.tz) if len(frame) else _EPOCH


def _surroundings(
    backtesting: Any, setup: Setup, processed: dict[str, pd.DataFrame], start: Any
) -> Surroundings:
    exchange = backtesting.exchange
    markets = tuple(
        Market(
            exchange.get_pair_base_currency(pair),
            exchange.get_precision_amount(pair),
            exchange.get_precision_price(pair),
            exchange.get_contract_size(pair),
        )
        for pair in setup.pairs
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
    return Surroundings(
        setup.pairs,
        markets,
        common,
        tuple(_epoch_of(processed[pair]) for pair in setup.pairs),
        loop_epoch(start),
        types["entry"],
        types["exit"],
        backtesting.fee,
    )
