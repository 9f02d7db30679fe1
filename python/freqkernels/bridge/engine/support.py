"""Whether one call of ``Backtesting.backtest()`` may be run by the compiled engine."""

from __future__ import annotations

import decimal
import logging
from typing import Any

from freqkernels.bridge.engine.callbacks import callbacks_support, internals_support
from freqkernels.bridge.engine.genuine import class_support, holders_support, object_support
from freqkernels.bridge.engine.markets import exchange_support, pairs_support
from freqkernels.bridge.engine.protections import configured_support
from freqkernels.bridge.engine.settings import (
    config_support,
    mode_support,
    strategy_settings_support,
)
from freqkernels.bridge.imitated import (
    BACKTESTING,
    BACKTESTING_METHODS,
    CLASSES,
    FUNCTIONS,
    IMITATED,
    PROVIDER,
    PROVIDER_METHODS,
    WALLETS,
    WALLETS_METHODS,
)
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from freqkernels.runtime import SUPPORTED, Support, refuse

#: Modules whose code, on the way, looks classes and functions up by name.
_MODULES = tuple(sorted({name.partition(":")[0] for name in IMITATED}))
#: Those that write for each candle of an open trade, or each stop of a protection.
_LOGGERS = (
    "freqtrade.persistence.trade_model",
    "freqtrade.strategy.interface",
    "freqtrade.plugins.protectionmanager",
)
_OWN = dict.fromkeys(BACKTESTING_METHODS, (f"{BACKTESTING}:Backtesting",))
_PROVIDER = dict.fromkeys(PROVIDER_METHODS, (f"{PROVIDER}:DataProvider",))
_WALLETS = dict.fromkeys(WALLETS_METHODS, (f"{WALLETS}:Wallets",))


def engine_support(backtesting: Any, processed: dict[str, Any]) -> Support:
    """Whether this call may be run by the compiled engine, with the result to the last bit.

    Cheap, calls nothing of the strategy's and changes nothing; ask before each call. Protections
    are loaded by the call itself: ask :func:`freqkernels.bridge.engine.protections.loaded_support`
    once they are.

    :param backtesting: freqtrade's ``Backtesting``, with its strategy set.
    :param processed: frame by pair, as ``backtest()`` gets it.
    :return: yes, or no with the setting, callback or patched name that is the reason.
    """
    known = certificate(ENGINE).support
    if not known:
        return known
    support = run_support(backtesting, processed)
    return support and names_support(backtesting)


def run_support(backtesting: Any, processed: dict[str, Any]) -> Support:
    """Whether the run's mode, strategy, settings and markets are those that the engine knows.

    A part of :func:`engine_support`; worth asking again after the strategy's code has run.

    :param backtesting: freqtrade's ``Backtesting``, with its strategy set.
    :param processed: frame by pair.
    """
    strategy, exchange = backtesting.strategy, backtesting.exchange
    support = _way_support(backtesting, processed)
    futures = backtesting.trading_mode == "futures"
    support = support and strategy_settings_support(strategy)
    if support and strategy._ft_stop_uses_after_fill and strategy.trailing_stop:
        return refuse("trailing_stop is on and custom_stoploss takes after_fill")
    support = support and callbacks_support(strategy, futures=futures)
    support = support and config_support(backtesting)
    if backtesting.enable_protections:
        support = support and configured_support(strategy)
    support = support and exchange_support(exchange, futures=futures)
    return support and pairs_support(exchange, processed, futures=futures)


def events_support(backtesting: Any, processed: dict[str, Any]) -> Support:
    """Whether a run may go event by event: freqtrade's own code does all that a callback can see.

    Asked where :func:`run_support` says no; callbacks, markets and protections are of no matter.

    :param backtesting: freqtrade's ``Backtesting``, with its strategy set.
    :param processed: frame by pair.
    """
    support = _way_support(backtesting, processed)
    support = support and strategy_settings_support(backtesting.strategy)
    support = support and internals_support(backtesting.strategy)
    return support and config_support(backtesting)


def _way_support(backtesting: Any, processed: dict[str, Any]) -> Support:
    """Whether the run is of a kind that is walked through in freqtrade's usual way."""
    if type(processed) is not dict:
        return refuse(f"processed is a {type(processed).__name__}, not a dict")
    if any(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in _LOGGERS):
        return refuse("log lines of level DEBUG are asked for, which only freqtrade's own code has")
    return mode_support(backtesting)


def names_support(backtesting: Any) -> Support:
    """Whether all code that the engine stands in for is freqtrade's own at this moment.

    :param backtesting: freqtrade's ``Backtesting``.
    """
    support = object_support("the Backtesting object", backtesting, _OWN)
    support = support and object_support("the data provider", backtesting.dataprovider, _PROVIDER)
    support = support and object_support("the Wallets object", backtesting.wallets, _WALLETS)
    for definition, members in CLASSES.items():
        support = support and class_support(definition, members)
    support = support and holders_support(_MODULES, CLASSES, FUNCTIONS)
    return support and _decimal_support()


def _decimal_support() -> Support:
    """freqtrade rounds amounts and prices with Python's decimals, in the current context."""
    context = decimal.getcontext()
    for name in ("prec", "Emin", "Emax", "clamp"):
        if getattr(context, name) != _USUAL[name]:
            return refuse(f"the decimal context's {name} is {getattr(context, name)}")
    for signal in (decimal.Inexact, decimal.Rounded, decimal.Subnormal, decimal.FloatOperation):
        if context.traps[signal]:
            return refuse(f"the decimal context traps {signal.__name__}")
    return SUPPORTED


_USUAL = {"prec": 28, "Emin": -999999, "Emax": 999999, "clamp": 0}
