"""The lines that people use every day, and any text at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import UsageError
from layerscope.gotemplate import render

DOCUMENT = {
    "RepoTags": ["notes:1.0"],
    "Size": 1700123456,
    "Config": {"Env": ["PATH=/bin", "A=<b>&c"], "Cmd": ["sh"]},
    "RootFS": {"Type": "layers", "Layers": ["sha256:aa", "sha256:bb"]},
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("{{range .RootFS.Layers}}{{println .}}{{end}}", "sha256:aa\nsha256:bb\n", id="one layer a line"),
        pytest.param("{{.Size}}", "1700123456", id="size"),
        pytest.param("{{len .RootFS.Layers}}", "2", id="number of layers"),
        pytest.param("{{json .Config}}", '{"Cmd":["sh"],"Env":["PATH=/bin","A=<b>&c"]}', id="no escapes for HTML"),
        pytest.param("{{index .RepoTags 0}}", "notes:1.0", id="first tag"),
        pytest.param('{{join .Config.Env ","}}', "PATH=/bin,A=<b>&c", id="environment in one line"),
    ],
)
def test_everyday_templates(template: str, expected: str) -> None:
    assert render(template, DOCUMENT) == expected


def test_document_is_left_as_it_was() -> None:
    before = repr(DOCUMENT)
    render("{{$x := .Config}}{{$x = 1}}{{slice .RepoTags 0 1}}", DOCUMENT)
    assert repr(DOCUMENT) == before


def test_bytes_that_are_no_utf8_survive() -> None:
    assert render("{{.}}|{{len .}}", "a\udcff") == "a\udcff|2"


def test_character_cut_in_two_survives_as_bytes() -> None:
    assert render("{{slice . 0 1}}", "é").encode("utf-8", "surrogateescape") == b"\xc3"


def test_halves_of_a_character_are_one_again_when_printed_together() -> None:
    assert render("{{slice . 0 1}}{{slice . 1}}", "é") == "é"
    assert render("{{eq . (print (slice . 0 1) (slice . 1))}}", "é") == "true"


@pytest.mark.parametrize("function", ["upper", "lower", "title"])
def test_mapping_of_characters_replaces_what_is_no_utf8(function: str) -> None:
    assert render("{{" + function + " .}}", "\udcff") == "\ufffd"


@given(st.text().filter(lambda text: "{{" not in text))
def test_text_without_actions_is_its_own_output(text: str) -> None:
    assert render(text, {}) == text


_PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "{{- ",
        " -}}",
        ".",
        "$",
        "$x",
        ":=",
        "=",
        "|",
        "(",
        ")",
        '"a"',
        "`r`",
        "'c'",
        "1",
        "0x",
        "-2.5",
        ",",
        " ",
        "\n",
    ]
    + ["if ", "else", "end", "range ", "with ", "define ", "template ", "block ", "break", "continue", "nil", "true"]
    + [
        ".Size",
        ".Config",
        ".RepoTags",
        "print ",
        "printf ",
        "len ",
        "index ",
        "slice ",
        "json ",
        "/*",
        "*/",
        "é",
        '"%5d"',
    ]
)


@settings(max_examples=400)
@given(st.lists(_PIECES, max_size=14).map("".join))
def test_any_template_renders_or_is_a_usage_error(template: str) -> None:
    try:
        assert isinstance(render(template, DOCUMENT), str)
    except UsageError as error:
        assert error.message.startswith("template: :")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_shown_so_that_they_read_back(number: float) -> None:
    assert float(render("{{.}}", number)) == float(render("{{json .}}", number)) == number
