"""SARIF 2.1.0: what the specification requires, and what GitHub's code scanning shows."""

import json
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from msgspec.structs import replace
from sarif_pydantic import Sarif  # type: ignore[import-untyped]

from layerscope.model.finding import Evidence, FoundPath
from layerscope.model.report import DockerfileReport, Report
from layerscope.model.step import Edit, Safety, Step
from layerscope.render.sarif import sarif
from layerscope.rules.registry import RULES
from tests.render.reports import HOSTILE, OPTIONS, empty, hostile, ordinary

EVERYTHING = replace(OPTIONS, inherited=True)


def run(report: Report, dockerfile: str = "", *, inherited: bool = True, root: str = "") -> dict[str, Any]:
    options = replace(OPTIONS, dockerfile=dockerfile, inherited=inherited, root=root)
    document = json.loads(sarif(report, options))
    assert document["version"] == "2.1.0"
    (only,) = document["runs"]
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize("case", ["nothing", "ordinary", *sorted(HOSTILE)])
def test_a_library_of_the_format_reads_it(case: str) -> None:
    report = empty() if case == "nothing" else ordinary() if case == "ordinary" else hostile(HOSTILE[case])
    read = Sarif.model_validate(json.loads(sarif(report, EVERYTHING)))
    assert read.version == "2.1.0"
    assert len(read.runs[0].results or ()) == len(report.findings) + len(report.ignored)


def test_the_driver_has_a_name_and_describes_every_rule() -> None:
    driver = run(empty())["tool"]["driver"]
    assert driver["name"] == "layerscope"
    assert [rule["id"] for rule in driver["rules"]] == [rule.name for rule in RULES]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and "Fix: " in rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def test_a_run_without_findings_has_an_empty_list_of_results() -> None:
    assert run(empty())["results"] == []  # Section 3.14.23: absent would mean that no scan was run.


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_every_result_has_what_is_required(case: str) -> None:
    made = run(hostile(HOSTILE[case]))
    rules = [rule["id"] for rule in made["tool"]["driver"]["rules"]]
    for result in made["results"]:
        assert result["message"]["text"]
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        (location,) = result["locations"]
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        assert all(set(place) == {"name", "fullyQualifiedName", "kind"} for place in location["logicalLocations"])


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_the_bytes_of_a_path_can_be_had_back(case: str) -> None:
    (place,) = run(hostile(HOSTILE[case]))["results"][0]["locations"][0]["logicalLocations"]
    raw = unquote_to_bytes(place["fullyQualifiedName"].removeprefix("layer 0: "))
    assert raw == ("/" + HOSTILE[case]).encode("utf-8", "surrogateescape")


def test_a_finding_stands_at_its_line_of_the_dockerfile() -> None:
    first = run(ordinary(), "docker/Dockerfile")["results"][0]["locations"][0]["physicalLocation"]
    place = {"uri": "docker/Dockerfile", "uriBaseId": "%SRCROOT%"}
    assert first == {"artifactLocation": place, "region": {"startLine": 7}}


def test_a_finding_without_a_line_stands_at_the_archive() -> None:
    second = run(ordinary())["results"][1]["locations"][0]["physicalLocation"]
    assert second["artifactLocation"] == {"uri": "app.tar", "uriBaseId": "%SRCROOT%"}


def advised() -> Report:
    """The ordinary report with a step for its first finding, at the line of the stage that makes it."""
    edits = tuple(Edit(file=f"docker/{name}", line=3, added=("x",)) for name in (".dockerignore", "Dockerfile"))
    step = Step(strategy="s", safety=Safety.SAFE, sentence="do", dockerfile_line=3, findings=(0,), edits=edits)
    return replace(
        ordinary(), steps=(step,), dockerfile=DockerfileReport(name="Dockerfile", evidence=Evidence.DECLARED)
    )


