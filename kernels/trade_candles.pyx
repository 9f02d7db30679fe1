# Kernels behind freqkernels.trade_candles. The contract of this layer stands in
# _kernels/__init__.py.
from libc.math cimport NAN
from libc.stdint cimport int64_t


def trade_prices(const int64_t[::1] dates not None, const double[::1] prices not None,
                 int64_t first, int64_t step, int64_t[::1] out_dates not None,
                 int64_t[::1] rows not None, double[:, ::1] out not None):
    """Candles of trades sorted by date: start, first row, open, high, low, close.

    Periods begin at ``first + k * step``, the first of them with the first trade or before it;
    those without trades are left out. ``out`` has the rows open, high, low, close, of which
    equal values the earliest; NaN counts as absent. Returns the number of candles.
    """
    cdef Py_ssize_t row, at = -1
    cdef int64_t end = first
    cdef double price, high = NAN, low = NAN
    with nogil:
        for row in range(dates.shape[0]):
            if dates[row] >= end:
                if at >= 0:
                    out[1, at] = high
                    out[2, at] = low
                at += 1
                out_dates[at] = first + (dates[row] - first) // step * step
                rows[at] = row
                end = out_dates[at] + step
                high = low = out[0, at] = out[3, at] = NAN
            price = prices[row]
            if price != price:
                continue
            out[3, at] = price
            if high != high:
                high = low = out[0, at] = price
            elif price > high:
                high = price
            elif price < low:
                low = price
        if at >= 0:
            out[1, at] = high
            out[2, at] = low
    return at + 1


def join_prices(const int64_t[::1] dates not None, const int64_t[::1] rows not None,
                const double[:, ::1] prices not None, int64_t first, int64_t step,
                int64_t[::1] out_dates not None, int64_t[::1] out_rows not None,
                double[:, ::1] out not None):
    """Candles of longer periods from those of :func:`trade_prices`, as if from the trades.

    ``prices`` has the rows open, high, low, close. Returns the number of candles.
    """
    cdef Py_ssize_t i, at = -1
    cdef int64_t end = first
    with nogil:
        for i in range(dates.shape[0]):
            if dates[i] >= end:
                at += 1
                out_dates[at] = first + (dates[i] - first) // step * step
                out_rows[at] = rows[i]
                end = out_dates[at] + step
                out[0, at] = out[1, at] = out[2, at] = out[3, at] = NAN
            if prices[0, i] != prices[0, i]:
                continue
            if out[0, at] != out[0, at]:
                out[0, at] = prices[0, i]
                out[1, at] = prices[1, i]
                out[2, at] = prices[2, i]
            else:
                if prices[1, i] > out[1, at]:
                    out[1, at] = prices[1, i]
                if prices[2, i] < out[2, at]:
                    out[2, at] = prices[2, i]
            out[3, at] = prices[3, i]
    return at + 1


def compensated_sums(const double[::1] values not None, const int64_t[::1] rows not None,
                     double total, double compensation, double[::1] sums not None):
    """Sums from each row to the next one (the last: to the end), by Kahan; NaN is skipped.

    The first sum goes on from ``total`` and ``compensation``. Returns both as they are after
    the last value.
    """
    cdef Py_ssize_t group, i, stop, groups = rows.shape[0]
    cdef double addend, sum
    with nogil:
        for group in range(groups):
            stop = rows[group + 1] if group + 1 < groups else values.shape[0]
            if group > 0:
                total = compensation = 0.0
            for i in range(rows[group], stop):
                if values[i] != values[i]:
                    continue
                addend = values[i] - compensation
                sum = total + addend
                compensation = sum - total - addend
                if compensation != compensation:  # of an infinity
                    compensation = 0.0
                total = sum
            sums[group] = total
    return total, compensation
