"""A comparison of two runs, for people and as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from freqkernels.bench.across import OF_ONE_RELEASE
from freqkernels.bench.compare_runs import Comparison, Part
from freqkernels.bench.exports import LOCK_TIMES, RUN_TIMES
from freqkernels.bench.run_process import FinishedRun, Side
from freqkernels.identity import shown

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
_OTHERS = f"{', '.join(OF_ONE_RELEASE)}, types of columns, 1 or 1.0, printed tables, pickles"
_MEGABYTE = 1e6
_MOST_LEFT_OUT = 20

Row = tuple[str, ...]


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """All that is known, in values that JSON can hold."""
    inputs, right = comparison.inputs, comparison.right
    return {
        "identical": comparison.identical,
        "first_difference": _difference(comparison),
        "candles": comparison.candles,
        "compared": [
            {"what": part.name, "amount": part.amount, "identical": part.difference is None}
            for part in comparison.parts
        ],
        "left_out": comparison.left_out,
        "masked": [*RUN_TIMES, *LOCK_TIMES],
        "market": {
            "datadir": str(inputs.datadir),
            "made_candles": inputs.made_candles,
            "pairs": list(inputs.pairs),
            "timeframe": inputs.timeframe,
            "timeframe_detail": inputs.timeframe_detail,
            "timerange": inputs.timerange,
            "trading_mode": inputs.trading_mode,
            "notes": inputs.notes,
        },
        "strategy": inputs.strategy,
        "arguments": inputs.arguments,
        "runs": {
            side.key: finished and _run(side, finished)
            for side, finished in zip(comparison.sides, _runs(comparison), strict=True)
        },
        "versions": comparison.left.run.versions,
        "backend": right and right.run.backend,
        "functions": right.run.targets if right else [],
        "events": right.run.events if right else [],
    }


def _runs(comparison: Comparison) -> tuple[FinishedRun, FinishedRun | None]:
    return comparison.left, comparison.right


def _run(side: Side, finished: FinishedRun) -> dict[str, Any]:
    run = finished.run
    return {
        "name": side.name,
        "versions": run.versions,
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
    """Number of trades, of all strategies."""
    contents = finished.run.contents.values()
    return sum(len(content["results"]) for content in contents) if contents else None


def _difference(comparison: Comparison) -> dict[str, Any] | None:
    part = comparison.first
    if part is None or part.difference is None:
        return None
    difference = part.difference
    left, right = comparison.sides
    return {
        "what": part.name,
        "trade": _trade(comparison, part),
        "where": difference.where,
        "kind": difference.kind,
        left.key: shown(difference.left),
        right.key: shown(difference.right),
    }


def _trade(comparison: Comparison, part: Part) -> dict[str, Any] | None:
    """Which trade a difference in trades is about."""
    path = part.difference.path if part.difference else ()
    if part.strategy is None or not path or not isinstance(path[0], int):
        return None
    frames = [run.run.contents[part.strategy]["results"] for run in _runs(comparison) if run]
    trade = next(frame.iloc[path[0]] for frame in frames if path[0] < len(frame))
    return {
        "number": path[0] + 1,
        "pair": trade["pair"],
        "open_date": str(trade["open_date"]),
        "field": "".join(str(step) if not i else f"[{step!r}]" for i, step in enumerate(path[1:])),
    }


def stage_rows(comparison: Comparison) -> list[Row]:
    """Stage, seconds alone, seconds with the kernels, ratio; the totals last."""
    runs = _runs(comparison)
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
    runs = _runs(comparison)
    peaks = [finished.run.peak_memory if finished else None for finished in runs]
    cells = ["-" if peak is None else f"{peak / _MEGABYTE:,.0f}" for peak in peaks]
    return ("peak memory, MB", *cells, _ratio(*peaks))


def trades_row(comparison: Comparison) -> Row:
    """Number of trades of both."""
    runs = _runs(comparison)
    counts = [_trades(finished) if finished else None for finished in runs]
    return ("trades", *("-" if count is None else f"{count:,}" for count in counts), "")


def heading(comparison: Comparison) -> str:
    """What was run, in one line or two."""
    inputs = comparison.inputs
    pairs = f"{len(inputs.pairs)} pair{'s' if len(inputs.pairs) != 1 else ''}"
    made = "" if inputs.made_candles is None else f" x {inputs.made_candles:,} candles (synthetic)"
    detail = f" with details of {inputs.timeframe_detail}" if inputs.timeframe_detail else ""
    what = [f"{inputs.strategy} on {pairs}{made}", f"{inputs.timeframe}{detail}"]
    what += [inputs.trading_mode, *([inputs.timerange] if inputs.timerange else [])]
    versions = [_versions(finished) for finished in _runs(comparison) if finished]
    return f"{', '.join(what)}; {' against '.join(dict.fromkeys(versions))}"


def _versions(finished: FinishedRun) -> str:
    return ", ".join(f"{name} {version}" for name, version in finished.run.versions.items())


def findings(comparison: Comparison) -> Iterator[str]:
    """Everything below the table, line by line."""
    yield from comparison.inputs.notes
    yield f"identical: {'yes' if comparison.identical else 'NO'}"
    if comparison.first is not None:
        yield from difference_lines(comparison)
    yield from _compared_lines(comparison)
    if not _trades(comparison.left):
        yield "There was not a single trade: little has been compared. Choose more candles."
    if comparison.right is not None and comparison.right.run.backend is not None:
        yield from _function_lines(comparison.right.run.targets)
        yield from _event_lines(comparison.right.run.events)


def difference_lines(comparison: Comparison) -> Iterator[str]:
    """The first difference and what it may mean, line by line; nothing if there is none."""
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
    for side in comparison.sides:
        yield f"  {side.name}: {found[side.key]}"
    yield from _candle_lines(comparison.candles)
    others = [
        part.name for part in comparison.parts if part.difference and part.name != found["what"]
    ]
    if others:
        yield f"  different, too: {', '.join(others)}"
    yield f"  {comparison.advice}"


def _candle_lines(candles: list[dict[str, Any]] | str) -> Iterator[str]:
    if isinstance(candles, str):
        yield f"  the candles around it cannot be shown: {candles}"
    elif candles:
        yield "  candles around it (* opened or closed in it; signals act on the next candle):"
        names = [name for name in candles[0] if name != "traded"]
        rows = [["*" if row["traded"] else " ", *(_cell(row[n]) for n in names)] for row in candles]
        rows.insert(0, [" ", *names])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            yield f"    {' '.join(cells)}"


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)


def _compared_lines(comparison: Comparison) -> Iterator[str]:
    across = any(side.python is not None for side in comparison.sides)
    yield "compared, as far as both have it:" if across else "compared, to the last bit:"
    for part in comparison.parts:
        amount = f" ({part.amount})" if part.amount else ""
        yield f"  {'same     ' if part.difference is None else 'DIFFERENT'} {part.name}{amount}"
    yield f"not compared: {_MASKED}; {_MASKED_LOCKS}{f'; {_OTHERS}' if across else ''}"
    for sign, side in zip("-+", comparison.sides, strict=True):
        only = [text[1:] for text in comparison.left_out if text[0] == sign]
        if only:
            more = len(only) - _MOST_LEFT_OUT
            text = ", ".join(only[:_MOST_LEFT_OUT])
            yield f"only {side.name} has: {text}{f', and {more} more' if more > 0 else ''}"


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
