"""One replacement: is the code certified, what stands in its place, who holds the original."""

from __future__ import annotations

import functools
import inspect
import logging
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from freqkernels.bridge.fingerprints import (
    SourceNotFoundError,
    certified,
    fingerprint,
    is_genuine,
)
from freqkernels.bridge.targets import LEFT_ALONE, Target
from freqkernels.runtime import SUPPORTED, Support, accelerate, refuse
from freqkernels.runtime.threads import renew_after_fork
from freqkernels.runtime.turns import turn

# Ours by identity: an attribute would be copied by functools.wraps to whatever wraps them.
_replacements: weakref.WeakSet[Any] = weakref.WeakSet()
_listing = threading.Lock()  # a WeakSet cannot be walked while another thread adds to it
renew_after_fork(globals(), "_listing", threading.Lock)
_ABSENT = object()  # older releases do not have every name


@dataclass(frozen=True, slots=True)
class Certificate:
    """Whether the installed source of a target is known, and which fast function suits it.

    :param support: yes, or no with the reason.
    :param versions: freqtrade versions that have this very source.
    :param variant: key into ``Target.fast``.
    """

    support: Support
    versions: tuple[str, ...] = ()
    variant: str = ""


@functools.cache
def certificate(target: Target) -> Certificate:
    """Compare the installed source of a target, and all it imitates, with what was tested."""
    entry = certified().get(target.name, {}).get(fingerprint(target.definitions))
    if entry is None:
        return Certificate(
            refuse("this freqtrade's code differs from every version that was certified")
        )
    versions = tuple(entry["versions"])
    if entry["variant"] == LEFT_ALONE:
        return Certificate(
            refuse(f"freqtrade {', '.join(versions)} computes this differently; it is left alone"),
            versions,
        )
    return Certificate(SUPPORTED, versions, entry["variant"])


def is_replacement(function: Any) -> bool:
    """Whether a function was made by :func:`build`, in force or not."""
    return isinstance(function, FunctionType) and function in _replacements


def replacements() -> list[Any]:
    """All functions made by :func:`build` that somebody still holds."""
    with _listing:
        return list(_replacements)


def is_own(function: Any, definition: str) -> bool:
    """Whether a function is freqtrade's own, or our replacement of it.

    :param function: what stands under the name.
    :param definition: ``module:qualname``.
    """
    if is_replacement(function):
        return True
    try:
        return is_genuine(function, definition)
    except SourceNotFoundError:
        return False


class Guard:
    """Notices that somebody replaced a function which a fast path skips.

    ``withdrawn`` is the reason why the fast path is out of force, "" while it is in force;
    ``at_first_use`` is called once, before the first answer, and may set it.

    :param calls: ``module:name`` of these functions.
    :param definitions: where they come from, to tell the genuine ones.
    """

    def __init__(self, calls: tuple[str, ...], definitions: tuple[str, ...]) -> None:
        self.withdrawn = ""
        self.at_first_use: Callable[[], object] | None = None
        by_name = {name.rpartition(":")[2]: name for name in definitions}
        self._watched = [
            (*call.split(":"), by_name.get(call.rpartition(":")[2], call)) for call in calls
        ]
        self._known: dict[int, Any] = {}

    def __call__(self) -> Support:
        if self.at_first_use is not None:
            look, self.at_first_use = self.at_first_use, None
            look()
        if self.withdrawn:
            return refuse(self.withdrawn)
        for module, name, definition in self._watched:
            namespace = sys.modules.get(module)
            if namespace is None:
                continue
            current = getattr(namespace, name, _ABSENT)
            if current is not _ABSENT and id(current) not in self._known:
                if not is_own(current, definition):
                    return refuse(f"{module}.{name} has been replaced by something else")
                self._known[id(current)] = current
        return SUPPORTED


def original_in(module: ModuleType, target: Target) -> tuple[Any, str, Any] | None:
    """Holder, attribute and function of a target in its module, None if it is not there."""
    holder: Any = module
    *path, attribute = target.qualname.split(".")
    for name in path:
        holder = getattr(holder, name, None)
    function = vars(holder).get(attribute) if holder is not None else None
    return None if function is None else (holder, attribute, function)


def build(target: Target, original: Callable[..., Any], variant: str) -> tuple[Any, Guard]:
    """The function that stands in for ``original``, and the guard that it asks first."""
    guard = Guard(target.calls, target.definitions)
    fast = target.load_fast(variant)
    if "_original" in inspect.signature(fast).parameters:
        fast = functools.partial(fast, _original=_in_its_turn(original))
    if "_logger" in inspect.signature(fast).parameters:
        # Log lines come from freqtrade's logger, as its own code would write them.
        fast = functools.partial(fast, _logger=logging.getLogger(original.__module__))
    guarded = _guarded(guard, fast, _parameters(fast) & _parameters(original))
    decorate = accelerate(guarded, name=target.name, repeatable=not target.runs_user_code)
    replacement = decorate(original)
    replacement.__freqkernels__ = target.name  # type: ignore[attr-defined]
    with _listing:
        _replacements.add(replacement)
    return replacement, guard


def _parameters(function: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(function).parameters)


def _guarded(guard: Guard, fast: Callable[..., Any], shared: set[str]) -> Callable[..., Any]:
    """The fast function for calls that both functions understand; releases differ in names."""

    def guarded(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(shared) or not kwargs.keys() <= shared:
            return refuse("called with arguments that are not those of the fast function")
        support = guard()
        if not support:
            return support
        with turn("freqkernels"):
            return fast(*args, **kwargs)

    return guarded


def _in_its_turn(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        with turn("freqtrade"):
            return original(*args, **kwargs)

    return called


def holders_of(objects: dict[int, Any], package: str | None) -> Iterator[tuple[Any, str, int]]:
    """Modules that hold one of the objects under any name.

    :param objects: the objects by ``id``.
    :param package: only modules of this package, or None for all that are loaded.
    :return: module, attribute and the object's id.
    """
    for name, module in list(sys.modules.items()):
        if package is not None and name.partition(".")[0] != package:
            continue
        if not issubclass(type(module), ModuleType):
            continue  # cffi's libraries look like modules; listing one takes longer than all else
        namespace = vars(module)
        if objects.keys().isdisjoint(map(id, list(namespace.values()))):
            continue  # nearly all modules, in a tenth of the time
        for attribute, value in list(namespace.items()):
            if id(value) in objects and value is objects[id(value)]:
                yield module, attribute, id(value)
