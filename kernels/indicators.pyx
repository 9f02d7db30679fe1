# Kernels behind freqkernels.indicators. The contract of this layer stands in _kernels/__init__.py.
#
# Inputs and outputs hold whole columns of ``rows`` values one after the other.
from cython.parallel cimport prange

from doubles cimport close_doubles, open_all_doubles


cdef extern from "indicators/columns.h" nogil:
    ctypedef void (*fk_by_period)(const double*, Py_ssize_t, Py_ssize_t, double*) noexcept nogil
    ctypedef void (*fk_by_moment)(const double*, Py_ssize_t, Py_ssize_t, Py_ssize_t, Py_ssize_t,
                                  double*) noexcept nogil
    ctypedef void (*fk_zlema)(const double*, Py_ssize_t, Py_ssize_t, double*,
                              double*) noexcept nogil
    ctypedef void (*fk_macd)(const double*, Py_ssize_t, Py_ssize_t, Py_ssize_t, Py_ssize_t,
                             double*, double*, double*) noexcept nogil
    ctypedef void (*fk_atr)(const double*, const double*, const double*, Py_ssize_t, Py_ssize_t,
                            double*) noexcept nogil
    ctypedef void (*fk_sums)(const double*, Py_ssize_t, Py_ssize_t, Py_ssize_t, int,
                             double*) noexcept nogil
    ctypedef void (*fk_bands)(const double*, Py_ssize_t, Py_ssize_t, Py_ssize_t, Py_ssize_t,
                              double, double*, double*, double*) noexcept nogil
    ctypedef struct fk_columns:
        fk_by_period sma
        fk_by_period wma
        fk_by_period ema
        fk_by_period rsi
        fk_zlema zlema
        fk_macd macd
        fk_macd stoch_rsi
        fk_atr atr
        fk_sums sums
        fk_by_moment variance
        fk_by_moment deviation
        fk_by_moment zscore
        fk_bands bands
    const fk_columns* fk_columns_here()


cdef const fk_columns* _here = fk_columns_here()


cdef inline Py_ssize_t _columns(Py_ssize_t count, Py_ssize_t rows) noexcept nogil:
    return count // rows if rows > 0 else 0


cdef inline double* _at(Py_buffer* view, Py_ssize_t row) noexcept nogil:
    return <double*> view.buf + row


cdef int _by_period(fk_by_period column, object values, Py_ssize_t rows, Py_ssize_t period,
                    object out, int num_threads) except -1:
    """One output of one parameter, column by column."""
    cdef Py_buffer[2] views
    cdef Py_ssize_t i, columns
    open_all_doubles((values, out), 1, views)
    columns = _columns(views[0].shape[0], rows)
    with nogil:
        if num_threads > 1:
            for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
                column(_at(views, i * rows), rows, period, _at(views + 1, i * rows))
        else:
            for i in range(columns):
                column(_at(views, i * rows), rows, period, _at(views + 1, i * rows))
    close_doubles(views, 2)
    return 0


cdef int _by_moment(fk_by_moment column, object values, Py_ssize_t rows, Py_ssize_t window,
                    Py_ssize_t min_periods, Py_ssize_t ddof, object out,
                    int num_threads) except -1:
    """One output of the moments of a window, column by column."""
    cdef Py_buffer[2] views
    cdef Py_ssize_t i, columns
    open_all_doubles((values, out), 1, views)
    columns = _columns(views[0].shape[0], rows)
    with nogil:
        if num_threads > 1:
            for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
                column(_at(views, i * rows), rows, window, min_periods, ddof,
                       _at(views + 1, i * rows))
        else:
            for i in range(columns):
                column(_at(views, i * rows), rows, window, min_periods, ddof,
                       _at(views + 1, i * rows))
    close_doubles(views, 2)
    return 0


def sma(values, Py_ssize_t rows, Py_ssize_t timeperiod, out, int num_threads):
    """Mean of the last values; leading NaNs are skipped, a later value not finite ends it."""
    _by_period(_here.sma, values, rows, timeperiod, out, num_threads)


def wma(values, Py_ssize_t rows, Py_ssize_t timeperiod, out, int num_threads):
    """Mean of the last values, the newest weighing ``timeperiod`` times the oldest."""
    _by_period(_here.wma, values, rows, timeperiod, out, num_threads)


def ema(values, Py_ssize_t rows, Py_ssize_t timeperiod, out, int num_threads):
    """Exponential average that begins with the mean of the first values."""
    _by_period(_here.ema, values, rows, timeperiod, out, num_threads)


def rsi(values, Py_ssize_t rows, Py_ssize_t timeperiod, out, int num_threads):
    """Wilder's relative strength index."""
    _by_period(_here.rsi, values, rows, timeperiod, out, num_threads)


def zlema(values, Py_ssize_t rows, Py_ssize_t timeperiod, work, out, int num_threads):
    """Exponential average of twice the value less the one half a period ago."""
    cdef Py_buffer[3] views
    cdef Py_ssize_t i, columns
    open_all_doubles((values, work, out), 1, views)
    columns = _columns(views[0].shape[0], rows)
    with nogil:
        if num_threads > 1:
            for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
                _here.zlema(_at(views, i * rows), rows, timeperiod, _at(views + 1, i * rows),
                            _at(views + 2, i * rows))
        else:
            for i in range(columns):
                _here.zlema(_at(views, i * rows), rows, timeperiod, _at(views + 1, i * rows),
                            _at(views + 2, i * rows))
    close_doubles(views, 3)


