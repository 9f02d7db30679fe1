"""An installed wheel, freqtrade or not: ``python tests/wheel_smoke.py``, or by pytest.

Run by cibuildwheel on every platform, so it needs nothing but the wheel and what that requires.
``python tests/wheel_smoke.py reference`` is for the pure wheel, which has no compiled kernels.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import distribution
from importlib.resources import files

import numpy as np
import pandas as pd

from freqkernels import metrics, ohlcv, runtime, signals, strategy, trades

PUBLIC = (metrics, ohlcv, signals, strategy, trades)  # importing them registers their kernels
AS_SCRIPT = __name__ == "__main__"
PURE = AS_SCRIPT and sys.argv[1:] == ["reference"]
# Compiled kernels are forced, so that nothing falls back; the pure wheel has to fall back.
REQUESTED, EXPECTED = ("auto", "reference") if PURE else ("compiled", "compiled")


def candles(rows: int = 400) -> pd.DataFrame:
    """Prices with one decimal up to the middle, with three after it."""
    close = np.where(np.arange(rows) < rows // 2, 100.5, 100.125)
    dates = pd.date_range("2024-01-01", periods=rows, freq="1h", tz="UTC")
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return pd.DataFrame({"date": dates, **prices, "volume": 1.0})


def test_every_kernel_runs_on_the_right_twin() -> None:
    with runtime.use_backend(REQUESTED):
        backends = {kernel.name: kernel.backend for kernel in runtime.kernels()}
    assert len(backends) >= 13
    assert set(backends.values()) == {EXPECTED}, backends


def test_two_threads_where_there_is_openmp() -> None:
    if PURE:
        return
    from freqkernels._kernels import openmp

    asked = 2 if openmp.version() else 1
    assert openmp.team_size(asked) == asked


def test_licence_is_in_the_metadata() -> None:
    metadata = distribution("freqkernels").metadata
    assert metadata["License-Expression"] == "GPL-3.0-or-later"
    assert metadata.get_all("License-File") == ["LICENSE"]
    licences = [
        file for file in distribution("freqkernels").files or [] if file.match("licenses/LICENSE")
    ]
    assert len(licences) == 1
    assert "GNU GENERAL PUBLIC LICENSE" in licences[0].read_text()


def test_types_are_shipped() -> None:
    package = files("freqkernels")
    assert (package / "py.typed").is_file()
    for module in ("metrics", "ohlcv", "openmp"):
        assert (package / "_kernels" / f"{module}.pyi").is_file(), module


def test_kernels_are_right() -> None:
    frame = candles()
    with runtime.use_backend(REQUESTED):
        ticks = ohlcv.get_tick_size_over_time(frame)
        change = metrics.calculate_market_change({"A": frame, "B": frame})
        filled = ohlcv.ohlcv_fill_up_missing_data(frame.drop(index=range(5, 9)), "1h", "A/B")
        rows = signals.ohlcv_as_lists(frame)
    assert ticks.tolist() == [0.001]
    assert change == (100.125 - 100.5) / 100.5
    assert filled["volume"].tolist() == [1.0] * 5 + [0.0] * 4 + [1.0] * (len(frame) - 9)
    assert rows[0] == [frame["date"][1], 100.5, 100.5, 100.5, 100.5, 0, 0, 0, 0, None, None]
    assert {event.kind for event in runtime.events()} <= ({"fallback"} if PURE else set())


def test_freqtrade_is_not_imported() -> None:
    if AS_SCRIPT:  # elsewhere other tests may have imported it
        assert "freqtrade" not in sys.modules


def main() -> int:
    """Run all tests of this file; the first failure raises."""
    tests: list[Callable[[], None]] = [
        function for name, function in globals().items() if name.startswith("test_")
    ]
    for test in tests:
        test()
        print(f"ok  {test.__name__}")
    print(f"{len(tests)} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
