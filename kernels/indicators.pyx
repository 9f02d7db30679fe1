# Kernels behind freqkernels.indicators. The contract of this layer stands in _kernels/__init__.py.
#
# Inputs and outputs hold whole columns of ``rows`` values one after the other.
from cpython.buffer cimport PyBuffer_Release
from cython.parallel cimport prange

from doubles cimport open_doubles


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


cdef int _by_period(fk_by_period column, object values, Py_ssize_t rows, Py_ssize_t period,
                    object out, int num_threads) except -1:
    """One output of one parameter, column by column."""
    cdef Py_buffer source, target
    open_doubles(values, &source, False)
    try:
        open_doubles(out, &target, True)
        try:
            with nogil:
                _period_columns(column, <const double*> source.buf,
                                _columns(source.shape[0], rows), rows, period,
                                <double*> target.buf, num_threads)
        finally:
            PyBuffer_Release(&target)
    finally:
        PyBuffer_Release(&source)
    return 0


cdef void _period_columns(fk_by_period column, const double* values, Py_ssize_t columns,
                          Py_ssize_t rows, Py_ssize_t period, double* out,
                          int num_threads) noexcept nogil:
    cdef Py_ssize_t i
    if num_threads > 1 and columns > 1:
        for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
            column(values + i * rows, rows, period, out + i * rows)
    else:
        for i in range(columns):
            column(values + i * rows, rows, period, out + i * rows)


cdef int _by_moment(fk_by_moment column, object values, Py_ssize_t rows, Py_ssize_t window,
                    Py_ssize_t min_periods, Py_ssize_t ddof, object out,
                    int num_threads) except -1:
    """One output of the moments of a window, column by column."""
    cdef Py_buffer source, target
    open_doubles(values, &source, False)
    try:
        open_doubles(out, &target, True)
        try:
            with nogil:
                _moment_columns(column, <const double*> source.buf,
                                _columns(source.shape[0], rows), rows, window, min_periods, ddof,
                                <double*> target.buf, num_threads)
        finally:
            PyBuffer_Release(&target)
    finally:
        PyBuffer_Release(&source)
    return 0


cdef void _moment_columns(fk_by_moment column, const double* values, Py_ssize_t columns,
                          Py_ssize_t rows, Py_ssize_t window, Py_ssize_t min_periods,
                          Py_ssize_t ddof, double* out, int num_threads) noexcept nogil:
    cdef Py_ssize_t i
    if num_threads > 1 and columns > 1:
        for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
            column(values + i * rows, rows, window, min_periods, ddof, out + i * rows)
    else:
        for i in range(columns):
            column(values + i * rows, rows, window, min_periods, ddof, out + i * rows)


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


def zlema(const double[::1] values not None, Py_ssize_t rows, Py_ssize_t timeperiod,
          double[::1] work not None, double[::1] out not None, int num_threads):
    """Exponential average of twice the value less the one half a period ago."""
    cdef Py_ssize_t i, columns = _columns(values.shape[0], rows)
    with nogil:
        for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
            _here.zlema(&values[i * rows], rows, timeperiod, &work[i * rows],
                        &out[i * rows])


def macd(const double[::1] values not None, Py_ssize_t rows, Py_ssize_t fastperiod,
         Py_ssize_t slowperiod, Py_ssize_t signalperiod, double[::1] line not None,
         double[::1] signal not None, double[::1] histogram not None, int num_threads):
    """Difference of two exponential averages, its own average, and how they differ."""
    cdef Py_ssize_t i, columns = _columns(values.shape[0], rows)
    with nogil:
        for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
            _here.macd(&values[i * rows], rows, fastperiod, slowperiod, signalperiod,
                       &line[i * rows], &signal[i * rows], &histogram[i * rows])


def stoch_rsi(const double[::1] values not None, Py_ssize_t rows, Py_ssize_t timeperiod,
              Py_ssize_t fastk_period, Py_ssize_t fastd_period, double[::1] work not None,
              double[::1] fastk not None, double[::1] fastd not None, int num_threads):
    """Where the relative strength index stands in its window, and the mean of that."""
    cdef Py_ssize_t i, columns = _columns(values.shape[0], rows)
    with nogil:
        for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
            _here.stoch_rsi(&values[i * rows], rows, timeperiod, fastk_period, fastd_period,
                            &work[i * rows], &fastk[i * rows], &fastd[i * rows])


def atr(const double[::1] high not None, const double[::1] low not None,
        const double[::1] close not None, Py_ssize_t rows, Py_ssize_t timeperiod,
        double[::1] out not None, int num_threads):
    """Wilder's average of the true range."""
    cdef Py_ssize_t i, columns = _columns(high.shape[0], rows)
    with nogil:
        for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
            _here.atr(&high[i * rows], &low[i * rows], &close[i * rows], rows, timeperiod,
                      &out[i * rows])


def rolling_sum(const double[::1] values not None, Py_ssize_t rows, Py_ssize_t window,
                Py_ssize_t min_periods, bint mean, double[::1] out not None, int num_threads):
    """Sum, or mean, of the finite values of each window that has enough of them."""
    cdef Py_ssize_t i, columns = _columns(values.shape[0], rows)
    with nogil:
        for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
            _here.sums(&values[i * rows], rows, window, min_periods, mean, &out[i * rows])


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


def bollinger_bands(const double[::1] values not None, Py_ssize_t rows, Py_ssize_t window,
                    Py_ssize_t min_periods, Py_ssize_t ddof, double stds,
                    double[::1] upper not None, double[::1] mid not None,
                    double[::1] lower not None, int num_threads):
    """Mean of each window, and that plus and minus so many standard deviations."""
    cdef Py_ssize_t i, columns = _columns(values.shape[0], rows)
    with nogil:
        for i in prange(columns, num_threads=num_threads, schedule="dynamic"):
            _here.bands(&values[i * rows], rows, window, min_periods, ddof, stds,
                        &upper[i * rows], &mid[i * rows], &lower[i * rows])
