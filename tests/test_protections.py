"""Protections and pair locks, exit by exit, against freqtrade's ProtectionManager and PairLocks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _protections import (
    MINUTE,
    PAIRS,
    Answer,
    Case,
    agree,
    backtest_persistence,
    by_kernel,
    date_of,
    manager_of,
)
from freqkernels.bridge.engine import locks as bridge
from freqkernels.simulation.columns import STOP_REASONS

DAY = 24 * 60 * MINUTE
START = int(datetime(2024, 2, 27, 22, 35, tzinfo=UTC).timestamp()) * 1000
REASONS = (
    *("stop_loss", "trailing_stop_loss", "liquidation", "roi", "exit_signal", "force_exit"),
    *("stoploss_on_exchange", "my tag", ""),
)
PROFITS = (-0.1, -0.2, 0.1, 0.30000000000000004, 0.0, -0.0, 1e-8, -1e-8, -0.99999999, 0.07)
LIMITS = (0.0, 0.1, -0.1, 0.2, -0.30000000000000004, 0.5, 1, -1e-8, 0.15000000000000002)


@pytest.fixture(scope="module")
def drawdown_modes() -> tuple[str, ...]:
    """Of MaxDrawdown; freqtrade 2025.9 has another definition, which is refused."""
    rules = bridge.protection_rules(manager_of(Case("5m", [{"method": "MaxDrawdown"}], [], [])))
    return ("ratios", "equity") if isinstance(rules, np.ndarray) else ()


# ---- cases


def durations(draw: Any, what: str) -> dict[str, Any]:
    if draw(st.booleans()):
        return {f"{what}_candles": draw(st.sampled_from([1, 2, 3, 12, 60]))}
    return {what: draw(st.sampled_from([0, 1, 4, 5, 30, 60, 300, 1440, 100_000]))}


@st.composite
def protections(draw: Any, modes: tuple[str, ...]) -> dict[str, Any]:
    names = ["CooldownPeriod", "LowProfitPairs", "StoplossGuard", *(["MaxDrawdown"] * bool(modes))]
    method = draw(st.sampled_from(names))
    made: dict[str, Any] = {"method": method, **durations(draw, "lookback_period")}
    if draw(st.integers(0, 3)) == 0:
        made["unlock_at"] = draw(st.sampled_from(["00:00", "22:40", "23:59", "5:07"]))
    else:
        made |= durations(draw, "stop_duration")
    optional: dict[str, Any] = {
        "LowProfitPairs": {"required_profit": LIMITS, "only_per_side": (True, False)},
        "StoplossGuard": {
            "required_profit": LIMITS,
            "only_per_side": (True, False),
            "only_per_pair": (True, False),
        },
        "MaxDrawdown": {"max_allowed_drawdown": LIMITS, "calculation_mode": modes},
    }.get(method, {})
    if optional:
        optional["trade_limit"] = (1, 2, 3, 5, 1.5, 0)
    for name, values in optional.items():
        if draw(st.integers(0, 3)) > 0:
            made[name] = draw(st.sampled_from(values))
    return made


def times(draw: Any, count: int) -> list[int]:
    """Mostly forwards, often the same, sometimes back, and not always whole minutes."""
    steps = st.sampled_from([0, 0, 1, 1, 1, 5, 5, 60, 1440, -5, -60, 0.25, 1 / 60, 1 / 60000])
    moves = draw(st.lists(steps, min_size=count, max_size=count))
    return [START + int(minutes * MINUTE) for minutes in np.cumsum(moves).tolist()]


@st.composite
def cases(draw: Any, modes: tuple[str, ...]) -> Case:
    count = draw(st.integers(0, 22))
    rows, questions = [], []
    shift = st.sampled_from([0, 0, 0, 0, 0, 0, -7, 3])
    amounts = st.sampled_from(PROFITS)
    for now in times(draw, count):
        profit = draw(amounts)
        rows.append(
            (
                now,
                now + MINUTE * draw(shift),
                profit,
                draw(st.sampled_from([profit * 1000.0, 1e6 * profit, draw(amounts), -3e3])),
                draw(st.sampled_from([0, 0, 0, 1, 2])),
                draw(st.booleans()),
                draw(st.sampled_from(REASONS)),
                draw(st.integers(0, 9)) > 0,
            )
        )
        for _ in range(3):
            ahead = draw(st.sampled_from([0, 1, 5, 10, 60, 300, 1440, -5, -60]))
            at = (now // (5 * MINUTE) * 5 + ahead) * MINUTE if ahead % 2 else now + ahead * MINUTE
            asked = (at, draw(st.integers(0, 2)), draw(st.integers(0, 2)))
            questions.append((len(rows) - draw(st.integers(0, 1)), *asked))
    return Case(
        draw(st.sampled_from(["5m", "5m", "1m", "1h", "1d", "1w", "1M"])),
        draw(st.lists(protections(modes), min_size=0, max_size=4)),
        rows,
        sorted(questions),
        draw(st.sampled_from([1000.0, 0.0, 0.1, 3000.0, 123.456789])),
    )


@settings(max_examples=2 * settings().max_examples)
@given(data=st.data())
def test_any_exits(data: st.DataObject, drawdown_modes: tuple[str, ...]) -> None:
    agree(data.draw(cases(drawdown_modes)))


def many_exits(seed: int, count: int, ties: int, *protections: dict[str, Any]) -> Case:
    """Many trades in a window, several a candle; forced exits of earlier dates at the end."""
    rng = np.random.default_rng(seed)
    now = START + np.sort(rng.integers(0, count // ties + 1, count)) * 5 * MINUTE
    now[-3:] = START + rng.integers(0, 9, 3) * DAY // 50
    profits = np.round(rng.normal(-0.001, 0.02, count), 8)
    absolute = np.round(profits * 10.0 ** rng.integers(0, 5, count), 8)
    rows = [
        (at, at, ratio, each, pair, bool(short), reason, True)
        for at, ratio, each, pair, short, reason in zip(
            now.tolist(),
            profits.tolist(),
            absolute.tolist(),
            rng.integers(0, 3, count).tolist(),
            rng.integers(0, 2, count).tolist(),
            rng.choice(REASONS[:6], count).tolist(),
            strict=True,
        )
    ]
    asked = [
        (k, int(now[min(k, count - 1)]) + k % 4 * 5 * MINUTE, k % 3, k % 3) for k in range(count)
    ]
    return Case("5m", list(protections), rows, asked, 5e3)


def drawdown(mode: str, window: int) -> dict[str, Any]:
    """Each exit makes a lock, whose reason shows all digits of the drawdown."""
    return {
        "method": "MaxDrawdown",
        "lookback_period_candles": window,
        "stop_duration_candles": 1,
        "calculation_mode": mode,
    }


@pytest.mark.parametrize(("seed", "ties", "window"), [(2, 4, 500), (3, 30, 500), (4, 9, 8)])
@pytest.mark.parametrize("mode", ["ratios", "equity"])
def test_long_windows(
    seed: int, ties: int, window: int, mode: str, drawdown_modes: tuple[str, ...]
) -> None:
    rules = [drawdown(mode, window)] if mode in drawdown_modes else [LOW_PROFIT]
    answer = agree(many_exits(seed, 90, ties, *rules))
    assert len(answer.locks) > 90 / ties / 3
    assert 0 < sum(answer.locked) < 90


LOW_PROFIT = {
    "method": "LowProfitPairs",
    "lookback_period_candles": 40,
    "stop_duration": 0,
    "required_profit": 0.3,
}
GUARD = {
    "method": "StoplossGuard",
    "lookback_period_candles": 30,
    "stop_duration_candles": 1,
    "trade_limit": 2,
    "only_per_side": True,
}


@pytest.mark.parametrize("rule", [LOW_PROFIT, GUARD])
def test_many_exits(rule: dict[str, Any]) -> None:
    answer = agree(many_exits(5, 160, 3, rule))
    assert len(answer.locks) > 20
    assert 0 < sum(answer.locked) < 160


# ---- single rules


def exits(*rows: tuple[Any, ...]) -> list[tuple[int, int, float, float, int, bool, str, bool]]:
    """Minutes, ratio, pair, side and reason of trades that close."""
    found = []
    for minute, ratio, pair, short, why in rows:
        now = START + int(minute * MINUTE)
        found.append((now, now, ratio, 100 * ratio, pair, short, why, True))
    return found


def locks_of(method: str, rows: list[Any], timeframe: str = "5m", **options: Any) -> Answer:
    return agree(Case(timeframe, [{"method": method, **options}], rows, []))


def ends(answer: Answer) -> list[int]:
    """Minutes from the start to the end of each lock."""
    return [round((lock[3] - date_of(START)).total_seconds() / 60) for lock in answer.locks]


def test_a_lock_ends_with_the_candle_after_its_time() -> None:
    rows = exits((0, 0.1, 0, False, "roi"))
    assert ends(locks_of("CooldownPeriod", rows, stop_duration=10)) == [15]
    assert ends(locks_of("CooldownPeriod", rows, stop_duration=11)) == [15]
    assert ends(locks_of("CooldownPeriod", rows, stop_duration_candles=0)) == [5]
    assert ends(locks_of("CooldownPeriod", rows, unlock_at="22:35")) == [5]
    assert ends(locks_of("CooldownPeriod", rows, unlock_at="22:34")) == [24 * 60]
    assert ends(locks_of("CooldownPeriod", rows, "1d", stop_duration=0)) == [85]
    rows = exits((0.5, 0.1, 0, False, "roi"))  # unlock_at keeps the seconds
    assert ends(locks_of("CooldownPeriod", rows, unlock_at="22:35")) == [5]


def test_the_window_is_open_at_its_start() -> None:
    stops = exits((0, -0.1, 0, False, "stop_loss"), (20, -0.1, 0, False, "stop_loss"))
    for minutes, count in ((20, 0), (21, 1)):
        options = {"lookback_period": minutes, "trade_limit": 2, "only_per_pair": True}
        assert len(locks_of("StoplossGuard", stops, **options).locks) == count


def test_a_longer_lock_is_needed_for_a_new_one() -> None:
    rows = exits(*((minute, 0.1, 0, False, "roi") for minute in (0, 5, 15, 16, 30)))
    assert ends(locks_of("CooldownPeriod", rows, stop_duration=7)) == [10, 15, 25, 40]


def test_reasons_that_count_as_stops() -> None:
    for reason in REASONS:
        rows = exits((0, -0.1, 0, False, reason))
        counted = len(locks_of("StoplossGuard", rows, trade_limit=1).locks) > 0
        assert counted == (reason in STOP_REASONS)


def test_sides() -> None:
    rows = exits((0, -0.1, 0, True, "stop_loss"), (5, -0.1, 0, False, "stop_loss"))
    answer = locks_of("StoplossGuard", rows, trade_limit=1, only_per_side=True)
    assert [lock[:2] for lock in answer.locks] == [
        *((PAIRS[0], "short"), ("*", "short")),
        *((PAIRS[0], "long"), ("*", "long")),
    ]


def test_profits_of_one_side() -> None:
    rows = exits((0, 0.4, 0, True, "roi"), (5, -0.1, 0, False, "roi"))
    answer = locks_of("LowProfitPairs", rows, only_per_side=True)
    assert [lock[1] for lock in answer.locks] == ["long"]
    assert locks_of("LowProfitPairs", rows).locks == []


def test_stops_without_a_loss() -> None:
    for profit, count in ((0.0, 0), (-0.0, 0), (0.1, 0), (0.0999, 1), (-0.1, 1)):
        rows = exits((0, profit, 0, False, "stop_loss"))
        options = {"trade_limit": 1, "only_per_pair": True, "required_profit": 0.1}
        assert len(locks_of("StoplossGuard", rows, **options).locks) == count


def test_profit_of_no_trades_is_an_int() -> None:
    rows = exits((0, 0.0, 0, False, "roi"))
    (lock,) = locks_of("LowProfitPairs", rows, required_profit=0.5).locks
    assert lock[4].startswith("0 < 0.5 in ")


def test_freqtrade_raises_where_no_trade_says_when_a_lock_ends() -> None:
    rows = exits((0, 0.1, 0, False, "roi"), (5, 0.1, 0, False, "roi"))
    assert locks_of("StoplossGuard", rows, trade_limit=0).passed == 0
    assert locks_of("LowProfitPairs", rows, lookback_period=0, trade_limit=0).passed == 2
    limits = {"lookback_period": 0, "trade_limit": 0, "required_profit": 1}
    assert locks_of("LowProfitPairs", rows, **limits).passed == 0


def test_where_the_equity_of_a_window_begins(drawdown_modes: tuple[str, ...]) -> None:
    """At closing times that are those of the window's start, whatever the order of closing."""
    if "equity" not in drawdown_modes:
        return
    rows = [
        *exits((9, 0.7, 0, False, "roi"), (0, 0.3, 0, False, "roi"), (-1, 0.11, 0, False, "roi")),
        *exits((1, 0.2, 0, False, "roi"), (5, -0.5, 0, False, "roi")),
    ]
    for lookback in (4, 5, 6):
        rule = drawdown("equity", 1) | {"stop_duration_candles": 9}
        del rule["lookback_period_candles"]
        case = Case("5m", [rule | {"lookback_period": lookback}], rows, [])
        assert agree(case).locks


