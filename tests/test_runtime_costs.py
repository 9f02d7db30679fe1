"""What the runtime costs is measured on right results only; no times are asserted."""

from __future__ import annotations

from typing import Any

import pytest

from freqkernels.bench import runtime_costs
from freqkernels.runtime import Kernel


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_CALLS", 20), ("_ROUNDS", 2), ("_MANY", 1000)):
        monkeypatch.setattr(runtime_costs, name, value)
    monkeypatch.setattr(runtime_costs, "_THREADS", 4)
    monkeypatch.setattr(runtime_costs, "_CALLS_OF_A_THREAD", 500)


def test_every_way_is_measured() -> None:
    ways = [way for way, *_ in runtime_costs.calls()]
    assert ways == [way for way, _ in runtime_costs._WAYS] + ["level disabled"]


def test_faults() -> None:
    assert len(runtime_costs.fault()) == 3


def test_memory_and_counts() -> None:
    assert len(runtime_costs.memory()) == 10
    assert runtime_costs.counts() == 2000


def test_a_wrong_result_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(kernel: Any, *_: Any) -> Any:
        return 7, 7

    monkeypatch.setattr(Kernel, "__call__", wrong)
    with pytest.raises(runtime_costs.ParityError):
        next(runtime_costs.calls())
