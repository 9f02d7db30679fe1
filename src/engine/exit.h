/* Exits: which reasons a candle gives, at which rate, and the order. */
#ifndef FK_ENGINE_EXIT_H
#define FK_ENGINE_EXIT_H

#include "order.h"

/* At most: signal, stop or liquidation, ROI, trailing stop. */
#define FK_REASONS 3

/* The bits "== 1" or truth of the trade's own side. */
static inline int fk_wants_entry(const fk_trade *t, uint8_t signals) {
    return signals >> FK_TRUE_SHIFT & (t->is_short ? FK_ENTER_SHORT : FK_ENTER_LONG);
}

static inline int fk_wants_exit(const fk_trade *t, uint8_t signals) {
    return signals >> FK_TRUE_SHIFT & (t->is_short ? FK_EXIT_SHORT : FK_EXIT_LONG);
}

/* LocalTrade.adjust_min_max_rates. */
static inline void fk_widen(fk_trade *t, double low, double high) {
    t->max_rate = fk_max(high, isnan(t->max_rate) ? t->open_rate : t->max_rate);
    t->min_rate = fk_min(low, isnan(t->min_rate) ? t->open_rate : t->min_rate);
}

/* ft_stoploss_reached, after the stop was adjusted. */
static inline int fk_stop_reason(const fk_trade *t, const fk_row *row) {
    const int is_stop = t->is_short ? t->stop_loss <= row->high : t->stop_loss >= row->low;
    const int can_liquidate = !isnan(t->liquidation_price) && t->liquidation_price != 0.0;
    if (is_stop) return t->is_trailing ? FK_EXIT_TRAILING_STOP_LOSS : FK_EXIT_STOP_LOSS;
    if (can_liquidate && (t->is_short ? t->liquidation_price <= row->high
                                      : t->liquidation_price >= row->low))
        return FK_EXIT_LIQUIDATION;
    return FK_EXIT_NONE;
}

/* min_roi_reached. */
static inline int fk_is_roi_reached(const fk_engine *e, const fk_trade *t, const fk_row *row,
                                    double profit) {
    const fk_roi_step *step;
    if (e->rules.ignore_roi_if_entry_signal && fk_wants_entry(t, row->signals)) return 0;
    step = fk_roi_at(e, fk_minutes_open(t, row->time_ms));
    return step && profit > step->ratio;
}

static inline int fk_is_exit_signal(fk_engine *e, const fk_position *p, const fk_row *row,
                                    int *is_signal) {
    const fk_rules *r = &e->rules;
    double profit;
    *is_signal = r->use_exit_signal && fk_wants_exit(&p->trade, row->signals) &&
                 !fk_wants_entry(&p->trade, row->signals);
    if (!*is_signal || !r->exit_profit_only) return 1;
    if (!fk_ratio_at(e, p, row->open, row->now_ms, &profit)) return 0;
    *is_signal = profit > r->exit_profit_offset;
    return 1;
}

/* should_exit: the reasons in the order of trying, ended by FK_EXIT_NONE. */
static inline int fk_exit_reasons(fk_engine *e, fk_position *p, const fk_row *row,
                                  int reasons[FK_REASONS + 1]) {
    fk_trade *t = &p->trade;
    double best;
    int stop, count = 0, is_signal;
    if (!fk_ratio_at(e, p, t->is_short ? row->low : row->high, row->now_ms, &best)) return 0;
    fk_widen(t, row->low, row->high);
    if (!fk_trail(e, p, row, best) || !fk_is_exit_signal(e, p, row, &is_signal)) return 0;
    stop = fk_stop_reason(t, row);
    if (is_signal) reasons[count++] = FK_EXIT_SIGNAL;
    if (stop == FK_EXIT_STOP_LOSS || stop == FK_EXIT_LIQUIDATION) reasons[count++] = stop;
    if (fk_is_roi_reached(e, t, row, best)) reasons[count++] = FK_EXIT_ROI;
    if (stop == FK_EXIT_TRAILING_STOP_LOSS) reasons[count++] = stop;
    reasons[count] = FK_EXIT_NONE;
    return 1;
}

