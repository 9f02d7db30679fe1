"""Scenarios: entries and ends inside of candles (timeframe_detail)."""

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

#: A reaches its stop in minute 2 of row 2.
CROWDED_INSIDE = """
    A/USDT
    2+0  100 101  99 100
    2+1  100 101  99 100
    2+2  100 101  94 100
    2+3  100 101  99 100
    2+4  100 101  99 100
    B/USDT
    2+0  100 101  99 100
    2+1  100.1 101  99 100
    2+2  100.2 101  99 100
    2+3  100.3 101  99 100
    2+4  100.4 101  99 100
"""

RETRIES = [
    Scenario(
        "an entry is refused on each row inside until there is room",
        CROWDED,
        # A closes in minute 2, before B's turn.
        """
        pair   open close open_rate reason
        A/USDT 1    2+2   100       stop_loss
        B/USDT 2+2  3     100.2     force_exit
        """,
        detail=CROWDED_INSIDE,
        rules=("detail retries", "open pairs first", "refused signals"),
        quirks=(9,),
        settings={**FIVE, "max_open_trades": 1, "export": "signals"},
        counters={"rejected": 2},
        rejected="""
        pair   row tag
        B/USDT 2   ""
        B/USDT 2+1 ""
        """,
    ),
    Scenario(
        "late entries may expire",
        CROWDED,
        # After one minute an entry is not late, after two it is.
        """
        pair   open close reason
        A/USDT 1    2+2   stop_loss
        """,
        detail=CROWDED_INSIDE,
        rules=("detail expires",),
        settings={**FIVE, "max_open_trades": 1, "ignore_buying_expired_candle_after": 60},
        counters={"rejected": 2},
    ),
    Scenario(
        "a pair that closed rests until the next candle",
        WILD.replace("1    100 101  99 100", "1    100 101  99 100   L").replace(
            "2    100 106  94 100", "2    100 106  94 100   L"
        ),
        """
        open close close_rate reason
        1    2+1   95         stop_loss
        3    4     100        force_exit
        """,
        detail="""
        A/USDT
        2+0  100 101  99 100
        2+1  100 101  94  95
        2+2   95 100  95 100
        2+3  100 100 100 100
        """,
        rules=("detail skips", "no way back"),
        settings=FIVE,
    ),
    Scenario(
        "a pair that opened and closed rests too",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  94 100
        2    100 101  99 100
        3    100 101  99 100
        """,
        """
        open close close_rate reason
        1    1+1   95         stop_loss
        """,
        detail="""
        A/USDT
        1+0  100 101  99 100
        1+1  100 101  94  95
        1+2   95 100  95 100
        1+3  100 100 100 100
        """,
        rules=("detail skips",),
        settings=FIVE,
        counters={"trades": 1},
    ),
    Scenario(
        "an entry that times out inside is tried again",
        """
        A/USDT
        0    100 101  99 100   L
        1     98 101  99 100
        2    100 101  99 100
        3    100 101  99 100
        """,
        """
        id open open_rate order_ids
        2  1+2  100       2+3
        """,
        detail="""
        A/USDT
        1+0   98 101  99 100
        1+1  100 101  99 100
        1+2  100 101  99 100
        1+3  100 101  99 100
        """,
        rules=("detail retries", "entry timeout", "timeout is reached"),
        quirks=(11,),
        settings={**DETAIL, "unfilledtimeout": {"entry": 2, "exit": 2, "unit": "minutes"}},
        counters={"timedout_entry": 1},
        since="2026.3",
    ),
    Scenario(
        "stacking enters on each row inside",
        """
        A/USDT
        0    100 101  99 100
        1    100 101  99 100   L
        2    100 101  99 100
        3    100 101  99 100
        """,
        """
        id open close open_rate
        1  2    3     100
        2  2+1  3     100.1
        3  2+2  3     100.2
        """,
        detail="""
        A/USDT
        2+0  100   101  99 100
        2+1  100.1 101  99 100
        2+2  100.2 101  99 100
        2+3  100.3 101  99 100
        2+4  100.4 101  99 100
        """,
        rules=("detail retries", "stacking"),
        quirks=(9,),
        settings={**DETAIL, "position_stacking": True},
        counters={"rejected": 2},
    ),
]

ENDS = [
    Scenario(
        "with an inside trades open after the end, and close before they open",
        """
        A/USDT
        0-1  100 101  99 100
        2    100 101  99 100   L
        3    100 101  99 100
        """,
        # Minute 0 is the end, minute 1 is not; the last exit is that of row 3.
        """
        open close open_rate close_rate minutes profit reason
        3+1  3     100.5     100        -1      -4.975 force_exit
        """,
        detail="""
        A/USDT
        3+0  100   101  99 100
        3+1  100.5 101  99 100
        3+2  100   101  99 100
        """,
        rules=("detail after the end", "last candle"),
        quirks=(14, 18),
        settings=DETAIL,
    ),
    Scenario(
        "a trade that opens and closes after the end",
        """
        A/USDT
        0-1  100 101  99 100
        2    100 101  99 100   L
        3    100 101  94 100
        """,
        """
        open close close_rate reason    minutes
        3+1  3+2   95         stop_loss 1
        """,
        detail="""
        A/USDT
        3+0  100 101  99 100
        3+1  100 101  99 100
        3+2  100 101  94 100
        """,
        rules=("detail after the end",),
        quirks=(14,),
        settings=FIVE,
    ),
    Scenario(
        "durations count minutes inside",
        WILD.replace("106", "101").replace(" 94", " 99"),
        # Seven minutes are no whole number of candles: at the low.
        """
        open close close_rate reason minutes
        1    2+2   99.5       roi    7
        """,
        detail="""
        A/USDT
        2+0  100 101  99   100
        2+1  100 101  99   100
        2+2  100 101  99.5 100
        2+3  100 101  99   100
        """,
        rules=("detail ROI", "ROI off the grid"),
        settings={**DETAIL, "minimal_roi": {"0": 0.5, "7": -1}},
    ),
    Scenario(
        "a duration on the grid of candles, inside",
        WILD.replace("106", "101").replace(" 94", " 99"),
        """
        open close close_rate reason minutes
        1    2     100.4      roi    5
        """,
        detail="""
        A/USDT
        2+0  100.4 101  99   100
        2+1  100   101  99   100
        """,
        rules=("detail ROI", "ROI -1"),
        settings={**DETAIL, "minimal_roi": {"0": 0.5, "5": -1}},
    ),
    Scenario(
        "a gap inside parts the decision on a ROI from its price",
        WILD.replace("106", "101").replace(" 94", " 99"),
        # The row of minute 4 is decided by its date (9 minutes), sold by the step (6 minutes):
        # no step of ROI is due after 6 minutes but the first, 0.5, which the high cuts to 101.
        """
        open close close_rate reason minutes
        1    2+1   101        roi    6
        """,
        detail="""
        A/USDT
        2+0  100 101  99   100
        2+4  100 101  99.5 100
        """,
        rules=("detail ROI", "detail gap"),
        settings={**DETAIL, "minimal_roi": {"0": 0.5, "8": -1}},
    ),
    Scenario(
        "captures are made once a candle, with its own price",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100
        3    100 101  99 100
        """,
        """
        open close
        1    3
        """,
        detail="""
        A/USDT
        2+0  100.5 101  99 100
        2+1  100.6 101  99 100
        """,
        rules=("wallet captures", "detail"),
        settings=DETAIL,
        wallet="""
        row currency rate balance
        1   USDT     1    10000
        2   USDT     1    9000
        2   A        100  10
        3   USDT     1    9000
        3   A        100  10
        """,
    ),
]

SCENARIOS = [*RETRIES, *ENDS]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
