"""What the engine runs by, as structured arrays, from freqtrade's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.layout import NEVER, ROI_STEP

Struct = NDArray[Any]
#: freqtrade reserves room for a stop at this distance when it looks for the smallest stake.
_STOPLOSS_OF_LIMITS = -0.05
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Setup:
    """What the engine needs to know besides candles; dtypes are those of ``freqkernels.layout``.

    :param pairs: their names, in freqtrade's order.
    :param currencies: names of the currencies by number.
    :param whole_start: numbers of the currencies whose start capital is an int.
    """

    pairs: tuple[str, ...]
    currencies: tuple[str, ...]
    whole_start: NDArray[np.bool_]
    rules: Struct
    wallet: Struct
    roi: Struct
    markets: Struct
    ticks: Struct
    tiers: Struct
    start_capital: NDArray[np.float64]

    @property
    def stake_code(self) -> int:
        """Number of the stake currency."""
        return int(self.wallet["stake_currency"][0])


def filled(dtype: np.dtype, **fields: Any) -> Struct:
    """One struct with all its fields.

    :param dtype: one of ``freqkernels.layout``.
    :param fields: a value for each field.
    :raise KeyError: for a field that is missing or not the struct's.
    """
    struct = np.zeros(1, dtype=dtype)
    for name in dtype.names or ():
        struct[name] = fields.pop(name)
    if fields:
        raise KeyError(", ".join(fields))
    return struct


def roi_steps(minimal_roi: Mapping[int, float]) -> Struct:
    """``minimal_roi`` by time."""
    return np.array(sorted(minimal_roi.items()), dtype=ROI_STEP)


def timeout_us(unfilledtimeout: Mapping[str, Any], side: str) -> int:
    """How long an order may wait, in microseconds; ``NEVER`` for no limit.

    :param unfilledtimeout: freqtrade's setting.
    :param side: entry or exit.
    """
    timeout = unfilledtimeout.get(side)
    if timeout is None:
        return NEVER
    unit = unfilledtimeout.get("unit", "minutes")
    return -(timedelta(**{unit: -timeout}) // _MICROSECOND)


def reserves(amount_reserve_percent: float) -> dict[str, float]:
    """By how much the smallest stakes are raised.

    :param amount_reserve_percent: freqtrade's setting.
    :return: the two fields of ``RULES``.
    """
    margin_reserve = 1.0 + amount_reserve_percent
    stoploss_reserve = margin_reserve / (1 - abs(_STOPLOSS_OF_LIMITS))
    return {
        "margin_reserve": margin_reserve,
        "stoploss_reserve": max(min(stoploss_reserve, 1.5), 1),
    }
