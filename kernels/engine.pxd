# The engine of src/engine/ as the kernels see it: no module of its own.
from cython cimport view
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t
from libc.stdlib cimport free


cdef extern from "engine/engine.h" nogil:
    ctypedef struct fk_rules:
        int64_t start_ms, end_ms, timeframe_ms, detail_ms, funding_ms, timeframe_min
        int64_t entry_timeout_us, exit_timeout_us, trade_id, order_id
        double stoploss, trailing_stop_positive, trailing_stop_positive_offset, exit_profit_offset
        double fee, max_open_trades, ignore_expired_after_s, liquidation_buffer
        double margin_reserve, stoploss_reserve
        uint8_t trailing_stop, has_trailing_stop_positive, trailing_only_offset_is_reached
        uint8_t use_exit_signal, exit_profit_only, ignore_roi_if_entry_signal, position_stacking
        uint8_t can_short, futures, entry_limit, exit_limit, capture_wallets, collect_rejected
        uint8_t compensated_sum, liquidation, asks_leverage
    ctypedef struct fk_wallet_rules:
        double start, tradable_balance_ratio, available_capital, stake_amount
        double last_stake_amount_min_ratio, starting_balance
        int32_t stake_currency
        uint8_t amend_last_stake_amount
    ctypedef struct fk_roi_step:
        int64_t minutes
        double ratio
    ctypedef struct fk_market:
        int64_t first_tick, last_tick, first_tier, last_tier
        double amount_precision, price_precision, contract_size
        double cost_min, cost_max, amount_min, amount_max, taker_fee
        int32_t amount_mode, price_mode, base_currency, captured_currency
    ctypedef struct fk_tick:
        int64_t from_ms
        double tick
    ctypedef struct fk_tier:
        double min_notional, max_notional, max_leverage, maintenance_ratio, maintenance_amount
        uint8_t whole
    ctypedef struct fk_order:
        int64_t placed_ms
        double price
        uint8_t state
    ctypedef struct fk_trade:
        int64_t id, open_ms, entry_row
        fk_order entry
        double open_rate, amount, open_trade_value, funding_fees
        double stop_loss, stop_loss_pct, max_rate, min_rate
        double leverage, liquidation_price, price_precision
        int32_t pair, price_mode
        uint8_t is_short, is_open, is_trailing
    ctypedef struct fk_position:
        fk_trade trade
        fk_position *next
        int64_t closed_orders
        uint8_t is_restless
    ctypedef struct fk_row:
        int64_t now_ms, time_ms, row
        double open, high, low, close
        uint8_t signals
    ctypedef struct fk_events:
        int64_t locks_until_ms
        uint8_t is_on, every_candle, every_row, every_signal, every_wait
        const uint8_t *whole
        fk_row row
        int64_t detail
        int32_t pair
        int8_t direction
        uint8_t can_enter
    ctypedef struct fk_capture_row:
        pass
    ctypedef struct fk_rejection:
        pass
    ctypedef struct fk_lock:
        pass
    ctypedef struct fk_lock_grid:
        int64_t step_ms, origin_ms, months
    ctypedef struct fk_locks:
        fk_lock *items
        int64_t count
    ctypedef struct fk_protection:
        int64_t lookback_ms, stop_ms
        double trade_limit, threshold
        int32_t unlock_minute
        uint8_t kind, only_per_pair, only_per_side, equity
    ctypedef struct fk_protections:
        fk_locks locks
    ctypedef struct fk_candles:
        int64_t rows, first_candle
        const double *open
        const double *high
        const double *low
        const double *close
        const uint8_t *signals
        const int32_t *candle
        const uint8_t *stop_tags
    ctypedef struct fk_details:
        int64_t rows
        const int64_t *time_ms
        const double *open
        const double *high
        const double *low
        const double *close
    ctypedef struct fk_funding:
        int64_t rows
        const int64_t *time_ns
        const double *fee_per_unit
    ctypedef struct fk_pair:
        fk_candles candles
        fk_details details
        fk_funding funding
        fk_market market
        fk_position *first_open
        fk_position *last_open
        int64_t last_row
    ctypedef struct fk_list:
        void *items
        int64_t size, room
    ctypedef bint (*fk_leverage_function)(void *context, const fk_trade *proposed,
                                          double max_leverage, bint max_is_int, double *leverage,
                                          uint8_t *kind) noexcept nogil
    ctypedef struct fk_engine:
        fk_rules rules
        fk_wallet_rules wallet
        const fk_roi_step *roi
        int64_t roi_steps
        const fk_tick *ticks
        const fk_tier *tiers
        const double *start_capital
        const uint8_t *whole_start
        double *totals
        double free
        int32_t currencies
        fk_pair *pairs
        int32_t *order
        int32_t pair_count
        fk_list open, closed, left, captures, rejections, order_of_visit
        double total_profit
        int64_t candle, last_candle, trade_id, order_id, last_visit_ms
        int64_t rejected_signals, timedout_entry_orders, timedout_exit_orders
        int64_t canceled_exit_orders
        fk_protections protections
        bint protects
        fk_events events
        fk_leverage_function leverage
        void *leverage_context
        int refusal, refused_pair
        int64_t refused_ms
    bint fk_protections_start(fk_protections *p, const fk_protection *rules, int32_t rule_count,
                              int32_t pairs, fk_lock_grid grid, bint compensated_sum,
                              bint lock_end_included)
    void fk_engine_prepare(fk_engine *e)
    int fk_next_event(fk_engine *e, int64_t until)
    int64_t fk_unvisited_row(const fk_engine *e, int32_t at)
    int64_t fk_last_visit(const fk_engine *e)
    void fk_observe(fk_engine *e, fk_position *p, const fk_trade *seen, bint is_restless,
                    bint is_new)
    void fk_settings_changed(fk_engine *e)
    void fk_awake(fk_engine *e, int32_t at)
    fk_position *fk_new_position(fk_engine *e)
    fk_position *fk_open_position(const fk_engine *e, int64_t place)
    bint fk_drop_position(fk_engine *e, fk_position *p)
    bint fk_add_position(fk_engine *e, fk_position *p)
    bint fk_engine_start(fk_engine *e)
    bint fk_run(fk_engine *e, int64_t until)
    bint fk_finish(fk_engine *e)
    void fk_engine_free(fk_engine *e)
    int FK_INT, FK_FLOAT, FK_ORDER_CLOSED, FK_ORDER_OPEN
    int64_t FK_NEVER


