import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

def sma(values: Floats, rows: int, timeperiod: int, out: Floats, num_threads: int) -> None: ...
def wma(values: Floats, rows: int, timeperiod: int, out: Floats, num_threads: int) -> None: ...
def ema(values: Floats, rows: int, timeperiod: int, out: Floats, num_threads: int) -> None: ...
def rsi(values: Floats, rows: int, timeperiod: int, out: Floats, num_threads: int) -> None: ...
def zlema(
    values: Floats, rows: int, timeperiod: int, work: Floats, out: Floats, num_threads: int
) -> None: ...
def macd(
    values: Floats,
    rows: int,
    fastperiod: int,
    slowperiod: int,
    signalperiod: int,
    line: Floats,
    signal: Floats,
    histogram: Floats,
    num_threads: int,
) -> None: ...
def stoch_rsi(
    values: Floats,
    rows: int,
    timeperiod: int,
    fastk_period: int,
    fastd_period: int,
    work: Floats,
    fastk: Floats,
    fastd: Floats,
    num_threads: int,
) -> None: ...
def atr(
    high: Floats,
    low: Floats,
    close: Floats,
    rows: int,
    timeperiod: int,
    out: Floats,
    num_threads: int,
) -> None: ...
def rolling_sum(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    mean: bool,
    out: Floats,
    num_threads: int,
) -> None: ...
def rolling_var(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    out: Floats,
    num_threads: int,
) -> None: ...
def rolling_std(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    out: Floats,
    num_threads: int,
) -> None: ...
def rolling_zscore(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    out: Floats,
    num_threads: int,
) -> None: ...
def bollinger_bands(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    stds: float,
    upper: Floats,
    mid: Floats,
    lower: Floats,
    num_threads: int,
) -> None: ...
