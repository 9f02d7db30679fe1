"""Scenarios: exit signals, and which reason wins."""

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


def roi(**steps: float) -> dict[str, object]:
    """``minimal_roi`` of ``m0=0.05, m10=0.01``."""
    return {"minimal_roi": {name[1:]: value for name, value in steps.items()}}


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
        events="callbacks",
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
        events="callbacks",
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
        events="callbacks",
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
        events="callbacks",
    ),
]

SCENARIOS = [*SIGNALS, *REASONS]


@each(SCENARIOS)
def test_as_written(scenario: Scenario) -> None:
    """freqtrade does what the table says."""
    assert_as_written(scenario)


@pytest.mark.usefixtures("installed", "backend")
@each(SCENARIOS)
def test_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind, to the last bit."""
    assert_as_installed(scenario)
