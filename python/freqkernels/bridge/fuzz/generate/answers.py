"""What callbacks of random strategies answer: code by callback, usual and odd.

In code, ``<a|b>`` stands for one of the alternatives, which contain no space.
"""

from __future__ import annotations

#: Name and code.
Code = tuple[str, str]

#: Parameters of each callback, as in freqtrade's own definition.
PARAMETERS = {
    "bot_loop_start": "current_time",
    "custom_exit": "pair, trade, current_time, current_rate, current_profit",
    "custom_sell": "pair, trade, current_time, current_rate, current_profit",
    "custom_stoploss": "pair, trade, current_time, current_rate, current_profit, after_fill",
    "custom_roi": "pair, trade, current_time, trade_duration, entry_tag, side",
    "adjust_trade_position": (
        "trade, current_time, current_rate, current_profit, min_stake, max_stake, "
        "current_entry_rate, current_exit_rate, current_entry_profit, current_exit_profit"
    ),
    "custom_entry_price": "pair, trade, current_time, proposed_rate, entry_tag, side",
    "custom_exit_price": "pair, trade, current_time, proposed_rate, current_profit, exit_tag",
    "leverage": (
        "pair, current_time, current_rate, proposed_leverage, max_leverage, entry_tag, side"
    ),
    "custom_stake_amount": (
        "pair, current_time, current_rate, proposed_stake, min_stake, max_stake, leverage, "
        "entry_tag, side"
    ),
    "confirm_trade_entry": (
        "pair, order_type, amount, rate, time_in_force, current_time, entry_tag, side"
    ),
    "confirm_trade_exit": (
        "pair, trade, order_type, amount, rate, time_in_force, exit_reason, current_time"
    ),
    "order_filled": "pair, trade, order, current_time",
    "check_entry_timeout": "pair, trade, order, current_time",
    "check_exit_timeout": "pair, trade, order, current_time",
    "check_buy_timeout": "pair, trade, order, current_time",
    "check_sell_timeout": "pair, trade, order, current_time",
    "adjust_order_price": (
        "trade, order, pair, current_time, proposed_rate, current_order_rate, entry_tag, side, "
        "is_entry"
    ),
    "adjust_entry_price": (
        "trade, order, pair, current_time, proposed_rate, current_order_rate, entry_tag, side"
    ),
    "adjust_exit_price": (
        "trade, order, pair, current_time, proposed_rate, current_order_rate, entry_tag, side"
    ),
}

