"""How steps speak of instructions and lists."""

import pytest

from layerscope.advice.timeline import Site
from layerscope.advice.words import listed, place, short_place


def site(text: str, line: int | None = None) -> Site:
    return Site(stage="", position=0, kind="RUN", text=text, line=line)


def test_a_long_instruction_is_not_cut_since_half_a_secret_is_not_masked() -> None:
    assert place(site("make", 4)) == "line 4 (`RUN make`)" and place(site("make")) == "`RUN make`"
    long = "curl -H 'Authorization: Bearer abcdefghijklmnopqrstuvwxyz' https://example.com/file"
    assert place(site(long, 4)) == "line 4" and place(site(long)) == f"`RUN {long}`"
    assert place(site(long * 3)) == "a later RUN" and short_place(site(long * 3, 4)) == "line 4"


@pytest.mark.parametrize(
    ("words", "text"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), (list("abcdef"), "a, b, c, d and 2 more")],
)
def test_words_are_listed(words: list[str], text: str) -> None:
    assert listed(words) == text
