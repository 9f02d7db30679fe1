"""freqtrade's command line in this process, with the kernels installed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from freqkernels.bridge.fingerprints import SourceNotFoundError, package_root
from freqkernels.errors import MissingFreqtradeError


def run_freqtrade(
    argv: list[str],
    offline_markets: str | None = None,
    *,
    plain: bool = False,
    enter: Callable[[str], object] = lambda stage: None,
    around: AbstractContextManager[object] | None = None,
) -> int:
    """Run a freqtrade command as freqtrade's own entry point does.

    :param argv: freqtrade's arguments, without the program's name.
    :param offline_markets: record of markets, or "auto", or None for the network.
    :param plain: replace nothing.
    :param enter: called with "install" before the kernels are installed, and with "start" before
        freqtrade's entry point is called.
    :param around: entered when all is installed, left when freqtrade has ended.
    :return: freqtrade's exit code.
    :raise MissingFreqtradeError: if freqtrade is not installed.
    :raise MarketsError: if the record of markets cannot be used.
    """
    try:
        package_root("freqtrade")
    except SourceNotFoundError as error:
        raise MissingFreqtradeError(
            "freqtrade is not installed; 'pip install freqkernels[freqtrade]' installs both"
        ) from error
    if offline_markets is not None:
        from freqkernels.bridge.markets import use_offline_markets

        use_offline_markets(offline_markets)
    if not plain:
        from freqkernels.bridge.install import install

        enter("install")
        install()
    enter("start")
    from freqtrade.main import main

    with around or nullcontext():
        try:
            main(argv)
        except SystemExit as leaving:
            code = leaving.code
            return code if isinstance(code, int) else int(code is not None)
    return 0
