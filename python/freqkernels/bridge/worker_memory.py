"""How many workers of hyperopt the memory is enough for, in one line of the log."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path
from typing import Any

from freqkernels.bridge.engine.memory import available_bytes, needed_bytes
from freqkernels.bridge.engine.support import engine_support
from freqkernels.bridge.shared_frames import SharedFrames

logger = logging.getLogger("freqkernels")

#: The columns of signals and tags that a strategy adds to each row.
_BYTES_OF_SIGNALS = 4 * 8 + 2 * 16
_GIB = 2**30


def resident_bytes() -> int | None:
    """Main memory that this process holds now, None where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = status.read_text("ascii", "replace").splitlines()
    found = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(found[0]) * 1024 if found else None


def worker_bytes(optimizer: Any, base: int, candles: dict[str, Any], shared: bool) -> int:
    """An estimate of the memory that one worker has for itself.

    :param optimizer: freqtrade's ``HyperOptimizer``, prepared.
    :param base: what a process takes that has imported all and loaded nothing.
    :param candles: analysed candles by pair.
    :param shared: whether workers map them.
    """
    backtesting = optimizer.backtesting
    rows = [len(frame) for frame in candles.values()]
    compiled = bool(engine_support(backtesting, candles))
    futures = backtesting.trading_mode == "futures"
    simulation = needed_bytes(rows, captures=False, futures=futures, compiled=compiled)
    own = 0
    if not shared or optimizer.analyze_per_epoch:
        own = sum(int(frame.memory_usage(index=False).sum()) for frame in candles.values())
    return base + own + sum(rows) * _BYTES_OF_SIGNALS + simulation


def advise(optimizer: Any, base: int | None, shared: SharedFrames | None) -> None:
    """Log how many workers there is memory for; a warning if more are asked for.

    :param optimizer: freqtrade's ``HyperOptimizer``, prepared.
    :param base: memory of this process before it loaded the candles.
    :param shared: the file of candles that workers map, None if there is none.
    """
    available = available_bytes()
    if base is None or available is None:
        return
    joblib = importlib.import_module("joblib")
    candles = shared.load() if shared else joblib.load(optimizer.data_pickle_file)
    each = worker_bytes(optimizer, base, candles, shared is not None)
    processors = joblib.cpu_count()
    asked = joblib.effective_n_jobs(optimizer.config.get("hyperopt_jobs", -1))
    most = max(1, min(processors, available // each))
    logger.log(
        logging.WARNING if asked > max(1, available // each) else logging.INFO,
        "hyperopt: a worker may take %.1f GiB of memory for itself, %.1f GiB are free, "
        "%d processors: -j %d recommended, %d asked for",
        each / _GIB,
        available / _GIB,
        processors,
        most,
        asked,
    )
