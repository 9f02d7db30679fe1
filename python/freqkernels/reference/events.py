"""Twin of the engine event by event: each row with an open trade is an event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.layout import (
    CAPTURE,
    ENTER_LONG,
    ENTER_SHORT,
    EXIT_LONG,
    EXIT_SHORT,
    NEVER,
    REJECTION,
)
from freqkernels.reference.simulate_market import fields

NOTHING, CANDLE, ROW = 0, 1, 2
Struct = NDArray[Any]
Floats = NDArray[np.float64]
Event = tuple[int, int, int, int, int, int, int]


class _Pair:
    """A pair's columns, and how many of its rows were visited."""

    def __init__(self) -> None:
        self.candles: list[int] = []
        self.opens: list[float] = []
        self.signals: list[int] = []
        self.details: list[int] = []
        self.visited = 0

    def next_is(self, candle: int) -> bool:
        """Whether the next row lies at that candle."""
        return self.visited < len(self.candles) and self.candles[self.visited] == candle

    def detail_rows(self, first_ms: int, end_ms: int) -> range:
        """Rows of the detail timeframe within a candle."""
        first, last = (int(np.searchsorted(self.details, ms)) for ms in (first_ms, end_ms))
        return range(first, last)


class Walk:
    """A run event by event: ``next_event``, then the trades as they are after it, ``observe``.

    Pairs are given by ``set_candles`` and ``set_details`` before ``start``.
    """

    def __init__(
        self, rules: Struct, roi: Struct, markets: Struct, currencies: int, numbers: dict[str, int]
    ) -> None:
        self.set_rules(rules, roi)
        self._currencies = markets["captured_currency"].tolist()
        self._stake = 0
        self._numbers = numbers
        self._pairs = [_Pair() for _ in markets]
        self._totals: dict[int, float] = {}
        self._open: list[int] = []
        self._locks = NEVER
        self._every_candle = self._every_signal = False
        self._candle = 0
        length = self._rules.end_ms - self._rules.start_ms
        self._candles = max(length, 0) // self._rules.timeframe_ms
        self._visits: Iterator[Event] | None = None
        self._last_visit = NEVER
        self._rejected = 0
        self._captures: list[tuple[int, float, float, int, int]] = []
        self._rejections: list[tuple[int, int, int, int]] = []

    def set_candles(
        self,
        pair: int,
        open: Floats,
        high: Floats,
        low: Floats,
        close: Floats,
        signals: NDArray[np.uint8],
        first_candle: int,
        candle: NDArray[np.int32] | None,
        stop_tags: NDArray[np.uint8] | None,
    ) -> None:
        """A pair's rows; ``candle`` is None where they follow each other without a gap."""
        p = self._pairs[pair]
        p.opens, p.signals = open.tolist(), signals.tolist()
        p.candles = list(range(first_candle, first_candle + len(p.opens)))
        if candle is not None:
            p.candles = candle.tolist()

    def set_details(
        self,
        pair: int,
        time_ms: NDArray[np.int64],
        open: Floats,
        high: Floats,
        low: Floats,
        close: Floats,
    ) -> None:
        """A pair's rows of the detail timeframe."""
        self._pairs[pair].details = time_ms.tolist()

    def start(self) -> None:
        """Ready for the first candle."""

    # ---- what the driver knows better

    def watch(
        self, every_candle: bool, every_row: bool, every_signal: bool, every_wait: bool
    ) -> None:
        """Which events are wanted besides those at which something happens by itself: each
        candle, each row with an open trade, each entry signal, each row at which the first order
        of a trade waits to be filled."""
        self._every_candle, self._every_signal = every_candle, every_signal

    def set_rules(self, rules: Struct, roi: Struct) -> None:
        """The strategy's settings from now on."""
        self._rules = fields(rules[0])

    def set_locks(self, until_ms: int) -> None:
        """The latest end of a lock; NEVER for none."""
        self._locks = until_ms

    def set_totals(self, codes: list[int], totals: list[float]) -> None:
        """The wallet: what is owned of these currencies; nothing of all others."""
        self._totals = dict(zip(codes, totals, strict=True))

    def forget_orders(self) -> None:
        """An order was changed, whichever: all are looked at again."""

    def observe(self, trades: list[Any]) -> None:
        """All open trades as they are after the event, in the order of opening."""
        self._open = [self._numbers[trade.pair] for trade in trades]

    # ---- events

    def next_event(self, until: int) -> Event:
        """The next event up to a candle: its kind, pair, row, row of the detail timeframe (-1:
        none), time, direction (0 none, 1 long, 2 short), and whether trades may be entered.

        NOTHING when that candle is done."""
        while True:
            if self._visits is None:
                if self._candle >= min(until, self._candles):
                    return NOTHING, -1, 0, -1, 0, 0, 0
                self._candle += 1
                self._visits = self._events_of_candle()
            event = next(self._visits, None)
            if event is not None:
                return event
            self._visits = None

    def _events_of_candle(self) -> Iterator[Event]:
        now_ms = self._time_of(self._candle)
        if self._every_candle:
            yield CANDLE, -1, 0, -1, 0, 0, 0
        self._capture(now_ms, self._stake, 1.0)
        was_open = set(self._open)
        details: dict[int, range] = {}
        for number in self._order_of_visits():
            pair = self._pairs[number]
            if not pair.next_is(self._candle):
                continue
            row = pair.visited
            pair.visited += 1
            self._capture(now_ms, self._currencies[number], pair.opens[row])
            direction = self._direction(pair.signals[row])
            detail = -1
            if self._is_done(number, now_ms, was_open):
                continue
            if self._rules.detail_ms and (direction or number in self._open):
                rows = pair.detail_rows(now_ms, now_ms + self._rules.timeframe_ms)
                if rows:
                    details[number] = rows
                    detail = rows[0]
            yield from self._row(number, row, detail, now_ms, direction)
        if self._rules.detail_ms:
            yield from self._later_events(now_ms, was_open, details)

    def _later_events(
        self, candle_ms: int, was_open: set[int], details: dict[int, range]
    ) -> Iterator[Event]:
        rules = self._rules
        for step in range(1, rules.timeframe_ms // rules.detail_ms + 1):
            now_ms = candle_ms + step * rules.detail_ms
            is_late = rules.ignore_expired_after_s and (
                step * rules.detail_ms / 1000 > rules.ignore_expired_after_s
            )
            for number in self._order_of_visits():
                rows = details.get(number, range(0))
                if step >= len(rows):
                    continue
                row = self._pairs[number].visited - 1
                direction = 0 if is_late else self._direction(self._pairs[number].signals[row])
                if not self._is_done(number, now_ms, was_open):
                    yield from self._row(number, row, rows[step], now_ms, direction)

    def _row(
        self, pair: int, row: int, detail: int, now_ms: int, direction: int
    ) -> Iterator[Event]:
        can_enter = now_ms != self._rules.end_ms
        event = ROW, pair, row, detail, now_ms, direction, int(can_enter)
        time_ms = now_ms if detail < 0 else self._pairs[pair].details[detail]
        slots = self._rules.max_open_trades
        if pair in self._open or (
            direction
            and can_enter
            and (
                time_ms <= self._locks
                or self._every_signal
                or slots <= 0
                or len(self._open) < slots
            )
        ):
            yield event
        elif direction and can_enter:
            self._rejected += 1
            if self._rules.collect_rejected:
                self._rejections.append((row, time_ms, pair, 0))

    def _is_done(self, pair: int, now_ms: int, was_open: set[int]) -> bool:
        """Whether the pair's trades have closed within this main candle."""
        self._last_visit = now_ms
        if not self._rules.detail_ms:
            return False
        if pair not in self._open:
            return pair in was_open
        was_open.add(pair)
        return False

    def _order_of_visits(self) -> list[int]:
        return list(dict.fromkeys([*self._open, *range(len(self._pairs))]))

    def _time_of(self, candle: int) -> int:
        return int(self._rules.start_ms + candle * self._rules.timeframe_ms)

    def _direction(self, bits: int) -> int:
        """check_for_trade_entry."""
        short = bits if self._rules.can_short else 0
        if bits & ENTER_LONG and not (bits & EXIT_LONG or short & ENTER_SHORT):
            return 1
        return 2 if short & ENTER_SHORT and not (short & EXIT_SHORT or bits & ENTER_LONG) else 0

    def _capture(self, now_ms: int, currency: int, price: float) -> None:
        total = self._totals.get(currency, 0)
        if self._rules.capture_wallets and total:
            kind = 1 if type(total) is int else 0 if type(total) is float else 2
            self._captures.append((now_ms, price, total, currency, kind))

    # ---- what comes out

    @property
    def candle(self) -> int:
        """The candle at hand."""
        return self._candle

    @property
    def candles(self) -> int:
        """The last candle of the run."""
        return int(self._candles)

    @property
    def last_visit_ms(self) -> int:
        """When a pair was visited last; NEVER if none was."""
        return self._last_visit

    @property
    def rejected_signals(self) -> int:
        """How many entry signals were passed for want of a free slot."""
        return self._rejected

    def visited(self, pair: int) -> int:
        """How many of a pair's rows were visited."""
        return self._pairs[pair].visited

    def take_captures(self) -> bytes:
        """Bytes of the wallet captures."""
        return np.array(self._captures, dtype=CAPTURE).tobytes()

    def take_rejections(self) -> bytes:
        """Bytes of the rejected signals."""
        return np.array(self._rejections, dtype=REJECTION).tobytes()
