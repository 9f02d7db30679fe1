# Kernels behind freqkernels.metrics. The contract of this layer stands in _kernels/__init__.py.
from cython.parallel cimport prange
from libc.math cimport NAN, isnan, signbit
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport free, malloc


cdef enum:
    ROW_BLOCK = 2048


cdef inline int64_t _periods(int64_t opened, int64_t closed, int64_t step,
                             int64_t instant) noexcept nogil:
    """Periods that begin, in steps from the opening, before the close."""
    if closed > opened:
        return (closed - opened - 1) // step + 1
    return instant if closed == opened else 0


def trade_span(const int64_t[::1] open_dates not None, const int64_t[::1] close_dates not None,
               int64_t step, int64_t instant):
    """First and last candle date on which any trade is open; ``(0, -1)`` if there is none.

    ``instant`` is how many periods (0 or 1) a trade counts that closes when it opens.
    """
    cdef Py_ssize_t i
    cdef int64_t first = 0, last = -1, end, periods
    cdef bint found = False
    with nogil:
        for i in range(open_dates.shape[0]):
            periods = _periods(open_dates[i], close_dates[i], step, instant)
            if periods == 0:
                continue
            end = open_dates[i] + (periods - 1) * step
            if not found or open_dates[i] < first:
                first = open_dates[i]
            if not found or end > last:
                last = end
            found = True
    return first, last


def open_trade_counts(const int64_t[::1] open_dates not None,
                      const int64_t[::1] close_dates not None,
                      const uint8_t[::1] counted not None,
                      int64_t first, int64_t step, int64_t instant,
                      int64_t[::1] counts not None):
    """Trades open in each period of length ``step`` from ``first`` on.

    A trade is open in as many periods as it has steps, the last one begun; ``instant`` as for
    :func:`trade_span`.
    """
    cdef Py_ssize_t i, period, end, periods = counts.shape[0]
    cdef int64_t running = 0, length
    with nogil:
        for period in range(periods):
            counts[period] = 0
        for i in range(open_dates.shape[0]):
            length = _periods(open_dates[i], close_dates[i], step, instant)
            if counted[i] and length > 0:
                period = (open_dates[i] - first) // step
                end = period + length
                counts[period] += 1
                if end < periods:
                    counts[end] -= 1
        for period in range(periods):
            running += counts[period]
            counts[period] = running


def valid_span(const double[::1] values not None):
    """Rows of the first and the last value that is not NaN; ``(-1, -1)`` if there is none."""
    cdef Py_ssize_t first = 0, last = values.shape[0] - 1
    with nogil:
        while first <= last and isnan(values[first]):
            first += 1
        while last >= first and isnan(values[last]):
            last -= 1
    if first > last:
        return -1, -1
    return first, last


def valid_span_since(const int64_t[::1] dates not None, const double[::1] values not None,
                     int64_t since):
    """As :func:`valid_span`, over the rows dated ``since`` or later, in any order.

    The third number is the count of such rows if it is 0, else 1.
    """
    cdef Py_ssize_t first = 0, last = values.shape[0] - 1
    cdef bint dated = False
    with nogil:
        while first <= last and (dates[first] < since or isnan(values[first])):
            dated = dated or dates[first] >= since
            first += 1
        while last >= first and (dates[last] < since or isnan(values[last])):
            last -= 1
    if first > last:
        return -1, -1, 1 if dated else 0
    return first, last, 1


cdef int _rel_mean_rows(const double** columns, Py_ssize_t width, Py_ssize_t start,
                        Py_ssize_t stop, double* mean, double* rel_mean,
                        int64_t* count) noexcept nogil:
    """Rows ``start`` to ``stop``; 1 if a change is not finite, which pandas treats specially."""
    cdef Py_ssize_t row, column
    cdef double total, change, changes
    cdef int64_t seen, changed
    cdef int odd = 0
    for row in range(start, stop):
        total = 0.0
        changes = 0.0
        seen = 0
        changed = 0
        for column in range(width):
            if isnan(columns[column][row]):
                continue
            total += columns[column][row]
            seen += 1
            if row == 0 or isnan(columns[column][row - 1]):
                continue
            change = columns[column][row] / columns[column][row - 1] - 1.0
            if change - change != 0.0:
                odd = 1
            changes += change
            changed += 1
        if total - total != 0.0:
            odd = 1
        mean[row] = total / seen if seen else NAN
        rel_mean[row] = changes / changed if changed else 0.0
        count[row] = seen
    return odd


