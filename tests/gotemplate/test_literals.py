"""Numbers and strings are read as Go reads them, and refused in its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import UsageError
from layerscope.gotemplate import render
from layerscope.gotemplate.values import quote, rejoined, unquote


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{1e18}}", "1e+18"),
        ("{{1e19}}", "1e+19"),
        ("{{+.5e1}}", "5"),
        ("{{-0}}", "0"),
        ("{{-0x1F}}", "-31"),
        ("{{0x1F}} {{0X1f}} {{1e3}} {{1.5}} {{.5}} {{5.}} {{1E-3}}", "31 31 1000 1.5 0.5 5 0.001"),
        ("{{-9223372036854775808}} {{9223372036854775807}}", "-9223372036854775808 9223372036854775807"),
        ("{{0xg}}", 'template: :1: bad number syntax: "0xg"'),
        ("{{1e400}}", 'template: :1: illegal number syntax: "1e400"'),
        ("{{1.5.2}}", 'template: :1: unexpected ".2" in operand'),
        ("{{1e+}}", 'template: :1: illegal number syntax: "1e+"'),
        ("{{12345678901234567890123}}", 'template: :1: integer overflow: "12345678901234567890123"'),
        ("{{123456789.5e-3}}", "123456.7895"),
        ('{{"\\x41"}}', "A"),
        ('{{"\\u00e9"}}', "é"),
        ('{{"\\U0001F600"}}', "😀"),
        ('{{"\\a\\b\\f\\v\\r\\\\"}}', "\x07\x08\x0c\x0b\r\\"),
        ('{{"\\\'"}}', "template: :1: invalid syntax"),
        ('{{"\\q"}}', "template: :1: invalid syntax"),
        ('{{"\\ud800"}}', "template: :1: invalid syntax"),
        ('{{"\\x4"}}', "template: :1: invalid syntax"),
        ('{{"\\U00110000"}}', "template: :1: invalid syntax"),
        ('{{truncate "abcdef" 2.5}}', 'template: :1:20: executing "" at <2.5>: expected integer; found 2.5'),
    ],
)
def test_literal_reads_as_in_go(template: str, expected: str) -> None:
    try:
        answer = render(template, None)
    except UsageError as error:
        answer = error.message
    assert answer == expected


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        pytest.param("1." + "1" * 5000, "1.1111111111111112", id="thousands of decimals"),
        pytest.param("0x" + "0" * 5000 + "1", "1", id="thousands of zeros"),
    ],
)
def test_long_number_has_its_value(literal: str, expected: str) -> None:
    assert render("{{" + literal + "}}", None) == expected


def test_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(UsageError, match="^template: :1: illegal number syntax: "):
        render("{{" + "1" * 5000 + "}}", None)


@given(st.text())
def test_quoted_text_reads_back(text: str) -> None:
    assert unquote(quote(text)) == unquote(quote(text, ascii_only=True)) == rejoined(text)
