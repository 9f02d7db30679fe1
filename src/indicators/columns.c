/* FK_COLUMNS names the table: fk_columns_any or fk_columns_avx2. */
#include "columns.h"

#include "decay.h"
#include "moments.h"
#include "stochastic.h"
#include "sums.h"
#include "weights.h"
#include "wilder.h"

const fk_columns FK_COLUMNS = {
    .sma = fk_sma_column,
    .wma = fk_wma_column,
    .ema = fk_ema_column,
    .rsi = fk_rsi_column,
    .zlema = fk_zlema_column,
    .macd = fk_macd_column,
    .atr = fk_atr_column,
    .stoch_rsi = fk_stoch_rsi_column,
    .sums = fk_sums_column,
    .variance = fk_variance_column,
    .deviation = fk_deviation_column,
    .zscore = fk_zscore_column,
    .bands = fk_bollinger_column,
};
