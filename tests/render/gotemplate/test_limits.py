"""What a template may ask for is bounded, and every bound is a UsageError."""

import pytest

from layerscope.errors import UsageError
from layerscope.render.gotemplate import render


def nested(depth: int) -> object:
    document: object = 1
    for _ in range(depth):
        document = [document]
    return document


@pytest.mark.parametrize(
    ("template", "words"),
    [
        pytest.param("{{" + "(" * 2000 + "1" + ")" * 2000 + "}}", "max expression depth exceeded", id="parentheses"),
        pytest.param("{{if 1}}" * 2000 + "{{end}}" * 2000, "max expression depth exceeded", id="ifs"),
        pytest.param("{{if 0}}" + "{{else if 0}}" * 2000 + "{{end}}", "max expression depth exceeded", id="else ifs"),
        pytest.param('{{block "a" .}}' * 2000 + "{{end}}" * 2000, "max expression depth exceeded", id="blocks"),
        pytest.param(
            '{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}',
            "exceeded maximum template depth (50)",
            id="template calls itself",
        ),
        pytest.param("{{range 9000000000}}{{end}}", "more than 2,000,000 steps", id="long loop"),
        pytest.param("{{range 9000}}{{range 9000}}x{{end}}{{end}}", "more than 2,000,000 steps", id="loop in loop"),
        pytest.param('{{pad "x" 99999999999 0}}', "more than 16,777,216 characters", id="pad"),
        pytest.param('{{printf "%9999999d%9999999d" 1 2}}', "more than 16,777,216 characters", id="width"),
        pytest.param(
            '{{$x := "abcdefgh"}}{{range 60}}{{$x = print $x $x}}{{end}}',
            "more than 16,777,216 characters",
            id="doubling",
        ),
        pytest.param(
            '{{$x := printf "%99999d" 1}}{{range 9999}}{{$x}}{{end}}',
            "more than 16,777,216 characters of output",
            id="output",
        ),
        pytest.param(
            '{{$x := "<"}}{{range 23}}{{$x = print $x $x}}{{end}}{{html $x}}',
            "more than 16,777,216 characters",
            id="escapes",
        ),
    ],
)
def test_hostile_template_is_refused(template: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        render(template, {})
    assert words in caught.value.message


@pytest.mark.parametrize("template", ["{{.}}", "{{json .}}", "{{len .}}", '{{printf "%d" .}}'])
def test_document_nested_too_deeply_is_refused(template: str) -> None:
    with pytest.raises(UsageError, match="nested too deeply"):
        render(template, nested(5000))


def test_combined_nesting_is_refused_without_a_traceback() -> None:
    body = "{{if 1}}" * 45 + '{{template "a" .}}' + "{{end}}" * 45
    with pytest.raises(UsageError):
        render('{{define "a"}}' + body + '{{end}}{{template "a" .}}', {})


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("{{" + "(" * 40 + "1" + ")" * 40 + "}}", id="parentheses"),
        pytest.param("{{if 1}}" * 40 + "1" + "{{end}}" * 40, id="ifs"),
        pytest.param("{{if 0}}" + "{{else if 0}}" * 40 + "{{else}}1{{end}}", id="else ifs"),
        pytest.param("{{" + "(print " * 40 + "1" + ")" * 40 + "}}", id="calls"),
    ],
)
def test_sane_nesting_is_within_the_limits(template: str) -> None:
    assert render(template, {}) == "1"
