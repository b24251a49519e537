"""A report that went through JSON is the same report; anything else is refused with its place."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from layerscope.analysis.saved import load
from layerscope.errors import ArchiveError
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from layerscope.model.package import Package
from layerscope.model.report import ImageSummary, InstructionReport, LayerReport, Report, Totals
from layerscope.model.step import Safety, SecretAdvice, Step
from layerscope.render.json import dumps
from tests.analysis.reports import reports


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reports())
def test_a_report_survives_json(report: Report) -> None:
    assert load(dumps(report).encode("ascii")) == report


def small() -> Report:
    """One layer, one package, one finding with a path that is no UTF-8."""
    found = FoundPath(path="/a\udcff", layer=0, content_bytes=3, fate="live")
    finding = Finding(
        rule="tests",
        severity=Severity.LOW,
        kind=FindingKind.LEAK,
        evidence=Evidence.INFERRED,
        title="t",
        fix="f",
        content_bytes=3,
        paths=(found,),
    )
    return Report(
        image=ImageSummary(source="a.tar", format="docker-archive", name="a:1"),
        totals=Totals(content_bytes=3),
        layers=(LayerReport(index=0, content_bytes=3),),
        packages=(Package(type="deb", name="a", version="1", layers={0: 3}),),
        findings=(finding,),
    )


def changed(change: Callable[[Any], object]) -> bytes:
    """The JSON of the small report after a change to the parsed document."""
    document = json.loads(dumps(small()))
    change(document)
    return json.dumps(document).encode()


def test_a_path_that_is_no_utf8_comes_back() -> None:
    assert load(changed(lambda document: None)).findings[0].paths[0].path == "/a\udcff"


def test_members_that_a_value_computes_itself_may_stand_in_the_json() -> None:
    data = changed(lambda document: document["packages"][0].update(purl="pkg:deb/a@1"))
    assert load(data) == small()
    data = changed(lambda document: document["findings"][0]["paths"][0].update(path_base64=["L2H/"]))
    assert load(data) == small()


def test_a_later_minor_version_may_hold_more() -> None:
    data = changed(lambda document: document.update(schema_version="2.7", moods=["fine"]))
    assert load(data).findings == small().findings


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda d: d.update(schema_version="1.0"), "schema 1.0, expected 2.0", id="earlier major version"),
        pytest.param(lambda d: d.update(schema_version="3.0"), "schema 3.0, expected 2.0", id="later major version"),
        pytest.param(lambda d: d.update(schema_version=1), "$.schema_version", id="version is no text"),
        pytest.param(lambda d: d.pop("schema_version"), "not a report of layerscope", id="no version"),
        pytest.param(lambda d: d.update(mood="fine"), "$.mood: not a member", id="unknown member"),
        pytest.param(
            lambda d: d.pop("totals"), "r.json: $: Object missing required field `totals`", id="missing member"
        ),
        pytest.param(
            lambda d: d["totals"].update(files="3"), "$.totals.files: Expected `int`, got `str`", id="text for number"
        ),
        pytest.param(
            lambda d: d["totals"].update(files=True), "$.totals.files: Expected `int`, got `bool`", id="bool for number"
        ),
        pytest.param(
            lambda d: d["totals"].update(files=1.0),
            "$.totals.files: Expected `int`, got `float`",
            id="float for number",
        ),
        pytest.param(
            lambda d: d["totals"].update(content_bytes=-1),
            "$.totals.content_bytes: Expected `int` >= 0",
            id="negative bytes",
        ),
        pytest.param(lambda d: d.update(layers={}), "$.layers: Expected `array`, got `object`", id="object for array"),
        pytest.param(
            lambda d: d["findings"][0].update(severity="bad"),
            "$.findings[0].severity: Invalid enum value 'bad'",
            id="unknown severity",
        ),
        pytest.param(
            lambda d: d["findings"][0]["paths"][0].update(layer=4), "$.findings[0].paths", id="layer that is not there"
        ),
        pytest.param(
            lambda d: d["findings"][0].update(instruction=0),
            "$.findings[0].instruction: no such instruction",
            id="instruction not there",
        ),
        pytest.param(
            lambda d: d["layers"][0].update(mood=1), "$.layers[0].mood: not a member", id="unknown inner member"
        ),
        pytest.param(
            lambda d: d["findings"][0]["paths"][0].update(purl="p"),
            "$.findings[0].paths[0].purl: not a member",
            id="computed by another value",
        ),
        pytest.param(lambda d: d["totals"].update(efficiency=1.5), "$.totals.efficiency", id="share above one"),
        pytest.param(
            lambda d: d["findings"][0].pop("rule"),
            "$.findings[0]: Object missing required field `rule`",
            id="missing inner member",
        ),
        pytest.param(
            lambda d: d["packages"][0].update(layers={"a": 3}),
            "$.packages[0].layers: Expected `int`",
            id="key is no number",
        ),
        pytest.param(
            lambda d: d["packages"][0].update(qualifiers=[["a"]]), "$.packages[0].qualifiers[0]", id="short pair"
        ),
        pytest.param(
            lambda d: d["findings"][0].update(severity="x" * 9999), "$.findings[0].severity: Invalid", id="long text"
        ),
        pytest.param(lambda d: d["layers"][0].update(index=1), "$.layers: not numbered", id="index is not the place"),
        pytest.param(
            lambda d: d["packages"][0].update(layers={"-1": 3}),
            "$.packages[0].layers: Expected `int` >= 0",
            id="key is no index",
        ),
    ],
)
def test_what_is_no_report_is_refused_with_its_place(change: Callable[[Any], object], told: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        load(changed(change), "r.json")
    assert told in caught.value.message and caught.value.message.startswith("r.json")
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'{"schema_version": NaN}', id="not a number"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(
            b'{"schema_version": "1.0", "totals": {"efficiency": 1e999}, "image": {}}', id="an infinite number"
        ),
        pytest.param(b'{"schema_version": "1.0", "layers": ' + b"[" * 500 + b"]" * 500 + b"}", id="nested arrays"),
        pytest.param(b'{"schema_version":' * 200_000, id="nested without end"),
        pytest.param(b'{"schema_version": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
    ],
)
def test_other_data_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        load(data)


def full() -> Report:
    """One of everything that has an index of something else."""
    one = small()
    step = Step(strategy="s", safety=Safety.SAFE, sentence="", saves_bytes=1, findings=(0,))
    return replace(
        one,
        layers=(replace(one.layers[0], instruction=0),),
        instructions=(InstructionReport(index=0, kind="RUN", text="x", layer=0),),
        findings=(replace(one.findings[0], instruction=0),),
        steps=(step,),
        base_step=step,
        secrets=(SecretAdvice(finding=0, severity=Severity.LOW, rotate="", supply=""),),
        ignored=(replace(one.findings[0], instruction=0),),
    )


@pytest.mark.parametrize(
    ("set_to", "told"),
    [
        pytest.param(lambda d, i: d["layers"][0].update(instruction=i), "$.layers[0].instruction: no such", id="layer"),
        pytest.param(lambda d, i: d["instructions"][0].update(layer=i), "$.instructions[0].layer: no such", id="step"),
        pytest.param(lambda d, i: d["findings"][0].update(instruction=i), "$.findings[0].instruction", id="finding"),
        pytest.param(lambda d, i: d["findings"][0]["paths"][0].update(layer=i), "$.findings[0].paths", id="path"),
        pytest.param(lambda d, i: d["ignored"][0].update(instruction=i), "$.ignored[0].instruction", id="ignored"),
        pytest.param(lambda d, i: d["ignored"][0]["paths"][0].update(layer=i), "$.ignored[0].paths", id="ignored path"),
        pytest.param(lambda d, i: d["steps"][0].update(findings=[i]), "$.steps: no such finding", id="advice"),
        pytest.param(lambda d, i: d["base_step"].update(findings=[i]), "$.base_step: no such finding", id="base"),
        pytest.param(lambda d, i: d["secrets"][0].update(finding=i), "$.secrets: no such finding", id="secret"),
        pytest.param(lambda d, i: d["instructions"][0].update(index=i), "$.instructions: not numbered", id="index"),
    ],
)
def test_an_index_leads_to_what_is_there(set_to: Callable[[Any, int], object], told: str) -> None:
    for index in (0, 1, -1):
        document = json.loads(dumps(full()))
        set_to(document, index)
        data = json.dumps(document).encode()
        if index:
            with pytest.raises(ArchiveError) as caught:
                load(data, "r.json")
            assert told in caught.value.message or "Expected `int` >= 0" in caught.value.message
            assert caught.value.hint == "layerscope report IMAGE -f json writes one"
        else:
            assert load(data) == full()


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("2", "is not a version"),
        ("2.0.1", "is not a version"),
        ("2.x", "is not a version"),
        ("2.00000", ""),
        ("2.000000", "is not a version"),
        ("", "is not a version"),
        (None, "is not a version"),
        ("1.9", "schema 1.9, expected 2.0"),
        ("2.1", ""),
    ],
)
def test_a_version_has_two_short_numbers(version: object, told: str) -> None:
    data = changed(lambda document: document.update(schema_version=version))
    if told:
        with pytest.raises(ArchiveError, match=told):
            load(data)
    else:
        assert load(data).findings == small().findings


def test_long_places_and_problems_are_cut() -> None:
    with pytest.raises(ArchiveError) as caught:
        load(changed(lambda document: document.update({"x" * 999: 1})), "r")
    assert caught.value.message == f"r: $.{'x' * 198}: not a member of a report"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"{", "r is not JSON: "),
        (b'{"schema_version": NaN}', "NaN is not a number"),
        (b"[" * 200_000, "r is nested too deeply to be a report"),
        (b"[]", "r is JSON but not a report of layerscope: it has no schema_version"),
        (b"{}", "r is JSON but not a report of layerscope: it has no schema_version"),
        (b'{"schema_version": "2.0"}', "r: $: Object missing required field"),
    ],
)
def test_other_data_are_named_for_what_they_are(data: bytes, told: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        load(data, "r")
    assert told in caught.value.message
