"""Exceptions and warnings of freqkernels.

Every error is a :class:`FreqkernelsError`; a specific one is also the builtin that fits, so that
code which does not know freqkernels can catch it.
"""


class FreqkernelsError(Exception):
    """Root of all errors that freqkernels raises."""


class InvalidInputError(FreqkernelsError, ValueError):
    """An argument that no implementation accepts; the text names the argument."""


class MissingExtensionError(FreqkernelsError, ImportError):
    """The compiled backend was asked for and cannot be loaded."""


class MissingFreqtradeError(FreqkernelsError, ImportError):
    """A feature that works on freqtrade was used where freqtrade is not installed."""


class SimulationError(FreqkernelsError, ArithmeticError):
    """A simulation that cannot be computed exactly, or that freqtrade itself would end."""


class MarketsError(FreqkernelsError, ValueError):
    """A market record that cannot be used: damaged, foreign, or not derivable."""


class StateError(FreqkernelsError, OSError):
    """A file that outlives the process cannot be used; the text names it.

    Its text is all there is: it has neither ``errno`` nor ``filename``.
    """


class EvidenceError(FreqkernelsError, ValueError):
    """A file of evidence that cannot be read: damaged, foreign, or of a newer version."""


class FreqkernelsWarning(UserWarning):
    """A result is right, but something the user relies on is not as it should be."""
