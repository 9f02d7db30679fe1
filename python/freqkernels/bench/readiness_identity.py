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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from freqkernels.bench.measured_functions import Case, NotIdenticalError, require_identical
from freqkernels.bench.readiness_cases import TWINS, Twins, candles, cases_of
from freqkernels.bridge.originals import beside
from freqkernels.catalogue import ENTRIES
from freqkernels.errors import FreqkernelsError
from freqkernels.identity import first_difference
from freqkernels.runtime import use_backend


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    :param names: functions and kernels that were compared.
    :param findings: what differs, one sentence each.
    :param notes: what could not be compared, and why.
    """

    names: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compare_phase(phase: str) -> Compared:
    """Call everything of a phase that can be called by itself.

    :param phase: of the catalogue.
    """
    found = Compared()
    for case in cases_of(phase):
        _note(found, case.function, f"{case.function} ({case.input})", _case, case)
    for twins in TWINS:
        if ENTRIES[twins.kernel].phase == phase:
            _note(found, twins.kernel, twins.kernel, _twins, twins)
    return found


def _note(
    found: Compared, name: str, shown: str, compare: Callable[..., str], what: Case | Twins
) -> None:
    """Compare, and put what came of it where it belongs."""
    try:
        left_alone = compare(what)
    except NotIdenticalError as error:
        found.findings.append(str(error))
    except Exception as error:  # whatever a function raises is a finding
        found.findings.append(f"{shown} raised {type(error).__name__}: {error}")
    else:
        kept, value = (found.notes, left_alone) if left_alone else (found.names, name)
        if value not in kept:
            kept.append(value)


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
            results.append(twins.call(candles()))
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
