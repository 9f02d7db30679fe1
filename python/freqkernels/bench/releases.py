"""Where releases of freqtrade are known to simulate differently, in words for people."""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """What changed from one release that was looked at to the next.

    :param before: a release without the changes.
    :param after: one that has them.
    :param changes: each in a few words.
    :param trades: whether they can change trades.
    """

    before: str
    after: str
    changes: tuple[str, ...]
    trades: bool


#: In their order, without gaps.
STEPS = (
    Step(
        "2025.3",
        "2025.9",
        (
            "prices are rounded by the tick size that the candles of their month show",
            "custom_roi; errors of order_filled no longer end the run",
            "the largest stake follows the leverage tiers",
            "a fault in choosing rows of the detail timeframe is gone",
        ),
        trades=True,
    ),
    Step(
        "2025.9",
        "2026.3",
        (
            "every exit price is rounded, not only that of custom_exit_price",
            "the price of a ROI exit comes from another formula",
            "an order times out and a lock ends at the very moment, not after it",
            "tick sizes over time are found in another way",
            "protections know the starting balance; MaxDrawdown has modes",
            "stakes of zero and less are refused",
        ),
        trades=True,
    ),
    Step(
        "2026.3",
        "2026.6",
        (
            "the wallet over time is recorded",
            "equal locks are no longer kept twice",
            "funding fees of partial exits are counted exit by exit",
            "the mean of all pairs, in exports, no longer takes their number for a price",
        ),
        trades=True,
    ),
    Step(
        "2026.6",
        "2026.9",
        ("funding fees are added up in another way, which shows from Python 3.12 on",),
        trades=False,
    ),
)


def expected_differences(one: str, other: str) -> list[str]:
    """What may differ between two releases.

    :param one: a version of freqtrade.
    :param other: another one, older or younger.
    :return: sentences for people; never empty.
    """
    first, last = sorted((_key(one), _key(other)))
    if first == last:
        return ["both are of one release: what differs is Python or the packages below freqtrade"]
    notes = []
    steps = [step for step in STEPS if first < _key(step.after) and last > _key(step.before)]
    for step in steps:
        what = "may change trades" if step.trades else "changes trades nowhere else"
        notes.append(f"from {step.before} to {step.after} ({what}): {'; '.join(step.changes)}")
    if first < _key(STEPS[0].before):
        notes.append(f"what changed before {STEPS[0].before} has not been looked at")
    if last > _key(STEPS[-1].after):
        notes.append(f"what changed after {STEPS[-1].after} has not been looked at")
    return notes


def renames_funding_rates(version: str) -> bool:
    """Whether a release alters the data directory: funding rates of 1h become 8h there."""
    return _key(version) < _key("2026")


def _key(version: str) -> Version:
    """``2026.3`` as numbers; what follows the numbers is left out."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
