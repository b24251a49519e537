"""The gate: at the limit passes, one byte beyond it fails."""

from fractions import Fraction

import pytest
from msgspec.structs import replace

from layerscope.analysis.amounts import Amount
from layerscope.analysis.policy import Policy, judge
from layerscope.model.finding import Evidence, Finding, FindingKind, Severity
from layerscope.model.report import ImageSummary, LayerReport, Report, Totals
from layerscope.model.verdict import Outcome, Verdict


def finding(rule: str, severity: Severity, kind: FindingKind = FindingKind.LEAK) -> Finding:
    return Finding(
        rule=rule, severity=severity, kind=kind, evidence=Evidence.INFERRED, title="", fix="", content_bytes=0
    )


REPORT = Report(
    image=ImageSummary(source="a", format="docker-archive", name="app:1", docker_size=1000),
    totals=Totals(content_bytes=900, live_bytes=810, hidden_bytes=90, own_bytes=200, reclaimable_bytes=50),
    layers=(
        LayerReport(index=0, origin="base", content_bytes=200, hidden_bytes=50),
        LayerReport(index=1, origin="own", content_bytes=700, hidden_bytes=40),
    ),
    findings=(
        finding("private-key", Severity.CRITICAL, FindingKind.INHERITED),
        finding("vcs-metadata", Severity.HIGH),
        finding("tests", Severity.LOW),
        finding("tests", Severity.LOW),
    ),
)


def verdict(policy: Policy, rule: str, baseline: Report | None = None, report: Report = REPORT) -> Verdict:
    found = [one for one in judge(report, policy, baseline).verdicts if one.rule == rule]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("rule", "at_limit", "beyond"),
    [
        pytest.param("max-size", Policy(max_size=1000), Policy(max_size=999), id="size"),
        pytest.param(
            "max-reclaimable",
            Policy(max_reclaimable=Amount(content_bytes=50)),
            Policy(max_reclaimable=Amount(content_bytes=49)),
            id="reclaimable bytes",
        ),
        pytest.param(
            "max-reclaimable",
            Policy(max_reclaimable=Amount(share=Fraction(1, 4))),
            Policy(max_reclaimable=Amount(share=Fraction(249_999, 1_000_000))),
            id="reclaimable part of the own bytes",
        ),
        pytest.param(
            "max-hidden",
            Policy(max_hidden=(Amount(content_bytes=40),)),
            Policy(max_hidden=(Amount(content_bytes=39),)),
            id="hidden own bytes; the base's do not count",
        ),
        pytest.param(
            "highestWastedBytes",
            Policy(highest_wasted=90),
            Policy(highest_wasted=89),
            id="wasted: hidden bytes of all layers",
        ),
        pytest.param(
            "highestUserWastedPercent",
            Policy(highest_user_wasted=Fraction(9, 70)),
            Policy(highest_user_wasted=Fraction(128, 1000)),
            id="wasted part of all layers but the lowest",
        ),
        pytest.param(
            "min-efficiency",
            Policy(min_efficiency=Fraction(9, 10)),
            Policy(min_efficiency=Fraction(900_001, 1_000_000)),
            id="efficiency",
        ),
    ],
)
def test_a_limit_may_be_met_but_not_passed(rule: str, at_limit: Policy, beyond: Policy) -> None:
    assert verdict(at_limit, rule).outcome == Outcome.PASS
    assert verdict(beyond, rule).outcome == Outcome.FAIL
    assert all(one.outcome == Outcome.SKIP for one in judge(REPORT, Policy()).verdicts if one.rule == rule)


@pytest.mark.parametrize(
    ("limit", "before", "outcome"),
    [
        pytest.param(Amount(content_bytes=100), 900, Outcome.PASS, id="grew to the limit"),
        pytest.param(Amount(content_bytes=99), 900, Outcome.FAIL, id="grew beyond it"),
        pytest.param(Amount(share=Fraction(1, 9)), 900, Outcome.PASS, id="a part of the baseline"),
        pytest.param(Amount(share=Fraction(1, 10)), 900, Outcome.FAIL, id="more than that part"),
        pytest.param(Amount(content_bytes=0), 1001, Outcome.PASS, id="shrank"),
        pytest.param(Amount(share=Fraction(1)), 0, Outcome.FAIL, id="from nothing"),
        pytest.param(None, 900, Outcome.SKIP, id="a baseline without a limit"),
    ],
)
def test_growth_is_measured_from_the_baseline(limit: Amount | None, before: int, outcome: Outcome) -> None:
    baseline = replace(REPORT, image=replace(REPORT.image, docker_size=before))
    found = verdict(Policy(max_growth=limit), "max-growth", baseline)
    assert found.outcome == outcome


def test_growth_without_a_baseline_is_skipped_and_says_why() -> None:
    found = verdict(Policy(max_growth=Amount(content_bytes=1)), "max-growth")
    assert (found.outcome, found.detail) == (Outcome.SKIP, "no baseline is given")


@pytest.mark.parametrize(
    ("worst", "count"), [(Severity.CRITICAL, 0), (Severity.HIGH, 1), (Severity.MEDIUM, 1), (Severity.LOW, 3)]
)
def test_a_severity_takes_the_worse_ones_along_but_not_what_the_base_brought(worst: Severity, count: int) -> None:
    found = verdict(Policy(fail_on=worst), f"fail-on {worst.value}")
    assert (found.figure, found.outcome) == (count, Outcome.FAIL if count else Outcome.PASS)


def test_what_the_base_brought_counts_where_that_is_asked_for() -> None:
    found = verdict(Policy(fail_on=Severity.CRITICAL, include_inherited=True), "fail-on critical")
    assert (found.figure, found.detail) == (1, "findings of severity critical or worse: private-key")


def test_each_rule_that_is_named_has_its_own_verdict() -> None:
    policy = Policy(fail_on_rules=("tests", "apt-lists"))
    assert verdict(policy, "fail-on-rule tests").figure == 2
    assert verdict(policy, "fail-on-rule apt-lists").outcome == Outcome.PASS


@pytest.mark.parametrize(
    ("complete", "allowed", "outcome"),
    [(True, False, Outcome.PASS), (False, False, Outcome.FAIL), (False, True, Outcome.SKIP)],
)
def test_an_incomplete_image_fails_unless_that_is_allowed(complete: bool, allowed: bool, outcome: Outcome) -> None:
    report = replace(REPORT, complete=complete)
    assert verdict(Policy(allow_incomplete=allowed), "complete", report=report).outcome == outcome


def test_an_image_without_contents_is_efficient() -> None:
    report = replace(REPORT, totals=Totals())
    assert verdict(Policy(min_efficiency=Fraction(1)), "min-efficiency", report=report).outcome == Outcome.PASS


def test_the_gate_closes_on_one_failure() -> None:
    assert judge(REPORT, Policy(max_size=1000)).passed
    assert not judge(REPORT, Policy(max_size=1000, fail_on=Severity.LOW)).passed


@pytest.mark.parametrize(
    ("policy", "empty"),
    [
        (Policy(), True),
        (Policy(allow_incomplete=True), True),
        (Policy(max_size=0), False),
        (Policy(max_hidden=(Amount(content_bytes=0),)), False),
    ],
)
def test_a_limit_of_nothing_is_still_a_limit(policy: Policy, empty: bool) -> None:
    assert policy.is_empty == empty
