"""What a simulation gives back, in frames with freqtrade's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.layout import OrderState
from freqkernels.simulation.frame_columns import moment_column, text_column
from freqkernels.simulation.protections import SIDES
from freqkernels.simulation.records import (
    Tags,
    objects_of,
    order_columns,
    tags_at_rows,
    tags_of,
    trade_columns,
)
from freqkernels.simulation.results_frame import OrderColumns, TradeColumns, results_frame
from freqkernels.simulation.run import Records
from freqkernels.simulation.structs import Setup, Struct
from freqkernels.simulation.wallet_frame import wallet_summary_frame

#: Names of the counters, as in what ``Backtesting.backtest`` returns, or as its attributes.
COUNTERS = {
    "rejected_signals": "rejected_signals",
    "timedout_entry_orders": "timedout_entry_orders",
    "timedout_exit_orders": "timedout_exit_orders",
    "canceled_exit_orders": "canceled_exit_orders",
    "trade_id_counter": "trade_id",
    "order_id_counter": "order_id",
}
#: What freqtrade gives trades of a strategy that sets no tags.
_NO_TAG = ""
_EXTRA = ("open_trade_value", "liquidation_price", "price_precision")
_OPEN = ("open_rate", "amount", "stake_amount", "leverage", "stop_loss", *_EXTRA)


@dataclass(frozen=True)
class Simulated:
    """A simulation's outcome.

    :param trades: closed trades in the order of closing: the columns of freqtrade's results but for
        ``orders``, and behind them ``trade_id``, ``is_stop_loss_trailing``, ``open_trade_value``,
        ``liquidation_price`` and ``price_precision``.
    :param orders: orders of these trades, an entry and an exit each.
    :param left_open: trades that the end could not close, because a price rounded to the market's
        step lies outside of the last candle.
    :param wallet: captures of the wallet before each candle, as freqtrade's ``wallet_summary``.
    :param counters: refused signals, timed out and canceled orders, ids given out.
    :param locks: pair locks that protections made.
    :param rejected: signals that found no free slot, if they were asked for.
    :param final_balance: of the stake currency.
    """

    trades: pd.DataFrame
    orders: pd.DataFrame
    left_open: pd.DataFrame
    wallet: pd.DataFrame
    counters: dict[str, int]
    locks: pd.DataFrame
    rejected: pd.DataFrame
    final_balance: float
    _source: tuple[Sequence[str], TradeColumns, OrderColumns, float] = field(repr=False)

    @cached_property
    def equity(self) -> pd.Series:
        """What everything is worth in the stake currency at the open of each candle.

        The balance, stakes of open orders included, and what is owned of base currencies at its
        price; in futures the balance without profits that are not realized yet. As freqtrade adds
        its wallet summary up.
        """
        if self.wallet.empty:
            return pd.Series([], index=pd.DatetimeIndex([], name="date"), dtype=np.float64)
        worth = self.wallet["rate"] * self.wallet["balance"]
        total: pd.Series = worth.groupby(self.wallet["date"]).sum().rename("equity")
        return total

    def results(self) -> pd.DataFrame:
        """The trades as the ``results`` frame of freqtrade's backtest, orders nested in it."""
        pairs, trades, orders, fee = self._source
        return results_frame(pairs, trades, orders, fee_open=fee, fee_close=fee)


def simulated(
    records: Records,
    setup: Setup,
    frames: Mapping[str, pd.DataFrame],
    protections: Sequence[Mapping[str, Any]],
    fee: float,
) -> Simulated:
    """What came out, as frames.

    :param records: what came out.
    :param setup: what the engine ran by.
    :param frames: candles and tags by pair.
    :param protections: their settings.
    :param fee: as it was given.
    """
    tags = tags_of(records.trades, setup.pairs, frames, _NO_TAG)
    trades, orders = trade_columns(records.trades, tags), order_columns(records.trades, tags, fee)
    return Simulated(
        trades=_trades(records.trades, setup.pairs, trades, fee),
        orders=_orders(records.trades, setup.pairs, tags, orders.cost),
        left_open=_left_open(records.left, setup.pairs, frames),
        wallet=_wallet(records.captures, setup),
        counters={name: int(records.summary[field]) for name, field in COUNTERS.items()},
        locks=_locks(records.locks, setup.pairs, protections),
        rejected=_rejected(records.rejections, setup.pairs, frames),
        final_balance=float(records.summary["total"]),
        _source=(setup.pairs, trades, orders, fee),
    )