@pytest.mark.parametrize("first", [0.0, -0.0, -1e-300])
@pytest.mark.parametrize("balance", [0.0, -0.0, 1e-300, -3.0])
def test_a_balance_of_nothing(
    first: float, balance: float, drawdown_modes: tuple[str, ...]
) -> None:
    for mode in drawdown_modes:
        rows = exits((0, first, 0, False, "roi"), (1, -0.5, 0, False, "roi"))
        rows[0] = (*rows[0][:3], first, *rows[0][4:])
        agree(Case("5m", [drawdown(mode, 5)], rows, [], balance))
        agree(Case("5m", [drawdown(mode, 5)], [rows[0], rows[0], rows[1]], [], balance))


def test_differences_are_seen(drawdown_modes: tuple[str, ...]) -> None:
    """Each column of the exits matters to what is compared."""
    rules = [LOW_PROFIT, GUARD, *(drawdown(mode, 40) for mode in drawdown_modes)]
    cases = [many_exits(5, 120, 3, rule) for rule in rules]
    expected = [by_kernel(case, manager_of(case), "compiled").locks for case in cases]

    def changed_locks(place: int, change: Any) -> list[Any]:
        changed = []
        for case in cases:
            rows = [list(row) for row in case.exits]
            for row in rows[40:80]:
                row[place] = change(row[place])
            altered = Case(case.timeframe, case.protections, [tuple(row) for row in rows], [])
            changed.append(by_kernel(altered, manager_of(case), "compiled").locks)
        return changed

    changes: dict[int, Any] = {
        **dict.fromkeys((0, 1), lambda ms: ms + 5 * MINUTE),
        **dict.fromkeys((2, 3) if "equity" in drawdown_modes else (2,), lambda x: x + 1e-9),
        4: lambda pair: (pair + 1) % 3,
        5: lambda short: not short,
        6: lambda reason: "roi",
    }
    assert all(changed_locks(place, change) != expected for place, change in changes.items())


