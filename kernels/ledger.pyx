# Door for one trade at a time: what freqtrade's LocalTrade and Order compute.
#
# Arguments are objects as they stand in freqtrade's attributes. Where a function cannot promise
# freqtrade's result - a type that is neither float nor int, a number too wide, a division by zero -
# it returns NotImplemented, and freqtrade has to do it.
from libc.math cimport isfinite
from libc.stdint cimport uint64_t

from plain cimport most_stake, plain_number


cdef extern from "fk_decimal.h" nogil:
    ctypedef struct fk_decimal:
        uint64_t limb[5]
        int size
        int decimals
        bint negative
    fk_decimal fk_decimal_of(double x)


cdef extern from "fk_round.h" nogil:
    double fk_round_places(double x, int places)


cdef extern from "fk_precision.h" nogil:
    ctypedef struct fk_precision:
        pass
    int FK_TICK_SIZE
    bint fk_precision_of(double precision, int counting, fk_precision *out)
    bint fk_price_to_precision(double price, const fk_precision *to, int mode, double *out)
    bint fk_amount_to_contract_precision(double amount, const fk_precision *to,
                                         double contract_size, double *out)


cdef extern from "fk_trade.h" nogil:
    fk_decimal fk_fee_factor(double fee, bint plus)
    bint fk_value_with_fee(const fk_decimal *amount, const fk_decimal *rate,
                           const fk_decimal *factor, double *out)
    bint fk_order_stake(const fk_decimal *amount, const fk_decimal *price,
                        const fk_decimal *leverage, double *out)
    double fk_with_funding(double close_value, double funding_fees, bint is_short)
    double fk_profit_ratio(double open_value, double close_value, double leverage, bint is_short)
    double fk_profit_abs(double open_value, double close_value, bint is_short)
    bint fk_rate_for_roi(double open_value, double value_at_0, double value_at_1, double roi,
                         double leverage, bint is_short, double *out)


# Prices beyond this are left to freqtrade where the tick is an int.
cdef double LAST_ON_INT = 1e15


cdef inline bint _grid(object precision, object counting, double x, fk_precision *out) noexcept:
    """A market's precision; floats of numpy are as good as Python's here."""
    cdef double size
    if type(counting) is not int or not 2 <= counting <= 4:
        return False
    if isinstance(precision, float):
        size = precision
    elif not plain_number(precision, &size) or (counting == FK_TICK_SIZE and abs(x) >= LAST_ON_INT):
        return False
    return fk_precision_of(size, counting, out)


def price_to_precision(object price, object precision, object counting, object mode):
    """freqtrade's price_to_precision of one price."""
    cdef double out
    cdef fk_precision to
    if precision is None or counting is None:
        return price
    if type(price) is not float or type(mode) is not int or not 0 <= mode <= 3:
        return NotImplemented
    if not isfinite(<double> price) or not _grid(precision, counting, price, &to):
        return NotImplemented
    return out if fk_price_to_precision(price, &to, mode, &out) else NotImplemented


def amount_to_contract_precision(object amount, object precision, object counting,
                                 object contract_size):
    """freqtrade's amount_to_contract_precision of one amount."""
    cdef double out, size = 0.0
    cdef fk_precision to
    if precision is None or counting is None:
        return amount
    if type(amount) is not float or not isfinite(<double> amount):
        return NotImplemented
    if contract_size is not None and not plain_number(contract_size, &size):
        return NotImplemented
    if type(contract_size) is int and <double> amount < 0.0:
        return NotImplemented
    if not _grid(precision, counting, amount, &to):
        return NotImplemented
    return out if fk_amount_to_contract_precision(amount, &to, size, &out) else NotImplemented


# ---- values of a trade


cdef bint _value(object amount, object rate, object fee, bint plus, double *out) noexcept:
    """amount * rate with the fee added (plus) or taken off."""
    cdef double x, y, z
    cdef fk_decimal a, b, factor
    if not (plain_number(amount, &x) and plain_number(rate, &y) and plain_number(fee, &z)):
        return False
    a = fk_decimal_of(x)
    b = fk_decimal_of(y)
    factor = fk_fee_factor(z, plus)
    return fk_value_with_fee(&a, &b, &factor, out)


cdef inline bint _close_value(object amount, object rate, object fee, object funding_fees,
                              bint is_short, double *out) noexcept:
    cdef double funding
    if not plain_number(funding_fees, &funding) or not _value(amount, rate, fee, is_short, out):
        return False
    out[0] = fk_with_funding(out[0], funding, is_short)
    return True


def open_trade_value(object amount, object open_rate, object fee, bint is_short):
    """LocalTrade._calc_open_trade_value."""
    cdef double out
    return out if _value(amount, open_rate, fee, not is_short, &out) else NotImplemented


def close_trade_value(object amount, object rate, object fee, object funding_fees, bint is_short):
    """LocalTrade.calc_close_trade_value without interest; no funding fees are 0."""
    cdef double out
    return (out if _close_value(amount, rate, fee, funding_fees, is_short, &out)
            else NotImplemented)


def profit_ratio(object amount, object rate, object fee, object funding_fees, bint is_short,
                 object open_value, object leverage):
    """LocalTrade.calc_profit_ratio of the whole trade."""
    cdef double closed, opened, factor
    if not (_close_value(amount, rate, fee, funding_fees, is_short, &closed)
            and plain_number(open_value, &opened) and plain_number(leverage, &factor)):
        return NotImplemented
    return fk_profit_ratio(opened, closed, factor, is_short)


def profits(object close_value, object open_value, bint is_short, object leverage,
            object realized_profit, object max_stake_amount, object fee_open):
    """LocalTrade.calculate_profit of two values: absolute, ratio, and both in total."""
    cdef double closed, opened, factor, realized, divisor, total
    if not (plain_number(close_value, &closed) and plain_number(open_value, &opened)
            and plain_number(leverage, &factor) and plain_number(realized_profit, &realized)
            and most_stake(max_stake_amount, fee_open, is_short, &divisor)):
        return NotImplemented
    total = (opened - closed if is_short else closed - opened) + realized
    return (
        fk_profit_abs(opened, closed, is_short),
        fk_profit_ratio(opened, closed, factor, is_short),
        fk_round_places(total, 8),
        fk_round_places(total / divisor, 8) if divisor != 0.0 else 0.0,
    )


def rate_for_roi(object amount, object open_rate, object fee_open, object fee_close,
                 object funding_fees, bint is_short, object roi, object leverage):
    """LocalTrade.calc_close_rate_for_roi."""
    cdef double opened, at_0, at_1, target, factor, out
    if not (_value(amount, open_rate, fee_open, not is_short, &opened)
            and _close_value(amount, 0.0, fee_close, funding_fees, is_short, &at_0)
            and _close_value(amount, 1.0, fee_close, funding_fees, is_short, &at_1)
            and plain_number(roi, &target) and plain_number(leverage, &factor)):
        return NotImplemented
    return (out if fk_rate_for_roi(opened, at_0, at_1, target, factor, is_short, &out)
            else NotImplemented)


def order_stake(object amount, object price, object leverage):
    """Order.stake_amount."""
    cdef double x, y, z, out
    cdef fk_decimal a, b, divisor
    if not (plain_number(amount, &x) and plain_number(price, &y) and plain_number(leverage, &z)):
        return NotImplemented
    if x < 0.0 or y < 0.0 or z < 0.0:
        return NotImplemented
    a = fk_decimal_of(x)
    b = fk_decimal_of(y)
    divisor = fk_decimal_of(z)
    return out if fk_order_stake(&a, &b, &divisor, &out) else NotImplemented
