"""Profits and stops of many trades: ``freqkernels.trades`` beside a copy of the same bytes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from freqkernels import use_backend
from freqkernels.identity import first_difference
from freqkernels.trades import apply_stoploss, calculate_pnl

#: Rows by the reference, which computes each of them in plain Python.
_CHECKED = 1_500
_POSITIVE: dict[str, Any] = {
    "trailing": True,
    "trailing_stop_positive": 0.01,
    "trailing_stop_positive_offset": 0.015,
}
STOPS: dict[str, dict[str, Any]] = {
    "fixed": {},
    "trailing": {"trailing": True},
    "positive": _POSITIVE,
    "only offset": {**_POSITIVE, "trailing_only_offset_is_reached": True},
}


@cache
def _trades(count: int) -> dict[str, Any]:
    """Stakes of 1000; rates of 2 decimals, amounts of 6."""
    rng = np.random.default_rng(0)
    entry = np.round(100 * np.exp(rng.normal(0, 0.1, count)), 2)
    exits = np.round(entry * (1 + rng.normal(0, 0.02, count)), 2)
    return {"entry": entry, "exit": exits, "quantity": np.round(1000 / entry, 6), "fee": 0.001}


@cache
def _settings(count: int) -> dict[str, Any]:
    """Another setting for each trade."""
    rng = np.random.default_rng(1)
    return {
        "fee_open": rng.choice([0.001, 0.0005], count),
        "fee_close": rng.choice([0.001, 0.0005], count),
        "is_short": rng.random(count) < 0.5,
        "leverage": rng.choice([1.0, 3.0], count),
        "funding_fees": np.round(rng.normal(0, 0.1, count), 6),
    }


@cache
def _prices(rows: int) -> dict[str, Any]:
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.0005, rows)))
    return {"prices": prices, "high": prices * 1.0003, "low": prices * 0.9997}


def _starts(rows: int) -> dict[str, Any]:
    """A trade every 50 rows."""
    start = np.arange(0, rows, 50)
    return {"start": start, "entry": _prices(rows)["prices"][start]}


def _require_parity(function: Any, **arguments: Any) -> None:
    """Both twins give the same.

    :raise AssertionError: if they do not.
    """
    found = []
    for backend in ("compiled", "reference"):
        with use_backend(backend):
            found.append(tuple(function(**arguments)))
    assert first_difference(*found) is None


@cache
def _check_profits() -> None:
    _require_parity(calculate_pnl, **_trades(_CHECKED))
    _require_parity(calculate_pnl, **_trades(_CHECKED), **_settings(_CHECKED))


@cache
def _check_stops(rules: str) -> None:
    arguments = {**_prices(_CHECKED), **_starts(_CHECKED), **STOPS[rules]}
    _require_parity(apply_stoploss, stoploss=-0.02, path=True, **arguments)


class Profits:
    """One setting for all trades, and one for each."""

    params = ([1_000, 1_000_000], ["one", "each"])
    param_names = ("trades", "setting")

    def setup(self, count: int, setting: str) -> None:
        _check_profits()
        self.arguments = _trades(count) | (_settings(count) if setting == "each" else {})
        columns = [each for each in self.arguments.values() if isinstance(each, np.ndarray)]
        size = sum(each.nbytes for each in columns) + 16 * count
        self.source = np.ones(size // 2, dtype=np.uint8)

    def time_calculate_pnl(self, *_: Any) -> None:
        calculate_pnl(**self.arguments)

    def time_copy(self, *_: Any) -> None:
        """As many bytes read and written."""
        self.source.copy()


class OneStop:
    """A stop that nothing touches: the whole series is looked at."""

    params = ([1_000, 1_000_000], list(STOPS))
    param_names = ("rows", "rules")

    def setup(self, rows: int, rules: str) -> None:
        _check_stops(rules)
        distance = {"trailing_stop_positive": 0.95, "trailing_stop_positive_offset": 0.96}
        changed = {name: value for name, value in distance.items() if name in STOPS[rules]}
        self.arguments = {**_prices(rows), **STOPS[rules], **changed}
        assert apply_stoploss(stoploss=-0.97, entry=100.0, **self.arguments).row == -1
        self.columns = [self.arguments["low"], self.arguments["high"]]

    def time_apply_stoploss(self, *_: Any) -> None:
        apply_stoploss(stoploss=-0.97, entry=100.0, **self.arguments)

    def time_copy(self, *_: Any) -> None:
        for column in self.columns:
            column.copy()


class ManyStops:
    """Trades one after the other in one series."""

    params = ([1_000_000], list(STOPS))
    param_names = ("rows", "rules")

    def setup(self, rows: int, rules: str) -> None:
        _check_stops(rules)
        self.arguments = {**_prices(rows), **_starts(rows), **STOPS[rules]}

    def time_apply_stoploss(self, *_: Any) -> None:
        apply_stoploss(stoploss=-0.02, **self.arguments)

    def track_rows(self, *_: Any) -> int:
        """Rows that are looked at, to read the times by."""
        found = apply_stoploss(stoploss=-0.02, **self.arguments)
        last = np.where(found.row < 0, len(self.arguments["prices"]), found.row)
        return int((last - self.arguments["start"]).sum())
