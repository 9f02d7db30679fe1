"""A backtest as plain data: nothing in it depends on freqtrade, and it can be written as text.

Times are counted in slots: slot ``k`` of a case is the candle that opens ``k`` timeframes after
``Case.start``. A fraction of a slot is a candle off the grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

#: Slot, open, high, low, close, volume.
Row = tuple[float, float, float, float, float, float]
#: Least and greatest position, maintenance margin rate, greatest leverage, maintenance amount.
Tier = tuple[float, float | None, float, float, float | None]

#: Signal columns of freqtrade, in its order.
SIGNALS = ("enter_long", "exit_long", "enter_short", "exit_short", "enter_tag", "exit_tag")
#: What a strategy of a case has where the case does not say otherwise.
STRATEGY_DEFAULTS: dict[str, Any] = {"minimal_roi": {"0": 10.0}, "stoploss": -0.1}
#: What a configuration has where the case does not say otherwise.
CONFIG_DEFAULTS: dict[str, Any] = {
    "amend_last_stake_amount": False,
    "dry_run_wallet": 1000.0,
    "export": "none",
    "fee": 0.001,
    "last_stake_amount_min_ratio": 0.5,
    "max_open_trades": 3,
    "runmode": "backtest",
    "stake_amount": 100.0,
    "tradable_balance_ratio": 0.99,
}


@dataclass(slots=True)
class Column:
    """A signal column, written down where it is not what it usually is.

    :param dtype: of the pandas column: "int64", "float64", "bool", "object", "Int64", "str".
    :param default: value of a row that ``at`` does not name.
    :param at: value by slot.
    """

    dtype: str
    default: Any = 0
    at: dict[float, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Market:
    """What the exchange says about a pair.

    :param price: price precision, in the case's way of counting; None for none.
    :param amount: amount precision, likewise.
    :param limits: "cost" and "amount", each with "min" and "max".
    :param contract_size: of futures.
    :param tiers: leverage tiers of futures, ascending.
    """

    price: float | None = 0.01
    amount: float | None = 1e-8
    limits: dict[str, dict[str, float | None]] = field(default_factory=dict)
    contract_size: float = 1.0
    tiers: list[Tier] = field(default_factory=lambda: [(0.0, 1e12, 0.01, 50.0, 0.0)])


@dataclass(slots=True)
class Pair:
    """A pair: its market, candles and signals.

    :param name: "AAA/USDT", or "AAA/USDT:USDT" for a future.
    :param market: what the exchange says.
    :param candles: ascending by slot unless the case is about disorder.
    :param signals: column by name; what is absent is not in the strategy's frame.
    :param ticks: where the price precision of an entry comes from: "data" as freqtrade derives it
        from the candles, "exchange", or tick sizes by slot.
    :param detail: candles of the detail timeframe, slots counted in that timeframe.
    :param funding: hour since ``Case.start``, funding rate, mark price.
    """

    name: str
    market: Market
    candles: list[Row]
    signals: dict[str, Column]
    ticks: Literal["data", "exchange"] | list[tuple[float, float]] = "data"
    detail: list[Row] = field(default_factory=list)
    funding: list[tuple[int, float, float]] = field(default_factory=list)


@dataclass(slots=True)
class Epoch:
    """One call of ``backtest()`` on the case's one ``Backtesting`` object.

    :param strategy: attributes set on the strategy before it, as hyperopt sets them.
    :param config: settings changed before it.
    :param abort: whether stopping was asked for before it.
    """

    strategy: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    abort: bool = False


@dataclass(slots=True)
class Step:
    """Something that a callback does.

    :param name: what to call it.
    :param code: statements; those that a ``return`` or ``raise`` ends decide the answer.
    :param every: it is done in one of so many calls, which ones depends on the arguments.
    """

    name: str
    code: str
    every: int = 1


@dataclass(slots=True)
class Callback:
    """A method of the strategy that freqtrade calls.

    :param name: of the method.
    :param parameters: as in its definition, without ``self``.
    :param steps: in their order.
    :param place: where it is defined, one of
        :data:`~freqkernels.bridge.fuzz.callbacks.source.PLACES`.
    :param seen: "all" to log the calls with all that can be seen from there, "call" to log them
        without looking at trades and orders, "" not to log them.
    """

    name: str
    parameters: str
    steps: list[Step] = field(default_factory=list)
    place: str = "class"
    seen: Literal["all", "call", ""] = "all"


@dataclass(slots=True)
class Case:
    """A backtest.

    :param kind: which generator made it.
    :param seed: from which seed and number, as text.
    :param start: opening of slot 0, like "2024-01-31T12:00:00+00:00".
    :param timeframe: of the candles.
    :param pairs: in the order of the whitelist.
    :param strategy: attributes of the strategy that are not :data:`STRATEGY_DEFAULTS`.
    :param config: settings that are not :data:`CONFIG_DEFAULTS`.
    :param epochs: calls of ``backtest()``, at least one.
    :param strategy_class: a class of ``strategies/fuzzed.py``; of no account with callbacks.
    :param precision_mode: ccxt's way of counting digits: 2 decimal places, 3 significant digits,
        4 tick size.
    :param date_unit: of the pandas column of dates.
    :param window: rows left out of the time loop at the beginning and end.
    :param callbacks: of a strategy that is written for the case.
    :param properties: settings of that strategy that are properties: expressions of ``value``,
        which is what was set, and ``self``.
    """

    kind: str
    seed: str
    start: str
    timeframe: str
    pairs: list[Pair]
    strategy: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    epochs: list[Epoch] = field(default_factory=lambda: [Epoch()])
    strategy_class: str = "Fuzzed"
    precision_mode: int = 4
    date_unit: Literal["s", "ms", "us", "ns"] = "ms"
    window: tuple[int, int] = (0, 0)
    callbacks: list[Callback] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def opening(self) -> datetime:
        """Opening of slot 0."""
        return datetime.fromisoformat(self.start)

    @property
    def futures(self) -> bool:
        """Whether it trades futures."""
        return self.config.get("trading_mode") == "futures"

    @property
    def rows(self) -> int:
        """Candles of all pairs."""
        return sum(len(pair.candles) for pair in self.pairs)
