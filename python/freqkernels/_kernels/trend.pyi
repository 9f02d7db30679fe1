import numpy as np
from numpy.typing import NDArray

def kama(
    values: NDArray[np.float64],
    rows: int,
    timeperiod: int,
    out: NDArray[np.float64],
    num_threads: int,
) -> None: ...
def psar(
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    rows: int,
    acceleration: float,
    maximum: float,
    out: NDArray[np.float64],
    num_threads: int,
) -> None: ...
def heikin_ashi(
    open: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    rows: int,
    ha_open: NDArray[np.float64],
    ha_high: NDArray[np.float64],
    ha_low: NDArray[np.float64],
    ha_close: NDArray[np.float64],
    num_threads: int,
) -> None: ...
def supertrend(
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    rows: int,
    timeperiod: int,
    multiplier: float,
    value: NDArray[np.float64],
    direction: NDArray[np.int64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    num_threads: int,
) -> None: ...
def dynamic_bands(
    atr: NDArray[np.float64],
    rows: int,
    atr_period: int,
    base_lower: float,
    base_upper: float,
    sensitivity: float,
    adjustment_factor: float,
    min_width: float,
    max_width: float,
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    ratio: NDArray[np.float64],
    mean: NDArray[np.float64],
    num_threads: int,
) -> None: ...
