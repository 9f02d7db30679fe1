"""Which pair a strategy works on: what decides on percentages for the kernels that it calls.

freqtrade asks a strategy for indicators and signals through three methods, in backtests as in live
trading, replaced or not.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from freqkernels.bridge.surround import Surroundings
from freqkernels.runtime import keyed

#: Methods of ``IStrategy`` through which freqtrade calls all of the strategy's ``populate_*``.
ADVISING = ("advise_indicators", "advise_entry", "advise_exit")
#: Module and name of the class that has them.
INTERFACE = ("freqtrade.strategy.interface", "IStrategy")


def _for_its_pair(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def advise(self: Any, dataframe: Any, metadata: Any) -> Any:
        pair = metadata.get("pair", "") if isinstance(metadata, dict) else ""
        if not isinstance(pair, str):
            return original(self, dataframe, metadata)
        with keyed(pair):
            return original(self, dataframe, metadata)

    return advise


_surroundings = Surroundings(*INTERFACE, ADVISING, _for_its_pair)
attach = _surroundings.attach
detach = _surroundings.detach
