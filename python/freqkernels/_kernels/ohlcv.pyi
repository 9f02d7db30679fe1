from typing import Any

import numpy as np
from numpy.typing import NDArray

def date_order(dates: NDArray[np.int64]) -> int: ...
def merge_candles(
    dates: NDArray[np.int64],
    order: NDArray[np.int64],
    open: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    volume: NDArray[np.float64],
    out_dates: NDArray[np.int64],
    out: NDArray[np.float64],
) -> int: ...
def fill_candles(
    dates: NDArray[np.int64],
    open: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    volume: NDArray[np.float64],
    first: int,
    step: int,
    out: NDArray[np.float64],
) -> bool: ...
def count_decimals(
    prices: NDArray[np.float64], fixed: bool, out: NDArray[np.float64], num_threads: int
) -> None: ...
def row_maximum(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
    d: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None: ...
def segment_maximum(
    values: NDArray[np.float64], starts: NDArray[np.int64], out: NDArray[np.float64]
) -> None: ...
def untrack_rows(rows: list[list[Any]]) -> None: ...
