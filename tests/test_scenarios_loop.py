"""Scenarios: the order in time and between pairs, runs on one object."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

ORDER = [
    Scenario(
        "a pair with a trade goes first and makes room",
        """
        A/USDT
        0-1  100 101  99 100
        2    100 101  99 100   L
        3-5  100 101  99 100
        B/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   XL
        3-5  100 101  99 100
        """,
        """
        pair   open close reason
        B/USDT 1    3     exit_signal
        A/USDT 3    5     force_exit
        """,
        rules=("open pairs first",),
        settings={"max_open_trades": 1},
    ),
    Scenario(
        "a pair without a trade comes too late for its own room",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   XL
        3-5  100 101  99 100
        B/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   L
        3-5  100 101  99 100
        """,
        """
        pair   open close reason
        A/USDT 1    3     exit_signal
        B/USDT 3    5     force_exit
        """,
        rules=("open pairs first", "slots"),
        settings={"max_open_trades": 1},
        counters={"rejected": 1},
    ),
    Scenario(
        "trades of one candle close in order of opening",
        """
        A/USDT
        0    100 101  99 100
        1    100 101  99 100   L
        2    100 101  99 100
        3    100 101  99 100   XL
        4-5  100 101  99 100
        B/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        3    100 101  99 100   XL
        4-5  100 101  99 100
        """,
        """
        pair   open close order_ids
        B/USDT 1    4     1+3
        A/USDT 2    4     2+4
        """,
        rules=("open pairs first",),
    ),
    Scenario(
        "closing trades do not change the order of their candle",
        """
        C/USDT
        0-2  100 101  99 100
        3    100 101  99 100   L
        4-6  100 101  99 100
        A/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        3    100 101  99 100   XL
        4-6  100 101  99 100
        B/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        3    100 101  99 100   XL
        4-6  100 101  99 100
        """,
        """
        pair   open close order_ids
        A/USDT 1    4     1+3
        B/USDT 1    4     2+4
        C/USDT 4    6     5+6
        """,
        rules=("order is frozen",),
    ),
    Scenario(
        "late pairs are closed last, each on its own last row",
        """
        C/USDT
        3    100 101  99 100   L
        4-7  100 101  99 100
        A/USDT
        0    100 101  99 100
        1    100 101  99 100   L
        2-6  100 101  99 100
        7    104 105 103 104
        B/USDT
        0    100 101  99 100   L
        1-3  100 101  99 100
        4    102 103 101 102
        """,
        """
        pair   open close close_rate reason
        A/USDT 2    7     104        force_exit
        B/USDT 1    4     102        force_exit
        C/USDT 4    7     100        force_exit
        """,
        rules=("late pair", "left open"),
        quirks=(1,),
    ),
    Scenario(
        "a pair that ends early may enter on its last row",
        """
        A/USDT
        0-7  100 101  99 100
        B/USDT
        0-2  100 101  99 100
        3    100 101  99 100   L
        4    100 101  99 100
        """,
        """
        pair   open close minutes reason
        B/USDT 4    4     0       force_exit
        """,
        rules=("early end",),
        quirks=(18,),
    ),
    Scenario(
        "no entry on the last candle of all",
        """
        A/USDT
        0-3  100 101  99 100
        4    100 101  99 100   L
        5    100 101  99 100
        """,
        rules=("last candle",),
        quirks=(18,),
        counters={"trades": 0, "orders": 0},
    ),
    Scenario(
        "a signal before a gap acts after it",
        """
        A/USDT
        0-1  100 101  99 100
        2    100 101  99 100   L
        5    103 104 102 103
        6    103 104 102 103
        B/USDT
        0-6  100 101  99 100
        """,
        """
        open open_rate
        5    103
        """,
        rules=("gap", "signal acts a row later"),
    ),
    Scenario(
        "time goes on in a gap",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100
        5    103 104 102 103
        6    103 104 102 103
        B/USDT
        0-6  100 101  99 100
        """,
        """
        open close close_rate reason minutes
        1    5     103        roi    20
        """,
        rules=("gap", "ROI -1"),
        settings={"minimal_roi": {"0": 100.0, "15": -1}},
        since="2026.3",
    ),
]

RUNS = [
    Scenario(
        "ids go on over runs",
        """
        A/USDT
        0    100 101  99 100   L
        1-3  100 101  99 100
        """,
        """
        id open close order_ids
        3  1    3     5+6
        """,
        rules=("again",),
        again=({}, {}),
        counters={"trades": 3, "orders": 6},
    ),
    Scenario(
        "changed attributes count in the next run",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 103  94 100
        3    100 101  99 100
        """,
        """
        id open close close_rate reason
        2  1    2     95         stop_loss
        """,
        rules=("again", "changed attributes"),
        strategy={"minimal_roi": {0: 0.02}},
        again=({"minimal_roi": {0: 0.05}, "stoploss": -0.05},),
    ),
    Scenario(
        "refusals begin anew, exported signals do not",
        """
        A/USDT
        0-1  100 101  99 100   L
        2-4  100 101  99 100
        B/USDT
        0    100 101  99 100
        1    100 101  99 100   L tag:why
        2-4  100 101  99 100
        """,
        """
        id pair   open close
        2  A/USDT 1    4
        """,
        rules=("again", "refused signals"),
        settings={"max_open_trades": 1, "export": "signals"},
        again=({},),
        counters={"rejected": 1},
        rejected="""
        pair   row tag
        B/USDT 2   why
        B/USDT 2   why
        """,
    ),
    Scenario(
        "dynamic pair lists run on freqtrade's own code",
        """
        A/USDT
        0    100 101  99 100   L
        1-3  100 101  99 100
        """,
        """
        open close reason
        1    3     force_exit
        """,
        rules=("dynamic pair list",),
        settings={"enable_dynamic_pairlist": True},
        original="enable_dynamic_pairlist",
    ),
]

SCENARIOS = [*ORDER, *RUNS]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
