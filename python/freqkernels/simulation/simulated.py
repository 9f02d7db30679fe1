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
from freqkernels.simulation.results_frame import results_frame
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


@dataclass(frozen=True, slots=True)
class Source:
    """What the frames of an outcome are made from.

    :param records: what came out of the engine.
    :param setup: what it ran by.
    :param fee: as it was given.
    :param methods: names of the protections.
    :param tags: of closed trades.
    :param left_tags: of trades that are still open.
    :param rejected_tags: of rejected signals.
    """

    records: Records
    setup: Setup
    fee: float
    methods: Sequence[str]
    tags: Tags
    left_tags: Tags
    rejected_tags: list[Any]


@dataclass(frozen=True)
class Simulated:
    """A simulation's outcome. Its frames are made when they are looked at.

    :param final_balance: of the stake currency.
    :param counters: refused signals, timed out and canceled orders, ids given out.
    """

    final_balance: float
    counters: dict[str, int]
    _source: Source = field(repr=False)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Closed trades in the order of closing.

        The columns of freqtrade's results but for ``orders``, and behind them ``trade_id``,
        ``is_stop_loss_trailing``, ``open_trade_value``, ``liquidation_price`` and
        ``price_precision``.
        """
        source, records = self._source, self._source.records.trades
        columns, fee = trade_columns(records, source.tags), source.fee
        frame = results_frame(source.setup.pairs, columns, None, fee_open=fee, fee_close=fee)
        extra: dict[str, Any] = {
            "trade_id": np.ascontiguousarray(records["id"]),
            "is_stop_loss_trailing": records["is_trailing"] != 0,
            **{name: np.ascontiguousarray(records[name]) for name in _EXTRA},
        }
        return frame.assign(**extra)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """The entry and the exit of each of these trades; then those of ``left_open``."""
        source, found = self._source, self._source.records
        pairs = zip(source.tags, source.left_tags, strict=True)
        closed, names, reasons = (one + other for one, other in pairs)
        records, tags = np.append(found.trades, found.left), (closed, names, reasons)
        return _orders(records, source.setup.pairs, tags, source.fee)

    @cached_property
    def left_open(self) -> pd.DataFrame:
        """Trades that the end could not close.

        Their last exit, rounded to the market's step, lies outside of their last candle.
        """
        source = self._source
        return _left_open(source.records.left, source.setup.pairs, source.left_tags)

    @cached_property
    def wallet(self) -> pd.DataFrame:
        """Captures of the wallet before each candle, as freqtrade's ``wallet_summary``."""
        return _wallet(self._source.records.captures, self._source.setup)

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

    @cached_property
    def locks(self) -> pd.DataFrame:
        """Pair locks that protections made, with the value that each went by."""
        source = self._source
        return _locks(source.records.locks, source.setup.pairs, source.methods)

    @cached_property
    def rejected(self) -> pd.DataFrame:
        """Signals that found no free slot, if they were asked for."""
        found, source = self._source.records.rejections, self._source
        return pd.DataFrame(
            {
                "pair": text_column(np.ascontiguousarray(found["pair"]), source.setup.pairs),
                "date": _moments(found["time_ms"]),
                "enter_tag": pd.Series(source.rejected_tags, dtype=object),
            }
        )

    def results(self) -> pd.DataFrame:
        """The trades as the ``results`` frame of freqtrade's backtest, orders nested in it."""
        source, records, fee = self._source, self._source.records.trades, self._source.fee
        columns = (trade_columns(records, source.tags), order_columns(records, source.tags, fee))
        return results_frame(source.setup.pairs, *columns, fee_open=fee, fee_close=fee)


def simulated(
    records: Records,
    setup: Setup,
    frames: Mapping[str, pd.DataFrame],
    protections: Sequence[Mapping[str, Any]],
    fee: float,
) -> Simulated:
    """What came out. It does not hold on to the frames.

    :param records: what came out.
    :param setup: what the engine ran by.
    :param frames: candles and tags by pair.
    :param protections: their settings.
    :param fee: as it was given.
    """
    summary, rejections = records.summary, records.rejections
    by_pair = (setup.pairs, frames, _NO_TAG)
    return Simulated(
        float(summary["total"]),
        {name: int(summary[key]) for name, key in COUNTERS.items()},
        Source(
            records,
            setup,
            fee,
            [str(protection["method"]) for protection in protections],
            tags_of(records.trades, *by_pair),
            tags_of(records.left, *by_pair),
            tags_at_rows("enter_tag", rejections["pair"], rejections["row"], *by_pair),
        ),
    )


def _moments(times_ms: NDArray[np.int64]) -> pd.Series:
    """Dates; ``NEVER`` is what numpy calls no time."""
    return moment_column(np.ascontiguousarray(times_ms))


def _orders(records: Struct, pairs: Sequence[str], tags: Tags, fee: float) -> pd.DataFrame:
    """The entry of each trade and, if there is one, its exit."""
    both = np.stack([records["entry"], records["exit"]], axis=1).ravel()
    placed = np.flatnonzero(both["state"] != OrderState.NONE)
    both, trade = both[placed], placed // 2
    is_entry, is_short = placed % 2 == 0, records["is_short"][trade] != 0
    tag = np.stack([objects_of(tags[0]), objects_of(tags[2])], axis=1).ravel()[placed]
    return pd.DataFrame(
        {
            "trade_id": records["id"][trade],
            "order_id": np.ascontiguousarray(both["id"]),
            "pair": text_column(records["pair"][trade], pairs),
            "ft_order_side": text_column((is_entry == is_short).astype(np.int64), ("buy", "sell")),
            "ft_is_entry": is_entry,
            "amount": np.ascontiguousarray(both["amount"]),
            "safe_price": np.ascontiguousarray(both["price"]),
            "cost": both["amount"] * both["price"] * (1 + fee),
            "order_date": _moments(both["placed_ms"]),
            "order_filled_date": _moments(both["filled_ms"]),
            "ft_order_tag": pd.Series(tag.tolist(), dtype=object),
        }
    )


def _left_open(records: Struct, pairs: Sequence[str], tags: Tags) -> pd.DataFrame:
    waits = records["exit"]["state"] == OrderState.OPEN
    return pd.DataFrame(
        {
            "trade_id": np.ascontiguousarray(records["id"]),
            "pair": text_column(np.ascontiguousarray(records["pair"]), pairs),
            "is_short": records["is_short"] != 0,
            "open_date": _moments(records["open_ms"]),
            "close_date": _moments(records["close_ms"]),
            **{name: np.ascontiguousarray(records[name]) for name in _OPEN},
            "enter_tag": pd.Series(tags[0], dtype=object),
            "exit_reason": pd.Series(tags[1], dtype=object),
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


def _locks(locks: Struct, pairs: Sequence[str], methods: Sequence[str]) -> pd.DataFrame:
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
