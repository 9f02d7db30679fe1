"""Scenarios: what is exactly at a limit, and what two rules make of each other."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

LONG = """
    A/USDT
    0    100 101  99 100   L
    1    100 101  99 100
"""


def protect(protection: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Settings and strategy attributes with a protection."""
    return {
        "settings": {"enable_protections": True, **settings},
        "strategy": {"protections": [protection]},
    }


GUARD = {
    "method": "StoplossGuard",
    "lookback_period_candles": 24,
    "trade_limit": 1,
    "stop_duration_candles": 2,
}

STAKES = [
    Scenario(
        "a stake that is raised by 30 % to the last cent",
        # The least amount is 1, without reserve: 100 * 1.3 is enough.
        """
        MINLOT/USDT
        0    130 131 129 130   L
        1-2  130 131 129 130
        """,
        """
        amount stake
        1      130
        """,
        rules=("minimum stake",),
        settings={"stake_amount": 100, "amount_reserve_percent": 0.0},
    ),
    Scenario(
        "a minimum of all that there is",
        """
        MINLOT/USDT
        0    130 131 129 130   L
        1-2  130 131 129 130
        """,
        """
        amount stake
        1      130
        """,
        rules=("minimum stake", "minimum above what there is"),
        settings={"stake_amount": 130, "dry_run_wallet": 130, "amount_reserve_percent": 0.0},
    ),
    Scenario(
        "an amount is the stake by the price, then the leverage",
        # 300 / 125 * 3 is 7.199999999999999 where 300 * 3 / 125 were 7.2.
        """
        A/USDT:USDT
        0    125 126 124 125   L
        1-2  125 126 124 125
        """,
        """
        amount
        7.199
        """,
        rules=("amount", "leverage"),
        settings={"stake_amount": 300},
        strategy_class="Leverage3",
    ),
    Scenario(
        "an entry that times out frees its stake at once",
        """
        A/USDT
        0    100 101  99 100   L
        1     98 101  99 100
        2-4  100 101  99 100
        B/USDT
        0-1  100 101  99 100
        2    100 101  99 100   L
        3-4  100 101  99 100
        """,
        """
        id pair   open close
        2  B/USDT 3    4
        """,
        rules=("entry timeout", "fixed stake"),
        settings={"stake_amount": 1000, "dry_run_wallet": 1000},
        counters={"timedout_entry": 1},
        since="2026.3",
    ),
]

SIGNALS = [
    Scenario(
        "a signal after eight quiet rows",
        """
        A/USDT
        0-7   100 101  99 100
        8     100 101  99 100   L
        9-17  100 101  99 100
        """,
        """
        open close
        9    17
        """,
        rules=("signal acts a row later",),
    ),
    Scenario(
        "stacked trades do not turn round on a candle",
        # The short is refused on row 3, where the long still takes the slot.
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  99 100   S XL
        3-4  100 101  99 100
        """,
        """
        open close side reason
        1    3     long exit_signal
        """,
        rules=("stacking", "reversal", "slots"),
        settings={"position_stacking": True, "max_open_trades": 1},
        counters={"rejected": 1},
    ),
    Scenario(
        "the tick of a month is there from its first candle on",
        """
        A/USDT
        0    100.3 101  99 100   L
        1-2  100.3 101  99 100
        """,
        """
        open open_rate tick
        1    100.5     0.5
        """,
        rules=("tick of the month",),
        ticks={"A/USDT": {0: 0.01, 1: 0.5}},
    ),
]

LOCKS = [
    Scenario(
        "a lock ends though another one goes on",
        """
        A/USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    101 102 100 101   XL
        3-9  101 102 100 101   L
        B/USDT
        0    100 101  99 100   L
        1-2  100 101  99 100
        3    100 101  99 100   XL
        4-9  100 101  99 100
        """,
        """
        pair   open close
        A/USDT 1    3
        B/USDT 1    4
        A/USDT 6    9
        """,
        rules=("locked pair", "lock ends", "cooldown"),
        locks="""
        pair   side start until reason
        A/USDT *    3     6     Cooldown period for for 2 candles.
        B/USDT *    4     7     Cooldown period for for 2 candles.
        A/USDT *    9     12    Cooldown period for for 2 candles.
        """,
        **protect({"method": "CooldownPeriod", "stop_duration_candles": 2}),
        since="2026.3",
    ),
    Scenario(
        "a liquidation counts as a stop",
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  81.7 100
        3-9  100 101  99 100   L
        """,
        """
        open close reason
        1    2     liquidation
        5    9     force_exit
        """,
        rules=("stoploss guard", "liquidation"),
        locks="""
        pair   side start until reason
        A/USDT:USDT * 2   5     1 stoplosses in 120 min, locking for 2 candles.
        *      *    2     5     1 stoplosses in 120 min, locking for 2 candles.
        """,
        strategy_class="Leverage5",
        **protect(GUARD),
        since="2026.3",
    ),
    Scenario(
        "a signal counts as a stop if its tag says so",
        LONG
        + """
        2    100 101  99 100   XL exit_tag:stop_loss
        3     98 101  97  98
        4-9   98 101  97  98   L
        """,
        """
        open close reason
        1    3     stop_loss
        6    9     force_exit
        """,
        rules=("stoploss guard", "exit tag"),
        locks="""
        pair   side start until reason
        A/USDT *    3     6     1 stoplosses in 120 min, locking for 2 candles.
        *      *    3     6     1 stoplosses in 120 min, locking for 2 candles.
        """,
        **protect(GUARD),
        since="2026.3",
    ),
]

SCENARIOS = [*STAKES, *SIGNALS, *LOCKS]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
