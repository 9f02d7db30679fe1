"""How long a strategy's own callbacks took."""

from __future__ import annotations

_taken: dict[str, float] = {}


def add(name: str, seconds: float) -> None:
    """Add the time of one call.

    :param name: name of the callback.
    :param seconds: how long it took.
    """
    _taken[name] = _taken.get(name, 0.0) + seconds


def taken() -> dict[str, float]:
    """Seconds by name of the callback, those of the longest first."""
    return dict(sorted(_taken.items(), key=lambda item: item[1], reverse=True))


def reset() -> None:
    """Forget all calls."""
    _taken.clear()
