"""Benchmarks, one module a kernel module: freqtrade's function and ours in the same run.

Nothing is timed before both gave the same result, to the last bit. Read ratios, not times.
"""
