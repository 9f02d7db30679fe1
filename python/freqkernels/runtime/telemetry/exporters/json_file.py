"""Telemetry as a JSON file."""

from __future__ import annotations

from pathlib import Path

from freqkernels.errors import InvalidInputError
from freqkernels.runtime.telemetry.snapshots import Snapshot, write_file
from freqkernels.runtime.telemetry.snapshots import read_file as from_json_file

__all__ = ["from_json_file", "to_json_file"]


def to_json_file(path: Path | str, values: Snapshot | None = None) -> None:
    """Write a snapshot as JSON; readers see the old file or the new one, nothing in between.

    :param path: of the file; its folder is made.
    :param values: what to write; this process now if absent.
    :raise InvalidInputError: if it cannot be written.
    """
    try:
        if Path(path).is_dir():
            raise IsADirectoryError("it is a folder")
        write_file(path, values)
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"path: {str(path)!r} cannot be written ({error})") from error