def _trades(
    records: Struct, pairs: Sequence[str], columns: TradeColumns, fee: float
) -> pd.DataFrame:
    frame = results_frame(pairs, columns, None, fee_open=fee, fee_close=fee)
    extra: dict[str, Any] = {
        "trade_id": np.ascontiguousarray(records["id"]),
        "is_stop_loss_trailing": records["is_trailing"] != 0,
        **{name: np.ascontiguousarray(records[name]) for name in _EXTRA},
    }
    return frame.assign(**extra)


def _moments(times_ms: NDArray[np.int64]) -> pd.Series:
    """Dates; ``NEVER`` is what numpy calls no time."""
    return moment_column(np.ascontiguousarray(times_ms))


def _orders(records: Struct, pairs: Sequence[str], tags: Tags, cost: Any) -> pd.DataFrame:
    both = np.stack([records["entry"], records["exit"]], axis=1).ravel()
    is_entry = np.tile([True, False], len(records))
    is_short = np.repeat(records["is_short"] != 0, 2)
    tag = np.empty((len(records), 2), dtype=object)
    tag[:, 0], tag[:, 1] = objects_of(tags[0]), objects_of(tags[2])
    return pd.DataFrame(
        {
            "trade_id": np.repeat(records["id"], 2),
            "order_id": np.ascontiguousarray(both["id"]),
            "pair": text_column(np.repeat(records["pair"], 2), pairs),
            "ft_order_side": text_column((is_entry == is_short).astype(np.int64), ("buy", "sell")),
            "ft_is_entry": is_entry,
            "amount": np.ascontiguousarray(both["amount"]),
            "safe_price": np.ascontiguousarray(both["price"]),
            "cost": cost,
            "order_date": _moments(both["placed_ms"]),
            "order_filled_date": _moments(both["filled_ms"]),
            "ft_order_tag": pd.Series(tag.ravel().tolist(), dtype=object),
        }
    )


def _left_open(
    records: Struct, pairs: Sequence[str], frames: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    tags = tags_of(records, pairs, frames, _NO_TAG)
    waits = records["exit"]["state"] == OrderState.OPEN
    return pd.DataFrame(
        {
            "trade_id": np.ascontiguousarray(records["id"]),
            "pair": text_column(np.ascontiguousarray(records["pair"]), pairs),
            "is_short": records["is_short"] != 0,
            "open_date": _moments(records["open_ms"]),
            **{name: np.ascontiguousarray(records[name]) for name in _OPEN},
            "enter_tag": pd.Series(tags[0], dtype=object),
            "exit_price": np.where(waits, records["exit"]["price"], np.nan),
        }
    )


def _wallet(captures: Struct, setup: Setup) -> pd.DataFrame:
    whole = captures["is_whole"] != 0
    return wallet_summary_frame(
        np.ascontiguousarray(captures["time_ms"]),
        np.ascontiguousarray(captures["currency"]),
        setup.currencies,
        np.ascontiguousarray(captures["price"]),
        np.ascontiguousarray(captures["total"]),
        stake_code=setup.stake_code,
        integer_balances=whole if whole.any() else False,
    )


def _locks(
    locks: Struct, pairs: Sequence[str], protections: Sequence[Mapping[str, Any]]
) -> pd.DataFrame:
    methods = [str(protection["method"]) for protection in protections]
    numbers = np.where(locks["pair"] < 0, len(pairs), locks["pair"])
    return pd.DataFrame(
        {
            "pair": text_column(numbers, (*pairs, "*")),
            "side": text_column(locks["side"].astype(np.int64), SIDES),
            "lock_time": _moments(locks["lock_ms"]),
            "lock_end_time": _moments(locks["end_ms"]),
            "protection": text_column(np.ascontiguousarray(locks["rule"]), methods),
            "value": np.ascontiguousarray(locks["value"]),
        }
    )


def _rejected(
    rejections: Struct, pairs: Sequence[str], frames: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    numbers, rows = rejections["pair"], rejections["row"]
    tags = tags_at_rows("enter_tag", numbers, rows, pairs, frames, _NO_TAG)
    return pd.DataFrame(
        {
            "pair": text_column(np.ascontiguousarray(numbers), pairs),
            "date": _moments(rejections["time_ms"]),
            "enter_tag": pd.Series(tags, dtype=object),
        }
    )
