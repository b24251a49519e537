"""What is left out of Go's templates is refused by name, and errors name kinds of values, not Go's types."""

import pytest

from layerscope.errors import UsageError
from layerscope.gotemplate import render, render_image
from tests.gotemplate.go_answers import IMAGE


def error(template: str) -> str:
    with pytest.raises(UsageError) as caught:
        render(template, IMAGE)
    return caught.value.message


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ('{{define "a"}}1{{end}}', "{{define}} is not supported: there are no named templates"),
        ('{{template "a" .}}', "{{template}} is not supported: there are no named templates"),
        ('{{block "a" .}}1{{end}}', "{{block}} is not supported: there are no named templates"),
        ('{{if .Id}}{{define "y"}}{{end}}{{end}}', "{{define}} is not supported"),
        ("{{html .Id}}", 'function "html" not supported'),
        ("{{js .Id}}", 'function "js" not supported'),
        ("{{.Id | urlquery}}", 'function "urlquery" not supported'),
        ("{{call .Id}}", 'function "call" not supported'),
        ("{{'a'}}", "character constants in ' are not supported"),
        ("{{'\\n'}}", "character constants in ' are not supported"),
        ("{{017}}", 'octal numbers such as "017" are not supported'),
        ("{{08}}", 'octal numbers such as "08" are not supported'),
        ("{{1i}}", 'bad number syntax: "1i"'),
        ("{{1+2i}}", 'bad number syntax: "1+2i"'),
        ("{{0b101}}", 'bad number syntax: "0b101"'),
        ("{{0o17}}", 'bad number syntax: "0o17"'),
        ("{{0x1p4}}", 'bad number syntax: "0x1p4"'),
        ("{{1_000}}", 'bad number syntax: "1_000"'),
        ("{{9223372036854775808}}", 'integer overflow: "9223372036854775808"'),
        ('{{"\\101"}}', "octal escapes such as \\1 are not supported"),
    ],
)
def test_what_the_grammar_leaves_out_is_named(template: str, words: str) -> None:
    assert error(template).startswith(f"template: :1: {words}")


