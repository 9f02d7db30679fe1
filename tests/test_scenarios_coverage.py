"""The scenarios leave out no rule and no quirk, and their tables notice what is wrong."""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from freqkernels.identity import first_difference
from scenarios.check import differences
from scenarios.rules import QUIRKS, RULES
from scenarios.runner import run_original
from scenarios.scenario import Scenario
from scenarios.table import Clock, parse_candles, parse_expected
from scenarios.world import clock_of

SCENARIOS: list[Scenario] = [
    scenario
    for path in sorted(Path(__file__).parent.glob("test_scenarios_*.py"))
    if path.name != Path(__file__).name
    for scenario in importlib.import_module(path.stem).SCENARIOS
]


def test_every_rule_has_a_scenario() -> None:
    shown = Counter(rule for scenario in SCENARIOS for rule in scenario.rules)
    assert set(shown) == set(RULES)


def test_every_quirk_has_a_scenario() -> None:
    assert list(QUIRKS) == list(range(1, 20))
    shown = Counter(quirk for scenario in SCENARIOS for quirk in scenario.quirks)
    assert set(shown) == set(QUIRKS)


def test_scenarios_have_names_of_their_own_and_show_something() -> None:
    names = Counter(scenario.name for scenario in SCENARIOS)
    assert [name for name, count in names.items() if count > 1] == []
    assert [scenario.name for scenario in SCENARIOS if not scenario.rules] == []


def test_callbacks_are_rare() -> None:
    """The engine is shown by scenarios that it runs itself."""
    compiled = [one for one in SCENARIOS if not (one.events or one.original)]
    quirks = {quirk for scenario in compiled for quirk in scenario.quirks}
    assert len(compiled) > 0.9 * len(SCENARIOS)
    assert set(QUIRKS) - quirks == {7}  # custom exits


SAMPLE = Scenario(
    "sample",
    """
    A/USDT
    0    100 101  99 100   L tag:dip
    1    100 101  99 100
    2    100 101  99 100   XL
    3    104 105 103 104
    4    104 105 103 104   L
    5    104 105 103 104   L
    B/USDT
    0-3  104 105 103 104
    4-5  104 105 103 104   L
    """,
    """
    id pair   open close open_rate reason      tag profit ratio orders
    1  A/USDT 1    3     100       exit_signal dip 40     0.04  buy:10@100+sell:10@104
    """,
    settings={
        "max_open_trades": 1,
        "export": "signals",
        "enable_protections": True,
        "timerange": "-1704068400",
    },
    strategy={"protections": [{"method": "CooldownPeriod", "stop_duration": 1}]},
    locks="""
    pair   side start until reason
    A/USDT *    3     4     Cooldown period for for 1 minute.
    """,
    counters={"trades": 1, "orders": 2},
    wallet="""
    row currency rate balance
    1   USDT     1    10000
    2   USDT     1    9000
    2   A        100  10
    3   USDT     1    9000
    3   A        104  10
    4   USDT     1    10040
    """,
    final=10040.0,
)


def test_the_sample_is_right() -> None:
    assert differences(SAMPLE, run_original(SAMPLE)) == []


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("trades", SAMPLE.trades.replace("  1  A", "  2  A")),
        ("trades", SAMPLE.trades.replace(" 3     100", " 2     100")),
        ("trades", SAMPLE.trades.replace("100       exit", "100.00000000000001 exit")),
        ("trades", SAMPLE.trades.replace("exit_signal", "stop_loss  ")),
        ("trades", SAMPLE.trades.replace("dip", '""')),
        ("trades", SAMPLE.trades.replace("dip", "None")),
        ("trades", SAMPLE.trades.replace("0.04 ", "~0.05")),
        ("trades", SAMPLE.trades.replace("10@104", "10@103")),
        ("trades", ""),
        ("left", "pair\nA/USDT"),
        ("locks", SAMPLE.locks.replace("3     4", "3     5")),
        ("locks", SAMPLE.locks.replace(" 1 minute.", " 2 minutes.")),
        ("locks", ""),
        ("wallet", (SAMPLE.wallet or "").replace("10040", "10041")),
        ("wallet", ""),
        ("rejected", "pair row tag\nA/USDT 3 dip"),
        ("counters", {"trades": 2}),
        ("counters", {"rejected": 1}),
        ("final", 10040),
        ("error", "ValueError"),
    ],
)
def test_wrong_tables_are_noticed(column: str, wrong: object) -> None:
    """Each kind of expectation, changed a little, is not met."""
    ran = run_original(SAMPLE)
    assert ran.outcome.content is not None
    can_tell = column != "wallet" or "wallet_summary" in ran.outcome.content  # since 2026.6
    assert bool(differences(replace(SAMPLE, **{column: wrong}), ran)) is can_tell


def test_outcomes_differ_where_runs_do() -> None:
    """The comparison of two engines sees a fee of a millionth."""
    one = run_original(SAMPLE).outcome
    other = run_original(replace(SAMPLE, settings={**SAMPLE.settings, "fee": 1e-6})).outcome
    assert first_difference(one, run_original(SAMPLE).outcome) is None
    assert first_difference(one, other) is not None


def test_candles_are_read_as_written() -> None:
    clock = clock_of(SAMPLE)
    frames = parse_candles("A/USDT\n0 1 2 0.5 1.5 L XL=2 tag:x # remark\n3-4 1 2 0.5 1.5", clock)
    frame = frames["A/USDT"]
    assert [clock.row(date.to_pydatetime()) for date in frame["date"]] == ["0", "3", "4"]
    assert frame.loc[0, ["open", "high", "low", "close"]].tolist() == [1.0, 2.0, 0.5, 1.5]
    assert frame["wish_enter_long"].fillna(-1).tolist() == [1.0, -1.0, -1.0]
    assert frame["wish_exit_long"].fillna(-1).tolist() == [2.0, -1.0, -1.0]
    assert frame["wish_enter_tag"].tolist() == ["x", "", ""]
    assert clock.row(clock.moment("3+2")) == "3+2"


def test_expectations_need_all_their_cells() -> None:
    with pytest.raises(ValueError, match="shorter"):
        parse_expected("open close\n1")


def test_rows_before_the_first_are_none() -> None:
    assert Clock(clock_of(SAMPLE).step).row(None) == "None"
