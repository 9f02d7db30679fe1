"""Zip archives deflated by several threads: the same members, in a little less or more space."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from freqkernels.runtime import threads_for

_PIECE = 1 << 20
_WINDOW = 1 << 15
_RAW = -zlib.MAX_WBITS
_NS_PER_BYTE = 10.0
#: Members that are compressed already: looking for repetitions again takes time and finds little.
_COMPRESSED = (".feather",)


class Deflater:
    """A compressor like those of zlib, for one raw stream, that works on many pieces at once.

    :param strategy: of zlib.
    """

    def __init__(self, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> None:
        self._strategy = strategy

    def compress(self, data: Any) -> bytes:
        """Compress some bytes."""
        view = memoryview(data).cast("B")
        starts = range(0, len(view), _PIECE)
        deflate = self._of(view)
        threads = threads_for(len(view) * _NS_PER_BYTE)
        if threads == 1 or len(starts) == 1:
            return b"".join(map(deflate, starts))
        with ThreadPoolExecutor(threads, "freqkernels-deflate") as pool:
            return b"".join(pool.map(deflate, starts))

    def _of(self, view: memoryview) -> Callable[[int], bytes]:
        def deflate(start: int) -> bytes:
            before = view[max(start - _WINDOW, 0) : start]
            more: dict[str, Any] = {"zdict": before} if len(before) else {}
            piece = zlib.compressobj(wbits=_RAW, strategy=self._strategy, **more)
            # Ends at a whole byte, without an end of the stream: the next piece goes on.
            return piece.compress(view[start : start + _PIECE]) + piece.flush(zlib.Z_SYNC_FLUSH)

        return deflate

    def flush(self) -> bytes:
        """End the stream."""
        return zlib.compressobj(wbits=_RAW).flush()


class ParallelZipFile(ZipFile):
    """A ``ZipFile`` whose deflated members are compressed by several threads."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Open a member as ``ZipFile`` does."""
        member = super().open(*args, **kwargs)
        info = getattr(member, "_zinfo", None)  # of a member that is written
        if info is not None and info.compress_type == ZIP_DEFLATED:
            packed = info.filename.endswith(_COMPRESSED)
            strategy = zlib.Z_HUFFMAN_ONLY if packed else zlib.Z_DEFAULT_STRATEGY
            member._compressor = Deflater(strategy)  # type: ignore[attr-defined]
        return member
