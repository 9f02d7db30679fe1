# Door to the engine in src/engine/. The contract of this layer stands in _kernels/__init__.py;
# structs come and go as the dtypes of freqkernels.layout.
from engine cimport *
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc


cdef bint _ask_leverage(void *context, const fk_trade *proposed, double max_leverage,
                        bint max_is_int, double *leverage, uint8_t *kind) noexcept with gil:
    cdef Simulation simulation = <Simulation> context
    try:
        answer = simulation.leverage(proposed.pair, proposed.entry_row, proposed.open_ms,
                                     proposed.open_rate, proposed.is_short,
                                     int(max_leverage) if max_is_int else max_leverage)
        if type(answer) is not float and type(answer) is not int:
            raise TypeError(f"leverage: {type(answer).__name__}")
        leverage[0] = answer
        kind[0] = FK_INT if type(answer) is int else FK_FLOAT
        return leverage[0] == answer
    except BaseException as error:
        simulation.error = error
        return False


cdef class Simulation:
    """One run of the engine: ``run`` in slices of candles, then ``finish``, then what came out.

    Pairs are given by ``set_candles``, ``set_details`` and ``set_funding`` before ``start``.
    """

    cdef fk_engine engine
    cdef list _kept
    cdef readonly object leverage
    cdef public object error

    def __cinit__(self, const fk_rules[::1] rules not None,
                  const fk_wallet_rules[::1] wallet not None,
                  const fk_roi_step[::1] roi not None, const fk_market[::1] markets not None,
                  const fk_tick[::1] ticks not None, const fk_tier[::1] tiers not None,
                  const double[::1] start_capital not None,
                  const uint8_t[::1] whole_start not None, object leverage):
        cdef fk_engine *e = &self.engine
        cdef Py_ssize_t i
        self._kept = [roi, ticks, tiers, start_capital, whole_start]
        self.leverage = leverage
        e.rules = rules[0]
        e.wallet = wallet[0]
        e.roi = &roi[0] if roi.shape[0] else NULL
        e.roi_steps = roi.shape[0]
        e.ticks = &ticks[0] if ticks.shape[0] else NULL
        e.tiers = &tiers[0] if tiers.shape[0] else NULL
        e.start_capital = &start_capital[0]
        e.whole_start = &whole_start[0]
        e.currencies = <int32_t> start_capital.shape[0]
        e.pair_count = <int32_t> markets.shape[0]
        e.totals = <double *> calloc(e.currencies + 1, sizeof(double))
        e.pairs = <fk_pair *> calloc(e.pair_count + 1, sizeof(fk_pair))
        e.order = <int32_t *> calloc(e.pair_count + 1, sizeof(int32_t))
        if not e.totals or not e.pairs or not e.order:
            raise MemoryError
        for i in range(e.pair_count):
            e.pairs[i].market = markets[i]
        e.leverage = _ask_leverage
        e.leverage_context = <void *> self

    def __dealloc__(self):
        fk_engine_free(&self.engine)

    def set_candles(self, Py_ssize_t pair, const double[::1] open not None,
                    const double[::1] high not None, const double[::1] low not None,
                    const double[::1] close not None, const uint8_t[::1] signals not None,
                    int64_t first_candle, const int32_t[::1] candle, const uint8_t[::1] stop_tags):
        """A pair's rows; ``candle`` is None where they follow each other without a gap."""
        cdef fk_candles *c = &self.engine.pairs[pair].candles
        self._kept.append((open, high, low, close, signals, candle, stop_tags))
        give_candles(c, open, high, low, close, signals, first_candle, candle)
        c.stop_tags = &stop_tags[0] if c.rows and stop_tags is not None else NULL

    def set_details(self, Py_ssize_t pair, const int64_t[::1] time_ms not None,
                    const double[::1] open not None, const double[::1] high not None,
                    const double[::1] low not None, const double[::1] close not None):
        """A pair's rows of the detail timeframe."""
        self._kept.append((time_ms, open, high, low, close))
        give_details(&self.engine.pairs[pair].details, time_ms, open, high, low, close)

    def set_funding(self, Py_ssize_t pair, const int64_t[::1] time_ns not None,
                    const double[::1] fee_per_unit not None):
        """A pair's funding fees per unit."""
        cdef fk_funding *f = &self.engine.pairs[pair].funding
        self._kept.append((time_ns, fee_per_unit))
        f.rows = time_ns.shape[0]
        if f.rows:
            f.time_ns, f.fee_per_unit = &time_ns[0], &fee_per_unit[0]

    def set_protections(self, const fk_protection[::1] protections not None,
                        const int64_t[::1] grid not None, bint end_included):
        """Protections, and how the ends of their locks are rounded."""
        cdef fk_lock_grid of_timeframe
        of_timeframe.step_ms = grid[0]
        of_timeframe.origin_ms = grid[1]
        of_timeframe.months = grid[2]
        self._kept.append(protections)
        self.engine.protects = True
        if not fk_protections_start(&self.engine.protections,
                                    &protections[0] if protections.shape[0] else NULL,
                                    <int32_t> protections.shape[0], self.engine.pair_count,
                                    of_timeframe, self.engine.rules.compensated_sum,
                                    end_included):
            raise MemoryError

    def start(self):
        """Ready for the first candle; False if the run was given up."""
        cdef bint went_well
        with nogil:
            went_well = fk_engine_start(&self.engine)
        return went_well

    def run(self, int64_t until):
        """Candles up to that one; False if the run was given up."""
        cdef bint went_well
        with nogil:
            went_well = fk_run(&self.engine, until)
        return went_well

    def finish(self):
        """Forced exits of what is open; False if the run was given up."""
        cdef bint went_well
        with nogil:
            went_well = fk_finish(&self.engine)
        return went_well

    @property
    def candle(self):
        """The last candle that was done."""
        return self.engine.candle

    @property
    def candles(self):
        """The last candle of the run."""
        return self.engine.last_candle

    @property
    def closed_trades(self):
        """How many trades have closed."""
        return self.engine.closed.size

    @property
    def refusal(self):
        """Why the run was given up, in which pair and when."""
        return self.engine.refusal, self.engine.refused_pair, self.engine.refused_ms

    def summary(self):
        """Counters and sums by name."""
        cdef fk_engine *e = &self.engine
        return {
            "trade_id": e.trade_id,
            "order_id": e.order_id,
            "last_visit_ms": e.last_visit_ms,
            "rejected_signals": e.rejected_signals,
            "timedout_entry_orders": e.timedout_entry_orders,
            "timedout_exit_orders": e.timedout_exit_orders,
            "canceled_exit_orders": e.canceled_exit_orders,
            "total_profit": e.total_profit,
            "free": e.free,
            "total": e.totals[e.wallet.stake_currency],
        }

    def visited_rows(self):
        """By pair, how many rows the run has visited."""
        return [self.engine.pairs[i].last_row for i in range(self.engine.pair_count)]

    def take_trades(self):
        """Bytes of the closed trades in the order of closing."""
        return taken(&self.engine.closed, sizeof(fk_trade))

    def take_left(self):
        """Bytes of the trades that could not be closed in the end."""
        return taken(&self.engine.left, sizeof(fk_trade))

    def take_captures(self):
        """Bytes of the wallet captures."""
        return taken(&self.engine.captures, sizeof(fk_capture_row))

    def take_rejections(self):
        """Bytes of the rejected signals."""
        return taken(&self.engine.rejections, sizeof(fk_rejection))

    def take_visits(self):
        """Bytes of the pairs in the order of their first visit."""
        return taken(&self.engine.order_of_visit, sizeof(int32_t))

    def locks(self):
        """Bytes of the pair locks in the order in which they were made."""
        cdef fk_locks *locks = &self.engine.protections.locks
        if not self.engine.protects or locks.count == 0:
            return b""
        return (<char *> locks.items)[:locks.count * sizeof(fk_lock)]


def sizes():
    """Bytes of the structs that go out, by their names in freqkernels.layout."""
    return {
        "TRADE": sizeof(fk_trade),
        "ORDER": sizeof(fk_order),
        "CAPTURE": sizeof(fk_capture_row),
        "REJECTION": sizeof(fk_rejection),
        "LOCK": sizeof(fk_lock),
    }
