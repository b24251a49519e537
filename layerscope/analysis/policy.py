"""Check a report against limits."""

from collections.abc import Iterator
from fractions import Fraction

from msgspec import Struct

from layerscope.analysis.amounts import Amount
from layerscope.model.check import CheckReport, CheckResult, FindingsCheck, Outcome
from layerscope.model.finding import Finding, Severity
from layerscope.model.report import Report
from layerscope.model.source import BASE

NO_LIMIT = "no limit is set"


class Policy(Struct, frozen=True, kw_only=True):
    """The limits; those that are None or empty are not checked. A check fails when its limit is exceeded.

    ``max_size`` and ``max_growth`` limit the size in the engine's inspect; a share of growth is one of the baseline's
    size. ``max_reclaimable`` and ``max_hidden`` may be shares of the own bytes. ``min_efficiency`` is live / content.
    ``fail_on`` fails on a finding of that severity or a worse one, ``fail_on_rules`` on any finding of these rules;
    findings of the base image count only with ``include_inherited``.

    ``highest_wasted`` and ``highest_user_wasted`` are rules of dive and have the same scope there: hidden bytes of all
    layers, and their share of the content of all layers but the lowest.
    """

    max_size: int | None = None
    max_reclaimable: Amount | None = None
    max_hidden: tuple[Amount, ...] = ()
    min_efficiency: Fraction | None = None
    highest_wasted: int | None = None
    highest_user_wasted: Fraction | None = None
    max_growth: Amount | None = None
    fail_on: Severity | None = None
    fail_on_rules: tuple[str, ...] = ()
    include_inherited: bool = False
    allow_incomplete: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to check but that the image is complete."""
        return self == Policy(include_inherited=self.include_inherited, allow_incomplete=self.allow_incomplete)


def evaluate(report: Report, policy: Policy, baseline: Report | None = None) -> CheckReport:
    """Check a report, always in the same order; growth is measured from ``baseline``."""
    checks = (
        _complete(report, policy),
        _size(report, policy),
        check_growth(report, policy.max_growth, baseline),
        _efficiency(report, policy),
        _reclaimable(report, policy),
        *_hidden(report, policy),
        *_wasted(report, policy),
        _severity(report, policy),
        *_rules(report, policy),
    )
    return CheckReport(name=report.image.name, checks=checks, ignored=len(report.ignored))


def _complete(report: Report, policy: Policy) -> CheckResult:
    value = sum(not layer.is_complete for layer in report.layers)
    outcome = Outcome.PASS if report.complete else Outcome.SKIP if policy.allow_incomplete else Outcome.FAIL
    detail = "layers missing, damaged, cut short, partly read or not matching their digest" + (
        ", which is allowed" if outcome == Outcome.SKIP else ""
    )
    return CheckResult(rule="complete", outcome=outcome, unit="layers", value=value, limit=0, detail=detail)


def _size(report: Report, policy: Policy) -> CheckResult:
    limit = Amount(content_bytes=policy.max_size)
    return _at_most("max-size", report.image.docker_size, limit, 0, "size of the image")


def check_growth(report: Report, limit: Amount | None, baseline: Report | None) -> CheckResult:
    """Check how much bigger an image is than the baseline; a share is one of the baseline's size."""
    if baseline is None:
        detail = "no baseline is given" if limit else NO_LIMIT
        return CheckResult(rule="max-growth", outcome=Outcome.SKIP, unit="bytes", detail=detail)
    before = baseline.image.docker_size
    growth = report.image.docker_size - before
    return _at_most("max-growth", growth, limit, before, "growth since the baseline")


def _efficiency(report: Report, policy: Policy) -> CheckResult:
    totals, limit = report.totals, policy.min_efficiency
    efficiency = Fraction(totals.live_bytes, totals.content_bytes) if totals.content_bytes else Fraction(1)
    outcome = Outcome.SKIP if limit is None else Outcome.PASS if efficiency >= limit else Outcome.FAIL
    value, most = _percents(efficiency, limit)
    return CheckResult(
        rule="min-efficiency",
        outcome=outcome,
        unit="percent",
        value=value,
        limit=most,
        detail=_detail(outcome, "live bytes of all content bytes"),
    )


