import numpy as np
from numpy.typing import NDArray

def trade_span(
    open_dates: NDArray[np.int64], close_dates: NDArray[np.int64], step: int, instant: int
) -> tuple[int, int]: ...
def open_trade_counts(
    open_dates: NDArray[np.int64],
    close_dates: NDArray[np.int64],
    counted: NDArray[np.uint8],
    first: int,
    step: int,
    instant: int,
    counts: NDArray[np.int64],
) -> None: ...
def valid_span(values: NDArray[np.float64]) -> tuple[int, int]: ...
def valid_span_since(
    dates: NDArray[np.int64], values: NDArray[np.float64], since: int
) -> tuple[int, int, int]: ...
def rel_mean(
    columns: list[NDArray[np.float64]],
    mean: NDArray[np.float64],
    rel_mean: NDArray[np.float64],
    count: NDArray[np.int64],
    num_threads: int,
) -> bool: ...
def row_mean(
    columns: list[NDArray[np.float64]], mean: NDArray[np.float64], num_threads: int
) -> bool: ...
def drawdown_series(
    profits: NDArray[np.float64],
    starting_balance: float,
    cumulative: NDArray[np.float64],
    high: NDArray[np.float64],
    drawdown: NDArray[np.float64],
    relative: NDArray[np.float64],
) -> bool: ...
