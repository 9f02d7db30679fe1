"""Scenarios: funding and liquidation."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

NAN = float("nan")

PAIR = "A/USDT:USDT"

LONG = """
    A/USDT:USDT
    0    100 101  99 100   L
    1    100 101  99 100
"""

SHORT = LONG.replace("L", "S")

#: Candles of an hour, the distance of funding times.
HOURS = {"timeframe": "1h"}

#: One unit pays 0.1 at each hour.
FUNDING = {PAIR: [(row, 0.001, 100.0) for row in range(12)]}

FEES = [
    Scenario(
        "funding of the rows of entry and exit counts",
        LONG
        + """
        2    100 101  99 100   XL
        3-4  100 101  99 100
        """,
        """
        open close funding profit ratio
        1    3     -3      -3     -0.003
        """,
        rules=("funding", "funding and profit"),
        settings=HOURS,
        funding=FUNDING,
        since="2026.3",
    ),
    Scenario(
        "a short is paid",
        SHORT
        + """
        2    100 101  99 100   XS
        3-4  100 101  99 100
        """,
        """
        open close funding profit ratio
        1    3     3       3      0.003
        """,
        rules=("funding", "funding and profit", "short"),
        settings=HOURS,
        funding=FUNDING,
        since="2026.3",
    ),
    Scenario(
        "funding between funding times",
        LONG
        + """
        2-11  100 101  99 100
        12    100 101  99 100   XL
        13-14 100 101  99 100
        """,
        # Hours are the rows 0 and 12.
        """
        open close funding profit
        1    13    -1      -1
        """,
        rules=("funding",),
        funding={PAIR: [(0, 0.001, 100.0), (12, 0.001, 100.0)]},
        since="2026.3",
    ),
    Scenario(
        "funding that comes in helps to reach ROI",
        LONG
        + """
        2    100 103   99 100
        3    100 102.01 99 100
        4    100 101   99 100
        """,
        # 10 at each hour: on row 2 ROI is above 103, on row 3 above 102.
        """
        close close_rate reason funding profit ratio
        3     102        roi    30      50     0.05
        """,
        rules=("funding and profit", "ROI"),
        settings={**HOURS, "minimal_roi": {"0": 0.05}},
        funding={PAIR: [(row, -0.01, 100.0) for row in range(5)]},
        since="2026.3",
    ),
    Scenario(
        "funding that nobody knows is none",
        LONG
        + """
        2    100 101  99 100   XL
        3-4  100 101  99 100
        """,
        """
        funding profit
        0       0
        """,
        rules=("funding",),
        settings=HOURS,
        funding={PAIR: [(1, 0.001, 100.0), (2, NAN, 100.0), (3, 0.001, 100.0)]},
        since="2026.3",
    ),
    Scenario(
        "missing funding times",
        LONG
        + """
        2-4  100 101  99 100
        5    100 101  99 100   XL
        6-7  100 101  99 100
        """,
        """
        close funding
        6     -2
        """,
        rules=("funding",),
        settings=HOURS,
        funding={PAIR: [(0, 0.001, 100.0), (2, 0.001, 100.0), (5, 0.001, 100.0)]},
        since="2026.3",
    ),
    Scenario(
        "ten payments of a tenth",
        LONG
        + """
        2-8   100 101  99 100
        9     100 101  99 100   XL
        10-11 100 101  99 100
        """,
        # 0.9999999999999999, and 1.0 from Python 3.12 on
        f"""
        open close funding
        1    10    {-sum([0.1] * 10)!r}
        """,
        rules=("funding",),
        quirks=(15,),
        settings=HOURS,
        funding={PAIR: [(row, 0.0001, 100.0) for row in range(12)]},
        since="2026.9",
    ),
]

LIQUIDATION = [
    Scenario(
        "a long is liquidated",
        LONG
        + """
        2    100 101 81.78 100
        3    100 101 81.77 100
        4    100 101  99   100
        """,
        # (1000 - 5000) / (50 * (0.01 - 1)) = 80.808..., and 5 % of the way back to 100
        """
        close close_rate reason      profit liquidation stop
        3     81.77      liquidation -911.5 81.77       80.2
        """,
        rules=("liquidation",),
        strategy_class="Leverage5",
    ),
    Scenario(
        "a short is liquidated",
        SHORT
        + """
        2    100 117.86 99 100
        3    100 117.87 99 100
        4    100 101    99 100
        """,
        # (1000 + 5000) / (50 * 0.01 + 50) = 118.811..., and 5 % of the way back
        """
        close close_rate reason      profit liquidation
        3     117.87     liquidation -893.5 117.87
        """,
        rules=("liquidation", "short"),
        strategy_class="Leverage5",
    ),
    Scenario(
        "a stop above comes first",
        LONG
        + """
        2    100 101  80 100
        3    100 101  99 100
        """,
        """
        close close_rate reason    liquidation
        2     90         stop_loss 81.77
        """,
        rules=("liquidation", "order of exits"),
        settings={"stoploss": -0.5},
        strategy_class="Leverage5",
    ),
    Scenario(
        "a stop below comes first too",
        LONG
        + """
        2    100 101  80 100
        3    100 101  99 100
        """,
        """
        close close_rate reason    liquidation
        2     80.2       stop_loss 81.77
        """,
        rules=("liquidation", "order of exits"),
        strategy_class="Leverage5",
    ),
    Scenario(
        "a candle below the liquidation price sells at its open",
        LONG
        + """
        2    81 81.5 80.5 81
        3    81 81   81   81
        """,
        """
        close close_rate reason
        2     81         liquidation
        """,
        rules=("liquidation", "gap over the stop"),
        strategy_class="Leverage5",
    ),
    Scenario(
        "liquidation comes before ROI",
        LONG
        + """
        2    100 110 81 100
        3    100 101 99 100
        """,
        """
        close close_rate reason
        2     81.77      liquidation
        """,
        rules=("liquidation", "order of exits"),
        settings={"minimal_roi": {"0": 0.1}},
        strategy_class="Leverage5",
    ),
    Scenario(
        "without leverage the buffer alone",
        LONG
        + """
        2    100 101  99 100
        """,
        """
        liquidation
        5
        """,
        rules=("liquidation",),
    ),
    Scenario(
        "a larger buffer",
        LONG
        + """
        2    100 101  99 100
        """,
        # 80.808..., and 10 % of the way back
        """
        liquidation
        82.73
        """,
        rules=("liquidation",),
        settings={"liquidation_buffer": 0.1},
        strategy_class="Leverage5",
    ),
    Scenario(
        "a larger stake, another tier",
        LONG
        + """
        2    100 101  99 100
        """,
        # Stake 5000: (5000 + 20 - 20000) / (200 * (0.02 - 1)) = 76.4285..., 5 % of the way back
        """
        amount liquidation
        200    77.61
        """,
        rules=("liquidation", "leverage tiers"),
        settings={"stake_amount": 5000},
        strategy_class="Leverage100",
    ),
]

SCENARIOS = [*FEES, *LIQUIDATION]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