def _reclaimable(report: Report, policy: Policy) -> CheckResult:
    totals, limit = report.totals, policy.max_reclaimable
    return _at_most("max-reclaimable", totals.reclaimable_bytes, limit, totals.own_bytes, "reclaimable bytes")


def _hidden(report: Report, policy: Policy) -> Iterator[CheckResult]:
    """Check the hidden bytes of own layers; those of the base are left out."""
    hidden = sum(layer.hidden_bytes for layer in report.layers if layer.origin == "own")
    for limit in policy.max_hidden or (None,):
        yield _at_most("max-hidden", hidden, limit, report.totals.own_bytes, "own bytes hidden by a later layer")


def _wasted(report: Report, policy: Policy) -> Iterator[CheckResult]:
    """Check the rules of dive under their own names, if any are given."""
    hidden, detail = report.totals.hidden_bytes, "hidden bytes of all layers"
    if policy.highest_wasted is not None:
        yield _at_most("highestWastedBytes", hidden, Amount(content_bytes=policy.highest_wasted), 0, detail)
    if policy.highest_user_wasted is not None:
        above = sum(layer.content_bytes for layer in report.layers[1:])
        yield _at_most("highestUserWastedPercent", hidden, Amount(share=policy.highest_user_wasted), above, detail)


def _severity(report: Report, policy: Policy) -> CheckResult:
    if policy.fail_on is None:
        return FindingsCheck(rule="fail-on", outcome=Outcome.SKIP, unit="findings", detail=NO_LIMIT)
    worst = policy.fail_on
    found = [place for place, finding in _counted(report, policy) if finding.severity.rank <= worst.rank]
    return _none(f"fail-on {worst.value}", found, report, f"findings of severity {worst.value} or worse")


def _rules(report: Report, policy: Policy) -> Iterator[CheckResult]:
    for rule in policy.fail_on_rules:
        found = [place for place, finding in _counted(report, policy) if finding.rule == rule]
        yield _none(f"fail-on-rule {rule}", found, report, "findings of the rule")


def _counted(report: Report, policy: Policy) -> Iterator[tuple[int, Finding]]:
    for place, finding in enumerate(report.findings):
        if policy.include_inherited or finding.source != BASE:
            yield place, finding


def _none(rule: str, found: list[int], report: Report, detail: str) -> FindingsCheck:
    names = sorted({report.findings[place].rule for place in found})
    return FindingsCheck(
        rule=rule,
        outcome=Outcome.FAIL if found else Outcome.PASS,
        unit="findings",
        value=len(found),
        limit=0,
        detail=f"{detail}: {', '.join(names)}" if found else detail,
        findings=tuple(found),
    )


def _at_most(rule: str, value: int, limit: Amount | None, whole: int, detail: str) -> CheckResult:
    """Check bytes against a limit, which may be a share of ``whole``."""
    if limit is None or limit.share is None:
        most = limit.content_bytes if limit else None
        outcome = Outcome.SKIP if most is None else Outcome.PASS if value <= most else Outcome.FAIL
        return CheckResult(
            rule=rule, outcome=outcome, unit="bytes", value=value, limit=most, detail=_detail(outcome, detail)
        )
    outcome = Outcome.PASS if value <= limit.share * whole else Outcome.FAIL
    part, share = _percents(Fraction(value, whole) if whole else None, limit.share)
    return CheckResult(
        rule=rule,
        outcome=outcome,
        unit="percent",
        value=part,
        limit=share,
        detail=f"{detail}: {value:,} of {whole:,} bytes",
    )


def _detail(outcome: Outcome, detail: str) -> str:
    return f"{detail}; {NO_LIMIT}" if outcome == Outcome.SKIP else detail


def _percents(value: Fraction | None, limit: Fraction | None) -> tuple[float | None, float | None]:
    """Return both in percent with two decimals, or with as many as tell them apart."""
    for digits in range(2, 15):
        found = [None if one is None else round(float(one * 100), digits) for one in (value, limit)]
        if value == limit or found[0] != found[1]:
            break
    return found[0], found[1]
