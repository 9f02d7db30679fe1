"""Scenarios: profits, wallets and their captures."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

#: Entered on row 1 at 100.
ENTERED = """
    A/USDT
    0    100 101  99 100   L
    1-2  100 101  99 100
"""

#: Two trades: 100 to 120 and 100 to 110.
TWICE = """
    A/USDT
    0    100 101  99 100   L
    1    100 101  99 100   XL
    2    120 121 119 120   L
    3    100 101  99 100   XL
    4    110 111 109 110
    5    110 111 109 110
"""

#: B is entered a row after A.
BOTH = """
    A/USDT
    0    100 101  99 100   L
    1-3  100 101  99 100
    B/USDT
    0    100 101  99 100
    1    100 101  99 100   L
    2-3  100 101  99 100
"""


def on(pair: str) -> str:
    """The candles of a pair entered on row 1 at 100."""
    return ENTERED.replace("A/USDT", pair)


PROFITS = [
    Scenario(
        "profits are of values with fees",
        ENTERED.replace("1-2", "1")
        + """
        2    100 101  99 100   XL
        3    105 106 104 105
        4    105 106 104 105
        """,
        # 1050 * 0.999 - 1000 * 1.001, of 1001
        """
        close close_rate profit ratio    stake max_stake amount fee_open fee_close open_value
        3     105        47.95  ~0.04790 1000  1000      10     0.001    0.001     1001
        """,
        rules=("profit", "profit ratio"),
        settings={"fee": 0.001},
        final=10047.95,
    ),
    Scenario(
        "profits of a short",
        ENTERED.replace("1-2", "1").replace("A/USDT", "A/USDT:USDT").replace("L", "S")
        + """
        2    100 101  99 100   XS
        3     95  96  94  95
        4     95  96  94  95
        """,
        # 1000 * 0.999 - 950 * 1.001, of 999
        """
        close close_rate profit ratio    open_value
        3     95         48.05  ~0.04810 999
        """,
        rules=("profit", "profit ratio", "short"),
        settings={"fee": 0.001},
    ),
    Scenario(
        "nothing won and nothing lost",
        ENTERED,
        """
        close profit ratio reason
        2     0      0     force_exit
        """,
        rules=("profit", "left open"),
        final=10000.0,
    ),
]

WALLETS = [
    Scenario(
        "captures show what was there before the row",
        TWICE,
        """
        open close
        1    2
        3    4
        """,
        rules=("wallet captures",),
        quirks=(12,),
        wallet="""
        row currency rate balance
        1   USDT     1    10000
        2   USDT     1    9000
        2   A        120  10
        3   USDT     1    10200
        4   USDT     1    9200
        4   A        110  10
        5   USDT     1    10300
        """,
    ),
    Scenario(
        "an order that waits is in the balance of the stake",
        """
        A/USDT
        0    100 101  99 100   L
        1     98 101  99 100
        2    100 101  99 100
        3    100 101  97 100
        4    100 101  97 100
        """,
        # 10.204 * 98 = 999.992 are used, not gone, until the order fills on row 3.
        """
        open filled
        1    3
        """,
        rules=("wallet captures", "unfilled takes a slot"),
        settings={"unfilledtimeout": {"entry": 30, "exit": 30, "unit": "minutes"}},
        wallet="""
        row currency rate balance
        1   USDT     1    10000
        2   USDT     1    10000
        3   USDT     1    10000
        4   USDT     1    9000.008
        4   A        100  10.204
        """,
    ),
    Scenario(
        "other coins stay what they are",
        BOTH,
        """
        pair   amount
        A/USDT 10
        B/USDT 10
        """,
        rules=("wallets of other coins", "wallet captures"),
        settings={"dry_run_wallet": {"USDT": 2500, "A": 3, "X": 7}},
        wallet="""
        row currency rate balance
        1   USDT     1    2500
        1   A        100  3
        2   USDT     1    1500
        2   A        100  13
        3   USDT     1    500
        3   A        100  13
        3   B        100  10
        """,
        final=2500.0,
    ),
    Scenario(
        "a spot balance is a float",
        ENTERED.replace("L", ""),
        rules=("numbers keep their type",),
        quirks=(17,),
        final=10000.0,
        wallet="""
        row currency rate balance
        1   USDT     1    10000
        2   USDT     1    10000
        """,
    ),
    Scenario(
        "a futures balance stays an int until there is a trade",
        on("A/USDT:USDT").replace("L", ""),
        rules=("numbers keep their type",),
        quirks=(17,),
        final=10000,
    ),
    Scenario(
        "a futures balance includes what is tied",
        on("A/USDT:USDT"),
        """
        close profit
        2     0
        """,
        rules=("wallet captures", "numbers keep their type"),
        wallet="""
        row currency rate balance
        1   USDT     1    10000
        2   USDT     1    10000
        """,
        final=10000.0,
    ),
    Scenario(
        "an empty wallet shows nothing",
        ENTERED,
        rules=("wallet captures", "no funds"),
        settings={"dry_run_wallet": {"X": 5}},
        wallet="",
    ),
    Scenario(
        "no captures in hyperopt",
        ENTERED,
        """
        close
        2
        """,
        rules=("no captures",),
        settings={"runmode": "hyperopt"},
        wallet="",
    ),
]

SCENARIOS = [*PROFITS, *WALLETS]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
