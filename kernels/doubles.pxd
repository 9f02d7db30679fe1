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
