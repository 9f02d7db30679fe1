# cython: embedsignature.format=clinic
# Streaming objects of freqkernels.stream. The contract of this layer stands in
# _kernels/__init__.py; what a stream is made of in src/streams/parts.h.
cimport cython
import numpy as np
from libc.math cimport NAN
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy


cdef extern from "streams/streams.h" nogil:
    enum:
        FK_INPUTS
        FK_OUTPUTS
    ctypedef struct fk_kind:
        int inputs
        int outputs
        int parameters
        int whole
        size_t size
        void (*start)(void *state, const double *parameters) noexcept nogil
    const fk_kind *fk_kind_named(const char *name)
    Py_ssize_t fk_room(const fk_kind *kind, const void *state)
    void fk_begin(const fk_kind *kind, void *state, double *room)
    void fk_step(const fk_kind *kind, void *state, double *room, const double *input, double *out)
    void fk_peek(const fk_kind *kind, const void *state, double *room, const double *input,
                 double *out)
    Py_ssize_t fk_saved(const fk_kind *kind, const void *state)
    void fk_save(const fk_kind *kind, const void *state, const double *room, double *to)
    bint fk_load_saved(const fk_kind *kind, void *state, double *room, const double *values,
                       Py_ssize_t count)


cdef object _tuple_of = tuple.__new__
cdef double _MOST_ROWS = 9007199254740992.0


cdef class Stream:
    """State of one indicator; ``spec`` names it, its inputs and what its results are."""

    cdef const fk_kind *kind
    cdef void *state
    cdef double *room
    cdef double[FK_OUTPUTS] last
    cdef readonly Py_ssize_t count
    cdef readonly object spec
    cdef readonly tuple parameters
    cdef object _result_type

    def __cinit__(self, object spec, tuple parameters):
        cdef double[8] numbers
        cdef Py_ssize_t i, doubles
        name = spec.name.encode()
        self.kind = fk_kind_named(name)
        if self.kind == NULL or len(parameters) != self.kind.parameters:
            raise ValueError(f"{spec.name}{parameters}")
        for i in range(self.kind.parameters):
            numbers[i] = parameters[i]
        self.spec = spec
        self.parameters = parameters
        self._result_type = spec.result
        self.state = calloc(1, self.kind.size)
        if self.state == NULL:
            raise MemoryError
        self.kind.start(self.state, numbers)
        doubles = fk_room(self.kind, self.state)
        self.room = <double *> calloc(doubles + 1, sizeof(double))
        if self.room == NULL:
            raise MemoryError
        fk_begin(self.kind, self.state, self.room)
        for i in range(FK_OUTPUTS):
            self.last[i] = 1.0 if i and i == self.kind.whole else NAN

    def __dealloc__(self):
        free(self.state)
        free(self.room)

    cdef object _result(self, const double *out):
        if self.kind.outputs == 1:
            return out[0]
        if self.kind.outputs == 2:
            values = (out[0], out[1])
        elif self.kind.outputs == 3:
            values = (out[0], out[1], out[2])
        elif self.kind.whole:
            values = (out[0], <long> out[1], out[2], out[3])
        else:
            values = (out[0], out[1], out[2], out[3])
        return _tuple_of(self._result_type, values)

    cdef object _step(self, const double *input):
        fk_step(self.kind, self.state, self.room, input, self.last)
        self.count += 1
        if self.kind.outputs == 1:
            return self.last[0]
        return self._result(self.last)

    cdef object _peek(self, const double *input):
        cdef double[FK_OUTPUTS] out
        fk_peek(self.kind, self.state, self.room, input, out)
        return self._result(out)

    @property
    def value(self):
        """What the last update returned; NaN before the first."""
        return self._result(self.last)

    def copy(self):
        """Another stream in the same state."""
        cdef Stream other = type(self)(self.spec, self.parameters)
        memcpy(other.state, self.state, self.kind.size)
        memcpy(other.room, self.room, fk_room(self.kind, self.state) * sizeof(double))
        memcpy(other.last, self.last, sizeof(self.last))
        other.count = self.count
        return other

    def extend(self, *columns):
        """Update with every row; all results as arrays."""
        cdef const double[::1] one
        cdef (const double *)[FK_INPUTS] at
        cdef double[FK_INPUTS] input
        cdef double[:, ::1] out
        cdef Py_ssize_t row, rows
        cdef int i
        found = self.spec.columns(columns)
        rows = len(found[0])
        results = np.empty((self.kind.outputs, rows))
        out = results
        for i in range(self.kind.inputs):
            one = found[i]
            at[i] = &one[0] if rows else NULL
        for row in range(rows):
            for i in range(self.kind.inputs):
                input[i] = at[i][row]
            fk_step(self.kind, self.state, self.room, input, self.last)
            for i in range(self.kind.outputs):
                out[i, row] = self.last[i]
        self.count += rows
        return self.spec.arrays(results)

    def save(self):
        """The state as float64 numbers in bytes."""
        cdef Py_ssize_t head = 1 + self.kind.outputs
        cdef int i
        numbers = np.empty(head + fk_saved(self.kind, self.state))
        cdef double[::1] to = numbers
        to[0] = <double> self.count
        for i in range(self.kind.outputs):
            to[1 + i] = self.last[i]
        if to.shape[0] > head:
            fk_save(self.kind, self.state, self.room, &to[head])
        return numbers.tobytes()

    def load(self, const double[::1] numbers not None):
        """Become what was saved, if nothing has come yet; False if that is no state of this."""
        cdef Py_ssize_t head = 1 + self.kind.outputs
        cdef int i
        if self.count or numbers.shape[0] <= head or not 0.0 <= numbers[0] <= _MOST_ROWS:
            return False
        for i in range(self.kind.outputs):
            self.last[i] = numbers[1 + i]
        if self.kind.whole and numbers[1 + self.kind.whole] not in (1.0, -1.0):
            return False
        self.count = <Py_ssize_t> numbers[0]
        return self.count == numbers[0] and fk_load_saved(
            self.kind, self.state, self.room, &numbers[head], numbers.shape[0] - head)

    def __reduce__(self):
        return self.spec.reduce(self)

    def __repr__(self):
        return self.spec.describe(self)


