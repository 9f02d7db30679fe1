"""Scenarios: what signals do and when, and the tick of an entry."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

NAN = float("nan")

SIGNALS = [
    Scenario(
        "a signal acts on the next row",
        """
        A/USDT
        0    100 101  99 100   L
        1    102 103 101 102
        2    103 104 102 103   XL
        3-4  105 106 104 105
        """,
        # 1000 / 102 = 9.80392..., cut to thousandths
        """
        pair   open close open_rate close_rate amount stake   reason      profit minutes
        A/USDT 1    3     102       105        9.803  999.906 exit_signal 29.409 10
        """,
        rules=("signal acts a row later", "first row", "exit signal", "amount", "fixed stake"),
        counters={"trades": 1, "orders": 2},
    ),
    Scenario(
        "an entry is a 1, an exit anything true",
        """
        A/USDT
        0    100 101  99 100   L=0.5
        1    100 101  99 100   L=2
        2    100 101  99 100   L
        3-4  100 101  99 100
        5    100 101  99 100   XL=0.5
        6-8  100 101  99 100
        """,
        """
        open close reason
        3    6     exit_signal
        """,
        rules=("values of signals",),
        quirks=(8,),
    ),
    Scenario(
        "a flag that is no entry still holds an exit back",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   L=0.5 XL
        3    100 101  99 100   XL=2
        4-6  100 101  99 100
        """,
        """
        open close reason
        1    4     exit_signal
        """,
        rules=("values of signals", "entry beats exit"),
        quirks=(8,),
    ),
    *(
        Scenario(
            f"signals of dtype {dtype}",
            """
            A/USDT
            0    100 101  99 100   L
            1    100 101  99 100
            2    100 101  99 100   XL
            3    100 101  99 100   L XL
            4    100 101  99 100   L
            5-6  100 101  99 100
            """,
            """
            open close reason
            1    3     exit_signal
            5    6     force_exit
            """,
            rules=("values of signals", "direction"),
            dtypes={"enter_long": dtype, "exit_long": dtype},
        )
        for dtype in ("int64", "bool", "object", "Int64", "float32")
    ),
    Scenario(
        "tags are text, empty or None",
        """
        A/USDT
        0    100 101  99 100   L tag:dip
        1    100 101  99 100
        2    100 101  99 100   XL exit_tag:out
        3    100 101  99 100   L
        4    100 101  99 100   exit_tag:unused
        5    100 101  99 100   XL
        6    100 101  99 100   L tag:None
        7    100 101  99 100
        8    100 101  99 100   XL exit_tag:None
        9-10 100 101  99 100
        """,
        """
        open close tag  reason
        1    3     dip  out
        4    6     ""   exit_signal
        7    9     None exit_signal
        """,
        rules=("tags", "exit tag"),
        quirks=(16,),
    ),
    Scenario(
        "startup candles are cut by position",
        """
        A/USDT
        0-1  100 101  99 100
        2    100 101  99 100   L
        3    100 101  99 100
        4    100 101  99 100   L
        5-7  100 101  99 100
        B/USDT
        0-2  100 101  99 100   L
        C/USDT
        1-3  100 101  99 100
        4    100 101  99 100   L
        5-7  100 101  99 100
        """,
        # C's three startup candles are rows 1 to 3, so its first one left is row 4.
        """
        pair   open close reason
        A/USDT 5    7     force_exit
        C/USDT 5    7     force_exit
        """,
        rules=("startup candles",),
        settings={"startup_candle_count": 3},
    ),
    Scenario(
        "a time range cuts by date",
        """
        A/USDT
        0-2  100 101  99 100
        3    100 101  99 100   L
        4    100 101  99 100   L
        5-9  100 101  99 100
        """,
        """
        open close reason
        5    7     force_exit
        """,
        rules=("timerange", "first row"),
        settings={"timerange": "1704068400-1704069300"},  # rows 4 to 7
    ),
]

