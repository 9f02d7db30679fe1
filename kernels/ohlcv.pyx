# Kernels behind freqkernels.ohlcv. The contract of this layer stands in _kernels/__init__.py.
from cython.parallel cimport prange
from libc.math cimport NAN, isnan, signbit
from libc.stdint cimport int64_t


cdef extern from "Python.h":
    void PyObject_GC_UnTrack(void*)


cdef extern from "fk_decimals.h" nogil:
    int fk_decimals_significant(double x)
    int fk_decimals_fixed(double rounded)


cdef enum:
    UNSORTED = 0
    SORTED = 1
    UNIQUE = 2


def date_order(const int64_t[::1] dates not None):
    """0 unsorted, 1 sorted with duplicates, 2 strictly increasing."""
    cdef Py_ssize_t i
    cdef int order = UNIQUE
    with nogil:
        for i in range(1, dates.shape[0]):
            if dates[i] <= dates[i - 1]:
                if dates[i] < dates[i - 1]:
                    order = UNSORTED
                    break
                order = SORTED
    return order


cdef inline void _start(double[:, ::1] out, Py_ssize_t at) noexcept nogil:
    cdef int column
    for column in range(5):
        out[column, at] = NAN


cdef inline void _add_prices(double[:, ::1] out, Py_ssize_t at, double open, double high,
                             double low, double close) noexcept nogil:
    """First open, highest high, lowest low, last close of one date; NaN counts as absent."""
    if isnan(out[0, at]):
        out[0, at] = open
    if isnan(out[1, at]) or high > out[1, at]:
        out[1, at] = high
    if isnan(out[2, at]) or low < out[2, at]:
        out[2, at] = low
    if not isnan(close):
        out[3, at] = close


def merge_candles(const int64_t[::1] dates not None, const int64_t[::1] order not None,
                  const double[::1] open not None, const double[::1] high not None,
                  const double[::1] low not None, const double[::1] close not None,
                  const double[::1] volume not None, int64_t[::1] out_dates not None,
                  double[:, ::1] out not None):
    """One candle a date, of the rows taken in ``order`` (sorted by date, stable).

    ``out`` has the rows open, high, low, close, volume; volume is the highest. Returns the
    number of candles.
    """
    cdef Py_ssize_t i, row, at = -1
    with nogil:
        for i in range(order.shape[0]):
            row = order[i]
            if at < 0 or dates[row] != out_dates[at]:
                at += 1
                out_dates[at] = dates[row]
                _start(out, at)
            _add_prices(out, at, open[row], high[row], low[row], close[row])
            if isnan(out[4, at]) or volume[row] > out[4, at]:
                out[4, at] = volume[row]
    return at + 1


cdef inline bint _negative_zero(double value) noexcept nogil:
    return value == 0.0 and signbit(value) != 0


def fill_candles(const int64_t[::1] dates not None,
                 const double[::1] open not None, const double[::1] high not None,
                 const double[::1] low not None, const double[::1] close not None,
                 const double[::1] volume not None, int64_t first, int64_t step,
                 double[:, ::1] out not None):
    """Candles on the grid ``first + k * step`` from rows sorted by date.

    Two rows of one grid step are merged, their volumes added. A step without rows gets the last
    close as its prices and volume 0. Returns False, and the output does not count, for a step
    with more rows, a volume of -0.0, or -0.0 among the highs and lows of two rows: what pandas
    makes of those changes with its version.
    """
    cdef Py_ssize_t row = 0, at, begin, rows = dates.shape[0]
    cdef int64_t end
    cdef double total, last_close = NAN
    cdef int column
    cdef bint plain = True
    with nogil:
        for at in range(out.shape[1]):
            end = first + (at + 1) * step
            begin = row
            _start(out, at)
            total = 0.0
            while row < rows and dates[row] < end:
                _add_prices(out, at, open[row], high[row], low[row], close[row])
                if not isnan(volume[row]):
                    total += volume[row]
                    plain = plain and not _negative_zero(volume[row])
                row += 1
            if row - begin > 1:
                plain = plain and row - begin == 2 and not (
                    _negative_zero(high[begin]) or _negative_zero(high[begin + 1])
                    or _negative_zero(low[begin]) or _negative_zero(low[begin + 1]))
            out[4, at] = total
            if isnan(out[3, at]):
                out[3, at] = last_close
            last_close = out[3, at]
            for column in range(3):
                if isnan(out[column, at]):
                    out[column, at] = last_close
    return plain


cdef inline double _decimals(double price, bint fixed) noexcept nogil:
    cdef int count = fk_decimals_fixed(price) if fixed else fk_decimals_significant(price)
    return <double> count if count else NAN


def count_decimals(const double[::1] prices not None, bint fixed, double[::1] out not None,
                   int num_threads):
    """Decimals of each price, NaN where it has none.

    ``fixed``: prices are rounded to 14 decimals already and printed with 15 (freqtrade 2025.9);
    otherwise 14 significant digits decide.
    """
    cdef Py_ssize_t i
    for i in prange(prices.shape[0], schedule="static", num_threads=num_threads, nogil=True):
        out[i] = _decimals(prices[i], fixed)


def row_maximum(const double[::1] a not None, const double[::1] b not None,
                const double[::1] c not None, const double[::1] d not None,
                double[::1] out not None):
    """Largest of four values in each row, NaN skipped."""
    cdef Py_ssize_t i
    cdef double most
    with nogil:
        for i in range(out.shape[0]):
            most = a[i]
            if isnan(most) or b[i] > most:
                most = b[i]
            if isnan(most) or c[i] > most:
                most = c[i]
            if isnan(most) or d[i] > most:
                most = d[i]
            out[i] = most


def segment_maximum(const double[::1] values not None, const int64_t[::1] starts not None,
                    double[::1] out not None):
    """Largest value from each start to the next one (the last: to the end), NaN skipped."""
    cdef Py_ssize_t segment, i, stop, segments = starts.shape[0]
    cdef double most
    with nogil:
        for segment in range(segments):
            most = NAN
            stop = starts[segment + 1] if segment + 1 < segments else values.shape[0]
            for i in range(starts[segment], stop):
                if isnan(most) or values[i] > most:
                    most = values[i]
            out[segment] = most


def untrack_rows(list rows not None):
    """Take fresh lists of atomic values out of the garbage collector's sight.

    They form no cycles, and a million of them make each of its runs slow. The reference count
    frees them as ever. CPython does the same with tuples and dicts of atomic values.
    """
    for row in rows:
        if type(row) is list:
            PyObject_GC_UnTrack(<void*> row)
