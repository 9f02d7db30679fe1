from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

NOTHING: int
CANDLE: int
ROW: int

@disjoint_base
class Walk:
    def __new__(
        cls,
        rules: NDArray[Any],
        roi: NDArray[Any],
        markets: NDArray[Any],
        currencies: int,
        numbers: dict[str, int],
    ) -> Self: ...
    def set_candles(
        self,
        pair: int,
        open: NDArray[np.float64],
        high: NDArray[np.float64],
        low: NDArray[np.float64],
        close: NDArray[np.float64],
        signals: NDArray[np.uint8],
        first_candle: int,
        candle: NDArray[np.int32] | None,
        stop_tags: NDArray[np.uint8] | None,
    ) -> None: ...
    def set_details(
        self,
        pair: int,
        time_ms: NDArray[np.int64],
        open: NDArray[np.float64],
        high: NDArray[np.float64],
        low: NDArray[np.float64],
        close: NDArray[np.float64],
    ) -> None: ...
    def start(self) -> None: ...
    def watch(
        self, every_candle: bool, every_row: bool, every_signal: bool, every_wait: bool
    ) -> None: ...
    def set_rules(self, rules: NDArray[Any], roi: NDArray[Any]) -> None: ...
    def set_locks(self, until_ms: int) -> None: ...
    def set_totals(self, codes: list[int], totals: list[float]) -> None: ...
    def forget_orders(self) -> None: ...
    def next_event(self, until: int) -> tuple[int, int, int, int, int, int, int]: ...
    def observe(self, trades: list[Any]) -> None: ...
    @property
    def candle(self) -> int: ...
    @property
    def candles(self) -> int: ...
    @property
    def last_visit_ms(self) -> int: ...
    @property
    def rejected_signals(self) -> int: ...
    def visited(self, pair: int) -> int: ...
    def take_captures(self) -> bytes | memoryview: ...
    def take_rejections(self) -> bytes | memoryview: ...