# ---- what is refused, and what is left as it was


def refusal(**options: Any) -> str:
    protection = {"method": "LowProfitPairs", **options}
    rules = bridge.protection_rules(manager_of(Case("5m", [protection], [], [])))
    return "" if isinstance(rules, np.ndarray) else rules.reason


def test_refused_protections() -> None:
    assert refusal() == ""
    assert refusal(trade_limit=True, required_profit=np.float64(0.1)) == ""
    assert "plain numbers" in refusal(trade_limit="2")
    assert "plain numbers" in refusal(required_profit=None)
    assert "plain numbers" in refusal(required_profit=np.float32(0.1))
    assert "plain numbers" in refusal(required_profit=10**400)
    assert "lifetime" in refusal(stop_duration=10**9)
    assert "lifetime" in refusal(lookback_period=-(10**9))


def test_a_protection_of_somebody_else() -> None:
    from freqtrade.plugins.protections import IProtection

    class Mine(IProtection):
        pass

    Mine.__abstractmethods__ = frozenset()
    manager = manager_of(Case("5m", [], [], []))
    manager._protection_handlers.append(Mine({"timeframe": "5m"}, {}))  # type: ignore[abstract]
    rules = bridge.protection_rules(manager)
    assert not isinstance(rules, np.ndarray)
    assert "Mine" in rules.reason


def test_reasons_are_those_that_freqtrade_counts() -> None:
    from freqtrade.enums import ExitType

    assert {kind.value for kind in ExitType} >= STOP_REASONS


def test_looking_at_locks_leaves_them_alone() -> None:
    from freqtrade.persistence import PairLocks

    with backtest_persistence("5m"):
        PairLocks.lock_pair("A/USDT", date_of(START), "mine", now=date_of(START - 1))
        before = (PairLocks.use_db, PairLocks.locks, list(PairLocks.locks))
        bridge.lock_end_included()
        assert (PairLocks.use_db, PairLocks.locks, list(PairLocks.locks)) == before
