"""Scenarios: slots and stacking."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

ROOM = {"max_open_trades": 1}

SLOTS = [
    Scenario(
        "without a slot each row is refused",
        """
        A/USDT
        0    100 101  99 100   L
        1-5  100 101  99 100
        B/USDT
        0    100 101  99 100
        1-3  100 101  99 100   L tag:x
        4-5  100 101  99 100
        """,
        """
        pair   open close
        A/USDT 1    5
        """,
        rules=("slots", "refused signals"),
        quirks=(9,),
        settings={**ROOM, "export": "signals"},
        counters={"rejected": 3},
        rejected="""
        pair   row tag
        B/USDT 2   x
        B/USDT 3   x
        B/USDT 4   x
        """,
    ),
    Scenario(
        "refused signals are kept in backtests only",
        """
        A/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        B/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        """,
        """
        pair   open
        A/USDT 1
        """,
        rules=("refused signals", "no captures"),
        settings={**ROOM, "export": "signals", "runmode": "hyperopt"},
        counters={"rejected": 1},
        wallet="",
    ),
    Scenario(
        "a second signal of an open pair is nothing",
        """
        A/USDT
        0-3  100 101  99 100   L
        4-5  100 101  99 100
        """,
        """
        open close
        1    5
        """,
        rules=("one trade a pair",),
        settings=ROOM,
        counters={"trades": 1, "orders": 2},
    ),
    Scenario(
        "zero slots are endless",
        """
        A/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        B/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        """,
        """
        pair   open
        A/USDT 1
        B/USDT 1
        """,
        rules=("slots",),
        settings={"max_open_trades": 0},
    ),
    Scenario(
        "minus one slots are endless",
        """
        A/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        B/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        """,
        """
        pair   open
        A/USDT 1
        B/USDT 1
        """,
        rules=("slots",),
        settings={"max_open_trades": -1},
    ),
    Scenario(
        "stacked trades of a pair",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100   L
        2    125 126 124 125   L
        3    125 126 124 125   XL
        4-5  130 131 129 130
        """,
        """
        id open close amount profit order_ids
        1  1    4     10     300    1+3
        2  2    4     8      40     2+4
        """,
        rules=("stacking", "slots", "wallet captures"),
        quirks=(12,),
        settings={"max_open_trades": 2, "position_stacking": True},
        counters={"rejected": 1},
        # The trade of row 2 shows on row 3 only, and hides the first one's 10.
        wallet="""
        row currency rate balance
        1   USDT     1    10000
        2   USDT     1    9000
        2   A        125  10
        3   USDT     1    8000
        3   A        125  8
        4   USDT     1    8000
        4   A        130  8
        5   USDT     1    10340
        """,
    ),
    Scenario(
        "stacking enters before it exits and knows no reversal",
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   XL S
        3-4  100 101  99 100
        """,
        """
        side  open close order_ids
        long  1    3     1+3
        short 3    4     2+4
        """,
        rules=("stacking", "reversal"),
        settings={"position_stacking": True},
    ),
]

SCENARIOS = [*SLOTS]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
