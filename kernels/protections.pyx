# Door to freqtrade's protections and pair locks in src/engine/, for tests of them by themselves;
# the engine includes the headers. The contract of this layer stands in _kernels/__init__.py.
from libc.stdint cimport int32_t, int64_t, uint8_t


cdef extern from "engine/date_order.h" nogil:
    void fk_date_order(const int64_t *dates, int32_t *order, int32_t count)


cdef extern from "engine/locks.h" nogil:
    ctypedef struct fk_lock:
        int64_t lock_ms
        int64_t end_ms
        double value
        int32_t pair
        int32_t rule
        uint8_t side
        uint8_t no_addend
    ctypedef struct fk_lock_grid:
        int64_t step_ms
        int64_t origin_ms
        int64_t months
    ctypedef struct fk_locks:
        fk_lock *items
        int64_t count
    int64_t fk_next_candle(const fk_lock_grid *grid, int64_t time_ms)
    bint fk_is_locked(const fk_locks *locks, int32_t pair, int64_t time_ms, int side)


cdef extern from "engine/protections.h" nogil:
    ctypedef struct fk_protection:
        int64_t lookback_ms
        int64_t stop_ms
        double trade_limit
        double threshold
        int32_t unlock_minute
        uint8_t kind
        uint8_t only_per_pair
        uint8_t only_per_side
        uint8_t equity
    ctypedef struct fk_protections:
        fk_locks locks
    int FK_PROTECTIONS_RAN, FK_PROTECTIONS_NO_MEMORY
    bint fk_protections_start(fk_protections *p, const fk_protection *rules, int32_t rule_count,
                              int32_t pairs, fk_lock_grid grid, bint compensated_sum,
                              bint lock_end_included)
    void fk_protections_free(fk_protections *p)
    bint fk_protections_add_closed(fk_protections *p, int32_t pair, bint is_short,
                                   int64_t close_ms, double profit, double profit_abs,
                                   bint by_stop)
    int fk_run_protections(fk_protections *p, int32_t pair, int64_t now_ms, bint is_short,
                           double starting_balance)


cdef struct Exit:
    int64_t now_ms
    int64_t close_ms
    double profit
    double profit_abs
    int32_t pair
    uint8_t is_short
    uint8_t by_stop
    uint8_t closes


cdef struct Question:
    int64_t exits
    int64_t time_ms
    int32_t pair
    uint8_t side


cdef fk_lock_grid _grid(const int64_t[::1] grid) noexcept nogil:
    cdef fk_lock_grid result
    result.step_ms = grid[0]
    result.origin_ms = grid[1]
    result.months = grid[2]
    return result


cdef int _fill(fk_protections *p, const Exit *at, double starting_balance) noexcept nogil:
    if at.closes and not fk_protections_add_closed(p, at.pair, at.is_short, at.close_ms,
                                                   at.profit, at.profit_abs, at.by_stop):
        return FK_PROTECTIONS_NO_MEMORY
    return fk_run_protections(p, at.pair, at.now_ms, at.is_short, starting_balance)


def order_of_dates(const int64_t[::1] dates not None, int32_t[::1] order not None):
    """The order in which numpy's argsort() has dates, equal ones too."""
    if dates.shape[0] > 0:
        with nogil:
            fk_date_order(&dates[0], &order[0], <int32_t> dates.shape[0])


def next_candles(const int64_t[::1] times not None, const int64_t[::1] grid not None,
                 int64_t[::1] out not None):
    """timeframe_to_next_date() of each time; the grid is step, origin and months."""
    cdef Py_ssize_t i
    cdef fk_lock_grid of_timeframe = _grid(grid)
    with nogil:
        for i in range(times.shape[0]):
            out[i] = fk_next_candle(&of_timeframe, times[i])


def replay(const fk_protection[::1] rules not None, const int64_t[::1] grid not None,
           const Exit[::1] exits not None, const Question[::1] questions not None, int32_t pairs,
           double starting_balance, bint compensated, bint end_included,
           fk_lock[::1] locks not None, int64_t[::1] made not None, uint8_t[::1] answers not None):
    """Protections after each filled exit: how many exits passed before freqtrade would raise.

    ``locks`` has room for two per rule and exit; ``made`` says how many there were after each
    exit. A question is whether a pair is locked after so many exits; they are in that order. What
    would come after the exit that raises is not written.
    """
    cdef fk_protections state
    cdef Py_ssize_t done = 0, asked = 0, i, passed
    cdef int ended = FK_PROTECTIONS_NO_MEMORY
    with nogil:
        if fk_protections_start(&state, &rules[0] if rules.shape[0] else NULL,
                                <int32_t> rules.shape[0], pairs, _grid(grid), compensated,
                                end_included):
            ended = FK_PROTECTIONS_RAN
        for passed in range(exits.shape[0] + 1):
            while (ended == FK_PROTECTIONS_RAN and asked < questions.shape[0]
                   and questions[asked].exits == passed):
                answers[asked] = fk_is_locked(&state.locks, questions[asked].pair,
                                              questions[asked].time_ms, questions[asked].side)
                asked += 1
            if ended != FK_PROTECTIONS_RAN or passed == exits.shape[0]:
                break
            ended = _fill(&state, &exits[passed], starting_balance)
            if ended == FK_PROTECTIONS_RAN:
                made[passed] = state.locks.count
                done += 1
        for i in range(state.locks.count):
            locks[i] = state.locks.items[i]
        fk_protections_free(&state)
    if ended == FK_PROTECTIONS_NO_MEMORY:
        raise MemoryError
    return done
