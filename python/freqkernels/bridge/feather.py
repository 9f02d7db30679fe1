"""Feather files compressed by several threads, byte for byte those that pandas writes.

pyarrow compresses the batches of a file one after the other. Each batch is a message of its own:
here the messages are made at the same time, and put together with the head and the table of
contents (footer) of a file that has the same schema and as many batches, all of them empty.
"""

from __future__ import annotations

import importlib
import io
import struct
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, Literal

import pandas as pd

from freqkernels.runtime import threads_for

_ROWS_OF_A_BATCH = 1 << 16  # pyarrow's own for feather
_MAGIC = b"ARROW1\0\0"
_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
_TAIL = struct.Struct("<i6s")  # length of the footer, and the magic again
_MESSAGE = struct.Struct("<Ii")  # a mark, and the length of the metadata
_BLOCK = struct.Struct("<qi4xq")  # of each batch: offset, length of its metadata, of its body
_NS_PER_VALUE = 200.0  # level 9 of lz4


def write_feather(
    frame: pd.DataFrame,
    file: BinaryIO,
    compression: Literal["lz4", "zstd"],
    compression_level: int,
) -> None:
    """``frame.to_feather(file, compression=..., compression_level=...)`` by several threads.

    :param frame: with a default index.
    :param file: open for writing.
    :param compression: "lz4" or "zstd".
    :param compression_level: as the codec understands it.
    """
    threads = threads_for(frame.size * _NS_PER_VALUE)
    parts = None
    if threads > 1 and len(frame) > _ROWS_OF_A_BATCH:
        parts = _parts(frame, compression, compression_level, threads)
    if parts is None:
        frame.to_feather(file, compression=compression, compression_level=compression_level)
        return
    for part in parts:
        file.write(part)


def _parts(
    frame: pd.DataFrame, compression: str, compression_level: int, threads: int
) -> Iterator[bytes] | None:
    """The file in pieces; None if this pyarrow's footers are not understood."""
    arrow = importlib.import_module("pyarrow")
    options = arrow.ipc.IpcWriteOptions(
        compression=arrow.Codec(compression, compression_level=compression_level),
        use_threads=False,
        unify_dictionaries=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = arrow.Table.from_pandas(frame, preserve_index=None)
    batches = table.to_batches(max_chunksize=_ROWS_OF_A_BATCH)
    if any(arrow.types.is_dictionary(field.type) for field in table.schema):
        return None
    head = _stream(arrow, table.schema, [], options).removesuffix(_END_OF_STREAM)
    template = _Template(arrow, table.schema, len(batches), options, head)
    return _pieces(arrow, template, batches, options, threads) if template.understood else None


def _stream(arrow: Any, schema: Any, batches: list[Any], options: Any) -> bytes:
    sink = io.BytesIO()
    with arrow.ipc.new_stream(sink, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


class _Template:
    """Head and footer of a file with as many batches of no rows."""

    def __init__(self, arrow: Any, schema: Any, number: int, options: Any, head: bytes) -> None:
        empty = schema.empty_table().to_batches() or [
            arrow.RecordBatch.from_pylist([], schema=schema)
        ]
        sink = io.BytesIO()
        with arrow.ipc.new_file(sink, schema, options=options) as writer:
            for _ in range(number):
                writer.write_batch(empty[0])
        made = sink.getvalue()
        length, _ = _TAIL.unpack(made[-_TAIL.size :])
        self.head = _MAGIC + head
        self.footer = made[-_TAIL.size - length :]
        message = _stream(arrow, schema, empty[:1], options)
        message = message[len(head) :].removesuffix(_END_OF_STREAM)
        self._blocks = _blocks(len(self.head), [_lengths(message)] * number)
        self.understood = made.startswith(self.head) and self.footer.count(self._blocks) == 1

    def footer_of(self, lengths: list[tuple[int, int]]) -> bytes:
        """The footer for batches of other lengths."""
        return self.footer.replace(self._blocks, _blocks(len(self.head), lengths))


def _lengths(message: bytes) -> tuple[int, int]:
    """Bytes of a message's metadata, its own head included, and of its body."""
    metadata = _MESSAGE.unpack_from(message)[1] + _MESSAGE.size
    return metadata, len(message) - metadata


def _blocks(offset: int, lengths: list[tuple[int, int]]) -> bytes:
    """The table of contents as it stands in the footer."""
    blocks = []
    for metadata, body in lengths:
        blocks.append(_BLOCK.pack(offset, metadata, body))
        offset += metadata + body
    return b"".join(blocks)


def _pieces(
    arrow: Any, template: _Template, batches: list[Any], options: Any, threads: int
) -> Iterator[bytes]:
    schema = batches[0].schema
    head = len(template.head) - len(_MAGIC)

    def message(batch: Any) -> bytes:
        return _stream(arrow, schema, [batch], options)[head : -len(_END_OF_STREAM)]

    yield template.head
    lengths = []
    with ThreadPoolExecutor(threads, "freqkernels-feather") as pool:
        for piece in pool.map(message, batches):
            lengths.append(_lengths(piece))
            yield piece
    yield _END_OF_STREAM
    yield template.footer_of(lengths)
