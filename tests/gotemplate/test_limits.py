"""What a template may ask for is bounded, and every bound is a UsageError."""

import pytest

from layerscope.errors import UsageError
from layerscope.gotemplate import evaluate, render


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
        pytest.param("{{range 99999999999}}{{end}}", "exceeds 1,000,000 steps", id="long loop"),
        pytest.param(
            "{{range 99999999999}}{{break}}{{end}}{{range 9000}}{{range 9000}}{{end}}{{end}}",
            "1,000,000 steps",
            id="loop in loop",
        ),
        pytest.param("{{range 1000}}{{range $.l}}{{end}}{{end}}", "exceeds 1,000,000 steps", id="list in loop"),
        pytest.param("{{range 1000}}{{range $.m}}{{break}}{{end}}{{end}}", "exceeds 1,000,000 steps", id="map in loop"),
        pytest.param('{{pad "x" 99999999999 0}}', "text exceeds 16,777,216 characters", id="pad"),
        pytest.param(
            '{{printf "%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d" 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7}}',
            "text exceeds 16,777,216 characters",
            id="width",
        ),
        pytest.param('{{$x := "abcdefgh"}}{{range 60}}{{$x = print $x $x}}{{end}}', "characters", id="doubling"),
        pytest.param(
            '{{$x := printf "%99999d" 1}}{{range 9999}}{{$x}}{{end}}',
            "the output exceeds 16,777,216 characters",
            id="output",
        ),
        pytest.param(
            '{{$x := printf "%999999d" 1}}{{range 9999}}{{$n := len $x}}{{end}}',
            "the template's functions exceed 67,108,864 characters",
            id="text looked at in a loop",
        ),
    ],
)
def test_hostile_template_is_refused(template: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        render(template, {"l": [0] * 9999, "m": dict.fromkeys(map(str, range(9999)), 0)})
    assert words in caught.value.message


@pytest.mark.parametrize(
    "template", ["{{range 9999}}{{$}}{{end}}", "{{range 9999}}{{$j := json $}}{{end}}"], ids=["printed", "as JSON"]
)
def test_each_element_of_a_document_in_a_loop_is_a_step(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "MAX_STEPS", 5_000)
    with pytest.raises(UsageError, match="exceeds 5,000 steps"):
        render(template, {"l": [0] * 999})


@pytest.mark.parametrize("template", ["{{.}}", "{{json .}}", "{{print .}}", '{{printf "%d" .}}'])
def test_document_nested_too_deeply_is_refused(template: str) -> None:
    with pytest.raises(UsageError, match="nested too deeply"):
        render(template, nested(5000))


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
