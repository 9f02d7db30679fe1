"""Whether the protections of a run are those that freqtrade ships, untouched."""

from __future__ import annotations

from typing import Any

from freqkernels.bridge.engine.genuine import attributes_support, lookup, stands_for
from freqkernels.bridge.imitated import (
    PROTECTION_BASE,
    PROTECTION_BASE_MEMBERS,
    SHIPPED_PROTECTIONS,
)
from freqkernels.runtime import SUPPORTED, Support, refuse

#: Definition of each shipped class by its name.
_SHIPPED = {name.rpartition(":")[2]: name for name in SHIPPED_PROTECTIONS}


def configured_support(strategy: Any) -> Support:
    """Whether a strategy's ``protections``, where they are no property, name shipped ones.

    :param strategy: the strategy object. A property is not evaluated: freqtrade does that once,
        when it loads the protections; ask :func:`loaded_support` then.
    """
    value = vars(strategy).get("protections")
    if value is None:
        found = lookup(type(strategy), "protections")
        if found is None or hasattr(type(found[1]), "__get__"):
            return SUPPORTED
        value = found[1]
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return refuse("protections is not a list of dicts")
    for entry in value:
        if entry.get("method") not in _SHIPPED:
            return refuse(f"the protection {entry.get('method')} is not one of freqtrade's")
    return SUPPORTED


def loaded_support(backtesting: Any) -> Support:
    """Whether the loaded protections are of the shipped classes, and nobody changed them.

    :param backtesting: freqtrade's ``Backtesting`` after ``reset_backtest``.
    """
    if not backtesting.enable_protections:
        return SUPPORTED
    manager = backtesting.protections
    if type(manager).__qualname__ != "ProtectionManager" or len(type(manager).__mro__) != 2:
        return refuse(f"{type(manager).__qualname__} stands in for ProtectionManager")
    for name in ("global_stop", "stop_per_pair"):
        if name in vars(manager):
            return refuse(f"the ProtectionManager has a {name} of its own, set on the object")
    for handler in manager._protection_handlers:
        support = _handler_support(handler)
        if not support:
            return support
    return SUPPORTED


def _handler_support(handler: Any) -> Support:
    cls = type(handler)
    name = cls.__name__
    definition = _SHIPPED.get(name)
    if definition is None:
        return refuse(f"the protection {name} is not one of freqtrade's")
    support = attributes_support(f"the protection {name}", cls)
    if not support:
        return support
    members = SHIPPED_PROTECTIONS[definition]
    for member in (*members, *PROTECTION_BASE_MEMBERS):
        if member in vars(handler):
            return refuse(f"the protection {name} has a {member} of its own, set on the object")
        found = lookup(cls, member)
        # Loaded from its file, the class's module is not the one that an import would give.
        qualified = f"{definition if member in members else PROTECTION_BASE}.{member}"
        if found is None or not stands_for(found[1], qualified):
            return refuse(f"the protection {name} has a {member} that is not freqtrade's")
    return SUPPORTED
