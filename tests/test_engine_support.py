"""Which backtests may be compiled: strategies and settings, each on a real ``Backtesting``."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from engine_backtesting import Run
from freqkernels.bridge.engine import callbacks
from freqkernels.bridge.engine.protections import loaded_support
from freqkernels.bridge.engine.settings import STRATEGY_SETTINGS
from freqkernels.bridge.imitated import CALLBACKS, STRATEGY_INTERNALS
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE

#: Switches on everything that makes freqtrade call a callback.
ALL_ON = """
use_exit_signal = True
use_custom_stoploss = True
use_custom_roi = True
position_adjustment_enable = True
"""


@pytest.fixture(scope="module")
def spot() -> Run:
    return Run("spot")


@pytest.fixture(scope="module")
def futures() -> Run:
    return Run("futures")


@pytest.fixture(autouse=True)
def plain_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test leaves runs with a plain strategy, which has to be supported again."""
    yield
    for mode in {"spot", "futures"} & set(request.fixturenames):
        run: Run = request.getfixturevalue(mode)
        run.strategy("pass")
        assert run.reason() == ""


def test_a_strategy_of_signals_and_settings(spot: Run, futures: Run) -> None:
    body = """
        can_short = {short}
        trailing_stop = True
        trailing_stop_positive = 0.01
        trailing_stop_positive_offset = 0.02
        trailing_only_offset_is_reached = True
        ignore_roi_if_entry_signal = True
        exit_profit_only = True
        minimal_roi = {{"0": 0.04, "60": 0, "90": -1}}
        order_types = {{"entry": "market", "exit": "limit", "stoploss": "market",
                        "stoploss_on_exchange": True}}
        plot_config = {{"main_plot": {{}}}}
    """
    spot.strategy(body.format(short=False))
    assert spot.reason() == ""
    futures.strategy(body.format(short=True))
    assert futures.reason() == ""


def test_code_that_is_no_part_of_the_simulation(spot: Run) -> None:
    spot.strategy("""
        protections = [{"method": "CooldownPeriod", "stop_duration_candles": 2}]
        number = IntParameter(1, 9, default=3, space="buy")

        def bot_start(self, **kwargs):
            self.started = True

        def version(self):
            return "1"

        def informative_pairs(self):
            return []

        @informative("1h")
        def populate_indicators_hour(self, dataframe, metadata):
            return dataframe

        def populate_entry_trend(self, dataframe, metadata):
            self.lock_pair("BTC/USDT", datetime(2030, 1, 1))
            return self.helper(dataframe)

        def lock_pair(self, *args, **kwargs):
            return super().lock_pair(*args, **kwargs)

        def helper(self, dataframe):
            return dataframe
    """)
    assert spot.reason() == ""


@pytest.mark.parametrize("name", CALLBACKS)
def test_each_callback(spot: Run, futures: Run, name: str) -> None:
    run = futures if name == "leverage" else spot  # in futures freqtrade takes no deprecated names
    strategy = run.strategy(f"{ALL_ON}\ndef {name}(self, **kwargs): return self.wallets.x")
    strategy.use_custom_stoploss = name == "custom_stoploss"
    assert name in run.reason()


@pytest.mark.parametrize("name", CALLBACKS)
def test_each_default_body(futures: Run, name: str) -> None:
    strategy = futures.strategy(f"{ALL_ON}\ndef helper(self, **kwargs): return self.wallets.x")
    strategy.use_custom_stoploss = False
    assert futures.reason() == ""
    setattr(strategy, name, strategy.helper)
    strategy.use_custom_stoploss = name == "custom_stoploss"
    assert futures.reason() == f"the strategy has a {name} of its own, set on the object"


