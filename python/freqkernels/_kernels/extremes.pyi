import numpy as np
from numpy.typing import NDArray

def rolling_min(
    values: NDArray[np.float64],
    rows: int,
    window: int,
    min_periods: int,
    out: NDArray[np.float64],
    num_threads: int,
) -> None: ...
def rolling_max(
    values: NDArray[np.float64],
    rows: int,
    window: int,
    min_periods: int,
    out: NDArray[np.float64],
    num_threads: int,
) -> None: ...
def rolling_median(
    values: NDArray[np.float64],
    rows: int,
    window: int,
    min_periods: int,
    out: NDArray[np.float64],
    num_threads: int,
) -> None: ...