cdef class Values(Stream):
    """A stream of single values."""

    @cython.binding(False)
    @cython.always_allow_keywords(False)
    def update(self, double value):
        """The result after one more value."""
        return self._step(&value)

    @cython.binding(False)
    @cython.always_allow_keywords(False)
    def peek(self, double value):
        """What ``update`` would return."""
        return self._peek(&value)


cdef class HighLow(Stream):
    """A stream of highs and lows."""

    @cython.binding(False)
    def update(self, high, low=None):
        """The result after one more row; a candle may stand alone."""
        cdef double[2] input
        input[0], input[1] = self.spec.prices(high) if low is None else (high, low)
        return self._step(input)

    @cython.binding(False)
    def peek(self, high, low=None):
        """What ``update`` would return."""
        cdef double[2] input
        input[0], input[1] = self.spec.prices(high) if low is None else (high, low)
        return self._peek(input)


cdef class HighLowClose(Stream):
    """A stream of highs, lows and closes."""

    cdef int _read(self, high, low, close, double *input) except -1:
        if low is None and close is None:
            high, low, close = self.spec.prices(high)
        input[0] = high
        input[1] = low
        input[2] = close
        return 0

    @cython.binding(False)
    def update(self, high, low=None, close=None):
        """The result after one more row; a candle may stand alone."""
        cdef double[3] input
        self._read(high, low, close, input)
        return self._step(input)

    @cython.binding(False)
    def peek(self, high, low=None, close=None):
        """What ``update`` would return."""
        cdef double[3] input
        self._read(high, low, close, input)
        return self._peek(input)


cdef class Candles(Stream):
    """A stream of opens, highs, lows and closes."""

    cdef int _read(self, open, high, low, close, double *input) except -1:
        if high is None and low is None and close is None:
            open, high, low, close = self.spec.prices(open)
        input[0] = open
        input[1] = high
        input[2] = low
        input[3] = close
        return 0

    @cython.binding(False)
    def update(self, open, high=None, low=None, close=None):
        """The result after one more row; a candle may stand alone."""
        cdef double[4] input
        self._read(open, high, low, close, input)
        return self._step(input)

    @cython.binding(False)
    def peek(self, open, high=None, low=None, close=None):
        """What ``update`` would return."""
        cdef double[4] input
        self._read(open, high, low, close, input)
        return self._peek(input)
