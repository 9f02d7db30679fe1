"""What happened in a backtest, counted: whether random cases reach the rules they are about."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from freqkernels.bridge.fuzz.case import Case

#: Reasons that freqtrade itself gives; any other one is a tag or comes from a callback.
EXIT_REASONS = (
    "roi",
    "stop_loss",
    "trailing_stop_loss",
    "liquidation",
    "exit_signal",
    "force_exit",
)


def happenings(case: Case, outcomes: list[dict[str, Any]]) -> Counter[str]:
    """Trades, exits, orders, locks and errors by kind.

    :param case: the case.
    :param outcomes: of its epochs.
    """
    found: Counter[str] = Counter(_settings(case))
    for outcome in outcomes:
        found.update({name: count for name, count in outcome["counters"].items() if count})
        if outcome["error"] is not None:
            found[f"error {outcome['error'][0]}"] += 1
        for lock in outcome["locks"]:
            found["lock of all pairs" if lock["pair"] == "*" else "lock of a pair"] += 1
            found["lock of a side"] += lock["side"] != "*"
        found["trade left open"] += len(outcome["trades"]["open"])
        found["epoch without trades"] += not outcome["trades"]["closed"]
        found["rejection with tag kept"] += len(outcome["rejected_dict"])
        _count_trades(found, outcome["trades"]["closed"])
        _count_calls(found, case, outcome["calls"])
    return +found


def _settings(case: Case) -> list[str]:
    found = ["case", f"strategy {case.strategy_class}", *["epoch"] * len(case.epochs)]
    if case.config.get("timeframe_detail"):
        found.append("detail")
    if case.config.get("runmode") == "hyperopt":
        found.append("hyperopt")
    if isinstance(case.config.get("dry_run_wallet"), dict):
        found.append("wallet of several currencies")
    if case.config.get("stake_amount") == "unlimited":
        found.append("unlimited stake")
    if case.strategy.get("protections"):
        found.append("protections")
    return found


def _count_trades(found: Counter[str], trades: list[dict[str, Any]]) -> None:
    last: dict[str, dict[str, Any]] = {}
    for trade in trades:
        reason = trade["exit_reason"]
        found[f"exit {reason}" if reason in EXIT_REASONS else "exit tag"] += 1
        short = bool(trade.get("is_short"))
        found["short" if short else "long"] += 1
        found["leverage"] += trade.get("leverage", 1.0) > 1
        found["leverage as int"] += isinstance(trade.get("leverage"), int)
        found["funding fee"] += bool(trade.get("funding_fees"))
        found["stop moved"] += trade["stop_loss"] != trade["initial_stop_loss"]
        found["closed where opened"] += trade["open_date"] == trade["close_date"]
        found["closed before opened"] += trade["open_date"] > trade["close_date"]
        entry = trade["orders"][0]
        found["late fill"] += entry["order_filled_date"] != entry["order_date"]
        before = last.get(trade["pair"])
        if before is not None and before["close_date"] == trade["open_date"]:
            found["reversal"] += bool(before.get("is_short")) != short
        last[trade["pair"]] = trade
    found["stacked"] += _stacked(trades)


def _count_calls(found: Counter[str], case: Case, calls: list[dict[str, Any]]) -> None:
    """Callbacks that were called, where they are defined, and what they did."""
    called = Counter(call["callback"] for call in calls)
    found.update({f"called {name}": count for name, count in called.items()})
    for callback in case.callbacks:
        if called[callback.name]:
            found[f"placed {callback.place}"] += 1
            found[f"{callback.name} answers {callback.steps[-1].name}"] += called[callback.name]
    for call in calls:
        found.update(f"{call['callback']} does {step}" for step in call["did"])
    for name in case.properties:
        found[f"property {name}"] += 1


def _stacked(trades: list[dict[str, Any]]) -> int:
    """Trades that opened while another one of their pair was open."""
    spans: dict[str, list[tuple[Any, Any]]] = {}
    for trade in trades:
        spans.setdefault(trade["pair"], []).append((trade["open_date"], trade["close_date"]))
    return sum(
        later[0] < earlier[1]
        for opened in spans.values()
        for earlier, later in pairwise(sorted(opened))
    )
