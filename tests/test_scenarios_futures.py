"""Scenarios: leverage, funding, liquidation."""

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

LEVERAGE = [
    Scenario(
        "leverage multiplies the amount and the ratio",
        LONG
        + """
        2    100 101  99 100   XL
        3    102 103 101 102
        4    102 103 101 102
        """,
        """
        close amount stake max_stake leverage profit ratio open_value
        3     50     1000  1000      5        100    0.1   5000
        """,
        rules=("leverage", "leverage tiers", "profit ratio"),
        strategy_class="Leverage5",
    ),
    Scenario(
        "leverage that the callback gives as an int",
        LONG
        + """
        2    100 101  99 100
        """,
        """
        amount stake leverage
        30     1000  3
        """,
        rules=("leverage", "numbers keep their type"),
        quirks=(17,),
        strategy_class="Leverage3",
    ),
    Scenario(
        "no less than one",
        LONG
        + """
        2    100 101  99 100
        """,
        """
        amount leverage
        10     1
        """,
        rules=("leverage",),
        strategy_class="LeverageHalf",
    ),
    Scenario(
        "no more than a small stake may have",
        LONG
        + """
        2    100 101  99 100
        """,
        """
        amount stake leverage
        20     100   20
        """,
        rules=("leverage", "leverage tiers"),
        settings={"stake_amount": 100},
        strategy_class="Leverage100",
    ),
    Scenario(
        "no more than a large stake may have",
        LONG
        + """
        2    100 101  99 100
        """,
        """
        amount stake leverage
        200    5000  4
        """,
        rules=("leverage", "leverage tiers"),
        settings={"stake_amount": 5000},
        strategy_class="Leverage100",
    ),
    Scenario(
        "a stake beyond the last tier ends the run",
        LONG
        + """
        2    100 101  99 100
        """,
        rules=("leverage tiers",),
        settings={"stake_amount": 30000, "dry_run_wallet": 100000},
        error="InvalidOrderException",
        original="a stake outside of the leverage tiers",
    ),
    Scenario(
        "a stop is divided by the leverage",
        LONG
        + """
        2    100 101  96 100
        3    100 101  99 100
        """,
        """
        close close_rate reason    profit ratio stop stop_ratio
        2     96         stop_loss -200   -0.2  96   -0.2
        """,
        rules=("stop of leverage", "stop ends included"),
        settings={"stoploss": -0.2},
        strategy_class="Leverage5",
    ),
    Scenario(
        "a short's stop is divided by the leverage",
        SHORT
        + """
        2    100 104 100 100
        3    100 101  99 100
        """,
        """
        close close_rate reason    profit ratio
        2     104        stop_loss -200   -0.2
        """,
        rules=("stop of leverage", "short"),
        settings={"stoploss": -0.2},
        strategy_class="Leverage5",
    ),
    Scenario(
        "ROI with leverage",
        LONG
        + """
        2    100 102    99 100
        3    100 102.01 99 100
        4    100 101    99 100
        """,
        """
        close close_rate reason profit ratio
        3     102        roi    100    0.1
        """,
        rules=("ROI", "leverage"),
        settings={"minimal_roi": {"0": 0.1}},
        strategy_class="Leverage5",
    ),
    Scenario(
        "a short's ROI with leverage",
        SHORT
        + """
        2    100 101  98    100
        3    100 101  97.99 100
        4    100 101  99    100
        """,
        """
        close close_rate reason profit ratio
        3     98         roi    100    0.1
        """,
        rules=("ROI", "leverage", "short"),
        settings={"minimal_roi": {"0": 0.1}},
        strategy_class="Leverage5",
    ),
    Scenario(
        "the distance of a trailing stop at once is divided by the leverage, the offset is not",
        """
        A/USDT:USDT
        0    100 101  99   100   L
        1    100 110 100   109
        2    109 109 109   109
        """,
        # The stop is at 110 * (1 - 0.05 / 5); the trade gets 100 * (1 + 0.1 - 0.05 / 5).
        """
        close close_rate reason             stop
        1     109        trailing_stop_loss 108.9
        """,
        rules=("trailing at once", "stop of leverage"),
        settings={
            "stoploss": -0.5,
            "trailing_stop": True,
            "trailing_stop_positive": 0.05,
            "trailing_stop_positive_offset": 0.1,
            "trailing_only_offset_is_reached": True,
        },
        strategy_class="Leverage5",
    ),
    Scenario(
        "amounts in contracts of ten",
        """
        SIZE/USDT:USDT
        0    30 31 29 30   L
        1-2  30 31 29 30
        """,
        # 33.333 is three contracts.
        """
        amount stake contract_size
        30     900   10
        """,
        rules=("contracts", "amount"),
    ),
    Scenario(
        "less than a contract",
        """
        SIZE/USDT:USDT
        0    300 301 299 300   L
        1-2  300 301 299 300
        """,
        rules=("contracts", "no amount"),
        counters={"trades": 0, "orders": 1},
    ),
    Scenario(
        "the minimum stake is divided by the leverage",
        """
        MIN/USDT:USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        """,
        # 95 * 1.05 / 0.95 / 5 = 21
        """
        amount stake
        1.05   21
        """,
        rules=("minimum stake", "leverage"),
        quirks=(13,),
        settings={"stake_amount": 20},
        strategy_class="Leverage5",
    ),
]

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

SCENARIOS = [*LEVERAGE, *FEES, *LIQUIDATION]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
