"""Calls kept as files, so that a wrong answer can be looked at and repeated elsewhere.

* :mod:`~freqkernels.evidence.record`: what is kept of one call
* :mod:`~freqkernels.evidence.files`: one file a call, in a folder that does not grow without end
* :mod:`~freqkernels.evidence.encode`, :mod:`~freqkernels.evidence.decode`: values as JSON and
  arrays, and back
* :mod:`~freqkernels.evidence.summary`: arguments in a few words, where a file is too much

A file holds values and no code; reading one runs nothing. Importing this loads neither numpy nor
pandas.
"""

from freqkernels.evidence.files import read, write
from freqkernels.evidence.record import Placeholder, Raised, Record, backtest_record
from freqkernels.evidence.summary import describe

__all__ = [
    "Placeholder",
    "Raised",
    "Record",
    "backtest_record",
    "describe",
    "read",
    "write",
]
