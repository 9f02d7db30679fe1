"""The files that freqtrade exports from a backtest, comparable across runs.

File names carry the time of the run and so do a few entries; those are replaced by a mark, and
nothing else is touched.
"""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from freqkernels.bench.across import neutral, restored, shared
from freqkernels.errors import InvalidInputError
from freqkernels.identity import Difference, first_difference

#: Entries that say when a run took place.
RUN_TIMES = (
    "backtest_start_time",
    "backtest_end_time",
    "backtest_run_start_ts",
    "backtest_run_end_ts",
)
#: Entries that do so where a strategy locks a pair: freqtrade takes the time of the clock then.
LOCK_TIMES = ("lock_time", "lock_timestamp")
MASK = "<time of the run>"

_STAMP = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d")
_ENTRY = re.compile(rf'"({"|".join(RUN_TIMES + LOCK_TIMES)})":("[^"]*"|-?\d+)')


def masked(value: Any, begun: float) -> Any:
    """Nested dicts and lists with the times of the run replaced by a mark.

    :param value: results of a backtest.
    :param begun: when the run began, seconds since 1970: no candle is younger.
    """
    if isinstance(value, dict):
        return {
            key: MASK if _is_run_time(key, item, begun) else masked(item, begun)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item, begun) for item in value]
    return value


def _is_run_time(key: Any, value: Any, begun: float) -> bool:
    if key in LOCK_TIMES:
        return _seconds(value) >= int(begun)
    return key in RUN_TIMES


def _seconds(moment: Any) -> float:
    """Seconds since 1970 of a date, of a date as freqtrade prints it, or of milliseconds."""
    if isinstance(moment, str):
        try:
            moment = datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:  # an entry of the same name in a configuration
            return -math.inf
    if isinstance(moment, datetime):
        return moment.timestamp()
    return float(moment) / 1000


def read_exports(folder: Path, begun: float) -> dict[str, bytes]:
    """All exported files, those inside of archives too, with the times of the run masked.

    :param folder: export directory of one run.
    :param begun: when the run began, seconds since 1970.
    :return: content by name; archives appear as ``archive.zip/member``.
    :raise InvalidInputError: for a damaged archive.
    """
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".zip":
            found.update({f"{name}/{member}": data for member, data in _members(path)})
        else:
            found[name] = path.read_bytes()
    return {
        _STAMP.sub("TIME", name): _masked_file(name, data, begun) for name, data in found.items()
    }


def _members(path: Path) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [(name, archive.read(name)) for name in archive.namelist()]
    except zipfile.BadZipFile as error:
        raise InvalidInputError(f"folder: {path} is damaged ({error})") from error


def _masked_file(name: str, data: bytes, begun: float) -> bytes:
    if not name.endswith(".json"):
        return data

    def mask(entry: re.Match[str]) -> str:
        key, value = entry[1], json.loads(entry[2])
        return f'"{key}":"{MASK}"' if _is_run_time(key, value, begun) else entry[0]

    text = _ENTRY.sub(mask, data.decode())
    return (
        _STAMP.sub("TIME", text).encode() if name.endswith(".last_result.json") else text.encode()
    )


def is_comparable(name: str) -> bool:
    """Whether files of two releases can be compared: pickles belong to one release of pandas."""
    return not name.endswith(".pkl")


def file_difference(
    name: str, left: bytes, right: bytes, left_out: list[str] | None = None
) -> Difference | None:
    """Compare two exported files byte by byte, and say what differs inside.

    Pickles are compared by what they hold: their bytes tell which objects were one and the same.

    :param name: of the file; its suffix tells how to look inside.
    :param left_out: None if both are of one release of freqtrade. Else only what both have is
        compared, and the rest is named here.
    """
    if left == right:
        return None
    contents = _inside(name, left), _inside(name, right)
    if contents[0] is not None and left_out is not None:
        ours, theirs = (restored(neutral(content)) for content in contents)
        return first_difference(*shared(ours, theirs, left_out, name))
    inside = first_difference(*contents)
    if inside is not None or name.endswith(".pkl"):
        return inside
    pairs = enumerate(zip(left, right, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))
    return Difference((at,), "bytes", left[at : at + 20], right[at : at + 20])


def _inside(name: str, data: bytes) -> Any:
    """What a file holds; None if that is not known."""
    if name.endswith(".json"):
        return json.loads(data)
    if name.endswith(".feather"):
        return pd.read_feather(io.BytesIO(data))
    if name.endswith(".pkl"):
        import joblib

        return joblib.load(io.BytesIO(data))
    return None
