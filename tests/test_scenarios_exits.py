"""Scenarios: ROI, exit signals, which reason wins, and orders that miss the candle."""

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


def roi(**steps: float) -> dict[str, object]:
    """``minimal_roi`` of ``m0=0.05, m10=0.01``."""
    return {"minimal_roi": {name[1:]: value for name, value in steps.items()}}


ROI = [
    Scenario(
        "ROI is reached strictly above",
        LONG
        + """
        2    101 105    101 104
        3    104 105.01 103 104
        4    104 104    104 104
        """,
        """
        close close_rate reason profit ratio max_rate
        3     105        roi    50     0.05  105.01
        """,
        rules=("ROI", "profit ratio"),
        settings=roi(m0=0.05),
    ),
    Scenario(
        "ROI of zero",
        """
        A/USDT
        0    100 100  99 100   L
        1    100 100  99 100
        2    100 100.01 99 100
        3    100 100  99 100
        """,
        """
        close close_rate reason profit
        2     100        roi    0
        """,
        rules=("ROI",),
        settings=roi(m0=0.0),
    ),
    Scenario(
        "a short's ROI is reached strictly below",
        SHORT
        + """
        2     99  99 95    96
        3     96  97 94.99 96
        4     96  96 96    96
        """,
        """
        close close_rate reason profit ratio min_rate
        3     95         roi    50     0.05  94.99
        """,
        rules=("ROI", "short"),
        settings=roi(m0=0.05),
    ),
    Scenario(
        "fees are won first, and the rounded price falls short",
        LONG
        + """
        2    104 105.21 103 104
        3    104 105.22 103 104
        4    104 104    104 104
        """,
        # 1001 * 1.05 / (10 * 0.999) = 105.21021..., the order is at 105.21:
        # 10 * 105.21 * 0.999 - 1001 = 50.0479
        """
        close close_rate reason profit  ratio
        3     105.21     roi    50.0479 ~0.049998
        """,
        rules=("ROI", "profit", "profit ratio", "exit price rounds"),
        quirks=(4,),
        settings={**roi(m0=0.05), "fee": 0.001},
        since="2026.3",
    ),
    Scenario(
        "the decision knows the rounded open rate, the ratio does not",
        """
        A/USDT
        0    100     101  99 100   L
        1    100.344 101  99 100
        2    102     103 102 102
        3    102     103 102 102
        """,
        # 100.34 * 1.02 = 102.3468; 102.35 / 100.344 - 1 = 0.019991...
        """
        close close_rate reason ratio
        2     102.35     roi    ~0.01999
        """,
        rules=("ROI", "profit ratio"),
        quirks=(4, 10),
        settings=roi(m0=0.02),
        since="2026.3",
    ),
    Scenario(
        "the latest step that is due counts",
        LONG
        + """
        2    101 106 101 104
        3    103 106 102 104
        4    104 104 104 104
        """,
        """
        close close_rate reason minutes
        3     105        roi    10
        """,
        rules=("ROI steps",),
        settings=roi(m0=0.10, m10=0.05, m20=0.02),
    ),
    Scenario(
        "steps need no order",
        LONG
        + """
        2    101 106 101 104
        3    103 106 102 104
        4    104 104 104 104
        """,
        """
        close close_rate reason
        3     105        roi
        """,
        rules=("ROI steps", "changed attributes"),
        strategy={"minimal_roi": {20: 0.02, 10: 0.05, 0: 0.10}},
    ),
    Scenario(
        "a first step that is not due yet",
        LONG
        + """
        2    101 109 101 104
        3    103 106 102 104
        4    104 104 104 104
        """,
        """
        close close_rate reason
        3     105        roi
        """,
        rules=("ROI steps",),
        settings=roi(m10=0.05),
    ),
    Scenario(
        "a step that comes into effect sells at a better open",
        LONG
        + """
        2    101 106 101 104
        3    107 108 106 107
        4    104 104 104 104
        """,
        """
        close close_rate reason
        3     107        roi
        """,
        rules=("new ROI",),
        settings=roi(m0=0.10, m10=0.05),
    ),
    Scenario(
        "a short's step that comes into effect buys at a better open",
        SHORT
        + """
        2     99  99  94   96
        3     93  94  92   93
        4     93  93  93   93
        """,
        """
        close close_rate reason
        3     93         roi
        """,
        rules=("new ROI", "short"),
        settings=roi(m0=0.10, m10=0.05),
    ),
    Scenario(
        "a candle later it sells at the low of a candle that is all above",
        LONG
        + """
        2    101 104 101 104
        3    104 105 103 104
        4    107 108 106 107
        5    104 104 104 104
        """,
        """
        close close_rate reason
        4     106        roi
        """,
        rules=("ROI clamped", "new ROI"),
        settings=roi(m0=0.10, m10=0.05),
    ),
    Scenario(
        "a step between candles sells at the low of a candle that is all above",
        LONG
        + """
        2    101 104 101 104
        3    107 108 106 107
        4    104 104 104 104
        """,
        """
        close close_rate reason
        3     106        roi
        """,
        rules=("ROI clamped", "ROI off the grid"),
        settings=roi(m0=0.10, m7=0.05),
    ),
    Scenario(
        "ROI of -1 on the grid sells at the open",
        LONG
        + """
        2     99  99  97   98
        3     98  99  97   98
        4     98  98  98   98
        """,
        """
        close close_rate reason profit
        3     98         roi    -20
        """,
        rules=("ROI -1",),
        settings=roi(m0=0.10, m10=-1),
    ),
    Scenario(
        "ROI of -1 between candles sells at the low",
        LONG
        + """
        2     99  99  97   98
        3     98  99  97   98
        4     98  98  98   98
        """,
        """
        close close_rate reason profit
        3     97         roi    -30
        """,
        rules=("ROI -1", "ROI off the grid"),
        settings=roi(m0=0.10, m7=-1),
    ),
    Scenario(
        "a short's ROI of -1 between candles buys at the high",
        SHORT
        + """
        2    101 103 101   102
        3    102 103 101   102
        4    102 102 102   102
        """,
        """
        close close_rate reason profit
        3     103        roi    -30
        """,
        rules=("ROI -1", "ROI off the grid", "short"),
        settings=roi(m0=0.10, m7=-1),
    ),
    Scenario(
        "a negative ROI limits losses",
        LONG
        + """
        2     98 98.5 97   98
        3     98 98.99 97  98
        4     98 99.01 98  98
        5     98  98  98   98
        """,
        """
        close close_rate reason
        4     99         roi
        """,
        rules=("ROI", "ROI steps"),
        settings=roi(m0=0.10, m5=-0.01),
    ),
    Scenario(
        "an entry signal that goes on switches ROI off",
        LONG
        + """
        2    101 104 101 104   L
        3    104 106 104 104
        4    104 106 104 104
        5    104 104 104 104
        """,
        """
        close close_rate reason
        4     105        roi
        """,
        rules=("ROI switched off",),
        settings={**roi(m0=0.05), "ignore_roi_if_entry_signal": True},
    ),
    Scenario(
        "an entry signal alone does not",
        LONG
        + """
        2    101 104 101 104   L
        3    104 106 104 104
        4    104 104 104 104
        """,
        """
        close close_rate reason
        3     105        roi
        """,
        rules=("ROI switched off",),
        settings=roi(m0=0.05),
    ),
    Scenario(
        "ROI on the opening candle",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 106  99 100
        2    100 101  99 100
        """,
        """
        open close close_rate reason
        1    1     105        roi
        """,
        rules=("ROI",),
        settings=roi(m0=0.05),
    ),
    Scenario(
        "a red opening candle below the open price gives no ROI",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  98  99.2
        2     99 101  99 100
        3    100 101  99 100
        """,
        # Bought at 99, sold at 99 * 1.01; row 1 closes below that.
        """
        open close close_rate reason
        1    2     99.99      roi
        """,
        rules=("ROI on a red opening candle",),
        settings={**roi(m0=0.01), "table": {"custom_entry_price": 99.0}},
        strategy_class="TableAsked",
        original="callbacks",
    ),
]

