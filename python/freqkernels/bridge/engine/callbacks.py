"""Whether a strategy has code of its own that could change a trade.

Looked for in the whole order of resolution (base strategies, mixins) and on the object itself. An
overridden callback that is never called with the given settings does not count, and neither does
one that only returns what freqtrade takes for "nothing to say".
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from freqkernels.bridge.engine.genuine import attributes_support, lookup, stands_for
from freqkernels.bridge.engine.pure_leverage import pure_leverage
from freqkernels.bridge.imitated import CALLBACKS, STRATEGY, STRATEGY_INTERNALS
from freqkernels.runtime import SUPPORTED, Support, refuse

#: Methods of ``IStrategy`` that a strategy may override: they run before the simulation, as they
#: do without the engine, or not at all in a backtest.
HARMLESS = frozenset(
    [
        "bot_start",
        "populate_indicators",
        "populate_buy_trend",
        "populate_sell_trend",
        "populate_entry_trend",
        "populate_exit_trend",
        "populate_any_indicators",
        "informative_pairs",
        "gather_informative_pairs",
        "version",
        "get_strategy_name",
        "plot_annotations",
        "ft_plot_annotations",
        "feature_engineering_expand_all",
        "feature_engineering_expand_basic",
        "feature_engineering_standard",
        "set_freqai_targets",
        "load_freqAI_model",
        "ft_bot_start",
        "ft_bot_cleanup",
        "lock_pair",
        "unlock_pair",
        "unlock_reason",
        "is_pair_locked",
        "analyze_ticker",
        "analyze_pair",
        "analyze",
        "get_latest_candle",
        "get_exit_signal",
        "get_entry_signal",
        "advise_all_indicators",
        "ft_advise_signals",
        "advise_indicators",
        "advise_entry",
        "advise_exit",
        "enumerate_parameters",
        "ft_set_special_params_from_file",
        "ft_load_hyper_params",
        "load_params_from_file",
        "get_no_optimize_params",
    ]
)


def _always(strategy: Any, futures: bool) -> bool:
    return True


def _limit(side: str) -> Callable[[Any, bool], bool]:
    return lambda strategy, futures: bool(strategy.order_types[side] == "limit")


def _setting(name: str) -> Callable[[Any, bool], bool]:
    return lambda strategy, futures: bool(getattr(strategy, name))


def _limit_signal_exit(strategy: Any, futures: bool) -> bool:
    return bool(strategy.use_exit_signal and strategy.order_types["exit"] == "limit")


def _anything(value: Any) -> bool:
    return True


def _truthy(value: Any) -> bool:
    return bool(value)


def _falsy(value: Any) -> bool:
    return not value


def _none(value: Any) -> bool:
    return value is None


@dataclass(frozen=True, slots=True)
class _Rule:
    """When freqtrade calls a callback, and which answers leave the trade as it is.

    :param called: by strategy and "is it futures?".
    :param constant: whether a constant answer changes nothing; None: every constant may.
    :param argument: an argument which, returned, changes nothing.
    """

    called: Callable[[Any, bool], bool]
    constant: Callable[[Any], bool] | None = None
    argument: str = ""


_ORDER_PRICE = _Rule(_always, argument="current_order_rate")
_RULES: dict[str, _Rule] = {
    "bot_loop_start": _Rule(_always, _anything),
    "custom_exit": _Rule(_setting("use_exit_signal"), _falsy),
    "custom_sell": _Rule(_setting("use_exit_signal"), _falsy),
    "custom_stoploss": _Rule(_setting("use_custom_stoploss")),
    "custom_roi": _Rule(_setting("use_custom_roi"), _none),
    "adjust_trade_position": _Rule(_setting("position_adjustment_enable"), _none),
    "custom_entry_price": _Rule(_limit("entry"), _none, "proposed_rate"),
    "custom_exit_price": _Rule(_limit_signal_exit, _none, "proposed_rate"),
    "leverage": _Rule(lambda strategy, futures: futures),
    "custom_stake_amount": _Rule(_always, None, "proposed_stake"),
    "confirm_trade_entry": _Rule(_always, _truthy),
    "confirm_trade_exit": _Rule(_always, _truthy),
    "order_filled": _Rule(_always, _anything),
    "check_entry_timeout": _Rule(_always, _falsy),
    "check_exit_timeout": _Rule(_always, _falsy),
    "check_buy_timeout": _Rule(_always, _falsy),
    "check_sell_timeout": _Rule(_always, _falsy),
    "adjust_order_price": _ORDER_PRICE,
    "adjust_entry_price": _ORDER_PRICE,
    "adjust_exit_price": _ORDER_PRICE,
}
assert _RULES.keys() == set(CALLBACKS)


def callbacks_support(strategy: Any, *, futures: bool) -> Support:
    """Whether nothing of the strategy's own is called during the simulation.

    A ``leverage`` that passes :func:`pure_leverage` may be called: it only computes.

    :param strategy: the strategy object, after ``bot_start``; its settings have been checked.
    :param futures: whether the trading mode is futures.
    """
    support = internals_support(strategy)
    if not support:
        return support
    base = vars(sys.modules[STRATEGY])["IStrategy"]
    for name, rule in _RULES.items():
        if rule.called(strategy, futures):
            support = _callback_support(strategy, name, rule, base)
            if not support:
                return support
    # Its default body is a stop that trails at the distance of stoploss.
    return refuse("use_custom_stoploss is on") if strategy.use_custom_stoploss else SUPPORTED


def _callback_support(strategy: Any, name: str, rule: _Rule, base: type) -> Support:
    """Whether a callback that freqtrade calls leaves the trade as it is."""
    support = _as_shipped(strategy, name, base)
    if support or _says_nothing(strategy, name, rule, base):
        return SUPPORTED
    return pure_leverage(strategy) if name == "leverage" else support


def own_callbacks(strategy: Any) -> frozenset[str]:
    """The callbacks of a strategy whose calls may have an effect.

    :param strategy: the strategy object.
    """
    base = vars(sys.modules[STRATEGY])["IStrategy"]
    return frozenset(
        name
        for name, rule in _RULES.items()
        if not (_as_shipped(strategy, name, base) or _says_nothing(strategy, name, rule, base))
    )


def internals_support(strategy: Any) -> Support:
    """Whether what freqtrade calls between its callbacks is all its own.

    :param strategy: the strategy object.
    """
    support = attributes_support("the strategy", type(strategy))
    base = vars(sys.modules[STRATEGY])["IStrategy"]
    for name in STRATEGY_INTERNALS:
        support = support and _as_shipped(strategy, name, base)
    return support


def own_leverage(strategy: Any) -> bool:
    """Whether the strategy overrides ``leverage``."""
    return not _as_shipped(strategy, "leverage", vars(sys.modules[STRATEGY])["IStrategy"])


def _as_shipped(strategy: Any, name: str, base: type) -> Support:
    """Whether a method is the one of ``IStrategy``."""
    if name in vars(strategy):
        return refuse(f"the strategy has a {name} of its own, set on the object")
    found = lookup(type(strategy), name)
    if found is None:
        return refuse(f"the strategy has no {name}")
    owner, value = found
    if owner is not base:
        inherited = "" if owner is type(strategy) else f" (in {owner.__qualname__})"
        return refuse(f"the strategy overrides {name}{inherited}")
    if not stands_for(value, f"{STRATEGY}:IStrategy.{name}"):
        return refuse(f"{STRATEGY}.IStrategy.{name} has been replaced by something else")
    return SUPPORTED


def _says_nothing(strategy: Any, name: str, rule: _Rule, base: type) -> bool:
    """Whether a callback can be called as freqtrade does and only says "nothing to change"."""
    owner, function = lookup(type(strategy), name) or (base, None)
    default = vars(base).get(name)
    if name in vars(strategy) or owner is base or not isinstance(function, FunctionType):
        return False
    shipped = f"{STRATEGY}:IStrategy.{name}"
    if not isinstance(default, FunctionType) or not stands_for(default, shipped):
        return False
    key = (function.__code__, function.__defaults__, name)
    remembered = _judged.get(function)
    if remembered is not None and remembered[0] == key:
        return remembered[1]
    verdict = _leaves_it(function, rule) and _takes_what(function, default)
    _judged[function] = key, verdict
    return verdict


_judged: WeakKeyDictionary[FunctionType, tuple[tuple[Any, ...], bool]] = WeakKeyDictionary()


def _leaves_it(function: FunctionType, rule: _Rule) -> bool:
    answer = _only_returns(function)
    if answer is None:
        return False
    kind, value = answer
    if kind == "argument":
        return bool(rule.argument) and value == rule.argument
    return rule.constant is not None and rule.constant(value)


_PASSIVE = frozenset({"RESUME", "NOP", "CACHE", "EXTENDED_ARG"})


def _only_returns(function: FunctionType) -> tuple[str, Any] | None:
    """The constant or the argument that a function returns, if it does nothing else."""
    code = function.__code__
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        return None
    steps = [step for step in dis.get_instructions(code) if step.opname not in _PASSIVE]
    names = [step.opname for step in steps]
    if names == ["RETURN_CONST"] or (
        len(names) == 2 and names[0].startswith(("LOAD_CONST", "LOAD_SMALL_INT"))
    ):
        return "constant", steps[0].argval
    if len(names) == 2 and names[0] in {"LOAD_FAST", "LOAD_FAST_BORROW"}:
        return "argument", steps[0].argval
    return None


def _takes_what(function: FunctionType, default: FunctionType) -> bool:
    """Whether a method can be called with the keywords that the callback's default body takes."""
    kinds = inspect.Parameter
    given = [
        name
        for name, parameter in inspect.signature(default).parameters.items()
        if parameter.kind is kinds.POSITIONAL_OR_KEYWORD
    ][1:]
    parameters = [*inspect.signature(function).parameters.values()]
    if len(parameters) < 2 or parameters[-1].kind is not kinds.VAR_KEYWORD:
        return False
    first, *others = parameters[:-1]
    if first.name in given or first.kind is kinds.KEYWORD_ONLY:
        return False
    return all(
        parameter.kind is not kinds.POSITIONAL_ONLY
        and (parameter.name in given or parameter.default is not kinds.empty)
        for parameter in others
        if parameter.kind is not kinds.VAR_POSITIONAL
    )
