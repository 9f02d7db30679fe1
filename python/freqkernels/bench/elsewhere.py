"""Run a module of this package under a Python that does not have the package.

::

    OTHER_PYTHON -P .../freqkernels/bench/elsewhere.py MODULE ARGUMENTS...

Only this package becomes importable there, not what is installed beside it: freqtrade, pandas and
all else are those of the other Python. The kernels are not needed and not loaded.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path

_NAME = "freqkernels"


def adopt_package() -> None:
    """Make this package importable from where this file is."""
    root = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        _NAME, root / "__init__.py", submodule_search_locations=[str(root)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{root} is not a package")
    package = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    adopt_package()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
