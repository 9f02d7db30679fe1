"""What ``freqkernels.simulate`` does not take, and how it says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from freqkernels import Market, Rules, WalletRules, simulate
from freqkernels.errors import InvalidInputError, SimulationError

START = 1_704_067_200_000
STEP = 300_000
ROWS = 10
RULES: dict[str, Any] = {"timeframe": "5m", "stoploss": -0.1, "fee": 0.001, "max_open_trades": 1}
WALLET: dict[str, Any] = {"stake_currency": "USDT", "stake_amount": 100}
TIER = {
    "minNotional": 0.0,
    "maxNotional": 1e6,
    "maxLeverage": 20.0,
    "maintenanceMarginRate": 0.01,
    "maintAmt": 0.0,
}


def table(**columns: Any) -> dict[str, Any]:
    """Flat candles; None leaves a column out."""
    flat = {name: np.full(ROWS, 100.0) for name in ("open", "high", "low", "close")}
    dates, signal = START + STEP * np.arange(ROWS), np.arange(ROWS) == 2
    found = {"date": dates, **flat, "enter_long": signal, **columns}
    return {name: values for name, values in found.items() if values is not None}


def changed(value: Any, row: int = 4) -> np.ndarray:
    values = np.full(ROWS, 100.0)
    values[row] = value
    return values


def moved(row: int, by: int) -> np.ndarray:
    dates = START + STEP * np.arange(ROWS)
    dates[row] += by
    return dates


def run(
    candles: Any = None,
    signals: Any = None,
    rules: dict[str, Any] | None = None,
    wallet: dict[str, Any] | None = None,
    **more: Any,
) -> Any:
    given = {"A/USDT": table()} if candles is None else candles
    return simulate(
        given,
        signals,
        Rules(**{**RULES, **(rules or {})}),
        WalletRules(**{**WALLET, **(wallet or {})}),
        **more,
    )


def test_the_sample_itself_is_fine() -> None:
    assert len(run().trades) == 1


MISSING = pd.Series(moved(0, 0).view("M8[ms]")).where(np.arange(ROWS) != 3)
FINE = (moved(0, 0) * 1000 + 1).view("M8[us]")
TWICE = pd.concat([pd.DataFrame(table())] * 2, axis=1)
ONE_BAD = pd.DataFrame(table(open=changed(-1.0, 0))).iloc[:1]
CANDLES = [
    ("nothing", {}, "candles: expected a mapping of pairs to candles"),
    ("a frame", pd.DataFrame(table()), "candles: expected a mapping of pairs to candles"),
    ("a number", {"A/USDT": 3}, "candles['A/USDT']: expected a DataFrame, a mapping of arrays"),
    ("pair no text", {3: table()}, "candles: expected names of pairs, got 3"),
    ("other quote", {"A/BTC": table()}, "candles: expected pairs like 'NAME/USDT', got 'A/BTC'"),
    ("no quote", {"A": table()}, "candles: expected pairs like 'NAME/USDT', got 'A'"),
    ("no close", {"A/USDT": table(close=None)}, "candles['A/USDT']: no column 'close'"),
    ("no columns", {"A/USDT": {}}, "candles['A/USDT']: no column 'date', 'open'"),
    ("no rows", {"A/USDT": pd.DataFrame(table()).iloc[:0]}, "candles['A/USDT']: no rows"),
    ("lengths", {"A/USDT": table(low=np.ones(9))}, "column 'low' has 9 rows, 'date' has 10"),
    ("two dimensions", {"A/USDT": table(low=np.ones((10, 2)))}, "column 'low' has 2 dimensions"),
    (
        "texts",
        {"A/USDT": table(open=["1"] * ROWS)},
        "candles['A/USDT']: column 'open' is <U1, not numbers",
    ),
    ("flags", {"A/USDT": table(open=np.ones(ROWS, bool))}, "column 'open' is bool, not numbers"),
    (
        "nan",
        {"A/USDT": table(low=changed(np.nan))},
        "has nan in row 4 (2024-01-01 00:20:00): prices have to be finite and above zero",
    ),
    (
        "nan in the first row",
        {"A/USDT": table(low=changed(np.nan, 0))},
        "column 'low' has nan in row 0",
    ),
    ("infinite", {"A/USDT": table(high=changed(np.inf))}, "column 'high' has inf in row 4"),
    ("zero", {"A/USDT": table(close=changed(0.0))}, "column 'close' has 0.0 in row 4"),
    ("negative", {"A/USDT": table(open=changed(-1.0))}, "column 'open' has -1.0 in row 4"),
    ("one bad candle", {"A/USDT": ONE_BAD}, "has -1.0 in row 0"),
    (
        "unsorted",
        {"A/USDT": table(date=moved(4, 2 * STEP))},
        "not in order: 2024-01-01 00:25:00 comes after 2024-01-01 00:30:00",
    ),
    ("backwards", {"A/USDT": table(date=moved(0, 0)[::-1])}, "the dates are not in order"),
    ("twice", {"A/USDT": table(date=moved(4, STEP))}, "the date 2024-01-01 00:25:00 occurs twice"),
    (
        "off the grid",
        {"A/USDT": table(date=moved(4, 1000))},
        "the date 2024-01-01 00:20:01 is not whole candles after 2024-01-01 00:00:00",
    ),
    (
        "another grid",
        {"A/USDT": table(), "B/USDT": table(date=moved(0, 0) + 60_000)},
        "candles['B/USDT']: the date 2024-01-01 00:01:00 is not whole candles",
    ),
    (
        "float dates",
        {"A/USDT": table(date=moved(0, 0) / 2)},
        "column 'date' is float64, neither datetime64 nor whole milliseconds",
    ),
    (
        "dates as texts",
        {"A/USDT": table(date=["2024-01-01"] * ROWS)},
        "neither datetime64 nor whole milliseconds",
    ),
    (
        "missing date",
        {"A/USDT": table(date=MISSING)},
        "candles['A/USDT']: column 'date' has a missing date",
    ),
    (
        "far future",
        {"A/USDT": table(date=2**63 - 20 + np.arange(ROWS, dtype=np.uint64))},
        "column 'date' has dates out of range",
    ),
    (
        "fractions of milliseconds",
        {"A/USDT": table(date=FINE)},
        "a date is not a whole millisecond",
    ),
    (
        "no signals",
        {"A/USDT": table(enter_long=None)},
        "signals: no pair has a column 'enter_long' or 'enter_short'",
    ),
    (
        "signals of texts",
        {"A/USDT": table(enter_long=np.array(["x"] * ROWS, object))},
        "candles['A/USDT']: column 'enter_long' has signals that are neither numbers nor flags",
    ),
    (
        "exit tag no text",
        {"A/USDT": table(exit_tag=np.arange(ROWS))},
        "candles['A/USDT']: an exit tag is not a text",
    ),
    ("a name twice", {"A/USDT": TWICE}, "candles['A/USDT']: a column name occurs twice"),
]


@pytest.mark.parametrize(
    ("candles", "text"), [pytest.param(*case[1:], id=case[0]) for case in CANDLES]
)
def test_candles(candles: Any, text: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        run(candles)
    assert text in str(raised.value)


SIGNALS = [
    ("no mapping", [1], "signals: expected a mapping of pairs to signals"),
    ("missing pair", {}, "signals: no pair 'A/USDT'"),
    (
        "unknown pair",
        {"A/USDT": {"enter_long": [1] * ROWS}, "B/USDT": {}},
        "candles: no pair 'B/USDT'",
    ),
    (
        "typing error",
        {"A/USDT": {"enter_lnog": [1] * ROWS}},
        "signals['A/USDT']: unknown column 'enter_lnog'",
    ),
    ("length", {"A/USDT": {"enter_long": [1] * 9}}, "signals['A/USDT']: 9 rows, but 10 candles"),
    (
        "other dates",
        {"A/USDT": {"enter_long": [1] * ROWS, "date": moved(3, 1)}},
        "signals['A/USDT']: the dates are not those of the candles",
    ),
    (
        "only exits",
        {"A/USDT": {"exit_long": [1] * ROWS}},
        "signals: no pair has a column 'enter_long'",
    ),
]


@pytest.mark.parametrize(
    ("signals", "text"), [pytest.param(*case[1:], id=case[0]) for case in SIGNALS]
)
def test_signals(signals: Any, text: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        run(signals=signals)
    assert text in str(raised.value)


SETTINGS: list[tuple[str, Any]] = [
    *[("stoploss", value) for value in (0.0, 0.1, -1.5, float("nan"), None, "-0.1", True)],
    *[("fee", value) for value in (-0.001, 1.0, float("inf"), "0.1")],
    *[("max_open_trades", value) for value in (-2, 10**12, 10**400, 1.5, float("nan"), None)],
    *[("timeframe", value) for value in ("5", "30s", "0m", "-5m", "100y", 5, None)],
    *[("minimal_roi", value) for value in (0.01, {"a": 1}, {-5: 1}, {0.5: 1}, {"0": float("nan")})],
    *[("trailing_stop", value) for value in (1, "yes", None)],
    ("trailing_stop_positive", -0.01),
    ("trailing_stop_positive_offset", -0.01),
    ("use_exit_signal", 1),
    ("exit_profit_offset", float("nan")),
    ("ignore_buying_expired_candle_after", -1),
    *[("order_types", value) for value in ({}, {"entry": "limit", "exit": "later"}, "limit")],
    *[
        ("unfilledtimeout", value)
        for value in ({"entry": -1}, {"buy": 3}, {"entry": 1, "unit": "hours"}, 5)
    ],
    ("trading_mode", "margin"),
    *[("leverage", value) for value in (2.0, 0.5, float("nan"), "3")],
    ("can_short", True),
    ("liquidation_formula", "okx"),
    ("liquidation_buffer", 1.0),
    ("funding_fee_timeframe", "8 hours"),
    *[("timeframe_detail", value) for value in ("5m", "1h", "x")],
]


@pytest.mark.parametrize(("name", "value"), SETTINGS, ids=lambda value: repr(value)[:40])
def test_rules(name: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=f"^{name}"):
        Rules(**{**RULES, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("stake_amount", value) for value in (-1, float("nan"), "all", None)],
        *[("stake_currency", value) for value in ("", None)],
        *[("dry_run_wallet", value) for value in (-1, "1000", {"USDT": float("nan")})],
        *[("tradable_balance_ratio", value) for value in (-0.1, 1.1)],
        ("available_capital", -1),
        ("amend_last_stake_amount", 1),
        ("last_stake_amount_min_ratio", 2),
        ("amount_reserve_percent", 0.6),
    ],
)
def test_wallet(name: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=f"^{name}"):
        WalletRules(**{**WALLET, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("price_precision", value) for value in (0.0, -1.0, "x")],
        ("amount_precision", 0),
        *[("precision_mode", value) for value in (1, 4.0)],
        ("contract_size", 0.0),
        *[(name, -1.0) for name in ("cost_min", "cost_max", "amount_min", "amount_max", "taker")],
        ("ticks", "prices"),
        *[("leverage_tiers", value) for value in ([3], [{}], [{**TIER, "maxLeverage": 0.5}])],
        ("leverage_tiers", [{**TIER, "minNotional": None}]),
    ],
)
def test_market(name: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=f"^{name}"):
        Market(**{name: value})


def test_digits_are_whole() -> None:
    with pytest.raises(
        InvalidInputError, match="price_precision: expected a whole number of digits"
    ):
        Market(price_precision=0.01, precision_mode=2)


def futures(**market: Any) -> Any:
    candles = {"A/USDT:USDT": table()}
    rules = {"trading_mode": "futures", "liquidation_formula": market.pop("formula", "binance")}
    return run(candles, rules=rules, markets={"A/USDT:USDT": Market(**market)})


def funding(**columns: Any) -> pd.DataFrame:
    dates = pd.Series(START + 3_600_000 * np.arange(3)).astype("M8[ms]")
    found = {"date": dates, "open_fund": [1e-4] * 3, "open_mark": [100.0] * 3, **columns}
    return pd.DataFrame({name: values for name, values in found.items() if values is not None})


def test_futures_need_tiers() -> None:
    with pytest.raises(InvalidInputError, match="futures need leverage_tiers"):
        futures()
    assert len(futures(leverage_tiers=[TIER], funding=funding()).trades) == 1


def test_the_base_formula_needs_a_fee() -> None:
    with pytest.raises(InvalidInputError, match="liquidation_formula 'base' needs taker"):
        futures(leverage_tiers=[TIER], formula="base")
    assert len(futures(leverage_tiers=[TIER], formula="base", taker=0.0005).trades) == 1


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (3, "expected a DataFrame"),
        (funding(open_mark=None), "no column 'open_mark'"),
        (funding(open_fund=["x"] * 3), "column 'open_fund' is"),
        (funding().iloc[::-1], "the dates are not in order"),
    ],
)
def test_funding(wrong: Any, text: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        futures(leverage_tiers=[TIER], funding=wrong)
    assert "markets['A/USDT:USDT']: funding" in str(raised.value)
    assert text in str(raised.value)


@pytest.mark.parametrize(
    ("ticks", "text"),
    [
        (pd.Series([0.1], index=[3]), "expected an index of dates"),
        (pd.Series(["x"], index=pd.to_datetime(["2024-01-01"])), "expected numbers"),
        (pd.Series([-0.1], index=pd.to_datetime(["2024-01-01"])), "a tick history has a tick"),
        (
            pd.Series([1.0, 1.0], index=pd.to_datetime(["2024-02-01", "2024-01-01"])),
            "no dates in UTC and in order",
        ),
    ],
)
def test_ticks(ticks: pd.Series, text: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        run(markets={"A/USDT": Market(ticks=ticks)})
    assert "markets['A/USDT']: ticks: " in str(raised.value)
    assert text in str(raised.value)


DETAIL = [
    ("without a timeframe", {}, {"detail": {}}, "rules.timeframe_detail need each other"),
    ("without candles", {"timeframe_detail": "1m"}, {}, "rules.timeframe_detail need each other"),
    ("no mapping", {"timeframe_detail": "1m"}, {"detail": [1]}, "detail: expected a mapping"),
    (
        "unsorted",
        {"timeframe_detail": "1m"},
        {"detail": {"A/USDT": table(date=moved(4, 2 * STEP))}},
        "detail['A/USDT']: the dates are not in order",
    ),
    (
        "nan",
        {"timeframe_detail": "1m"},
        {"detail": {"A/USDT": table(low=changed(np.nan))}},
        "detail['A/USDT']: column 'low' has nan in row 4",
    ),
    (
        "no column",
        {"timeframe_detail": "1m"},
        {"detail": {"A/USDT": table(low=None)}},
        "detail['A/USDT']: no column 'low'",
    ),
]


@pytest.mark.parametrize(
    ("rules", "more", "text"), [pytest.param(*case[1:], id=case[0]) for case in DETAIL]
)
def test_detail(rules: dict[str, Any], more: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        run(rules=rules, **more)
    assert text in str(raised.value)


PROTECTIONS = [
    ({"method": "CooldownPeriod"}, "protections: expected a sequence of mappings"),
    (["CooldownPeriod"], "protections[0]: expected a mapping"),
    ([{}], "protections[0]: method: expected one of 'CooldownPeriod', 'LowProfitPairs'"),
    ([{"method": "CooldownPeriod", "trade_limit": 1}], "protections[0]: expected keys out of"),
    ([{"method": "MaxDrawdown", "calculation_mode": "x"}], "protections[0]: calculation_mode"),
    ([{"method": "StoplossGuard", "only_per_pair": 1}], "protections[0]: only_per_pair"),
    ([{"method": "LowProfitPairs", "required_profit": None}], "protections[0]: required_profit"),
    ([{"method": "CooldownPeriod", "stop_duration": 0}], "protections[0]: stop_duration"),
    ([{"method": "CooldownPeriod", "stop_duration": 2**40}], "protections[0]: stop_duration"),
    ([{"method": "CooldownPeriod", "unlock_at": "25:00"}], "protections[0]: unlock_at"),
    (
        [{"method": "CooldownPeriod", "unlock_at": "08:00", "stop_duration": 3}],
        "protections[0]: stop_duration and unlock_at exclude each other",
    ),
    (
        [{"method": "MaxDrawdown", "lookback_period": 5, "lookback_period_candles": 3}],
        "protections[0]: lookback_period and lookback_period_candles exclude each other",
    ),
]


@pytest.mark.parametrize(("protections", "text"), PROTECTIONS)
def test_protections(protections: Any, text: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        run(protections=protections)
    assert text in str(raised.value)


def test_other_arguments() -> None:
    candles, rules, wallet = {"A/USDT": table()}, Rules(**RULES), WalletRules(**WALLET)
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("rules: expected Rules", {"rules": RULES}),
        ("wallet: expected WalletRules", {"wallet": 1000}),
        ("markets: expected a mapping", {"markets": [Market()]}),
        ("markets: expected a Market of 'A/USDT', got None", {"markets": {}}),
        ("capture_wallet: expected True or False", {"capture_wallet": 1}),
        ("collect_rejected: expected True or False", {"collect_rejected": None}),
    ]
    for text, arguments in wrong:
        given = {"candles": candles, "signals": None, "rules": rules, "wallet": wallet, **arguments}
        with pytest.raises(InvalidInputError) as raised:
            simulate(**given)
        assert text in str(raised.value)


def test_unlimited_stakes_need_slots() -> None:
    with pytest.raises(InvalidInputError, match="'unlimited' shares the balance among the slots"):
        run(rules={"max_open_trades": -1}, wallet={"stake_amount": "unlimited"})


@pytest.mark.parametrize("backend", ["compiled", "reference"])
def test_stakes_beyond_the_tiers_end_the_run(backend: str) -> None:
    import freqkernels

    small = {**TIER, "maxNotional": 100.0}
    with (
        freqkernels.use_backend(backend),
        pytest.raises(SimulationError, match=r"leverage tiers \(A/USDT:USDT\)"),
    ):
        futures(leverage_tiers=[small])
