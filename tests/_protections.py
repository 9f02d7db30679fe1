"""Filled exits, real and compiled: what freqtrade's protections lock, and what the kernels do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np

from freqkernels import runtime
from freqkernels.bridge.engine.locks import (
    lock_end_included,
    lock_grid,
    pair_locks,
    protection_rules,
)
from freqkernels.layout import LOCK
from freqkernels.simulation.columns import STOP_REASONS

EXIT = np.dtype(
    [
        *((name, "i8") for name in ("now_ms", "close_ms")),
        *((name, "f8") for name in ("profit", "profit_abs")),
        ("pair", "i4"),
        *((name, "u1") for name in ("is_short", "by_stop", "closes")),
    ],
    align=True,
)
QUESTION = np.dtype(
    [*((name, "i8") for name in ("exits", "time_ms")), ("pair", "i4"), ("side", "u1")], align=True
)
PAIRS = ("A/USDT", "B/USDT", "C/USDT:USDT")
SIDES = ("long", "short", "*")
MINUTE = 60_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def date_of(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


@dataclass
class Case:
    """A run's filled exits and settings.

    :param exits: times of the exit and of closing, profit, absolute profit, pair, whether short,
        exit reason, and whether the exit closes the trade.
    :param questions: after how many exits, at which time, which pair, which side.
    """

    timeframe: str
    protections: list[dict[str, Any]]
    exits: list[tuple[int, int, float, float, int, bool, str, bool]]
    questions: list[tuple[int, int, int, int]]
    starting_balance: float = 1000.0


@dataclass
class Answer:
    """How many exits passed, locks after each, whether locked, and all locks' attributes."""

    passed: int
    made: list[int]
    locked: list[bool]
    locks: list[tuple[Any, ...]]


def manager_of(case: Case) -> Any:
    from freqtrade.plugins.protectionmanager import ProtectionManager

    return ProtectionManager({"timeframe": case.timeframe}, case.protections)


@contextmanager
def backtest_persistence(timeframe: str) -> Iterator[None]:
    """freqtrade's trades and locks as a backtest finds them."""
    from freqtrade.mixins import LoggingMixin
    from freqtrade.persistence import LocalTrade, PairLocks
    from freqtrade.persistence.usedb_context import FtNoDBContext

    shows = LoggingMixin.show_output
    with FtNoDBContext(timeframe):
        LoggingMixin.show_output = False
        LocalTrade.reset_trades()
        PairLocks.reset_locks()
        try:
            yield
        finally:
            LocalTrade.reset_trades()
            PairLocks.reset_locks()
            LoggingMixin.show_output = shows


def closed_trade(close_ms: int, profit: float, profit_abs: float, *rest: Any) -> Any:
    from freqtrade.persistence import LocalTrade

    pair, is_short, reason = rest
    return LocalTrade(
        pair=PAIRS[pair],
        is_short=is_short,
        is_open=False,
        exit_reason=reason,
        open_date=date_of(close_ms - 3_600_000),
        close_date=date_of(close_ms),
        close_profit=profit,
        close_profit_abs=profit_abs,
        fee_open=0.001,
        fee_close=0.001,
        exchange="binance",
        stake_amount=1.0,
        amount=1.0,
        open_rate=1.0,
        leverage=1.0,
    )


def attributes(lock: Any) -> tuple[Any, ...]:
    names = ("pair", "side", "lock_time", "lock_end_time", "reason", "active", "id")
    return tuple(getattr(lock, name) for name in names)


def by_freqtrade(case: Case, manager: Any) -> Answer:
    """Exit by exit with the real classes."""
    from freqtrade.optimize.backtesting import Backtesting
    from freqtrade.persistence import LocalTrade, PairLocks

    engine: Any = SimpleNamespace(
        enable_protections=True, protections=manager, starting_balance=case.starting_balance
    )
    answer = Answer(0, [], [], [])

    def ask() -> None:
        for exits, ms, pair, side in case.questions:
            if exits == answer.passed:
                answer.locked.append(
                    PairLocks.is_pair_locked(PAIRS[pair], date_of(ms), SIDES[side])
                )

    with backtest_persistence(case.timeframe):
        ask()
        for now, close, profit, profit_abs, pair, is_short, reason, closes in case.exits:
            if closes:
                trade = closed_trade(close, profit, profit_abs, pair, is_short, reason)
                LocalTrade.bt_trades.append(trade)
            try:
                Backtesting.run_protections(
                    engine, PAIRS[pair], date_of(now), "short" if is_short else "long"
                )
            except ValueError as error:
                if not str(error).startswith("max() "):  # of no trades
                    raise
                break
            answer.made.append(len(PairLocks.get_all_locks()))
            answer.passed += 1
            ask()
        answer.locks = [attributes(lock) for lock in PairLocks.get_all_locks()]
    return answer


def by_kernel(case: Case, manager: Any, backend: str) -> Answer:
    """The same with one of the twins."""
    rules = protection_rules(manager)
    assert isinstance(rules, np.ndarray), rules
    grid = lock_grid(case.timeframe)
    assert isinstance(grid, np.ndarray), grid
    exits = np.array([(*row[:6], row[6] in STOP_REASONS, row[7]) for row in case.exits], EXIT)
    questions = np.array(case.questions, QUESTION)
    locks = np.zeros(2 * len(rules) * len(exits), LOCK)
    made = np.full(len(exits), -1, np.int64)
    answers = np.full(len(questions), 9, np.uint8)
    replay = runtime.kernel("protections", "replay").twin(backend)
    settings = (len(PAIRS), case.starting_balance, sys.version_info >= (3, 12), lock_end_included())
    passed = replay(rules, grid, exits, questions, *settings, locks, made, answers)
    asked = int((questions["exits"] <= passed).sum())
    made_in_all = int((locks["end_ms"] != 0).sum())
    return Answer(
        passed,
        made[:passed].tolist(),
        answers[:asked].astype(bool).tolist(),
        [attributes(lock) for lock in pair_locks(locks[:made_in_all], PAIRS, manager)],
    )


def agree(case: Case) -> Answer:
    """freqtrade and both twins."""
    expected = by_freqtrade(case, manager_of(case))
    for backend in ("compiled", "reference"):
        assert by_kernel(case, manager_of(case), backend) == expected, backend
    return expected
