"""The compiled kernels, and what this layer promises.

* Arguments are contiguous one-dimensional arrays (two-dimensional ones: C order) of exactly the
  dtype in the ``.pyi`` stub, inputs first, outputs next, ``num_threads`` last. Inputs may be
  read-only and are never written. ``None`` raises TypeError.
* Nothing is validated here beyond dtype and contiguity: lengths that do not match are the
  caller's defect. The public modules check them; a build with ``FREQKERNELS_DEBUG_CHECKS=ON``
  checks every index.
* Outputs are written completely, whatever was in them. They never alias an input.
* Loops run without the GIL and allocate no Python objects (``untrack_rows``, which is about
  objects, excepted). Results do not depend on ``num_threads``.
* Every function has a twin of the same name and signature in :mod:`freqkernels.reference`.
* ``ledger`` and ``orders`` are about one trade at a time: their arguments are single Python objects
  as they stand in freqtrade's attributes, and where freqtrade's result cannot be promised they
  return NotImplemented.

Nothing here is public; call :mod:`freqkernels.metrics` and :mod:`freqkernels.ohlcv`.
"""
