/* Wilder's parabolic stop and reverse as TA-Lib 0.8 computes it.
 *
 * The first row with both prices gives the first stop, the second one the direction: short if the
 * low has fallen by more than the high has risen. A stop never enters the range of the two rows
 * before it. Comparisons with NaN are false; leading rows with a NaN are passed over.
 */
#ifndef FK_PSAR_H
#define FK_PSAR_H

#include "fused.h"

typedef struct {
    double acceleration, maximum;
    int seen; /* rows since the first without NaN, counted up to 2 */
    int rising;
    double factor, extreme, stop;
    double high, low; /* of the row before */
} fk_psar;

FK_INLINE void fk_psar_start(fk_psar *p, double acceleration, double maximum) {
    p->acceleration = acceleration > maximum ? maximum : acceleration;
    p->maximum = maximum;
    p->factor = p->acceleration;
    p->seen = 0;
    p->rising = 1;
    p->extreme = p->stop = p->high = p->low = NAN;
}

FK_INLINE double fk_psar_at_least(double stop, double a, double b) {
    stop = stop < a ? a : stop;
    return stop < b ? b : stop;
}

FK_INLINE double fk_psar_at_most(double stop, double a, double b) {
    stop = stop > a ? a : stop;
    return stop > b ? b : stop;
}

/* Direction, extreme and stop of the second row; its range counts as the one before, too. */
FK_INLINE void fk_psar_open(fk_psar *p, double high, double low) {
    double fall = p->low - low;
    p->rising = !(fall > 0.0 && high - p->high < fall);
    p->extreme = p->rising ? high : low;
    p->stop = p->rising ? p->low : p->high;
    p->high = high;
    p->low = low;
}

/* The same direction; a new extreme makes the stop follow faster. */
FK_INLINE void fk_psar_go_on(fk_psar *p, int further, double price) {
    double faster = p->factor + p->acceleration;
    faster = faster > p->maximum ? p->maximum : faster;
    p->extreme = fk_pick(further, price, p->extreme);
    p->factor = fk_pick(further, faster, p->factor);
}

FK_INLINE double fk_psar_rising(fk_psar *p, double high, double low) {
    double stop = p->stop;
    if (low <= stop) {
        stop = fk_psar_at_least(p->extreme, p->high, high);
        p->rising = 0;
        p->factor = p->acceleration;
        p->extreme = low;
        p->stop = fk_psar_at_least(fma(p->factor, low - stop, stop), p->high, high);
        return stop;
    }
    fk_psar_go_on(p, high > p->extreme, high);
    p->stop = fk_psar_at_most(fma(p->factor, p->extreme - stop, stop), p->low, low);
    return stop;
}

FK_INLINE double fk_psar_falling(fk_psar *p, double high, double low) {
    double stop = p->stop;
    if (high >= stop) {
        stop = fk_psar_at_most(p->extreme, p->low, low);
        p->rising = 1;
        p->factor = p->acceleration;
        p->extreme = high;
        p->stop = fk_psar_at_most(fma(p->factor, high - stop, stop), p->low, low);
        return stop;
    }
    fk_psar_go_on(p, low < p->extreme, low);
    p->stop = fk_psar_at_least(fma(p->factor, p->extreme - stop, stop), p->high, high);
    return stop;
}

FK_INLINE double fk_psar_late(fk_psar *p, double high, double low) {
    double stop = p->rising ? fk_psar_rising(p, high, low) : fk_psar_falling(p, high, low);
    p->high = high;
    p->low = low;
    return stop;
}

FK_INLINE double fk_psar_step(fk_psar *p, double high, double low) {
    if (p->seen == 2) return fk_psar_late(p, high, low);
    if (p->seen == 0) {
        if (isnan(high) || isnan(low)) return NAN;
        p->high = high;
        p->low = low;
        p->seen = 1;
        return NAN;
    }
    p->seen = 2;
    fk_psar_open(p, high, low);
    return fk_psar_late(p, high, low);
}

FK_FUSED
static void fk_psar_column(const double *high, const double *low, ptrdiff_t rows,
                           double acceleration, double maximum, double *out) {
    fk_psar p;
    ptrdiff_t row = 0;
    fk_psar_start(&p, acceleration, maximum);
    for (; row < rows && p.seen < 2; row++) out[row] = fk_psar_step(&p, high[row], low[row]);
    for (; row < rows; row++) out[row] = fk_psar_late(&p, high[row], low[row]);
}

#endif