/* _get_close_rate_for_stoploss. */
static inline double fk_stop_rate(const fk_engine *e, const fk_trade *t, const fk_row *row,
                                  int reason) {
    const fk_rules *r = &e->rules;
    const int is_liquidation = reason == FK_EXIT_LIQUIDATION && !isnan(t->liquidation_price) &&
                               t->liquidation_price != 0.0;
    const double value = is_liquidation ? t->liquidation_price : t->stop_loss;
    const double side = t->is_short ? -1.0 : 1.0;
    double rate;
    if (t->is_short ? value < row->low : value > row->high) return row->open;
    if (reason != FK_EXIT_TRAILING_STOP_LOSS || fk_minutes_open(t, t->close_ms) != 0) return value;
    if (r->trailing_stop && r->trailing_only_offset_is_reached && r->has_trailing_stop_positive &&
        r->trailing_stop_positive != 0.0)
        rate = row->open * (1.0 + side * fabs(r->trailing_stop_positive_offset) -
                            side * fabs(r->trailing_stop_positive / t->leverage));
    else
        rate = row->open * (1.0 - side * fabs(t->stop_loss_pct / t->leverage));
    return t->is_short ? fk_min(row->high, rate) : fk_max(row->low, rate);
}

/* calc_close_rate_for_roi. */
static inline int fk_roi_rate(fk_engine *e, const fk_position *p, double roi, int64_t now_ms,
                              double *rate) {
    const fk_trade *t = &p->trade;
    double at_0, at_1;
    if (!fk_close_value(e, p, 0.0, t->funding_fees, now_ms, &at_0) ||
        !fk_close_value(e, p, 1.0, t->funding_fees, now_ms, &at_1))
        return 0;
    if (fk_rate_for_roi(t->open_trade_value, at_0, at_1, roi, t->leverage, t->is_short, rate))
        return 1;
    return fk_give_up(e, FK_ARITHMETIC, t->pair, now_ms);
}

/* Whether the candle that opened the trade went against it, where an ROI beyond its close cannot
 * have been reached after the entry. */
static inline int fk_is_too_early(const fk_trade *t, const fk_row *row, double rate) {
    if (t->is_short)
        return row->open < row->close && t->open_rate > row->open && rate < row->close;
    return row->open > row->close && t->open_rate < row->open && rate > row->close;
}

/* _get_close_rate_for_roi; a NaN rate abandons the exit. */
static inline int fk_roi_exit_rate(fk_engine *e, const fk_position *p, const fk_row *row,
                                   double *rate) {
    const fk_trade *t = &p->trade;
    const int64_t minutes = fk_minutes_open(t, t->close_ms);
    const fk_roi_step *step = fk_roi_at(e, minutes);
    int on_candle;
    *rate = row->open;
    if (!step) return 1;
    on_candle = step->minutes % e->rules.timeframe_min == 0;
    if (step->ratio == -1.0 && on_candle) return 1;
    if (!fk_roi_rate(e, p, step->ratio, row->now_ms, rate)) return 0;
    if (minutes > 0 && minutes == step->minutes && on_candle &&
        (t->is_short ? row->open < *rate : row->open > *rate))
        *rate = row->open;
    else if (minutes == 0 && fk_is_too_early(t, row, *rate))
        *rate = NAN;
    else
        *rate = fk_min(fk_max(*rate, row->low), row->high);
    return 1;
}

/* _get_exit_for_signal: whether an order was placed. */
static inline int fk_exit_for(fk_engine *e, fk_position *p, const fk_row *row, int reason,
                              int *placed) {
    fk_trade *t = &p->trade;
    double rate = row->open;
    *placed = 0;
    t->close_ms = row->now_ms;
    if (reason == FK_EXIT_ROI) {
        if (!fk_roi_exit_rate(e, p, row, &rate)) return 0;
        if (isnan(rate)) return 1;
    } else if (reason == FK_EXIT_SIGNAL) {
        if (e->rules.exit_limit)
            rate = t->is_short ? fk_min(rate, row->high) : fk_max(rate, row->low);
    } else {
        rate = fk_stop_rate(e, t, row, reason);
    }
    t->reason = (uint8_t)reason;
    t->reason_row = row->row;
    return fk_place_exit(e, p, row, rate, reason, placed);
}

/* _check_trade_exit. */
static inline int fk_check_exit(fk_engine *e, fk_position *p, const fk_row *row) {
    int reasons[FK_REASONS + 1], placed = 0;
    if (fk_is_funding_time(e, row->now_ms)) fk_run_funding(e, p, row->now_ms);
    if (!fk_exit_reasons(e, p, row, reasons)) return 0;
    for (int i = 0; reasons[i] != FK_EXIT_NONE && !placed; i++)
        if (!fk_exit_for(e, p, row, reasons[i], &placed)) return 0;
    return 1;
}

#endif
