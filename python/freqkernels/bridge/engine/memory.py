"""How much memory a simulation is going to take, and a warning before there is none left."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

logger = logging.getLogger("freqkernels")

#: Signals of a row, and its place where there are gaps.
_BYTES_OF_A_ROW = 5
#: A capture in the engine, its columns, and the frame that freqtrade's report gets.
_BYTES_OF_A_CAPTURE = 32 + 28 + 40
#: A row as lists of Python: measured with freqtrade 2026.9 on Python 3.11.
_BYTES_OF_A_LISTED_ROW = 330
#: A capture as a tuple in a list, and the frame made of it.
_BYTES_OF_A_LISTED_CAPTURE = 150 + 40
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def available_bytes() -> int | None:
    """Memory that this process can still get, None where the system does not say."""
    known = [value for value in (_of_machine(), _of_group()) if value is not None]
    return min(known) if known else None


def _of_machine() -> int | None:
    try:
        lines = _MEMINFO.read_text().splitlines()
    except OSError:
        if importlib.util.find_spec("psutil") is None:
            return None
        import psutil

        return int(psutil.virtual_memory().available)
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None


def _of_group() -> int | None:
    """What is left of a container's limit; file pages in use can be dropped."""
    try:
        limit, used = ((_CGROUP / f"memory.{name}").read_text() for name in ("max", "current"))
        numbers = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    if not limit.strip().isdigit():
        return None
    return int(limit) - int(used) + int(numbers.get("inactive_file", 0))


def needed_bytes(rows: list[int], *, captures: bool, futures: bool, compiled: bool) -> int:
    """An upper estimate of what a simulation takes on top of the frames.

    :param rows: candles by pair.
    :param captures: whether wallets are captured, as in a backtest but not in hyperopt.
    :param futures: whether only the stake currency is captured.
    :param compiled: by the engine, or by freqtrade's own code.
    """
    row = _BYTES_OF_A_ROW if compiled else _BYTES_OF_A_LISTED_ROW
    capture = _BYTES_OF_A_CAPTURE if compiled else _BYTES_OF_A_LISTED_CAPTURE
    captured = max(rows, default=0) + (0 if futures else sum(rows))
    return sum(rows) * row + (captured * capture if captures else 0)


def warn_if_short(backtesting: Any, frames: dict[str, Any], *, compiled: bool) -> None:
    """Log a warning if the simulation may need more memory than there is.

    :param backtesting: freqtrade's ``Backtesting``.
    :param frames: frame by pair.
    :param compiled: by the engine, or by freqtrade's own code.
    """
    available = available_bytes()
    rows = [len(frame) for frame in frames.values()]
    needed = needed_bytes(
        rows,
        captures=backtesting._is_backtest_runmode,
        futures=backtesting.trading_mode == "futures",
        compiled=compiled,
    )
    if available is not None and needed > available:
        logger.warning(" ".join(_message(sum(rows), needed, available, compiled)))


def _message(rows: int, needed: int, available: int, compiled: bool) -> Iterator[str]:
    who = "freqkernels" if compiled else "freqtrade's own code"
    yield f"simulating {rows:,} candles by {who} may take {needed / 2**30:.1f} GiB of memory,"
    yield f"{available / 2**30:.1f} GiB are free: the system may end this process."
    yield "Fewer pairs, a shorter --timerange or a longer timeframe need less."
