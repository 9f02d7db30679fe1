"""Whether this machine has what a run needs: memory, disk, processors."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from freqkernels.runtime.threads import available_processors, num_threads

_MEGABYTE = 1_000_000
#: A small backtest takes this much; freqtrade alone some 300.
LEAST_MEMORY = 500 * _MEGABYTE
#: Logs, evidence and snapshots are far smaller; what is nearly full breaks at any write.
LEAST_DISK = 100 * _MEGABYTE
_CGROUP = Path("/sys/fs/cgroup")


def look(folder: Path) -> tuple[list[str], list[str]]:
    """What lacks, and the numbers.

    :param folder: where state is kept; it need not exist.
    :return: findings and notes, one sentence each.
    """
    findings: list[str] = []
    notes: list[str] = []
    for what, free, least in (
        ("memory", free_memory(), LEAST_MEMORY),
        (f"disk at {folder}", free_disk(folder), LEAST_DISK),
    ):
        if free is None:
            notes.append(f"{what}: this system does not tell how much is free")
            continue
        numbers = f"{free // _MEGABYTE:,} MB free, {least // _MEGABYTE:,} needed"
        (findings if free < least else notes).append(f"{what}: {numbers}")
    notes.append(f"{available_processors()} processor(s), {num_threads()} thread(s) for a kernel")
    if hasattr(os, "getloadavg"):
        notes.append(f"load of the last minute: {os.getloadavg()[0]:.1f}")
    return findings, notes


def free_memory() -> int | None:
    """Bytes that a new process can have, within the limit of a container; None if unknown."""
    known = [amount for amount in (_free_of_machine(), _free_of_container()) if amount is not None]
    return min(known, default=None)


def _free_of_machine() -> int | None:
    try:
        import psutil
    except ImportError:
        pass
    else:
        return int(psutil.virtual_memory().available)
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # no such function, or no such number
        return None


def _free_of_container() -> int | None:
    try:
        limit, used = (
            (_CGROUP / name).read_text("ascii") for name in ("memory.max", "memory.current")
        )
        return int(limit) - int(used)
    except (OSError, ValueError):  # no such files; "max" is no limit
        return None


def free_disk(folder: Path) -> int | None:
    """Bytes free where a folder is, or will be made; None if unknown."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:  # not there yet
            continue
    return None
