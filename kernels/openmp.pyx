# What this build knows about threads.
from cython.parallel cimport prange


cdef extern from *:
    """
    #ifdef _OPENMP
      #include <omp.h>
      #define FK_OPENMP _OPENMP
    #else
      #define FK_OPENMP 0
      static int omp_get_max_threads(void) { return 1; }
      static int omp_get_num_threads(void) { return 1; }
    #endif
    """
    int FK_OPENMP
    int omp_get_max_threads() nogil
    int omp_get_num_threads() nogil


def version():
    """Date of the OpenMP specification the kernels were built with, 0 without OpenMP."""
    return FK_OPENMP


def max_threads():
    """Threads that OpenMP itself would take."""
    return omp_get_max_threads()


def team_size(int num_threads):
    """Threads that a parallel region really gets when it asks for ``num_threads``."""
    cdef int _i, size = 0
    for _i in prange(num_threads, num_threads=num_threads, schedule="static", nogil=True):
        size = omp_get_num_threads()
    return size