def test_the_default_custom_stoploss_trails(spot: Run) -> None:
    spot.strategy("use_custom_stoploss = True")
    assert spot.reason() == "use_custom_stoploss is on"


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("custom_exit", "use_exit_signal = False"),
        ("custom_sell", "use_exit_signal = False"),
        ("custom_exit_price", "use_exit_signal = False"),
        ("custom_stoploss", "use_custom_stoploss = False"),
        ("custom_roi", "use_custom_roi = False"),
        ("adjust_trade_position", "position_adjustment_enable = False"),
        ("leverage", ""),
        ("custom_entry_price", "order_types = MARKET"),
        ("custom_exit_price", "order_types = MARKET"),
    ],
)
def test_callbacks_that_are_switched_off(spot: Run, name: str, setting: str) -> None:
    market = '{"entry": "market", "exit": "market", "stoploss": "x", "stoploss_on_exchange": 0}'
    method = f"def {name}(self, **kwargs): return self.wallets.x"
    spot.strategy(f"{setting.replace('MARKET', market)}\n{method}")
    assert spot.reason() == ""


@pytest.mark.parametrize(
    ("base", "place"), [("Careful", "(in Mixin)"), ("Mixin, Base", "(in Mixin)")]
)
def test_callbacks_of_mixins_and_base_strategies(spot: Run, base: str, place: str) -> None:
    spot.strategy("pass", base)
    assert spot.reason() == f"the strategy overrides confirm_trade_exit {place}"


@pytest.mark.parametrize("method", ["__init__(self, config)", "bot_start(self)"])
def test_callbacks_set_on_the_object(spot: Run, method: str) -> None:
    begin = "super().__init__(config)" if "init" in method else "pass"
    spot.strategy(f"def {method}:\n  {begin}\n  self.order_filled = lambda **kwargs: None")
    assert spot.reason() == "the strategy has a order_filled of its own, set on the object"


@pytest.mark.parametrize(
    "method",
    [
        "bot_loop_start(self, current_time, **kwargs): pass",
        "bot_loop_start(self, **kwargs):\n  '''Nothing.'''\n  return 7",
        "order_filled(self, pair, trade, order, current_time, **kwargs): return None",
        "custom_exit(self, pair, trade, current_time, current_rate, **kwargs): return None",
        "custom_exit(self, pair, trade, extra=1, **kwargs): return False",
        "custom_entry_price(self, pair, proposed_rate, **kwargs): return proposed_rate",
        "custom_exit_price(self, proposed_rate, **kwargs): return None",
        "custom_stake_amount(self, proposed_stake, side, **kwargs): return proposed_stake",
        "confirm_trade_entry(self, pair, **kwargs): return True",
        "confirm_trade_exit(self, **kwargs): return 'yes'",
        "check_entry_timeout(self, order, **kwargs): return False",
        "adjust_order_price(self, current_order_rate, **kwargs): return current_order_rate",
    ],
)
def test_callbacks_that_say_nothing(spot: Run, method: str) -> None:
    spot.strategy(f"def {method}")
    assert spot.reason() == ""


@pytest.mark.parametrize(
    "method",
    [
        "custom_exit(self, **kwargs): return True",
        "custom_entry_price(self, pair, **kwargs): return pair",
        "custom_entry_price(self, **kwargs): return 1.0",
        "custom_stake_amount(self, **kwargs): return None",
        "custom_stake_amount(self, min_stake, **kwargs): return min_stake",
        "confirm_trade_entry(self, **kwargs): return False",
        "confirm_trade_entry(self, pair): return True",
        "confirm_trade_entry(self, unknown, **kwargs): return True",
        "confirm_trade_exit(self, **kwargs): return False",
        "custom_sell(self, **kwargs): return 'sold'",
        "custom_roi(self, **kwargs): return 0.01",
        "adjust_trade_position(self, **kwargs): return 5",
        "check_entry_timeout(self, **kwargs): return True",
        "check_exit_timeout(self, **kwargs): return 1",
        "check_buy_timeout(self, **kwargs): return True",
        "check_sell_timeout(self, **kwargs): return True",
        "adjust_order_price(self, **kwargs): return None",
        "adjust_entry_price(self, **kwargs): return None",
        "adjust_exit_price(self, **kwargs): return None",
        "adjust_order_price(self, proposed_rate, **kwargs): return proposed_rate",
        "order_filled(self, **kwargs): print()",
        "order_filled(self, **kwargs): yield 1",
        "bot_loop_start(self, **kwargs): self.x = 1",
        "bot_loop_start(**kwargs): pass",
        "bot_loop_start(current_time, **kwargs): pass",
        "bot_loop_start(self, kwargs, **more): pass",
        "bot_loop_start(self, current_time, /, **kwargs): pass",
    ],
)
def test_callbacks_that_say_something(spot: Run, method: str) -> None:
    strategy = spot.strategy(f"{ALL_ON}\ndef {method}")
    strategy.use_custom_stoploss = False
    assert spot.reason() == f"the strategy overrides {method.partition('(')[0]}"


