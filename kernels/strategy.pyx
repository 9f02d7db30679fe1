# Kernels behind freqkernels.informative and freqkernels.crossings. The contract of this layer
# stands in _kernels/__init__.py.
from libc.stdint cimport int64_t, uint8_t


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


cdef inline uint8_t _above(double before, double other_before, double now,
                           double other_now) noexcept nogil:
    return (now > other_now) & (before <= other_before)


def crossings(const double[::1] series not None, const double[::1] other not None, bint either,
              uint8_t[::1] out not None):
    """1 where the series crosses above the other one or, if ``either``, in any direction.

    The first element is 0, as is every one that has NaN on its way.
    """
    cdef Py_ssize_t i, count = series.shape[0]
    with nogil:
        if count > 0:
            out[0] = 0
        if either:
            for i in range(1, count):
                out[i] = (_above(series[i - 1], other[i - 1], series[i], other[i])
                          | _above(other[i - 1], series[i - 1], other[i], series[i]))
        else:
            for i in range(1, count):
                out[i] = _above(series[i - 1], other[i - 1], series[i], other[i])


def level_crossings(const double[::1] series not None, double level, int direction,
                    uint8_t[::1] out not None):
    """1 where the series crosses a level: above it (1), below it (-1), or either (0)."""
    cdef Py_ssize_t i, count = series.shape[0]
    with nogil:
        if count > 0:
            out[0] = 0
        if direction > 0:
            for i in range(1, count):
                out[i] = _above(series[i - 1], level, series[i], level)
        elif direction < 0:
            for i in range(1, count):
                out[i] = _above(level, series[i - 1], level, series[i])
        else:
            for i in range(1, count):
                out[i] = (_above(series[i - 1], level, series[i], level)
                          | _above(level, series[i - 1], level, series[i]))
