/* What the engine works on. The structs of the first part are shared with Python, field by field
 * (freqkernels.layout has them as numpy dtypes); times are milliseconds since 1970, UTC.
 */
#ifndef FK_ENGINE_TYPES_H
#define FK_ENGINE_TYPES_H

#include <math.h>
#include <stdint.h>

#include "fk_decimal.h"
#include "fk_precision.h"
#include "fk_sum.h"

#define FK_NEVER INT64_MIN

/* ---- shared with Python */

/* A strategy's and a configuration's settings. */
typedef struct {
    int64_t start_ms;     /* candle 0; candle k is at start_ms + k * timeframe_ms */
    int64_t end_ms;
    int64_t timeframe_ms;
    int64_t detail_ms;    /* 0: no detail timeframe */
    int64_t funding_ms;
    int64_t timeframe_min;
    int64_t entry_timeout_us; /* FK_NEVER: none */
    int64_t exit_timeout_us;
    int64_t trade_id; /* the last one given */
    int64_t order_id;
    double stoploss;
    double trailing_stop_positive;
    double trailing_stop_positive_offset;
    double exit_profit_offset;
    double fee;
    double max_open_trades;
    double ignore_expired_after_s; /* 0: off */
    double liquidation_buffer;
    double margin_reserve;
    double stoploss_reserve;
    uint8_t trailing_stop;
    uint8_t has_trailing_stop_positive;
    uint8_t trailing_only_offset_is_reached;
    uint8_t use_exit_signal;
    uint8_t exit_profit_only;
    uint8_t ignore_roi_if_entry_signal;
    uint8_t position_stacking;
    uint8_t can_short;
    uint8_t futures;
    uint8_t entry_limit; /* order types "limit"; otherwise "market" */
    uint8_t exit_limit;
    uint8_t capture_wallets;
    uint8_t collect_rejected;
    uint8_t compensated_sum;
    uint8_t liquidation; /* one of FK_LIQUIDATION_* */
    uint8_t asks_leverage;
} fk_rules;

enum { FK_LIQUIDATION_NONE = 0, FK_LIQUIDATION_BASE = 1, FK_LIQUIDATION_BINANCE = 2 };

typedef struct {
    double start; /* of the stake currency */
    double tradable_balance_ratio;
    double available_capital; /* NaN: not set */
    double stake_amount;      /* NaN: unlimited */
    double last_stake_amount_min_ratio;
    double starting_balance;
    int32_t stake_currency;
    uint8_t amend_last_stake_amount;
} fk_wallet_rules;

/* One step of minimal_roi. */
typedef struct {
    int64_t minutes;
    double ratio;
} fk_roi_step;

/* A pair's market; NaN stands for None. Ranges are places in the arrays of all pairs. */
typedef struct {
    int64_t first_tick, last_tick; /* the tick history, [first, last) */
    int64_t first_tier, last_tier; /* leverage tiers */
    double amount_precision, price_precision;
    double contract_size;
    double cost_min, cost_max, amount_min, amount_max; /* in the base or stake currency */
    double taker_fee;
    int32_t amount_mode, price_mode; /* ccxt's counting modes */
    int32_t base_currency;           /* as the wallet books it */
    int32_t captured_currency;       /* the name before the slash */
} fk_market;

/* The price precision from a moment on. */
typedef struct {
    int64_t from_ms;
    double tick;
} fk_tick;

typedef struct {
    double min_notional, max_notional; /* NaN: None */
    double max_leverage;
    double maintenance_ratio, maintenance_amount;
    uint8_t whole; /* max_leverage is an int */
} fk_tier;

enum { FK_ORDER_NONE = 0, FK_ORDER_OPEN = 1, FK_ORDER_CLOSED = 2 };

enum {
    FK_EXIT_NONE = 0,
    FK_EXIT_SIGNAL = 1,
    FK_EXIT_STOP_LOSS = 2,
    FK_EXIT_TRAILING_STOP_LOSS = 3,
    FK_EXIT_LIQUIDATION = 4,
    FK_EXIT_ROI = 5,
    FK_EXIT_FORCE = 6
};

/* Values that Python may hold as an int, or not at all. */
enum { FK_FLOAT = 0, FK_INT = 1, FK_NONE = 2 };

