"""Numbers, characters and strings are read as Go reads them, and refused in its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import UsageError
from layerscope.render.gotemplate import render
from layerscope.render.gotemplate.literals import quote, rejoined, unquote


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{1_000.5}}", "1000.5"),
        ("{{0x_1p4}}", "16"),
        ("{{1e1_0}}", "1e+10"),
        ("{{0x1_0p1}}", "32"),
        ("{{1_08.2}}", "108.2"),
        ("{{.8_2}}", "0.82"),
        ("{{9e-1_11}}", "9e-111"),
        ("{{-29_11.}}", "-2911"),
        ("{{0_9}}", 'template: :1: integer overflow: "0_9"'),
        ("{{08_80}}", 'template: :1: integer overflow: "08_80"'),
        ("{{1__0.5}}", 'template: :1: illegal number syntax: "1__0.5"'),
        ("{{1_.5}}", 'template: :1: illegal number syntax: "1_.5"'),
        ("{{1e_5}}", 'template: :1: illegal number syntax: "1e_5"'),
        ("{{0x1p63}}", "9.223372036854776e+18"),
        ("{{0x1p-1080}}", "0"),
        ("{{1e18}}", "1e+18"),
        ("{{1e19}}", "1e+19"),
        ("{{+.5e1}}", "5"),
        ("{{0b12}}", 'template: :1: bad number syntax: "0b12"'),
        ("{{0o8}}", 'template: :1: bad number syntax: "0o8"'),
        ("{{0b}}", 'template: :1: illegal number syntax: "0b"'),
        ("{{0xg}}", 'template: :1: bad number syntax: "0xg"'),
        ("{{-0}}", "0"),
        ("{{-0x1F}}", "-31"),
        ("{{+0b11}}", "3"),
        ("{{0_1}}", "1"),
        ("{{00}}", "0"),
        ("{{1e400}}", 'template: :1: illegal number syntax: "1e400"'),
        ("{{1.5.2}}", 'template: :1: unexpected ".2" in operand'),
        ("{{1e+}}", 'template: :1: illegal number syntax: "1e+"'),
        ("{{0x1.8}}", 'template: :1: illegal number syntax: "0x1.8"'),
        ("{{0X1P+2}}", "4"),
        ("{{12345678901234567890123}}", 'template: :1: integer overflow: "12345678901234567890123"'),
        ("{{123456789.5e-3}}", "123456.7895"),
        ("{{'\\x41'}}", "65"),
        ("{{'\\u00e9'}}", "233"),
        ("{{'\\101'}}", "65"),
        ("{{'\\U0001F600'}}", "128512"),
        ("{{'\\n'}}", "10"),
        ("{{'\\\\'}}", "92"),
        ("{{'\\''}}", "39"),
        ("{{'\\\"'}}", "template: :1: invalid syntax"),
        ("{{'\\q'}}", "template: :1: invalid syntax"),
        ("{{'\\ud800'}}", "template: :1: invalid syntax"),
        ("{{'\\x4'}}", "template: :1: invalid syntax"),
        ("{{'\\777'}}", "template: :1: invalid syntax"),
        ("{{'\\400'}}", "template: :1: invalid syntax"),
        ('{{"\\x41"}}', "A"),
        ('{{"\\u00e9"}}', "é"),
        ('{{"\\101"}}', "A"),
        ('{{"\\U0001F600"}}', "😀"),
        ('{{"\\a\\b\\f\\v"}}', "\x07\x08\x0c\x0b"),
        ('{{"\\\'"}}', "template: :1: invalid syntax"),
        ('{{"\\q"}}', "template: :1: invalid syntax"),
        ('{{"\\ud800"}}', "template: :1: invalid syntax"),
        ('{{"\\x4"}}', "template: :1: invalid syntax"),
        ('{{"\\777"}}', "template: :1: invalid syntax"),
        ('{{"\\U00110000"}}', "template: :1: invalid syntax"),
        ('{{truncate "abcdef" 3.0}}', "abc"),
        ('{{truncate "abcdef" 0x1p1}}', "ab"),
        ('{{truncate "abcdef" 2.5}}', 'template: :1:20: executing "" at <2.5>: expected integer; found 2.5'),
        ('{{printf "%d" 1e3}}', "%!d(float64=1000)"),
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


@pytest.mark.parametrize("literal", ["1i", "1+2i", "-0.5i"])
def test_complex_number_is_refused(literal: str) -> None:
    with pytest.raises(UsageError, match="complex constants are not supported"):
        render("{{" + literal + "}}", None)
