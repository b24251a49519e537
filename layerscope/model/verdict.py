"""What a gate found: one verdict for each of its rules."""

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """How one rule of a gate ended; skipped is what had no limit, or nothing to compare with."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"


class Verdict(Struct, frozen=True, kw_only=True):
    """One rule with its figure and its limit.

    ``unit`` is ``bytes``, ``percent``, ``findings`` or ``layers``; percentages are rounded to two decimals for show,
    never for the comparison. A figure or limit is None where there is none. ``detail`` says what the figure is.
    """

    rule: str
    outcome: Outcome
    unit: str
    figure: float | int | None = None
    limit: float | int | None = None
    detail: str = ""


class Judgement(Struct, frozen=True, kw_only=True):
    """All verdicts on one image; the gate is open when none of them failed.

    ``ignored`` counts the findings that the configuration sets apart, of which no verdict speaks.
    """

    name: str
    verdicts: tuple[Verdict, ...]
    ignored: int = 0

    @property
    def passed(self) -> bool:
        """Whether no rule failed."""
        return all(verdict.outcome != Outcome.FAIL for verdict in self.verdicts)
