"""How long a strategy's own callbacks took."""

from __future__ import annotations

from freqkernels.runtime.turns import moved

_taken: dict[str, float] = {}
_calls: dict[str, int] = {}


def add(name: str, seconds: float) -> None:
    """Add the time of one call.

    :param name: name of the callback.
    :param seconds: how long it took.
    """
    _taken[name] = _taken.get(name, 0.0) + seconds
    _calls[name] = _calls.get(name, 0) + 1
    moved("callbacks", seconds)


def taken() -> dict[str, float]:
    """Seconds by name of the callback, those of the longest first."""
    return dict(sorted(_taken.items(), key=lambda item: item[1], reverse=True))


def calls() -> dict[str, int]:
    """Number of calls by name of the callback."""
    return dict(_calls)


def reset() -> None:
    """Forget all calls."""
    _taken.clear()
    _calls.clear()
