# Door to the orders of one trade: what freqtrade's LocalTrade looks up in them and adds up.
#
# Orders are read from their attributes, where one that is missing stands for None. With something
# else than a list, an order of another class or one of a database the functions return
# NotImplemented, as they do where they cannot promise freqtrade's result: freqtrade has to do it.
from datetime import datetime as _datetime, timezone as _timezone

from plain cimport most_stake, plain_number


cdef extern from "fk_fold.h" nogil:
    ctypedef struct fk_fold:
        double total_stake
        double total_funding
        double profit
        double last_profit
        double close_profit
    fk_fold fk_fold_start(double leverage, double fee_open, double fee_close, bint is_short,
                          bint is_futures)
    bint fk_fold_order(fk_fold *f, double amount, double price, double funding_fee, bint is_exit)
    bint fk_fold_rest(const fk_fold *f, double *amount, double *stake, double *max_stake,
                      double *average)


cdef object UTC = _timezone.utc


# ---- what is known of the first orders of a list: closed ones stay as they are

cdef class _Known:
    cdef list orders
    cdef object kind, last
    cdef Py_ssize_t closed, buys, sells
    cdef long long version


cdef dict _lists = {}
cdef bint _remembers = False
cdef long long _version = 0


def remember(bint on):
    """From now on, or no longer, closed orders are looked at once: every change of one is told."""
    global _remembers, _version
    _remembers = on
    _version += 1
    _lists.clear()


def changed():
    """An order was changed, whichever."""
    global _version
    _version += 1


cdef _Known _known(list orders, object kind, object states):
    """What is known of the orders, brought up to date; None if nothing may be kept."""
    cdef _Known known
    cdef dict values
    cdef Py_ssize_t i
    if not _remembers or len(orders) < 8:
        return None
    known = _lists.get(id(orders))
    if known is None or known.version != _version or known.kind is not kind or (
            known.closed and (known.closed > len(orders)
                              or orders[known.closed - 1] is not known.last)):
        known = _Known()
        known.orders, known.kind, known.version = orders, kind, _version
        known.closed = known.buys = known.sells = 0
        _lists[id(orders)] = known
    for i in range(known.closed, len(orders)):
        values = _attributes(orders[i], kind)
        if values is None or not _is_filled(values, states):
            break
        known.last, known.closed = orders[i], i + 1
        side = values.get("ft_order_side")
        known.buys += side == "buy"
        known.sells += side == "sell"
    return known


cdef inline Py_ssize_t _first_unknown(list orders, object kind, object states):
    cdef _Known known = _known(orders, kind, states)
    return 0 if known is None else known.closed


cdef inline dict _attributes(object order, object kind):
    """What stands in a plain order's attributes; None for one of another class or a database."""
    cdef dict values
    if type(order) is not kind:
        return None
    values = order.__dict__
    state = values.get("_sa_instance_state")
    return None if state is None or state.key is not None else values


cdef inline bint _is_filled(dict values, object states):
    return (values.get("ft_is_open") is False and values.get("filled")
            and values.get("status") in states)


def last_order(object orders, object kind, object side, object is_open, bint only_filled,
               object states):
    """LocalTrade.select_order."""
    cdef Py_ssize_t i, end = -1
    cdef dict values
    if type(orders) is not list:
        return NotImplemented
    if is_open is True:
        end = _first_unknown(orders, kind, states) - 1
    for i in range(len(<list> orders) - 1, end, -1):
        order = (<list> orders)[i]
        values = _attributes(order, kind)
        if values is None:
            return NotImplemented
        if side and values.get("ft_order_side") != side:
            continue
        if is_open is not None and values.get("ft_is_open") != is_open:
            continue
        if is_open is False and only_filled and (
                not values.get("filled") or values.get("status") not in states):
            continue
        return order
    return None


def filled_orders(object orders, object kind, object side, object states):
    """LocalTrade.select_filled_orders."""
    cdef dict values
    cdef list found = []
    if type(orders) is not list:
        return NotImplemented
    for order in <list> orders:
        values = _attributes(order, kind)
        if values is None:
            return NotImplemented
        if (side is None or values.get("ft_order_side") == side) and _is_filled(values, states):
            found.append(order)
    return found


def filled_count(object orders, object kind, object side, object states):
    """How many orders LocalTrade.select_filled_orders has for one side."""
    cdef dict values
    cdef Py_ssize_t i, first = 0, count = 0
    cdef _Known known
    if type(orders) is not list:
        return NotImplemented
    if side == "buy" or side == "sell":
        known = _known(orders, kind, states)
        if known is not None:
            first, count = known.closed, known.buys if side == "buy" else known.sells
    for i in range(first, len(<list> orders)):
        values = _attributes((<list> orders)[i], kind)
        if values is None:
            return NotImplemented
        count += values.get("ft_order_side") == side and _is_filled(values, states)
    return count


