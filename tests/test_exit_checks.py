"""Exit checks of an open trade: same reasons, trades, errors and log lines as freqtrade's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta, timezone
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import pytest

pytest.importorskip("freqtrade")

from freqtrade.enums import TradingMode
from freqtrade.strategy import IStrategy
from hypothesis import given, settings
from hypothesis import strategies as st

from freqkernels.bridge.objects import callbacks, exit_checks
from made_trades import NOW, make_trade, told
from oracle import logged
from swapped_calls import both, no_database, outcome


@pytest.fixture(autouse=True)
def backtest() -> Iterator[None]:
    """As a backtest finds it."""
    with no_database():
        yield


class Defaults(IStrategy):
    """A strategy that overrides nothing, with what freqtrade's resolver gives it."""

    use_exit_signal = True
    exit_profit_only = ignore_roi_if_entry_signal = False
    exit_profit_offset = trailing_stop_positive_offset = 0.0
    use_custom_stoploss = use_custom_roi = False
    trailing_stop = trailing_only_offset_is_reached = False
    stoploss = -0.1
    minimal_roi: ClassVar[dict[int, float]] = {0: 0.05}
    order_types = IStrategy.order_types
    asked: Any = None

    def __init__(self, **settings: Any) -> None:
        self.config = {"dry_run": True}
        for name, value in settings.items():
            setattr(self, name, value)

    def populate_indicators(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        return dataframe


class Plain(Defaults):
    """A strategy with callbacks."""

    def custom_exit(self, pair: str, trade: Any, **kwargs: Any) -> Any:
        if self.asked == "error":
            raise ValueError("no")
        return self.asked

    def custom_stoploss(self, pair: str, trade: Any, **kwargs: Any) -> Any:
        return -0.03

    def custom_roi(self, pair: str, trade: Any, **kwargs: Any) -> Any:
        return 0.01


class Stops(Plain):
    """A strategy with a stop of its own making."""

    def ft_stoploss_reached(self, *args: Any, **kwargs: Any) -> Any:
        found = super().ft_stoploss_reached(*args, **kwargs)
        found.exit_reason = "mine"
        return found


class Roi(Plain):
    """A strategy with a table of its own making."""

    def min_roi_reached_entry(self, *args: Any, **kwargs: Any) -> Any:
        return 0, 0.001


PRICE = st.sampled_from([1.0, 1.0, 1.1, 0.95, 0.97, 1.07, np.float64(1.05)]) | st.floats(0.9, 1.2)
#: The profit of a long trade at its own price, in an exit of equal profit and offset.
AT_COST = round(0.999 / 1.001 - 1, 8)
ZONES = [None, timezone(timedelta(hours=2)), ZoneInfo("UTC"), ZoneInfo("Asia/Tokyo")]
TRADE = st.fixed_dictionaries(
    {
        "is_short": st.booleans(),
        "trading_mode": st.sampled_from([TradingMode.SPOT, TradingMode.FUTURES]),
        "leverage": st.sampled_from([1.0, 3.0]),
        "stop_loss": st.sampled_from([0, None, 0.0]) | PRICE,
        "initial_stop_loss_pct": st.sampled_from([None, -0.1]),
        "initial_stop_loss": st.sampled_from([0.9, 1.1]),
        "is_stop_loss_trailing": st.booleans(),
        "liquidation_price": st.sampled_from([None, 0.0, 0.97, 1.07]),
        "max_rate": st.sampled_from([None, 1.3]),
        "min_rate": st.sampled_from([None, 0.8]),
        "open_date": st.sampled_from(
            [NOW.replace(tzinfo=zone) if zone is None else NOW.astimezone(zone) for zone in ZONES]
        ),
    }
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "stoploss": st.sampled_from([-0.1, -0.05, None]),
        "minimal_roi": st.sampled_from(
            [{}, {0: -0.5}, {0: 0.1, 30: 0.02, 60: -1}, {60: 0.01, 10: 0.06}, {0: None}, {0: 0}]
        ),
        "use_exit_signal": st.booleans(),
        "exit_profit_only": st.booleans(),
        "exit_profit_offset": st.sampled_from([0.0, 0.01, AT_COST]),
        "ignore_roi_if_entry_signal": st.booleans(),
        "use_custom_stoploss": st.booleans(),
        "use_custom_roi": st.booleans(),
        "trailing_stop": st.booleans(),
        "trailing_stop_positive": st.sampled_from([None, 0.01]),
        "trailing_stop_positive_offset": st.sampled_from([0.0, 0.02]),
        "trailing_only_offset_is_reached": st.booleans(),
        "asked": st.sampled_from([None, True, "", "reason", "x" * 300, 5, "error"]),
        "order_types": st.sampled_from([{"stoploss_on_exchange": True}, {}]),
        "config": st.sampled_from([{"dry_run": False}, {"dry_run": True}]),
    },
)
CALL = st.fixed_dictionaries(
    {"enter": st.sampled_from([0, 1, True]), "exit_": st.sampled_from([0, 1])},
    optional={
        "low": PRICE | st.sampled_from([None, 0]),
        "high": PRICE | st.sampled_from([None, 0]),
        "force_stoploss": st.sampled_from([0, -0.02]),
    },
)
SWAPS = (*callbacks.SWAPS, *exit_checks.SWAPS)


def a_trade(values: dict[str, Any]) -> Any:
    trade = make_trade(0, open_rate=1.0)
    for name, value in values.items():
        setattr(trade, name, value)
    trade.amount = 7.5
    trade.recalc_open_trade_value()
    return trade


