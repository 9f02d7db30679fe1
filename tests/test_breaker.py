"""The breaker against a simple model, under threads, through a fork, with a clock gone wild."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from freqkernels.errors import InvalidInputError
from freqkernels.runtime.breaker import Breaker

THREADS = 32
YEARS = 10**9


class Clock:
    """Shows what it is told to."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


class BusyClock(Clock):
    """Lets another thread go on, in the middle of what the breaker does."""

    def __call__(self) -> float:
        time.sleep(0)
        return self.seconds


ACTORS = st.sampled_from(["this thread", "another"])
SECONDS = st.integers(0, 40)


class BreakerMachine(RuleBasedStateMachine):
    """Two threads and a clock against a model that remembers all it needs in plain words."""

    def __init__(self) -> None:
        super().__init__()
        self.other = ThreadPoolExecutor(1)
        self.clock = Clock()
        self.breaker = Breaker(2, 10, 20, False, self.clock)
        self.needed, self.window, self.cooldown, self.sticky = 2, 10, 20, False
        self.passed = 0  # seconds that the clock went forwards
        self.failures: list[int] = []
        self.state = "closed"
        self.tripped_for_good = False
        self.next_probe = 0
        self.prober = ""

    def teardown(self) -> None:
        self.other.shutdown()

    def run(self, actor: str, call: Callable[..., Any], *args: Any) -> Any:
        return call(*args) if actor == "this thread" else self.other.submit(call, *args).result()

    def model_opens(self) -> None:
        self.state, self.prober = "open", ""
        self.next_probe = self.passed + self.cooldown

    def model_closes(self) -> None:
        self.state, self.prober = "closed", ""
        self.failures, self.tripped_for_good = [], False

    @rule(seconds=SECONDS | st.just(YEARS))
    def clock_goes_on(self, seconds: int) -> None:
        self.clock.seconds += seconds
        self.passed += seconds

    @rule(seconds=SECONDS | st.just(YEARS))
    def clock_jumps_back(self, seconds: int) -> None:
        self.breaker._now()  # of what is between two readings it cannot know
        self.clock.seconds -= seconds
        self.breaker._now()

    @rule(actor=ACTORS)
    def ask(self, actor: str) -> None:
        got = self.run(actor, self.breaker.allow)
        if self.state == "closed":
            assert got == "fast"
        elif self.sticky or self.tripped_for_good or self.passed < self.next_probe:
            assert got == "exact"
        else:
            assert got == "probe"
            self.state, self.prober = "half-open", actor
            self.next_probe = self.passed + self.cooldown

    @rule(actor=ACTORS)
    def fail(self, actor: str) -> None:
        self.check_failure(self.run(actor, self.breaker.failed, "it broke"), True)

    def check_failure(self, got: bool, is_answer: bool) -> None:
        opens = False
        if self.state == "closed":
            self.failures = [*self.failures, self.passed][-self.needed :]
            recent = [moment for moment in self.failures if self.passed - moment <= self.window]
            opens = len(recent) >= self.needed
        if opens:
            self.model_opens()
            assert "it broke" in self.breaker.reason
        if is_answer:
            assert got == opens

    @rule(actor=ACTORS, ok=st.sampled_from([True, False, None]))
    def report(self, actor: str, ok: bool | None) -> None:
        got = self.run(actor, self.breaker.probed, ok, "it broke")
        expected = self.state == "half-open" and self.prober == actor
        assert got == (expected and ok is True)
        if not expected and ok is False:
            self.check_failure(got, False)
        elif expected and ok:
            self.model_closes()
        elif expected and ok is None:
            self.state, self.prober, self.next_probe = "open", "", -YEARS
        elif expected:
            self.model_opens()

    @rule(for_good=st.booleans())
    def trip(self, for_good: bool) -> None:
        assert self.breaker.trip("it lies", for_good) != self.tripped_for_good
        assert self.breaker.reason == "it lies"
        if not self.tripped_for_good:
            self.model_opens()
            self.tripped_for_good = for_good

    @rule()
    def reset(self) -> None:
        self.breaker.reset()
        self.model_closes()

    @rule(
        needed=st.integers(1, 4),
        window=st.integers(1, 30),
        cooldown=SECONDS,
        sticky=st.booleans(),
    )
    def configure(self, needed: int, window: int, cooldown: int, sticky: bool) -> None:
        self.breaker.configure(needed, window, cooldown, sticky)
        self.next_probe += cooldown - self.cooldown
        self.needed, self.window, self.cooldown, self.sticky = needed, window, cooldown, sticky
        self.failures = self.failures[-needed:]

    @rule()
    def fork(self) -> None:
        """What the child does; the parent goes on as if it were the child."""
        self.breaker.renew_lock()
        if self.state == "half-open":
            self.state, self.prober, self.next_probe = "open", "", -YEARS

    @invariant()
    def agrees(self) -> None:
        assert self.breaker.state == self.state
        assert self.breaker.closed == (self.state == "closed")
        assert bool(self.breaker.reason) != self.breaker.closed
        if self.state == "closed" or self.sticky or self.tripped_for_good:
            assert self.breaker.retry_in() is None
        else:
            assert self.breaker.retry_in() == max(0, self.next_probe - self.passed)


