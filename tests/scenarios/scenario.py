"""A scenario: candles, settings and what must come out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scenario:
    """One backtest and what is known about it beforehand.

    :param name: what it shows, in a few words.
    :param candles: table of candles, see :mod:`scenarios.table`; a pair that has a settlement
        currency makes it a futures run.
    :param trades: table of closed trades in the order of the results.
    :param rules: names of :data:`scenarios.rules.RULES` that it shows.
    :param quirks: numbers of :data:`scenarios.rules.QUIRKS` that it shows.
    :param settings: configuration beside the usual one (:data:`scenarios.world.CONFIG`).
    :param strategy: attributes set on the strategy after it is loaded.
    :param strategy_class: of strategies/table_strategies.py, "" for the one that fits the mode.
    :param detail: table of detail candles.
    :param dtypes: dtype of signal columns by name, where it is not float64 with NaN.
    :param ticks: by pair: "history" (as freqtrade derives them from the candles), or tick sizes by
        the row from which they hold. Pairs that are absent have their market's tick.
    :param funding: by pair: row, funding rate and mark price.
    :param again: attributes of the strategy set before each further run on the same object; what
        is expected is the state after the last run.
    :param left: table of trades that are still open in the end.
    :param counters: the ones that are not 0, and ``trades`` or ``orders`` (ids given out).
    :param locks: table of pair locks.
    :param wallet: table of wallet captures.
    :param rejected: table of rejected signals.
    :param final: final balance with its Python type, None where it does not matter.
    :param error: class name of the exception that ends the run.
    :param events: why this run goes event by event; "" when it must not.
    :param original: why this run is left to freqtrade; "" when it must not be.
    :param since: first freqtrade release with these results.
    """

    name: str
    candles: str
    trades: str = ""
    rules: tuple[str, ...] = ()
    quirks: tuple[int, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    strategy: dict[str, Any] = field(default_factory=dict)
    strategy_class: str = ""
    detail: str = ""
    dtypes: dict[str, str] = field(default_factory=dict)
    ticks: dict[str, str | dict[int, float]] = field(default_factory=dict)
    funding: dict[str, list[tuple[int, float, float]]] = field(default_factory=dict)
    again: tuple[dict[str, Any], ...] = ()
    left: str = ""
    counters: dict[str, int] = field(default_factory=dict)
    locks: str = ""
    wallet: str | None = None
    rejected: str = ""
    final: int | float | None = None
    error: str = ""
    events: str = ""
    original: str = ""
    since: str = "2025.9"
