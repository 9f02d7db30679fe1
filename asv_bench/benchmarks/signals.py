"""Rows for the simulation: ``freqkernels.signals``."""

from __future__ import annotations

from benchmarks.common import Compared, case_of
from freqkernels.bench.measured_functions import Case, Sizes

KINDS = {"signals": "candles, signals", "tags": "signals and tags"}


def _case(candles: int, kind: str) -> Case:
    sizes = Sizes(long_candles=candles, backtest_pairs=3)
    return case_of("_get_ohlcv_as_lists", sizes, KINDS[kind])


class Rows(Compared):
    params = ([1_000, 20_000], list(KINDS))
    param_names = ("candles", "kind")

    def case(self, candles: int, kind: str) -> Case:
        return _case(candles, kind)


class RowsMemory:
    """Peaks of the whole process; a check before would hide them, :class:`Rows` makes it."""

    params = ([50_000], list(KINDS))
    param_names = ("candles", "kind")
    timeout = 300.0

    def setup(self, candles: int, kind: str) -> None:
        case = _case(candles, kind)
        self.original, self.replacement = case.functions()
        self.args, self.kwargs = case.arguments()

    def peakmem_before(self, candles: int, kind: str) -> None:
        """What the arguments take, freqtrade's modules included."""

    def peakmem_freqtrade(self, candles: int, kind: str) -> None:
        self.original(*self.args, **self.kwargs)

    def peakmem_freqkernels(self, candles: int, kind: str) -> None:
        assert self.replacement is not None
        self.replacement(*self.args, **self.kwargs)
