import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]

def sma(values: _Floats, rows: int, timeperiod: int, out: _Floats, num_threads: int) -> None: ...
def wma(values: _Floats, rows: int, timeperiod: int, out: _Floats, num_threads: int) -> None: ...
def ema(values: _Floats, rows: int, timeperiod: int, out: _Floats, num_threads: int) -> None: ...
def rsi(values: _Floats, rows: int, timeperiod: int, out: _Floats, num_threads: int) -> None: ...
def zlema(
    values: _Floats, rows: int, timeperiod: int, work: _Floats, out: _Floats, num_threads: int
) -> None: ...
def macd(
    values: _Floats,
    rows: int,
    fastperiod: int,
    slowperiod: int,
    signalperiod: int,
    line: _Floats,
    signal: _Floats,
    histogram: _Floats,
    num_threads: int,
) -> None: ...
def stoch_rsi(
    values: _Floats,
    rows: int,
    timeperiod: int,
    fastk_period: int,
    fastd_period: int,
    work: _Floats,
    fastk: _Floats,
    fastd: _Floats,
    num_threads: int,
) -> None: ...
def atr(
    high: _Floats,
    low: _Floats,
    close: _Floats,
    rows: int,
    timeperiod: int,
    out: _Floats,
    num_threads: int,
) -> None: ...
def rolling_sum(
    values: _Floats,
    rows: int,
    window: int,
    min_periods: int,
    mean: bool,
    out: _Floats,
    num_threads: int,
) -> None: ...
def rolling_var(
    values: _Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    out: _Floats,
    num_threads: int,
) -> None: ...
def rolling_std(
    values: _Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    out: _Floats,
    num_threads: int,
) -> None: ...
def rolling_zscore(
    values: _Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    out: _Floats,
    num_threads: int,
) -> None: ...
def bollinger_bands(
    values: _Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    stds: float,
    upper: _Floats,
    mid: _Floats,
    lower: _Floats,
    num_threads: int,
) -> None: ...
