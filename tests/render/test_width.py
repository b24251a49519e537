"""Texts in columns of a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.render.style import Style, painted, styled
from layerscope.render.width import padded, shortened, shortened_path, width_of, wrap_words

TEXTS = st.text(
    st.one_of(st.sampled_from("ab /日🐳é\u0301\u093e1\ufe0f"), st.characters(categories=("L", "N", "Zs"))), max_size=60
)


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("日本", 4), ("🐳", 2), ("e\u0301", 1), ("\x05ab\x0f", 2), ("a\u093e", 2), ("\u093e", 1)],
)
def test_a_text_takes_the_columns_that_a_terminal_gives_it(text: str, width: int) -> None:
    assert width_of(text) == width and width_of(padded(text, 9)) == 9


@pytest.mark.parametrize(
    ("path", "limit", "shown"),
    [
        ("/usr/lib/python3.11/site-packages", 20, "/usr/l…site-packages"),
        ("/usr/lib", 20, "/usr/lib"),
        ("/日本語/日本語/日本語", 12, "/日…/日本語"),
        ("no path at all, but words", 10, "no path a…"),
    ],
)
def test_a_path_loses_its_middle(path: str, limit: int, shown: str) -> None:
    assert shortened_path(path, limit) == shown


@given(TEXTS, st.integers(2, 50))
def test_nothing_is_wider_than_its_limit(text: str, limit: int) -> None:
    assert width_of(shortened(text, limit)) <= limit and width_of(shortened_path(f"/{text}", limit)) <= limit
    assert all(width_of(line) <= limit for line in wrap_words(text, limit, ""))


@given(TEXTS, st.integers(8, 50))
def test_wrapping_loses_no_word(text: str, limit: int) -> None:
    assert "".join("".join(wrap_words(text, limit)).split()) == "".join(text.split())


def test_a_style_ends_with_its_line_even_where_its_end_is_cut_off() -> None:
    line = shortened(styled("a very long sentence", Style.BAD), 8)
    assert painted(line, color=True) == "\x1b[38;5;160ma very …\x1b[0m" and painted(line, color=False) == "a very …"


def test_an_amount_and_its_unit_stay_on_one_line() -> None:
    text = "development packages: typescript 22.4 MB, prettier 7.70 MB and 12 others, 1,024 B in all"
    for width in range(20, 60):
        lines = list(wrap_words(text, width))
        assert " ".join(line.strip() for line in lines) == text and max(map(width_of, lines)) <= width
        assert not any(line.endswith(("22.4", "7.70", "1,024")) for line in lines)
    assert list(wrap_words("no 1 Bug, or 12 MBean", 12)) == ["no 1 Bug, or", "  12 MBean"]
