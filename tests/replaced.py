"""freqtrade's functions beside their replacements, as the tests want them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from freqkernels.bridge.originals import beside


def pair_of(name: str) -> tuple[Callable[..., Any], Callable[..., Any]] | None:
    """Replacement and original of a target; None where this freqtrade's one is left alone."""
    both = beside(name)
    if both.replacement is None:
        assert both.certificate.versions, f"{name}: {both.certificate.support.reason}"
        return None
    return both.replacement, both.original
