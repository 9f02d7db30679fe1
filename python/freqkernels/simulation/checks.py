"""Clear errors for settings that cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf
from typing import Any, NoReturn

import numpy as np

from freqkernels.errors import InvalidInputError
from freqkernels.timeframes import timeframe_to_seconds

_MINUTE_S = 60


def reject(argument: str, expected: str, value: object) -> NoReturn:
    """Raise the error for a value.

    :param argument: name of the argument or setting.
    :param expected: what it should have been.
    :param value: what it is.
    :raise InvalidInputError: always.
    """
    raise InvalidInputError(f"{argument}: expected {expected}, got {value!r:.60}")


def is_number(value: object) -> bool:
    """Whether it is a finite number, and no bool."""
    if isinstance(value, (bool, np.bool_)):
        return False
    if not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    try:
        return -inf < float(value) < inf
    except OverflowError:
        return False


def require_number(
    argument: str,
    value: Any,
    least: float = -inf,
    most: float = inf,
    *,
    below: float = inf,
    optional: bool = False,
) -> None:
    """Raise unless the value is a finite number within bounds.

    :param argument: name of the argument or setting.
    :param value: what it is.
    :param least: least value that is allowed.
    :param most: greatest value that is allowed.
    :param below: least value that is too much.
    :param optional: whether None is allowed.
    :raise InvalidInputError: naming the argument.
    """
    if optional and value is None:
        return
    if is_number(value) and least <= value <= most and value < below:
        return
    bounds = [f"from {least:g}"] if least > -inf else []
    bounds += [f"to {most:g}"] if most < inf else []
    bounds += [f"to below {below:g}"] if below < inf else []
    reject(argument, " ".join(["a finite number", *bounds]) + " or None" * optional, value)


def require_flag(argument: str, value: object) -> None:
    """Raise unless the value is True or False.

    :raise InvalidInputError: naming the argument.
    """
    if not isinstance(value, (bool, np.bool_)):
        reject(argument, "True or False", value)


def require_choice(argument: str, value: object, choices: Collection[Any]) -> None:
    """Raise unless the value is one of a few.

    :raise InvalidInputError: naming the argument.
    """
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        reject(argument, f"one of {', '.join(map(repr, choices))}", value)


def require_keys(argument: str, value: Any, allowed: Collection[str]) -> None:
    """Raise unless the value is a mapping with no other keys than these.

    :raise InvalidInputError: naming the argument.
    """
    if not isinstance(value, Mapping):
        reject(argument, "a mapping", value)
    for key in value:
        if key not in allowed:
            reject(argument, f"keys out of {', '.join(allowed)}", key)


def timeframe_minutes(argument: str, timeframe: str) -> int:
    """Minutes of a candle.

    :param argument: name of the argument or setting.
    :param timeframe: like "5m".
    :raise InvalidInputError: for what is no timeframe of whole minutes.
    """
    try:
        minutes, rest = divmod(timeframe_to_seconds(timeframe), _MINUTE_S)
    except InvalidInputError:
        minutes, rest = 0, 0
    if rest or not 0 < minutes <= _MOST_MINUTES:
        reject(argument, "a timeframe of whole minutes, like '5m'", timeframe)
    return minutes


#: Ten years: what freqtrade's exchanges have is far below.
_MOST_MINUTES = 10 * 366 * 24 * 60
