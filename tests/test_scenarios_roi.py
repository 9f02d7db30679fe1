"""Scenarios: ROI."""

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
        events="callbacks",
    ),
    Scenario(
        "a step without a value",
        LONG
        + """
        2    101 102 101 102
        3    102 110 102 104
        4    104 104 104 104
        """,
        """
        close close_rate reason
        4     104        force_exit
        """,
        rules=("ROI steps",),
        strategy={"minimal_roi": {0: 0.02, 10: None}},
        original="a step that is no number",
    ),
]

SCENARIOS = [*ROI]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
