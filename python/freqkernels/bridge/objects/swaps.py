"""Functions of freqtrade that give way to faster ones for the time of a backtest."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from freqkernels.bridge.engine.genuine import stands_for
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import Target
from freqkernels.runtime.journal import record


@dataclass(frozen=True, slots=True, eq=False)
class Swap:
    """One function, method or property, and what takes its place.

    :param target: which one, with the functions it ``imitates``; ``fast`` names a factory that
        takes freqtrade's own function (or property) and returns the faster one. Where that cannot
        promise the same result it calls what it was given.
    :param holders: other places, as ``module:name``, where freqtrade's code looks it up.
    :param scope: a function within freqkernels, as ``module.name``, whose context manager is
        entered for that time; "" for none.
    """

    target: Target
    holders: tuple[str, ...] = ()
    scope: str = ""

    @property
    def places(self) -> tuple[str, ...]:
        """All places, as ``module:name``, the definition first."""
        return (f"{self.target.module}:{self.target.qualname}", *self.holders)


@contextmanager
def swapped(swaps: Iterable[Swap]) -> Iterator[None]:
    """Put faster functions in the places of freqtrade's own, and take them out again.

    What is not certified, or not freqtrade's own at this moment, stays as it is, and so does a
    function with a helper that has been replaced.

    :param swaps: what to put in.
    """
    chosen = [(swap, original) for swap in swaps if (original := _genuine(swap)) is not None]
    done: list[tuple[Any, str, Any, Any]] = []
    scopes = ExitStack()
    try:
        for swap, original in chosen:
            if swap.scope:
                module, _, name = swap.scope.rpartition(".")
                scope = getattr(importlib.import_module(f"freqkernels.{module}"), name)
                scopes.enter_context(scope())
            factory = swap.target.load_fast(certificate(swap.target).variant)
            ours = factory(original)
            for holder, name in map(_resolve, swap.places):
                if vars(holder).get(name) is original:
                    setattr(holder, name, ours)
                    done.append((holder, name, original, ours))
        yield
    finally:
        for holder, name, original, ours in reversed(done):
            if vars(holder).get(name) is ours:  # otherwise somebody put in something else since
                setattr(holder, name, original)
        scopes.close()


def _genuine(swap: Swap) -> Any | None:
    """The function as freqtrade has it, None if it must stay."""
    known = certificate(swap.target)
    if not known.support:
        record("refusal", swap.target.name, known.support.reason)
        return None
    for place in swap.target.definitions:
        holder, name = _resolve(place)
        if not stands_for(vars(holder).get(name), place):
            record("refusal", swap.target.name, f"{place} has been replaced by something else")
            return None
    holder, name = _resolve(swap.places[0])
    return vars(holder)[name]


def _resolve(place: str) -> tuple[Any, str]:
    """The module or class that holds a name, and the name there."""
    module, _, qualname = place.partition(":")
    holder: Any = importlib.import_module(module)
    *path, name = qualname.split(".")
    for part in path:
        holder = getattr(holder, part)
    return holder, name
