"""Frames in a file that processes map instead of reading it: one copy of the candles in memory.

freqtrade writes the analysed candles of hyperopt once and reads them anew for each epoch, in each
worker, so that what a strategy does to them in one epoch is not there in the next. The same comes
of a private mapping: pages are shared until somebody writes to them, and what is written belongs to
this one mapping.
"""

from __future__ import annotations

import json
import mmap
import os
import pickle
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAGIC = b"freqkern"
_HEAD = struct.Struct("<8sQ")  # the magic, and the length of the table of contents
_ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which version of a file this is.

    :param device: that it is on.
    :param inode: its number there.
    :param size: bytes.
    :param modified_ns: time of the last change.
    """

    device: int
    inode: int
    size: int
    modified_ns: int

    @classmethod
    def of(cls, file: int | Path) -> Stamp:
        """The stamp of an open file or a path."""
        found = file.stat() if isinstance(file, Path) else os.fstat(file)
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class SharedFrames:
    """A file of frames, and the file of freqtrade's that it stands for.

    :param file: ours.
    :param own: which version of it.
    :param source: which version of freqtrade's file has the same content.
    """

    file: Path
    own: Stamp
    source: Stamp

    def load(self) -> Any:
        """The frames; every array is writable and nobody else sees what is written.

        :raise OSError: if the file is not there any more, or is another one.
        """
        with self.file.open("rb") as opened:
            if Stamp.of(opened.fileno()) != self.own:
                raise FileNotFoundError(f"{self.file} has been replaced")
            mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
        view = memoryview(mapped)
        _, length = _HEAD.unpack_from(view)
        body, *parts = json.loads(bytes(view[_HEAD.size : _HEAD.size + length]))
        first = _aligned(_HEAD.size + length)
        places = [view[first + start : first + start + size] for start, size in parts]
        start, size = body
        # Our own file, beside freqtrade's pickle of the same content.
        return pickle.loads(view[first + start : first + start + size], buffers=places)  # noqa: S301

    def remove(self) -> None:
        """Delete the file, unless another one has taken its place."""
        if self.file.exists() and Stamp.of(self.file) == self.own:
            self.file.unlink()


def share(frames: Any, file: Path, source: Stamp) -> SharedFrames:
    """Write frames into a file that can be mapped.

    :param frames: anything that can be pickled; what is in arrays is shared. No two arrays of it
        may use the same memory: what is written to one would show in the other.
    :param file: replaced if it exists.
    :param source: stamp of the file that they were read from.
    :raise OSError: if it cannot be written.
    """
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(frames, protocol=5, buffer_callback=buffers.append)
    parts = [memoryview(body), *(buffer.raw() for buffer in buffers)]
    places, end = [], 0
    for part in parts:
        places.append((end, part.nbytes))
        end = _aligned(end + part.nbytes)
    head = json.dumps(places).encode()
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as opened:
            opened.write(_HEAD.pack(_MAGIC, len(head)) + head)
            for part in parts:
                opened.seek(_aligned(opened.tell()))
                opened.write(part)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    return SharedFrames(file, Stamp.of(file), source)


def _aligned(place: int) -> int:
    return -(-place // _ALIGNMENT) * _ALIGNMENT
