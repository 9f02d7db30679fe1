"""Replace freqtrade's functions in this process, say what became of each, and undo it.

Modules that freqtrade has not imported yet are patched right after their import, before anybody
can import a function from them by name; in loaded modules every holder of a function is found
and changed. ``uninstall`` puts back what was there.
"""

from __future__ import annotations

import logging
import sys
import threading
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, Literal

from freqkernels.bridge import configuration, hyperopt, pairs
from freqkernels.bridge.fingerprints import SourceNotFoundError, package_root, source_file
from freqkernels.bridge.hooks import ImportHandle, on_import
from freqkernels.bridge.replace import (
    Certificate,
    Guard,
    build,
    certificate,
    holders_of,
    is_own,
    is_replacement,
    original_in,
    replacements,
)
from freqkernels.bridge.targets import TARGETS, Target
from freqkernels.errors import MissingFreqtradeError
from freqkernels.runtime import SUPPORTED, Decision, collector_paused, effective, kernel, switch
from freqkernels.runtime.journal import events
from freqkernels.runtime.threads import renew_after_fork

logger = logging.getLogger("freqkernels")

_NO_SUCH_FUNCTION = "there is no such function"
State = Literal["replaced", "off", "waiting", "refused", "not found", "not installed"]


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """What became of one target.

    :param name: freqtrade's name of the function.
    :param location: ``module:qualname`` of its definition.
    :param state: "replaced"; "off" (the replacement hands every call to freqtrade's own function,
        as settings, rollout or a breaker say); "waiting" (freqtrade has not imported the module
        yet, it will be replaced then); "refused" or "not found" (freqtrade's own code runs); "not
        installed".
    :param reason: why, in one sentence; "" when replaced.
    :param backend: "compiled", "reference" or "mixed": what its kernels run on; "" without any.
    :param certified: freqtrade versions certified with exactly this source.
    :param holders: ``module.attribute`` of every place where it is replaced.
    :param refusals: why calls in this process went to freqtrade's own function all the same, and
        how many of them.
    :param decision: "fast" or "exact": which implementation its switch chooses now, for a call
        that has no pair of its own.
    :param decided_by: why it is the exact one; "" for the fast one.
    """

    name: str
    location: str
    state: State
    reason: str = ""
    backend: str = ""
    certified: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    refusals: tuple[tuple[str, int], ...] = ()
    decision: str = "fast"
    decided_by: str = ""


@dataclass(slots=True)
class _Replaced:
    """A replacement that is in place, where its function is defined and wherever it is held."""

    original: Any
    replacement: Any
    guard: Guard
    holder: Any
    attribute: str


_operations = threading.RLock()  # one install or uninstall at a time
_state = threading.RLock()  # guards what follows; never held while something is imported
for _name in ("_operations", "_state"):
    renew_after_fork(globals(), _name, threading.RLock)
_installed = False
_withdrawn = ""
_handles: list[ImportHandle] = []
_replaced: dict[str, _Replaced] = {}
_retired: list[_Replaced] = []  # replaced in a module that has been reloaded since
_refused: dict[str, str] = {}
_warned: set[str] = set()


def install() -> None:
    """Put the kernels in front of freqtrade's functions, in this process.

    Works before and after freqtrade's modules are imported; calling it again changes nothing.
    Must come before a strategy file is loaded that imports one of the functions by name.

    :raise InvalidInputError: for a setting that is wrong; nothing is replaced then.
    :raise MissingFreqtradeError: if freqtrade is not installed.
    """
    global _installed
    effective()
    try:
        package_root("freqtrade")
    except SourceNotFoundError as error:
        raise MissingFreqtradeError(
            "freqtrade is not installed; 'pip install freqkernels[freqtrade]' installs both. "
            "The functions of freqkernels.metrics and freqkernels.ohlcv work without it."
        ) from error
    with _operations, collector_paused():  # which would walk over all that freqtrade has loaded
        if _withdrawn:
            logger.warning("freqkernels is not installed again: %s", _withdrawn)
            return
        if not _installed:
            _installed = True
            for target in TARGETS:
                handle = on_import(target.module, partial(_on_import, target))
                with _state:
                    _handles.append(handle)
        else:
            for target in TARGETS:  # what was in the way may be gone
                if target.name in _refused and target.module in sys.modules:
                    _on_import(target, sys.modules[target.module])
        _replace_holders(None)
        hyperopt.attach()
        pairs.attach()
        configuration.attach()


