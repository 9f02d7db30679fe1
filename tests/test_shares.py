"""Shares: the same everywhere and always, evenly spread; more percent keep everybody who was in."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import threading
import tracemalloc
from collections import Counter
from contextvars import copy_context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqkernels.errors import InvalidInputError
from freqkernels.runtime.shares import current_key, falls_in, keyed, share_of

#: Any str at all, also what is no valid Unicode.
TEXTS = st.text(st.characters())
PERCENTAGES = st.floats(0, 100)
PAIRS = [f"{coin}{number}/USDT" for coin in ("A", "COIN") for number in range(10_000)]
#: With others, pairs would change sides in the middle of somebody's rollout.
KNOWN = {
    ("", ""): 92.56196859841985,
    ("metrics.rel_mean", ""): 99.511751176696,
    ("metrics.rel_mean", "BTC/USDT"): 35.34789982792468,
    ("metrics.rel_mean", "ETH/USDT:USDT"): 97.4958682934485,
    ("calculate_market_change", "BTC/USDT"): 92.1648381448879,
    ("_get_ohlcv_as_lists", "\ud800ü€\U0001d11e\0"): 63.19289707658697,
}


class TestShares:
    @given(TEXTS, TEXTS)
    def test_range(self, name: str, key: str) -> None:
        share = share_of(name, key)
        assert 0 <= share < 100
        assert share == share_of(name, key)

    @pytest.mark.parametrize(("name", "key"), KNOWN)
    def test_known_values(self, name: str, key: str) -> None:
        assert share_of(name, key) == KNOWN[name, key]

    @pytest.mark.parametrize("seed", ["0", "1", "4242"])
    def test_other_processes(self, seed: str) -> None:
        code = (
            "from freqkernels.runtime.shares import share_of\n"
            f"print([share_of(*key) for key in {list(KNOWN)!a}])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert done.stdout == f"{list(KNOWN.values())}\n"

    @given(TEXTS, TEXTS, st.integers(0, 5))
    def test_name_and_key_are_not_mixed_up(self, name: str, key: str, cut: int) -> None:
        text = name + key
        if text[:cut] != name:
            assert share_of(name, key) != share_of(text[:cut], text[cut:])

    def test_names_that_begin_with_digits(self) -> None:
        assert share_of("1 ", "") != share_of("", "1 ")
        assert (
            len({share_of(text[:cut], text[cut:]) for text in ["1 1 1 1"] for cut in range(8)}) == 8
        )

    @pytest.mark.parametrize("length", [256, 257, 3_000_000])
    def test_long_keys(self, length: int) -> None:
        key = "ü" * length
        assert share_of("f", key) == share_of("f", "ü" * length)
        assert share_of("f", key) != share_of("f", key[:-1])
        assert share_of("f", key) != share_of("f", "x" + key[1:])

    @pytest.mark.parametrize(("count", "length"), [(60_000, 10), (40, 1_000_000)])
    def test_memory_is_bounded(self, count: int, length: int) -> None:
        tracemalloc.start()
        try:
            for number in range(count):
                share_of("f", f"{number:0{length}d}")
            assert tracemalloc.get_traced_memory()[0] < 5_000_000
        finally:
            tracemalloc.stop()

    def test_many_threads(self) -> None:
        """More keys than are remembered, so that threads push each other's out."""
        expected = {key: share_of("f", key) for key in PAIRS[:6000]}
        wrong: list[str] = []

        def work() -> None:
            wrong.extend(key for key, share in expected.items() if share_of("f", key) != share)

        workers = [threading.Thread(target=work) for _ in range(32)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert wrong == []


class TestPercentages:
    @given(TEXTS, TEXTS)
    def test_nobody_and_everybody(self, name: str, key: str) -> None:
        assert not falls_in(name, key, 0)
        assert falls_in(name, key, 100)

    @given(TEXTS, TEXTS, PERCENTAGES, PERCENTAGES)
    def test_who_is_in_stays_in(self, name: str, key: str, one: float, other: float) -> None:
        assert falls_in(name, key, min(one, other)) <= falls_in(name, key, max(one, other))

    @given(TEXTS, TEXTS)
    def test_edges(self, name: str, key: str) -> None:
        share = share_of(name, key)
        assert not falls_in(name, key, share)
        assert falls_in(name, key, share + 1e-9)

    @given(PERCENTAGES)
    def test_as_many_as_asked_for(self, percentage: float) -> None:
        """Of 20,000 keys; five standard deviations."""
        count = sum(falls_in("metrics.rel_mean", key, percentage) for key in PAIRS)
        fraction = percentage / 100
        expected = len(PAIRS) * fraction
        assert abs(count - expected) <= 5 * (expected * (1 - fraction)) ** 0.5 + 1


def chi_square(cells: Counter[Any], number: int) -> float:
    """How far counts are from equal ones; about as much as there are cells if by chance."""
    expected = cells.total() / number
    return sum((count - expected) ** 2 for count in cells.values()) / expected + expected * (
        number - len(cells)
    )


class TestSpread:
    @pytest.mark.parametrize("name", ["metrics.rel_mean", "a", "backtest_one"])
    def test_even(self, name: str) -> None:
        """100 cells: 99 by chance, with a standard deviation of 14."""
        cells = Counter(int(share_of(name, key)) for key in PAIRS)
        assert chi_square(cells, 100) < 99 + 5 * 14

    @pytest.mark.parametrize(
        ("left", "right"), [("metrics.rel_mean", "metrics.row_mean"), ("a", "b"), ("a", "aa")]
    )
    def test_functions_choose_independently(self, left: str, right: str) -> None:
        cells = Counter(
            (int(share_of(left, key)) // 10, int(share_of(right, key)) // 10) for key in PAIRS
        )
        assert chi_square(cells, 100) < 99 + 5 * 14

    def test_neighbours_are_independent(self) -> None:
        shares = [int(share_of("f", key)) // 10 for key in PAIRS]
        assert chi_square(Counter(itertools.pairwise(shares)), 100) < 99 + 5 * 14


class TestKeyed:
    def test_nested(self) -> None:
        assert current_key.get() == ""
        with keyed("BTC/USDT"):
            with keyed(""):
                assert current_key.get() == ""
                with keyed("ETH/USDT"):
                    assert current_key.get() == "ETH/USDT"
                assert current_key.get() == ""
            assert current_key.get() == "BTC/USDT"
        assert current_key.get() == ""

    def test_an_error_on_the_way(self) -> None:
        with pytest.raises(RuntimeError, match="on the way"), keyed("BTC/USDT"):
            raise RuntimeError("on the way")
        assert current_key.get() == ""

    def test_one_after_the_other(self) -> None:
        name = keyed("BTC/USDT")
        for _ in range(2):
            with name:
                assert current_key.get() == "BTC/USDT"
            assert current_key.get() == ""

    @pytest.mark.parametrize("key", [None, 5, b"BTC/USDT", ["BTC/USDT"]])
    def test_bad_keys(self, key: Any) -> None:
        with pytest.raises(InvalidInputError, match=r"^key: expected a str"):
            keyed(key)

    def test_threads(self) -> None:
        seen: dict[str, str] = {}
        barrier = threading.Barrier(32)

        def work(key: str) -> None:
            before = current_key.get()
            with keyed(key):
                barrier.wait(30)
                seen[key] = before + current_key.get()
                barrier.wait(30)

        workers = [threading.Thread(target=work, args=[f"PAIR{i}"]) for i in range(32)]
        with keyed("BTC/USDT"):
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            handed_over = threading.Thread(
                target=copy_context().run, args=[lambda: seen.update(copied=current_key.get())]
            )
            handed_over.start()
            handed_over.join()
        assert seen.pop("copied") == "BTC/USDT"
        assert seen == {f"PAIR{i}": f"PAIR{i}" for i in range(32)}

    def test_tasks(self) -> None:
        async def task(key: str) -> tuple[str, str]:
            inherited = current_key.get()
            with keyed(key):
                for _ in range(5):
                    await asyncio.sleep(0)
                return inherited, current_key.get()

        async def main() -> list[tuple[str, str]]:
            with keyed("whole"):
                return await asyncio.gather(*(task(f"PAIR{i}") for i in range(20)))

        assert asyncio.run(main()) == [("whole", f"PAIR{i}") for i in range(20)]
        assert current_key.get() == ""