_EXITS: tuple[Code, ...] = (
    ("far", "return 'far' if abs(current_profit) > <0.005|0.01|0.02> else None"),
    ("sometimes", "return current_time.minute % <7|20|35> == 0"),
    (
        "held long",
        "held = current_time - trade.open_date_utc\n"
        "return 'held' if held > timedelta(minutes=<17|60|200>) else None",
    ),
    ("after a peak", "return 'back' if trade.max_rate > current_rate * <1.005|1.02> else ''"),
    ("added to", "return trade.nr_of_successful_entries > 1 and current_profit > 0"),
    ("never", "return None"),
)
_TIMEOUTS: tuple[Code, ...] = (
    ("waits", "return current_time - order.order_date_utc > timedelta(minutes=<5|15|40>)"),
    ("price", "return order.ft_price > trade.open_rate * <0.99|1.0>"),
    ("never", "return False"),
)
_PRICES: tuple[Code, ...] = (
    ("stays", "return current_order_rate"),
    ("follows", "return proposed_rate * <0.998|1.0|1.002>"),
    (
        "follows a while",
        "waited = current_time - order.order_date_utc\n"
        "return proposed_rate if waited < timedelta(minutes=<6|20>) else None",
    ),
    ("half way", "return (proposed_rate + current_order_rate) / 2"),
)
_CONFIRMATIONS: tuple[Code, ...] = (
    ("most", "return current_time.minute % <3|4|7> != 0"),
    ("all", "return True"),
    ("by price", "return int(rate * 1e4) % <3|5> != 0"),
)
#: What a callback usually answers.
USUAL: dict[str, tuple[Code, ...]] = {
    "bot_loop_start": (("nothing", "return None"),),
    "custom_exit": _EXITS,
    "custom_sell": _EXITS,
    "custom_stoploss": (
        ("follows", "return -<0.01|0.02> if current_profit > <0.002|0.005> else None"),
        ("tightens", "return min(-0.002, -0.05 + abs(current_profit))"),
        (
            "from open",
            "return stoploss_from_open(\n"
            "    <0.002|-0.01>, current_profit, is_short=trade.is_short, leverage=trade.leverage\n"
            ")",
        ),
        (
            "from a price",
            "return stoploss_from_absolute(\n"
            "    trade.open_rate * <0.99|1.01>, current_rate, is_short=trade.is_short,\n"
            "    leverage=trade.leverage,\n"
            ")",
        ),
        ("constant", "return -<0.01|0.04|0.1>"),
        ("by time", "return -0.01 * (1 + current_time.minute % 7)"),
        ("nothing", "return None"),
    ),
    "custom_roi": (
        ("falls", "return 0.03 - trade_duration * <0.0001|0.0005>"),
        ("late", "return <0.001|0.01> if trade_duration > <20|60> else None"),
        ("forced out", "return -1 if trade_duration >= <60|180> else None"),
        ("by side", "return 0.01 if side == 'long' else 0.005"),
        ("nothing", "return None"),
    ),
    "adjust_trade_position": (
        (
            "adds at a loss",
            "if current_profit < -<0.002|0.005> and trade.nr_of_successful_entries < <3|6|12>:\n"
            "    return trade.stake_amount / <2|3|1>\n"
            "return None",
        ),
        (
            "adds with a tag",
            "if trade.nr_of_successful_entries < <3|8>:\n"
            "    return max_stake / <4|10>, f'add {trade.nr_of_successful_entries}'\n"
            "return None",
        ),
        (
            "both ways",
            "if current_profit < -<0.001|0.004> and len(trade.orders) < <6|20>:\n"
            "    return trade.stake_amount * <0.5|1>\n"
            "if current_profit > <0.001|0.004>:\n"
            "    return -trade.stake_amount / <2|3>, 'part'\n"
            "return None",
        ),
        (
            "sells in parts",
            "return (-trade.stake_amount / <3|2|7> if current_profit > <0.001|0.005> else None)",
        ),
        ("sells all", "return -trade.stake_amount * <1|2> if current_profit > 0.006 else None"),
        ("nothing", "return None"),
    ),
    "custom_entry_price": (
        ("better", "return proposed_rate * (1.004 if side == 'short' else <0.996|0.999>)"),
        ("worse", "return proposed_rate * (0.998 if side == 'short' else 1.002)"),
        ("far away", "return proposed_rate * (1.007 if side == 'short' else <0.98|0.993|0.997>)"),
        ("as proposed", "return proposed_rate"),
    ),
    "custom_exit_price": (
        ("better", "return proposed_rate * (0.997 if trade.is_short else <1.003|1.001>)"),
        ("worse", "return proposed_rate * (1.001 if trade.is_short else 0.999)"),
        ("far away", "return proposed_rate * (0.993 if trade.is_short else <1.02|1.008|1.004>)"),
        ("as proposed", "return proposed_rate"),
    ),
    "leverage": (
        ("constant", "return <2.0|3|5.0|1.5>"),
        ("by price", "return 1.0 + current_rate % <2|7>"),
        ("all there is", "return max_leverage"),
        ("by side", "return 3.0 if side == 'long' else 2"),
    ),
    "custom_stake_amount": (
        ("a part", "return proposed_stake / <2|3>"),
        ("of what is left", "return max_stake / <3|7>"),
        ("least", "return min_stake or proposed_stake"),
        ("all there is", "return max_stake"),
        ("as proposed", "return proposed_stake"),
    ),
    "confirm_trade_entry": _CONFIRMATIONS,
    "confirm_trade_exit": _CONFIRMATIONS,
    "order_filled": (("nothing", "return None"),),
    "check_entry_timeout": _TIMEOUTS,
    "check_exit_timeout": _TIMEOUTS,
    "check_buy_timeout": _TIMEOUTS,
    "check_sell_timeout": _TIMEOUTS,
    "adjust_order_price": _PRICES,
    "adjust_entry_price": _PRICES,
    "adjust_exit_price": _PRICES,
}

_ODD: tuple[Code, ...] = (
    ("None", "return None"),
    ("NaN", "return <math.nan|np.nan|np.float64('nan')>"),
    ("infinite", "return <math.inf|-math.inf>"),
    ("zero", "return <0|0.0|-0.0>"),
    ("negative", "return <-0.015|-1|-250.0>"),
    ("positive", "return <0.015|1|250.0>"),
    ("huge", "return <1e12|10**12|-1e300>"),
    ("tiny", "return <1e-12|5e-324>"),
    ("numpy", "return <np.float64(0.02)|np.float64(-0.02)|np.int64(2)|np.float32(0.01)>"),
    ("bool", "return <True|False|np.True_>"),
    ("text", "return <'text'|'0.5'|''>"),
    ("container", "return <[]|(0.5,)|{}|[-0.02]>"),
)
_MORE: dict[str, tuple[Code, ...]] = {
    "custom_exit": (("long text", "return 'x' * <64|65|200>"), ("bytes", "return b'bytes'")),
    "custom_sell": (("long text", "return 'x' * 100"),),
    "adjust_trade_position": (
        ("None with tag", "return None, 'tag'"),
        ("stake with None", "return <7.5|-7.5>, None"),
        ("tag of another type", "return <20.0|-20.0>, <5|True>"),
        ("three", "return 10.0, 'three', 'values'"),
        ("nothing in it", "return ()"),
    ),
}


def odd(callback: str) -> tuple[Code, ...]:
    """What a callback should not answer."""
    return _ODD + _MORE.get(callback, ())
