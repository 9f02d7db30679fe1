# Kernels behind the rolling minimum, maximum and median of freqkernels.indicators. The contract of
# this layer stands in _kernels/__init__.py.
from cython.parallel cimport prange
from cpython.buffer cimport PyBuffer_Release
from libc.stdlib cimport free, malloc

from doubles cimport open_doubles


cdef extern from "indicators/extremes.h" nogil:
    Py_ssize_t fk_extreme_space(Py_ssize_t window)
    void fk_extreme_column(const double *x, Py_ssize_t rows, Py_ssize_t window,
                           Py_ssize_t min_periods, int most, double *space, double *out)


cdef extern from "indicators/median.h" nogil:
    size_t fk_median_bytes(Py_ssize_t window)
    void fk_median_column(const double *x, Py_ssize_t rows, Py_ssize_t window,
                          Py_ssize_t min_periods, void *memory, double *out)


cdef enum Kind:
    MIN
    MAX
    MEDIAN


cdef int _column(const double *values, Py_ssize_t rows, Py_ssize_t window,
                 Py_ssize_t min_periods, Kind kind, double *out) noexcept nogil:
    """One column; 1 if there is no memory."""
    cdef void *memory
    # More than all rows is as good as all: whether there are enough is counted.
    window = min(window, rows)
    if kind == MEDIAN:
        memory = malloc(fk_median_bytes(window))
    else:
        memory = malloc(fk_extreme_space(window) * sizeof(double))
    if memory == NULL:
        return 1
    if kind == MEDIAN:
        fk_median_column(values, rows, window, min_periods, memory, out)
    else:
        fk_extreme_column(values, rows, window, min_periods, kind == MAX, <double *> memory, out)
    free(memory)
    return 0


cdef int _all(const double *values, Py_ssize_t columns, Py_ssize_t rows, Py_ssize_t window,
              Py_ssize_t min_periods, Kind kind, double *out, int num_threads) noexcept nogil:
    """Column by column; 1 if there is no memory."""
    cdef Py_ssize_t c
    cdef int failed = 0
    if num_threads > 1 and columns > 1:
        for c in prange(columns, schedule="static", num_threads=num_threads):
            failed |= _column(values + c * rows, rows, window, min_periods, kind, out + c * rows)
    else:
        for c in range(columns):
            failed |= _column(values + c * rows, rows, window, min_periods, kind, out + c * rows)
    return failed


cdef object _columns(object values, Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods,
                     Kind kind, object out, int num_threads):
    cdef Py_buffer source, target
    cdef Py_ssize_t columns
    cdef int failed
    open_doubles(values, &source, False)
    try:
        open_doubles(out, &target, True)
        try:
            columns = source.shape[0] // rows if rows else 0
            with nogil:
                failed = _all(<const double *> source.buf, columns, rows, window, min_periods,
                              kind, <double *> target.buf, num_threads)
        finally:
            PyBuffer_Release(&target)
    finally:
        PyBuffer_Release(&source)
    if failed:
        raise MemoryError()


def rolling_min(values, Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods, out,
                int num_threads):
    """Lowest of the last ``window`` values; of 0.0 and -0.0 the newer one.

    NaN and infinities are left out; NaN where less than ``min_periods`` (0: one) are left.
    """
    _columns(values, rows, window, min_periods, MIN, out, num_threads)


def rolling_max(values, Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods, out,
                int num_threads):
    """Highest of the last ``window`` values; of 0.0 and -0.0 the newer one.

    NaN and infinities are left out; NaN where less than ``min_periods`` (0: one) are left.
    """
    _columns(values, rows, window, min_periods, MAX, out, num_threads)


def rolling_median(values, Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods, out,
                   int num_threads):
    """Median of the last ``window`` values; 0.0 and -0.0 stand in the order in which they came.

    NaN and infinities are left out; NaN where less than ``min_periods`` (0: one) are left.
    """
    _columns(values, rows, window, min_periods, MEDIAN, out, num_threads)
