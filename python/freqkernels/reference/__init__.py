"""The kernels once more, in numpy: oracle, fallback and specification.

Module and function names, signatures and results are those of :mod:`freqkernels._kernels`;
``num_threads`` is accepted and ignored.
"""
