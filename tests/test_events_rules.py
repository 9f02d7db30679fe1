"""What callbacks change in the course of a run, in backtests small enough to read."""

from __future__ import annotations

from typing import Any

import pytest

from freqkernels.bench.fuzz.compare import Verdict, compare_case
from freqkernels.bridge.fuzz.case import Callback, Case, Column, Market, Pair, Row, Step
from freqkernels.bridge.fuzz.generate.kinds import make_case
from freqkernels.bridge.objects.swaps import swapped
from freqkernels.bridge.objects.table import SWAPS
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from made_trades import make_trade
from swapped_calls import no_database

ROWS = 60


def candles() -> list[Row]:
    """Prices that rise by a thousandth from candle to candle."""
    opens = [100 + slot / 10 for slot in range(ROWS)]
    return [(slot, rate, rate + 0.3, rate - 0.3, rate, 1.0) for slot, rate in enumerate(opens)]


def pair(name: str, *entries: int) -> Pair:
    signals = {"enter_long": Column("int64", 0, dict.fromkeys(map(float, entries), 1))}
    return Pair(name, Market(), candles(), signals)


def on_turn(number: int, *lines: str) -> Callback:
    """bot_loop_start that does something when it is called for the n-th time."""
    done = "".join(f"    {line}\n" for line in lines)
    code = f"self.turns = getattr(self, 'turns', 0) + 1\nif self.turns == {number}:\n{done}"
    steps = [Step("changes", code.rstrip()), Step("nothing", "return None")]
    return Callback("bot_loop_start", "current_time, **kwargs", steps, seen="")


def compared(callbacks: list[Callback], pairs: list[Pair], **config: Any) -> Verdict:
    """The same by freqtrade and event by event."""
    model = make_case("spot", 1, 1)
    case = Case(
        kind="rules",
        seed="1",
        start=model.start,
        timeframe="5m",
        pairs=pairs,
        callbacks=callbacks,
        strategy={"minimal_roi": {"0": 10.0}, "stoploss": -0.5},
        config=config,
    )
    verdict = compare_case(case)
    assert verdict.events
    assert verdict.difference is None
    return verdict


def reasons(verdict: Verdict) -> list[str]:
    return [str(reason) for reason in verdict.outcomes[0]["result"]["results"]["exit_reason"]]


@pytest.mark.parametrize(
    "table", ["{0: 0.005}", "{0: np.float64(0.005)}"], ids=["usual", "unusual"]
)
def test_a_new_roi_table(table: str) -> None:
    change = on_turn(20, "import numpy as np", f"self.minimal_roi = {table}")
    assert reasons(compared([change], [pair("AAA/USDT", 3)])) == ["roi"]


def test_a_roi_table_changed_in_place() -> None:
    change = on_turn(20, "self.minimal_roi[0] = 0.005")
    assert reasons(compared([change], [pair("AAA/USDT", 3)])) == ["roi"]


def test_a_callback_put_on_the_strategy() -> None:
    change = on_turn(20, "self.custom_exit = lambda *args, **kwargs: 'late'")
    assert reasons(compared([change], [pair("AAA/USDT", 3)])) == ["late"]


def test_an_earlier_lock_that_lasts_longer() -> None:
    """Locked pairs have no rejected signals, others have while there is no slot."""
    locks = [
        f"self.lock_pair('BBB/USDT', current_time + timedelta(minutes={minutes}))"
        for minutes in (60, 5)
    ]
    pairs = [pair("AAA/USDT", 3), pair("BBB/USDT", *range(5, 50))]
    verdict = compared([on_turn(20, *locks)], pairs, max_open_trades=1)
    assert 0 < verdict.outcomes[0]["result"]["rejected_signals"] < 40


def test_rejected_signals_in_the_order_of_time() -> None:
    """Those that freqtrade looked at, for there was a lock, and those that were passed."""
    lock = on_turn(20, "self.lock_pair('CCC/USDT', current_time + timedelta(minutes=60))")
    pairs = [pair("AAA/USDT", 3), pair("BBB/USDT", *range(5, 50)), pair("CCC/USDT")]
    verdict = compared([lock], pairs, max_open_trades=1, export="signals")
    assert verdict.outcomes[0]["result"]["rejected_signals"] == 45


def test_a_closed_order_that_is_opened_again() -> None:
    """What is known of the first orders of a long list ends with it."""
    with no_database(), swapped(SWAPS):
        trade = make_trade(12)
        trade.orders.pop()
        assert (trade.has_open_orders, trade.nr_of_successful_entries) == (False, 11)
        trade.orders[3].ft_is_open = True
        assert (trade.has_open_orders, trade.nr_of_successful_entries) == (True, 10)


if not certificate(ENGINE).support:  # a release that is left alone
    for _name in [name for name in globals() if name.startswith("test_")]:
        del globals()[_name]
