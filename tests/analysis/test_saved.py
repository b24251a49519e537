"""A report that went through JSON is the same report; anything else is refused with its place."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from layerscope.analysis.saved import load
from layerscope.errors import ArchiveError
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from layerscope.model.package import Package
from layerscope.model.report import ImageSummary, LayerReport, Report, Totals
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


def test_a_later_minor_version_may_hold_more() -> None:
    data = changed(lambda document: document.update(schema_version="1.7", moods=["fine"]))
    assert load(data).findings == small().findings


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda d: d.update(schema_version="2.0"), "schema version 2.0", id="later major version"),
        pytest.param(lambda d: d.update(schema_version=1), "$.schema_version", id="version is no text"),
        pytest.param(lambda d: d.pop("schema_version"), "no report of layerscope", id="no version"),
        pytest.param(lambda d: d.update(mood="fine"), "$.mood is no member", id="unknown member"),
        pytest.param(lambda d: d.pop("totals"), "$.totals is missing", id="missing member"),
        pytest.param(
            lambda d: d["totals"].update(files="3"), "$.totals.files is no whole number", id="text for number"
        ),
        pytest.param(
            lambda d: d["totals"].update(files=True), "$.totals.files is no whole number", id="bool for number"
        ),
        pytest.param(
            lambda d: d["totals"].update(files=1.0), "$.totals.files is no whole number", id="float for number"
        ),
        pytest.param(
            lambda d: d["totals"].update(content_bytes=-1), "$.totals.content_bytes is negative", id="negative bytes"
        ),
        pytest.param(lambda d: d.update(layers={}), "$.layers is no array", id="object for array"),
        pytest.param(
            lambda d: d["findings"][0].update(severity="bad"),
            "$.findings[0].severity is none of",
            id="unknown severity",
        ),
        pytest.param(
            lambda d: d["findings"][0]["paths"][0].update(layer=4), "$.findings[0].paths", id="layer that is not there"
        ),
        pytest.param(lambda d: d["findings"][0].update(instruction=0), "instruction is no", id="instruction not there"),
        pytest.param(
            lambda d: d["layers"][0].update(index=1), "$.layers are not numbered", id="index is not the place"
        ),
        pytest.param(
            lambda d: d["packages"][0].update(layers={"-1": 3}), "$.packages[0].layers has a key", id="key is no index"
        ),
    ],
)
def test_what_is_no_report_is_refused_with_its_place(change: Callable[[Any], object], told: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        load(changed(change), "r.json")
    assert told in caught.value.message and caught.value.message.startswith("r.json")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'{"schema_version": NaN}', id="not a number"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b'{"schema_version":' * 200_000, id="nested without end"),
        pytest.param(b'{"schema_version": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
    ],
)
def test_other_data_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        load(data)
