"""Scenarios: candles with an inside (timeframe_detail)."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

DETAIL: dict[str, Any] = {"timeframe_detail": "1m"}

FIVE = {**DETAIL, "stoploss": -0.05}

#: Entered on row 1, before a wild row 2.
WILD = """
    A/USDT
    0    100 101  99 100   L
    1    100 101  99 100
    2    100 106  94 100
    3    100 101  99 100
    4    100 101  99 100
"""

#: A is open, B wants to be; there is one slot.
CROWDED = """
    A/USDT
    0    100 101  99 100   L
    1    100 101  99 100
    2    100 101  94 100
    3    100 101  99 100
    B/USDT
    0    100 101  99 100
    1    100 101  99 100   L
    2-3  100 101  99 100
"""

INSIDE = [
    Scenario(
        "the inside of a candle decides what came first",
        WILD,
        """
        open close close_rate reason max_rate min_rate
        1    2+1   105        roi    106      99
        """,
        detail="""
        A/USDT
        2+0  100 102 100 102
        2+1  102 106 102 105
        2+2  105 105  94  95
        2+3   95 100  95 100
        2+4  100 100 100 100
        """,
        rules=("detail", "order of exits"),
        settings={**FIVE, "minimal_roi": {"0": 0.05}},
    ),
    Scenario(
        "the same candle without an inside",
        WILD,
        """
        open close close_rate reason
        1    2     95         stop_loss
        """,
        detail="""
        A/USDT
        3+0  100 101  99 100
        """,
        rules=("no detail",),
        settings={**FIVE, "minimal_roi": {"0": 0.05}},
    ),
    Scenario(
        "a pair without any detail",
        CROWDED,
        """
        pair   open close close_rate reason
        A/USDT 1    2     95         stop_loss
        B/USDT 2+3  3     100        force_exit
        """,
        detail="""
        B/USDT
        2+3  100.3 101  99 100
        """,
        rules=("no detail", "detail gap"),
        settings={**FIVE, "max_open_trades": 1},
    ),
    Scenario(
        "an entry takes the price of the first row inside",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100
        """,
        """
        open open_rate
        1    100.5
        """,
        detail="""
        A/USDT
        1+0  100.5 101  99 100
        1+1  100.6 101  99 100
        """,
        rules=("detail",),
        settings=DETAIL,
    ),
    Scenario(
        "rows inside are counted, not dated",
        WILD,
        # The second row found is that of minute 3, and the step is minute 1.
        """
        open close close_rate reason
        1    2+1   95         stop_loss
        """,
        detail="""
        A/USDT
        2+0  100 101  99 100
        2+3  100 101  94 100
        2+4  100 101  99 100
        """,
        rules=("detail gap",),
        settings=FIVE,
    ),
    Scenario(
        "an inside that begins late",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100
        """,
        """
        open open_rate filled
        1+2  100.2     1+2
        """,
        detail="""
        A/USDT
        1+2  100.2 101  99 100
        1+3  100.3 101  99 100
        """,
        rules=("detail gap",),
        settings=DETAIL,
    ),
    Scenario(
        "trailing inside",
        WILD,
        # 106 * 0.95 = 100.7 after minute 1
        """
        open close close_rate reason             max_rate
        1    2+2   100.7      trailing_stop_loss 106
        """,
        detail="""
        A/USDT
        2+0  100 102 100   102
        2+1  102 106 102   105
        2+2  105 105 100.6 101
        2+3  101 101  94    95
        """,
        rules=("detail", "trailing"),
        settings={**FIVE, "trailing_stop": True},
    ),
    Scenario(
        "reversal inside",
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100   XL S
        2    100 101  99 100
        3    100 101  99 100
        """,
        """
        side  open close close_rate reason
        long  1    2     100.5      exit_signal
        short 2    3     100        force_exit
        """,
        detail="""
        A/USDT:USDT
        2+0  100.5 101  99 100
        2+1  100.6 101  99 100
        """,
        rules=("detail", "reversal"),
        settings=DETAIL,
    ),
    Scenario(
        "a reversal that has no room in its first minute has none later",
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100   S
        2    100 101  94 100
        3    100 101  99 100
        """,
        """
        side  open close close_rate reason
        long  1    2+1   95         stop_loss
        short 2+1  3     100        force_exit
        """,
        detail="""
        A/USDT:USDT
        2+0  100 101  99 100
        2+1  100 101  94 100
        2+2  100 101  99 100
        """,
        rules=("detail", "reversal"),
        settings=FIVE,
    ),
]

SCENARIOS = [*INSIDE]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
