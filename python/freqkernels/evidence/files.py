"""Records as files: a zip archive of one JSON document and the arrays that it refers to.

Nothing in an archive is compressed, so that a file cannot hold more than its size.
"""

from __future__ import annotations

import io
import json
import os
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freqkernels.errors import EvidenceError, InvalidInputError, StateError
from freqkernels.evidence.record import KINDS, Placeholder, Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What a folder holds at most; the oldest files go first.
MOST_FILES = 50
MOST_FOLDER_BYTES = 200_000_000

_FORMAT = 1
_MAGIC = "freqkernels evidence"
_MANIFEST = "manifest.json"
_MOST_HEADERS = 64_000_000  # of members, beyond what they hold
_UNFINISHED_SECONDS = 3600
# The time comes first: sorted by name is sorted by age, whatever happens to the files.
_NAME = re.compile(r"\.?\d{8}T\d{12}Z-[\w.-]{1,80}-[0-9a-f]{16}\.zip(\.\d+\.\d+)?", re.ASCII)


def write(folder: Path, record: Record) -> Path:
    """Keep a record as a file of its own.

    Values that have no form in a file become a :class:`Placeholder`; secrets of freqtrade's
    configuration become "REDACTED".

    :param folder: made if it is missing. The oldest files of evidence in it are removed where
        there are more than 50, or more than 200 MB.
    :param record: whose arguments are those from before the call.
    :return: the file, named after time, switch and contents.
    :raise InvalidInputError: for a record whose kind or time is none.
    :raise StateError: if the file cannot be written.
    """
    if record.kind not in KINDS:
        raise InvalidInputError(
            f"record: kind must be one of {', '.join(KINDS)}, got {record.kind!r}"
        )
    if record.time.tzinfo is None:
        raise InvalidInputError("record: time needs a time zone")
    members = _members(record)
    digest = blake2b(digest_size=8)
    for content in members.values():
        digest.update(content)
    moment = record.time.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    switch = re.sub(r"[^\w.-]", "_", record.switch, flags=re.ASCII)[:80] or "_"
    path = folder / f"{moment}-{switch}-{digest.hexdigest()}.zip"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_archive(path, members)
        _remove_oldest(folder, path, sum(map(len, members.values())))
    except OSError as error:
        raise StateError(f"{folder}: no evidence can be kept there: {error}") from error
    return path


def read(path: Path) -> Record:
    """A record from its file. Nothing that the file holds is trusted or run.

    :param path: what :func:`write` returned, anywhere.
    :raise EvidenceError: for a file that is missing, damaged, foreign, of a newer version, or
        holds what cannot be made here.
    """
    path = Path(path)
    try:
        return _record(_contents(path))
    except EvidenceError as error:
        raise EvidenceError(f"{path}: {error}") from error
    except ImportError as error:
        raise EvidenceError(f"{path}: this Python cannot make what it holds: {error}") from error
    except Exception as error:
        # Contents that no version of ours wrote make numpy, pandas and zipfile raise anything.
        raise EvidenceError(
            f"{path}: the file is damaged, or cannot be read with these versions of pandas and "
            f"numpy ({type(error).__name__}: {str(error)[:200]})"
        ) from error


def _members(record: Record) -> dict[str, bytes]:
    import numpy as np

    from freqkernels.evidence.decode import MOST_TEXT, TOO_MUCH
    from freqkernels.evidence.encode import Encoder

    encoder = Encoder()
    manifest = {
        "what": _MAGIC,
        "format": _FORMAT,
        "switch": str(record.switch)[:200],
        "kind": record.kind,
        "time": record.time.astimezone(UTC).isoformat(),
        "versions": {str(name): str(one)[:100] for name, one in record.versions.items()},
        "difference": str(record.difference)[:5000],
        "args": [encoder.node(value) for value in record.args],
        "kwargs": {str(name): encoder.node(value) for name, value in record.kwargs.items()},
        "exact": encoder.node(record.exact),
        "fast": encoder.node(record.fast),
    }
    text = json.dumps(manifest, allow_nan=False).encode()
    if len(text) > MOST_TEXT:
        much = Placeholder(TOO_MUCH)
        return _members(replace(record, args=(much,), kwargs={}, exact=much, fast=much))
    members = {_MANIFEST: text}
    for i, array in enumerate(encoder.arrays):
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, array, allow_pickle=False)
        members[f"arrays/{i}.npy"] = buffer.getvalue()
    return members


