/* The stop of one trade on its way through candles, as IStrategy.ft_stoploss_reached and
 * LocalTrade.adjust_stop_loss move it: without callbacks and without an exchange's grid.
 *
 * Rates are held times `side`, so that a short trade's stop rises as well; that only turns signs.
 * A candle moves the stop to its better end times a factor which depends on the profit there. The
 * profit, that of an amount of 1, is computed in decimals, but only where doubles leave open on
 * which side of the offset it is: between `unsure` and `surely_above`.
 */
#ifndef FK_STOPS_H
#define FK_STOPS_H

#include <math.h>
#include <stdint.h>

#include "fk_clones.h"
#include "fk_trade.h"

#define FK_STOP_BLOCK 64

enum { FK_NOT_TOUCHED = -1, FK_NO_CANDLE = -2 };

/* Rounded profits reach half as far, and what doubles lose is a small part of the second. */
#define FK_OFFSET_SLACK 1e-8
#define FK_RATE_SLACK 1e-12
/* Near the smallest doubles there is no small part. */
#define FK_LEAST_VALUE 1e-280

typedef struct {
    int trailing_stop;
    double trailing_stop_positive; /* NaN: none */
    double trailing_stop_positive_offset;
    int trailing_only_offset_is_reached;
    double fee;
} fk_stop_rules;

typedef struct {
    double entry, stoploss, leverage;
    int is_short;
    int64_t start, end;
} fk_stop_trade;

typedef struct {
    double side, stop;
    double above, at, below; /* factors by profit against the offset; NaN: the stop stays */
    double unsure, surely_above;
    double offset, open_value, leverage;
    fk_decimal close_factor;
} fk_stop;

/* stop = price * factor at a distance of `ratio`. */
static inline double fk_stop_factor(const fk_stop_trade *t, double ratio) {
    const double part = fabs(ratio / t->leverage);
    return t->is_short ? -(1.0 + part) : 1.0 - part;
}

/* The rate with a profit of `ratio`, times side; nearly. */
static inline double fk_rate_near(const fk_stop *s, double fee, double ratio) {
    return s->side * s->open_value / (1.0 - s->side * fee) *
           (1.0 + s->side * ratio / s->leverage);
}

/* Where it depends on the profit how the stop moves. */
static inline void fk_stop_offset(const fk_stop_rules *rules, const fk_stop_trade *t, fk_stop *s) {
    const fk_decimal amount = fk_decimal_of(1.0), rate = fk_decimal_of(t->entry);
    const fk_decimal factor = fk_fee_factor(rules->fee, !t->is_short);
    double slack;
    int plain;
    s->offset = rules->trailing_stop_positive_offset;
    s->leverage = t->leverage;
    s->close_factor = fk_fee_factor(rules->fee, t->is_short);
    fk_value_with_fee(&amount, &rate, &factor, &s->open_value);
    s->unsure = fk_rate_near(s, rules->fee, s->offset - FK_OFFSET_SLACK);
    s->surely_above = fk_rate_near(s, rules->fee, s->offset + FK_OFFSET_SLACK);
    slack = FK_RATE_SLACK * (fabs(s->unsure) + fabs(s->surely_above) + s->open_value);
    plain = isfinite(slack) && s->open_value > FK_LEAST_VALUE;
    s->unsure = plain ? s->unsure - slack : -INFINITY;
    s->surely_above = plain ? s->surely_above + slack : INFINITY;
}

static inline fk_stop fk_stop_of(const fk_stop_rules *rules, const fk_stop_trade *t) {
    const int has_positive = !isnan(rules->trailing_stop_positive);
    fk_stop s;
    s.side = t->is_short ? -1.0 : 1.0;
    s.at = fk_stop_factor(t, t->stoploss);
    s.stop = t->entry * s.at;
    s.above = has_positive ? fk_stop_factor(t, rules->trailing_stop_positive) : s.at;
    s.below = rules->trailing_only_offset_is_reached ? NAN : s.at;
    s.unsure = s.surely_above = INFINITY;
    if (has_positive || rules->trailing_only_offset_is_reached) fk_stop_offset(rules, t, &s);
    return s;
}

/* The factor at that rate (times side), from the profit in decimals. */
static inline double fk_stop_factor_at(const fk_stop *s, double rate) {
    const fk_decimal amount = fk_decimal_of(1.0), close_rate = fk_decimal_of(fabs(rate));
    double value, profit;
    fk_value_with_fee(&amount, &close_rate, &s->close_factor, &value);
    profit = fk_profit_ratio(s->open_value, value, s->leverage, s->side < 0.0);
    return profit > s->offset ? s->above : profit < s->offset ? s->below : s->at;
}

