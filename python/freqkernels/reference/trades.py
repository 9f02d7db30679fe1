"""Twins of the kernels behind :mod:`freqkernels.trades`, on the twins of exact arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freqkernels.reference.exact import profit_abs_of, profit_ratio_of, value_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.uint8]

NOT_TOUCHED, NO_CANDLE = -1, -2
LEAST_FEE = 1e-40


def _is_fee(rate: float) -> bool:
    return rate == 0.0 or LEAST_FEE <= rate <= 1.0


def _is_trade(amounts: tuple[float, ...], fees: tuple[float, ...], funding_fees: float) -> bool:
    return (
        all(0.0 <= amount < math.inf for amount in amounts)
        and all(_is_fee(rate) for rate in fees)
        and math.isfinite(funding_fees)
    )


def _profits(
    entry: float,
    exit_rate: float,
    quantity: float,
    fee_open: float,
    fee_close: float,
    funding_fees: float,
    leverage: float,
    is_short: int,
) -> tuple[float, float] | None:
    """Absolute and relative profit; None if it is no trade."""
    amounts = (entry, exit_rate, quantity, leverage)
    if not (entry and leverage and _is_trade(amounts, (fee_open, fee_close), funding_fees)):
        return None
    opened = value_of(quantity, entry, fee_open, not is_short)
    closed = value_of(quantity, exit_rate, fee_close, bool(is_short))
    closed = closed - funding_fees if is_short else closed + funding_fees
    absolute = profit_abs_of(opened, closed, bool(is_short))
    return absolute, profit_ratio_of(opened, closed, leverage, bool(is_short))


def profits(
    entry: Floats,
    exit: Floats,
    quantity: Floats,
    fee_open: Floats,
    fee_close: Floats,
    funding_fees: Floats,
    leverage: Floats,
    is_short: Flags,
    profit_abs: Floats,
    profit_ratio: Floats,
    num_threads: int,
) -> int:
    """LocalTrade.calculate_profit of many trades; inputs have one value or one for each trade."""
    given = (entry, exit, quantity, fee_open, fee_close, funding_fees, leverage, is_short)
    columns = [np.broadcast_to(column, profit_abs.shape).tolist() for column in given]
    refused = 0
    for row, values in enumerate(zip(*columns, strict=True)):
        profits_of_row = _profits(*values)
        refused += profits_of_row is None
        profit_abs[row], profit_ratio[row] = profits_of_row or (math.nan, math.nan)
    return refused


@dataclass(frozen=True, slots=True)
class _Rules:
    trailing_stop: bool
    positive: float
    offset: float
    only_offset: bool
    fee: float


@dataclass(frozen=True, slots=True)
class _Trade:
    start: int
    end: int
    entry: float
    stoploss: float
    leverage: float
    is_short: bool

    def stop_of(self, price: float, ratio: float) -> float:
        """LocalTrade.adjust_stop_loss of a price, without a grid."""
        part = abs(ratio / self.leverage)
        return price * (1.0 + part) if self.is_short else price * (1.0 - part)


class _Walk:
    """A trade's stop, row by row."""

    def __init__(self, rules: _Rules, trade: _Trade, low: Floats, high: Floats) -> None:
        self.rules, self.trade, self.low, self.high = rules, trade, low, high
        self.stop = trade.stop_of(trade.entry, trade.stoploss)
        self.by_profit = not math.isnan(rules.positive) or rules.only_offset
        self.opened = (
            value_of(1.0, trade.entry, rules.fee, not trade.is_short) if self.by_profit else 0.0
        )

    def _profit(self, rate: float) -> float:
        closed = value_of(1.0, rate, self.rules.fee, self.trade.is_short)
        return profit_ratio_of(self.opened, closed, self.trade.leverage, self.trade.is_short)

    def _ratio_at(self, rate: float) -> float | None:
        """The ratio at which the stop trails that rate, None if it does not."""
        if not self.by_profit:
            return self.trade.stoploss
        profit = self._profit(rate)
        if self.rules.only_offset and profit < self.rules.offset:
            return None
        above = not math.isnan(self.rules.positive) and profit > self.rules.offset
        return self.rules.positive if above else self.trade.stoploss

    def _trail(self, better: float) -> None:
        ratio = self._ratio_at(better)
        if ratio is not None:
            moved = self.trade.stop_of(better, ratio)
            self.stop = min(self.stop, moved) if self.trade.is_short else max(self.stop, moved)

    def _touches(self, worse: float) -> bool:
        return self.stop <= worse if self.trade.is_short else self.stop >= worse

    def _is_candle(self, low: float, high: float) -> bool:
        if self.rules.trailing_stop:
            return 0.0 < low <= high < math.inf
        return 0.0 < (high if self.trade.is_short else low) < math.inf

    def rows(self) -> Iterator[int]:
        """Each row, after which ``stop`` is what it met; the last one is :meth:`run`'s answer."""
        span = slice(self.trade.start, self.trade.end)
        candles = zip(self.low[span].tolist(), self.high[span].tolist(), strict=True)
        for row, (low, high) in enumerate(candles, self.trade.start):
            if not self._is_candle(low, high):
                yield NO_CANDLE
                return
            worse, better = (high, low) if self.trade.is_short else (low, high)
            if self.rules.trailing_stop and not self._touches(worse):
                self._trail(better)
            yield row
            if self._touches(worse):
                return
        yield NOT_TOUCHED

    def run(self) -> int:
        """Row of the first touch, or why there is none."""
        *_, last = self.rows()
        return last

    def path(self) -> list[float]:
        """The stop that each row met."""
        return [self.stop for row in self.rows() if row >= 0]