def _write_archive(path: Path, members: dict[str, bytes]) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _remove_oldest(folder: Path, newest: Path, size: int) -> None:
    """Also removes what a killed process left unfinished, an hour later."""
    files = sorted((file for file in folder.iterdir() if _NAME.fullmatch(file.name)), reverse=True)
    room, places = MOST_FOLDER_BYTES - size, MOST_FILES - 1
    for file in files:
        # Another process may be faster; on Windows a file stays while somebody reads it.
        with suppress(OSError):
            state = file.stat()
            if file.name.startswith("."):
                if state.st_mtime < time.time() - _UNFINISHED_SECONDS:
                    file.unlink()
            elif file != newest:
                room, places = room - state.st_size, places - 1
                if room < 0 or places < 0:
                    file.unlink()


def _contents(path: Path) -> Iterator[Any]:
    """The manifest, then the arrays."""
    from freqkernels.evidence.decode import MOST_BYTES, MOST_TEXT

    try:
        if not path.is_file():
            raise EvidenceError("there is no such file")
        if path.stat().st_size > MOST_TEXT + MOST_BYTES + _MOST_HEADERS:
            raise EvidenceError("the file is larger than evidence ever is")
        content = path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"the file cannot be read: {error}") from error
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise EvidenceError(f"the file is damaged, or no evidence of ours ({error})") from error
    with archive:
        arrays = _checked(archive.infolist(), len(content), MOST_TEXT)
        manifest = json.loads(archive.read(_MANIFEST).decode(), parse_constant=_refuse)
        yield manifest
        for name in arrays:
            yield _array(archive.read(name))


def _checked(members: list[zipfile.ZipInfo], size: int, most_text: int) -> list[str]:
    """Names of the arrays, if all members are what we write."""
    names = {member.filename: member for member in members}
    arrays = [f"arrays/{i}.npy" for i in range(len(members) - 1)]
    if len(names) != len(members) or names.keys() != {_MANIFEST, *arrays}:
        raise EvidenceError("the archive is no evidence of ours, or parts of it are missing")
    if any(
        member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size
        for member in members
    ):
        raise EvidenceError("the archive is compressed, which evidence never is")
    if sum(member.file_size for member in members) > size:
        raise EvidenceError("the archive claims to hold more than there is")
    if names[_MANIFEST].file_size > most_text:
        raise EvidenceError(f"{_MANIFEST} is larger than it ever is")
    return arrays


def _refuse(name: str) -> None:
    raise EvidenceError(f"{_MANIFEST} has the number {name}")


def _array(content: bytes) -> NDArray[Any]:
    """An array whose header agrees with its size."""
    import numpy as np

    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise EvidenceError("an array is of an unknown format")
    count = 1
    for length in shape:
        count *= length
    left = len(content) - stream.tell()
    if dtype.hasobject or count * dtype.itemsize != left or (not dtype.itemsize and count > 1e6):
        raise EvidenceError("an array has another size than it claims")
    stream.seek(0)
    found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return found


def _record(contents: Iterator[Any]) -> Record:
    from freqkernels.evidence.decode import Decoder

    manifest = next(contents)
    if not isinstance(manifest, dict) or manifest.get("what") != _MAGIC:
        raise EvidenceError("the file is no evidence of ours")
    if manifest.get("format") != _FORMAT:
        raise EvidenceError(
            f"the file has format {str(manifest.get('format'))[:20]}, this freqkernels reads "
            f"{_FORMAT}: a newer one wrote it"
        )
    texts = {name: manifest[name] for name in ("switch", "kind", "difference", "time")}
    versions = manifest["versions"]
    if not all(isinstance(text, str) for text in (*texts.values(), *versions, *versions.values())):
        raise EvidenceError(f"{_MANIFEST} has something else where texts should be")
    if texts["kind"] not in KINDS:
        raise EvidenceError(f"the file is of the unknown kind {texts['kind'][:20]!r}")
    decoder = Decoder(list(contents))
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    obstacles: list[str] = []
    for i, node in enumerate(manifest["args"]):
        args.append(decoder.value(node))
        obstacles += _obstacles(f"argument {i + 1}", args[-1], decoder.others)
    for name, node in manifest["kwargs"].items():
        kwargs[name] = decoder.value(node)
        obstacles += _obstacles(f"argument {name!r}", kwargs[name], decoder.others)
    return Record(
        args=tuple(args),
        kwargs=kwargs,
        exact=decoder.value(manifest["exact"]),
        fast=decoder.value(manifest["fast"]),
        obstacle=obstacles[0] if obstacles else "",
        versions=versions,
        **{**texts, "time": datetime.fromisoformat(texts["time"])},
    )


def _obstacles(name: str, value: Any, others: list[Placeholder]) -> Iterator[str]:
    if others:
        verb = "is" if isinstance(value, Placeholder) else "holds"
        yield f"{name} {verb} {others[0].what[:200]}"
        others.clear()