/* Whether no row of FK_STOP_BLOCK touches a fixed stop, or is no candle. */
static FK_CLONES int fk_is_clear(const double *__restrict worse, double side, double stop) {
    int64_t clear = 1;
    for (int i = 0; i < FK_STOP_BLOCK; i++)
        clear &= (side * worse[i] > stop) & (worse[i] > 0.0) & (worse[i] < INFINITY);
    return clear != 0;
}

/* The same of a stop that trails, and whether it stays, surely. */
static FK_CLONES int fk_is_still(const double *__restrict low, const double *__restrict high,
                                 const double *__restrict worse, const double *__restrict better,
                                 const fk_stop *s) {
    const double side = s->side, stop = s->stop, unsure = s->unsure, surely_above = s->surely_above;
    const double above = s->above, below = s->below;
    int64_t still = 1;
    for (int i = 0; i < FK_STOP_BLOCK; i++) {
        const double rate = side * better[i];
        const int64_t stays_above = !(better[i] * above > stop) & (rate >= surely_above);
        const int64_t stays_below = !(better[i] * below > stop) & (rate <= unsure);
        still &= (stays_above | stays_below) & (side * worse[i] > stop) & (low[i] > 0.0) &
                 (low[i] <= high[i]) & (high[i] < INFINITY);
    }
    return still != 0;
}

/* The first row that touches a stop which stays where it is. */
static inline int64_t fk_touch_fixed(const fk_stop *s, const double *worse, int64_t row,
                                     int64_t end) {
    while (end - row >= FK_STOP_BLOCK && fk_is_clear(worse + row, s->side, s->stop))
        row += FK_STOP_BLOCK;
    for (; row < end; row++) {
        if (!(worse[row] > 0.0 && worse[row] < INFINITY)) return FK_NO_CANDLE;
        if (s->stop >= s->side * worse[row]) return row;
    }
    return FK_NOT_TOUCHED;
}

/* The same of one that trails; where there is a path, the stop that each row meets goes there. */
static inline int64_t fk_touch_trailing(fk_stop *s, const double *low, const double *high,
                                        int64_t row, int64_t end, double *path) {
    const double *worse = s->side > 0.0 ? low : high, *better = s->side > 0.0 ? high : low;
    while (row < end) {
        const int64_t until = end - row < FK_STOP_BLOCK ? end : row + FK_STOP_BLOCK;
        if (!path && until == row + FK_STOP_BLOCK &&
            fk_is_still(low + row, high + row, worse + row, better + row, s))
            row = until;
        for (; row < until; row++) {
            const double against = s->side * worse[row], rate = s->side * better[row];
            double moved;
            if (!((low[row] > 0.0) & (low[row] <= high[row]) & (high[row] < INFINITY)))
                return FK_NO_CANDLE;
            moved = better[row] * (rate >= s->surely_above ? s->above
                                   : rate <= s->unsure     ? s->below
                                                           : fk_stop_factor_at(s, rate));
            if (s->stop < against && moved > s->stop) s->stop = moved;
            if (path) *path++ = s->side * s->stop;
            if (s->stop >= against) return row;
        }
    }
    return FK_NOT_TOUCHED;
}

/* The row of the first touch, and the stop then. */
static inline int64_t fk_first_touch(const fk_stop_rules *rules, const fk_stop_trade *t,
                                     const double *low, const double *high, double *rate) {
    fk_stop s = fk_stop_of(rules, t);
    const int64_t row =
        rules->trailing_stop
            ? fk_touch_trailing(&s, low, high, t->start, t->end, NULL)
            : fk_touch_fixed(&s, t->is_short ? high : low, t->start, t->end);
    *rate = row >= 0 ? s.side * s.stop : NAN;
    return row;
}

/* The stop in each row of a trade that ends with the touch, if there is one. */
static inline void fk_stop_path(const fk_stop_rules *rules, const fk_stop_trade *t,
                                const double *low, const double *high, double *path) {
    fk_stop s = fk_stop_of(rules, t);
    if (rules->trailing_stop)
        fk_touch_trailing(&s, low, high, t->start, t->end, path);
    else
        for (int64_t row = t->start; row < t->end; row++) path[row - t->start] = s.side * s.stop;
}

#endif