def _trades(*columns: NDArray[np.generic]) -> Iterator[_Trade]:
    for start, end, entry, stoploss, leverage, is_short in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        yield _Trade(start, end, entry, stoploss, leverage, bool(is_short))


def first_touches(
    low: Floats,
    high: Floats,
    start: Integers,
    end: Integers,
    entry: Floats,
    stoploss: Floats,
    leverage: Floats,
    is_short: Flags,
    trailing_stop: bool,
    trailing_stop_positive: float,
    trailing_stop_positive_offset: float,
    trailing_only_offset_is_reached: bool,
    fee: float,
    rows: Integers,
    rates: Floats,
    num_threads: int,
) -> None:
    """The row of each trade that touches its stop first, and the stop then."""
    rules = _Rules(
        trailing_stop,
        trailing_stop_positive,
        trailing_stop_positive_offset,
        trailing_only_offset_is_reached,
        fee,
    )
    for at, trade in enumerate(_trades(start, end, entry, stoploss, leverage, is_short)):
        walk = _Walk(rules, trade, low, high)
        rows[at] = walk.run()
        rates[at] = walk.stop if rows[at] >= 0 else math.nan


def stop_paths(
    low: Floats,
    high: Floats,
    start: Integers,
    end: Integers,
    entry: Floats,
    stoploss: Floats,
    leverage: Floats,
    is_short: Flags,
    trailing_stop: bool,
    trailing_stop_positive: float,
    trailing_stop_positive_offset: float,
    trailing_only_offset_is_reached: bool,
    fee: float,
    begin: Integers,
    path: Floats,
    num_threads: int,
) -> None:
    """The stop that each row of each trade meets, one trade after the other."""
    rules = _Rules(
        trailing_stop,
        trailing_stop_positive,
        trailing_stop_positive_offset,
        trailing_only_offset_is_reached,
        fee,
    )
    trades = _trades(start, end, entry, stoploss, leverage, is_short)
    for first, trade in zip(begin.tolist(), trades, strict=True):
        stops = _Walk(rules, trade, low, high).path()
        path[first : first + len(stops)] = stops
