"""freqtrade's own code of a function that is replaced, for replacements that feed it less."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any

from freqkernels.bridge.fingerprints import is_genuine
from freqkernels.runtime import Support, refuse


def own_code(module: str, name: str) -> FunctionType | Support:
    """The function as freqtrade defines it, whether it is replaced at the moment or not.

    :param module: module that defines it, imported.
    :param name: in that module.
    """
    function: Any = vars(sys.modules[module])[name]
    function = getattr(function, "exact", function)
    if not is_genuine(function, f"{module}:{name}"):
        return refuse(f"{module}.{name} is not freqtrade's own")
    genuine: FunctionType = function
    return genuine
