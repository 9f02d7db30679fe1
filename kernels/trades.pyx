# Kernels behind freqkernels.trades. The contract of this layer stands in _kernels/__init__.py.
from cython.parallel cimport prange
from libc.stdint cimport int64_t, uint8_t


cdef extern from "fk_profits.h" nogil:
    enum:
        FK_PROFIT_BLOCK
    ctypedef struct fk_column:
        size_t step
    ctypedef struct fk_closed_trades:
        fk_column entry
        fk_column exit
        fk_column quantity
        fk_column fee_open
        fk_column fee_close
        fk_column funding_fees
        fk_column leverage
        const uint8_t *is_short
        size_t is_short_step
    void fk_prepare_trades(fk_closed_trades *t)
    fk_column fk_column_of(const double *values, size_t size, size_t rows, double *room)
    const uint8_t *fk_flags_of(const uint8_t *values, size_t size, size_t rows, uint8_t *room)
    int64_t fk_profits(const fk_closed_trades *t, size_t start, size_t count, double *absolute,
                       double *ratio)


cdef extern from "fk_stops.h" nogil:
    ctypedef struct fk_stop_rules:
        bint trailing_stop
        double trailing_stop_positive
        double trailing_stop_positive_offset
        bint trailing_only_offset_is_reached
        double fee
    ctypedef struct fk_stop_trade:
        double entry
        double stoploss
        double leverage
        bint is_short
        int64_t start
        int64_t end
    int64_t fk_first_touch(const fk_stop_rules *rules, const fk_stop_trade *t, const double *low,
                           const double *high, double *rate)
    void fk_stop_path(const fk_stop_rules *rules, const fk_stop_trade *t, const double *low,
                      const double *high, double *path)


cdef enum:
    SETTINGS = 7


def profits(const double[::1] entry not None, const double[::1] exit not None,
            const double[::1] quantity not None, const double[::1] fee_open not None,
            const double[::1] fee_close not None, const double[::1] funding_fees not None,
            const double[::1] leverage not None, const uint8_t[::1] is_short not None,
            double[::1] profit_abs not None, double[::1] profit_ratio not None, int num_threads):
    """LocalTrade.calculate_profit of many trades; inputs have one value or one for each trade.

    Returns how many rows are no trades, and NaN: with a number that is missing, infinite or
    negative (funding fees may be), an entry or leverage of 0, a fee above 1 or of less than 1e-40.
    """
    cdef size_t rows = profit_abs.shape[0]
    cdef Py_ssize_t blocks = (rows + FK_PROFIT_BLOCK - 1) // FK_PROFIT_BLOCK, b
    cdef int64_t refused = 0
    cdef double room[SETTINGS][FK_PROFIT_BLOCK]
    cdef uint8_t flags[FK_PROFIT_BLOCK]
    cdef fk_closed_trades trades
    if rows == 0:
        return 0
    trades.entry = fk_column_of(&entry[0], entry.shape[0], rows, room[0])
    trades.exit = fk_column_of(&exit[0], exit.shape[0], rows, room[1])
    trades.quantity = fk_column_of(&quantity[0], quantity.shape[0], rows, room[2])
    trades.fee_open = fk_column_of(&fee_open[0], fee_open.shape[0], rows, room[3])
    trades.fee_close = fk_column_of(&fee_close[0], fee_close.shape[0], rows, room[4])
    trades.funding_fees = fk_column_of(&funding_fees[0], funding_fees.shape[0], rows, room[5])
    trades.leverage = fk_column_of(&leverage[0], leverage.shape[0], rows, room[6])
    trades.is_short = fk_flags_of(&is_short[0], is_short.shape[0], rows, flags)
    trades.is_short_step = <size_t> is_short.shape[0] == rows
    fk_prepare_trades(&trades)
    with nogil:
        for b in prange(blocks, schedule="static", num_threads=num_threads):
            refused += fk_profits(&trades, b * FK_PROFIT_BLOCK,
                                  min(<size_t> FK_PROFIT_BLOCK, rows - b * FK_PROFIT_BLOCK),
                                  &profit_abs[0], &profit_ratio[0])
    return refused


