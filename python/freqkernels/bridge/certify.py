"""Enter the installed freqtrade into the table of certified sources; for maintainers.

Run it in an environment with the release in question, after the test suite has passed there::

    python -m freqkernels.bridge.certify

A release whose source equals a certified one is added to its entry. Where the source differs, a
new entry is made with the variant that :data:`VARIANTS` names for the release.
"""

import sys
from importlib.metadata import version

from freqkernels.bridge.fingerprints import certify
from freqkernels.bridge.objects.table import SWAPS
from freqkernels.bridge.targets import LEFT_ALONE, TARGETS

#: Releases, oldest first, up to which a target needs another variant than today's.
VARIANTS: dict[str, list[tuple[tuple[int, ...], str]]] = {
    # 14 decimals; from 2025.12 on 14 significant digits.
    "get_tick_size_over_time": [((2025, 11), "fixed decimals")],
    # The mean took the count of pairs as one more pair.
    "combined_dataframes_with_rel_mean": [((2026, 5), LEFT_ALONE)],
    # Candles before the first match had no informative candle.
    "merge_informative_pair": [((2025, 9), "nothing before the first match")],
    # There was no such function.
    "_merge_prepared_informative_pair": [((2026, 7), LEFT_ALONE)],
    # The validator warned where it should raise.
    "advise_all_indicators": [((2026, 8), LEFT_ALONE)],
    # Lines without p-value; before 2026.6 no statistics of the wallet either.
    "generate_pair_metrics": [((2026, 8), LEFT_ALONE)],
    "generate_tag_metrics": [((2026, 8), LEFT_ALONE)],
    "generate_wallet_stats": [((2026, 5), LEFT_ALONE)],
    # Periods counted, and drawdowns told, in another way.
    "generate_all_periodic_breakdown_stats": [((2026, 2), LEFT_ALONE)],
    "_calculate_stats_for_period": [((2026, 2), LEFT_ALONE)],
    "calculate_max_drawdown": [((2026, 2), LEFT_ALONE)],
    "calculate_underwater": [((2026, 2), LEFT_ALONE)],
    # No wallet captures, equal locks twice; before 2026.3 also other exit prices and timeouts.
    "backtest": [((2026, 5), LEFT_ALONE)],
}


def variant_for(target: str, release: str) -> str:
    """The variant of a target in a freqtrade release."""
    parts = tuple(int(part) for part in release.split(".")[:2])
    return next((name for last, name in VARIANTS.get(target, []) if parts <= last), "")


def main() -> int:
    """Certify all targets of the installed freqtrade."""
    release = version("freqtrade")
    for target in (*TARGETS, *(swap.target for swap in SWAPS)):
        variant = variant_for(target.name, release)
        print(certify(target.name, target.definitions, release, variant), target.name, variant)
    return 0


if __name__ == "__main__":
    sys.exit(main())
