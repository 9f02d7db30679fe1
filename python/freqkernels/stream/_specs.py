"""What a stream needs to know of its indicator: inputs, results, and how its state is kept."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError
from freqkernels.indicators import _windows
from freqkernels.indicators._columns import candle_columns, columns_of, whole
from freqkernels.runtime import kernel

#: The longest window of a stream: 16 million rows, which take up to 400 MB.
LONGEST = 2**24
_VERSION = 1
_HEAD = struct.Struct("<4sHxxI")
_MAGIC = b"fkst"

_CLASSES = {
    1: kernel("stream", "Values"),
    2: kernel("stream", "HighLow"),
    3: kernel("stream", "HighLowClose"),
    4: kernel("stream", "Candles"),
}

Result = TypeVar("Result", covariant=True)
Maker = TypeVar("Maker", bound=Callable[..., Any])
#: The public functions that make streams.
MAKERS: set[Callable[..., Any]] = set()


class Stream(Protocol[Result]):
    """What all streams have."""

    @property
    def value(self) -> Result:
        """What the last update returned; NaN before the first."""

    @property
    def count(self) -> int:
        """How many updates there were."""

    @property
    def parameters(self) -> tuple[float, ...]:
        """The parameters in the order of the function."""

    def extend(self, *columns: Any) -> Any:
        """Update with every row of arrays, Series or one frame of candles.

        :param columns: one column for each input, or one frame of candles.
        :return: one array, or a named tuple of arrays: what the updates would have returned.
        :raise InvalidInputError: for columns that are none, or differ in length.
        """

    def copy(self) -> Any:
        """Another stream in the same state; neither changes with the other."""


class ValueStream(Stream[Result], Protocol[Result]):
    """A stream of single values."""

    def update(self, value: float, /) -> Result:
        """The result after one more value.

        :raise TypeError: if it is no number; nothing changes then.
        """

    def peek(self, value: float, /) -> Result:
        """What ``update`` would return; nothing changes."""


class HighLowStream(Stream[Result], Protocol[Result]):
    """A stream of highs and lows."""

    def update(self, high: Any, low: float | None = None) -> Result:
        """The result after one more row; ``high`` may be a whole candle.

        :param high: a number; or, alone, anything with ``["high"]`` or ``.high`` and the others.
        :raise TypeError: if a price is no number; nothing changes then.
        """

    def peek(self, high: Any, low: float | None = None) -> Result:
        """What ``update`` would return; nothing changes."""


class HighLowCloseStream(Stream[Result], Protocol[Result]):
    """A stream of highs, lows and closes."""

    def update(self, high: Any, low: float | None = None, close: float | None = None) -> Result:
        """As in :class:`HighLowStream`."""

    def peek(self, high: Any, low: float | None = None, close: float | None = None) -> Result:
        """What ``update`` would return; nothing changes."""


class CandleStream(Stream[Result], Protocol[Result]):
    """A stream of opens, highs, lows and closes."""

    def update(
        self,
        open: Any,
        high: float | None = None,
        low: float | None = None,
        close: float | None = None,
    ) -> Result:
        """As in :class:`HighLowStream`."""

    def peek(
        self,
        open: Any,
        high: float | None = None,
        low: float | None = None,
        close: float | None = None,
    ) -> Result:
        """What ``update`` would return; nothing changes."""


@dataclass(frozen=True, slots=True)
class Spec:
    """An indicator as a stream.

    :param name: name of the class.
    :param inputs: names of the inputs.
    :param parameters: names of the parameters.
    :param result: named tuple of the results; None if there is one.
    :param maker: the public function, which checks parameters.
    """

    name: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    result: type[tuple[Any, ...]] | None
    maker: Callable[..., Any]

    def prices(self, candle: Any) -> tuple[float, ...]:
        """The inputs from a candle: a mapping, a Series, a record or an object with attributes."""
        by_name = hasattr(candle, "keys") or isinstance(candle, np.void)
        try:
            found = [candle[name] if by_name else getattr(candle, name) for name in self.inputs]
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise InvalidInputError(
                f"{self.inputs[0]}: expected {', '.join(self.inputs)}, or a candle with these, "
                f"got {candle!r}"
            ) from error
        return tuple(found)

    def columns(self, given: tuple[Any, ...]) -> list[NDArray[np.float64]]:
        """Contiguous float64 columns of one length."""
        alone = len(given) == 1 and len(self.inputs) > 1
        if len(given) != len(self.inputs) and not alone:
            raise InvalidInputError(
                f"columns: expected {', '.join(self.inputs)}, got {len(given)} columns"
            )
        if len(self.inputs) == 1:
            found = [columns_of(given[0], "values")]
        else:
            names = dict.fromkeys(self.inputs)
            found = candle_columns(names | dict(zip(self.inputs, given, strict=False)))
        for each, name in zip(found, self.inputs, strict=True):
            if getattr(each.source, "ndim", 1) != 1:
                raise InvalidInputError(f"{name}: expected one column, got {each.source.ndim}-D")
        return [each.flat for each in found]

    def arrays(self, results: NDArray[np.float64]) -> Any:
        """Rows of results as one array, or as a named tuple of arrays."""
        if self.result is None:
            return results[0]
        whole_ones = {"direction": np.int64}
        fields: tuple[str, ...] = self.result._fields  # type: ignore[attr-defined]
        named = zip(fields, results, strict=True)
        return self.result(*(each.astype(whole_ones.get(name, np.float64)) for name, each in named))

    def describe(self, stream: Any) -> str:
        """The call that makes such a stream, and how far it has come."""
        given = zip(self.parameters, stream.parameters, strict=True)
        listed = ", ".join(f"{name}={value!r}" for name, value in given)
        return f"<{self.name}({listed}), {stream.count} updates, value {stream.value!r}>"

    def reduce(self, stream: Any) -> tuple[Any, ...]:
        """How a stream is pickled: by what makes it, and its state in bytes."""
        body = np.frombuffer(stream.save(), "=f8").astype("<f8").tobytes()
        state = _HEAD.pack(_MAGIC, _VERSION, zlib.crc32(body)) + body
        parameters = dict(zip(self.parameters, stream.parameters, strict=True))
        return restore, (self.maker, parameters, state)


def restore(maker: Callable[..., Any], parameters: dict[str, Any], state: bytes) -> Any:
    """A stream from what :meth:`Spec.reduce` made of one.

    :raise InvalidInputError: if the state is damaged, of another version, or of another stream.
    """
    if maker not in MAKERS or not isinstance(parameters, dict):
        raise InvalidInputError(f"maker: expected a stream and its parameters, got {maker!r}")
    if not isinstance(state, bytes) or len(state) < _HEAD.size or (len(state) - _HEAD.size) % 8:
        raise InvalidInputError("state: expected the bytes of a stream, got something else")
    magic, version, checksum = _HEAD.unpack_from(state)
    body = state[_HEAD.size :]
    if magic != _MAGIC:
        raise InvalidInputError("state: expected the bytes of a stream, got something else")
    if version != _VERSION:
        raise InvalidInputError(f"state: expected version {_VERSION}, got {version}")
    if zlib.crc32(body) != checksum:
        raise InvalidInputError("state: damaged, the checksum does not match")
    try:
        stream = maker(**parameters)
    except TypeError as error:
        raise InvalidInputError(f"parameters: {error}") from error
    if not stream.load(np.frombuffer(body, "<f8").astype(np.float64)):
        raise InvalidInputError(f"state: no state of {stream!r}")
    return stream


def makes_stream(function: Maker) -> Maker:
    """Note a public function that makes streams; pickles name these."""
    MAKERS.add(function)
    return function


def make(
    maker: Callable[..., Any],
    parameters: Mapping[str, float],
    result: type[tuple[Any, ...]] | None = None,
    inputs: tuple[str, ...] = ("value",),
) -> Any:
    """A stream of the chosen backend.

    :param maker: the public function of the stream.
    :param parameters: the checked parameters by name.
    :param result: named tuple of the results; None if there is one.
    :param inputs: names of the inputs.
    """
    spec = Spec(maker.__name__, inputs, tuple(parameters), result, maker)
    return _CLASSES[len(inputs)](spec, tuple(parameters.values()))


def window_of(value: Any, argument: str) -> int:
    """A parameter that counts rows which a stream keeps.

    :raise InvalidInputError: if it is no integer from 1 to 2**24.
    """
    rows = whole(value, argument)
    if rows > LONGEST:
        raise InvalidInputError(
            f"{argument}: a stream keeps at most {LONGEST} rows in memory, got {rows}"
        )
    return rows


def window_and_least(window: Any, min_periods: Any) -> dict[str, int]:
    """The two parameters of a rolling window, as :mod:`freqkernels.indicators` has them."""
    _, least = _windows.window_of(window, min_periods)
    return {"window": window_of(window, "window"), "min_periods": least}
