"""The walk through a run, and freqtrade's own code at each event."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from freqkernels.bridge.engine.outcome import backtest_content, keep_captures, loop_epoch
from freqkernels.bridge.engine.snapshot import rules_of
from freqkernels.bridge.events.provider import SliceIndex
from freqkernels.bridge.events.rejections import Rejections
from freqkernels.bridge.events.rows import Rows
from freqkernels.bridge.events.settings import Settings
from freqkernels.bridge.events.surroundings import Locks, Totals
from freqkernels.bridge.objects.order_writes import writes
from freqkernels.bridge.objects.swaps import swapped
from freqkernels.bridge.objects.table import SWAPS
from freqkernels.layout import CAPTURE, NEVER
from freqkernels.runtime import kernel
from freqkernels.runtime.collector import older_objects_spared
from freqkernels.runtime.turns import turn
from freqkernels.simulation.run import Inputs, set_columns
from freqkernels.simulation.structs import Setup

Walk = kernel("events", "Walk")
_NOTHING, _CANDLE = 0, 1
_DIRECTIONS = (None, "long", "short")
_MILLISECOND = timedelta(milliseconds=1)
#: How often the progress of a run is told, and after how many candles at the earliest.
_SLICES = 500
_SLICE = 2000


def simulate(
    backtesting: Any,
    setup: Setup,
    inputs: Inputs,
    processed: dict[str, pd.DataFrame],
    start: Any,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    """Run a backtest that is reset and analysed already.

    :param backtesting: freqtrade's ``Backtesting``.
    :param setup: its settings and markets.
    :param inputs: the columns of all pairs.
    :param processed: analysed and trimmed frames by pair.
    :param start: first date of the run.
    :param advance: called with the number of candles done since the last call; may raise.
    :return: what ``backtest()`` returns.
    """
    return _Run(backtesting, setup, inputs, processed, start).content(advance)


class _Run:
    """One run, and what of it other code can see."""

    def __init__(
        self,
        backtesting: Any,
        setup: Setup,
        inputs: Inputs,
        processed: dict[str, pd.DataFrame],
        start: Any,
    ) -> None:
        self._backtesting = backtesting
        self._setup = setup
        self._module: Any = sys.modules["freqtrade.optimize.backtesting"]
        self._trades = _local_trade()
        self._numbers = {pair: number for number, pair in enumerate(setup.pairs)}
        start_ms, end_ms = (int(setup.rules[name][0]) for name in ("start_ms", "end_ms"))
        self._start, self._start_ms = start, start_ms
        self._walk = _walk(setup, inputs, self._numbers)
        self._rows = _rows(backtesting, inputs, processed)
        self._unvisited = _first_visits(inputs)
        self._visited: list[str] = []
        self._rejections = Rejections(backtesting, setup, processed, self._walk)
        self._settings = Settings(
            backtesting.strategy, lambda: rules_of(backtesting, start_ms, end_ms)
        )
        self._locks = Locks(self._walk)
        self._writes = -1
        self._totals = Totals(self._walk, backtesting.wallets, setup)

    def content(self, advance: Callable[[int], None]) -> dict[str, Any]:
        """Run; what ``backtest()`` returns."""
        backtesting, provider = self._backtesting, self._backtesting.dataprovider
        index = SliceIndex(self._rows_visited, self._touch, backtesting.required_startup)
        provider._DataProvider__slice_index = index
        try:
            with swapped(SWAPS), self._rejections, older_objects_spared():
                self._walk.watch(*self._settings.watched())
                self._walk.start()
                self._settle()
                self._go(advance)
                self._touch()
                self._date_last_visit()
                results = self._end()
        finally:
            provider._DataProvider__slice_index = index.copy()
            captures = np.frombuffer(self._walk.take_captures(), CAPTURE)
            summary = keep_captures(backtesting, self._setup, captures, loop_epoch(self._start))
        return backtest_content(backtesting, results, summary)

    def _end(self) -> pd.DataFrame:
        """Forced exits of what is open, and the frame of all trades."""
        trades = self._trades
        open_pairs = {trade.pair for trade in trades.bt_trades_open}
        data = {pair: [self._last_row(pair)] for pair in open_pairs}
        self._backtesting.handle_left_open(trades.bt_trades_open_pp, data=data)
        self._backtesting.wallets.update()
        results: pd.DataFrame = self._module.trade_list_to_dataframe(trades.bt_trades)
        return results

    # ---- events

    def _go(self, advance: Callable[[int], None]) -> None:
        walk = self._walk
        step = max(_SLICE, walk.candles // _SLICES)
        while walk.candle < walk.candles:
            before = walk.candle
            try:
                self._meet_events(before + step)
            except BaseException:
                self._backtesting._increment_progress(walk.candle - before - 1)
                raise
            advance(walk.candle - before)

    def _meet_events(self, until: int) -> None:
        """All events up to a candle."""
        next_event = self._walk.next_event
        event = next_event(until)
        while event[0] != _NOTHING:
            with turn("freqtrade"):
                self._meet(*event)
            self._settle()
            event = next_event(until)

    def _meet(
        self,
        kind: int,
        pair: int,
        row: int,
        detail: int,
        now_ms: int,
        direction: int,
        can_enter: int,
    ) -> None:
        self._touch()
        if kind == _CANDLE:
            self._start_candle()
            return
        now = self._date(now_ms)
        self._backtesting.dataprovider._set_dataframe_max_date(now)
        values = self._rows[pair].row(row, detail)
        name, side = self._setup.pairs[pair], _DIRECTIONS[direction]
        loop = self._backtesting.backtest_loop
        closed = loop(values, name, now, side, bool(can_enter))
        if self._backtesting._can_short and side and closed and closed != side:
            loop(values, name, now, side, bool(can_enter))

    def _start_candle(self) -> None:
        backtesting = self._backtesting
        backtesting.check_abort()
        self._date_last_visit()
        call = self._module.strategy_safe_wrapper(
            backtesting.strategy.bot_loop_start, supress_error=True
        )
        call(current_time=self._start + self._walk.candle * backtesting.timeframe_td)

    def _settle(self) -> None:
        """Tell the walk what an event has changed."""
        walk, settings = self._walk, self._settings
        if settings.has_changed():
            if settings.are_usual:
                walk.set_rules(*settings.structs())
            walk.watch(*settings.watched())
        self._locks.tell()
        self._totals.tell()
        if writes() != self._writes:
            self._writes = writes()
            walk.forget_orders()
        walk.observe(self._trades.bt_trades_open)

    # ---- time

    def _date(self, ms: int) -> Any:
        return self._start + (ms - self._start_ms) * _MILLISECOND

    def _date_last_visit(self) -> None:
        last = self._walk.last_visit_ms
        if last != NEVER:
            self._backtesting.dataprovider._set_dataframe_max_date(self._date(last))

    def _rows_visited(self, pair: str) -> int:
        number = self._numbers.get(pair)
        return 0 if number is None else int(self._walk.visited(number))

    def _touch(self) -> list[str]:
        """The pairs visited so far; freqtrade notes each at its first visit."""
        walk, unvisited = self._walk, self._unvisited
        while unvisited and unvisited[0][0] <= walk.candle and walk.visited(unvisited[0][1]):
            pair = self._setup.pairs[unvisited.pop(0)[1]]
            self._visited.append(pair)
            self._trades.bt_trades_open_pp[pair]
        return self._visited

    def _last_row(self, pair: str) -> list[Any]:
        rows = self._rows[self._numbers[pair]]
        return rows.row(len(rows) - 1)


# ---- what it is made of


def _local_trade() -> Any:
    from freqtrade.persistence import LocalTrade

    return LocalTrade


def _walk(setup: Setup, inputs: Inputs, numbers: dict[str, int]) -> Any:
    walk = Walk(setup.rules, setup.roi, setup.markets, len(setup.currencies), numbers)
    set_columns(walk, inputs)
    return walk


def _rows(backtesting: Any, inputs: Inputs, processed: dict[str, pd.DataFrame]) -> list[Rows]:
    details = backtesting.detail_data if backtesting.timeframe_detail_td else {}
    return [
        Rows(frame, candles[4], details.get(pair))
        for (pair, frame), candles in zip(processed.items(), inputs.candles, strict=True)
    ]


def _first_visits(inputs: Inputs) -> list[tuple[int, int]]:
    """Candle of the first row, and number, of all pairs that have rows, by time."""
    return sorted(
        (first if candle is None else int(candle[0]), number)
        for number, (*_, signals, first, candle, _) in enumerate(inputs.candles)
        if len(signals)
    )
