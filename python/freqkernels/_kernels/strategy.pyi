import numpy as np
from numpy.typing import NDArray

def matching_rows(
    dates: NDArray[np.int64],
    others: NDArray[np.int64],
    shift: int,
    forward: bool,
    rows: NDArray[np.int64],
) -> int: ...
def crossings(
    series: NDArray[np.float64], other: NDArray[np.float64], direction: int, out: NDArray[np.uint8]
) -> None: ...
def level_crossings(
    series: NDArray[np.float64], level: float, direction: int, out: NDArray[np.uint8]
) -> None: ...