SIGNALS = [
    Scenario(
        "exit signals may be switched off",
        LONG
        + """
        2-3  100 101  99 100   XL
        4    100 101  99 100
        """,
        """
        close reason
        4     force_exit
        """,
        rules=("exit signal off",),
        settings={"use_exit_signal": False},
    ),
    Scenario(
        "exit signals of profits alone, strictly above the offset",
        LONG
        + """
        2    100 101    99 100   XL
        3    102 102.5 101 102   XL
        4    102.01 103 101 102
        5    102 103   101 102
        """,
        """
        close close_rate reason
        4     102.01     exit_signal
        """,
        rules=("exit profit only",),
        settings={"exit_profit_only": True, "exit_profit_offset": 0.02},
    ),
    Scenario(
        "a short's exit signal",
        SHORT
        + """
        2    100 101  99 100   XL
        3    100 101  99 100   XS exit_tag:down
        4     98  99  97  98
        5     98  99  97  98
        """,
        """
        close close_rate reason profit
        4     98         down   20
        """,
        rules=("exit signal", "exit tag", "short"),
    ),
    Scenario(
        "exit_profit_only holds signals back, not custom exits",
        LONG
        + """
        2     99 101  97  99   XL
        3     98  99  97  98
        4     98  99  97  98
        5     98  99  97  98
        """,
        # Row 3 has a signal, held back; custom_exit is not asked. Row 4 has none.
        """
        close close_rate reason
        4     98         mine
        """,
        rules=("custom exit", "exit profit only"),
        quirks=(7,),
        settings={"exit_profit_only": True, "table": {"custom_exit": {98.0: "mine"}}},
        strategy_class="TableAsked",
        original="callbacks",
    ),
    Scenario(
        "with an entry signal custom_exit is asked instead",
        LONG
        + """
        2     99 101  97  99   L XL
        3     98  99  97  98
        4     98  99  97  98
        """,
        """
        close close_rate reason
        3     98         mine
        """,
        rules=("custom exit", "entry beats exit"),
        quirks=(8,),
        settings={"table": {"custom_exit": {98.0: "mine"}}},
        strategy_class="TableAsked",
        original="callbacks",
    ),
    Scenario(
        "a limit exit below the candle is raised to the low",
        LONG
        + """
        2    100 101  99 100   XL
        3     98 101  99 100
        4    100 101  99 100
        """,
        """
        close close_rate reason
        3     99         exit_signal
        """,
        rules=("exit clamped",),
    ),
    Scenario(
        "a short's limit exit above the candle is lowered to the high",
        SHORT
        + """
        2    100 101  99 100   XS
        3    102 101  99 100
        4    100 101  99 100
        """,
        """
        close close_rate reason
        3     101        exit_signal
        """,
        rules=("exit clamped", "short"),
    ),
    Scenario(
        "a market exit below the candle waits",
        LONG
        + """
        2    100 101  99 100   XL
        3     98 101  99 100
        4     98  99  97  98
        5    100 101  99 100
        """,
        """
        close close_rate reason
        4     98         exit_signal
        """,
        rules=("exit clamped", "fill"),
        settings={
            "order_types": {
                "entry": "market",
                "exit": "market",
                "stoploss": "market",
                "stoploss_on_exchange": False,
            }
        },
    ),
]