def filled_or_open_orders(object orders, object kind, object states):
    """LocalTrade.select_filled_or_open_orders."""
    cdef dict values
    cdef list found = []
    if type(orders) is not list:
        return NotImplemented
    for order in <list> orders:
        values = _attributes(order, kind)
        if values is None:
            return NotImplemented
        is_open, status = values.get("ft_is_open"), values.get("status")
        if (is_open is False and (values.get("filled") or 0) > 0 and status in states) or (
                is_open is True and status is not None):
            found.append(order)
    return found


def open_orders(object orders, object kind, object states):
    """LocalTrade.open_orders."""
    cdef dict values
    cdef list found = []
    cdef Py_ssize_t i
    if type(orders) is not list:
        return NotImplemented
    for i in range(_first_unknown(orders, kind, states), len(<list> orders)):
        order = (<list> orders)[i]
        values = _attributes(order, kind)
        if values is None:
            return NotImplemented
        if values.get("ft_is_open") and values.get("ft_order_side") != "stoploss":
            found.append(order)
    return found


def has_open(object orders, object kind, object states, bint with_stoploss):
    """Whether an order is open; those on the exchange's stop only ``with_stoploss``."""
    cdef dict values
    cdef bint found = False
    cdef Py_ssize_t i
    if type(orders) is not list:
        return NotImplemented
    for i in range(_first_unknown(orders, kind, states), len(<list> orders)):
        values = _attributes((<list> orders)[i], kind)
        if values is None:
            return NotImplemented
        found |= bool(values.get("ft_is_open")) and (
            with_stoploss or values.get("ft_order_side") != "stoploss")
    return found


def funding_fees(object orders, object kind):
    """Funding fees of the orders that have any."""
    cdef dict values
    cdef list found = []
    if type(orders) is not list:
        return NotImplemented
    for order in <list> orders:
        values = _attributes(order, kind)
        if values is None:
            return NotImplemented
        fee = values.get("funding_fee")
        if fee:
            found.append(fee)
    return found


def filled_date(object orders, object kind, object side, object states, bint latest):
    """When the last (latest) or first filled order was filled; None if no order is.

    Dates are those of the standard library with its own UTC; without any date of a filled order
    freqtrade decides.
    """
    cdef dict values
    cdef bint any_filled = False
    found = None
    if type(orders) is not list:
        return NotImplemented
    for order in <list> orders:
        values = _attributes(order, kind)
        if values is None:
            return NotImplemented
        if not ((side is None or values.get("ft_order_side") == side)
                and _is_filled(values, states)):
            continue
        any_filled = True
        date = values.get("order_filled_date")
        if date is None:
            continue
        if type(date) is not _datetime or date.tzinfo is not UTC:
            return NotImplemented
        if found is None or (date > found if latest else date < found):
            found = date
    return NotImplemented if found is None and any_filled else found


cdef inline object _price(dict values):
    """Order.safe_price."""
    return (values.get("average") or values.get("price") or values.get("stop_price")
            or values.get("ft_price"))


cdef bint _fold_order(fk_fold *f, dict values, bint is_exit):
    cdef double filled, base, price, fee
    if not (plain_number(values.get("filled"), &filled)
            and plain_number(_price(values), &price)
            and plain_number(values.get("ft_fee_base") or 0.0, &base)
            and plain_number(values.get("funding_fee") or 0.0, &fee)):
        return False
    return filled - base > 0.0 and fk_fold_order(f, filled - base, price, fee, is_exit)


def fold_orders(object orders, object kind, object entry_side, bint is_short,
                object leverage, object fee_open, object fee_close, bint is_futures,
                object max_stake_amount, object realized_profit):
    """The sums of LocalTrade.recalc_trade_from_orders.

    They are: funding fees, largest stake, stake of all entries with fees, profit ratio, profit,
    profit of the last exit, and what is left: amount, stake, average price.
    """
    cdef fk_fold f
    cdef dict values
    cdef double factor, fee, other, unused, amount, stake, max_stake, average
    cdef bint is_exit, checked = False
    if not (plain_number(leverage, &factor) and plain_number(fee_open, &fee)
            and plain_number(fee_close, &other)):
        return NotImplemented
    f = fk_fold_start(factor, fee, other, is_short, is_futures)
    if type(orders) is not list:
        return NotImplemented
    for order in <list> orders:
        values = _attributes(order, kind)
        if values is None:
            return NotImplemented
        if values.get("ft_is_open") or not values.get("filled"):
            continue
        is_exit = values.get("ft_order_side") != entry_side
        if is_exit and not checked:  # numbers that freqtrade looks at without need
            checked = True
            if not (plain_number(realized_profit, &unused)
                    and most_stake(max_stake_amount, fee_open, is_short, &unused)):
                return NotImplemented
        if not _fold_order(&f, values, is_exit):
            return NotImplemented
    if not fk_fold_rest(&f, &amount, &stake, &max_stake, &average):
        return NotImplemented
    return (f.total_funding, max_stake, f.total_stake, f.close_profit, f.profit, f.last_profit,
            amount, stake, average)
