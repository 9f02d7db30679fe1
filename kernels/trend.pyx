# Kernels behind freqkernels.indicators.trend. The contract of this layer stands in
# _kernels/__init__.py. Arrays hold whole columns of ``rows`` values one after the other.
from cython.parallel cimport prange
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t


cdef extern from "indicators/kama.h" nogil:
    void fk_kama_column(const double* values, ptrdiff_t rows, ptrdiff_t period, double* out)


cdef extern from "indicators/psar.h" nogil:
    void fk_psar_column(const double* high, const double* low, ptrdiff_t rows,
                        double acceleration, double maximum, double* out)


cdef extern from "indicators/heikin_ashi.h" nogil:
    void fk_heikin_ashi_column(const double* open, const double* high, const double* low,
                               const double* close, ptrdiff_t rows, double* ha_open,
                               double* ha_high, double* ha_low, double* ha_close)


cdef extern from "indicators/supertrend.h" nogil:
    void fk_supertrend_column(const double* high, const double* low, const double* close,
                              ptrdiff_t rows, ptrdiff_t period, double multiplier,
                              double* value, int64_t* direction, double* lower, double* upper)


cdef extern from "indicators/bands.h" nogil:
    ctypedef struct fk_bands_rules:
        pass
    fk_bands_rules fk_bands_rules_of(double base_lower, double base_upper, double sensitivity,
                                     double adjustment, double min_width, double max_width)
    void fk_bands_column(const double* values, ptrdiff_t rows, ptrdiff_t window,
                         fk_bands_rules rules, double* lower, double* upper, double* ratio,
                         double* mean)


cdef inline Py_ssize_t _columns(Py_ssize_t values, Py_ssize_t rows) noexcept nogil:
    return values // rows if rows > 0 else 0


def kama(const double[::1] values not None, Py_ssize_t rows, Py_ssize_t timeperiod,
         double[::1] out not None, int num_threads):
    """Kaufman's adaptive moving average."""
    cdef Py_ssize_t columns = _columns(values.shape[0], rows), c, at
    with nogil:
        if num_threads > 1 and columns > 1:
            for c in prange(columns, schedule="static", num_threads=num_threads):
                at = c * rows
                fk_kama_column(&values[at], rows, timeperiod, &out[at])
        else:
            for c in range(columns):
                at = c * rows
                fk_kama_column(&values[at], rows, timeperiod, &out[at])


def psar(const double[::1] high not None, const double[::1] low not None, Py_ssize_t rows,
         double acceleration, double maximum, double[::1] out not None, int num_threads):
    """Parabolic stop and reverse."""
    cdef Py_ssize_t columns = _columns(high.shape[0], rows), c, at
    with nogil:
        if num_threads > 1 and columns > 1:
            for c in prange(columns, schedule="static", num_threads=num_threads):
                at = c * rows
                fk_psar_column(&high[at], &low[at], rows, acceleration, maximum, &out[at])
        else:
            for c in range(columns):
                at = c * rows
                fk_psar_column(&high[at], &low[at], rows, acceleration, maximum, &out[at])


def heikin_ashi(const double[::1] open not None, const double[::1] high not None,
                const double[::1] low not None, const double[::1] close not None,
                Py_ssize_t rows, double[::1] ha_open not None, double[::1] ha_high not None,
                double[::1] ha_low not None, double[::1] ha_close not None, int num_threads):
    """Heikin-Ashi candles."""
    cdef Py_ssize_t columns = _columns(open.shape[0], rows), c, at
    with nogil:
        if num_threads > 1 and columns > 1:
            for c in prange(columns, schedule="static", num_threads=num_threads):
                at = c * rows
                fk_heikin_ashi_column(&open[at], &high[at], &low[at], &close[at], rows,
                                      &ha_open[at], &ha_high[at], &ha_low[at], &ha_close[at])
        else:
            for c in range(columns):
                at = c * rows
                fk_heikin_ashi_column(&open[at], &high[at], &low[at], &close[at], rows,
                                      &ha_open[at], &ha_high[at], &ha_low[at], &ha_close[at])


def supertrend(const double[::1] high not None, const double[::1] low not None,
               const double[::1] close not None, Py_ssize_t rows, Py_ssize_t timeperiod,
               double multiplier, double[::1] value not None, int64_t[::1] direction not None,
               double[::1] lower not None, double[::1] upper not None, int num_threads):
    """Supertrend: the side that is drawn, its direction, and both sides where they are drawn."""
    cdef Py_ssize_t columns = _columns(high.shape[0], rows), c, at
    with nogil:
        if num_threads > 1 and columns > 1:
            for c in prange(columns, schedule="static", num_threads=num_threads):
                at = c * rows
                fk_supertrend_column(&high[at], &low[at], &close[at], rows, timeperiod, multiplier,
                                     &value[at], &direction[at], &lower[at], &upper[at])
        else:
            for c in range(columns):
                at = c * rows
                fk_supertrend_column(&high[at], &low[at], &close[at], rows, timeperiod, multiplier,
                                     &value[at], &direction[at], &lower[at], &upper[at])


def dynamic_bands(const double[::1] atr not None, Py_ssize_t rows, Py_ssize_t atr_period,
                  double base_lower, double base_upper, double sensitivity,
                  double adjustment_factor, double min_width, double max_width,
                  double[::1] lower not None, double[::1] upper not None,
                  double[::1] ratio not None, double[::1] mean not None, int num_threads):
    """Bands that move with the ratio of a range to its mean; that ratio, and that mean."""
    cdef Py_ssize_t columns = _columns(atr.shape[0], rows), c, at
    cdef fk_bands_rules rules = fk_bands_rules_of(base_lower, base_upper, sensitivity,
                                                  adjustment_factor, min_width, max_width)
    with nogil:
        if num_threads > 1 and columns > 1:
            for c in prange(columns, schedule="static", num_threads=num_threads):
                at = c * rows
                fk_bands_column(&atr[at], rows, atr_period, rules, &lower[at], &upper[at],
                                &ratio[at], &mean[at])
        else:
            for c in range(columns):
                at = c * rows
                fk_bands_column(&atr[at], rows, atr_period, rules, &lower[at], &upper[at],
                                &ratio[at], &mean[at])
