"""The gate: at the limit passes, one byte beyond it fails."""

from fractions import Fraction

import pytest
from msgspec.structs import replace

from layerscope.analysis.amounts import Amount
from layerscope.analysis.policy import Policy, evaluate
from layerscope.model.check import CheckResult, Outcome
from layerscope.model.finding import Evidence, Finding, FindingKind, Severity
from layerscope.model.image import Verified
from layerscope.model.report import ImageSummary, LayerReport, Report, Totals


def finding(rule: str, severity: Severity, kind: FindingKind = FindingKind.LEAK, source: str = "unknown") -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        kind=kind,
        source=source,
        evidence=Evidence.INFERRED,
        title="",
        fix="",
        content_bytes=0,
    )


REPORT = Report(
    image=ImageSummary(source="a", format="docker-archive", name="app:1", docker_size=1000),
    totals=Totals(content_bytes=900, live_bytes=810, hidden_bytes=90, own_bytes=200, reclaimable_bytes=50),
    layers=(
        LayerReport(index=0, origin="base", content_bytes=200, hidden_bytes=50),
        LayerReport(index=1, origin="own", content_bytes=700, hidden_bytes=40),
    ),
    findings=(
        finding("private-key", Severity.CRITICAL, FindingKind.SECRET, "base"),
        finding("vcs-metadata", Severity.HIGH),
        finding("tests", Severity.LOW),
        finding("tests", Severity.LOW),
    ),
)


def result(policy: Policy, rule: str, baseline: Report | None = None, report: Report = REPORT) -> CheckResult:
    found = [one for one in evaluate(report, policy, baseline).checks if one.rule == rule]
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
    assert result(at_limit, rule).outcome == Outcome.PASS
    assert result(beyond, rule).outcome == Outcome.FAIL
    assert all(one.outcome == Outcome.SKIP for one in evaluate(REPORT, Policy()).checks if one.rule == rule)


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
    found = result(Policy(max_growth=limit), "max-growth", baseline)
    assert found.outcome == outcome


def test_growth_without_a_baseline_is_skipped_and_says_why() -> None:
    found = result(Policy(max_growth=Amount(content_bytes=1)), "max-growth")
    assert (found.outcome, found.detail) == (Outcome.SKIP, "no baseline is given")


@pytest.mark.parametrize(
    ("worst", "count"), [(Severity.CRITICAL, 0), (Severity.HIGH, 1), (Severity.MEDIUM, 1), (Severity.LOW, 3)]
)
def test_a_severity_takes_the_worse_ones_along_but_not_what_the_base_brought(worst: Severity, count: int) -> None:
    found = result(Policy(fail_on=worst), f"fail-on {worst.value}")
    assert (found.value, found.outcome) == (count, Outcome.FAIL if count else Outcome.PASS)


def test_what_the_base_brought_counts_where_that_is_asked_for() -> None:
    found = result(Policy(fail_on=Severity.CRITICAL, include_inherited=True), "fail-on critical")
    assert (found.value, found.detail) == (1, "findings of severity critical or worse: private-key")


def test_each_rule_that_is_named_has_its_own_verdict() -> None:
    policy = Policy(fail_on_rules=("tests", "apt-lists"))
    assert result(policy, "fail-on-rule tests").value == 2
    assert result(policy, "fail-on-rule apt-lists").outcome == Outcome.PASS


@pytest.mark.parametrize(
    ("complete", "allowed", "outcome"),
    [(True, False, Outcome.PASS), (False, False, Outcome.FAIL), (False, True, Outcome.SKIP)],
)
def test_an_incomplete_image_fails_unless_that_is_allowed(complete: bool, allowed: bool, outcome: Outcome) -> None:
    report = replace(REPORT, complete=complete)
    assert result(Policy(allow_incomplete=allowed), "complete", report=report).outcome == outcome


SHARE = Fraction(1, 8)