def looked(make: Callable[[], tuple[Any, Callable[[], Any]]]) -> Callable[[], Any]:
    def look() -> Any:
        trade, call = make()
        with logged("freqtrade") as lines:
            found = outcome(call)
        shown = [(*line[:2], re.sub(r" at 0x\w+", "", line[2])) for line in lines]
        return found, told(vars(trade)), shown

    return look


@settings(max_examples=400)
@given(
    st.sampled_from([Plain, Plain, Plain, Stops, Roi, Defaults]),
    SETTINGS,
    TRADE,
    CALL,
    PRICE,
    st.sampled_from([0, 5, 30, 60.5, 10_000]),
)
def test_should_exit(
    cls: Any, setting: Any, trade: Any, call: Any, rate: Any, minutes: float
) -> None:
    def make() -> Any:
        made, strategy = a_trade(trade), cls(**setting)
        time = NOW + timedelta(minutes=minutes)
        return made, lambda: strategy.should_exit(made, rate, time, **call)

    ours, theirs = both(SWAPS, looked(make))
    assert ours == theirs


@settings(max_examples=200)
@given(SETTINGS, TRADE, st.sampled_from([0.0, 0.05, np.float64(0.06), -1.0]), st.integers(-5, 90))
def test_min_roi_reached(setting: Any, trade: Any, profit: Any, minutes: int) -> None:
    def make() -> Any:
        made, strategy = a_trade(trade), Plain(**setting)
        time = NOW + timedelta(minutes=minutes, microseconds=1)
        return made, lambda: strategy.min_roi_reached(made, profit, time)

    ours, theirs = both(SWAPS, looked(make))
    assert ours == theirs


@given(SETTINGS, TRADE, CALL, st.sampled_from([None, 0.03]), st.booleans())
def test_ft_stoploss_adjust(
    setting: Any, trade: Any, call: Any, bound: Any, after_fill: bool
) -> None:
    def make() -> Any:
        made, strategy = a_trade(trade), Plain(**setting)
        strategy._ft_stop_uses_after_fill = True
        more = {"low": call.get("low"), "high": call.get("high"), "after_fill": after_fill}
        given = (1.02, made, NOW, 0.02, call.get("force_stoploss", 0))
        return made, lambda: strategy.ft_stoploss_adjust(*given, bound_profit=bound, **more)

    ours, theirs = both(SWAPS, looked(make))
    assert ours == theirs


def test_functions_set_on_the_object_are_called() -> None:
    def make() -> Any:
        made, strategy = a_trade({}), Plain()
        strategy.min_roi_reached_entry = lambda *args: (0, -1)
        strategy.ft_stoploss_reached = lambda **kwargs: 1 / 0
        call = {"enter": 0, "exit_": 0, "low": 0.9, "high": 1.1}
        return made, lambda: [
            strategy.min_roi_reached(made, 0.0, NOW),
            strategy.should_exit(made, 1.0, NOW, **call),
        ]

    ours, theirs = both(SWAPS, looked(make))
    assert ours == theirs


def test_the_stoploss_is_read_as_often_as_by_freqtrade() -> None:
    class Reads(Plain):
        reads = 0

        @property
        def stoploss(self) -> float:
            self.reads += 1
            return -0.1

    def make() -> Any:
        made, strategy = a_trade({"stop_loss": 0.9}), Reads()

        def call() -> Any:
            strategy.should_exit(made, 1.0, NOW, enter=0, exit_=0, low=0.95, high=1.05)
            return strategy.reads

        return made, call

    ours, theirs = both(SWAPS, looked(make))
    assert ours == theirs


SIGNAL = {"enter": 0, "exit_": 1}


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize(
    ("setting", "trade", "call"),
    [
        ({}, {"liquidation_price": 0.97}, {}),
        ({}, {"liquidation_price": 0.97, "stop_loss": 0.98}, {}),
        ({}, {"stop_loss": 0.97}, {}),
        ({}, {"stop_loss": 0.97, "is_stop_loss_trailing": True}, {}),
        ({"order_types": {"stoploss_on_exchange": True}}, {"stop_loss": 0.97}, {}),
        ({"exit_profit_only": True, "exit_profit_offset": AT_COST}, {}, SIGNAL),
        ({"exit_profit_only": True, "exit_profit_offset": AT_COST - 1e-8}, {}, SIGNAL),
        ({"minimal_roi": {0: -0.5}}, {}, {"enter": 1}),
        ({"minimal_roi": {0: -0.5}, "ignore_roi_if_entry_signal": True}, {}, {"enter": 1}),
        ({"minimal_roi": {0: -0.5}, "asked": "x"}, {"stop_loss": 0.99}, {}),
        ({"asked": "y" * 300, "use_exit_signal": False}, {}, {}),
        ({"asked": "y" * 300}, {}, {}),
    ],
)
def test_limits_that_are_just_met(setting: Any, trade: Any, call: Any, short: bool) -> None:
    def turned(price: Any) -> Any:
        return round(2 - price, 2) if short and isinstance(price, float) else price

    values = {"stop_loss": 0.9, "initial_stop_loss_pct": -0.1} | trade | {"is_short": short}
    values |= {k: turned(v) for k, v in values.items() if k in ("stop_loss", "liquidation_price")}
    given = {"enter": 0, "exit_": 0, "low": 0.97, "high": 1.03} | call

    def make() -> Any:
        made, strategy = a_trade(values), Plain(**setting)
        return made, lambda: strategy.should_exit(made, 1.0, NOW, **given)

    ours, theirs = both(SWAPS, looked(make))
    assert ours == theirs
