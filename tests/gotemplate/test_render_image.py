"""An inspected image reads as the engine's command line reads it: by its struct first, as plain JSON second."""

import json

import pytest

from layerscope.errors import UsageError
from layerscope.gotemplate import render_image
from tests.gotemplate.engine_answers import BARE, BARE_ANSWERS, FULL, FULL_ANSWERS, PARTIAL, PARTIAL_ANSWERS

ROWS = [
    pytest.param(document, template, expected, id=f"{name}: {template}")
    for name, document, answers in (
        ("full", FULL, FULL_ANSWERS),
        ("bare", BARE, BARE_ANSWERS),
        ("partial", PARTIAL, PARTIAL_ANSWERS),
    )
    for template, expected in answers
]


@pytest.mark.parametrize(("document", "template", "expected"), ROWS)
def test_answer_is_that_of_the_engine(document: dict[str, object], template: str, expected: str) -> None:
    try:
        answer = render_image(template, document)
    except UsageError as error:
        answer = error.message
    assert answer == expected


def test_json_has_the_fields_of_the_engine_in_its_order() -> None:
    names = [
        "Id",
        "RepoTags",
        "RepoDigests",
        "Created",
        "Config",
        "Architecture",
        "Os",
        "Size",
        "GraphDriver",
        "RootFS",
    ]
    assert list(json.loads(render_image("{{json .}}", dict(reversed(FULL.items()))))) == [*names, "Descriptor"]


def test_keys_beyond_the_engine_are_in_both_readings() -> None:
    document = FULL | {"LayerBytes": [10, 20], "Config": {"User": "app", "Domainname": "d"}}
    template = "{{index .LayerBytes 1}} {{.Config.Domainname}} {{.Config.StopSignal}}|"
    assert render_image(template, document) == "20 d |"
    assert render_image("{{.Id}} {{index .LayerBytes 1}}", document) == "sha256:4f1c 20"
    assert json.loads(render_image("{{json .}}", document))["LayerBytes"] == [10, 20]


def test_document_of_another_type_is_read_as_plain_json() -> None:
    assert render_image("{{.Size}} {{.Os}}", {"Size": "5", "Os": "linux"}) == "5 linux"
    assert render_image("{{len .}}", [1, 2]) == "2"
    assert render_image("{{.RepoTags}}", {"RepoTags": "a"}) == "a"
    assert render_image("{{.Config.Labels}}", {"Config": {"Labels": ["a=b"]}}) == "[a=b]"


@pytest.mark.parametrize(
    ("nanoseconds", "expected"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1100, "1.1\u00b5s"),
        (2_200_000, "2.2ms"),
        (3_300_000_000, "3.3s"),
        (245_000_000_000, "4m5s"),
        (245_001_000_000, "4m5.001s"),
        (18_367_001_000_000, "5h6m7.001s"),
        (3_600_000_000_000, "1h0m0s"),
        (-1_500_000_000, "-1.5s"),
    ],
)
def test_duration_prints_as_in_go(nanoseconds: int, expected: str) -> None:
    document = {"Config": {"Healthcheck": {"Interval": nanoseconds}}}
    assert render_image("{{.Config.Healthcheck.Interval}}", document) == expected


def test_parse_error_is_that_of_go() -> None:
    with pytest.raises(UsageError, match=r'^template: :1: function "nofunc" not defined$'):
        render_image("{{nofunc}}", FULL)


@pytest.mark.parametrize("template", ["{{.}}", "{{json .}}"])
def test_document_nested_too_deeply_is_refused(template: str) -> None:
    nested: object = 1
    for _ in range(5000):
        nested = [nested]
    with pytest.raises(UsageError, match="nested too deeply"):
        render_image(template, {"Metadata": nested})
