"""Scenarios: stops, trailing or not, and prices at which they sell."""

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
TRAIL = {**FIVE, "trailing_stop": True}
#: 2 % behind the best price once 5 % are won, the stop at 10 % until then.
POSITIVE = {
    "stoploss": -0.1,
    "trailing_stop": True,
    "trailing_stop_positive": 0.02,
    "trailing_stop_positive_offset": 0.05,
    "trailing_only_offset_is_reached": True,
}

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

TRAILING = [
    Scenario(
        "a trailing stop follows the high and never falls",
        LONG
        + """
        2    101 104 101   103
        3    103 103.5 98.9 99
        4     99 100  98.8 99
        5     99 100  99   99
        """,
        # 104 * 0.95
        """
        close close_rate reason             profit stop first_stop max_rate min_rate
        4     98.8       trailing_stop_loss -12    98.8 95         104      98.8
        """,
        rules=("trailing", "extremes"),
        settings=TRAIL,
    ),
    Scenario(
        "a short's trailing stop follows the low",
        SHORT
        + """
        2     99  99  96   97
        3     97 100.79 97 100
        4    100 100.8  97 100
        5    100 101  99   100
        """,
        # 96 * 1.05
        """
        close close_rate reason             profit stop  first_stop max_rate min_rate
        4     100.8      trailing_stop_loss -8     100.8 105        101      96
        """,
        rules=("trailing", "short", "extremes"),
        settings=TRAIL,
    ),
    Scenario(
        "the stop rises and is hit within one candle",
        LONG
        + """
        2    103 110 102   109
        3    109 109 109   109
        """,
        # 110 * 0.95 = 104.5, above the low
        """
        close close_rate reason             profit
        2     104.5      trailing_stop_loss 45
        """,
        rules=("trailing",),
        quirks=(3,),
        settings=TRAIL,
    ),
    Scenario(
        "a candle that reaches the stop does not trail",
        LONG
        + """
        2     96 110  94   109
        3    109 109 109   109
        """,
        # The stop of row 1 is 101 * 0.95 = 95.95, which is not below the low of 94.
        """
        close close_rate reason             stop
        2     95.95      trailing_stop_loss 95.95
        """,
        rules=("stop crossed first",),
        settings=TRAIL,
    ),
    Scenario(
        "an opening candle that reaches the stop does not trail",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 110  95 109
        2    109 109 109 109
        """,
        """
        close close_rate reason    stop
        1     95         stop_loss 95
        """,
        rules=("stop crossed first",),
        settings=TRAIL,
    ),
    Scenario(
        "no trailing below the offset",
        LONG
        + """
        2    101 104.99 91 103
        3    103 106 104   105
        4    104 104 103   103
        5    103 103 103   103
        """,
        # 106 * 0.98
        """
        close close_rate reason             stop   stop_ratio first_stop
        4     103.88     trailing_stop_loss 103.88 -0.02      90
        """,
        rules=("trailing offset", "trailing positive"),
        settings=POSITIVE,
    ),
    Scenario(
        "at the offset exactly the stop trails by the wide distance",
        LONG
        + """
        2    101 105 103   105
        3    104 104 104   104
        """,
        # 105 * 0.9, not 105 * 0.98: 0.05 is not below the offset, and not above it.
        """
        close reason     stop stop_ratio trailing
        3     force_exit 94.5 -0.1       1
        """,
        rules=("offset tie",),
        settings=POSITIVE,
    ),
    Scenario(
        "a tick above the offset it trails by the narrow one",
        LONG
        + """
        2    101 105.01 103 105
        3    104 104 104   104
        """,
        # 105.01 * 0.98 = 102.9098
        """
        close reason     stop   stop_ratio
        3     force_exit 102.91 -0.02
        """,
        rules=("offset tie", "trailing positive"),
        settings=POSITIVE,
    ),
    Scenario(
        "the offset of a short, exactly and a tick beyond",
        SHORT
        + """
        2     98  98  95   96
        3     95  96  94.99 95
        4     95  96  95   95
        """,
        # On row 2 the stop goes to 95 * 1.1 = 104.5, on row 3 to 94.99 * 1.02 = 96.8898.
        """
        close reason     stop  stop_ratio first_stop
        4     force_exit 96.88 -0.02      110
        """,
        rules=("offset tie", "trailing positive", "short", "stop rounds"),
        settings=POSITIVE,
    ),
    Scenario(
        "without waiting for the offset the distances change there",
        LONG
        + """
        2    101 102  98   101
        3    101 104 103   104
        4    103 103 102   102
        5    102 102 102   102
        """,
        # 102 * 0.95 = 96.9 on row 2; 104 * 0.99 = 102.96 on row 3
        """
        close close_rate reason             stop   first_stop
        4     102.96     trailing_stop_loss 102.96 95
        """,
        rules=("trailing positive", "trailing"),
        settings={
            **TRAIL,
            "trailing_stop_positive": 0.01,
            "trailing_stop_positive_offset": 0.03,
        },
    ),
    Scenario(
        "with a fee the offset is reached later",
        LONG
        + """
        2    101 105.2 103 105
        3    104 105.22 104 104
        4    104 104 104   104
        """,
        # (105.2 * 0.999) / (100 * 1.001) - 1 = 0.0498..., 105.22 gives 0.0500...: * 0.98
        """
        close reason     stop   stop_ratio
        4     force_exit 103.12 -0.02
        """,
        rules=("trailing offset", "profit ratio"),
        settings={**POSITIVE, "fee": 0.001},
    ),
]

AT_ONCE = [
    Scenario(
        "hit on the opening candle: as if the price had risen by nothing",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 110  97 109
        2    109 109 109 109
        """,
        # The stop is at 110 * 0.98 = 107.8, but the trade gets 100 * 0.98.
        """
        close close_rate reason             stop  profit
        1     98         trailing_stop_loss 107.8 -20
        """,
        rules=("trailing at once",),
        quirks=(3,),
        settings={**TRAIL, "trailing_stop_positive": 0.02},
    ),
    Scenario(
        "hit on the opening candle: not below its low",
        """
        A/USDT
        0    100 101  99   100   L
        1    100 110  98.5 109
        2    109 109 109   109
        """,
        """
        close close_rate reason             stop
        1     98.5       trailing_stop_loss 107.8
        """,
        rules=("trailing at once",),
        settings={**TRAIL, "trailing_stop_positive": 0.02},
    ),
    Scenario(
        "hit on the opening candle: as if the offset was just reached",
        """
        A/USDT
        0    100 101  99   100   L
        1    100 110 100   109
        2    109 109 109   109
        """,
        # 100 * (1 + 0.05 - 0.02)
        """
        close close_rate reason             stop
        1     103        trailing_stop_loss 107.8
        """,
        rules=("trailing at once",),
        settings=POSITIVE,
    ),
    Scenario(
        "hit on a short's opening candle: as if the price had fallen by nothing",
        """
        A/USDT:USDT
        0    100 101  99   100   S
        1    100 103  90   91
        2     91  91  91   91
        """,
        """
        close close_rate reason             stop profit
        1     102        trailing_stop_loss 91.8 -20
        """,
        rules=("trailing at once", "short"),
        settings={**TRAIL, "trailing_stop_positive": 0.02},
    ),
    Scenario(
        "hit on a short's opening candle: not above its high",
        """
        A/USDT:USDT
        0    100 101  99   100   S
        1    100 101  90   91
        2     91  91  91   91
        """,
        """
        close close_rate reason             stop
        1     101        trailing_stop_loss 91.8
        """,
        rules=("trailing at once", "short"),
        settings={**TRAIL, "trailing_stop_positive": 0.02},
    ),
    Scenario(
        "hit on a short's opening candle: as if the offset was just reached",
        """
        A/USDT:USDT
        0    100 101  99   100   S
        1    100 100  90   91
        2     91  91  91   91
        """,
        # 100 * (1 - 0.05 + 0.02)
        """
        close close_rate reason             stop
        1     97         trailing_stop_loss 91.8
        """,
        rules=("trailing at once", "short"),
        settings=POSITIVE,
    ),
    Scenario(
        "hit on the opening candle without a distance of its own",
        """
        A/USDT
        0    100 101  99   100   L
        1    100 110  95.5 109
        2    109 109 109   109
        """,
        # 100 * 0.95 is below the low.
        """
        close close_rate reason             stop
        1     95.5       trailing_stop_loss 104.5
        """,
        rules=("trailing at once",),
        settings=TRAIL,
    ),
    Scenario(
        "hit a candle later: at the stop",
        LONG
        + """
        2    100 110 100   109
        3    109 109 109   109
        """,
        """
        close close_rate reason
        2     107.8      trailing_stop_loss
        """,
        rules=("trailing at once", "trailing offset"),
        settings=POSITIVE,
    ),
]

SCENARIOS = [*FIXED, *TRAILING, *AT_ONCE]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
