"""A user's own backtest run twice: by freqtrade alone and with the kernels, or by two releases."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from freqkernels.bench.candles_around import candles_around
from freqkernels.bench.compare_runs import (
    ADVICE,
    ALONE,
    SIDES,
    Comparison,
    Part,
    compare,
    compare_releases,
)
from freqkernels.bench.environments import environment_python
from freqkernels.bench.inputs import Inputs, RunFailedError, Say, child_environment
from freqkernels.bench.releases import expected_differences, renames_funding_rates
from freqkernels.bench.run_process import FinishedRun, Job, Side, run_process
from freqkernels.errors import InvalidInputError

#: Options of freqtrade that say where files go: each run gets a folder of its own.
EXPORT_OPTIONS = (
    "--export-directory",
    "--backtest-directory",
    "--export-filename",
    "--backtest-filename",
)
_ITSELF = (
    "Both are freqtrade alone: the strategy depends on something that changes between two runs, "
    "such as random numbers, the time of the clock or the network."
)
_RELEASES = (
    "The two are of different releases, see above. Whether freqkernels has a part in it shows a "
    "comparison within the installed release, without --against-version."
)


@dataclass(frozen=True)
class Request:
    """What a user wants compared.

    :param arguments: for ``freqtrade backtesting``, without the command.
    :param against_version: other release of freqtrade, or None for the installed one.
    :param plain: install the kernels in neither run.
    :param offline_markets: record of an exchange or ``auto``, instead of asking the exchange.
    :param cwd: directory from which the user's paths start.
    :param environment: environment variables of both runs, besides those of this process.
    """

    arguments: list[str]
    against_version: str | None = None
    plain: bool = False
    offline_markets: str | None = None
    cwd: Path = field(default_factory=Path.cwd)
    environment: dict[str, str] = field(default_factory=dict)


def compare_engines(request: Request, directory: Path, say: Say) -> Comparison:
    """Run both and compare everything that comes out.

    :param request: of the user.
    :param directory: empty; configuration, logs and results of both stay there.
    :param say: called with what is going on.
    :raise InvalidInputError: for arguments that cannot be met.
    :raise EnvironmentFailedError: if the other release cannot be installed.
    :raise RunFailedError: if one of the runs has no result.
    """
    job = _job(request, directory)
    sides = _sides(request, say)
    left, right = (_result(job, side, say) for side in sides)
    say("comparing")
    inputs = _inputs(job, left)
    left_out: list[str] = []
    if request.against_version is None:
        parts, advice = compare(left, right), _ITSELF if request.plain else ADVICE
    else:
        _check_release(left, request.against_version)
        parts, left_out = compare_releases(left, right)
        advice = _RELEASES
        inputs.notes.extend(_notes_on_releases(left, right))
    candles = _candles(job, left, right, parts, say)
    return Comparison(inputs, left, right, parts, sides, left_out, advice, candles)


def _job(request: Request, directory: Path) -> Job:
    for word in request.arguments:
        if word.partition("=")[0] in EXPORT_OPTIONS:
            raise InvalidInputError(
                f"arguments: leave out {word}: each run exports into a folder of its own, "
                "and --keep tells where"
            )
    exports = directory / "exports"
    return Job(
        # What comes last wins; run ids are made of the configuration, so both get the same folder.
        ["backtesting", *request.arguments, "--cache", "none", "--export-directory", str(exports)],
        directory,
        exports,
        cwd=request.cwd,
        offline_markets=_absolute(request),
        neutral=request.against_version is not None,
        environment=child_environment(settings=True) | request.environment,
    )


def _absolute(request: Request) -> str | None:
    if request.offline_markets in (None, "auto"):
        return request.offline_markets
    return str(request.cwd / str(request.offline_markets))


def _sides(request: Request, say: Say) -> tuple[Side, Side]:
    if request.against_version is None:
        again = Side("plain", f"{ALONE}, again", kernels=False)
        return (SIDES[0], again) if request.plain else SIDES
    if renames_funding_rates(request.against_version):
        say(
            f"freqtrade {request.against_version} renames funding rates in the data directory when "
            "it runs a futures backtest: stop here unless the data is a copy"
        )
    python = environment_python(request.against_version, say)
    here = f"freqtrade {importlib.metadata.version('freqtrade')}"
    return (
        Side("alone", f"freqtrade {request.against_version} alone", kernels=False, python=python),
        Side("plain", f"{here} alone", kernels=False)
        if request.plain
        else Side("accelerated", f"{here} with freqkernels", kernels=True),
    )


def _result(job: Job, side: Side, say: Say) -> FinishedRun:
    try:
        finished = run_process(job, side, say)
    except RunFailedError as error:
        raise RunFailedError(f"{side.name}: {error}") from error
    if finished.error:
        raise RunFailedError(f"{side.name}: there is no result. freqtrade says:\n{finished.error}")
    return finished


def _check_release(finished: FinishedRun, version: str) -> None:
    found = finished.run.versions["freqtrade"]
    if found != version:
        raise RunFailedError(
            f"freqtrade {found} ran instead of {version}: does PYTHONPATH lead to it?"
        )


def _inputs(job: Job, finished: FinishedRun) -> Inputs:
    """What both read, as freqtrade understood it."""
    settings = finished.run.settings
    return Inputs(
        directory=job.directory,
        strategy=", ".join(settings["strategies"]),
        trading_mode=str(settings["trading_mode"]).rpartition(".")[2].lower(),
        datadir=Path(settings["datadir"]),
        pairs=tuple(settings["pairs"]),
        timeframe=settings["timeframe"],
        timerange=settings["timerange"],
        arguments=job.arguments,
        made_candles=None,
        timeframe_detail=settings["timeframe_detail"],
    )


def _notes_on_releases(left: FinishedRun, right: FinishedRun) -> list[str]:
    versions = [finished.run.versions["freqtrade"] for finished in (left, right)]
    expected = expected_differences(*versions)
    return [f"expected between freqtrade {versions[0]} and {versions[1]}: {n}" for n in expected]


def _candles(
    job: Job, left: FinishedRun, right: FinishedRun, parts: list[Part], say: Say
) -> list[dict[str, Any]] | str:
    """Those around the trade of the first difference, if it is about a trade."""
    part = next((part for part in parts if part.difference is not None), None)
    if part is None or part.difference is None or part.strategy is None:
        return []
    position = part.difference.path[0] if part.difference.path else None
    if not isinstance(position, int):
        return []
    frames = [finished.run.contents[part.strategy]["results"] for finished in (left, right)]
    trades = [frame.iloc[position] for frame in frames if position < len(frame)]
    dates = {pd.Timestamp(trade[name]) for trade in trades for name in ("open_date", "close_date")}
    return candles_around(job, part.strategy, trades[0]["pair"], sorted(dates), say)
