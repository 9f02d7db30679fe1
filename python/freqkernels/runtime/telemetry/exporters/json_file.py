"""Telemetry as a JSON file."""

from __future__ import annotations

from freqkernels.runtime.telemetry.snapshots import read_file as from_json_file
from freqkernels.runtime.telemetry.snapshots import write_file as to_json_file

__all__ = ["from_json_file", "to_json_file"]
