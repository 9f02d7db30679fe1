"""Rolling statistics and technical indicators over arrays, Series and frames.

The names, parameters and defaults are those of TA-Lib, pandas and qtpylib; each function says which
of them it equals, and how closely. What comes in goes out: arrays for arrays, a Series for a
Series, frames for frames, whose columns are computed side by side on several threads.

* :mod:`~freqkernels.indicators.moving_averages`: sma, ema, wma, zlema, macd
* :mod:`~freqkernels.indicators.momentum`: rsi, stoch_rsi
* :mod:`~freqkernels.indicators.volatility`: bollinger_bands, atr
* :mod:`~freqkernels.indicators.trend`: supertrend, heikin_ashi, psar, kama, dynamic_bands
* :mod:`~freqkernels.indicators.rolling`: rolling_statistics and its parts
"""

from freqkernels.indicators.momentum import StochRSI, rsi, stoch_rsi
from freqkernels.indicators.moving_averages import MACD, ema, macd, sma, wma, zlema
from freqkernels.indicators.rolling import (
    RollingStatistics,
    rolling_mean,
    rolling_statistics,
    rolling_std,
    rolling_sum,
    rolling_var,
    zscore,
)
from freqkernels.indicators.rolling_extremes import rolling_max, rolling_median, rolling_min
from freqkernels.indicators.trend import (
    DynamicBands,
    HeikinAshi,
    Supertrend,
    dynamic_bands,
    heikin_ashi,
    kama,
    psar,
    supertrend,
)
from freqkernels.indicators.volatility import BollingerBands, atr, bollinger_bands

__all__ = [
    "MACD",
    "BollingerBands",
    "DynamicBands",
    "HeikinAshi",
    "RollingStatistics",
    "StochRSI",
    "Supertrend",
    "atr",
    "bollinger_bands",
    "dynamic_bands",
    "ema",
    "heikin_ashi",
    "kama",
    "macd",
    "psar",
    "rolling_max",
    "rolling_mean",
    "rolling_median",
    "rolling_min",
    "rolling_statistics",
    "rolling_std",
    "rolling_sum",
    "rolling_var",
    "rsi",
    "sma",
    "stoch_rsi",
    "supertrend",
    "wma",
    "zlema",
    "zscore",
]
