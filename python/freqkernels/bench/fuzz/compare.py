"""One case, both engines: the whole outcome is the same, or where it differs first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from freqkernels.bench.fuzz.cover import happenings
from freqkernels.bench.identity import Difference, first_difference
from freqkernels.bridge.fuzz.case import Case
from freqkernels.bridge.fuzz.run import Engine, RefusedCaseError, run_case
from freqkernels.bridge.fuzz.sides import accelerated, plain
from freqkernels.bridge.install import status
from freqkernels.bridge.targets import TARGETS
from freqkernels.runtime.journal import events

_ENGINE = "Backtesting.backtest"


@dataclass(slots=True)
class Verdict:
    """What came of a case.

    :param case: the case.
    :param difference: the first one, None for none. Its path starts with the number of the epoch.
    :param refused: why freqtrade does not run the case at all; "" if it does.
    :param original: why an epoch ran on freqtrade's own code, for each that did.
    :param happened: what happened in the case, counted.
    :param outcomes: of all epochs, by freqtrade alone; empty when the case was refused.
    """

    case: Case
    difference: Difference | None = None
    refused: str = ""
    original: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    outcomes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def compiled(self) -> int:
        """Epochs that ran on the engine that is compared with freqtrade's."""
        return len(self.outcomes) - len(self.original)


def compare_case(case: Case, engine: Engine | None = None) -> Verdict:
    """Run a case by freqtrade alone and by the engine that is compared with it.

    :param case: the case.
    :param engine: the engine, as a stand-in for ``Backtesting.backtest``; None for what
        :func:`freqkernels.install` puts there.
    """
    try:
        with plain():
            expected = run_case(case)
        with accelerated():
            watched = _Watched()
            found = run_case(case, engine or watched)
    except RefusedCaseError as error:
        return Verdict(case, refused=str(error))
    return Verdict(
        case,
        first_difference(found, expected),
        original=watched.reasons,
        happened=happenings(case, expected),
        outcomes=expected,
    )


class _Watched:
    """``Backtesting.backtest`` as it stands, and why it did not run compiled."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def __call__(self, backtesting: Any, processed: Any, start: Any, end: Any) -> dict[str, Any]:
        before = _refusals()
        try:
            result: dict[str, Any] = backtesting.backtest(
                processed=processed, start_date=start, end_date=end
            )
            return result
        finally:
            reasons = [*(_refusals() - before), *_not_installed()]
            self.reasons += reasons[:1]


def _refusals() -> Counter[str]:
    """Reasons for which backtests ran on freqtrade's own code so far."""
    names = {target.name for target in TARGETS if target.qualname == _ENGINE}
    return Counter({event.reason: event.count for event in events() if event.name in names})


def _not_installed() -> list[str]:
    """Why there is nothing of ours in place of ``Backtesting.backtest``, if there is not."""
    for row in status():
        if row.location.endswith(f":{_ENGINE}"):
            return [row.reason] if row.state != "replaced" else []
    return [f"this freqkernels has no engine in place of {_ENGINE}"]
