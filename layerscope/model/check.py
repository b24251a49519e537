"""The results of checking an image against limits."""

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """How a check ended; one without a limit, or with nothing to compare, is skipped."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"


class CheckResult(Struct, frozen=True, kw_only=True):
    """One value and its limit.

    ``unit`` is ``bytes``, ``percent``, ``findings`` or ``layers``; percentages are rounded to two decimals for
    display, not for the comparison. A value or limit that does not exist is None. ``detail`` says what the value is.
    """

    rule: str
    outcome: Outcome
    unit: str
    value: float | int | None = None
    limit: float | int | None = None
    detail: str = ""


class FindingsCheck(CheckResult, frozen=True, kw_only=True):
    """A check of findings; ``findings`` are the places in the report's findings of those that make it fail."""

    findings: tuple[int, ...] = ()


class CheckReport(Struct, frozen=True, kw_only=True):
    """All checks of one image; it passed if none of them failed. ``ignored`` counts ignored findings."""

    name: str
    checks: tuple[CheckResult, ...]
    ignored: int = 0

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(result.outcome != Outcome.FAIL for result in self.checks)
