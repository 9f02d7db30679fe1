"""A run's inputs and state."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from freqkernels.layout import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT, TRUE_SHIFT, Refusal
from freqkernels.reference.protections import Protections
from freqkernels.reference.simulate_market import GivenUpError, Market
from freqkernels.reference.simulate_trade import Trades
from freqkernels.reference.simulate_wallet import Wallets


class Signals(NamedTuple):
    """Four signals, either compared with 1 or taken as true or false."""

    enter_long: bool
    exit_long: bool
    enter_short: bool
    exit_short: bool

    @classmethod
    def of(cls, bits: int) -> Signals:
        """From the bits of the layout."""
        return cls(*(bool(bits & bit) for bit in (ENTER_LONG, EXIT_LONG, ENTER_SHORT, EXIT_SHORT)))


class Row(NamedTuple):
    """A candle with the signals of its main candle; ``place`` is that of the main candle."""

    place: int
    time_ms: int
    open: float
    high: float
    low: float
    close: float
    bits: int

    @property
    def ones(self) -> Signals:
        """Signals that equal 1."""
        return Signals.of(self.bits)

    @property
    def signals(self) -> Signals:
        """Signals that are true."""
        return Signals.of(self.bits >> TRUE_SHIFT)


@dataclass
class Pair:
    """A pair's columns, and how many of its rows were visited."""

    number: int
    market: Market
    opens: list[float] = field(default_factory=list)
    highs: list[float] = field(default_factory=list)
    lows: list[float] = field(default_factory=list)
    closes: list[float] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    candles: list[int] = field(default_factory=list)
    stop_tags: list[int] = field(default_factory=list)
    detail_times: list[int] = field(default_factory=list)
    details: list[tuple[int, float, float, float, float]] = field(default_factory=list)
    visited: int = 0

    def row(self, index: int, time_ms: int) -> Row:
        """A row of the main timeframe."""
        prices = (self.opens[index], self.highs[index], self.lows[index], self.closes[index])
        return Row(index, time_ms, *prices, self.signals[index])

    def detail_rows(self, row: Row, end_ms: int) -> list[Row]:
        """The rows of the detail timeframe within a candle."""
        first, last = (bisect_left(self.detail_times, ms) for ms in (row.time_ms, end_ms))
        return [Row(row.place, *detail, row.bits) for detail in self.details[first:last]]


@dataclass
class Run:
    """Everything that a candle may read or change.

    :param roi: ratio by minutes.
    :param leverage: asked as the strategy's callback.
    """

    rules: Any
    roi: dict[int, float]
    pairs: list[Pair]
    trades: Trades
    wallets: Wallets
    leverage: Callable[..., float]
    protections: Protections | None = None
    trade_id: int = 0
    order_id: int = 0
    rejected_signals: int = 0
    timedout_entry_orders: int = 0
    timedout_exit_orders: int = 0
    canceled_exit_orders: int = 0
    captures: list[tuple[int, float, float, int, int]] = field(default_factory=list)
    rejections: list[tuple[int, int, int, int]] = field(default_factory=list)
    last_visit_ms: int | None = None
    at: tuple[int, int] = (-1, 0)

    def give_up(self, refusal: Refusal) -> NoReturn:
        """Leave the run to freqtrade."""
        raise GivenUpError(refusal)

    def time_of(self, candle: int) -> int:
        """When a candle opens."""
        return int(self.rules.start_ms + candle * self.rules.timeframe_ms)

    def capture_wallet(self, now_ms: int, currency: int, price: float) -> None:
        """_capture_wallet."""
        total = self.wallets.totals[currency]
        if self.rules.capture_wallets and total:
            whole = int(type(total) is int)
            self.captures.append((now_ms, price, total, currency, whole))
