"""Scenarios: exit orders that miss the candle."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

LONG = """
    A/USDT
    0    100 101  99 100   L
    1    100 101  99 100
"""

#: Prices of this pair come in steps of 4.
COARSE = LONG.replace("A/USDT", "COARSE/USDT")

#: Its exit at 102 is an order at 104, which no candle here reaches.
MISSED = (
    COARSE
    + """
    2    100 101  99 100   XL
    3    102 103 101 102
"""
)

FIVE = {"stoploss": -0.05}

WAIT = {"unfilledtimeout": {"entry": 30, "exit": 30, "unit": "minutes"}}

MISSES = [
    Scenario(
        "an exit price is rounded half up",
        COARSE
        + """
        2    100 101  99 100   XL
        3    102 104 101 102
        4    102 103 101 102   L
        5    101 103 100 102   XL
        6    101 103 100 102
        7    101 103 100 102
        """,
        # 102 and 101 in steps of 4; the second trade opens at 101 and is entered as 100.
        """
        open close open_rate close_rate
        1    3     100       104
        5    6     100       100
        """,
        rules=("exit price rounds", "open rate"),
        quirks=(5,),
        since="2026.3",
    ),
    Scenario(
        "an exit that misses the candle is filled later",
        MISSED
        + """
        4    102 105 101 102
        5    102 103 101 102
        """,
        """
        close close_rate reason      order_ids
        4     104        exit_signal 1+2
        """,
        rules=("exit price rounds", "fill"),
        quirks=(5,),
        since="2026.3",
    ),
    Scenario(
        "an exit order times out and the trade stays",
        MISSED
        + """
        4-6  102 103 101 102
        7    100 101  99 100
        """,
        """
        close close_rate reason     order_ids
        7     100        force_exit 1+3
        """,
        rules=("exit timeout", "timeout is reached", "left open"),
        quirks=(5,),
        counters={"timedout_exit": 1},
        since="2026.3",
    ),
    Scenario(
        "a similar exit order is kept",
        MISSED
        + """
        4    102 103 101 102   XL
        5    102 103 101 102
        6    103 105 102 104
        7    100 101  99 100
        """,
        """
        close close_rate reason      order_ids
        6     104        exit_signal 1+2
        """,
        rules=("similar order",),
        quirks=(6,),
        settings=WAIT,
        counters={"orders": 3},
        since="2026.3",
    ),
    Scenario(
        "another exit price replaces the order",
        MISSED
        + """
        4    102 103 101 102   XL
        5     98  99  97  98
        6    100 101  99 100
        7    102 103 101 102
        """,
        # 98 in steps of 4 is 100.
        """
        close close_rate reason      order_ids
        6     100        exit_signal 1+3
        """,
        rules=("other order",),
        settings=WAIT,
        counters={"canceled_exit": 1, "orders": 3},
        since="2026.3",
    ),
    Scenario(
        "a stop takes the place of an exit order that waits",
        MISSED
        + """
        4    101 102  95  96
        5    102 103 101 102
        """,
        # The stop at 95 is 96 in steps of 4.
        """
        close close_rate reason    order_ids stop
        4     96         stop_loss 1+3       96
        """,
        rules=("other order", "stop rounds"),
        settings={**WAIT, **FIVE},
        counters={"canceled_exit": 1},
        since="2026.3",
    ),
    Scenario(
        "where a similar order waits the stop tries",
        MISSED.replace("3    102 103 101 102", "3    102 103 101 102   XL")
        + """
        4    102 103  95  96
        5    102 103 101 102
        """,
        """
        close close_rate reason    order_ids
        4     96         stop_loss 1+4
        """,
        rules=("similar order", "order of exits"),
        quirks=(6,),
        settings={**WAIT, **FIVE},
        counters={"canceled_exit": 1, "orders": 4},
        since="2026.3",
    ),
    Scenario(
        "another price asked for replaces an exit order",
        MISSED
        + """
        4    102 103 101 102
        5    100 101  99 100
        6    100 101  99 100
        """,
        """
        close close_rate reason      order_ids
        5     100        exit_signal 1+3
        """,
        rules=("replaced exit order",),
        settings={**WAIT, "table": {"adjust_exit_price": 100.0}},
        strategy_class="TableAsked",
        counters={"canceled_exit": 1, "replaced_exit": 1, "orders": 3},
        events="callbacks",
        since="2026.3",
    ),
    Scenario(
        "a trade vanishes whose last exit misses the candle",
        MISSED
        + """
        4-6  102 103 101 102
        """,
        # Not in the results, its stake not in the balance; the exit of row 3 left its date.
        left="""
        pair        open close reason     is_open amount order_ids
        COARSE/USDT 1    3     force_exit 1       10     1+3
        """,
        rules=("vanishing trade", "left open", "exit timeout"),
        quirks=(2, 5),
        counters={"timedout_exit": 1},
        final=9000.0,
        since="2026.3",
    ),
    Scenario(
        "a last exit like the one that waits is not placed again",
        MISSED
        + """
        4    102 103 101 102
        """,
        left="""
        pair        open close reason     order_ids
        COARSE/USDT 1    3     force_exit 1+2
        """,
        rules=("vanishing trade", "similar order"),
        quirks=(2, 5, 6),
        counters={"orders": 3},
        final=9000.0,
        since="2026.3",
    ),
    Scenario(
        "a short's exit misses the candle",
        COARSE.replace("COARSE/USDT", "COARSE/USDT:USDT").replace("L", "S")
        + """
        2    100 101  99 100   XS
        3     97  98 96.5 97
        4     97  98  96  97
        5     97  98 96.5 97
        """,
        # 97 in steps of 4 is 96.
        """
        side  close close_rate reason      profit order_ids
        short 4     96         exit_signal 40     1+2
        """,
        rules=("exit price rounds", "short"),
        quirks=(5,),
        since="2026.3",
    ),
    Scenario(
        "a short vanishes, its stake stays tied",
        """
        COARSE/USDT:USDT
        0    100 101  99 100   S
        1    100 101  99 100
        2     97  98 96.5 97
        """,
        left="""
        pair             side  open close reason     orders
        COARSE/USDT:USDT short 1    None  force_exit sell:10@100+buy:10@96
        """,
        rules=("vanishing trade", "short"),
        quirks=(5,),
        # Tied, not gone: futures show it as used.
        final=10000.0,
        since="2026.3",
    ),
]

SCENARIOS = [*MISSES]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