def uninstall() -> None:
    """Put back what :func:`install` replaced, wherever it is found now.

    A place that somebody else changed since is left as it is. Objects that keep a replacement
    (a strategy file that imported it) run freqtrade's own function through it from now on.
    """
    global _installed, _withdrawn
    with _operations:
        hyperopt.detach()
        pairs.detach()
        configuration.detach()
        with _state:
            _withdrawn = ""
            handles, _handles[:] = list(_handles), []
        for handle in handles:
            handle.cancel()
        with _state:
            entries = [*_retired, *_replaced.values()]
            ours = {id(entry.replacement): entry for entry in entries}
            for entry in ours.values():
                _put_back(entry, "freqkernels is uninstalled")
            # Of earlier installations too: somebody's patch may have kept one and put it back.
            objects = {id(function): function for function in replacements()}
            for module, attribute, key in holders_of(objects, None):
                setattr(module, attribute, objects[key].__wrapped__)
            _retired.clear()
            _replaced.clear()
            _refused.clear()
            _installed = False


def withdraw(reason: str) -> None:
    """Uninstall, and refuse to be installed again until :func:`uninstall` is called.

    :param reason: in one sentence; :func:`status` and the log say so, too.
    """
    global _withdrawn
    with _operations:
        uninstall()
        with _state:
            _withdrawn = reason
    logger.warning("freqtrade's own code runs: %s", reason)


def is_installed() -> bool:
    """Whether :func:`install` is in force."""
    return _installed


def _put_back(entry: _Replaced, reason: str) -> None:
    """Take a replacement out of force, and out of its place if it is still there."""
    entry.guard.withdrawn = reason
    if vars(entry.holder).get(entry.attribute) is entry.replacement:
        setattr(entry.holder, entry.attribute, entry.original)


def _refuse(target: Target, reason: str) -> None:
    with _state:
        _refused[target.name] = reason
        first = target.name not in _warned
        _warned.add(target.name)
    if first:
        known = certificate(target).versions
        level = logging.INFO if known else logging.WARNING
        mark = {"freqkernels_install": True}
        logger.log(level, "%s is not accelerated: %s", target.name, reason, extra=mark)


def _judge(target: Target) -> None:
    """Look at a certificate that was left for later; put back what may not be replaced."""
    support = certificate(target).support
    if support:
        return
    with _state:
        entry = _replaced.pop(target.name, None)
        if entry is not None:
            _put_back(entry, support.reason)
    if entry is not None:
        _refuse(target, support.reason)


def _on_import(target: Target, module: ModuleType) -> None:
    """Replace a target in the module that has just defined it (again, after a reload)."""
    reason = _replace(target, module)
    if reason:
        _refuse(target, reason)
        return
    if _handles_complete():
        # Circular imports may have handed out the original while the module was executing.
        _replace_holders("freqtrade")


def _handles_complete() -> bool:
    with _state:
        return len(_handles) == len(TARGETS)