@pytest.mark.parametrize(
    ("policy", "rule", "before", "value", "limit", "detail"),
    [
        pytest.param(
            Policy(max_reclaimable=Amount(share=SHARE)),
            *("max-reclaimable", 0, 25.0, 12.5, ": 50 of 200 bytes"),
            id="reclaimable of the own bytes",
        ),
        pytest.param(
            Policy(max_hidden=(Amount(share=SHARE),)),
            *("max-hidden", 0, 20.0, 12.5, ": 40 of 200 bytes"),
            id="hidden of the own bytes",
        ),
        pytest.param(
            Policy(highest_user_wasted=SHARE),
            *("highestUserWastedPercent", 0, 12.86, 12.5, "hidden bytes of all layers: 90 of 700 bytes"),
            id="hidden of all layers but the lowest",
        ),
        pytest.param(
            Policy(min_efficiency=SHARE),
            *("min-efficiency", 0, 90.0, 12.5, "live bytes of all content bytes"),
            id="live of all",
        ),
        pytest.param(
            Policy(max_growth=Amount(share=SHARE)),
            *("max-growth", 900, 11.11, 12.5, "growth since the baseline: 100 of 900 bytes"),
            id="growth of the baseline",
        ),
        pytest.param(
            Policy(max_growth=Amount(share=SHARE)),
            *("max-growth", 3000, -66.67, 12.5, "growth since the baseline: -2,000 of 3,000 bytes"),
            id="an image that shrank",
        ),
    ],
)
def test_a_percentage_is_of_what_it_says(
    policy: Policy, rule: str, before: int, value: float, limit: float, detail: str
) -> None:
    baseline = replace(REPORT, image=replace(REPORT.image, docker_size=before)) if before else None
    found = result(policy, rule, baseline)
    assert (found.unit, found.value, found.limit) == ("percent", value, limit)
    assert found.detail.endswith(detail)


@pytest.mark.parametrize(
    ("policy", "rule", "value", "limit"),
    [
        pytest.param(Policy(max_size=7), "max-size", 1000, 7, id="size"),
        pytest.param(Policy(max_reclaimable=Amount(content_bytes=7)), "max-reclaimable", 50, 7, id="reclaimable"),
        pytest.param(Policy(max_hidden=(Amount(content_bytes=7),)), "max-hidden", 40, 7, id="hidden"),
        pytest.param(Policy(highest_wasted=7), "highestWastedBytes", 90, 7, id="wasted"),
        pytest.param(Policy(max_growth=Amount(content_bytes=7)), "max-growth", 100, 7, id="growth"),
    ],
)
def test_bytes_are_figure_and_limit_as_they_are(policy: Policy, rule: str, value: int, limit: int) -> None:
    found = result(policy, rule, replace(REPORT, image=replace(REPORT.image, docker_size=900)))
    assert (found.unit, found.value, found.limit, found.outcome) == ("bytes", value, limit, Outcome.FAIL)
    assert found.detail and not found.detail.endswith("no limit is set")


def test_what_is_not_limited_has_its_figure_all_the_same() -> None:
    found = {one.rule: one for one in evaluate(REPORT, Policy(), replace(REPORT)).checks}
    assert [(name, one.outcome, one.value, one.limit) for name, one in found.items()] == [
        ("complete", Outcome.PASS, 0, 0),
        ("max-size", Outcome.SKIP, 1000, None),
        ("max-growth", Outcome.SKIP, 0, None),
        ("min-efficiency", Outcome.SKIP, 90.0, None),
        ("max-reclaimable", Outcome.SKIP, 50, None),
        ("max-hidden", Outcome.SKIP, 40, None),
        ("fail-on", Outcome.SKIP, None, None),
    ]
    assert all(one.detail.endswith("no limit is set") for one in found.values() if one.rule != "complete")
    assert result(Policy(), "max-growth").detail == "no limit is set"


@pytest.mark.parametrize(
    ("limit", "share", "outcome", "figures"),
    [
        pytest.param(Amount(content_bytes=0), 1000, Outcome.PASS, (0, 0), id="no growth, and none allowed"),
        pytest.param(Amount(share=Fraction(0)), 1000, Outcome.PASS, (0.0, 0.0), id="nor a part"),
        pytest.param(Amount(share=Fraction(0)), 999, Outcome.FAIL, (0.1, 0.0), id="one byte is too much"),
        pytest.param(Amount(share=Fraction(1)), 500, Outcome.PASS, (100.0, 100.0), id="doubled, as allowed"),
        pytest.param(Amount(share=Fraction(1)), 0, Outcome.FAIL, (None, 100.0), id="a part of nothing"),
        pytest.param(Amount(content_bytes=1000), 0, Outcome.PASS, (1000, 1000), id="bytes from nothing"),
    ],
)
def test_growth_at_its_edges(
    limit: Amount, share: int, outcome: Outcome, figures: tuple[float | None, float | None]
) -> None:
    baseline = replace(REPORT, image=replace(REPORT.image, docker_size=share))
    found = result(Policy(max_growth=limit), "max-growth", baseline)
    assert (found.outcome, (found.value, found.limit)) == (outcome, figures)


def test_an_image_without_own_bytes_has_no_part_of_them_hidden() -> None:
    report = replace(REPORT, totals=Totals(), layers=())
    found = result(Policy(max_hidden=(Amount(share=Fraction(0)),)), "max-hidden", report=report)
    assert (found.outcome, found.value, found.limit) == (Outcome.PASS, None, 0.0)


