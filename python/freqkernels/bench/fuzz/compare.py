"""One case, both engines: the whole outcome is the same, or where it differs first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from freqkernels.bench.fuzz.cover import happenings
from freqkernels.bridge.fuzz.case import Case
from freqkernels.bridge.fuzz.run import Engine, RefusedCaseError, run_case
from freqkernels.bridge.fuzz.sides import accelerated, not_installed, plain, refusals, ways
from freqkernels.identity import Difference, first_difference


@dataclass(slots=True)
class Verdict:
    """What came of a case.

    :param case: the case.
    :param difference: the first one, None for none. Its path starts with the number of the epoch.
    :param refused: why freqtrade does not run the case at all; "" if it does.
    :param original: why an epoch ran on freqtrade's own code, for each that did.
    :param events: why an epoch was simulated event by event, for each that was.
    :param happened: what happened in the case, counted.
    :param outcomes: of all epochs, by freqtrade alone; empty when the case was refused.
    :param found: of all epochs, by the other engine.
    """

    case: Case
    difference: Difference | None = None
    refused: str = ""
    original: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    found: list[dict[str, Any]] = field(default_factory=list)

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
        events=watched.events,
        happened=happenings(case, expected),
        outcomes=expected,
        found=found,
    )


class _Watched:
    """``Backtesting.backtest`` as it stands, and why it did not run compiled at all, or not all."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.events: list[str] = []

    def __call__(self, backtesting: Any, processed: Any, start: Any, end: Any) -> dict[str, Any]:
        before, ways_before = refusals(), ways()
        try:
            result: dict[str, Any] = backtesting.backtest(
                processed=processed, start_date=start, end_date=end
            )
            return result
        finally:
            self.reasons += [*(refusals() - before), *not_installed()][:1]
            self.events += [*(ways() - ways_before)][:1]