cdef fk_stop_rules _rules(bint trailing_stop, double positive, double offset, bint only_offset,
                          double fee) noexcept:
    cdef fk_stop_rules rules
    rules.trailing_stop = trailing_stop
    rules.trailing_stop_positive = positive
    rules.trailing_stop_positive_offset = offset
    rules.trailing_only_offset_is_reached = only_offset
    rules.fee = fee
    return rules


cdef inline fk_stop_trade _trade(double entry, double stoploss, double leverage, bint is_short,
                                 int64_t start, int64_t end) noexcept nogil:
    cdef fk_stop_trade trade
    trade.entry = entry
    trade.stoploss = stoploss
    trade.leverage = leverage
    trade.is_short = is_short
    trade.start = start
    trade.end = end
    return trade


cdef inline int64_t _touch(const fk_stop_rules *rules, fk_stop_trade trade, const double *low,
                           const double *high, double *rate) noexcept nogil:
    return fk_first_touch(rules, &trade, low, high, rate)


cdef inline void _path(const fk_stop_rules *rules, fk_stop_trade trade, const double *low,
                       const double *high, double *path) noexcept nogil:
    fk_stop_path(rules, &trade, low, high, path)


def first_touches(const double[::1] low not None, const double[::1] high not None,
                  const int64_t[::1] start not None, const int64_t[::1] end not None,
                  const double[::1] entry not None, const double[::1] stoploss not None,
                  const double[::1] leverage not None, const uint8_t[::1] is_short not None,
                  bint trailing_stop, double trailing_stop_positive,
                  double trailing_stop_positive_offset, bint trailing_only_offset_is_reached,
                  double fee, int64_t[::1] rows not None, double[::1] rates not None,
                  int num_threads):
    """The row of each trade that touches its stop first, and the stop then.

    A trade lasts from the row ``start`` to before ``end``; its row is -1 if nothing touches the
    stop, and -2 if before that there is no candle: prices that are missing, 0, infinite, or a low
    above the high. ``trailing_stop_positive`` is NaN for none.
    """
    cdef Py_ssize_t i
    cdef fk_stop_rules rules = _rules(
        trailing_stop, trailing_stop_positive, trailing_stop_positive_offset,
        trailing_only_offset_is_reached, fee)
    with nogil:
        for i in prange(rows.shape[0], schedule="dynamic", num_threads=num_threads):
            rows[i] = _touch(
                &rules, _trade(entry[i], stoploss[i], leverage[i], is_short[i], start[i], end[i]),
                &low[0], &high[0], &rates[i])


def stop_paths(const double[::1] low not None, const double[::1] high not None,
               const int64_t[::1] start not None, const int64_t[::1] end not None,
               const double[::1] entry not None, const double[::1] stoploss not None,
               const double[::1] leverage not None, const uint8_t[::1] is_short not None,
               bint trailing_stop, double trailing_stop_positive,
               double trailing_stop_positive_offset, bint trailing_only_offset_is_reached,
               double fee, const int64_t[::1] begin not None, double[::1] path not None,
               int num_threads):
    """The stop that each row of each trade meets, one trade after the other.

    As :func:`first_touches`, of trades that end with the row which touches the stop, if one does.
    ``begin``: where each trade begins in ``path``.
    """
    cdef Py_ssize_t i
    cdef fk_stop_rules rules = _rules(
        trailing_stop, trailing_stop_positive, trailing_stop_positive_offset,
        trailing_only_offset_is_reached, fee)
    if path.shape[0] == 0:
        return
    with nogil:
        for i in prange(begin.shape[0], schedule="dynamic", num_threads=num_threads):
            _path(
                &rules, _trade(entry[i], stoploss[i], leverage[i], is_short[i], start[i], end[i]),
                &low[0], &high[0], &path[0] + begin[i])