TICKS = [
    Scenario(
        "the tick of an entry's month stays with the trade",
        """
        A/USDT
        0    100.3 101  99 100   L
        1    100.3 101  99 100
        2    100.3 101  99 100   XL
        3    100.3 101  99 100   L
        4-5  100.3 101  99 100   XL
        6    100.3 101  99 100   L
        7    100.3 101  99 100
        8    100.3 101  99 100
        9-10 100.3 101  99 100   XL
        """,
        # 100.3 is 100.5 in ticks of 0.5; row 4 has no tick of its own; row 7 has cents.
        """
        open close open_rate tick close_rate
        1    3     100.5     0.5  100.5
        4    5     100.5     0.5  100.5
        7    10    100.3     0.01 100.3
        """,
        rules=("tick of the month", "open rate", "exit price rounds"),
        ticks={"A/USDT": {0: 0.5, 4: NAN, 6: 0.01, 8: 0.5}},
        since="2026.3",
    ),
    Scenario(
        "without a tick so far the market's one",
        """
        A/USDT
        0    100.333 101  99 100   L
        1    100.333 101  99 100
        2    100.333 101  99 100   XL
        3-4  100.333 101  99 100
        """,
        """
        open close open_rate tick close_rate
        1    3     100.33    0.01 100.33
        """,
        rules=("tick of the month",),
        ticks={"A/USDT": {2: 0.5}},
        since="2026.3",
    ),
    Scenario(
        "ticks of the candles' decimals",
        """
        A/USDT
        0    100.3 101.5  99.2 100   L
        1-3  100.3 101.5  99.2 100
        """,
        # 100.3 * 0.9 = 90.27
        """
        open open_rate tick stop
        1    100.3     0.1  90.3
        """,
        rules=("tick of the month", "stop rounds"),
        settings={"stoploss": -0.1},
        ticks={"A/USDT": "history"},
        since="2026.3",
    ),
]

DIRECTION = [
    Scenario(
        "which flags stop an entry",
        """
        A/USDT:USDT
        0    100 101  99 100   L S
        1    100 101  99 100   L XL
        2    100 101  99 100   S XS
        3    100 101  99 100   L XS
        4    100 101  99 100
        5    100 101  99 100   XL
        6    100 101  99 100   S XL
        7    100 101  99 100
        8    100 101  99 100   XS
        9-10 100 101  99 100
        """,
        """
        side  open close
        long  4    6
        short 7    9
        """,
        rules=("direction", "short"),
    ),
    Scenario(
        "spot does not see short flags",
        """
        A/USDT
        0    100 101  99 100   L S
        1    100 101  99 100   S XS
        2-3  100 101  99 100
        """,
        """
        side open close
        long 1    3
        """,
        rules=("direction",),
    ),
    Scenario(
        "reversal in one candle",
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   XL S
        3    104 105 103 104
        4    104 105 103 104   XS L
        5    102 103 101 102
        6    102 103 101 102
        """,
        # 1000 / 104 = 9.61538..., 1000 / 102 = 9.80392...
        """
        side  open close open_rate close_rate amount profit order_ids
        long  1    3     100       104        10     40     1+2
        short 3    5     104       102        9.615  19.23  3+4
        long  5    6     102       102        9.803  0      5+6
        """,
        rules=("reversal", "short"),
    ),
    Scenario(
        "reversal after a stop, at the open before it",
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   S
        3     98  98  94  94
        4     94  94  94  94
        """,
        # 1000 / 98 = 10.20408...
        """
        side  open close open_rate close_rate reason     profit
        long  1    3     100       95         stop_loss  -50
        short 3    4     98        94         force_exit 40.816
        """,
        rules=("reversal", "stop"),
        settings={"stoploss": -0.05},
    ),
    Scenario(
        "no second entry the same way on the candle of an exit",
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   L
        3    100 101  94  94   L
        4     98  98  98  98
        5     98  98  98  98
        """,
        """
        side open close close_rate reason
        long 1    3     95         stop_loss
        long 4    5     98         force_exit
        """,
        rules=("no way back",),
        settings={"stoploss": -0.05},
    ),
    Scenario(
        "spot enters again on the next candle",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   L
        3    100 101  94  94   L
        4     98  98  98  98
        5     98  98  98  98
        """,
        """
        open close close_rate reason
        1    3     95         stop_loss
        4    5     98         force_exit
        """,
        rules=("no way back",),
        settings={"stoploss": -0.05},
    ),
]

SCENARIOS = [*SIGNALS, *TICKS, *DIRECTION]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
