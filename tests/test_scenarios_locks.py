"""Scenarios: protections and the locks they set."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios.proof import assert_as_installed, assert_as_written, each
from scenarios.scenario import Scenario

FIVE = {"stoploss": -0.05}

#: Out at 101 on row 3, and wished again ever after.
AGAIN = """
    A/USDT
    0    100 101  99 100   L
    1    100 101  99 100
    2    101 102 100 101   XL
    3-9  101 102 100 101   L
"""

#: A and B lose 5 % each, on rows 2 and 3; C is wished from row 3 on.
LOSSES = """
    A/USDT
    0    100 101  99 100   L
    1    100 101  99 100
    2    100 101  94  95
    3-9   95  96  94  95
    B/USDT
    0    100 101  99 100   L
    1-2  100 101  99 100
    3    100 101  94  95
    4-9   95  96  94  95
    C/USDT
    0-2  100 101  99 100
    3-9  100 101  99 100   L
"""

LOST = """
    pair   open close reason
    A/USDT 1    2     stop_loss
    B/USDT 1    3     stop_loss
"""


def protect(*protections: dict[str, Any], on: bool = True, **settings: Any) -> dict[str, Any]:
    """Settings and strategy attributes with protections."""
    return {
        "settings": {"enable_protections": on, "max_open_trades": 3, **settings},
        "strategy": {"protections": list(protections)},
    }


COOLDOWN = {"method": "CooldownPeriod", "stop_duration_candles": 2}

GUARD = {
    "method": "StoplossGuard",
    "lookback_period_candles": 24,
    "trade_limit": 2,
    "stop_duration_candles": 3,
}

LOW = {
    "method": "LowProfitPairs",
    "lookback_period_candles": 24,
    "trade_limit": 1,
    "stop_duration_candles": 2,
    "required_profit": 0.02,
}

DRAWDOWN = {
    "method": "MaxDrawdown",
    "lookback_period_candles": 24,
    "trade_limit": 2,
    "stop_duration_candles": 2,
    "max_allowed_drawdown": 0.05,
}

COOLDOWNS = [
    Scenario(
        "without protections the next row enters",
        AGAIN,
        """
        open close
        1    3
        4    9
        """,
        rules=("protections off", "exit signal"),
        **protect(COOLDOWN, on=False),
    ),
    Scenario(
        "a cooldown locks the pair until the row after its end",
        AGAIN,
        """
        open close
        1    3
        6    9
        """,
        rules=("cooldown", "locked pair", "lock ends"),
        # The forced exit at the end sets a lock as well.
        locks="""
        pair   side start until reason
        A/USDT *    3     6     Cooldown period for for 2 candles.
        A/USDT *    9     12    Cooldown period for for 2 candles.
        """,
        counters={"trades": 2},
        **protect(COOLDOWN),
        since="2026.3",
    ),
    Scenario(
        "a lock in minutes ends with the next row",
        AGAIN,
        """
        open close
        1    3
        5    9
        """,
        rules=("cooldown", "lock ends"),
        locks="""
        pair   side start until reason
        A/USDT *    3     5     Cooldown period for for 7 minutes.
        A/USDT *    9     11    Cooldown period for for 7 minutes.
        """,
        **protect({"method": "CooldownPeriod", "stop_duration": 7}),
        since="2026.3",
    ),
    Scenario(
        "a lock until a time of day",
        AGAIN,
        # Row 6 is half past twelve at night; for the last exit it is tomorrow's.
        """
        open close
        1    3
        7    9
        """,
        rules=("unlock at", "lock ends"),
        locks="""
        pair   side start until reason
        A/USDT *    3     7     Cooldown period for until 00:30.
        A/USDT *    9     295   Cooldown period for until 00:30.
        """,
        **protect({"method": "CooldownPeriod", "unlock_at": "00:30"}),
        since="2026.3",
    ),
    Scenario(
        "a lock is of its pair alone, and refuses nothing",
        AGAIN
        + """
        B/USDT
        0-2  100 101  99 100
        3    100 101  99 100   L
        4-9  100 101  99 100
        """,
        """
        pair   open close
        A/USDT 1    3
        B/USDT 4    9
        """,
        rules=("locked pair", "slots"),
        locks="""
        pair   side start until reason
        A/USDT *    3     6     Cooldown period for for 2 candles.
        B/USDT *    9     12    Cooldown period for for 2 candles.
        """,
        # Rows 4 and 5 are locked; rows 6 to 8 find no slot.
        counters={"rejected": 3},
        **protect(COOLDOWN, max_open_trades=1),
        since="2026.3",
    ),
    Scenario(
        "no lock reaches into the next run",
        AGAIN,
        """
        id open close
        3  1    3
        4  6    9
        """,
        rules=("again", "cooldown"),
        locks="""
        pair   side start until reason
        A/USDT *    3     6     Cooldown period for for 2 candles.
        A/USDT *    9     12    Cooldown period for for 2 candles.
        """,
        again=({},),
        **protect(COOLDOWN),
        since="2026.3",
    ),
]

GUARDS = [
    Scenario(
        "two stops lock everything",
        LOSSES,
        LOST
        + """
        C/USDT 7    9     force_exit
        """,
        rules=("stoploss guard", "lock of everything"),
        locks="""
        pair side start until reason
        *    *    3     7     2 stoplosses in 120 min, locking for 3 candles.
        """,
        **protect(GUARD, **FIVE),
        since="2026.3",
    ),
    Scenario(
        "two stops of different pairs lock no pair",
        LOSSES,
        LOST
        + """
        C/USDT 4    9     force_exit
        """,
        rules=("stoploss guard",),
        **protect({**GUARD, "only_per_pair": True}, **FIVE),
    ),
    Scenario(
        "stops that are too long ago do not count",
        LOSSES,
        LOST
        + """
        C/USDT 4    9     force_exit
        """,
        rules=("stoploss guard",),
        **protect({**GUARD, "lookback_period_candles": 1}, **FIVE),
    ),
    Scenario(
        "a stop of longs locks longs",
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    100 101  94  95   L
        3     95  96  94  95   S
        4     95  96  94  95
        5     95  96  94  95   XS
        6     95  96  94  95   L
        7-8   95  96  94  95
        """,
        """
        side  open close reason
        long  1    2     stop_loss
        short 4    6     exit_signal
        """,
        rules=("lock of a side", "stoploss guard", "locked pair"),
        locks="""
        pair          side start until reason
        A/USDT:USDT   long 2     8     1 stoplosses in 120 min, locking for 5 candles.
        """,
        **protect(
            {
                **GUARD,
                "trade_limit": 1,
                "stop_duration_candles": 5,
                "only_per_side": True,
                "only_per_pair": True,
            },
            **FIVE,
        ),
        since="2026.3",
    ),
]

