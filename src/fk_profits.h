/* Profits of many closed trades, each with the bits of LocalTrade.calculate_profit.
 *
 * freqtrade computes both values of a trade in decimals, makes doubles of them, and rounds what
 * follows to 8 decimals. Plain doubles nearly always say which number of 8 decimals that is. They
 * do not where they may be off (FK_PROFIT_SLACK) by the distance to the next half of a unit, nor
 * for odd input: those rows, and only those, are computed in decimals.
 */
#ifndef FK_PROFITS_H
#define FK_PROFITS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "fk_clones.h"
#include "fk_trade.h"

#define FK_PROFIT_BLOCK 256
/* How far off the doubles may be, in units of the 8th decimal for each of value: 2^-49. Of the
 * open, the close value and the funding fees, no more than 12 roundings of 2^-53 lie between the
 * gain here and freqtrade's; for ratios it is less than twice as much. */
#define FK_PROFIT_SLACK (1e8 / 562949953421312.0)
/* Beyond underflow. */
#define FK_PROFIT_LEAST_SLACK 1e-280
/* Up to here 1 - fee keeps its digits. */
#define FK_PROFIT_MOST_FEE 0.25
/* Fees from here to 1 make values of up to 304 bits: decimals hold them all. */
#define FK_LEAST_FEE 1e-40
/* 2^51, and what rounds a double below it to an integer when it is added and taken away. */
#define FK_PROFIT_MOST_UNITS 2251799813685248.0
#define FK_PROFIT_SHIFT (3.0 * FK_PROFIT_MOST_UNITS)

/* One value a row (step 1), or the same one FK_PROFIT_BLOCK times (step 0). */
typedef struct {
    const double *values;
    size_t step;
} fk_column;

typedef struct {
    fk_column entry, exit, quantity, fee_open, fee_close, funding_fees, leverage;
    const uint8_t *is_short; /* as a column */
    size_t is_short_step;
    int has_one_setting;
    fk_decimal open_factor, close_factor; /* of that setting */
} fk_closed_trades;

/* A column of `rows` values, or of one, for which there is `room` for FK_PROFIT_BLOCK. */
static inline fk_column fk_column_of(const double *values, size_t size, size_t rows,
                                     double *room) {
    fk_column column = {values, size == rows};
    if (column.step) return column;
    for (int i = 0; i < FK_PROFIT_BLOCK; i++) room[i] = values[0];
    column.values = room;
    return column;
}

/* The same of flags. */
static inline const uint8_t *fk_flags_of(const uint8_t *values, size_t size, size_t rows,
                                         uint8_t *room) {
    if (size == rows) return values;
    for (int i = 0; i < FK_PROFIT_BLOCK; i++) room[i] = values[0];
    return room;
}

static inline const double *fk_from_row(fk_column column, size_t row) {
    return column.values + row * column.step;
}

/* `units` of the 8th decimal, as a number of 8 decimals; false if they may be others, which they
 * are beyond halves and, for the sign, beyond 0. */
static inline int64_t fk_round_units(double units, double slack, double *out) {
    const double whole = (units + FK_PROFIT_SHIFT) - FK_PROFIT_SHIFT, size = fabs(units);
    *out = copysign(whole / 1e8, units);
    return (fabs(units - whole) < 0.5 - slack) & (size > slack) & (size < FK_PROFIT_MOST_UNITS);
}

static inline int64_t fk_is_usual_fee(double fee) {
    return ((fee == 0.0) | (fee >= FK_LEAST_FEE)) & (fee <= FK_PROFIT_MOST_FEE);
}

/* A row in doubles; false where they leave a profit open. */
static inline int64_t fk_profit_in_doubles(double entry, double exit, double quantity,
                                           double fee_open, double fee_close, double funding,
                                           double leverage, double side, double *absolute,
                                           double *ratio) {
    const double opened = quantity * entry * (1.0 + side * fee_open);
    const double closed = quantity * exit * (1.0 - side * fee_close);
    const double gain = side * ((closed + side * funding) - opened), scale = leverage / opened;
    const double slack =
        FK_PROFIT_SLACK * (opened + closed + fabs(funding)) + FK_PROFIT_LEAST_SLACK;
    return fk_round_units(1e8 * gain, slack, absolute) &
           fk_round_units(1e8 * (gain * scale), 2.0 * (slack * scale), ratio) & (entry > 0.0) &
           (exit >= 0.0) & (quantity >= 0.0) & (leverage > 0.0) & fk_is_usual_fee(fee_open) &
           fk_is_usual_fee(fee_close);
}

/* Rows in doubles, one setting for all of them; whether none leaves a profit open. */
static FK_CLONES int64_t fk_profits_of_one_setting(
    size_t count, const double *__restrict entry, const double *__restrict exit,
    const double *__restrict quantity, double fee_open, double fee_close, double funding,
    double leverage, double side, double *__restrict absolute, double *__restrict ratio,
    int64_t *__restrict sure) {
    int64_t all = 1;
    for (size_t i = 0; i < count; i++) {
        sure[i] = fk_profit_in_doubles(entry[i], exit[i], quantity[i], fee_open, fee_close,
                                       funding, leverage, side, &absolute[i], &ratio[i]);
        all &= sure[i];
    }
    return all;
}

