"""What a gate found: one result for each of its rules."""

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """How one rule of a gate ended; skipped is what had no limit, or nothing to compare with."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"


class CheckResult(Struct, frozen=True, kw_only=True):
    """One rule with its value and its limit.

    ``unit`` is ``bytes``, ``percent``, ``findings`` or ``layers``; percentages are rounded to two decimals for show,
    never for the comparison. A value or limit is None where there is none. ``detail`` says what the value is.
    """

    rule: str
    outcome: Outcome
    unit: str
    value: float | int | None = None
    limit: float | int | None = None
    detail: str = ""


class CheckReport(Struct, frozen=True, kw_only=True):
    """All checks on one image; the gate is open when none of them failed.

    ``ignored`` counts the findings that the configuration sets apart, of which no result speaks.
    """

    name: str
    checks: tuple[CheckResult, ...]
    ignored: int = 0

    @property
    def passed(self) -> bool:
        """Whether no rule failed."""
        return all(result.outcome != Outcome.FAIL for result in self.checks)