def _replace(target: Target, module: ModuleType) -> str:
    """Put the replacement where the target is defined; the reason if that may not be."""
    found = original_in(module, target)
    if found is None:
        return _NO_SUCH_FUNCTION
    holder, attribute, original = found
    if is_replacement(original):
        with _state:
            if target.name in _replaced and _replaced[target.name].replacement is original:
                return ""
        original = original.__wrapped__  # left over from an earlier installation
    later = target.judged_at_use and target.name not in _refused
    known = Certificate(SUPPORTED) if later else certificate(target)
    if not known.support:
        return known.support.reason
    if not is_own(original, f"{target.module}:{target.qualname}"):
        return "it has been replaced by something else already"
    replacement, guard = build(target, original, known.variant)
    guard.at_first_use = partial(_judge, target) if later else None
    with _state:
        if not _installed:
            return "freqkernels was uninstalled meanwhile"
        if target.name in _replaced:
            _retired.append(_replaced[target.name])
        _refused.pop(target.name, None)
        _replaced[target.name] = _Replaced(original, replacement, guard, holder, attribute)
        setattr(holder, attribute, replacement)
    return ""


def _replace_holders(package: str | None) -> None:
    """Replace the originals wherever loaded modules hold them under a name of their own."""
    with _state:
        current = {id(entry.original): entry.replacement for entry in _replaced.values()}
        objects = {id(entry.original): entry.original for entry in _replaced.values()}
        for function in replacements():  # of earlier installations
            if id(function.__wrapped__) in current:
                current[id(function)] = current[id(function.__wrapped__)]
                objects[id(function)] = function
        for module, attribute, key in holders_of(objects, package):
            setattr(module, attribute, current[key])


def _backend_of(target: Target) -> str:
    backends = {kernel(*name.split(".")).backend for name in target.kernels}
    if len(backends) > 1:
        return "mixed"
    return backends.pop() if backends else ""


def _state_of(target: Target, decision: Decision) -> tuple[State, str]:
    if target.name in _replaced:
        # A percentage lets other pairs have it.
        if decision.variant == "exact" and decision.source != "percentage":
            return "off", decision.reason
        return "replaced", ""
    try:
        source_file(target.module)
    except SourceNotFoundError as error:
        return "not found", str(error)
    if target.name in _refused:
        reason = _refused[target.name]
        return ("not found" if reason == _NO_SUCH_FUNCTION else "refused"), reason
    support = certificate(target).support
    if not support:
        return "refused", support.reason
    if _withdrawn:
        return "refused", _withdrawn
    if _installed:
        return "waiting", "freqtrade has not imported the module yet"
    return "not installed", "freqkernels.install() has not been called"


def _holders() -> dict[str, tuple[str, ...]]:
    """Every place where a replacement stands now, by target."""
    objects = {id(entry.replacement): entry.replacement for entry in _replaced.values()}
    found: dict[int, list[str]] = {key: [] for key in objects}
    for module, attribute, key in holders_of(objects, None):
        found[key].append(f"{module.__name__}.{attribute}")
    for entry in _replaced.values():
        if isinstance(entry.holder, type):
            owner = f"{entry.holder.__module__}.{entry.holder.__qualname__}"
            found[id(entry.replacement)].append(f"{owner}.{entry.attribute}")
    return {name: tuple(found[id(entry.replacement)]) for name, entry in _replaced.items()}


def _refusals_of(target: Target) -> tuple[tuple[str, int], ...]:
    return tuple(
        (event.reason, event.count)
        for event in events()
        if event.kind in ("refusal", "way") and event.name == target.name
    )


def status() -> list[TargetStatus]:
    """What became of each target, in this process and at this moment.

    :raise InvalidInputError: for a setting that is wrong.
    """
    for target in TARGETS:
        if target.judged_at_use:
            _judge(target)
    decisions = {target.name: switch(target.name).decision() for target in TARGETS}
    with _state:
        holders = _holders()
        states = {target.name: _state_of(target, decisions[target.name]) for target in TARGETS}
    return [
        TargetStatus(
            target.name,
            f"{target.module}:{target.qualname}",
            *states[target.name],
            _backend_of(target),
            certificate(target).versions,
            holders.get(target.name, ()),
            _refusals_of(target),
            decisions[target.name].variant,
            decisions[target.name].reason if decisions[target.name].variant == "exact" else "",
        )
        for target in TARGETS
    ]