@pytest.mark.parametrize(
    ("live", "limit", "figures"),
    [
        pytest.param(949_999, Fraction(95, 100), (94.9999, 95.0), id="just below"),
        pytest.param(950_001, Fraction(95, 100), (95.0001, 95.0), id="just above"),
        pytest.param(950_000, Fraction(95, 100), (95.0, 95.0), id="at it"),
        pytest.param(333_333, Fraction(1, 2), (33.33, 50.0), id="two decimals where they say enough"),
    ],
)
def test_no_figure_is_rounded_to_its_limit(live: int, limit: Fraction, figures: tuple[float, float]) -> None:
    report = replace(REPORT, totals=Totals(content_bytes=1_000_000, live_bytes=live))
    found = result(Policy(min_efficiency=limit), "min-efficiency", report=report)
    assert (found.value, found.limit) == figures
    assert (found.outcome == Outcome.PASS) == (live >= limit * 1_000_000)


def test_an_image_without_contents_is_efficient() -> None:
    found = result(Policy(min_efficiency=Fraction(1)), "min-efficiency", report=replace(REPORT, totals=Totals()))
    assert (found.outcome, found.value, found.limit) == (Outcome.PASS, 100.0, 100.0)


def test_layers_that_could_not_be_read_are_counted() -> None:
    layers = (
        replace(REPORT.layers[0], problem="cut"),
        REPORT.layers[1],
        replace(REPORT.layers[1], problem="cut"),
        replace(REPORT.layers[1], partial="1 broken hardlink"),
        replace(REPORT.layers[1], verified=Verified.UNTERMINATED),
        replace(REPORT.layers[1], verified=Verified.HEADERS),
    )
    found = result(Policy(allow_incomplete=True), "complete", report=replace(REPORT, layers=layers, complete=False))
    assert (found.unit, found.value, found.limit) == ("layers", 4, 0)
    assert found.detail == f"{result(Policy(), 'complete').detail}, which is allowed"


def test_findings_are_named_once_and_in_order() -> None:
    policy = Policy(fail_on=Severity.LOW, fail_on_rules=("tests", "apt-lists"), include_inherited=True)
    found = result(policy, "fail-on low")
    assert (found.unit, found.value, found.limit) == ("findings", 4, 0)
    assert found.detail == "findings of severity low or worse: private-key, tests, vcs-metadata"
    assert result(policy, "fail-on-rule tests").detail == "findings of the rule: tests"
    none = result(policy, "fail-on-rule apt-lists")
    assert (none.unit, none.value, none.limit, none.detail) == ("findings", 0, 0, "findings of the rule")


def test_what_is_ignored_is_counted_beside_the_verdicts() -> None:
    made = evaluate(replace(REPORT, ignored=REPORT.findings[:2]), Policy())
    assert (made.name, made.ignored) == ("app:1", 2)


def test_each_limit_of_hidden_bytes_has_its_verdict_and_its_own_layers_alone() -> None:
    policy = Policy(max_hidden=(Amount(content_bytes=40), Amount(share=Fraction(1, 10))))
    found = [one for one in evaluate(REPORT, policy).checks if one.rule == "max-hidden"]
    assert [(one.outcome, one.value) for one in found] == [(Outcome.PASS, 40), (Outcome.FAIL, 20.0)]


def test_the_gate_closes_on_one_failure() -> None:
    assert evaluate(REPORT, Policy(max_size=1000)).passed
    assert not evaluate(REPORT, Policy(max_size=1000, fail_on=Severity.LOW)).passed


@pytest.mark.parametrize(
    ("policy", "empty"),
    [
        (Policy(), True),
        (Policy(allow_incomplete=True), True),
        (Policy(max_size=0), False),
        (Policy(max_reclaimable=Amount(content_bytes=0)), False),
        (Policy(highest_wasted=0), False),
        (Policy(highest_user_wasted=Fraction(0)), False),
        (Policy(min_efficiency=Fraction(0)), False),
        (Policy(max_growth=Amount(content_bytes=0)), False),
        (Policy(fail_on=Severity.LOW), False),
        (Policy(fail_on_rules=("tests",)), False),
        (Policy(include_inherited=True), True),
        (Policy(max_hidden=(Amount(content_bytes=0),)), False),
    ],
)
def test_a_limit_of_nothing_is_still_a_limit(policy: Policy, empty: bool) -> None:
    assert policy.is_empty == empty


def test_a_share_that_is_just_the_limit_is_told_with_two_decimals() -> None:
    report = replace(REPORT, totals=replace(REPORT.totals, own_bytes=300, reclaimable_bytes=100))
    found = result(Policy(max_reclaimable=Amount(share=Fraction(1, 3))), "max-reclaimable", report=report)
    assert (found.outcome, found.value, found.limit) == (Outcome.PASS, 33.33, 33.33)
