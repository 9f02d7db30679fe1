"""Scenarios: leverage and contracts."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

LONG = """
    A/USDT:USDT
    0    100 101  99 100   L
    1    100 101  99 100
"""

SHORT = LONG.replace("L", "S")

LEVERAGE = [
    Scenario(
        "leverage multiplies the amount and the ratio",
        LONG
        + """
        2    100 101  99 100   XL
        3    102 103 101 102
        4    102 103 101 102
        """,
        """
        close amount stake max_stake leverage profit ratio open_value
        3     50     1000  1000      5        100    0.1   5000
        """,
        rules=("leverage", "leverage tiers", "profit ratio"),
        strategy_class="Leverage5",
    ),
    Scenario(
        "leverage that the callback gives as an int",
        LONG
        + """
        2    100 101  99 100
        """,
        """
        amount stake leverage
        30     1000  3
        """,
        rules=("leverage", "numbers keep their type"),
        quirks=(17,),
        strategy_class="Leverage3",
    ),
    Scenario(
        "no less than one",
        LONG
        + """
        2    100 101  99 100
        """,
        """
        amount leverage
        10     1
        """,
        rules=("leverage",),
        strategy_class="LeverageHalf",
    ),
    Scenario(
        "no more than a small stake may have",
        LONG
        + """
        2    100 101  99 100
        """,
        """
        amount stake leverage
        20     100   20
        """,
        rules=("leverage", "leverage tiers"),
        settings={"stake_amount": 100},
        strategy_class="Leverage100",
    ),
    Scenario(
        "no more than a large stake may have",
        LONG
        + """
        2    100 101  99 100
        """,
        """
        amount stake leverage
        200    5000  4
        """,
        rules=("leverage", "leverage tiers"),
        settings={"stake_amount": 5000},
        strategy_class="Leverage100",
    ),
    Scenario(
        "a stake beyond the last tier ends the run",
        LONG
        + """
        2    100 101  99 100
        """,
        rules=("leverage tiers",),
        settings={"stake_amount": 30000, "dry_run_wallet": 100000},
        error="InvalidOrderException",
        original="a stake outside of the leverage tiers",
    ),
    Scenario(
        "a stop is divided by the leverage",
        LONG
        + """
        2    100 101  96 100
        3    100 101  99 100
        """,
        """
        close close_rate reason    profit ratio stop stop_ratio
        2     96         stop_loss -200   -0.2  96   -0.2
        """,
        rules=("stop of leverage", "stop ends included"),
        settings={"stoploss": -0.2},
        strategy_class="Leverage5",
    ),
    Scenario(
        "a short's stop is divided by the leverage",
        SHORT
        + """
        2    100 104 100 100
        3    100 101  99 100
        """,
        """
        close close_rate reason    profit ratio
        2     104        stop_loss -200   -0.2
        """,
        rules=("stop of leverage", "short"),
        settings={"stoploss": -0.2},
        strategy_class="Leverage5",
    ),
    Scenario(
        "ROI with leverage",
        LONG
        + """
        2    100 102    99 100
        3    100 102.01 99 100
        4    100 101    99 100
        """,
        """
        close close_rate reason profit ratio
        3     102        roi    100    0.1
        """,
        rules=("ROI", "leverage"),
        settings={"minimal_roi": {"0": 0.1}},
        strategy_class="Leverage5",
    ),
    Scenario(
        "a short's ROI with leverage",
        SHORT
        + """
        2    100 101  98    100
        3    100 101  97.99 100
        4    100 101  99    100
        """,
        """
        close close_rate reason profit ratio
        3     98         roi    100    0.1
        """,
        rules=("ROI", "leverage", "short"),
        settings={"minimal_roi": {"0": 0.1}},
        strategy_class="Leverage5",
    ),
    Scenario(
        "the distance of a trailing stop at once is divided by the leverage, the offset is not",
        """
        A/USDT:USDT
        0    100 101  99   100   L
        1    100 110 100   109
        2    109 109 109   109
        """,
        # The stop is at 110 * (1 - 0.05 / 5); the trade gets 100 * (1 + 0.1 - 0.05 / 5).
        """
        close close_rate reason             stop
        1     109        trailing_stop_loss 108.9
        """,
        rules=("trailing at once", "stop of leverage"),
        settings={
            "stoploss": -0.5,
            "trailing_stop": True,
            "trailing_stop_positive": 0.05,
            "trailing_stop_positive_offset": 0.1,
            "trailing_only_offset_is_reached": True,
        },
        strategy_class="Leverage5",
        since="2026.3",
    ),
    Scenario(
        "amounts in contracts of ten",
        """
        SIZE/USDT:USDT
        0    30 31 29 30   L
        1-2  30 31 29 30
        """,
        # 33.333 is three contracts.
        """
        amount stake contract_size
        30     900   10
        """,
        rules=("contracts", "amount"),
    ),
    Scenario(
        "less than a contract",
        """
        SIZE/USDT:USDT
        0    300 301 299 300   L
        1-2  300 301 299 300
        """,
        rules=("contracts", "no amount"),
        counters={"trades": 0, "orders": 1},
    ),
    Scenario(
        "the minimum stake is divided by the leverage",
        """
        MIN/USDT:USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        """,
        # 95 * 1.05 / 0.95 / 5 = 21
        """
        amount stake
        1.05   21
        """,
        rules=("minimum stake", "leverage"),
        quirks=(13,),
        settings={"stake_amount": 20},
        strategy_class="Leverage5",
    ),
]

SCENARIOS = [*LEVERAGE]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