cdef inline object taken(fk_list *items, size_t width):
    """The list's memory as bytes; whoever has them owns it from now on."""
    cdef view.array result
    if items.size == 0:
        return b""
    result = view.array(shape=(items.size * width,), itemsize=1, format="B", mode="c",
                        allocate_buffer=False)
    result.data = <char *> items.items
    result.callback_free_data = free
    items.items = NULL
    items.size = items.room = 0
    return result.memview


cdef inline int give_candles(fk_candles *c, const double[::1] open, const double[::1] high,
                             const double[::1] low, const double[::1] close,
                             const uint8_t[::1] signals, int64_t first_candle,
                             const int32_t[::1] candle) except -1:
    """A pair's rows; whoever gives them keeps the arrays."""
    c.rows = open.shape[0]
    c.first_candle = first_candle
    if c.rows:
        c.open, c.high, c.low, c.close = &open[0], &high[0], &low[0], &close[0]
        c.signals = &signals[0]
        c.candle = &candle[0] if candle is not None else NULL
    return 0


cdef inline int give_details(fk_details *d, const int64_t[::1] time_ms, const double[::1] open,
                             const double[::1] high, const double[::1] low,
                             const double[::1] close) except -1:
    """A pair's rows of the detail timeframe; whoever gives them keeps the arrays."""
    d.rows = time_ms.shape[0]
    if d.rows:
        d.time_ms = &time_ms[0]
        d.open, d.high, d.low, d.close = &open[0], &high[0], &low[0], &close[0]
    return 0
