"""Random backtests as data, run by freqtrade, and everything that they leave behind.

* :mod:`~freqkernels.bridge.fuzz.case`: a case: markets, candles, signals and settings
* :mod:`~freqkernels.bridge.fuzz.case_file`: cases as readable files
* :mod:`~freqkernels.bridge.fuzz.generate`: cases from a seed
* :mod:`~freqkernels.bridge.fuzz.run`: a case as a real ``Backtesting``, without a network
* :mod:`~freqkernels.bridge.fuzz.outcome`: all that code after a backtest could see of it

Comparing two engines on a case, and making a case smaller, is :mod:`freqkernels.bench.fuzz`.
"""
