"""freqtrade's protections from their plain settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError
from freqkernels.layout import PROTECTION
from freqkernels.simulation.checks import (
    reject,
    require_choice,
    require_flag,
    require_keys,
    require_number,
)
from freqkernels.simulation.structs import Struct
from freqkernels.timeframes import fixed_step_seconds

#: The protections that are part of freqtrade, numbered as in ``src/engine/protections.h``.
KINDS = {"CooldownPeriod": 0, "LowProfitPairs": 1, "MaxDrawdown": 2, "StoplossGuard": 3}
#: Sides of a lock by number.
SIDES = ("long", "short", "*")
MINUTE_MS = 60_000
#: A lifetime. Far from the years in which freqtrade's dates overflow or are taken for other units.
MOST_MINUTES = 2**25

#: What each knows beside times, with freqtrade's defaults.
_SETTINGS: dict[str, dict[str, Any]] = {
    "CooldownPeriod": {},
    "LowProfitPairs": {"trade_limit": 1, "required_profit": 0.0, "only_per_side": False},
    "MaxDrawdown": {"trade_limit": 1, "max_allowed_drawdown": 0.0, "calculation_mode": "ratios"},
    "StoplossGuard": {
        "trade_limit": 10,
        "required_profit": 0.0,
        "only_per_pair": False,
        "only_per_side": False,
    },
}
_STOPS = ("stop_duration", "stop_duration_candles", "unlock_at")
_LOOKBACKS = ("lookback_period", "lookback_period_candles")
_DEFAULT_MINUTES = 60
_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def protection_structs(
    protections: Any, timeframe: str, minutes: int
) -> tuple[Struct, NDArray[np.int64], bool] | None:
    """What ``set_protections`` of the engine takes; None if there are none.

    :param protections: mappings with freqtrade's keys.
    :param timeframe: of the candles.
    :param minutes: of a candle.
    :raise InvalidInputError: naming the protection and its setting.
    """
    if isinstance(protections, (str, Mapping)) or not isinstance(protections, Sequence):
        reject("protections", "a sequence of mappings", protections)
    if not protections:
        return None
    if fixed_step_seconds(timeframe) is None:
        reject("protections", "none with a timeframe of a week and more", timeframe)
    rules = [
        _rule(f"protections[{number}]", protection, minutes)
        for number, protection in enumerate(protections)
    ]
    grid = np.array([minutes * MINUTE_MS, 0, 0], dtype=np.int64)
    return np.array(rules, dtype=PROTECTION), grid, False


def _rule(argument: str, protection: Any, minutes: int) -> tuple[Any, ...]:
    if not isinstance(protection, Mapping):
        reject(argument, "a mapping", protection)
    name = protection.get("method")
    require_choice(f"{argument}: method", name, KINDS)
    known = _SETTINGS[str(name)]
    require_keys(argument, protection, ("method", *_STOPS, *_LOOKBACKS, *known))
    found = {**known, **{key: protection[key] for key in known if key in protection}}
    for key, value in found.items():
        _check(f"{argument}: {key}", key, value)
    unlock = _unlock_minute(argument, protection)
    stop = 0 if unlock >= 0 else _span(argument, protection, _STOPS[:2], minutes)
    return (
        MINUTE_MS * _span(argument, protection, _LOOKBACKS, minutes),
        MINUTE_MS * stop,
        found.get("trade_limit", 0),
        found.get("required_profit", found.get("max_allowed_drawdown", 0.0)),
        unlock,
        KINDS[str(name)],
        found.get("only_per_pair", False),
        found.get("only_per_side", False),
        found.get("calculation_mode") == "equity",
    )


def _check(argument: str, key: str, value: Any) -> None:
    if key.startswith("only_"):
        require_flag(argument, value)
    elif key == "calculation_mode":
        require_choice(argument, value, ("ratios", "equity"))
    else:
        require_number(argument, value)


def _unlock_minute(argument: str, protection: Mapping[str, Any]) -> int:
    """Minute of the day, -1 for none."""
    given = [key for key in _STOPS if key in protection]
    if len(given) > 1:
        raise InvalidInputError(f"{argument}: {' and '.join(given)} exclude each other")
    if "unlock_at" not in given:
        return -1
    text = protection["unlock_at"]
    found = _TIME_OF_DAY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        reject(f"{argument}: unlock_at", "a time of day like '08:30'", text)
    return int(found[1]) * 60 + int(found[2])


def _span(argument: str, protection: Mapping[str, Any], keys: tuple[str, ...], minutes: int) -> int:
    """Minutes, given as such or in candles."""
    given = [key for key in keys if key in protection]
    if len(given) > 1:
        raise InvalidInputError(f"{argument}: {' and '.join(given)} exclude each other")
    if not given:
        return _DEFAULT_MINUTES
    value, factor = protection[given[0]], minutes if given[0].endswith("_candles") else 1
    require_number(f"{argument}: {given[0]}", value, 1, MOST_MINUTES // factor)
    return int(value) * factor
