"""freqtrade's own code of a function that is replaced, for replacements that only feed it."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any

from freqkernels.bridge.fingerprints import is_genuine
from freqkernels.runtime import Support, refuse


def own_code(module: str, qualname: str) -> FunctionType | Support:
    """The function as freqtrade defines it, whether it is replaced at the moment or not.

    :param module: module that defines it, imported.
    :param qualname: name in that module; ``Class.method`` for a method.
    """
    found: Any = sys.modules[module]
    for name in qualname.split("."):
        found = vars(found)[name]
    function = getattr(found, "exact", found)
    if not is_genuine(function, f"{module}:{qualname}"):
        return refuse(f"{module}.{qualname} is not freqtrade's own")
    genuine: FunctionType = function
    return genuine
