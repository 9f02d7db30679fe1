# Kernels behind freqkernels.informative and freqkernels.crossings. The contract of this layer
# stands in _kernels/__init__.py.
from libc.stdint cimport int64_t, uint8_t


cdef extern from "fk_crossings.h" nogil:
    void fk_crossings(const double *x, const double *y, double level, Py_ssize_t count,
                      int direction, uint8_t *out)


def matching_rows(const int64_t[::1] dates not None, const int64_t[::1] others not None,
                  int64_t shift, bint forward, int64_t[::1] rows not None):
    """For each date, the row of the same date among the others plus shift; how many have none.

    Both are strictly increasing. A date that has none gets -1 or, if ``forward``, the row of the
    date before it.
    """
    cdef Py_ssize_t i, at = 0, count = others.shape[0]
    cdef int64_t wanted, row = -1, missing = 0
    with nogil:
        for i in range(dates.shape[0]):
            wanted = dates[i] - shift
            while at < count and others[at] < wanted:
                at += 1
            if at < count and others[at] == wanted:
                row = at
            elif not forward:
                row = -1
            rows[i] = row
            missing += row < 0
    return missing


def crossings(const double[::1] series not None, const double[::1] other not None, int direction,
              uint8_t[::1] out not None):
    """1 where the series crosses the other one: above it (1), below it (-1), or either (0).

    The first element is 0, as is every one that has NaN on its way.
    """
    cdef Py_ssize_t count = series.shape[0]
    if count > 0:
        with nogil:
            fk_crossings(&series[0], &other[0], 0.0, count, direction, &out[0])


def level_crossings(const double[::1] series not None, double level, int direction,
                    uint8_t[::1] out not None):
    """1 where the series crosses a level: above it (1), below it (-1), or either (0)."""
    cdef Py_ssize_t count = series.shape[0]
    if count > 0:
        with nogil:
            fk_crossings(&series[0], NULL, level, count, direction, &out[0])
