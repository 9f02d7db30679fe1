"""freqtrade's functions beside their replacements, without installing anything."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from freqkernels.bridge.replace import build, certificate, original_in
from freqkernels.bridge.targets import TARGETS


@cache
def pair_of(name: str) -> tuple[Callable[..., Any], Callable[..., Any]] | None:
    """Replacement and original of a target; None where this freqtrade's one is left alone."""
    target = next(target for target in TARGETS if target.name == name)
    known = certificate(target)
    if not known.support:
        assert known.versions, f"{name}: {known.support.reason}"
        return None
    found = original_in(importlib.import_module(target.module), target)
    assert found is not None
    original = getattr(found[2], "exact", found[2])
    return build(target, original, known.variant)[0], original
