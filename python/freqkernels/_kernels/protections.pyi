from typing import Any

import numpy as np
from numpy.typing import NDArray

def order_of_dates(dates: NDArray[np.int64], order: NDArray[np.int32]) -> None: ...
def next_candles(
    times: NDArray[np.int64], grid: NDArray[np.int64], out: NDArray[np.int64]
) -> None: ...
def replay(
    rules: NDArray[Any],
    grid: NDArray[np.int64],
    exits: NDArray[Any],
    questions: NDArray[Any],
    pairs: int,
    starting_balance: float,
    compensated: bool,
    end_included: bool,
    locks: NDArray[Any],
    made: NDArray[np.int64],
    answers: NDArray[np.uint8],
) -> int: ...