REASONS = [
    Scenario(
        "a signal comes before stop and ROI",
        LONG
        + """
        2    100 101  99 100   XL
        3    100 110  90 100
        4    100 101  99 100
        """,
        """
        close close_rate reason
        3     100        exit_signal
        """,
        rules=("order of exits",),
        settings={**FIVE, **roi(m0=0.05)},
    ),
    Scenario(
        "a stop comes before ROI",
        LONG
        + """
        2    100 101  99 100
        3    100 110  90 100
        4    100 101  99 100
        """,
        """
        close close_rate reason
        3     95         stop_loss
        """,
        rules=("order of exits",),
        settings={**FIVE, **roi(m0=0.05)},
    ),
    Scenario(
        "ROI comes before a trailing stop",
        LONG
        + """
        2    100 101  99 100
        3    101 106  99 100
        4    100 101  99 100
        """,
        # The stop rises to 106 * 0.95 = 100.7.
        """
        close close_rate reason stop
        3     105        roi    100.7
        """,
        rules=("order of exits",),
        settings={**FIVE, **roi(m0=0.05), "trailing_stop": True},
    ),
    Scenario(
        "a refused signal lets the stop try",
        LONG
        + """
        2    100 101  99 100   XL
        3     98  99  94  95
        4     95  96  94  95
        """,
        """
        close close_rate reason    order_ids
        3     95         stop_loss 1+2
        """,
        rules=("exit refused", "order of exits"),
        quirks=(6,),
        settings={**FIVE, "table": {"refuse_exit": ["exit_signal"]}},
        strategy_class="TableAsked",
        original="callbacks",
    ),
    Scenario(
        "a refused stop lets ROI try",
        LONG
        + """
        2     98 110  94  95
        3     95  96  94  95
        """,
        """
        close close_rate reason
        2     105        roi
        """,
        rules=("exit refused", "order of exits"),
        quirks=(6,),
        settings={**FIVE, **roi(m0=0.05), "table": {"refuse_exit": ["stop_loss"]}},
        strategy_class="TableAsked",
        original="callbacks",
    ),
]

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
        original="callbacks",
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
]

SCENARIOS = [*ROI, *SIGNALS, *REASONS, *MISSES]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