LOWS = [
    Scenario(
        "a pair that wins too little rests",
        AGAIN,
        """
        open close ratio
        1    3     0.01
        6    9     0
        """,
        rules=("low profit",),
        # The second trade won nothing, which is left out of the sum.
        locks="""
        pair   side start until reason
        A/USDT *    3     6     0.01 < 0.02 in 24 candles, locking for 2 candles.
        A/USDT *    9     12    0.01 < 0.02 in 24 candles, locking for 2 candles.
        """,
        **protect(LOW),
        since="2026.3",
    ),
    Scenario(
        "a pair that wins enough does not",
        AGAIN,
        """
        open close
        1    3
        4    9
        """,
        rules=("low profit",),
        **protect({**LOW, "required_profit": 0.01}),
    ),
    Scenario(
        "a direction that wins too little rests",
        """
        A/USDT:USDT
        0    100 101  99 100   L
        1    100 101  99 100
        2    101 102 100 101   XL S
        3-4  101 102 100 101
        """,
        """
        side  open close
        long  1    3
        short 3    4
        """,
        rules=("lock of a side", "low profit", "reversal"),
        # Of the short, won at nothing: no number to add up.
        locks="""
        pair        side  start until reason
        A/USDT:USDT long  3     6     0.01 < 0.02 in 24 candles, locking for 2 candles.
        A/USDT:USDT short 4     7     0 < 0.02 in 24 candles, locking for 2 candles.
        """,
        **protect({**LOW, "only_per_side": True}),
        since="2026.3",
    ),
]

DRAWDOWNS = [
    Scenario(
        "a drawdown of ratios locks everything",
        LOSSES,
        LOST
        + """
        C/USDT 6    9     force_exit
        """,
        rules=("drawdown", "lock of everything"),
        locks="""
        pair side start until reason
        *    *    3     6     0.1 passed 0.05 in 24 candles, locking for 2 candles.
        *    *    9     12    0.1 passed 0.05 in 24 candles, locking for 2 candles.
        """,
        **protect(DRAWDOWN, **FIVE),
        since="2026.3",
    ),
    Scenario(
        "a drawdown at its limit does not",
        LOSSES,
        LOST
        + """
        C/USDT 4    9     force_exit
        """,
        rules=("drawdown",),
        **protect({**DRAWDOWN, "max_allowed_drawdown": 0.1}, **FIVE),
    ),
    Scenario(
        "a drawdown of the balance locks everything",
        LOSSES,
        LOST
        + """
        C/USDT 6    9     force_exit
        """,
        rules=("drawdown",),
        # 100 of 10000
        locks="""
        pair side start until reason
        *    *    3     6     0.01 passed 0.005 in 24 candles, locking for 2 candles.
        *    *    9     12    0.01 passed 0.005 in 24 candles, locking for 2 candles.
        """,
        **protect(
            {**DRAWDOWN, "calculation_mode": "equity", "max_allowed_drawdown": 0.005}, **FIVE
        ),
        since="2026.3",
    ),
    Scenario(
        "all four together",
        LOSSES,
        LOST
        + """
        C/USDT 7    9     force_exit
        """,
        rules=("cooldown", "stoploss guard", "low profit", "drawdown"),
        # Each pair is locked by the first that says so; what ends no later is not added.
        locks="""
        pair   side start until reason
        A/USDT *    2     5     Cooldown period for for 2 candles.
        B/USDT *    3     6     Cooldown period for for 2 candles.
        *      *    3     7     2 stoplosses in 120 min, locking for 3 candles.
        C/USDT *    9     12    Cooldown period for for 2 candles.
        *      *    9     12    0.1 passed 0.05 in 24 candles, locking for 2 candles.
        """,
        **protect(COOLDOWN, GUARD, {**LOW, "required_profit": -0.01}, DRAWDOWN, **FIVE),
        since="2026.3",
    ),
]

SCENARIOS = [*COOLDOWNS, *GUARDS, *LOWS, *DRAWDOWNS]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
