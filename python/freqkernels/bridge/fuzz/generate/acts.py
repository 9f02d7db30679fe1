"""What callbacks of random strategies do besides answering: code by subject.

Code that names ``trade``, ``order`` or ``pair`` is for callbacks that have them; ``PAIR`` stands
for a pair that any of them can name.
"""

from __future__ import annotations

from freqkernels.bridge.fuzz.generate.answers import Code

_ORIGINALS = "for one in Trade.get_trades_proxy(is_open=True):\n    "
_LAST_ORDER = "for one in Trade.get_trades_proxy(is_open=True):\n    for last in one.orders[-1:]:\n"

READS: tuple[Code, ...] = (
    (
        "reads trades",
        "self.look(\n"
        "    len(Trade.get_trades_proxy(is_open=False)), len(Trade.get_trades_proxy(pair=PAIR)),\n"
        "    Trade.get_open_trade_count(), Trade.total_open_trades_stakes(),\n"
        "    Trade.get_total_closed_profit(), [str(one) for one in Trade.get_open_trades()],\n"
        ")",
    ),
    (
        "reads recent trades",
        "since = current_time - timedelta(minutes=90)\n"
        "self.look(\n"
        "    [one.id for one in Trade.get_trades_proxy(open_date=since)],\n"
        "    [one.close_profit for one in Trade.get_trades_proxy(close_date=since)],\n"
        ")",
    ),
    (
        "reads wallets",
        "self.look(\n"
        "    self.wallets.get_free('USDT'), self.wallets.get_used('USDT'),\n"
        "    self.wallets.get_total('USDT'), self.wallets.get_total(PAIR.split('/')[0]),\n"
        "    self.wallets.get_owned(PAIR, PAIR.split('/')[0]),\n"
        "    self.wallets.get_total_stake_amount(), self.wallets.get_available_stake_amount(),\n"
        "    self.wallets.get_all_balances(), self.wallets.get_all_positions(),\n"
        ")",
    ),
    (
        "reads a stake",
        "self.look(self.wallets.get_trade_stake_amount(PAIR, self.max_open_trades))",
    ),
    (
        "reads frames",
        "for one in self.dp.current_whitelist():\n"
        "    frame, _ = self.dp.get_analyzed_dataframe(one, self.timeframe)\n"
        "    self.look(one, len(frame), frame.tail(1).to_dict('records'))",
    ),
    (
        "reads candles",
        "for timeframe in (self.timeframe, self.fuzzed_larger):\n"
        "    frame = self.dp.get_pair_dataframe(PAIR, timeframe)\n"
        "    self.look(timeframe, len(frame), frame.tail(1).to_dict('records'))",
    ),
    (
        "reads locks",
        "self.look(\n"
        "    self.is_pair_locked(PAIR), self.is_pair_locked(PAIR, candle_date=current_time),\n"
        "    self.is_pair_locked(PAIR, candle_date=current_time, side='short'),\n"
        "    [str(one.reason) for one in PairLocks.get_pair_locks(None, current_time)],\n"
        ")",
    ),
    (
        "reads its trade",
        "if trade is not None:\n"
        "    self.look(\n"
        "        trade.to_json(), trade.to_json(minified=True), str(trade), str(trade.orders),\n"
        "        trade.stoploss_or_liquidation, trade.has_open_orders, trade.has_open_position,\n"
        "        trade.date_last_filled_utc, trade.date_entry_fill_utc, trade.open_orders_ids,\n"
        "        trade.nr_of_successful_entries, trade.nr_of_successful_exits,\n"
        "        trade.borrowed, trade.trade_direction, trade.fully_canceled_entry_order_count,\n"
        "    )",
    ),
    (
        "calculates with its trade",
        "if trade is not None and trade.amount:\n"
        "    rate = trade.open_rate * <1.01|0.99|1>\n"
        "    self.look(\n"
        "        trade.calc_profit(rate), trade.calc_profit_ratio(rate),\n"
        "        trade.calculate_profit(rate), trade.calc_close_trade_value(rate),\n"
        "        trade.calc_profit(rate, trade.amount / 2), trade.calc_close_rate_for_roi(0.02),\n"
        "    )",
    ),
    (
        "reads orders",
        "for one in trade.select_filled_or_open_orders() if trade is not None else ():\n"
        "    self.look(\n"
        "        one.safe_price, one.safe_filled, one.safe_cost, one.safe_remaining,\n"
        "        one.safe_amount_after_fee, one.stake_amount, one.stake_amount_filled,\n"
        "        one.order_date_utc, one.order_filled_utc, one.trade is trade,\n"
        "        one.to_ccxt_object(),\n"
        "    )",
    ),
    ("keeps its trade", "self.keep(trade)"),
    ("looks at what it kept", "self.look_at_kept()"),
)
CUSTOM_DATA: tuple[Code, ...] = (
    ("counts in custom data", "trade.set_custom_data('n', (trade.get_custom_data('n') or 0) + 1)"),
    (
        "writes custom data",
        "trade.set_custom_data(<'a'|'B'|'b'>, <1.5|'text'|[1,2]|True|None|current_time>)",
    ),
    (
        "reads custom data",
        "self.look([str(one.value) for one in trade.get_all_custom_data()], "
        "trade.get_custom_data('b', 'none'))",
    ),
    ("deletes custom data", "trade.delete_custom_data(<'a'|'n'|None>)"),
    (
        "custom data of others",
        "for one in Trade.get_open_trades():\n    one.set_custom_data('seen', one.open_rate)",
    ),
)
LOCKS: tuple[Code, ...] = (
    ("locks", "self.lock_pair(PAIR, current_time + timedelta(minutes=<7|30|90>), 'fuzz')"),
    (
        "locks a side",
        "self.lock_pair(PAIR, current_time + timedelta(minutes=40), side=<'long'|'short'>)",
    ),
    ("locks everything", "self.lock_pair('*', current_time + timedelta(minutes=<10|25>), 'all')"),
    ("locks for ever", "self.lock_pair(PAIR, datetime(2199,1,1,tzinfo=UTC), 'ever')"),
    (
        "locks by now",
        "PairLocks.lock_pair(\n"
        "    PAIR, current_time + timedelta(minutes=20), 'now', now=current_time\n"
        ")",
    ),
    ("unlocks", "self.unlock_pair(PAIR)"),
    ("unlocks by time", "PairLocks.unlock_pair(PAIR, current_time)"),
    ("unlocks by reason", "self.unlock_reason(<'ever'|'fuzz'>)"),
)
SETTINGS: tuple[Code, ...] = (
    ("sets stoploss", "self.stoploss = -<0.01|0.03|0.2>"),
    ("sets ROI", "self.minimal_roi = <{0:0.02}|{0:0.05,30:0.0}|{}|{15:-1}>"),
    ("adds to ROI", "self.minimal_roi[<0|30|60>] = <0.01|0.0|-0.01>"),
    ("clears ROI", "self.minimal_roi.clear()"),
    ("toggles trailing", "self.trailing_stop = not self.trailing_stop"),
    (
        "sets trailing",
        "self.trailing_stop_positive = <0.005|None|0.02>\n"
        "self.trailing_stop_positive_offset = <0.0|0.01|0.03>\n"
        "self.trailing_only_offset_is_reached = <True|False>",
    ),
    ("sets slots", "self.max_open_trades = <1|2|3|math.inf|0>"),
    ("toggles exit signals", "self.use_exit_signal = not self.use_exit_signal"),
    (
        "toggles profit only",
        "self.exit_profit_only = not self.exit_profit_only\n"
        "self.exit_profit_offset = <0.0|0.005|-0.01>",
    ),
    (
        "toggles ROI at signals",
        "self.ignore_roi_if_entry_signal = not self.ignore_roi_if_entry_signal",
    ),
    ("sets expiry", "self.ignore_buying_expired_candle_after = <0|60|600>"),
    ("sets order types", "self.order_types[<'entry'|'exit'>] = <'limit'|'market'>"),
    ("sets new order types", "self.order_types = {**self.order_types, 'exit': 'limit'}"),
    ("sets time in force", "self.order_time_in_force = {'entry': 'IOC', 'exit': 'GTC'}"),
    ("toggles custom stops", "self.use_custom_stoploss = not self.use_custom_stoploss"),
    ("toggles custom ROI", "self.use_custom_roi = not self.use_custom_roi"),
    (
        "toggles positions",
        "self.position_adjustment_enable = not self.position_adjustment_enable",
    ),
    ("sets most entries", "self.max_entry_position_adjustment = <-1|0|2>"),
    (
        "sets timeouts",
        "self.config['unfilledtimeout'] = {'entry': 10, 'exit': 5, 'unit': 'minutes'}",
    ),
    ("sets stakes", "self.config['stake_amount'] = <33.0|50|'unlimited'>"),
    ("sets the usable part", "self.config['tradable_balance_ratio'] = <0.5|0.9|1>"),
)
COPIES: tuple[Code, ...] = (
    ("own stop", "if trade is not None:\n    trade.stop_loss = trade.open_rate * <0.5|1.5|1.0>"),
    ("own stop adjusted", "trade.adjust_stop_loss(trade.open_rate, -0.001)"),
    ("own orders cleared", "if trade is not None:\n    trade.orders.clear()"),
    ("own order reopened", "for one in trade.orders:\n    one.ft_is_open = True"),
    (
        "own order changed",
        "for one in trade.orders[-1:]:\n    one.ft_price *= 2\n    one.filled = 0.0\n"
        "    one.ft_order_tag = 'own'",
    ),
    ("own amount", "if trade is not None:\n    trade.amount = <0.0|0|-5.0>"),
    ("own rate", "trade.open_rate *= 2\ntrade.recalc_open_trade_value()"),
    ("own trade closed", "trade.is_open = False\ntrade.exit_reason = 'own'"),
    ("own trade recalculated", "trade.recalc_trade_from_orders()"),
    ("own list", "if trade is not None:\n    trade.notes = [1, 2]"),
    (
        "own list extended",
        "if trade is not None and hasattr(trade, 'marks'):\n    trade.marks.append('own')",
    ),
)
ORIGINALS: tuple[Code, ...] = (
    ("stops moved", f"{_ORIGINALS}one.adjust_stop_loss(one.open_rate, -<0.01|0.03>)"),
    ("stops set", f"{_ORIGINALS}one.stop_loss *= <1.0001|0.99>"),
    ("stops of numpy", f"{_ORIGINALS}one.stop_loss = np.float64(one.stop_loss)"),
    ("trailing claimed", f"{_ORIGINALS}one.is_stop_loss_trailing = True"),
    ("initial stops", f"{_ORIGINALS}one.initial_stop_loss_pct = <None|-0.5>"),
    ("maximum", f"{_ORIGINALS}one.max_rate = (one.max_rate or 1.0) * 1.5"),
    ("minimum", f"{_ORIGINALS}one.min_rate = None"),
    ("tags", f"{_ORIGINALS}one.enter_tag = f'tag {{current_time:%H}}'"),
    ("liquidation", f"{_ORIGINALS}one.liquidation_price = one.open_rate * 0.97"),
    ("dates", f"{_ORIGINALS}one.open_date -= timedelta(minutes=<5|1>)"),
    ("fees", f"{_ORIGINALS}one.fee_close = <0.002|0|0.0>"),
    ("funding", f"{_ORIGINALS}one.funding_fees = <0.5|-0.25>"),
    ("rates", f"{_ORIGINALS}one.open_rate *= 1.001\n    one.recalc_open_trade_value()"),
    ("amounts", f"{_ORIGINALS}one.amount = one.amount / 2"),
    ("stakes", f"{_ORIGINALS}one.stake_amount = int(one.stake_amount)"),
    ("leverages", f"{_ORIGINALS}one.leverage = <2|3.0>"),
    ("profits", f"{_ORIGINALS}one.realized_profit += 1"),
    ("marks", f"{_ORIGINALS}one.marks = [*getattr(one, 'marks', []), 1]"),
    ("one of them", "for one in Trade.get_open_trades()[-1:]:\n    one.exit_reason = 'written'"),
    (
        "closed ones",
        "for one in Trade.get_trades_proxy(is_open=False)[-2:]:\n    one.exit_reason = 'rewritten'",
    ),
    ("order prices", f"{_LAST_ORDER}        last.ft_price *= <1.001|0.999>"),
    ("order amounts", f"{_LAST_ORDER}        last.amount *= 0.5"),
    ("order tags", f"{_LAST_ORDER}        last.ft_order_tag = 'written'"),
    ("order dates", f"{_LAST_ORDER}        last.order_date -= timedelta(minutes=15)"),
    ("recalculation", f"{_ORIGINALS}one.recalc_trade_from_orders()"),
)
ORDERS: tuple[Code, ...] = (
    ("given order tagged", "order.ft_order_tag = 'given'"),
    ("given order dated", "order.order_filled_date = current_time - timedelta(minutes=3)"),
    ("given order priced", "order.average = order.ft_price * <1.001|1>"),
    ("given order charged", "order.funding_fee = <0.25|-1.0>"),
    ("given order filled", "order.filled = order.amount * <0.5|1>"),
)
OTHERS: tuple[Code, ...] = (
    ("updates wallets", "self.wallets.update()"),
    ("commits", "Trade.commit()"),
    ("counts", "self.fuzzed_calls += 1\nself.look(self.fuzzed_calls)"),
)
RAISES: tuple[Code, ...] = (
    ("raises ValueError", "raise ValueError('of the case')"),
    ("raises KeyError", "raise KeyError('of the case')"),
    ("divides by zero", "return 1 / (current_time.year - current_time.year)"),
    ("raises DependencyException", "raise DependencyException('of the case')"),
    ("raises OperationalException", "raise OperationalException('of the case')"),
    ("attribute that is none", "return self.no_such_attribute"),
)
#: Settings as properties: expressions of what was set.
PROPERTIES = {
    "stoploss": (
        "value",
        "value if Trade.get_open_trade_count() < 2 else -0.01",
        "value if self.fuzzed_calls % 2 else -0.02",
    ),
    "minimal_roi": ("value", "value if Trade.get_open_trade_count() < 2 else {0: 0.01}"),
    "trailing_stop": ("value", "Trade.get_open_trade_count() > 1"),
    "max_open_trades": ("value", "value if len(LocalTrade.bt_trades) % 3 else 1"),
    "use_exit_signal": ("value", "len(LocalTrade.bt_trades) % 2 == 0"),
    "use_custom_stoploss": ("value", "Trade.get_open_trade_count() > 1"),
    "position_adjustment_enable": ("value", "len(LocalTrade.bt_trades) % 2 == 0"),
    "ignore_roi_if_entry_signal": ("value", "len(LocalTrade.bt_trades) % 2 == 0"),
}
