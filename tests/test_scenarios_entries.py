"""Scenarios: entries, and orders that wait."""

from __future__ import annotations

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

MARKET = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

WAIT = {"unfilledtimeout": {"entry": 30, "exit": 30, "unit": "minutes"}}

ROOM = {"max_open_trades": 1}

#: A buy order at 98 that the candles of rows 1 and 2 do not reach.
WAITING_ENTRY = """
    A/USDT
    0    100 101  99 100   L
    1     98 101  99 100
    2    100 101  99 100
"""

ENTRY_ORDERS = [
    Scenario(
        "an order below the candle is filled by a later one",
        WAITING_ENTRY
        + """
        3    100 101  97 100
        4    100 101  99 100
        """,
        """
        open close filled open_rate amount min_rate max_rate minutes
        1    4     3      98        10.204 97       101      15
        """,
        rules=("late fill", "fill", "no timeout"),
        settings={"unfilledtimeout": {"exit": 10, "unit": "minutes"}},
    ),
    Scenario(
        "an entry that never fills goes without a trace",
        WAITING_ENTRY
        + """
        3    100 101  97 100   L
        4-5  100 101  99 100
        """,
        # Timed out on row 3, though this candle would have filled it; ids are used up.
        """
        id open close order_ids
        2  4    5     2+3
        """,
        rules=("entry timeout", "timeout is reached"),
        quirks=(11,),
        counters={"timedout_entry": 1, "trades": 2, "orders": 3},
        since="2026.3",
    ),
    Scenario(
        "a timed out entry makes room on the same row",
        WAITING_ENTRY.replace("2    100 101  99 100", "2    100 101  99 100   L")
        + """
        3-4  100 101  99 100
        """,
        """
        id open order_ids
        2  3    2+3
        """,
        rules=("entry timeout", "unfilled takes a slot", "one trade a pair"),
        settings=ROOM,
        counters={"timedout_entry": 1},
        since="2026.3",
    ),
    Scenario(
        "timeouts in seconds, not reached",
        WAITING_ENTRY
        + """
        3    100 101  97 100
        4    100 101  99 100
        """,
        """
        open filled
        1    3
        """,
        rules=("timeout is reached", "late fill"),
        settings={"unfilledtimeout": {"entry": 601, "exit": 601, "unit": "seconds"}},
    ),
    Scenario(
        "an order that waits takes a slot",
        WAITING_ENTRY
        + """
        3-4  100 101  97 100
        B/USDT
        0    100 101  99 100
        1-2  100 101  99 100   L
        3-4  100 101  97 100
        """,
        """
        pair   open filled
        A/USDT 1    3
        """,
        rules=("unfilled takes a slot", "slots"),
        quirks=(9,),
        settings={**ROOM, **WAIT},
        counters={"rejected": 2},
    ),
    Scenario(
        "an order that waits ties its stake",
        WAITING_ENTRY
        + """
        3-4  100 101  97 100
        B/USDT
        0    100 101  99 100
        1-2  100 101  99 100   L
        3-4  100 101  97 100
        """,
        """
        pair   open filled amount
        A/USDT 1    3      61.224
        """,
        rules=("unfilled takes a slot", "no funds"),
        settings={"stake_amount": 6000, **WAIT},
        counters={"orders": 2},
    ),
    Scenario(
        "an entry that did not fill until the end is forgotten",
        WAITING_ENTRY,
        rules=("left open unfilled",),
        counters={"trades": 1, "orders": 1},
        final=10000.0,
    ),
    Scenario(
        "prices at the ends of the candle fill",
        """
        A/USDT
        0    100 100 100 100   L
        1    100 100 100 100
        2     99 100  99 100   XL
        3     98 100  98 100
        4     98 100  98 100   L
        5    102 102 100 100
        6    102 102 102 102
        """,
        """
        open close open_rate close_rate
        1    3     100       98
        5    6     102       102
        """,
        rules=("fill",),
    ),
    Scenario(
        "a limit entry above the candle is lowered to the high",
        """
        A/USDT
        0    100 101  99 100   L
        1    102 101  99 100
        2    100 101  99 100
        """,
        """
        open filled open_rate
        1    1      101
        """,
        rules=("limit price",),
    ),
    Scenario(
        "a limit entry of a short below the candle is raised to the low",
        """
        A/USDT:USDT
        0    100 101  99 100   S
        1     98 101  99 100
        2    100 101  99 100
        """,
        """
        side  open filled open_rate
        short 1    1      99
        """,
        rules=("limit price", "short"),
    ),
    Scenario(
        "a market entry above the candle waits",
        """
        A/USDT
        0    100 101  99 100   L
        1    102 101  99 100
        2    101 103 100 102
        3    102 103 101 102
        """,
        """
        open filled open_rate
        1    2      102
        """,
        rules=("market price", "late fill"),
        settings={"order_types": MARKET},
    ),
    Scenario(
        "a filled late entry is watched on the candle of its fill",
        WAITING_ENTRY
        + """
        3     98  99  92  93
        4     93  93  93  93
        """,
        # 98 * 0.95
        """
        open filled close close_rate reason
        1    3      3     93.1       stop_loss
        """,
        rules=("late fill", "stop"),
        settings={"stoploss": -0.05, **WAIT},
    ),
    Scenario(
        "the open rate is rounded, the order's price is not",
        """
        A/USDT
        0    100 101  99 100   L
        1    100.335 101  99 100
        2    100 101  99 100   XL
        3-4  110 111 109 110
        """,
        # 9.966 * (110 - 100.335); the open value has 100.34.
        """
        open open_rate orders                         stake     profit   ratio     open_value
        1    100.34    buy:9.966@100.335+sell:9.966@110 999.93861 96.32139 ~0.096327 999.98844
        """,
        rules=("open rate", "profit", "profit ratio"),
        quirks=(10,),
    ),
    Scenario(
        "the order's cost has the fee",
        """
        A/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        """,
        # 10 * 100 * 1.001 in this order of doubles
        """
        open cost
        1    1000.9999999999999
        """,
        rules=("order cost",),
        settings={"fee": 0.001},
    ),
]

