"""Twins of the kernels in ``protections``: freqtrade's rules, over all closed trades each time."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.reference.exact import sum_of

COOLDOWN_PERIOD, LOW_PROFIT_PAIRS, MAX_DRAWDOWN, STOPLOSS_GUARD = range(4)
LONG, SHORT, EITHER_SIDE = range(3)
ALL_PAIRS = -1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000
_MINUTE = 60_000


class RaisesError(Exception):
    """freqtrade would raise here."""


@dataclass
class Lock:
    """A lock, field by field as in ``freqkernels.layout``."""

    lock_ms: int
    end_ms: int
    value: float
    pair: int
    rule: int
    side: int
    no_addend: bool


@dataclass
class _Trade:
    close_ms: int
    profit: float
    profit_abs: float
    pair: int
    is_short: int
    by_stop: int


@dataclass
class _Exit:
    now_ms: int
    pair: int
    is_short: int


@dataclass
class _Asked:
    """What a protection asks for: a lock that ends by these trades, with a reason."""

    trades: list[_Trade]
    value: float = math.nan
    no_addend: bool = False


@dataclass
class Protections:
    """freqtrade's ProtectionManager and PairLocks, and what they know of closed trades."""

    rules: NDArray[Any]
    grid: Sequence[int]
    starting_balance: float
    compensated: bool
    end_included: bool
    trades: list[_Trade] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)

    def sum(self, values: list[float]) -> float:
        """The sum() of Python 3.11 or of later ones."""
        return sum_of(values, self.compensated)

    def window(self, pair: int, after_ms: int) -> list[_Trade]:
        return [
            trade
            for trade in self.trades
            if pair in (ALL_PAIRS, trade.pair) and trade.close_ms > after_ms
        ]

    def add_closed(
        self,
        close_ms: int,
        profit: float,
        profit_abs: float,
        pair: int,
        is_short: int,
        by_stop: int,
    ) -> None:
        """A trade is closed."""
        self.trades.append(_Trade(close_ms, profit, profit_abs, pair, is_short, by_stop))

    def run(self, now_ms: int, pair: int, is_short: int) -> None:
        """An exit is filled: stop_per_pair and global_stop.

        :raise RaisesError: where freqtrade would raise.
        """
        for of in (pair, ALL_PAIRS):
            _run(self, _Exit(now_ms, pair, is_short), of)

    def is_locked(self, pair: int, time_ms: int, side: int) -> bool:
        """Whether the pair is locked at that time for that side."""
        return any(
            lock.end_ms > time_ms or (self.end_included and lock.end_ms == time_ms)
            for lock in self.locks
            if lock.pair in (ALL_PAIRS, pair) and lock.side in (EITHER_SIDE, side)
        )


# ---- time


