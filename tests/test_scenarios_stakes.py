"""Scenarios: stakes and their limits."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

INF = float("inf")

UNLIMITED = {"stake_amount": "unlimited", "dry_run_wallet": 1000}

#: Entered on row 1 at 100.
ENTERED = """
    A/USDT
    0    100 101  99 100   L
    1-2  100 101  99 100
"""

#: Two trades: 100 to 120 and 100 to 110.
TWICE = """
    A/USDT
    0    100 101  99 100   L
    1    100 101  99 100   XL
    2    120 121 119 120   L
    3    100 101  99 100   XL
    4    110 111 109 110
    5    110 111 109 110
"""

#: B is entered a row after A.
BOTH = """
    A/USDT
    0    100 101  99 100   L
    1-3  100 101  99 100
    B/USDT
    0    100 101  99 100
    1    100 101  99 100   L
    2-3  100 101  99 100
"""


def on(pair: str) -> str:
    """The candles of a pair entered on row 1 at 100."""
    return ENTERED.replace("A/USDT", pair)


STAKES = [
    Scenario(
        "an unlimited stake is the slots' share of everything",
        TWICE,
        # 1000 / 2; then 1100 / 2
        """
        open close amount stake profit
        1    2     5      500   100
        3    4     5.5    550   55
        """,
        rules=("unlimited stake",),
        settings={**UNLIMITED, "max_open_trades": 2},
        final=1155.0,
    ),
    Scenario(
        "an unlimited stake counts what is tied",
        BOTH,
        """
        pair   amount
        A/USDT 5
        B/USDT 5
        """,
        rules=("unlimited stake",),
        settings={**UNLIMITED, "max_open_trades": 2},
    ),
    Scenario(
        "an unlimited stake of endless slots is nothing",
        ENTERED,
        rules=("unlimited stake, endless slots",),
        settings=UNLIMITED,
        strategy={"max_open_trades": INF},
        counters={"trades": 0, "orders": 0},
    ),
    Scenario(
        "an unlimited stake of zero slots is nothing",
        ENTERED,
        rules=("unlimited stake, endless slots",),
        settings=UNLIMITED,
        strategy={"max_open_trades": 0},
        counters={"trades": 0, "orders": 0},
    ),
    Scenario(
        "a part of the balance is never used",
        BOTH,
        # 1000 * 0.5 for two
        """
        pair   amount
        A/USDT 2.5
        B/USDT 2.5
        """,
        rules=("balance ratio", "unlimited stake"),
        settings={**UNLIMITED, "max_open_trades": 2, "tradable_balance_ratio": 0.5},
        final=1000.0,
    ),
    Scenario(
        "a part of the balance is not there for fixed stakes",
        BOTH,
        """
        pair   amount
        A/USDT 3
        """,
        rules=("balance ratio", "no funds"),
        settings={"stake_amount": 300, "dry_run_wallet": 1000, "tradable_balance_ratio": 0.5},
        counters={"trades": 1},
    ),
    Scenario(
        "a capital of its own compounds",
        TWICE,
        # 500; then 500 + 100 won
        """
        amount profit
        5      100
        6      60
        """,
        rules=("available capital", "unlimited stake"),
        settings={
            **UNLIMITED,
            "max_open_trades": 1,
            "dry_run_wallet": 10000,
            "available_capital": 500,
        },
        final=10160.0,
    ),
    Scenario(
        "a capital of its own is no more than the wallet has",
        TWICE,
        # 1000 of 5000; then 1200
        """
        amount
        10
        12
        """,
        rules=("available capital",),
        settings={**UNLIMITED, "max_open_trades": 1, "available_capital": 5000},
    ),
    Scenario(
        "the last stake is what is left",
        BOTH,
        """
        pair   amount
        A/USDT 10
        B/USDT 6
        """,
        rules=("amended last stake",),
        settings={"amend_last_stake_amount": True, "dry_run_wallet": 1600},
    ),
    Scenario(
        "the last stake has to be more than a share",
        BOTH,
        """
        pair   amount
        A/USDT 10
        """,
        rules=("amended last stake",),
        settings={"amend_last_stake_amount": True, "dry_run_wallet": 1500},
        counters={"trades": 1},
    ),
    Scenario(
        "without funds nothing happens",
        BOTH,
        """
        pair   amount
        A/USDT 10
        """,
        rules=("no funds",),
        settings={"dry_run_wallet": 1999},
        counters={"trades": 1, "orders": 2},
    ),
    Scenario(
        "funds that are just enough",
        BOTH,
        """
        pair   amount
        A/USDT 10
        B/USDT 10
        """,
        rules=("no funds", "fixed stake"),
        settings={"dry_run_wallet": 2000},
        wallet="""
        row currency rate balance
        1   USDT     1    2000
        2   USDT     1    1000
        2   A        100  10
        3   A        100  10
        3   B        100  10
        """,
    ),
    Scenario(
        "an unlimited stake is multiplied by leverage",
        on("A/USDT:USDT"),
        """
        amount stake leverage
        25     500   5
        """,
        rules=("unlimited stake", "leverage"),
        settings={**UNLIMITED, "max_open_trades": 2},
        strategy_class="Leverage5",
    ),
]

LIMITS = [
    Scenario(
        "a stake is raised to the minimum",
        on("MIN/USDT"),
        # 95 * 1.05 / 0.95 = 105: the reserve for a stop is that of 5 %, here it is 20 %.
        """
        amount stake
        1.05   105
        """,
        rules=("minimum stake",),
        quirks=(13,),
        settings={"stake_amount": 100, "stoploss": -0.2},
    ),
    Scenario(
        "a stake is not raised by more than 30 %",
        on("MIN/USDT"),
        rules=("minimum stake",),
        settings={"stake_amount": 80},
        counters={"trades": 0, "orders": 0},
    ),
    Scenario(
        "a stake that is raised by nearly 30 %",
        on("MIN/USDT"),
        """
        amount
        1.05
        """,
        rules=("minimum stake",),
        settings={"stake_amount": 81},
    ),
    Scenario(
        "reserves of the minimum end at half of it",
        on("MIN/USDT"),
        # 95 * 1.5, not 95 * 1.5 / 0.95
        """
        amount
        1.425
        """,
        rules=("minimum stake",),
        settings={"stake_amount": 140, "amount_reserve_percent": 0.5},
    ),
    Scenario(
        "a minimum of amounts has no reserve for a stop",
        on("MINLOT/USDT"),
        """
        amount
        1.05
        """,
        rules=("minimum stake",),
        settings={"stake_amount": 100},
    ),
    Scenario(
        "a minimum above what there is",
        on("MIN/USDT"),
        rules=("minimum above what there is",),
        settings={"stake_amount": 100, "dry_run_wallet": 104},
        counters={"trades": 0, "orders": 0},
    ),
    Scenario(
        "a stake is lowered to the maximum",
        on("MAX/USDT"),
        """
        amount stake
        7      700
        """,
        rules=("maximum stake",),
    ),
    Scenario(
        "a maximum of amounts",
        on("MAXLOT/USDT"),
        """
        amount stake
        5      500
        """,
        rules=("maximum stake",),
    ),
    Scenario(
        "amounts are cut to lots",
        on("LOTS/USDT"),
        """
        amount stake
        9      900
        """,
        rules=("amount",),
    ),
    Scenario(
        "less than a lot uses up an order id",
        on("LOTS/USDT"),
        rules=("no amount",),
        settings={"stake_amount": 200},
        counters={"trades": 0, "orders": 1},
    ),
]

SCENARIOS = [*STAKES, *LIMITS]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