ASKED = [
    Scenario(
        "an own price is rounded",
        """
        A/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        """,
        """
        open open_rate orders
        1    99.99     buy:10.001@99.99+sell:10.001@100
        """,
        rules=("own entry price",),
        settings={"table": {"custom_entry_price": 99.987}},
        strategy_class="TableAsked",
        events="callbacks",
    ),
    Scenario(
        "an entry that is not confirmed uses up an order id",
        """
        A/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        """,
        rules=("entry refused",),
        settings={"table": {"confirm_trade_entry": False}},
        strategy_class="TableAsked",
        counters={"trades": 0, "orders": 1},
        events="callbacks",
    ),
    Scenario(
        "another price replaces an entry order",
        WAITING_ENTRY
        + """
        3    100 101  99 100
        """,
        # 10.204 * 98 = 999.992, of which 99.5 buys 10.050...
        """
        open filled open_rate amount order_ids
        1    2      99.5      10.05  2+3
        """,
        rules=("replaced entry order",),
        settings={"table": {"adjust_entry_price": 99.5}},
        strategy_class="TableAsked",
        counters={"canceled_entry": 1, "replaced_entry": 1, "trades": 1},
        events="callbacks",
    ),
    Scenario(
        "no price deletes the trade",
        WAITING_ENTRY
        + """
        3    100 101  97 100
        """,
        rules=("canceled entry order",),
        quirks=(11,),
        settings={"table": {"adjust_entry_price": None}},
        strategy_class="TableAsked",
        counters={"canceled_entry": 1, "canceled_trades": 1, "trades": 1, "orders": 1},
        events="callbacks",
    ),
]

SCENARIOS = [*ENTRY_ORDERS, *ASKED]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