@pytest.mark.parametrize(
    "directive",
    [
        "%T",
        "%#v",
        "%U",
        "%#U",
        "%c",
        "%b",
        "%o",
        "%O",
        "%p",
        "%w",
        "%z",
        "%é",
        "%!",
        "%[1]d",
        "%*d",
        "%#x",
        "% d",
        "% x",
    ],
)
def test_directive_that_is_left_out_is_named(directive: str) -> None:
    message = error(f'{{{{printf "{directive}" .Size}}}}')
    assert "error calling printf: %" in message
    assert "is not supported: the verbs are v, s, d, q, x, X, t, f, e and g, the flags -, + and 0" in message
    assert message.count(directive[: 3 if "#" in directive or " " in directive else 2]) == 2


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ('{{printf "%s" .Size}}', "%s does not take a number"),
        ('{{printf "%5d" .Id}}', "%5d does not take a string"),
        ('{{printf "%d" true}}', "%d does not take a bool"),
        ('{{printf "%t" 1}}', "%t does not take a number"),
        ('{{printf "%q" 65}}', "%q does not take a number"),
        ('{{printf "%x" 1.5}}', "%x does not take a number"),
        ('{{printf "%s" nil}}', "%s does not take nil"),
        ('{{printf "%d" .Author}}', "%d does not take nil"),
        ('{{printf "%d" .RepoTags}}', "%d does not take a string"),
        ('{{printf "%d" .Mixed}}', "%d does not take a string"),
        ('{{printf "%d"}}', "no argument for %d"),
        ('{{printf "%d %s" 1}}', "no argument for %s"),
        ('{{printf "x" 1}}', '1 of 1 arguments have no verb in "x"'),
        ('{{printf "%d" 1 2 3}}', '2 of 3 arguments have no verb in "%d"'),
        ('{{printf "5%"}}', "% has no verb"),
        ('{{printf "%-8" 1}}', "%-8 has no verb"),
        ('{{printf "%99999999d" 1}}', "%99999999d exceeds a width of 1,000,000"),
        ('{{printf "%.1000001f" 1.5}}', "%.1000001f exceeds a width of 1,000,000"),
    ],
)
def test_values_and_verbs_that_do_not_fit_are_named(template: str, words: str) -> None:
    assert error(template).endswith(f"error calling printf: {words}")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{.Size.Foo}}", ':7: executing "" at <.Size.Foo>: can\'t evaluate field Foo in a number'),
        ("{{.RepoTags.Foo}}", ':11: executing "" at <.RepoTags.Foo>: can\'t evaluate field Foo in a list'),
        ("{{(index .RepoTags 0).x}}", ':19: executing "" at <0>: can\'t evaluate field x in a string'),
        ("{{range .Ints}}{{.x}}{{end}}", ':17: executing "" at <.x>: can\'t evaluate field x in a number'),
        ("{{print.x}}", ':2: executing "" at <print>: can\'t evaluate field x in a string'),
        ("{{$x := .Author}}{{$x.x}}", ':21: executing "" at <$x.x>: nil pointer evaluating interface {}.x'),
        ("{{(.Author).x}}", ':3: executing "" at <.Author>: nil pointer evaluating interface {}.x'),
        ("{{index .Id 0}}", "error calling index: can't index a string"),
        ("{{index .Size 1}}", "error calling index: can't index a number"),
        ('{{index .Ints "a"}}', "error calling index: index is a string; should be a number"),
        ("{{index .Ints true}}", "error calling index: index is a bool; should be a number"),
        ("{{index .Ints nil}}", "error calling index: index is nil; should be a number"),
        ("{{index .Config 1}}", "error calling index: key is a number; should be string"),
        ("{{slice .Ints 0 1 2}}", "error calling slice: a third bound is not supported"),
        ("{{slice .Size 1}}", "error calling slice: can't slice a number"),
        ("{{slice .Config}}", "error calling slice: can't slice a map"),
        ("{{len .Size}}", "error calling len: len of a number"),
        ("{{len true}}", "error calling len: len of a bool"),
        ("{{len nil}}", "error calling len: len of nil pointer"),
        ("{{printf .Size}}", ':9: executing "" at <.Size>: wrong type for value; expected string; got number'),
        ("{{3 | printf}}", ':6: executing "" at <printf>: wrong type for value; expected string; got number'),
        ("{{upper .Author}}", ':8: executing "" at <.Author>: wrong type for value; expected string; got nil'),
        ('{{.Ints | join ","}}', ':15: executing "" at <",">: wrong type for value; expected string; got list'),
        ('{{pad "x" .Os 0}}', ':10: executing "" at <.Os>: wrong type for value; expected integer; got string'),
        ('{{pad "x" true 0}}', ':10: executing "" at <true>: expected integer; found true'),
        ('{{pad "x" nil 0}}', ':10: executing "" at <nil>: cannot assign nil to integer'),
        ('{{join .Size ","}}', "error calling join: expected slice, got number"),
        ('{{eq 1 "1"}}', "error calling eq: incompatible types for comparison: number and string"),
        ("{{ne .Ints 1}}", "error calling ne: incompatible types for comparison: list and number"),
        ("{{eq .Ints .Ints}}", "error calling eq: can't compare a list"),
        ("{{eq .Config .Config}}", "error calling eq: can't compare a map"),
        ('{{lt 1 "a"}}', "error calling lt: incompatible types for comparison: number and string"),
    ],
)
def test_error_names_the_kind_of_value(template: str, words: str) -> None:
    assert error(template).endswith(words)


def test_whole_numbers_compare_with_others() -> None:
    assert render("{{eq 1 1.0}} {{lt 1 1.5}} {{ge 1 1.5}}", None) == "true true false"


def test_integer_of_the_document_is_an_integer_argument() -> None:
    assert (
        render('{{pad "x" .n 0}}|{{truncate "abc" .n}}|{{slice .l 0 .n}}', {"n": 2, "l": [7, 8, 9]}) == "  x|ab|[7 8]"
    )


def test_struct_is_indexed_as_the_map_of_its_json() -> None:
    assert (
        render_image('{{index . "Id"}} {{index .RootFS "Type"}}', {"Id": "a", "RootFS": {"Type": "layers"}})
        == "a layers"
    )
    with pytest.raises(UsageError, match="can't evaluate field x in a map|no entry for key"):
        render_image("{{.RootFS.x}}", {"RootFS": {}})
