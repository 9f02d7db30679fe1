/* All kinds of streams by name. */
#ifndef FK_STREAMS_H
#define FK_STREAMS_H

#include "averages.h"
#include "saved.h"
#include "trend.h"
#include "windows.h"

#define FK_SUMS_FIELDS(of, at, ends) \
    FK_DOUBLES(of, at.sum, 1), FK_DOUBLES(of, at.least_sum, 1), FK_DOUBLES(of, at.most_sum, 1), \
        FK_COUNTER(of, at.groups), FK_COUNTER(of, at.spoilt), FK_SWITCH(of, at.broken, 0, 1), \
        FK_SWITCH(of, ends, 0, 1)
#define FK_EMA_FIELDS(of, at) \
    FK_COUNTER(of, at seen), FK_DOUBLES(of, at sum, 1), FK_DOUBLES(of, at decay.last, 1), \
        FK_DOUBLES(of, at rows, FK_LANES)
#define FK_RSI_FIELDS(of, at) \
    FK_COUNTER(of, at seen), FK_DOUBLES(of, at change, 1), FK_DOUBLES(of, at size, 1), \
        FK_DOUBLES(of, at rsi.change.last, 1), FK_DOUBLES(of, at rsi.size.last, 1), \
        FK_DOUBLES(of, at rows, FK_LANES + 1)
#define FK_WMA_FIELDS \
    FK_DOUBLES(fk_wma_stream, weights.sum, 1), FK_DOUBLES(fk_wma_stream, weights.weighted, 1), \
        FK_DOUBLES(fk_wma_stream, weights.least, 1), FK_DOUBLES(fk_wma_stream, weights.most, 1), \
        FK_COUNTER(fk_wma_stream, weights.groups), FK_SWITCH(fk_wma_stream, weights.broken, 0, 1), \
        FK_SWITCH(fk_wma_stream, ended, 0, 1)
#define FK_MOMENTS_FIELDS \
    FK_DOUBLES(fk_moments_stream, moments.origin, 1), \
        FK_DOUBLES(fk_moments_stream, moments.sum, 1), \
        FK_DOUBLES(fk_moments_stream, moments.squares, 1), \
        FK_DOUBLES(fk_moments_stream, moments.least_spread, 1), \
        FK_DOUBLES(fk_moments_stream, moments.most_spread, 1), \
        FK_COUNTER(fk_moments_stream, moments.groups), \
        FK_COUNTER(fk_moments_stream, moments.spoilt)

#define FK_STEPS(of, start, step) sizeof(of), start, step

#define FK_SUMS_KIND(name, parameters, start) \
    {name, 1, 1, parameters, 0, FK_STEPS(fk_sums_stream, start, fk_sums_stream_step), \
     {FK_SUMS_FIELDS(fk_sums_stream, sums, ended)}, \
     {{FK_LINE_PART, offsetof(fk_sums_stream, line)}}}
#define FK_MOMENTS_KIND(name, outputs, parameters, start) \
    {name, 1, outputs, parameters, 0, FK_STEPS(fk_moments_stream, start, fk_moments_stream_step), \
     {FK_MOMENTS_FIELDS}, {{FK_LINE_PART, offsetof(fk_moments_stream, line)}}}