def test_a_callback_that_is_changed_later(spot: Run) -> None:
    strategy = spot.strategy("def confirm_trade_entry(self, **kwargs): return True")
    assert spot.reason() == ""
    function = type(strategy).confirm_trade_entry
    function.__code__ = (lambda self, **kwargs: False).__code__
    assert "confirm_trade_entry" in spot.reason()


@pytest.mark.parametrize("name", STRATEGY_INTERNALS)
def test_each_internal_method(spot: Run, name: str) -> None:
    spot.strategy(f"def {name}(self, *args, **kwargs): return super().{name}(*args, **kwargs)")
    assert spot.reason() == f"the strategy overrides {name}"


def test_every_method_of_a_strategy_is_judged() -> None:
    from freqtrade.strategy.interface import IStrategy

    methods = {
        name
        for name, value in inspect.getmembers(IStrategy, inspect.isfunction)
        if not name.startswith("_")
    }
    judged = {*CALLBACKS, *STRATEGY_INTERNALS, *callbacks.HARMLESS}
    assert methods - judged == set()
    assert judged - methods == {"_adjust_trade_position_internal"}
    assert len(CALLBACKS) + len(STRATEGY_INTERNALS) + len(callbacks.HARMLESS) == len(judged)


def test_every_attribute_of_a_strategy_is_judged() -> None:
    """An attribute that a new release adds may be one that the simulation reads."""
    from freqtrade.strategy.interface import IStrategy

    read_before_or_never = {
        "INTERFACE_VERSION", "config", "disable_dataframe_checks", "dp", "market_direction",
        "plot_config", "process_only_new_candles", "protections", "stake_currency",
        "startup_candle_count", "timeframe", "wallets",
        "_ft_params_from_file", "_cached_grouped_trades_per_pair",
    }  # fmt: skip
    names = {name for name in IStrategy.__annotations__ if not name.startswith("__")}
    names |= {name for name, value in vars(IStrategy).items() if _is_setting(name, value)}
    assert names - set(STRATEGY_SETTINGS) - read_before_or_never == set()


def _is_setting(name: str, value: Any) -> bool:
    return not name.startswith(("__", "_abc")) and not callable(value)


@pytest.mark.parametrize("name", ["__getattribute__", "__getattr__"])
def test_attributes_that_run_code(spot: Run, name: str) -> None:
    spot.strategy(f"def {name}(self, name): return object.__getattribute__(self, name)")
    assert spot.reason() == f"the strategy has a {name} of its own"