def _next_candle(time_ms: int, grid: Sequence[int]) -> int:
    step, origin, months = grid
    if months:
        date = _EPOCH + timedelta(milliseconds=time_ms)
        month = ((date.year * 12 + date.month - 1) // months + 1) * months
        first = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return (first - _EPOCH).days * _DAY
    return time_ms - (time_ms - origin) % step + step


def _lock_end(rule: Any, trades: list[_Trade]) -> int:
    if not trades:
        raise RaisesError
    last = max(trade.close_ms for trade in trades)
    if rule["unlock_minute"] < 0:
        return last + int(rule["stop_ms"])
    end = last // _DAY * _DAY + int(rule["unlock_minute"]) * _MINUTE + last % _MINUTE
    return end + _DAY if end < last else end


def order_of_dates(dates: NDArray[np.int64], order: NDArray[np.int32]) -> None:
    """The order in which numpy's argsort() has dates, equal ones too."""
    order[:] = np.argsort(dates.view("M8[ms]"), kind="quicksort")


def next_candles(times: NDArray[np.int64], grid: NDArray[np.int64], out: NDArray[np.int64]) -> None:
    """timeframe_to_next_date() of each time; the grid is step, origin and months."""
    out[:] = [_next_candle(time, grid.tolist()) for time in times.tolist()]


# ---- protections


def _cooldown_period(
    state: Protections, rule: Any, at: _Exit, trades: list[_Trade]
) -> _Asked | None:
    return _Asked(trades) if trades else None


def _low_profit_pairs(
    state: Protections, rule: Any, at: _Exit, trades: list[_Trade]
) -> _Asked | None:
    if len(trades) < rule["trade_limit"]:
        return None
    addends = [
        trade.profit
        for trade in trades
        if trade.profit and (not rule["only_per_side"] or trade.is_short == at.is_short)
    ]
    profit = state.sum(addends)
    return _Asked(trades, profit, not addends) if profit < rule["threshold"] else None


def _stoploss_guard(
    state: Protections, rule: Any, at: _Exit, trades: list[_Trade]
) -> _Asked | None:
    stops = [
        trade
        for trade in trades
        if trade.by_stop and trade.profit and trade.profit < rule["threshold"]
    ]
    if rule["only_per_side"]:
        stops = [trade for trade in stops if trade.is_short == at.is_short]
    return None if len(stops) < rule["trade_limit"] else _Asked(stops)


def _max_drawdown(state: Protections, rule: Any, at: _Exit, trades: list[_Trade]) -> _Asked | None:
    if not trades or len(trades) < rule["trade_limit"]:
        return None
    profits = [trade.profit_abs if rule["equity"] else trade.profit for trade in trades]
    dates = np.array([trade.close_ms for trade in trades], dtype="M8[ms]")
    sums = np.cumsum(np.array(profits)[np.argsort(dates, kind="quicksort")])
    highs = np.maximum(0.0, np.maximum.accumulate(sums))
    if rule["equity"]:
        since = at.now_ms - int(rule["lookback_ms"])
        before = [trade.profit_abs for trade in state.trades if trade.close_ms <= since]
        balance = state.starting_balance + state.sum(before)
        with np.errstate(all="ignore"):
            if balance:
                falls = ((balance + highs) - (balance + sums)) / (balance + highs)
            else:
                falls = (highs - sums) / highs
    else:
        falls = highs - sums
    deepest = max(0.0, float(np.nanmax(np.append(falls, 0.0))))
    return _Asked(trades, deepest) if deepest > rule["threshold"] else None


_PROTECTIONS: dict[int, Callable[[Protections, Any, _Exit, list[_Trade]], _Asked | None]] = {
    COOLDOWN_PERIOD: _cooldown_period,
    LOW_PROFIT_PAIRS: _low_profit_pairs,
    MAX_DRAWDOWN: _max_drawdown,
    STOPLOSS_GUARD: _stoploss_guard,
}


def _run(state: Protections, at: _Exit, pair: int) -> None:
    """stop_per_pair, or global_stop for all pairs."""
    for place, rule in enumerate(state.rules):
        kind = int(rule["kind"])
        of_all = kind == MAX_DRAWDOWN or (kind == STOPLOSS_GUARD and not rule["only_per_pair"])
        if not (of_all if pair == ALL_PAIRS else kind != MAX_DRAWDOWN):
            continue
        window = state.window(pair, at.now_ms - int(rule["lookback_ms"]))
        asked = _PROTECTIONS[kind](state, rule, at, window)
        if asked is None:
            continue
        until = _lock_end(rule, asked.trades)
        side = at.is_short if rule["only_per_side"] else EITHER_SIDE
        if not state.is_locked(pair, until, side):
            end = _next_candle(until, state.grid)
            reason = (asked.value, pair, place, side, asked.no_addend)
            state.locks.append(Lock(at.now_ms, end, *reason))


def _fill(state: Protections, row: Any) -> None:
    now_ms, *closed, closes = row.item()
    if closes:
        state.add_closed(*closed)
    pair, is_short = closed[3:5]
    state.run(now_ms, pair, is_short)


def replay(
    rules: NDArray[Any],
    grid: NDArray[np.int64],
    exits: NDArray[Any],
    questions: NDArray[Any],
    pairs: int,
    starting_balance: float,
    compensated: bool,
    end_included: bool,
    locks: NDArray[Any],
    made: NDArray[np.int64],
    answers: NDArray[np.uint8],
) -> int:
    """Protections after each filled exit: how many exits passed before freqtrade would raise."""
    state = Protections(rules, grid.tolist(), starting_balance, compensated, end_included)
    done = 0

    def answer() -> None:
        for asked in np.flatnonzero(questions["exits"] == done):
            _, time_ms, pair, side = questions[asked].item()
            answers[asked] = state.is_locked(pair, time_ms, side)

    answer()
    for row in exits:
        try:
            _fill(state, row)
        except RaisesError:
            break
        made[done] = len(state.locks)
        done += 1
        answer()
    for place, lock in enumerate(state.locks):
        locks[place] = tuple(vars(lock).values())
    return done
