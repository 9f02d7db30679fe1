"""``freqkernels doctor``: what is here, what runs on what, and what to do about it."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from typing import Any

from freqkernels import metrics, ohlcv, runtime, signals, strategy, trades
from freqkernels.cli._health import (
    leftovers_part,
    packages_part,
    rollout_part,
    settings_part,
)
from freqkernels.errors import MissingExtensionError
from freqkernels.evidence import record
from freqkernels.runtime.threads import MOST_THREADS

_PACKAGES = (
    "freqkernels",
    "freqtrade",
    "numpy",
    "pandas",
    "ta-lib",
    "ccxt",
    "bottleneck",
    "pyarrow",
)
_COMPILERS = ("cc", "gcc", "clang", "cl")
# Importing them registers their kernels.
_USES_KERNELS = (metrics, ohlcv, signals, strategy, trades)
_OFF = "off: "


def versions() -> dict[str, str]:
    """Versions of the packages that matter; "not installed" for a missing one."""
    return record.versions(_PACKAGES)


def _compiler() -> str | None:
    named = os.environ.get("CC")
    candidates = ((named.split()[0],) if named else ()) + _COMPILERS
    return next((name for name in candidates if shutil.which(name)), None)


def _kernels() -> dict[str, str]:
    """Backend by kernel, or why it has none; why the reference answers where that is decided."""
    found = {}
    for kernel in runtime.kernels():
        decision = kernel.switch.decision()
        try:
            if decision.variant == "exact" and runtime.get_backend() != "reference":
                kernel.twin("compiled")
                found[kernel.name] = f"{_OFF}{decision.reason}"
                continue
            found[kernel.name] = kernel.backend
        except MissingExtensionError as error:
            found[kernel.name] = f"none: {error}"
    return found


def _threads() -> dict[str, Any]:
    try:
        from freqkernels._kernels import openmp
    except ImportError as error:
        return {"openmp": f"not available: {error}", "used": 1}
    openmp_version = openmp.version()
    used = runtime.num_threads()
    return {
        "openmp": str(openmp_version) if openmp_version else "built without OpenMP",
        "used": used,
        "real team": openmp.team_size(used),
        "environment": {
            name: os.environ[name]
            for name in ("FREQKERNELS_NUM_THREADS", "OMP_NUM_THREADS")
            if name in os.environ
        },
    }


def _targets() -> list[dict[str, Any]]:
    from freqkernels.bridge.fingerprints import SourceNotFoundError, package_root
    from freqkernels.bridge.replace import certificate
    from freqkernels.bridge.targets import TARGETS

    try:
        package_root("freqtrade")
    except SourceNotFoundError:
        return []
    rows = []
    for target in TARGETS:
        known = certificate(target)
        rows.append(
            {
                "name": target.name,
                "certified": known.support.ok,
                "versions": list(known.versions),
                "reason": known.support.reason,
            }
        )
    return rows


def _findings(report: dict[str, Any]) -> list[str]:
    """What is not as it should be, each with what to do."""
    found = []
    if _lacks_compiled(report):
        if report["backend"] == "reference":
            found.append("The reference backend is forced: unset FREQKERNELS_BACKEND for speed.")
        else:
            hint = "" if report["compiler"] else " Install a C compiler first (gcc or clang)."
            found.append(
                "Kernels run on the slow reference: the compiled modules cannot be loaded."
                f"{hint} Reinstall with 'FREQKERNELS_REQUIRE_EXT=1 pip install --force-reinstall "
                "--no-deps freqkernels' to see why."
            )
    threads = report["threads"]
    if threads["openmp"] == "built without OpenMP":
        found.append("Built without OpenMP: one thread only. Rebuild where OpenMP is found.")
    for name, value in threads.get("environment", {}).items():
        first = value.split(",")[0].strip()
        if not first.isdigit() or int(first) == 0:
            found.append(f"{name}={value!r} is not a positive number and is ignored.")
        elif int(first) > MOST_THREADS:
            found.append(f"{name}={value!r} is more than {MOST_THREADS}, which is what counts.")
    if report["versions"]["freqtrade"] == "not installed":
        found.append("freqtrade is not installed: 'pip install freqkernels[freqtrade]'.")
    for target in report["targets"]:
        if not target["certified"]:
            found.append(
                f"{target['name']} stays freqtrade's own: {target['reason']}. "
                "A newer freqkernels may know this release."
            )
    return found


def _lacks_compiled(report: dict[str, Any]) -> bool:
    """Whether a kernel cannot run compiled; what somebody has switched off could."""
    return any(
        backend != "compiled" and not backend.startswith(_OFF)
        for backend in report["kernels"].values()
    )


def examine() -> dict[str, Any]:
    """The whole report as plain values."""
    parts = {
        "settings": settings_part(),
        "rollout": rollout_part(),
        "left behind": leftovers_part(),
        "packages": packages_part(),
    }
    report: dict[str, Any] = {
        "versions": versions(),
        "platform": platform.platform(),
        "executable": sys.executable,
        "compiler": _compiler(),
        "backend": runtime.get_backend(),
        "threads": _threads(),
        "kernels": _kernels(),
        "targets": _targets(),
        "events": [f"{event.kind} of {event.name}: {event.reason}" for event in runtime.events()],
    }
    report |= {name: part.content for name, part in parts.items()}
    report["lines"] = {name: part.lines for name, part in parts.items()}
    report["findings"] = [
        *_findings(report),
        *(f for part in parts.values() for f in part.findings),
    ]
    return report


def _print(report: dict[str, Any]) -> None:
    for package, number in report["versions"].items():
        print(f"{package:14} {number}")
    print(f"{'platform':14} {report['platform']}")
    print(f"{'compiler':14} {report['compiler'] or 'none found (only needed to build)'}")
    threads = report["threads"]
    print(f"{'openmp':14} {threads['openmp']}, {threads['used']} thread(s)")
    print(f"{'backend':14} {report['backend']}\n\nkernels")
    for name, backend in report["kernels"].items():
        print(f"  {name:32} {backend}")
    if report["targets"]:
        print("\nfunctions of freqtrade")
    for target in report["targets"]:
        state = "certified" if target["certified"] else f"not replaced: {target['reason']}"
        print(f"  {target['name']:36} {state}")
    for name, lines in report["lines"].items():
        if lines:
            print(f"\n{name}")
        for line in lines:
            print(f"  {line}")
    print("\nfindings")
    for finding in report["findings"] or ["none: everything is as it should be"]:
        print(f"  - {finding}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``freqkernels doctor``."""
    parser.add_argument("--json", action="store_true", help="the same as one JSON document")


def run(args: argparse.Namespace) -> int:
    """Print the report; 1 when kernels cannot run compiled, else 0."""
    report = examine()
    if args.json:
        del report["lines"]
        print(json.dumps(report, indent=2))
    else:
        _print(report)
    return int(_lacks_compiled(report))
