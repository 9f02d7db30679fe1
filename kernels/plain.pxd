# Values as they stand in the attributes of freqtrade's objects.

# Ints beyond this are left to freqtrade.
cdef enum:
    LAST_INT = 2147483647


cdef inline bint plain_number(object value, double *out) noexcept:
    """A plain float, or an int that changes nothing when it is taken for a float."""
    if type(value) is float:
        out[0] = value
        return True
    if type(value) is int and -LAST_INT <= value <= LAST_INT:
        out[0] = value
        return True
    return False


cdef inline bint most_stake(object max_stake, object fee, bint is_short, double *out) noexcept:
    """The divisor of a total profit ratio; 0 for a stake of None or 0, where there is no ratio."""
    cdef double stake, rate
    out[0] = 0.0
    if max_stake is None:
        return True
    if not plain_number(max_stake, &stake):
        return False
    if stake == 0.0:
        return True
    if not plain_number(fee, &rate):
        return False
    out[0] = stake * (1.0 - rate if is_short else 1.0 + rate)
    return out[0] != 0.0
