import numpy as np
from numpy.typing import NDArray

def trade_prices(
    dates: NDArray[np.int64],
    prices: NDArray[np.float64],
    first: int,
    step: int,
    out_dates: NDArray[np.int64],
    rows: NDArray[np.int64],
    out: NDArray[np.float64],
) -> int: ...
def join_prices(
    dates: NDArray[np.int64],
    rows: NDArray[np.int64],
    prices: NDArray[np.float64],
    first: int,
    step: int,
    out_dates: NDArray[np.int64],
    out_rows: NDArray[np.int64],
    out: NDArray[np.float64],
) -> int: ...
def compensated_sums(
    values: NDArray[np.float64],
    rows: NDArray[np.int64],
    total: float,
    compensation: float,
    sums: NDArray[np.float64],
) -> tuple[float, float]: ...
