# Columns of doubles by the buffer protocol alone. Making a memoryview takes several times as long,
# which is most of a call where a column has some hundred rows.
from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS,
    PyBUF_FORMAT,
    PyBUF_WRITABLE,
    PyBuffer_Release,
    PyObject_GetBuffer,
)


cdef inline int open_doubles(object array, Py_buffer *view, bint written) except -1:
    """To be closed by PyBuffer_Release; refuses what a parameter ``double[::1]`` refuses."""
    cdef int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT
    if array is None:
        raise TypeError("expected an array of doubles, got None")
    PyObject_GetBuffer(array, view, flags | PyBUF_WRITABLE if written else flags)
    # numpy writes "=d" where the array begins between two doubles.
    if view.ndim != 1 or view.format == NULL or view.format[view.format[0] == c"="] != c"d":
        PyBuffer_Release(view)
        raise ValueError("expected an array of one dimension and dtype float64")
    return 0


cdef inline void close_doubles(Py_buffer *views, Py_ssize_t count) noexcept:
    cdef Py_ssize_t i
    for i in range(count):
        PyBuffer_Release(views + i)


cdef inline int open_all_doubles(tuple arrays, Py_ssize_t inputs, Py_buffer *views) except -1:
    """All of some arrays, of which the first ``inputs`` are only read; to be closed together."""
    cdef Py_ssize_t opened = 0
    try:
        for opened in range(len(arrays)):
            open_doubles(arrays[opened], views + opened, opened >= inputs)
    except BaseException:
        close_doubles(views, opened)
        raise
    return 0
