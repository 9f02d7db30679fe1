# Door to the exact arithmetic in src/. The contract of this layer stands in _kernels/__init__.py.
#
# Functions with an integer result return how many elements were refused; these are NaN in out.
from libc.stdint cimport int64_t, uint64_t


cdef extern from "fk_shortest.h" nogil:
    ctypedef struct fk_short:
        uint64_t digits
        int decimals
        bint negative
    fk_short fk_shortest(double x)


cdef extern from "fk_decimal.h" nogil:
    ctypedef struct fk_decimal:
        uint64_t limb[5]
        int size
        int decimals
        bint negative
    fk_decimal fk_decimal_of(double x)
    fk_decimal fk_decimal_of_integer(uint64_t magnitude, int decimals, bint negative)
    fk_decimal fk_refused()
    fk_decimal fk_add(const fk_decimal *a, const fk_decimal *b)
    fk_decimal fk_sub(const fk_decimal *a, const fk_decimal *b)
    fk_decimal fk_mul(const fk_decimal *a, const fk_decimal *b)
    fk_decimal fk_div(const fk_decimal *a, const fk_decimal *b)
    fk_decimal fk_mod(const fk_decimal *a, const fk_decimal *b)
    bint fk_compare(const fk_decimal *a, const fk_decimal *b, int *order)


cdef extern from "fk_value.h" nogil:
    bint fk_to_double(const fk_decimal *a, double *out)


cdef extern from "fk_round.h" nogil:
    double fk_round_places(double x, int places)


cdef extern from "fk_precision.h" nogil:
    ctypedef struct fk_precision:
        pass
    bint fk_precision_of(double precision, int counting, fk_precision *out)
    bint fk_price_to_precision(double price, const fk_precision *to, int mode, double *out)
    bint fk_amount_to_contract_precision(double amount, const fk_precision *to,
                                         double contract_size, double *out)
    bint fk_refuse(double *out)


cdef extern from "fk_trade.h" nogil:
    fk_decimal fk_fee_factor(double fee, bint plus)
    bint fk_value_with_fee(const fk_decimal *amount, const fk_decimal *rate,
                           const fk_decimal *factor, double *out)
    fk_decimal fk_average_price(const fk_decimal *amount, const fk_decimal *price)
    bint fk_order_stake(const fk_decimal *amount, const fk_decimal *price,
                        const fk_decimal *leverage, double *out)
    double fk_profit_ratio(double open_value, double close_value, double leverage, bint is_short)
    double fk_profit_abs(double open_value, double close_value, bint is_short)
    bint fk_rate_for_roi(double open_value, double value_at_0, double value_at_1, double roi,
                         double leverage, bint is_short, double *out)


cdef extern from "fk_sum.h" nogil:
    ctypedef struct fk_sum:
        pass
    fk_sum fk_sum_start(bint compensated)
    void fk_sum_add(fk_sum *sum, double x)
    double fk_sum_result(const fk_sum *sum)


cdef enum:
    ADD = 0
    SUBTRACT = 1
    DIVIDE = 2
    MODULO = 3
    COMPARE = 4


def shortest(const double[::1] x not None, uint64_t[::1] digits not None,
             int64_t[::1] decimals not None):
    """Digits and decimals that repr() prints, trailing zeros dropped; the numbers are finite."""
    cdef Py_ssize_t i
    cdef fk_short number
    with nogil:
        for i in range(x.shape[0]):
            number = fk_shortest(x[i])
            digits[i] = number.digits
            decimals[i] = number.decimals


def nearest(const uint64_t[::1] digits not None, const int64_t[::1] decimals not None,
            double[::1] out not None):
    """The doubles nearest to digits / 10^decimals."""
    cdef Py_ssize_t i
    cdef fk_decimal number
    with nogil:
        for i in range(digits.shape[0]):
            number = fk_decimal_of_integer(digits[i], <int> decimals[i], False)
            fk_to_double(&number, &out[i])


def multiply(const double[::1] a not None, const double[::1] b not None,
             double[::1] out not None):
    """float(Precise(a) * Precise(b))."""
    cdef Py_ssize_t i, refused = 0
    cdef fk_decimal x, y, product
    with nogil:
        for i in range(a.shape[0]):
            x = fk_decimal_of(a[i])
            y = fk_decimal_of(b[i])
            product = fk_mul(&x, &y)
            refused += not fk_to_double(&product, &out[i])
    return refused


def divide(const double[::1] a not None, const double[::1] b not None, double[::1] out not None):
    """float(Precise(a) / Precise(b))."""
    cdef Py_ssize_t i, refused = 0
    cdef fk_decimal x, y, quotient
    with nogil:
        for i in range(a.shape[0]):
            x = fk_decimal_of(a[i])
            y = fk_decimal_of(b[i])
            quotient = fk_div(&x, &y)
            refused += not fk_to_double(&quotient, &out[i])
    return refused


cdef inline fk_decimal _combined(int operation, const fk_decimal *left,
                                 const fk_decimal *right) noexcept nogil:
    cdef int order = 0
    if operation == ADD:
        return fk_add(left, right)
    if operation == SUBTRACT:
        return fk_sub(left, right)
    if operation == DIVIDE:
        return fk_div(left, right)
    if operation == MODULO:
        return fk_mod(left, right)
    if not fk_compare(left, right, &order):
        return fk_refused()
    return fk_decimal_of_integer(1 if order else 0, 0, order < 0)


