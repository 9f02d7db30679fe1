/* Heikin-Ashi candles as qtpylib computes them with pandas.
 *
 * An open that is NaN makes all later opens NaN. High and low pass over NaN; of equal numbers
 * (zeros of both signs) the last one counts.
 */
#ifndef FK_HEIKIN_ASHI_H
#define FK_HEIKIN_ASHI_H

#include "fused.h"

typedef struct {
    int started;
    double open, close; /* of the last row */
} fk_heikin_ashi;

typedef struct {
    double open, high, low, close;
} fk_heikin_ashi_row;

FK_INLINE void fk_heikin_ashi_start(fk_heikin_ashi *h) {
    h->started = 0;
    h->open = h->close = NAN;
}

FK_INLINE double fk_heikin_ashi_higher(double a, double b) { return !(b < a) & !isnan(b) ? b : a; }

FK_INLINE double fk_heikin_ashi_lower(double a, double b) { return !(b > a) & !isnan(b) ? b : a; }

FK_INLINE fk_heikin_ashi_row fk_heikin_ashi_late(fk_heikin_ashi *h, double open, double high,
                                               double low, double close) {
    fk_heikin_ashi_row row;
    row.close = (open + high + low + close) / 4.0;
    row.open = (h->open + h->close) / 2.0;
    row.high = fk_heikin_ashi_higher(fk_heikin_ashi_higher(high, row.open), row.close);
    row.low = fk_heikin_ashi_lower(fk_heikin_ashi_lower(low, row.open), row.close);
    h->open = row.open;
    h->close = row.close;
    return row;
}

FK_INLINE fk_heikin_ashi_row fk_heikin_ashi_step(fk_heikin_ashi *h, double open, double high,
                                               double low, double close) {
    if (!h->started) {
        h->started = 1;
        h->open = open;
        h->close = close;
    }
    return fk_heikin_ashi_late(h, open, high, low, close);
}

static void fk_heikin_ashi_column(const double *open, const double *high, const double *low,
                                  const double *close, ptrdiff_t rows, double *ha_open,
                                  double *ha_high, double *ha_low, double *ha_close) {
    fk_heikin_ashi h;
    fk_heikin_ashi_start(&h);
    for (ptrdiff_t row = 0; row < rows; row++) {
        fk_heikin_ashi_row made =
            fk_heikin_ashi_step(&h, open[row], high[row], low[row], close[row]);
        ha_open[row] = made.open;
        ha_high[row] = made.high;
        ha_low[row] = made.low;
        ha_close[row] = made.close;
    }
}

#endif