static const fk_kind fk_kinds[] = {
    FK_SUMS_KIND("SMA", 1, fk_sma_stream_start),
    FK_SUMS_KIND("RollingSum", 2, fk_rolling_sum_stream_start),
    FK_SUMS_KIND("RollingMean", 2, fk_rolling_mean_stream_start),
    FK_MOMENTS_KIND("RollingVar", 1, 3, fk_variance_stream_start),
    FK_MOMENTS_KIND("RollingStd", 1, 3, fk_deviation_stream_start),
    FK_MOMENTS_KIND("ZScore", 1, 3, fk_zscore_stream_start),
    FK_MOMENTS_KIND("BollingerBands", 3, 4, fk_bollinger_stream_start),
    {"WMA", 1, 1, 1, 0, FK_STEPS(fk_wma_stream, fk_wma_stream_start, fk_wma_stream_step),
     {FK_WMA_FIELDS}, {{FK_LINE_PART, offsetof(fk_wma_stream, line)}}},
    {"RollingMin", 1, 1, 2, 0,
     FK_STEPS(fk_extreme_window, fk_least_stream_start, fk_extreme_stream_step),
     {{0}}, {{FK_EXTREME_PART, 0}}},
    {"RollingMax", 1, 1, 2, 0,
     FK_STEPS(fk_extreme_window, fk_most_stream_start, fk_extreme_stream_step),
     {{0}}, {{FK_EXTREME_PART, 0}}},
    {"RollingMedian", 1, 1, 2, 0,
     FK_STEPS(fk_median, fk_median_stream_start, fk_median_stream_step),
     {{0}}, {{FK_MEDIAN_PART, 0}}},
    {"EMA", 1, 1, 1, 0, FK_STEPS(fk_ema_stream, fk_ema_stream_start, fk_ema_stream_step),
     {FK_EMA_FIELDS(fk_ema_stream, )}, {{FK_NO_PART, 0}}},
    {"ZLEMA", 1, 1, 1, 0, FK_STEPS(fk_zlema_stream, fk_zlema_stream_start, fk_zlema_stream_step),
     {FK_EMA_FIELDS(fk_zlema_stream, ema.)}, {{FK_LINE_PART, offsetof(fk_zlema_stream, line)}}},
    {"MACD", 1, 3, 3, 0, FK_STEPS(fk_macd_stream, fk_macd_stream_start, fk_macd_stream_step),
     {FK_COUNTER(fk_macd_stream, seen), FK_EMA_FIELDS(fk_macd_stream, fast.),
      FK_EMA_FIELDS(fk_macd_stream, slow.), FK_EMA_FIELDS(fk_macd_stream, signal.)},
     {{FK_NO_PART, 0}}},
    {"RSI", 1, 1, 1, 0, FK_STEPS(fk_rsi_stream, fk_rsi_stream_start, fk_rsi_stream_step),
     {FK_RSI_FIELDS(fk_rsi_stream, )}, {{FK_NO_PART, 0}}},
    {"StochRSI", 1, 2, 3, 0,
     FK_STEPS(fk_stoch_rsi_stream, fk_stoch_rsi_stream_start, fk_stoch_rsi_stream_step),
     {FK_RSI_FIELDS(fk_stoch_rsi_stream, rsi.), FK_COUNTER(fk_stoch_rsi_stream, ranked),
      FK_SUMS_FIELDS(fk_stoch_rsi_stream, mean.sums, mean.ended)},
     {{FK_LINE_PART, offsetof(fk_stoch_rsi_stream, mean.line)},
      {FK_EXTREME_PART, offsetof(fk_stoch_rsi_stream, lowest)},
      {FK_EXTREME_PART, offsetof(fk_stoch_rsi_stream, highest)}}},
    {"ATR", 3, 1, 1, 0, FK_STEPS(fk_atr_stream, fk_atr_stream_start, fk_atr_stream_step),
     {FK_COUNTER(fk_atr_stream, seen), FK_SWITCH(fk_atr_stream, met, 0, 7),
      FK_DOUBLES(fk_atr_stream, sum, 1), FK_DOUBLES(fk_atr_stream, before, 1),
      FK_DOUBLES(fk_atr_stream, decay.last, 1), FK_DOUBLES(fk_atr_stream, rows, FK_LANES)},
     {{FK_NO_PART, 0}}},
    {"KAMA", 1, 1, 1, 0, FK_STEPS(fk_kama_stream, fk_kama_stream_start, fk_kama_stream_step),
     {FK_COUNTER(fk_kama_stream, kama.seen), FK_COUNTER(fk_kama_stream, kama.same),
      FK_DOUBLES(fk_kama_stream, kama.before, 1), FK_DOUBLES(fk_kama_stream, kama.left, 1),
      FK_DOUBLES(fk_kama_stream, kama.sum, 1), FK_DOUBLES(fk_kama_stream, kama.average, 1)},
     {{FK_LINE_PART, offsetof(fk_kama_stream, line)}}},
    {"PSAR", 2, 1, 2, 0, FK_STEPS(fk_psar, fk_psar_stream_start, fk_psar_stream_step),
     {FK_SWITCH(fk_psar, seen, 0, 2), FK_SWITCH(fk_psar, rising, 0, 1),
      FK_DOUBLES(fk_psar, factor, 1), FK_DOUBLES(fk_psar, extreme, 1),
      FK_DOUBLES(fk_psar, stop, 1), FK_DOUBLES(fk_psar, high, 1), FK_DOUBLES(fk_psar, low, 1)},
     {{FK_NO_PART, 0}}},
    {"Supertrend", 3, 4, 2, 1,
     FK_STEPS(fk_supertrend, fk_supertrend_stream_start, fk_supertrend_stream_step),
     {FK_COUNTER(fk_supertrend, seen), FK_DOUBLES(fk_supertrend, close, 1),
      FK_DOUBLES(fk_supertrend, average, 1), FK_DOUBLES(fk_supertrend, lower, 1),
      FK_DOUBLES(fk_supertrend, upper, 1), FK_SWITCH(fk_supertrend, direction, -1, 1)},
     {{FK_NO_PART, 0}}},
    {"HeikinAshi", 4, 4, 0, 0,
     FK_STEPS(fk_heikin_ashi, fk_heikin_ashi_stream_start, fk_heikin_ashi_stream_step),
     {FK_SWITCH(fk_heikin_ashi, started, 0, 1), FK_DOUBLES(fk_heikin_ashi, open, 1),
      FK_DOUBLES(fk_heikin_ashi, close, 1)},
     {{FK_NO_PART, 0}}},
    {"DynamicBands", 1, 4, 7, 0,
     FK_STEPS(fk_bands_stream, fk_bands_stream_start, fk_bands_stream_step),
     {FK_COUNTER(fk_bands_stream, mean.present), FK_COUNTER(fk_bands_stream, mean.negative),
      FK_COUNTER(fk_bands_stream, mean.same), FK_DOUBLES(fk_bands_stream, mean.last, 1),
      FK_DOUBLES(fk_bands_stream, mean.sum, 1), FK_DOUBLES(fk_bands_stream, mean.gain, 1),
      FK_DOUBLES(fk_bands_stream, mean.loss, 1)},
     {{FK_LINE_PART, offsetof(fk_bands_stream, line)}}},
};

/* NULL if there is none of that name. */
static inline const fk_kind *fk_kind_named(const char *name) {
    for (size_t i = 0; i < sizeof fk_kinds / sizeof *fk_kinds; i++)
        if (strcmp(fk_kinds[i].name, name) == 0) return fk_kinds + i;
    return NULL;
}

#endif