static FK_CLONES int64_t fk_profits_of_settings(
    size_t count, const double *__restrict entry, const double *__restrict exit,
    const double *__restrict quantity, const double *__restrict fee_open,
    const double *__restrict fee_close, const double *__restrict funding,
    const double *__restrict leverage, const double *__restrict side, double *__restrict absolute,
    double *__restrict ratio, int64_t *__restrict sure) {
    int64_t all = 1;
    for (size_t i = 0; i < count; i++) {
        sure[i] = fk_profit_in_doubles(entry[i], exit[i], quantity[i], fee_open[i], fee_close[i],
                                       funding[i], leverage[i], side[i], &absolute[i], &ratio[i]);
        all &= sure[i];
    }
    return all;
}

/* What is the same for all trades; the columns are there. */
static inline void fk_prepare_trades(fk_closed_trades *t) {
    t->has_one_setting = !(t->fee_open.step | t->fee_close.step | t->funding_fees.step |
                           t->leverage.step | t->is_short_step);
    t->open_factor = fk_fee_factor(*t->fee_open.values, !*t->is_short);
    t->close_factor = fk_fee_factor(*t->fee_close.values, *t->is_short);
}

static inline int fk_is_amount(double x) { return x >= 0.0 && isfinite(x); }

static inline int fk_is_fee(double fee) {
    return fee == 0.0 || (fee >= FK_LEAST_FEE && fee <= 1.0);
}

/* A row in decimals; false, and NaN, for what is no trade. */
static inline int fk_profit_in_decimals(const fk_closed_trades *t, size_t row, double *absolute,
                                        double *ratio) {
    const double entry = *fk_from_row(t->entry, row), exit = *fk_from_row(t->exit, row);
    const double quantity = *fk_from_row(t->quantity, row);
    const double fee_open = *fk_from_row(t->fee_open, row);
    const double fee_close = *fk_from_row(t->fee_close, row);
    const double funding = *fk_from_row(t->funding_fees, row);
    const double leverage = *fk_from_row(t->leverage, row);
    const int is_short = t->is_short[row * t->is_short_step] != 0;
    fk_decimal amount, open_rate, close_rate, open_factor, close_factor;
    double opened, closed;
    *absolute = *ratio = NAN;
    if (!(entry > 0.0 && leverage > 0.0 && fk_is_amount(entry) && fk_is_amount(exit) &&
          fk_is_amount(quantity) && fk_is_amount(leverage) && fk_is_fee(fee_open) &&
          fk_is_fee(fee_close) && isfinite(funding)))
        return 0;
    amount = fk_decimal_of(quantity);
    open_rate = fk_decimal_of(entry);
    close_rate = fk_decimal_of(exit);
    open_factor = t->has_one_setting ? t->open_factor : fk_fee_factor(fee_open, !is_short);
    close_factor = t->has_one_setting ? t->close_factor : fk_fee_factor(fee_close, is_short);
    fk_value_with_fee(&amount, &open_rate, &open_factor, &opened);
    fk_value_with_fee(&amount, &close_rate, &close_factor, &closed);
    closed = fk_with_funding(closed, funding, is_short);
    *absolute = fk_profit_abs(opened, closed, is_short);
    *ratio = fk_profit_ratio(opened, closed, leverage, is_short);
    return 1;
}

/* FK_PROFIT_BLOCK rows at most, from `start` on; returns how many are no trades. */
static inline int64_t fk_profits(const fk_closed_trades *t, size_t start, size_t count,
                                 double *absolute, double *ratio) {
    const double *entry = fk_from_row(t->entry, start), *exit = fk_from_row(t->exit, start);
    const double *quantity = fk_from_row(t->quantity, start);
    const double *fee_open = fk_from_row(t->fee_open, start);
    const double *fee_close = fk_from_row(t->fee_close, start);
    const double *funding = fk_from_row(t->funding_fees, start);
    const double *leverage = fk_from_row(t->leverage, start);
    const uint8_t *is_short = t->is_short + start * t->is_short_step;
    double side[FK_PROFIT_BLOCK];
    int64_t sure[FK_PROFIT_BLOCK], all, refused = 0;
    absolute += start;
    ratio += start;
    if (t->has_one_setting) {
        all = fk_profits_of_one_setting(count, entry, exit, quantity, *fee_open, *fee_close,
                                        *funding, *leverage, *is_short ? -1.0 : 1.0, absolute,
                                        ratio, sure);
    } else {
        for (size_t i = 0; i < count; i++) side[i] = is_short[i] ? -1.0 : 1.0;
        all = fk_profits_of_settings(count, entry, exit, quantity, fee_open, fee_close, funding,
                                     leverage, side, absolute, ratio, sure);
    }
    for (size_t i = 0; !all && i < count; i++)
        if (!sure[i])
            refused += !fk_profit_in_decimals(t, start + i, &absolute[i], &ratio[i]);
    return refused;
}

#endif
