"""Scenarios: stops that stay where they are."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

LONG = """
    A/USDT
    0    100 101  99 100   L
    1    100 101  99 100
"""

SHORT = """
    A/USDT:USDT
    0    100 101  99 100   S
    1    100 101  99 100
"""

FIVE = {"stoploss": -0.05}

FIXED = [
    Scenario(
        "a stop loses at the stop",
        LONG
        + """
        2    100 101  95.01 100
        3     97  98  94   95
        4     95  95  95   95
        """,
        """
        close close_rate reason    profit ratio stop stop_ratio first_stop first_stop_ratio min_rate
        3     95         stop_loss -50    -0.05 95   -0.05      95         -0.05            94
        """,
        rules=("stop", "extremes"),
        settings=FIVE,
    ),
    Scenario(
        "a stop that is only just reached",
        LONG
        + """
        2    100 101  95   100
        3    100 101  99   100
        """,
        """
        close close_rate reason
        2     95         stop_loss
        """,
        rules=("stop ends included",),
        settings=FIVE,
    ),
    Scenario(
        "a short's stop that is only just reached",
        SHORT
        + """
        2    100 104.99 99 100
        3    100 105    99 100
        4    100 101    99 100
        """,
        """
        side  close close_rate reason    profit stop
        short 3     105        stop_loss -50    105
        """,
        rules=("stop ends included", "stop", "short"),
        settings=FIVE,
    ),
    Scenario(
        "a long's stop is rounded up",
        """
        A/USDT
        0    100.2 101  99 100   L
        1    100.2 101  99 100
        2    100.2 101  90 100
        3    100.2 101  99 100
        """,
        # 100.2 * (1 - 0.0333) = 96.86334
        """
        close close_rate stop
        2     96.87      96.87
        """,
        rules=("stop rounds",),
        settings={"stoploss": -0.0333},
    ),
    Scenario(
        "a short's stop is rounded down",
        """
        A/USDT:USDT
        0    100.2 101  99 100   S
        1    100.2 101  99 100
        2    100.2 111  90 100
        3    100.2 101  99 100
        """,
        # 100.2 * (1 + 0.0333) = 103.53666
        """
        close close_rate stop
        2     103.53     103.53
        """,
        rules=("stop rounds", "short"),
        settings={"stoploss": -0.0333},
    ),
    Scenario(
        "the fill sets a lower stop than the order did",
        """
        A/USDT
        0    100     101  99 100   L
        1    100.344 101  99 100
        2    100     101  96 100
        3    100     101  99 100
        """,
        # 100.344 * 0.96 is 96.34 rounded up, but 100.34 * 0.96 = 96.3264.
        """
        close close_rate reason    stop  first_stop
        2     96.33      stop_loss 96.33 96.33
        """,
        rules=("stop rounds",),
        quirks=(19,),
        settings={"stoploss": -0.04},
    ),
    Scenario(
        "the fill sets a higher stop than the order did, which does not trail",
        """
        A/USDT
        0    100     101  99 100   L
        1    100.335 101  99 100
        2    100     101  95 100
        3    100     101  99 100
        """,
        # 100.335 * 0.95 is 95.32 rounded up, 100.34 * 0.95 = 95.323.
        """
        close close_rate reason    stop  first_stop trailing
        2     95.33      stop_loss 95.33 95.33      0
        """,
        rules=("stop rounds",),
        quirks=(19,),
        settings=FIVE,
    ),
    Scenario(
        "no stop at 100 %",
        LONG
        + """
        2    100 101  0.01 100
        3    100 101  99   100
        """,
        """
        close reason     stop first_stop first_stop_ratio
        3     force_exit 0    0          -1
        """,
        rules=("no stop",),
        settings={"stoploss": -1},
    ),
    Scenario(
        "a candle below the stop sells at its open",
        LONG
        + """
        2     90  91  89   90
        3     90  91  89   90
        """,
        """
        close close_rate reason
        2     90         stop_loss
        """,
        rules=("gap over the stop",),
        settings=FIVE,
    ),
    Scenario(
        "a candle that opens below the stop but reaches it sells at the stop",
        LONG
        + """
        2     90  96  89   90
        3     90  91  89   90
        """,
        """
        close close_rate reason
        2     95         stop_loss
        """,
        rules=("gap over the stop",),
        settings=FIVE,
    ),
    Scenario(
        "a candle above a short's stop buys at its open",
        SHORT
        + """
        2    110 111 106   110
        3    110 111 109   110
        """,
        """
        close close_rate reason    profit
        2     110        stop_loss -100
        """,
        rules=("gap over the stop", "short"),
        settings=FIVE,
    ),
    Scenario(
        "a stop on the candle of the entry",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  94 100
        2    100 101  99 100
        """,
        """
        open close close_rate reason    minutes
        1    1     95         stop_loss 0
        """,
        rules=("stop",),
        settings=FIVE,
    ),
]

SCENARIOS = [*FIXED]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
