"""What having freqkernels costs a process: importing and installing it, each in a new process."""

from __future__ import annotations

from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import TARGETS

IMPORT_TARGETS = "\n".join(f"import {module}" for module in {target.module for target in TARGETS})


class Import:
    """``import freqkernels`` over what it needs."""

    repeat = 5
    number = 1

    def timeraw_package(self) -> tuple[str, str]:
        return "import freqkernels", "import numpy, pandas"

    def timeraw_public_modules(self) -> tuple[str, str]:
        return "from freqkernels import metrics, ohlcv, signals", "import numpy, pandas"


class Install:
    """``install()`` where freqtrade's modules are loaded already."""

    repeat = 5
    number = 1

    def setup(self) -> None:
        unknown = [target.name for target in TARGETS if not certificate(target).versions]
        assert not unknown, f"not certified: {unknown}"

    def timeraw_install(self) -> tuple[str, str]:
        return "import freqkernels; freqkernels.install()", IMPORT_TARGETS

    def timeraw_importing_the_targets(self) -> str:
        return IMPORT_TARGETS