def test_a_finding_stands_at_the_line_to_edit_and_names_the_one_that_brings_it() -> None:
    first, second, _ = run(advised(), "docker/Dockerfile")["results"]
    assert first["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
    (related,) = first["relatedLocations"]
    assert related["physicalLocation"]["region"] == {"startLine": 7} and related["message"]["text"]
    assert "relatedLocations" not in second


@pytest.mark.parametrize("dockerfile", ["docker/Dockerfile", ""], ids=["given", "of a saved report"])
def test_a_finding_and_its_fix_name_the_same_file(dockerfile: str) -> None:
    first = run(advised(), dockerfile, root="file:///elsewhere/")["results"][0]
    changes = [one["artifactLocation"] for one in first["fixes"][0]["artifactChanges"]]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"] == changes[1]
    assert [one["uri"] for one in changes] == ["docker/.dockerignore", "docker/Dockerfile"]


def test_paths_are_relative_to_a_root_that_has_a_uri_only_outside_of_the_working_directory() -> None:
    assert set(run(ordinary())["originalUriBaseIds"]["%SRCROOT%"]) == {"description"}
    outside = run(ordinary(), root="file:///elsewhere/")["originalUriBaseIds"]["%SRCROOT%"]
    assert outside["uri"] == "file:///elsewhere/"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a b.tar", {"uri": "a%20b.tar", "uriBaseId": "%SRCROOT%"}),
        ("c:d.tar", {"uri": "c%3Ad.tar", "uriBaseId": "%SRCROOT%"}),
        ("/tmp/a.tar", {"uri": "file:///tmp/a.tar"}),
    ],
)
def test_an_absolute_path_has_a_scheme_and_no_base(source: str, expected: dict[str, str]) -> None:
    image = replace(ordinary().image, source=source)
    second = run(replace(ordinary(), image=image))["results"][1]
    assert second["locations"][0]["physicalLocation"]["artifactLocation"] == expected


def test_inherited_findings_are_notes_and_shown_on_request() -> None:
    assert [result["level"] for result in run(ordinary())["results"]] == ["error", "warning", "note"]
    assert [result["level"] for result in run(ordinary(), inherited=False)["results"]] == ["error", "warning"]


def test_code_scanning_gets_a_score_for_secrets_alone_and_a_fingerprint_that_it_compares() -> None:
    made = run(ordinary())
    rules = {rule["id"]: rule["properties"] for rule in made["tool"]["driver"]["rules"]}
    assert rules["private-key"]["security-severity"] == "9.5" and "security" in rules["private-key"]["tags"]
    assert "security-severity" not in rules["apt-lists"] and "security" not in rules["apt-lists"]["tags"]
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in made["results"]]
    assert len(set(prints)) == len(prints)


def test_a_rule_keeps_to_the_lengths_of_code_scanning() -> None:
    for rule in run(empty())["tool"]["driver"]["rules"]:
        assert max(len(rule[name]["text"]) for name in ("shortDescription", "fullDescription")) <= 1024
        assert len(rule["properties"]["tags"]) <= 10 and len(rule["name"]) <= 255
        assert not {"{", "}"} & set(rule["shortDescription"]["text"])


def test_no_name_is_a_link_in_a_message() -> None:
    for result in run(hostile("[a](http://x)"))["results"]:
        assert "](" not in result["message"]["text"]


def test_fingerprints_differ_within_a_report_and_outlive_other_sizes_and_layers() -> None:
    report = ordinary()
    (first, *rest) = report.findings
    twice = replace(report, findings=(first, first, *rest))
    prints = [result["partialFingerprints"]["layerscopeFinding/v1"] for result in run(twice)["results"]]
    assert len(set(prints)) == 4
    moved = tuple(
        replace(
            one,
            layers=(0,),
            content_bytes=1,
            paths=tuple(FoundPath(path=p.path, layer=0, content_bytes=1, fate="live") for p in one.paths),
        )
        for one in twice.findings
    )
    again = run(replace(report, findings=moved))["results"]
    assert [result["partialFingerprints"]["layerscopeFinding/v1"] for result in again] == prints


def test_logical_locations_are_unique() -> None:
    report = ordinary()
    path = report.findings[0].paths[0]
    repeated = replace(report, findings=(replace(report.findings[0], paths=(path, path)),))
    (result,) = run(repeated)["results"]
    assert len(result["locations"][0]["logicalLocations"]) == 1


def test_warnings_are_notifications_and_a_missing_layer_is_a_failure() -> None:
    (invocation,) = run(replace(ordinary(), complete=False))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == list(ordinary().warnings)


def test_an_ignored_finding_is_suppressed_with_its_reason() -> None:
    report = ordinary()
    ignored = replace(report.findings[0], ignored="needed until the next release")
    *_, last = run(replace(report, ignored=(ignored,)))["results"]
    assert [one["justification"] for one in last["suppressions"]] == ["needed until the next release"]
    prints = [result["partialFingerprints"]["layerscopeFinding/v1"] for result in run(report)["results"]]
    assert last["partialFingerprints"]["layerscopeFinding/v1"] not in prints
