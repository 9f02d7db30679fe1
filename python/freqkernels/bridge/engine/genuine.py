"""Whether what stands under freqtrade's names now is the code of its source files.

Asked before every backtest, so a name that was found genuine is remembered by its code object:
asking again costs a look into a dictionary. freqkernels' own replacements are certified by
themselves and count as genuine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from freqkernels.bridge.fingerprints import SourceNotFoundError, is_genuine, normalised_source
from freqkernels.bridge.replace import is_replacement
from freqkernels.runtime import SUPPORTED, Support, refuse

_known: dict[str, CodeType] = {}
_ABSENT = object()


def lookup(cls: type, attribute: str) -> tuple[type, Any] | None:
    """The class in a class's order of resolution that has an attribute, and what it has.

    Nothing is called: a property comes as the property.
    """
    for owner in cls.__mro__:
        value = owner.__dict__.get(attribute, _ABSENT)
        if value is not _ABSENT:
            return owner, value
    return None


def attribute_of(definition: str) -> str:
    """Name under which a class keeps a definition; two underscores in front are mangled."""
    *owners, name = definition.rpartition(":")[2].split(".")
    if owners and name.startswith("__") and not name.endswith("__"):
        return f"_{owners[-1].lstrip('_')}{name}"
    return name


def function_of(value: Any) -> FunctionType | None:
    """The function behind a method, property, static or class method; None if there is none."""
    if isinstance(value, property):
        value = value.fget
    elif isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    return value if isinstance(value, FunctionType) else None


def stands_for(value: Any, definition: str) -> bool:
    """Whether a value is what a source file defines.

    :param value: what a class or module has under the name.
    :param definition: ``module:qualname``.
    """
    function = function_of(value)
    if function is None:
        return False
    code = function.__code__
    known = _known.get(definition)
    # Protections are read from their file anew for each backtest: other objects, equal code.
    if known is not None and (code is known or code == known):
        return True
    if is_replacement(function):
        return True
    try:
        genuine = is_genuine(function, definition)
    except SourceNotFoundError:
        return False
    if genuine:
        _known[definition] = code
    return genuine


@cache
def is_absent(definition: str) -> bool:
    """Whether the installed release does not define a name: not every one has every name."""
    try:
        normalised_source(definition)
    except SourceNotFoundError:
        return True
    return False


def object_support(subject: str, thing: Any, expected: Mapping[str, tuple[str, ...]]) -> Support:
    """Whether the methods of an object are freqtrade's own, in all of its classes.

    :param subject: what the object is, for the reason.
    :param thing: the object.
    :param expected: by method, the classes whose definition it may be, as ``module:class``.
    """
    cls = type(thing)
    support = attributes_support(subject, cls)
    if not support:
        return support
    own = getattr(thing, "__dict__", {})
    for name, owners in expected.items():
        if name in own:
            return refuse(f"{subject} has a {name} of its own, set on the object")
        found = lookup(cls, name)
        if found is None:
            if is_absent(f"{owners[0]}.{name}"):
                continue
            return refuse(f"{subject} has no {name}")
        owner, value = found
        place = f"{owner.__module__}:{owner.__qualname__}"
        if place not in owners:
            return refuse(f"{owner.__qualname__} overrides {name} of {_short(owners[0])}")
        if not stands_for(value, f"{place}.{name}"):
            return refuse(_replaced(f"{owner.__module__}.{owner.__qualname__}.{name}"))
    return SUPPORTED


def attributes_support(subject: str, cls: type) -> Support:
    """Whether reading an attribute of a class's objects runs no code of its own."""
    getter = lookup(cls, "__getattribute__")
    if getter is None or getter[0] is not object:
        return refuse(f"{subject} has a __getattribute__ of its own")
    if lookup(cls, "__getattr__") is not None:
        return refuse(f"{subject} has a __getattr__ of its own")
    return SUPPORTED


def class_support(definition: str, members: Iterable[str]) -> Support:
    """Whether a class and its members are freqtrade's own.

    :param definition: ``module:class``.
    :param members: names as the source has them.
    """
    module, _, name = definition.partition(":")
    namespace = sys.modules.get(module)
    if namespace is None:
        return SUPPORTED  # whoever imports it will get what the file says
    cls = vars(namespace).get(name)
    if not isinstance(cls, type) or cls.__module__ != module or cls.__qualname__ != name:
        return refuse(_replaced(f"{module}.{name}"))
    for member in members:
        qualified = f"{definition}.{member}"
        value = cls.__dict__.get(attribute_of(qualified), _ABSENT)
        if value is _ABSENT and is_absent(qualified):
            continue
        if not stands_for(value, qualified):
            return refuse(_replaced(f"{module}.{name}.{member}"))
    return SUPPORTED


def holders_support(
    modules: Iterable[str], classes: Iterable[str], functions: Iterable[str]
) -> Support:
    """Whether modules that look classes and functions up by name still find freqtrade's own.

    :param modules: modules that do.
    :param classes: ``module:class`` each.
    :param functions: ``module:function`` each.
    """
    named = [(name.partition(":")[2], name) for name in functions]
    own = []
    for name in classes:
        home, _, short = name.partition(":")
        if home in sys.modules:
            own.append((short, vars(sys.modules[home]).get(short)))
    for module in modules:
        loaded = sys.modules.get(module)
        if loaded is None:
            continue
        namespace = vars(loaded)
        for short, cls in own:
            if namespace.get(short, cls) is not cls:
                return refuse(_replaced(f"{module}.{short}"))
        for short, definition in named:
            value = namespace.get(short, _ABSENT)
            if value is not _ABSENT and not stands_for(value, definition):
                return refuse(_replaced(f"{module}.{short}"))
    return SUPPORTED


def _replaced(name: str) -> str:
    return f"{name} has been replaced by something else"


def _short(owner: str) -> str:
    return owner.rpartition(":")[2]
