import numpy as np
from numpy.typing import NDArray

def shortest(
    x: NDArray[np.float64], digits: NDArray[np.uint64], decimals: NDArray[np.int64]
) -> None: ...
def nearest(
    digits: NDArray[np.uint64], decimals: NDArray[np.int64], out: NDArray[np.float64]
) -> None: ...
def multiply(a: NDArray[np.float64], b: NDArray[np.float64], out: NDArray[np.float64]) -> int: ...
def divide(a: NDArray[np.float64], b: NDArray[np.float64], out: NDArray[np.float64]) -> int: ...
def combine(
    operation: int,
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
    d: NDArray[np.float64],
    out: NDArray[np.float64],
) -> int: ...
def round_places(x: NDArray[np.float64], places: int, out: NDArray[np.float64]) -> None: ...
def price_to_precision(
    prices: NDArray[np.float64],
    precision: float,
    counting: int,
    mode: int,
    out: NDArray[np.float64],
) -> int: ...
def amount_to_contract_precision(
    amounts: NDArray[np.float64],
    precision: float,
    counting: int,
    contract_size: float,
    out: NDArray[np.float64],
) -> int: ...
def value_with_fee(
    amount: NDArray[np.float64],
    rate: NDArray[np.float64],
    fee: float,
    plus: bool,
    out: NDArray[np.float64],
) -> int: ...
def average_price(
    amount: NDArray[np.float64], price: NDArray[np.float64], out: NDArray[np.float64]
) -> int: ...
def order_stake(
    amount: NDArray[np.float64],
    price: NDArray[np.float64],
    leverage: float,
    out: NDArray[np.float64],
) -> int: ...
def profits(
    open_value: NDArray[np.float64],
    close_value: NDArray[np.float64],
    leverage: float,
    is_short: bool,
    ratio: NDArray[np.float64],
    absolute: NDArray[np.float64],
) -> None: ...
def rate_for_roi(
    open_value: NDArray[np.float64],
    value_at_0: NDArray[np.float64],
    value_at_1: NDArray[np.float64],
    roi: float,
    leverage: float,
    is_short: bool,
    out: NDArray[np.float64],
) -> int: ...
def float_sum(values: NDArray[np.float64], compensated: bool) -> float: ...
