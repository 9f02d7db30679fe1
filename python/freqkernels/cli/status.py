"""``freqkernels status``: install into the freqtrade that is here, and say what became of it."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json

from freqkernels.bridge.install import install, status
from freqkernels.bridge.targets import TARGETS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``freqkernels status``."""
    parser.add_argument("--json", action="store_true", help="the same as one JSON document")


def run(args: argparse.Namespace) -> int:
    """Print one line a function; 1 when one is not replaced, else 0."""
    install()
    for module in dict.fromkeys(target.module for target in TARGETS):
        importlib.import_module(module)
    rows = status()
    if args.json:
        print(json.dumps([dataclasses.asdict(row) for row in rows], indent=2))
    else:
        for row in rows:
            detail = row.reason or f"{row.backend or 'pandas'}, in {len(row.holders)} place(s)"
            print(f"{row.name:36} {row.state:10} {detail}")
    return int(any(row.state != "replaced" for row in rows))
