"""JUnit XML and GitLab's Code Quality report."""

import json

import pytest
from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite
from msgspec.structs import replace

from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.gitlab import gitlab
from layerscope.render.junit import junit
from layerscope.rules.registry import RULES
from tests.render.reports import HOSTILE, OPTIONS, empty, hostile, ordinary


def cases(report: Report) -> list[TestCase]:
    document = JUnitXml.fromstring(junit(report, OPTIONS).encode())
    found = [case for suite in document if isinstance(suite, TestSuite) for case in suite]
    assert document.tests == len(found)
    return found


def test_each_rule_that_finds_nothing_is_a_passed_case() -> None:
    made = cases(empty())
    assert [case.classname for case in made] == [rule.name for rule in RULES]
    assert all(case.is_passed for case in made)


def test_findings_fail_and_inherited_ones_are_skipped() -> None:
    made = {case.classname: case for case in cases(ordinary()) if not case.is_passed}
    assert isinstance(made["git-directory"].result[0], Failure)
    assert isinstance(made["docs-man-locale"].result[0], Skipped)
    assert JUnitXml.fromstring(junit(ordinary(), OPTIONS).encode()).failures == 2


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_junit_reads_names_as_text(case: str) -> None:
    failed = [one for one in cases(hostile(HOSTILE[case])) if one.result and isinstance(one.result[0], Failure)]
    (only,) = failed
    assert printable(HOSTILE[case]) in only.name
    assert only.result[0].message == printable(HOSTILE[case])
    assert "/" + printable(HOSTILE[case]) in only.result[0].text


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_gitlab_has_the_required_members_and_no_two_equal_fingerprints(case: str) -> None:
    issues = json.loads(gitlab(hostile(HOSTILE[case]), OPTIONS))
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"] == {"path": "Dockerfile", "lines": {"begin": 1}}
        assert printable(HOSTILE[case]) in issue["description"]
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 2


def test_gitlab_places_a_finding_at_its_line() -> None:
    issues = json.loads(gitlab(ordinary(), replace(OPTIONS, dockerfile="docker/Dockerfile")))
    assert issues[0]["location"] == {"path": "docker/Dockerfile", "lines": {"begin": 7}}
    assert [issue["severity"] for issue in issues] == ["critical", "major", "info"]
