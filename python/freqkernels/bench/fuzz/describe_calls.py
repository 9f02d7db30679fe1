"""Where two logs of callbacks part, as text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from freqkernels.identity import first_difference, shown

_BEFORE = 2
_MOST_CHANGES = 12

Calls = list[dict[str, Any]]


def describe_calls(ours: Calls, theirs: Calls) -> Iterator[str]:
    """The first call that is not the same, and the calls before it.

    :param ours: log of the engine that is compared with freqtrade's.
    :param theirs: log of freqtrade alone.
    """
    for number, (one, other) in enumerate(zip_longest(ours, theirs)):
        difference = first_difference(one, other)
        if difference is None:
            continue
        yield f"first call that differs: number {number} of {len(theirs)}: {difference}"
        for earlier in range(max(0, number - _BEFORE), number):
            yield from _call(f"  {earlier} both:", theirs[earlier])
        yield from _call(f"  {number} freqtrade:", other, besides=one)
        yield from _call(f"  {number} this engine:", one, besides=other)
        return


def _call(
    title: str, call: dict[str, Any] | None, besides: dict[str, Any] | None = None
) -> Iterator[str]:
    """A call; what another one beside it has in common with it is not told again."""
    if call is None:
        yield f"{title} no call"
        return
    given = ", ".join(f"{name}={shown(value)}" for name, value in call["given"].items())
    yield f"{title} {call['callback']}({given})"
    common = set(_changes(besides)) if besides else set()
    changes = [change for change in _changes(call) if change not in common]
    yield from (f"      {change}" for change in changes[:_MOST_CHANGES])
    if len(changes) > _MOST_CHANGES:
        yield f"      and {len(changes) - _MOST_CHANGES} more that had changed"
    for group in call["gone"]:
        yield f"      {group}: gone"
    for step in call["did"]:
        yield f"      did: {step}"
    for values in call.get("saw", ()):
        yield f"      saw: {shown(values)}"


def _changes(call: dict[str, Any]) -> list[str]:
    return [
        f"{group}: {name} = {shown(value)}"
        for group, values in call["changed"].items()
        for name, value in values.items()
    ]