TestAgainstTheModel = BreakerMachine.TestCase
TestAgainstTheModel.settings = settings(
    max_examples=5 * settings.default.max_examples, stateful_step_count=40
)


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """Answers of many threads that begin at the same moment."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> Any:
        barrier.wait(30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


@pytest.mark.usefixtures("often")
class TestThreads:
    def test_one_of_many_gets_the_probe(self) -> None:
        clock = BusyClock()
        breaker = Breaker(1, 10, 20, False, clock)
        breaker.failed("it broke")
        for _ in range(20):
            clock.seconds += 20
            assert sorted(together(lambda _: breaker.allow())) == ["exact"] * 31 + ["probe"]
            assert breaker.state == "half-open"

    @pytest.mark.parametrize("spare", [0, 1])
    def test_failures_are_counted_exactly(self, spare: int) -> None:
        each = 50
        breaker = Breaker(THREADS * each + spare, 10, 20, False, BusyClock())
        opened = together(lambda _: sum(breaker.failed("it broke") for _ in range(each)))
        assert sum(opened) == 1 - spare
        assert breaker.closed == bool(spare)
        assert breaker.failed("the last") == bool(spare)

    def test_one_failure_opens(self) -> None:
        for _ in range(20):
            breaker = Breaker(1, 10, 20, False, BusyClock())
            assert sum(together(lambda number: breaker.failed(f"by {number}"))) == 1  # noqa: B023

    def test_one_trip_is_the_first(self) -> None:
        breaker = Breaker(clock=BusyClock())
        assert sum(together(lambda number: breaker.trip(f"by {number}"))) == 1
        assert breaker.reason.startswith("by ")

    def test_no_two_probes_at_a_time(self) -> None:
        """Time goes on only while nobody is at a probe, so that none counts as lost."""
        clock = BusyClock()
        breaker = Breaker(1, 10, 1, False, clock)
        breaker.failed("it broke")
        clock.seconds += 1
        probing: list[int] = []
        most: list[int] = []

        def work(number: int) -> int:
            probes = 0
            while len(most) < 300:
                if breaker.allow() == "probe":
                    probing.append(number)
                    most.append(len(probing))
                    probes += 1
                    probing.remove(number)
                    assert not breaker.probed(False, "again")
                    clock.seconds += 1
            return probes

        assert sum(together(work)) == len(most)
        assert set(most) == {1}

    def test_settings_and_calls_at_once(self) -> None:
        """Whatever is called meanwhile, the state is one of three and the parts of it agree."""
        clock = BusyClock()
        breaker = Breaker(2, 1000, 1, False, clock)
        calls: list[Callable[[], object]] = [
            lambda: breaker.failed("it broke"),
            lambda: breaker.allow() == "probe" and breaker.probed(True),
            lambda: breaker.allow() == "probe" and breaker.probed(False, "again"),
            lambda: breaker.configure(3, 5, 1, False),
            lambda: breaker.configure(1, 5, 0, False),
            lambda: breaker.trip("by hand", sticky=False),
            breaker.reset,
            breaker.retry_in,
        ]

        def work(number: int) -> set[str]:
            seen = set()
            for turn in range(300):
                clock.seconds = turn
                calls[(number + turn) % len(calls)]()
                seen.add(breaker.state)
            return seen

        assert set().union(*together(work)) <= {"closed", "open", "half-open"}
        breaker.trip("the end")
        assert (breaker.state, breaker.allow(), breaker.retry_in()) == ("open", "exact", None)
        breaker.reset()
        assert (breaker.state, breaker.allow(), breaker.reason) == ("closed", "fast", "")
        breaker.configure(1, 1, 1, False)
        assert breaker.failed("it broke")

    def test_a_signal_handler_meets_the_lock(self) -> None:
        """The clock is read under the lock: what it calls, a signal handler might."""
        breaker = Breaker(1)
        breaker._clock = lambda: breaker.configure(1, 1, 1, True) or breaker.reset() or 5.0
        done = threading.Thread(target=breaker.failed, args=["it broke"], daemon=True)
        done.start()
        done.join(30)
        assert not done.is_alive()
        assert (breaker.state, breaker.allow()) == ("open", "exact")


class TestReasons:
    def test_one_failure(self) -> None:
        breaker = Breaker(1, clock=Clock())
        assert breaker.failed("KeyError: 'date'")
        assert breaker.reason == "a failure: KeyError: 'date'"
        assert repr(breaker) == "<breaker, open: a failure: KeyError: 'date'>"

    def test_failures_and_a_probe(self) -> None:
        clock = Clock()
        breaker = Breaker(2, 60, 300, clock=clock)
        assert repr(breaker) == "<breaker, closed>"
        assert not breaker.failed("first")
        assert breaker.failed("second")
        assert breaker.reason == "2 failures in 60 seconds, the last one: second"
        clock.seconds += 300
        assert breaker.allow() == "probe"
        assert not breaker.probed(False, "third")
        assert breaker.reason == "a probe failed: third"

    def test_the_first_lasting_trip_stays(self) -> None:
        breaker = Breaker()
        assert breaker.trip("slow", sticky=False)
        assert breaker.trip("different bits")
        assert not breaker.trip("different again")
        assert not breaker.trip("slow again", sticky=False)
        assert breaker.reason == "different bits"


class TestMoments:
    @pytest.mark.parametrize(("seconds", "opens"), [(0, True), (10, True), (10.001, False)])
    def test_the_window(self, seconds: float, opens: bool) -> None:
        clock = Clock(5.0)
        breaker = Breaker(2, 10, 20, clock=clock)
        assert not breaker.failed("first")
        clock.seconds += seconds
        assert breaker.failed("second") == opens

    @pytest.mark.parametrize("back", [0.0, 7.0, YEARS])
    def test_the_cooldown(self, back: float) -> None:
        """It is as long as ever when the clock jumps back."""
        clock = Clock()
        breaker = Breaker(1, 10, 20, clock=clock)
        breaker.failed("it broke")
        clock.seconds += 15
        assert breaker.retry_in() == 5
        clock.seconds -= back
        assert breaker.retry_in() == 5
        clock.seconds += 4.5
        assert breaker.allow() == "exact"
        clock.seconds += 0.5
        assert breaker.allow() == "probe"

    def test_a_clock_that_stands_still(self) -> None:
        breaker = Breaker(1, 10, 20, clock=Clock())
        breaker.failed("it broke")
        assert {breaker.allow() for _ in range(1000)} == {"exact"}
        assert breaker.retry_in() == 20


class TestLateReports:
    """Of a probe that counts as lost, or that somebody decided over meanwhile."""

    def test_a_lost_probe_closes_nothing(self) -> None:
        clock = Clock()
        breaker = Breaker(1, 10, 20, clock=clock)
        breaker.failed("it broke")
        clock.seconds = 20
        with ThreadPoolExecutor(1) as other:
            assert other.submit(breaker.allow).result() == "probe"
            clock.seconds = 39.5
            assert breaker.allow() == "exact"
            clock.seconds = 40
            assert breaker.allow() == "probe"
            assert not other.submit(breaker.probed, True).result()
            assert breaker.state == "half-open"
            assert breaker.probed(True)
        assert breaker.closed

    def test_a_probe_that_says_nothing_goes_to_the_next_call(self) -> None:
        clock = Clock()
        breaker = Breaker(1, 10, 20, clock=clock)
        breaker.failed("it broke")
        clock.seconds = 20
        assert breaker.allow() == "probe"
        assert not breaker.probed(None)
        assert (breaker.state, breaker.retry_in()) == ("open", 0)
        assert breaker.reason == "a failure: it broke"
        assert [breaker.allow(), breaker.allow()] == ["probe", "exact"]

    def test_a_trip_is_stronger(self) -> None:
        breaker = Breaker(1, 10, 0, clock=Clock())
        breaker.failed("it broke")
        assert breaker.allow() == "probe"
        breaker.trip("different bits")
        assert not breaker.probed(True)
        assert (breaker.state, breaker.reason) == ("open", "different bits")

    def test_a_failure_after_a_reset_counts(self) -> None:
        breaker = Breaker(1, 10, 0, clock=Clock())
        breaker.failed("it broke")
        assert breaker.allow() == "probe"
        breaker.reset()
        assert not breaker.probed(False, "it broke again")
        assert breaker.reason == "a failure: it broke again"


class TestConfigure:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *[("failures", bad) for bad in (0, -1, 100_001, 10**400, 1.0, True, "3", None)],
            *[("window", bad) for bad in (0, -1.0, float("nan"), float("inf"), "60", None, True)],
            *[("cooldown", bad) for bad in (-1, float("nan"), float("inf"), 10**400, "5", False)],
            *[("sticky", bad) for bad in (0, 1, None, "true")],
        ],
    )
    def test_bad_values(self, name: str, value: Any) -> None:
        with pytest.raises(InvalidInputError, match=f"^{name}: expected"):
            Breaker(**{name: value})
        breaker = Breaker(1, 10, 20, clock=Clock())
        values = {"failures": 5, "window": 5, "cooldown": 5, "sticky": True, name: value}
        with pytest.raises(InvalidInputError, match=f"^{name}: expected"):
            breaker.configure(**values)
        assert breaker.failed("it broke"), "nothing of it counts"
        assert breaker.retry_in() == 20

    def test_largest_values(self) -> None:
        breaker = Breaker(100_000, sys.float_info.max, sys.float_info.max)
        breaker.trip("slow", sticky=False)
        assert breaker.allow() == "exact"
        assert breaker.retry_in() == sys.float_info.max

    def test_memory_is_bounded(self) -> None:
        clock = Clock()
        breaker = Breaker(3, 1, clock=clock)
        for _ in range(1000):
            clock.seconds += 1
            assert not breaker.failed("now and then")
        assert len(breaker._times) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_forked_while_another_thread_is_at_work() -> None:
    """The child can use the breaker at once and need not wait for the parent's probe."""
    code = (
        "import os, threading\nfrom freqkernels.runtime.breaker import Breaker\n"
        "breaker = Breaker(1, 10, 1000, clock=lambda: moment)\n"
        "moment = 0\n"
        "breaker.failed('it broke')\n"
        "moment = 1000\n"
        "held, done = threading.Event(), threading.Event()\n"
        "def probe():\n"
        "    with breaker._lock:\n"
        "        assert breaker.allow() == 'probe'\n"
        "        held.set()\n"
        "        done.wait()\n"
        "worker = threading.Thread(target=probe)\n"
        "worker.start()\n"
        "held.wait()\n"
        "pid = os.fork()\n"
        "if not pid:\n"
        "    breaker.renew_lock()\n"
        "    assert breaker.state == 'open' and breaker.retry_in() == 0\n"
        "    assert breaker.allow() == 'probe' and breaker.allow() == 'exact'\n"
        "    assert breaker.probed(True) and breaker.allow() == 'fast'\n"
        "    os._exit(7)\n"
        "status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
        "done.set()\n"
        "worker.join()\n"
        "print(status, breaker.state, breaker.allow())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "7 half-open exact\n", done.stderr