typedef struct {
    int64_t id, placed_ms, filled_ms; /* filled_ms: FK_NEVER until then */
    int64_t row;                      /* whose tag it carries */
    double price, amount, funding_fee;
    uint8_t state, reason, funding_kind;
} fk_order;

/* A trade with what freqtrade's LocalTrade knows of it. */
typedef struct {
    int64_t id, open_ms, close_ms; /* close_ms: FK_NEVER */
    int64_t entry_row, reason_row; /* whose tags are the enter tag and, for a signal, the reason */
    fk_order entry, exit;
    double open_rate, open_rate_requested, close_rate;
    double amount, stake_amount, max_stake_amount, open_trade_value;
    double close_profit, close_profit_abs;
    double stop_loss, stop_loss_pct, initial_stop_loss, initial_stop_loss_pct;
    double max_rate, min_rate; /* NaN: None */
    double leverage, liquidation_price; /* NaN: None */
    double funding_fees, funding_fee_running;
    double price_precision;
    int32_t pair, price_mode;
    uint8_t is_short, is_open, is_trailing, reason;
    uint8_t leverage_kind, funding_kind, running_kind;
    uint8_t from_history; /* the price precision is one of the tick history */
} fk_trade;

/* A capture of a wallet: by loop time, currency and price. */
typedef struct {
    int64_t time_ms;
    double price, total;
    int32_t currency, is_whole; /* is_whole: the total is an int (1), a number of numpy (2) */
} fk_capture_row;

typedef struct {
    int64_t row, time_ms; /* time_ms: the date of the row, a detail row's own */
    int32_t pair, unused;
} fk_rejection;

/* ---- the engine's own */

/* Bits of a row's signals: "== 1" and truth, of enter_long, exit_long, enter_short, exit_short. */
enum {
    FK_ENTER_LONG = 1,
    FK_EXIT_LONG = 2,
    FK_ENTER_SHORT = 4,
    FK_EXIT_SHORT = 8,
    FK_TRUE_SHIFT = 4
};

typedef struct {
    int64_t rows;
    const double *open, *high, *low, *close;
    const uint8_t *signals;
    const int32_t *candle; /* of each row; NULL: one after the other from first_candle on */
    int64_t first_candle;
    const uint8_t *stop_tags; /* rows whose exit tag reads like a stop's reason; NULL: none */
} fk_candles;

typedef struct {
    int64_t rows;
    const int64_t *time_ms;
    const double *open, *high, *low, *close;
} fk_details;

typedef struct {
    int64_t rows;
    const int64_t *time_ns;
    const double *fee_per_unit;
} fk_funding;

/* The row at hand. */
typedef struct {
    int64_t now_ms, time_ms; /* the loop's time and the row's date */
    int64_t row;             /* of the main timeframe */
    double open, high, low, close;
    uint8_t signals;
} fk_row;

/* An open trade with what is prepared for it. */
typedef struct fk_position {
    fk_trade trade;
    fk_precision price;
    fk_decimal amount;
    struct fk_position *next; /* the pair's next open trade */
    /* funding fees: the running sum over [funding_first, funding_last) */
    int64_t funding_first, funding_last;
    fk_sum funding;
    /* running ahead: the next row to look at, and when the thresholds end */
    int64_t row, until_row;
    double profit_guard, stop_guard, trail_guard;
    uint8_t exit_mask, exit_bits;
    /* event by event */
    int64_t at_row;        /* the first row that the trade's state does not know yet */
    int64_t closed_orders; /* how many of its first orders are known to be closed */
    uint8_t is_restless;   /* freqtrade's own code has to see each of its rows */
} fk_position;

typedef struct {
    fk_candles candles;
    fk_details details;
    fk_funding funding;
    fk_market market;
    fk_precision amount_precision, market_precision;
    fk_position *first_open, *last_open;
    int64_t row;         /* the next one to be visited */
    int64_t last_row;    /* behind the last one within the run */
    int64_t wake;        /* candle of the next row at which anything can happen */
    int64_t detail_row;  /* first detail row not before the candle at hand */
    int64_t detail_rows; /* of the candle at hand */
    int8_t direction;    /* of the candle at hand: 0 none, 1 long, 2 short */
    uint8_t was_open, has_details, in_order;
} fk_pair;

#endif
