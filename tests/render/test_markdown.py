"""The report as Markdown, as GitHub shows it."""

import re

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from layerscope.model.finding import FindingKind, Severity
from layerscope.model.step import Safety, Step
from layerscope.render.escape import printable
from layerscope.render.markdown import markdown
from layerscope.render.markdown_syntax import (
    LIMIT,
    details,
    markdown_code,
    markdown_sentence,
    markdown_table,
    within_limit,
)
from tests.render.reports import HOSTILE, OPTIONS, finding, hostile, ordinary

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
DETAILS = re.compile(r"</details>|<details><summary>[\w ,.]+</summary>")


def test_the_verdict_comes_first() -> None:
    text = markdown(ordinary(), OPTIONS)
    assert text.startswith("### app:1: 3.50 kB in 2 layers\n\n**900 B** (36% of your own bytes) is reclaimable.")


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_names_stay_text(case: str) -> None:
    tokens = PARSER.parse(markdown(hostile(HOSTILE[case]), OPTIONS))
    inner = [child for token in tokens for child in token.children or ()]
    assert not {"link_open", "image"} & {child.type for child in inner}
    assert {child.content for child in inner if child.type == "html_inline"} <= {"<code>", "</code>"}
    assert not {"fence", "code_block"} & {token.type for token in tokens}
    for block in (token.content for token in tokens if token.type == "html_block"):
        assert DETAILS.sub("", block).strip() == ""


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_code_shows_a_name_as_it_is(case: str) -> None:
    name = HOSTILE[case]
    lines = markdown_table(("name",), ("text",), [(markdown_code(name),)])
    cells = [token for token in PARSER.parse("\n".join(lines)) if token.type == "inline"]
    shown = "".join(child.content for child in cells[1].children or () if child.type in ("text", "code_inline"))
    assert len(cells) == 2 and shown == printable(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("use `a_b` or `c|d`", "use `a_b` or <code>c\\|d</code>"),
        ("an odd ` tick", "an odd \\` tick"),
        ("two `` ticks", "two \\`\\` ticks"),
        ("`@types/node`", "`@types/node`"),
        ("@types/node", "&#64;types/node"),
    ],
)
def test_quotes_of_a_sentence_are_code(text: str, expected: str) -> None:
    assert markdown_sentence(text) == expected


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_a_name_never_changes_the_shape_of_a_table(case: str) -> None:
    def shape(name: str) -> list[str]:
        return [token.type for token in PARSER.parse(markdown(hostile(name), OPTIONS)) if token.type != "softbreak"]

    assert shape(HOSTILE[case]) == shape("plain")


def test_nobody_is_mentioned() -> None:
    # Code mentions nobody.
    assert "@everyone" not in re.sub("`[^`\n]*`", "", markdown(hostile("@everyone"), OPTIONS))


def test_the_biggest_step_comes_first() -> None:
    big, small = (
        Step(strategy="s", safety=Safety.SAFE, sentence=f"do {size}", saves_bytes=size, findings=(place,))
        for place, size in enumerate((400, 100))
    )
    text = markdown(replace(ordinary(), steps=(big, small)), OPTIONS)
    _, biggest, *_ = [line for line in text.split("\n") if line.startswith("**")]
    assert biggest.startswith("**Save 400 B**") and "do 400" in biggest and text.count("do 400") == 1
    assert "do 100" in text


def test_what_is_not_urgent_is_to_be_unfolded() -> None:
    text = markdown(ordinary(), OPTIONS)
    assert text.count("<details>") == text.count("</details>") == 5
    assert "<details><summary>2 findings, 800 B</summary>\n\n| Severity |" in text
    assert "| high | 400 B | `git-directory` | `/app/.git` | what git-directory finds |" in text


def test_a_huge_report_stays_below_the_limit_of_a_comment_and_says_what_is_missing() -> None:
    many = tuple(
        finding("apt-lists", Severity.LOW, FindingKind.WASTE, f"/{'x' * 250}{number}") for number in range(5000)
    )
    text = markdown(replace(ordinary(), findings=many), replace(OPTIONS, top=5000))
    assert LIMIT / 2 < len(text.encode()) < 65_536
    assert text.count("<details>") == text.count("</details>")
    assert text.endswith(" lines omitted to stay below 65,536 characters; `-f json` has all of them.**\n")


def test_blocks_after_one_that_is_too_long_are_kept_and_the_long_one_is_closed() -> None:
    text = within_limit([details("long", ["x" * 999] * 99), ["short"], ["y" * 70_000]])
    assert len(text.encode()) < LIMIT and text.count("x" * 999) == 64
    assert "\n</details>\n\nshort\n" in text and "**36 lines omitted" in text
    assert within_limit([["a", ""], [], ["b"]]) == "a\n\nb\n"


def test_an_incomplete_archive_is_said_to_be_one() -> None:
    assert "**Incomplete:" in markdown(replace(ordinary(), complete=False), OPTIONS)
