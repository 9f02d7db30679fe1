# Door to the engine in src/engine/, event by event. The contract of this layer stands in
# _kernels/__init__.py; here objects with the attributes of freqtrade's LocalTrade come in, too.
from engine cimport *
from libc.math cimport NAN
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from datetime import timezone as _timezone

cdef object UTC = _timezone.utc

NOTHING, CANDLE, ROW = 0, 1, 2


cdef double _number(object value, bint *is_odd):
    """A number of a trade; None becomes NaN, what else it may be is odd."""
    if type(value) is float:
        return value
    if value is None:
        return NAN
    if isinstance(value, (float, int)):
        try:
            return value
        except OverflowError:
            pass
    is_odd[0] = True
    return NAN


cdef int64_t _milliseconds(object date) except? -1:
    """Of a date that freqtrade takes for UTC."""
    return round(date.replace(tzinfo=UTC).timestamp() * 1000)


cdef inline bint _is_new(double now, double before) noexcept nogil:
    return now != before and now == now


cdef class Walk:
    """A run event by event: ``next_event``, then the trades as they are after it, ``observe``.

    Pairs are given by ``set_candles`` and ``set_details`` before ``start``.
    """

    cdef fk_engine engine
    cdef list _kept
    cdef list _trades
    cdef list _dates
    cdef list _closed
    cdef dict _numbers
    cdef fk_trade *_before
    cdef int64_t _room
    cdef uint8_t *_whole

    def __cinit__(self, const fk_rules[::1] rules not None, const fk_roi_step[::1] roi not None,
                  const fk_market[::1] markets not None, int32_t currencies,
                  dict numbers not None):
        cdef fk_engine *e = &self.engine
        cdef Py_ssize_t i
        self._kept = []
        self._trades = []
        self._dates = []
        self._closed = []
        self._numbers = numbers
        self._set_rules(rules, roi)
        e.currencies = currencies
        e.pair_count = <int32_t> markets.shape[0]
        e.totals = <double *> calloc(currencies + 1, sizeof(double))
        e.pairs = <fk_pair *> calloc(e.pair_count + 1, sizeof(fk_pair))
        e.order = <int32_t *> calloc(e.pair_count + 1, sizeof(int32_t))
        self._whole = <uint8_t *> calloc(currencies + 1, 1)
        if not e.totals or not e.pairs or not e.order or not self._whole:
            raise MemoryError
        for i in range(e.pair_count):
            e.pairs[i].market = markets[i]
        e.events.is_on = True
        e.events.whole = self._whole
        e.events.pair = -1
        e.events.locks_until_ms = FK_NEVER

    def __dealloc__(self):
        fk_engine_free(&self.engine)
        free(self._before)
        free(self._whole)

    cdef int _set_rules(self, const fk_rules[::1] rules, const fk_roi_step[::1] roi) except -1:
        self.engine.rules = rules[0]
        self._kept.append(roi)
        self.engine.roi = &roi[0] if roi.shape[0] else NULL
        self.engine.roi_steps = roi.shape[0]
        return 0

    def set_candles(self, Py_ssize_t pair, const double[::1] open not None,
                    const double[::1] high not None, const double[::1] low not None,
                    const double[::1] close not None, const uint8_t[::1] signals not None,
                    int64_t first_candle, const int32_t[::1] candle, const uint8_t[::1] stop_tags):
        """A pair's rows; ``candle`` is None where they follow each other without a gap."""
        self._kept.append((open, high, low, close, signals, candle))
        give_candles(&self.engine.pairs[pair].candles, open, high, low, close, signals,
                     first_candle, candle)

    def set_details(self, Py_ssize_t pair, const int64_t[::1] time_ms not None,
                    const double[::1] open not None, const double[::1] high not None,
                    const double[::1] low not None, const double[::1] close not None):
        """A pair's rows of the detail timeframe."""
        self._kept.append((time_ms, open, high, low, close))
        give_details(&self.engine.pairs[pair].details, time_ms, open, high, low, close)

    def start(self):
        """Ready for the first candle."""
        with nogil:
            fk_engine_prepare(&self.engine)

    # ---- what the driver knows better

    def watch(self, bint every_candle, bint every_row, bint every_signal, bint every_wait):
        """Which events are wanted besides those at which something happens by itself: each
        candle, each row with an open trade, each entry signal, each row at which the first order
        of a trade waits to be filled."""
        cdef fk_events *events = &self.engine.events
        cdef bint changed = events.every_row != every_row or events.every_wait != every_wait
        events.every_candle, events.every_row = every_candle, every_row
        events.every_signal, events.every_wait = every_signal, every_wait
        if changed:
            fk_settings_changed(&self.engine)

    def set_rules(self, const fk_rules[::1] rules not None, const fk_roi_step[::1] roi not None):
        """The strategy's settings from now on."""
        self._kept.pop(0)
        self._set_rules(rules, roi)
        self._kept.insert(0, self._kept.pop())
        fk_settings_changed(&self.engine)

    def set_locks(self, int64_t until_ms):
        """The latest end of a lock; NEVER for none."""
        self.engine.events.locks_until_ms = until_ms

    def set_totals(self, list codes, list totals):
        """The wallet: what is owned of these currencies; nothing of all others. Captures tell
        ints (1) and numbers that are not Python's own (2) from floats (0)."""
        cdef int32_t code
        memset(self.engine.totals, 0, self.engine.currencies * sizeof(double))
        memset(self._whole, 0, self.engine.currencies)
        for place, total in enumerate(totals):
            code = codes[place]
            self.engine.totals[code] = total
            self._whole[code] = 1 if type(total) is int else 0 if type(total) is float else 2

    def forget_orders(self):
        """An order was changed, whichever: all are looked at again."""
        cdef int64_t i
        for i in range(self.engine.open.size):
            fk_open_position(&self.engine, i).closed_orders = 0

    # ---- events

    def next_event(self, int64_t until):
        """The next event up to a candle: its kind, pair, row, row of the detail timeframe (-1:
        none), time, direction (0 none, 1 long, 2 short), and whether trades may be entered.

        Trades know what has happened up to then. NOTHING when that candle is done."""
        cdef fk_engine *e = &self.engine
        cdef int kind
        self._remember()
        with nogil:
            kind = fk_next_event(e, until)
        if e.refusal:
            raise MemoryError
        self._write_back()
        return (kind, e.events.pair, e.events.row.row, e.events.detail, e.events.row.now_ms,
                e.events.direction, e.events.can_enter)

    cdef int _remember(self) except -1:
        cdef int64_t i
        if self._room < self.engine.open.size:
            free(self._before)
            self._room = 2 * self.engine.open.size
            self._before = <fk_trade *> calloc(self._room, sizeof(fk_trade))
            if not self._before:
                self._room = 0
                raise MemoryError
        for i in range(self.engine.open.size):
            self._before[i] = fk_open_position(&self.engine, i).trade
        return 0

    cdef int _write_back(self) except -1:
        cdef int64_t i
        cdef fk_trade *now
        cdef fk_trade *before
        for i in range(self.engine.open.size):
            now, before = &fk_open_position(&self.engine, i).trade, &self._before[i]
            trade = self._trades[i]
            if _is_new(now.max_rate, before.max_rate):
                trade.max_rate = now.max_rate
            if _is_new(now.min_rate, before.min_rate):
                trade.min_rate = now.min_rate
            if _is_new(now.stop_loss, before.stop_loss):
                trade.stop_loss = now.stop_loss
                trade.stop_loss_pct = now.stop_loss_pct
                trade.is_stop_loss_trailing = True
        return 0

    def observe(self, list trades not None):
        """All open trades as they are after the event, in the order of opening."""
        cdef fk_engine *e = &self.engine
        cdef list before = self._trades
        cdef list dates = self._dates
        cdef list closed = self._closed
        cdef int64_t size = e.open.size, i, at
        cdef fk_position **held = <fk_position **> calloc(size + 1, sizeof(fk_position *))
        cdef fk_position *p
        if not held:
            raise MemoryError
        for i in range(size):
            held[i] = fk_open_position(e, i)
            e.pairs[held[i].trade.pair].first_open = NULL
            e.pairs[held[i].trade.pair].last_open = NULL
        e.open.size = 0
        self._trades, self._dates, self._closed = [], [], []
        try:
            for trade in trades:
                at = e.open.size
                if at >= size or before[at] is not trade or not held[at]:
                    at = 0
                    while at < size and (before[at] is not trade or not held[at]):
                        at += 1
                p = held[at] if at < size else NULL
                if p:
                    held[at] = NULL
                self._observe(trade, p, dates[at] if p else None, closed[at] if p else None)
        finally:
            for i in range(size):
                if held[i]:
                    fk_awake(e, held[i].trade.pair)
                    fk_drop_position(e, held[i])
            free(held)

    cdef int _observe(self, object trade, fk_position *p, object date, object closed) except -1:
        cdef fk_trade seen
        cdef bint is_odd = False, is_new = p == NULL
        if is_new:
            p = fk_new_position(&self.engine)
            if not p:
                raise MemoryError
        p.next = NULL
        memset(&seen, 0, sizeof(seen))
        seen.pair = self._numbers[trade.pair]
        seen.open_ms = p.trade.open_ms
        if trade.open_date is not date:
            date = trade.open_date
            seen.open_ms = _milliseconds(date)
        self._read(trade, &seen, &is_odd)
        if self._has_open_order(trade.orders, p, closed) and not self._waits(trade, &seen):
            is_odd = True
        closed = trade.orders[p.closed_orders - 1] if p.closed_orders else None
        p.trade.pair = seen.pair
        if not fk_add_position(&self.engine, p):
            raise MemoryError
        self._trades.append(trade)
        self._dates.append(date)
        self._closed.append(closed)
        fk_observe(&self.engine, p, &seen, is_odd, is_new)
        return 0

    cdef int _read(self, object trade, fk_trade *seen, bint *is_odd) except -1:
        seen.is_short = bool(trade.is_short)
        seen.is_open = True
        seen.is_trailing = bool(trade.is_stop_loss_trailing)
        seen.entry.state = FK_ORDER_CLOSED
        seen.open_rate = _number(trade.open_rate, is_odd)
        seen.amount = _number(trade.amount, is_odd)
        seen.open_trade_value = _number(trade.open_trade_value, is_odd)
        seen.funding_fees = _number(trade.funding_fees, is_odd)
        if trade.funding_fees is None:
            seen.funding_fees = 0.0
        seen.stop_loss = _number(trade.stop_loss, is_odd)
        seen.stop_loss_pct = _number(trade.stop_loss_pct, is_odd)
        seen.max_rate = _number(trade.max_rate, is_odd)
        seen.min_rate = _number(trade.min_rate, is_odd)
        seen.leverage = _number(trade.leverage, is_odd)
        seen.liquidation_price = _number(trade.liquidation_price, is_odd)
        seen.price_precision = _number(trade.price_precision, is_odd)
        mode = trade.precision_mode_price
        if type(mode) is int and 0 <= mode < 16:
            seen.price_mode = mode
        else:
            is_odd[0] = True
        if (trade.fee_open != self.engine.rules.fee or trade.fee_close != self.engine.rules.fee
                or trade.is_open is not True or not seen.leverage > 0.0
                or (seen.amount != 0.0 and not seen.open_trade_value > 0.0)
                or trade.initial_stop_loss_pct is None or seen.stop_loss != seen.stop_loss
                or seen.stop_loss_pct != seen.stop_loss_pct
                or (seen.min_rate == seen.min_rate) != (seen.max_rate == seen.max_rate)):
            is_odd[0] = True
        return 0

    cdef bint _waits(self, object trade, fk_trade *seen) except -1:
        """Whether the only order is an entry that is not filled yet."""
        cdef list orders = trade.orders
        cdef bint is_odd = False
        if len(orders) != 1 or seen.amount != 0.0:
            return False
        order = orders[0]
        if order.ft_order_side != ("sell" if seen.is_short else "buy") or order.status != "open":
            return False
        seen.entry.price = _number(order.ft_price, &is_odd)
        seen.entry.placed_ms = _milliseconds(order.order_date)
        seen.entry.state = FK_ORDER_OPEN
        return not is_odd

    cdef bint _has_open_order(self, list orders, fk_position *p, object closed) except -1:
        """Orders that were closed once stay closed: only those behind the last are looked at."""
        cdef Py_ssize_t i = p.closed_orders
        if i > len(orders) or (i and orders[i - 1] is not closed):
            i = 0
        while i < len(orders):
            if orders[i].ft_is_open is not False:
                p.closed_orders = i
                return True
            i += 1
        p.closed_orders = i
        return False

    # ---- what comes out

    @property
    def candle(self):
        """The candle at hand."""
        return self.engine.candle

    @property
    def candles(self):
        """The last candle of the run."""
        return self.engine.last_candle

    @property
    def last_visit_ms(self):
        """When a pair was visited last; NEVER if none was."""
        return fk_last_visit(&self.engine)

    @property
    def rejected_signals(self):
        """How many entry signals were passed for want of a free slot."""
        return self.engine.rejected_signals

    def visited(self, int32_t pair):
        """How many of a pair's rows were visited."""
        return fk_unvisited_row(&self.engine, pair)

    def take_captures(self):
        """Bytes of the wallet captures."""
        return taken(&self.engine.captures, sizeof(fk_capture_row))

    def take_rejections(self):
        """Bytes of the rejected signals."""
        return taken(&self.engine.rejections, sizeof(fk_rejection))
