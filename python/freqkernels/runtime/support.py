"""Whether a fast path promises the identical result, as a value that carries its reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Support:
    """Answer of a fast path to the question "do you promise the same result for this call?".

    :param ok: True when the fast path may run.
    :param reason: one sentence, required when ``ok`` is False.
    """

    ok: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.ok


SUPPORTED = Support(True)


def refuse(reason: str) -> Support:
    """A refusal: the exact path has to answer, for this reason."""
    return Support(False, reason)
