"""A comparison of two runs, for people and as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from freqkernels.bench.compare_runs import ACCELERATED, ALONE, Comparison, FinishedRun, Part
from freqkernels.bench.exports import LOCK_TIMES, RUN_TIMES
from freqkernels.bench.identity import shown

_STAGE_TITLES = {
    "import": "import",
    "install": "install freqkernels",
    "start": "set up",
    "load": "load",
    "indicators": "indicators",
    "simulate": "convert + simulate",
    "report": "report",
    "export": "export",
}
_MASKED = f"{', '.join(RUN_TIMES)} and the time in file names"
_MASKED_LOCKS = f"{' and '.join(LOCK_TIMES)} where it is the time of the clock"
_MEGABYTE = 1e6

Row = tuple[str, ...]


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """All that is known, in values that JSON can hold."""
    inputs = comparison.inputs
    return {
        "identical": comparison.identical,
        "first_difference": _difference(comparison),
        "compared": [
            {"what": part.name, "amount": part.amount, "identical": part.difference is None}
            for part in comparison.parts
        ],
        "masked": [*RUN_TIMES, *LOCK_TIMES],
        "market": {
            "datadir": str(inputs.datadir),
            "made_candles": inputs.made_candles,
            "pairs": list(inputs.pairs),
            "timeframe": inputs.timeframe,
            "timerange": inputs.timerange,
            "trading_mode": inputs.trading_mode,
            "notes": inputs.notes,
        },
        "strategy": inputs.strategy,
        "arguments": inputs.arguments,
        "runs": {
            "alone": _run(comparison.alone),
            "accelerated": comparison.accelerated and _run(comparison.accelerated),
        },
        "versions": comparison.alone.run.versions,
        "backend": comparison.accelerated and comparison.accelerated.run.backend,
        "functions": comparison.accelerated.run.targets if comparison.accelerated else [],
        "events": comparison.accelerated.run.events if comparison.accelerated else [],
    }


def _run(finished: FinishedRun) -> dict[str, Any]:
    run = finished.run
    return {
        "seconds": run.seconds,
        "total_seconds": sum(run.seconds.values()),
        "cpu_seconds": run.cpu_seconds,
        "total_cpu_seconds": sum(run.cpu_seconds.values()),
        "peak_memory_bytes": run.peak_memory,
        "trades": _trades(finished),
        "exit_code": run.exit_code,
        "error": finished.error,
    }


def _trades(finished: FinishedRun) -> int | None:
    return len(finished.content["results"]) if finished.run.contents else None


def _difference(comparison: Comparison) -> dict[str, Any] | None:
    part = comparison.first
    if part is None or part.difference is None:
        return None
    difference = part.difference
    return {
        "what": part.name,
        "trade": _trade(comparison, part),
        "where": difference.where,
        "kind": difference.kind,
        "alone": shown(difference.left),
        "accelerated": shown(difference.right),
    }


def _trade(comparison: Comparison, part: Part) -> dict[str, Any] | None:
    """Which trade a difference in trades is about."""
    path = part.difference.path if part.difference else ()
    if not part.name.startswith("trade") or not path or not isinstance(path[0], int):
        return None
    trade = comparison.alone.content["results"].iloc[path[0]]
    return {
        "number": path[0] + 1,
        "pair": trade["pair"],
        "open_date": str(trade["open_date"]),
        "field": "".join(str(step) if not i else f"[{step!r}]" for i, step in enumerate(path[1:])),
    }


def stage_rows(comparison: Comparison) -> list[Row]:
    """Stage, seconds alone, seconds with the kernels, ratio; the totals last."""
    runs = (comparison.alone, comparison.accelerated)
    rows: list[tuple[str, list[float | None]]] = [
        (title, [finished.run.seconds[stage] if finished else None for finished in runs])
        for stage, title in _STAGE_TITLES.items()
    ]
    for title, name in (("total wall", "seconds"), ("total CPU", "cpu_seconds")):
        totals = [sum(getattr(done.run, name).values()) if done else None for done in runs]
        rows.append((title, totals))
    return [(title, *map(_seconds, pair), _ratio(*pair)) for title, pair in rows]


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"


def _ratio(one: float | None, two: float | None) -> str:
    return f"{one / two:.1f}x" if one and two else "-"


def memory_row(comparison: Comparison) -> Row:
    """Peak memory of both in megabytes and the ratio."""
    runs = (comparison.alone, comparison.accelerated)
    peaks = [finished.run.peak_memory if finished else None for finished in runs]
    cells = ["-" if peak is None else f"{peak / _MEGABYTE:,.0f}" for peak in peaks]
    return ("peak memory, MB", *cells, _ratio(*peaks))


def trades_row(comparison: Comparison) -> Row:
    """Number of trades of both."""
    runs = (comparison.alone, comparison.accelerated)
    counts = [_trades(finished) if finished else None for finished in runs]
    return ("trades", *("-" if count is None else f"{count:,}" for count in counts), "")


def heading(comparison: Comparison) -> str:
    """What was run, in one line or two."""
    inputs, versions = comparison.inputs, comparison.alone.run.versions
    pairs = f"{len(inputs.pairs)} pair{'s' if len(inputs.pairs) != 1 else ''}"
    made = "" if inputs.made_candles is None else f" x {inputs.made_candles:,} candles (synthetic)"
    what = [f"{inputs.strategy} on {pairs}{made}", inputs.timeframe, inputs.trading_mode]
    what += [inputs.timerange] if inputs.timerange else []
    return (
        f"{', '.join(what)}; "
        f"freqtrade {versions['freqtrade']}, freqkernels {versions['freqkernels']}, "
        f"pandas {versions['pandas']}, numpy {versions['numpy']}"
    )


def findings(comparison: Comparison) -> Iterator[str]:
    """Everything below the table, line by line."""
    yield from comparison.inputs.notes
    yield f"identical: {'yes' if comparison.identical else 'NO'}"
    if comparison.first is not None:
        yield from _difference_lines(comparison)
    yield from _compared_lines(comparison)
    if not _trades(comparison.alone):
        yield "There was not a single trade: little has been compared. Choose more candles."
    if comparison.accelerated is not None:
        yield from _function_lines(comparison.accelerated.run.targets)
        yield from _event_lines(comparison.accelerated.run.events)


def _difference_lines(comparison: Comparison) -> Iterator[str]:
    found = _difference(comparison)
    if found is None:
        return
    where = found["where"]
    if found["trade"] is not None:
        trade = found["trade"]
        where = f"trade {trade['number']} ({trade['pair']}, opened {trade['open_date']})"
        where += f", {trade['field']}" if trade["field"] else ""
    kind = "" if found["kind"] == "value" else f" ({found['kind']})"
    yield f"first difference: {found['what']}: {where}{kind}"
    yield f"  {ALONE}: {found['alone']}"
    yield f"  {ACCELERATED}: {found['accelerated']}"
    others = [
        part.name for part in comparison.parts if part.difference and part.name != found["what"]
    ]
    if others:
        yield f"  different, too: {', '.join(others)}"
    yield (
        "  If the strategy uses random numbers, the time of the clock or the network, freqtrade "
        "differs from itself; otherwise this is a defect of freqkernels: please report it."
    )


def _compared_lines(comparison: Comparison) -> Iterator[str]:
    yield "compared, to the last bit:"
    for part in comparison.parts:
        amount = f" ({part.amount})" if part.amount else ""
        yield f"  {'same     ' if part.difference is None else 'DIFFERENT'} {part.name}{amount}"
    yield f"not compared: {_MASKED}; {_MASKED_LOCKS}"


def _function_lines(targets: Sequence[dict[str, Any]]) -> Iterator[str]:
    replaced = [target for target in targets if target["state"] == "replaced"]
    yield f"replaced, {len(replaced)} of {len(targets)} functions:"
    for target in replaced:
        yield f"  {target['name']}" + (f" ({target['backend']})" if target["backend"] else "")
    for target in targets:
        if target["state"] != "replaced":
            yield f"not replaced: {target['name']}: {target['state']}, {target['reason']}"


def _event_lines(events: Sequence[dict[str, Any]]) -> Iterator[str]:
    if not events:
        yield "refusals and failures while it ran: none"
    for event in events:
        yield f"{event['kind']} of {event['name']}, {event['count']}x: {event['reason']}"
