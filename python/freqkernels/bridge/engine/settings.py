"""Whether the settings of a run are of the kinds that the compiled engine computes with.

freqtrade takes nearly anything; what has another type than a configuration would give it is left
to freqtrade. Nothing of the strategy is called: a property on a setting is refused unread.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite
from typing import Any

from freqkernels.bridge.engine.genuine import lookup
from freqkernels.runtime import SUPPORTED, Support, refuse

Check = Callable[[Any], bool]
_ABSENT = object()


def _number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value)


def _optional_number(value: Any) -> bool:
    return value is None or _number(value)


def _flag(value: Any) -> bool:
    return value is None or type(value) in (bool, int, float)


def _count(value: Any) -> bool:
    return (type(value) is int and value >= 0) or (type(value) is float and value == inf)


def _roi(value: Any) -> bool:
    return type(value) is dict and all(
        type(minutes) is int and _number(ratio) for minutes, ratio in value.items()
    )


def _sides(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(side), str) for side in ("entry", "exit")
    )


def _timeouts(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _optional_number(value.get("entry"))
        and _optional_number(value.get("exit"))
        and value.get("unit", "minutes") in ("minutes", "seconds")
    )


def _stake(value: Any) -> bool:
    return value == "unlimited" if isinstance(value, str) else _number(value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


_A_NUMBER = (_number, "a finite int or float")
_A_FLAG = (_flag, "True or False")
_TWO_TEXTS = (_sides, "a dict with texts for entry and exit")

#: Attributes of the strategy that the engine reads once, what they have to be, and how to say so.
STRATEGY_SETTINGS: dict[str, tuple[Check, str]] = {
    "stoploss": _A_NUMBER,
    "minimal_roi": (_roi, "a dict of int minutes and finite numbers"),
    "trailing_stop": _A_FLAG,
    "trailing_stop_positive": (_optional_number, "a finite int or float, or None"),
    "trailing_stop_positive_offset": _A_NUMBER,
    "trailing_only_offset_is_reached": _A_FLAG,
    "use_exit_signal": _A_FLAG,
    "exit_profit_only": _A_FLAG,
    "exit_profit_offset": _A_NUMBER,
    "ignore_roi_if_entry_signal": _A_FLAG,
    "max_open_trades": (_count, "an int from 0 on, or inf"),
    "order_types": _TWO_TEXTS,
    "order_time_in_force": _TWO_TEXTS,
    "use_custom_stoploss": _A_FLAG,
    "use_custom_roi": _A_FLAG,
    "position_adjustment_enable": _A_FLAG,
    "max_entry_position_adjustment": _A_NUMBER,
    "ignore_buying_expired_candle_after": _A_NUMBER,
    "can_short": _A_FLAG,
    "_ft_stop_uses_after_fill": _A_FLAG,
}

#: Entries of the wallets' configuration; absent ones count as None.
_WALLET_SETTINGS: dict[str, tuple[Check, str]] = {
    "stake_amount": (_stake, '"unlimited", or a finite int or float'),
    "tradable_balance_ratio": _A_NUMBER,
    "available_capital": (_optional_number, "a finite int or float"),
    "amend_last_stake_amount": _A_FLAG,
    "last_stake_amount_min_ratio": _A_NUMBER,
    "stake_currency": (_text, "a text"),
}


def strategy_settings_support(strategy: Any) -> Support:
    """Whether the strategy's settings are plain values of the right types."""
    cls, own = type(strategy), vars(strategy)
    for name, (check, expected) in STRATEGY_SETTINGS.items():
        found = lookup(cls, name)
        if found is not None and hasattr(type(found[1]), "__get__"):
            return refuse(f"the strategy's {name} is a {type(found[1]).__name__}, not a value")
        value = own.get(name, _ABSENT)
        if value is _ABSENT:
            if found is None:
                return refuse(f"the strategy has no {name}")
            value = found[1]
        if not check(value):
            return refuse(f"the strategy's {name} is {value!r:.60}, not {expected}")
    return SUPPORTED


def config_support(backtesting: Any) -> Support:
    """Whether the configuration, as each part of freqtrade holds it, has the right types."""
    strategy, wallets, exchange = backtesting.strategy, backtesting.wallets, backtesting.exchange
    for config in (backtesting.config, strategy.config, wallets._config, exchange._config):
        if type(config) is not dict:
            return refuse(f"the configuration is a {type(config).__name__}, not a dict")
        if not config.get("dry_run"):
            return refuse("dry_run is off in the configuration")
    for name, (check, expected) in _WALLET_SETTINGS.items():
        value = wallets._config.get(name)
        if not check(value):
            return refuse(f"{name} is {value!r:.60}, not {expected}")
    timeouts = timeouts_support(strategy.config)
    if not timeouts:
        return timeouts
    reserve = exchange._config.get("amount_reserve_percent", 0.05)
    if not _number(reserve):
        return refuse(f"amount_reserve_percent is {reserve!r:.60}, not a finite int or float")
    balances = wallets._start_cap
    if type(balances) is not dict or not all(_number(value) for value in balances.values()):
        return refuse(f"dry_run_wallet is {balances!r:.60}, not finite numbers")
    if wallets._is_backtest is not True:
        return refuse("the wallets are not those of a backtest")
    return _numbers_support(backtesting)


def timeouts_support(config: dict[str, Any]) -> Support:
    """Whether the time limits of orders are numbers.

    :param config: the strategy's configuration.
    """
    timeouts = config.get("unfilledtimeout", {})
    if _timeouts(timeouts):
        return SUPPORTED
    return refuse(f"unfilledtimeout is {timeouts!r:.60}, not numbers of minutes or seconds")


def _numbers_support(backtesting: Any) -> Support:
    fee = backtesting.fee
    if not _number(fee) or not 0 <= fee < 1:
        return refuse(f"fee is {fee!r:.60}, not an int or float from 0 to below 1")
    buffer = backtesting.exchange.liquidation_buffer
    if not _number(buffer):
        return refuse(f"liquidation_buffer is {buffer!r:.60}, not a finite int or float")
    capital = backtesting.starting_balance
    if not _number(capital):
        return refuse(f"the starting balance is {capital!r:.60}, not a finite int or float")
    return SUPPORTED


def mode_support(backtesting: Any) -> Support:
    """Whether the kind of run is one that the engine knows."""
    exchange, config = backtesting.exchange, backtesting.config
    trading_mode = _value(backtesting.trading_mode)
    if trading_mode not in ("spot", "futures"):
        return refuse(f"trading_mode is {trading_mode}")
    if _value(exchange.trading_mode) != trading_mode:
        return refuse("the exchange object has another trading_mode than the backtest")
    modes = {_value(backtesting.margin_mode), _value(exchange.margin_mode)}
    if "cross" in modes or _value(backtesting.wallets._config.get("margin_mode")) == "cross":
        return refuse("margin_mode is cross")
    if trading_mode == "futures" and modes != {"isolated"}:
        return refuse(f"margin_mode is {' and '.join(sorted(map(str, modes)))}, not isolated")
    if backtesting.dynamic_pairlist or config.get("enable_dynamic_pairlist"):
        return refuse("enable_dynamic_pairlist is on")
    for settings in (config, backtesting.strategy.config):
        if (settings.get("freqai") or {}).get("enabled"):
            return refuse("freqai is enabled")
    return SUPPORTED


def _value(mode: Any) -> Any:
    return getattr(mode, "value", mode)
