"""What a run left, beside what the tables say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from scenarios.runner import COUNTERS, IDS, Outcome, Ran
from scenarios.scenario import Scenario
from scenarios.table import Clock, difference, parse_expected

Cells = Callable[[dict[str, Any], Clock], Any]


def _orders(trade: dict[str, Any], _: Clock) -> str:
    return "+".join(
        f"{order['ft_order_side']}:{order['amount']:g}@{order['price']:g}"
        for order in trade["orders"]
    )


def _share(name: str) -> Cells:
    # As LocalTrade.to_json rounds it into the results.
    return lambda trade, _: trade[name] and round(trade[name], 8)


#: Columns of the table of trades, from the attributes of LocalTrade.
COLUMNS: dict[str, Cells] = {
    "id": lambda trade, _: trade["id"],
    "pair": lambda trade, _: trade["pair"],
    "side": lambda trade, _: "short" if trade["is_short"] else "long",
    "open": lambda trade, clock: clock.row(trade["open_date"]),
    "close": lambda trade, clock: clock.row(trade["close_date"]),
    "reason": lambda trade, _: trade["exit_reason"],
    "tag": lambda trade, _: trade["enter_tag"],
    "profit": lambda trade, _: trade["close_profit_abs"],
    "ratio": lambda trade, _: trade["close_profit"],
    "stake": _share("stake_amount"),
    "max_stake": _share("max_stake_amount"),
    "stop": lambda trade, _: trade["stop_loss"],
    "stop_ratio": lambda trade, _: trade["stop_loss_pct"],
    "first_stop": lambda trade, _: trade["initial_stop_loss"],
    "first_stop_ratio": lambda trade, _: trade["initial_stop_loss_pct"],
    "liquidation": lambda trade, _: trade["liquidation_price"],
    "funding": lambda trade, _: trade["funding_fees"],
    "open_value": lambda trade, _: trade["open_trade_value"],
    "tick": lambda trade, _: trade["price_precision"],
    "orders": _orders,
    "order_ids": lambda trade, _: "+".join(order["order_id"] for order in trade["orders"]),
    "trailing": lambda trade, _: trade["is_stop_loss_trailing"],
    "filled": lambda trade, clock: clock.row(trade["orders"][0]["order_filled_date"]),
    "cost": lambda trade, _: trade["orders"][0]["cost"],
}
#: The same names in the results frame, which must agree with the objects.
FRAME = {
    "pair": "pair",
    "reason": "exit_reason",
    "tag": "enter_tag",
    "profit": "profit_abs",
    "ratio": "profit_ratio",
    "stake": "stake_amount",
    "max_stake": "max_stake_amount",
    "stop": "stop_loss_abs",
    "stop_ratio": "stop_loss_ratio",
    "first_stop": "initial_stop_loss_abs",
    "first_stop_ratio": "initial_stop_loss_ratio",
    "funding": "funding_fees",
    "minutes": "trade_duration",
}
#: What only the objects have.
NOT_IN_FRAME = (
    "id",
    "order_ids",
    "filled",
    "liquidation",
    "open_value",
    "tick",
    "trailing",
    "contract_size",
)


def differences(scenario: Scenario, ran: Ran) -> list[str]:
    """Everything in which a run is not what the scenario says; empty if all is well."""
    outcome, clock = ran.outcome, ran.clock
    error = outcome.error[0] if outcome.error else ""
    if error != scenario.error:
        return [f"error: {outcome.error} is not {scenario.error!r}"]
    found = _table("trade", scenario.trades, outcome.trades, _trade_cell, clock)
    found += _table("left", scenario.left, outcome.left, _trade_cell, clock)
    found += _counters(scenario, outcome)
    found += _locks(scenario, outcome, clock)
    found += _rejected(scenario, outcome, clock)
    if outcome.content is None:
        return found
    frame = outcome.content["results"].to_dict("records")
    found += _table("results", scenario.trades, frame, _frame_cell, clock, NOT_IN_FRAME)
    return found + _wallet(scenario, outcome, clock)


def _table(
    what: str,
    text: str,
    found: list[Any],
    cell: Callable[[Any, str, Clock], Any],
    clock: Clock,
    absent: tuple[str, ...] = (),
) -> list[str]:
    expected = parse_expected(text)
    wrong = [
        f"{what} {number}, {column}: {told}"
        for number, (line, item) in enumerate(zip(expected, found, strict=False))
        for column, value in line.items()
        if column not in absent and (told := difference(column, value, cell(item, column, clock)))
    ]
    if len(expected) != len(found):
        wrong.append(f"{what}: {len(found)} lines, not {len(expected)}: {found}")
    return wrong


def _trade_cell(trade: dict[str, Any], column: str, clock: Clock) -> Any:
    if column == "minutes":
        return (trade["close_date"] - trade["open_date"]).total_seconds() // 60
    return COLUMNS[column](trade, clock) if column in COLUMNS else trade[column]


def _frame_cell(trade: dict[str, Any], column: str, clock: Clock) -> Any:
    if column in ("open", "close"):
        moment = datetime.fromtimestamp(trade[f"{column}_timestamp"] / 1000, UTC)
        assert trade[f"{column}_date"] == moment
        return clock.row(moment)
    if column == "side":
        return "short" if trade["is_short"] else "long"
    if column == "cost":
        return trade["orders"][0]["cost"]
    if column == "orders":
        return "+".join(
            f"{order['ft_order_side']}:{order['amount']:g}@{order['safe_price']:g}"
            for order in trade["orders"]
        )
    return trade[FRAME.get(column, column)]


def _counters(scenario: Scenario, outcome: Outcome) -> list[str]:
    unknown = set(scenario.counters) - set(COUNTERS) - set(IDS)
    assert not unknown, f"{scenario.name}: no counters {unknown}"
    wrong = []
    for name, found in outcome.counters.items():
        expected = scenario.counters.get(name, 0 if name in COUNTERS else found)
        if found != expected:
            wrong.append(f"counter {name}: {found} is not {expected}")
    return wrong


def _locks(scenario: Scenario, outcome: Outcome, clock: Clock) -> list[str]:
    found = [
        {
            "pair": pair,
            "side": side,
            "start": clock.row(start),
            "until": clock.row(until),
            "reason": reason,
        }
        for pair, side, start, until, reason, active in outcome.locks
        if active
    ]
    return _table("lock", scenario.locks, found, _cell, clock)


def _rejected(scenario: Scenario, outcome: Outcome, clock: Clock) -> list[str]:
    found = [
        {"pair": pair, "row": clock.row(date.to_pydatetime()), "tag": tag}
        for pair, signals in outcome.rejected.items()
        for date, tag in signals
    ]
    return _table("rejected", scenario.rejected, found, _cell, clock)


def _wallet(scenario: Scenario, outcome: Outcome, clock: Clock) -> list[str]:
    wrong = []
    if scenario.final is not None:
        found = outcome.content["final_balance"]
        if (type(found), found) != (type(scenario.final), scenario.final):
            wrong.append(f"final balance: {found!r} is not {scenario.final!r}")
    if scenario.wallet is None or "wallet_summary" not in outcome.content:
        return wrong
    summary = outcome.content["wallet_summary"].to_dict("records")
    lines = [{**line, "row": clock.row(line["date"].to_pydatetime())} for line in summary]
    return wrong + _table("wallet", scenario.wallet, lines, _cell, clock)


def _cell(line: dict[str, Any], column: str, _: Clock) -> Any:
    return line[column]
