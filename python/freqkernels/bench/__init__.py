"""Measuring and comparing runs: freqtrade alone against freqtrade with the kernels.

* :mod:`~freqkernels.bench.identity`: whether two results are the same to the last bit
"""
