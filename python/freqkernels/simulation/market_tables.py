"""Markets, tick histories and leverage tiers as the engine's structs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import inf, isnan, nan
from typing import Any

import numpy as np

from freqkernels.layout import MARKET, TICK, TIER
from freqkernels.runtime import Support, refuse
from freqkernels.simulation.structs import Struct, filled


def milliseconds(moment: Any) -> int | None:
    """A moment since 1970, None where that is not whole."""
    since_1970 = moment - type(moment)(1970, 1, 1, tzinfo=moment.tzinfo)
    whole, rest = divmod(since_1970, timedelta(milliseconds=1))
    return None if rest else int(whole)


def or_nan(value: Any) -> float:
    """The number, or what stands for None."""
    return nan if value is None else value


def tick_steps(series: Any) -> Struct | Support:
    """A tick history without months whose tick is not known.

    :param series: tick sizes by the dates from which they hold; None for no history.
    """
    if series is None or len(series) == 0:
        return np.zeros(0, TICK)
    index = series.index
    if index.tz is None or not index.is_monotonic_increasing:
        return refuse("a tick history has no dates in UTC and in order")
    known = [
        (milliseconds(moment.to_pydatetime()), tick)
        for moment, tick in zip(index, series.tolist(), strict=True)
        if not isnan(tick)
    ]
    if any(moment is None or not 0 < tick < inf for moment, tick in known):
        return refuse("a tick history has a tick that is none")
    return np.array(known, dtype=TICK) if known else np.zeros(0, TICK)


def tier_steps(tiers: Iterable[Mapping[str, Any]]) -> Struct:
    """Leverage tiers.

    :param tiers: ascending, each as freqtrade's exchange has it.
    """
    rows = [
        (
            tier["minNotional"],
            or_nan(tier["maxNotional"]),
            tier["maxLeverage"],
            tier["maintenanceMarginRate"],
            or_nan(tier["maintAmt"]),
            type(tier["maxLeverage"]) is int,
        )
        for tier in tiers
    ]
    return np.array(rows, dtype=TIER) if rows else np.zeros(0, TIER)


class MarketTables:
    """Markets, one after the other, whose tick histories and tiers lie in common arrays."""

    def __init__(self) -> None:
        self._markets: list[Struct] = [np.zeros(0, MARKET)]
        self._ticks: list[Struct] = [np.zeros(0, TICK)]
        self._tiers: list[Struct] = [np.zeros(0, TIER)]

    def add(self, ticks: Struct, tiers: Struct, **fields: Any) -> None:
        """One market.

        :param ticks: its tick history.
        :param tiers: its leverage tiers.
        :param fields: the fields of ``freqkernels.layout.MARKET`` that are no places.
        """
        first_tick, first_tier = sum(map(len, self._ticks)), sum(map(len, self._tiers))
        self._ticks.append(ticks)
        self._tiers.append(tiers)
        places = {
            "first_tick": first_tick,
            "last_tick": first_tick + len(ticks),
            "first_tier": first_tier,
            "last_tier": first_tier + len(tiers),
        }
        self._markets.append(filled(MARKET, **places, **fields))

    def arrays(self) -> tuple[Struct, Struct, Struct]:
        """Markets, ticks and tiers."""
        return (
            np.concatenate(self._markets),
            np.concatenate(self._ticks),
            np.concatenate(self._tiers),
        )
