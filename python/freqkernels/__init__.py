"""freqkernels: freqtrade's own work by compiled kernels, with the same result to the last bit."""

from importlib.metadata import version as _version

__version__ = _version("freqkernels")
