"""The comparison with freqtrade notices what it should, and only that."""

from __future__ import annotations

import gc
import warnings

import pytest

from oracle import assert_identical, observe


def silent(count: int) -> list[list[int]]:
    return [[number] for number in range(count)]


def test_a_warning_that_freqtrade_does_not_give() -> None:
    def warns(count: int) -> list[list[int]]:
        warnings.warn("mind this", RuntimeWarning, stacklevel=2)
        return silent(count)

    assert_identical(silent, silent, 2)
    assert_identical(silent, warns, 2)
    with pytest.raises(AssertionError, match="mind this"):
        assert_identical(warns, silent, 2)


def test_garbage_of_others_is_not_heard() -> None:
    class Connection:
        def __del__(self) -> None:
            left.append("open")

    def seen(count: int) -> tuple[list[list[int]], list[str]]:
        return silent(count), left[:]

    left: list[str] = []
    gc.collect()  # the next one is due after hundreds of new objects
    waiting = Connection()
    waiting.itself = waiting  # type: ignore[attr-defined]
    del waiting
    assert observe(seen, (200_000,), {}).value[1] == []
    gc.collect()
    assert left == ["open"]
