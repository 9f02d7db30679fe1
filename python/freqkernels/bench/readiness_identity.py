"""Every function of a phase beside freqtrade's own, in a process of its own.

::

    python -m freqkernels.bench.readiness_identity PHASE

Prints what was compared, what differs, and what is worth knowing, as JSON. In a process of its own
nothing depends on what is switched on elsewhere, and a crash is a finding like any other.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from freqkernels.bench.measured_functions import (
    Case,
    NotIdenticalError,
    RefusedError,
    require_identical,
)
from freqkernels.bench.readiness_cases import TWINS, Twins, candles, cases_of
from freqkernels.bridge.originals import beside
from freqkernels.catalogue import ENTRIES
from freqkernels.errors import FreqkernelsError
from freqkernels.identity import first_difference
from freqkernels.runtime import use_backend


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    :param names: functions and kernels that were compared and are identical.
    :param findings: what differs, one sentence each.
    :param notes: what was not compared, as ours does not promise to be the same, and why.
    """

    names: list[str]
    findings: list[str]
    notes: list[str]


def compare_phase(phase: str) -> Compared:
    """Call everything of a phase that can be called by itself.

    :param phase: of the catalogue.
    """
    findings: list[str] = []
    notes: dict[str, None] = {}
    identical: dict[str, bool] = {}
    for name, shown, compare in _calls(phase):
        finding = note = ""
        try:
            note = compare()
        except RefusedError as error:
            note = str(error)
        except NotIdenticalError as error:
            finding = str(error)
        except Exception as error:  # whatever a function raises is a finding
            finding = f"{shown} raised {type(error).__name__}: {error}"
        if note:
            notes[note] = None
        else:
            identical[name] = identical.get(name, True) and not finding
        findings += [finding] if finding else []
    return Compared([name for name, same in identical.items() if same], findings, list(notes))


def _calls(phase: str) -> Iterator[tuple[str, str, Callable[[], str]]]:
    """Name, what people see, and a comparison that says why there is nothing to compare."""
    for case in cases_of(phase):
        yield case.function, f"{case.function} ({case.input})", partial(_case, case)
    for twins in TWINS:
        if ENTRIES[twins.kernel].phase == phase:
            yield twins.kernel, twins.kernel, partial(_twins, twins)


def _case(case: Case) -> str:
    """Compare one call; why freqtrade's function is left alone, if it is."""
    try:
        original, replacement = case.functions()
    except FreqkernelsError as error:  # an older release need not have the function
        return f"{case.function} is left to freqtrade: {error}"
    if replacement is None:
        reason = beside(case.function).certificate.support.reason
        return f"{case.function} is left to freqtrade: {reason}"
    require_identical(case, original, replacement)
    return ""


def _twins(twins: Twins) -> str:
    results: list[Any] = []
    for backend in ("compiled", "reference"):
        with use_backend(backend):
            results.append(twins.call(candles().copy()))
    difference = first_difference(*results)
    if difference is not None:
        raise NotIdenticalError(f"the twins of {twins.kernel} differ: {difference}")
    return ""


def main(arguments: Sequence[str]) -> int:
    """Print the comparison of a phase."""
    print(json.dumps(dataclasses.asdict(compare_phase(arguments[0]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
