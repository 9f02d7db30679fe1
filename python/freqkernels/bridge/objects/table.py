"""All functions that give way to faster ones while a backtest with callbacks runs."""

from __future__ import annotations

from freqkernels.bridge.objects import callbacks
from freqkernels.bridge.objects.swaps import Swap

SWAPS: tuple[Swap, ...] = (*callbacks.SWAPS,)