def combine(int operation, const double[::1] a not None, const double[::1] b not None,
            const double[::1] c not None, const double[::1] d not None,
            double[::1] out not None):
    """Precise(a) * Precise(b) and Precise(c) * Precise(d), combined, as a float.

    ``operation``: 0 adds, 1 subtracts, 2 divides, 3 is the remainder, 4 the order (-1, 0, 1).
    """
    cdef Py_ssize_t i, refused = 0
    cdef fk_decimal x, y, left, right, result
    with nogil:
        for i in range(a.shape[0]):
            x = fk_decimal_of(a[i])
            y = fk_decimal_of(b[i])
            left = fk_mul(&x, &y)
            x = fk_decimal_of(c[i])
            y = fk_decimal_of(d[i])
            right = fk_mul(&x, &y)
            result = _combined(operation, &left, &right)
            refused += not fk_to_double(&result, &out[i])
    return refused


def round_places(const double[::1] x not None, int places, double[::1] out not None):
    """round(x, places), for 0 to 19 places."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(x.shape[0]):
            out[i] = fk_round_places(x[i], places)


def price_to_precision(const double[::1] prices not None, double precision, int counting,
                       int mode, double[::1] out not None):
    """freqtrade's price_to_precision, for the four rounding modes of ccxt."""
    cdef Py_ssize_t i, refused = 0
    cdef fk_precision to
    cdef bint usable = fk_precision_of(precision, counting, &to)
    with nogil:
        for i in range(prices.shape[0]):
            refused += not (fk_price_to_precision(prices[i], &to, mode, &out[i]) if usable
                            else fk_refuse(&out[i]))
    return refused


def amount_to_contract_precision(const double[::1] amounts not None, double precision,
                                 int counting, double contract_size, double[::1] out not None):
    """freqtrade's amount_to_contract_precision; a contract size of 0 stands for none."""
    cdef Py_ssize_t i, refused = 0
    cdef fk_precision to
    cdef bint usable = fk_precision_of(precision, counting, &to)
    with nogil:
        for i in range(amounts.shape[0]):
            refused += not (
                fk_amount_to_contract_precision(amounts[i], &to, contract_size, &out[i])
                if usable else fk_refuse(&out[i]))
    return refused


def value_with_fee(const double[::1] amount not None, const double[::1] rate not None,
                   double fee, bint plus, double[::1] out not None):
    """amount * rate with the fee added (plus) or taken off, exact until the float."""
    cdef Py_ssize_t i, refused = 0
    cdef fk_decimal x, y, factor = fk_fee_factor(fee, plus)
    with nogil:
        for i in range(amount.shape[0]):
            x = fk_decimal_of(amount[i])
            y = fk_decimal_of(rate[i])
            refused += not fk_value_with_fee(&x, &y, &factor, &out[i])
    return refused


def average_price(const double[::1] amount not None, const double[::1] price not None,
                  double[::1] out not None):
    """amount * price / amount, cut after 18 decimals."""
    cdef Py_ssize_t i, refused = 0
    cdef fk_decimal x, y, average
    with nogil:
        for i in range(amount.shape[0]):
            x = fk_decimal_of(amount[i])
            y = fk_decimal_of(price[i])
            average = fk_average_price(&x, &y)
            refused += not fk_to_double(&average, &out[i])
    return refused


def order_stake(const double[::1] amount not None, const double[::1] price not None,
                double leverage, double[::1] out not None):
    """amount * price / leverage, cut after 18 decimals."""
    cdef Py_ssize_t i, refused = 0
    cdef fk_decimal x, y, divisor = fk_decimal_of(leverage)
    with nogil:
        for i in range(amount.shape[0]):
            x = fk_decimal_of(amount[i])
            y = fk_decimal_of(price[i])
            refused += not fk_order_stake(&x, &y, &divisor, &out[i])
    return refused


def profits(const double[::1] open_value not None, const double[::1] close_value not None,
            double leverage, bint is_short, double[::1] ratio not None,
            double[::1] absolute not None):
    """Profit of a trade from its two values, as ratio and absolute, both with 8 decimals."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(open_value.shape[0]):
            ratio[i] = fk_profit_ratio(open_value[i], close_value[i], leverage, is_short)
            absolute[i] = fk_profit_abs(open_value[i], close_value[i], is_short)


def rate_for_roi(const double[::1] open_value not None, const double[::1] value_at_0 not None,
                 const double[::1] value_at_1 not None, double roi, double leverage,
                 bint is_short, double[::1] out not None):
    """The close rate that yields a return, from the close values of the rates 0 and 1."""
    cdef Py_ssize_t i, refused = 0
    with nogil:
        for i in range(open_value.shape[0]):
            refused += not fk_rate_for_roi(open_value[i], value_at_0[i], value_at_1[i], roi,
                                           leverage, is_short, &out[i])
    return refused


def float_sum(const double[::1] values not None, bint compensated):
    """sum() of a list of floats, as in Python 3.11 or (compensated) from 3.12 on."""
    cdef Py_ssize_t i
    cdef fk_sum total = fk_sum_start(compensated)
    with nogil:
        for i in range(values.shape[0]):
            fk_sum_add(&total, values[i])
    return fk_sum_result(&total)
