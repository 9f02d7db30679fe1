"""Random cases: the same kind, seed and number give the same case.

* :mod:`~freqkernels.bridge.fuzz.generate.draw`: random choices
* :mod:`~freqkernels.bridge.fuzz.generate.candles`: prices
* :mod:`~freqkernels.bridge.fuzz.generate.markets`: precisions, limits, leverage tiers, funding
* :mod:`~freqkernels.bridge.fuzz.generate.signals`: signal columns and tags
* :mod:`~freqkernels.bridge.fuzz.generate.rules`: attributes of the strategy
* :mod:`~freqkernels.bridge.fuzz.generate.money`: stakes, wallets, fees
* :mod:`~freqkernels.bridge.fuzz.generate.kinds`: all of it together, by subject
* :mod:`~freqkernels.bridge.fuzz.generate.ties`: prices that meet a threshold exactly

Only Python's generator is used: its numbers stay the same from version to version.
"""
