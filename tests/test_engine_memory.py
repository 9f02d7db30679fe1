"""The warning before a simulation takes more memory than there is."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from freqkernels.bridge.engine import memory

FRAMES = {"A/USDT": range(1000), "B/USDT": range(500)}


def backtesting(mode: str = "spot", *, captures: bool = True) -> SimpleNamespace:
    return SimpleNamespace(_is_backtest_runmode=captures, trading_mode=mode)


def test_available_memory_is_that_of_this_machine() -> None:
    available = memory.available_bytes()
    assert available is not None
    assert 0 < available < 2**50


def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("max", "1000000\n"), ("current", "900000\n"), ("stat", "file 7\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert memory.available_bytes() == 100_000
    (tmp_path / "memory.stat").write_text("inactive_file 50000\n")
    assert memory.available_bytes() == 150_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available_bytes() != 150_000


def test_without_proc_psutil_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    pytest.importorskip("psutil", reason="freqtrade brings psutil")
    assert memory.available_bytes()


@pytest.mark.parametrize("compiled", [True, False])
def test_estimates_grow_with_what_is_kept(compiled: bool) -> None:
    def needed(rows: list[int], **what: bool) -> int:
        settings = {"captures": True, "futures": False, "compiled": compiled} | what
        return memory.needed_bytes(rows, **settings)

    assert needed([]) == 0
    assert needed([200], captures=False) < needed([200], futures=True) < needed([200])


def test_the_engine_takes_less_than_lists() -> None:
    sizes = [
        memory.needed_bytes([10**6], captures=True, futures=False, compiled=compiled)
        for compiled in (True, False)
    ]
    assert 2 * sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("compiled", "who"), [(True, "freqkernels"), (False, "freqtrade's own code")]
)
def test_a_warning_names_candles_and_sizes(
    compiled: bool, who: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with caplog.at_level(logging.WARNING, "freqkernels"):
        memory.warn_if_short(backtesting(), FRAMES, compiled=compiled)
    assert f"simulating 1,500 candles by {who} may take" in caplog.text
    assert "0.0 GiB are free" in caplog.text


@pytest.mark.parametrize("available", [None, 2**40])
def test_no_warning_where_there_is_enough(
    available: int | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: available)
    memory.warn_if_short(backtesting("futures"), FRAMES, compiled=True)
    memory.warn_if_short(backtesting(captures=False), FRAMES, compiled=False)
    assert not caplog.records
