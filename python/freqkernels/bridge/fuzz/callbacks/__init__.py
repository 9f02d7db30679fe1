"""Strategies with callbacks: written for a case, logging every call and what is visible from it.

* :mod:`~freqkernels.bridge.fuzz.callbacks.source`: the callbacks of a case as a strategy file
* :mod:`~freqkernels.bridge.fuzz.callbacks.base`: the class that those strategies inherit from
* :mod:`~freqkernels.bridge.fuzz.callbacks.record`: the log of calls
* :mod:`~freqkernels.bridge.fuzz.callbacks.visible`: all that a callback can see

The log is what two engines have to have in common besides their results: the same calls in the
same order, with the same arguments, of the same state.
"""