@pytest.mark.parametrize("name", STRATEGY_SETTINGS)
def test_settings_that_are_properties(
    spot: Run, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = spot.strategy("pass")

    def read(self: Any) -> Any:
        raise AssertionError("the strategy's code has been run")

    monkeypatch.setattr(type(strategy), name, property(read), raising=False)
    assert spot.reason() == f"the strategy's {name} is a property, not a value"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stoploss", None),
        ("stoploss", "-0.1"),
        ("stoploss", float("nan")),
        ("stoploss", True),
        ("minimal_roi", None),
        ("minimal_roi", {"0": 0.1}),
        ("minimal_roi", {0: None}),
        ("minimal_roi", {0: "0.1"}),
        ("minimal_roi", {0: float("inf")}),
        ("minimal_roi", {0.5: 0.1}),
        ("minimal_roi", {True: 0.1}),
        ("minimal_roi", [(0, 0.1)]),
        ("trailing_stop", "yes"),
        ("trailing_stop_positive", "0.1"),
        ("trailing_stop_positive_offset", None),
        ("exit_profit_offset", None),
        ("use_exit_signal", object()),
        ("max_open_trades", -1),
        ("max_open_trades", 2.5),
        ("max_open_trades", None),
        ("max_open_trades", float("-inf")),
        ("order_types", None),
        ("order_types", {"entry": "limit"}),
        ("order_time_in_force", {"entry": "GTC", "exit": None}),
        ("ignore_buying_expired_candle_after", "5"),
    ],
)
def test_settings_of_other_types(spot: Run, name: str, value: Any) -> None:
    setattr(spot.strategy("pass"), name, value)
    assert spot.reason().startswith(f"the strategy's {name} is {value!r:.60}, not ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stoploss", -1),
        ("minimal_roi", {}),
        ("minimal_roi", {30: 0, 0: 0.1}),
        ("trailing_stop", 1),
        ("trailing_stop_positive", 0),
        ("max_open_trades", 0),
        ("max_open_trades", float("inf")),
        ("order_types", {"entry": "other", "exit": "market"}),
    ],
)
def test_settings_that_are_odd_but_clear(spot: Run, name: str, value: Any) -> None:
    setattr(spot.strategy("pass"), name, value)
    assert spot.reason() == ""


def test_a_trailing_stop_that_also_moves_at_fills(spot: Run) -> None:
    body = "def custom_stoploss(self, pair, after_fill, **kwargs): return None"
    spot.strategy(body)
    assert spot.reason() == ""
    spot.strategy(f"trailing_stop = True\n{body}")
    assert spot.reason() == "trailing_stop is on and custom_stoploss takes after_fill"


def test_protections_by_their_names(spot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = 'protections = [{"method": "MyOwn"}]'
    spot.strategy(unknown)
    assert spot.reason() == ""  # never loaded
    monkeypatch.setattr(spot.backtesting, "enable_protections", True)
    assert spot.reason() == "the protection MyOwn is not one of freqtrade's"
    spot.strategy("protections = [1]")
    assert spot.reason() == "protections is not a list of dicts"
    body = "read = []\n@property\ndef protections(self): self.read.append(1); return []"
    strategy = spot.strategy(body)
    strategy.read.clear()
    assert spot.reason() == ""
    assert strategy.read == []


def test_loaded_protections(spot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    bt = spot.backtesting
    assert loaded_support(bt)
    monkeypatch.setattr(bt, "enable_protections", True)
    monkeypatch.setitem(bt.config, "enable_protections", True)
    names = ("CooldownPeriod", "LowProfitPairs", "MaxDrawdown", "StoplossGuard")
    spot.strategy(f"protections = [dict(method=name) for name in {names}]")
    for _ in range(2):  # classes are made anew each time
        bt.reset_backtest(True)
        assert loaded_support(bt)
    for number, name in enumerate(names):
        bt.reset_backtest(True)
        handler = bt.protections._protection_handlers[number]
        handler.stop_per_pair = lambda *args: None
        assert name in loaded_support(bt).reason
        bt.reset_backtest(True)
        cls = type(bt.protections._protection_handlers[number])
        cls.global_stop = lambda *args: None
        assert f"{name} has a global_stop that is not" in loaded_support(bt).reason
        bt.reset_backtest(True)
        cls = type(bt.protections._protection_handlers[number])
        bt.protections._protection_handlers[number] = type("Other", (cls,), {})(
            bt.config, {"method": name}
        )
        assert "Other is not one of" in loaded_support(bt).reason
    monkeypatch.setattr(bt, "protections", object())
    assert "stands in for ProtectionManager" in loaded_support(bt).reason


@pytest.mark.parametrize(
    "name", ["freqtrade", "freqtrade.persistence", "freqtrade.plugins.protectionmanager"]
)
def test_debug_lines_are_written_by_freqtrade_only(spot: Run, name: str) -> None:
    spot.strategy("pass")
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        assert "DEBUG" in spot.reason()
    finally:
        logger.setLevel(before)
    assert spot.reason() == ""


if not certificate(ENGINE).support:  # a release that is left alone: see test_engine_names
    for test in [name for name in globals() if name.startswith("test_")]:
        del globals()[test]
