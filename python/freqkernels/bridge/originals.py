"""freqtrade's functions beside their replacements, without installing anything.

For whoever compares the two. Nothing in freqtrade changes, installed or not.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from freqkernels.bridge.replace import Certificate, build, certificate, original_in
from freqkernels.bridge.targets import TARGETS, Target
from freqkernels.errors import FreqkernelsError, InvalidInputError, MissingFreqtradeError


@dataclass(frozen=True, slots=True)
class Beside:
    """A function of freqtrade and what :func:`freqkernels.install` would put in its place.

    :param original: freqtrade's own function.
    :param replacement: ours, None where freqtrade's one is left alone.
    :param certificate: whether the installed source is known; the reason if it is left alone.
    """

    original: Callable[..., Any]
    replacement: Callable[..., Any] | None
    certificate: Certificate


@cache
def beside(name: str) -> Beside:
    """Original and replacement of a target.

    :param name: name of the target, for example "calculate_market_change".
    :raise InvalidInputError: if there is no such target.
    :raise MissingFreqtradeError: if freqtrade cannot be imported.
    :raise FreqkernelsError: if the installed freqtrade does not have the function.
    """
    target = next((target for target in TARGETS if target.name == name), None)
    if target is None:
        names = ", ".join(target.name for target in TARGETS)
        raise InvalidInputError(f"name: expected one of {names}, got {name!r}")
    original, known = _original(target), certificate(target)
    replacement = build(target, original, known.variant)[0] if known.support else None
    return Beside(original, replacement, known)


def freqtrade_function(module: str, name: str) -> Any:
    """A function of freqtrade by name, for example of ``freqtrade.data.btanalysis``.

    :raise MissingFreqtradeError: if freqtrade cannot be imported.
    """
    return getattr(_imported(module), name)


def _original(target: Target) -> Callable[..., Any]:
    found = original_in(_imported(target.module), target)
    if found is None:
        raise FreqkernelsError(f"{target.module} does not define {target.qualname}")
    function: Any = found[2]
    # A replacement in place wraps what stood there before.
    original: Callable[..., Any] = getattr(function, "__wrapped__", function)
    return original if hasattr(function, "__freqkernels__") else found[2]


def _imported(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingFreqtradeError(
            f"freqtrade cannot be imported ({error}). Install it together with freqkernels: "
            "pip install 'freqkernels[freqtrade]'"
        ) from error