def macd(values, Py_ssize_t rows, Py_ssize_t fastperiod, Py_ssize_t slowperiod,
         Py_ssize_t signalperiod, line, signal, histogram, int num_threads):
    """Difference of two exponential averages, its own average, and how they differ."""
    cdef Py_buffer[4] views
    cdef Py_ssize_t i, columns
    open_all_doubles((values, line, signal, histogram), 1, views)
    columns = _columns(views[0].shape[0], rows)
    with nogil:
        if num_threads > 1:
            for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
                _here.macd(_at(views, i * rows), rows, fastperiod, slowperiod, signalperiod,
                           _at(views + 1, i * rows), _at(views + 2, i * rows),
                           _at(views + 3, i * rows))
        else:
            for i in range(columns):
                _here.macd(_at(views, i * rows), rows, fastperiod, slowperiod, signalperiod,
                           _at(views + 1, i * rows), _at(views + 2, i * rows),
                           _at(views + 3, i * rows))
    close_doubles(views, 4)


def stoch_rsi(values, Py_ssize_t rows, Py_ssize_t timeperiod, Py_ssize_t fastk_period,
              Py_ssize_t fastd_period, work, fastk, fastd, int num_threads):
    """Where the relative strength index stands in its window, and the mean of that."""
    cdef Py_buffer[4] views
    cdef Py_ssize_t i, columns
    open_all_doubles((values, work, fastk, fastd), 1, views)
    columns = _columns(views[0].shape[0], rows)
    with nogil:
        if num_threads > 1:
            for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
                _here.stoch_rsi(_at(views, i * rows), rows, timeperiod, fastk_period, fastd_period,
                                _at(views + 1, i * rows), _at(views + 2, i * rows),
                                _at(views + 3, i * rows))
        else:
            for i in range(columns):
                _here.stoch_rsi(_at(views, i * rows), rows, timeperiod, fastk_period, fastd_period,
                                _at(views + 1, i * rows), _at(views + 2, i * rows),
                                _at(views + 3, i * rows))
    close_doubles(views, 4)


def atr(high, low, close, Py_ssize_t rows, Py_ssize_t timeperiod, out, int num_threads):
    """Wilder's average of the true range."""
    cdef Py_buffer[4] views
    cdef Py_ssize_t i, columns
    open_all_doubles((high, low, close, out), 3, views)
    columns = _columns(views[0].shape[0], rows)
    with nogil:
        if num_threads > 1:
            for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
                _here.atr(_at(views, i * rows), _at(views + 1, i * rows), _at(views + 2, i * rows),
                          rows, timeperiod, _at(views + 3, i * rows))
        else:
            for i in range(columns):
                _here.atr(_at(views, i * rows), _at(views + 1, i * rows), _at(views + 2, i * rows),
                          rows, timeperiod, _at(views + 3, i * rows))
    close_doubles(views, 4)


def rolling_sum(values, Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods, bint mean,
                out, int num_threads):
    """Sum, or mean, of the finite values of each window that has enough of them."""
    cdef Py_buffer[2] views
    cdef Py_ssize_t i, columns
    open_all_doubles((values, out), 1, views)
    columns = _columns(views[0].shape[0], rows)
    with nogil:
        if num_threads > 1:
            for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
                _here.sums(_at(views, i * rows), rows, window, min_periods, mean,
                           _at(views + 1, i * rows))
        else:
            for i in range(columns):
                _here.sums(_at(views, i * rows), rows, window, min_periods, mean,
                           _at(views + 1, i * rows))
    close_doubles(views, 2)


def rolling_var(values, Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods,
                Py_ssize_t ddof, out, int num_threads):
    """Variance of the finite values of each window that has enough of them."""
    _by_moment(_here.variance, values, rows, window, min_periods, ddof, out, num_threads)


def rolling_std(values, Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods,
                Py_ssize_t ddof, out, int num_threads):
    """Standard deviation of the finite values of each window that has enough of them."""
    _by_moment(_here.deviation, values, rows, window, min_periods, ddof, out, num_threads)


def rolling_zscore(values, Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods,
                   Py_ssize_t ddof, out, int num_threads):
    """Distance from the mean of the window in standard deviations."""
    _by_moment(_here.zscore, values, rows, window, min_periods, ddof, out, num_threads)


def bollinger_bands(values, Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods,
                    Py_ssize_t ddof, double stds, upper, mid, lower, int num_threads):
    """Mean of each window, and that plus and minus so many standard deviations."""
    cdef Py_buffer[4] views
    cdef Py_ssize_t i, columns
    open_all_doubles((values, upper, mid, lower), 1, views)
    columns = _columns(views[0].shape[0], rows)
    with nogil:
        if num_threads > 1:
            for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
                _here.bands(_at(views, i * rows), rows, window, min_periods, ddof, stds,
                            _at(views + 1, i * rows), _at(views + 2, i * rows),
                            _at(views + 3, i * rows))
        else:
            for i in range(columns):
                _here.bands(_at(views, i * rows), rows, window, min_periods, ddof, stds,
                            _at(views + 1, i * rows), _at(views + 2, i * rows),
                            _at(views + 3, i * rows))
    close_doubles(views, 4)
