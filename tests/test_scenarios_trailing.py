"""Scenarios: trailing stops, and prices at which they sell."""

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
    Scenario(
        "no stop until it trails, which is the first one then",
        LONG
        + """
        2    100 100  98   99
        3     99  99  99   99
        """,
        # Nothing on row 0; 101 * 0.98 from row 1 on
        """
        close close_rate reason             stop  first_stop first_stop_ratio
        2     98.98      trailing_stop_loss 98.98 98.98      -1
        """,
        rules=("no stop", "trailing positive"),
        settings={"stoploss": -1, "trailing_stop": True, "trailing_stop_positive": 0.02},
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

SCENARIOS = [*TRAILING, *AT_ONCE]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