cdef const double** _pointers(list columns) except NULL:
    """Where each column begins; to be freed by the caller, who also keeps the columns alive."""
    cdef Py_ssize_t i, width = len(columns)
    cdef const double[::1] column
    cdef const double** pointers = <const double**> malloc(width * sizeof(double*))
    if pointers == NULL:
        raise MemoryError()
    try:
        for i in range(width):
            column = columns[i]
            pointers[i] = &column[0]
    except BaseException:
        free(pointers)
        raise
    return pointers


def rel_mean(list columns not None, double[::1] mean not None, double[::1] rel_mean not None,
             int64_t[::1] count not None, int num_threads):
    """Mean, cumulated mean of relative changes and count over columns, NaN skipped.

    Sums run over the columns from left to right. Returns False when an infinity or a division
    by zero came up: then the outputs do not count.
    """
    cdef Py_ssize_t width = len(columns), rows = mean.shape[0]
    cdef Py_ssize_t blocks = (rows + ROW_BLOCK - 1) // ROW_BLOCK, b, row
    cdef int odd = 0
    cdef double running = 0.0
    cdef const double** pointers
    if rows == 0 or width == 0:
        return False
    pointers = _pointers(columns)
    with nogil:
        for b in prange(blocks, schedule="static", num_threads=num_threads):
            odd |= _rel_mean_rows(pointers, width, b * ROW_BLOCK,
                                  min((b + 1) * ROW_BLOCK, rows),
                                  &mean[0], &rel_mean[0], &count[0])
        for row in range(rows):
            running += rel_mean[row]
            rel_mean[row] = running
        free(pointers)
    return not odd


cdef int _mean_rows(const double** columns, Py_ssize_t width, Py_ssize_t start,
                    Py_ssize_t stop, double* mean) noexcept nogil:
    """Column by column over a block of rows that stays in the cache; 1 if a sum is infinite."""
    cdef Py_ssize_t row, column
    cdef int64_t seen[ROW_BLOCK]
    cdef double value
    cdef int odd = 0
    for row in range(start, stop):
        mean[row] = 0.0
        seen[row - start] = 0
    for column in range(width):
        for row in range(start, stop):
            value = columns[column][row]
            mean[row] += value if value == value else 0.0
            seen[row - start] += value == value
    for row in range(start, stop):
        odd |= mean[row] - mean[row] != 0.0
        mean[row] = mean[row] / seen[row - start] if seen[row - start] else NAN
    return odd


def row_mean(list columns not None, double[::1] mean not None, int num_threads):
    """Mean over columns, NaN skipped, summed from left to right.

    Returns False when an infinity came up: then the output does not count.
    """
    cdef Py_ssize_t width = len(columns), rows = mean.shape[0]
    cdef Py_ssize_t blocks = (rows + ROW_BLOCK - 1) // ROW_BLOCK, b
    cdef int odd = 0
    cdef const double** pointers
    if rows == 0 or width == 0:
        return False
    pointers = _pointers(columns)
    with nogil:
        for b in prange(blocks, schedule="static", num_threads=num_threads):
            odd |= _mean_rows(pointers, width, b * ROW_BLOCK, min((b + 1) * ROW_BLOCK, rows),
                              &mean[0])
        free(pointers)
    return not odd


def drawdown_series(const double[::1] profits not None, double starting_balance,
                    double[::1] cumulative not None, double[::1] high not None,
                    double[::1] drawdown not None, double[::1] relative not None):
    """Cumulative profit, its highest so far, the distance, and that relative to the balance.

    Outputs have one row more than ``profits``, the first one zeros. Without a balance, distances
    are relative to the highest profit. Returns False, and the output does not count, when a
    profit is no number or the balance leaves the numbers, and for a cumulative -0.0.
    """
    cdef Py_ssize_t i, rows = profits.shape[0]
    cdef double total = -0.0, most = 0.0, top
    cdef bint plain = True
    cumulative[0] = high[0] = drawdown[0] = relative[0] = 0.0
    with nogil:
        for i in range(rows):
            total += profits[i]
            if total > most:
                most = total
            cumulative[i + 1] = total
            high[i + 1] = most
            drawdown[i + 1] = total - most
            top = starting_balance + most
            relative[i + 1] = (top - (starting_balance + total)) / top
            plain = plain and total - total == 0.0 and not (total == 0.0 and signbit(total))
            plain = plain and (starting_balance == 0.0 or relative[i + 1] - relative[i + 1] == 0.0)
    return plain
