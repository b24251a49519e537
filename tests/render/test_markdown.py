"""The report as Markdown, as GitHub shows it."""

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from layerscope.model.finding import FindingKind, Severity
from layerscope.render.markdown import markdown
from layerscope.render.table import LIMIT
from tests.render.reports import HOSTILE, OPTIONS, finding, hostile, ordinary

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def test_the_verdict_comes_first() -> None:
    text = markdown(ordinary(), OPTIONS)
    assert text.startswith("### app:1: 3.50 kB in 2 layers\n\n**900 B** (36% of your own bytes) is reclaimable.")


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_names_stay_text(case: str) -> None:
    tokens = PARSER.parse(markdown(hostile(HOSTILE[case]), OPTIONS))
    inner = [child.type for token in tokens for child in token.children or ()]
    assert not {"link_open", "image", "html_inline", "code_inline"} & set(inner)
    assert not {"html_block", "fence", "code_block"} & {token.type for token in tokens}


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_a_name_never_changes_the_shape_of_a_table(case: str) -> None:
    def shape(name: str) -> list[str]:
        return [token.type for token in PARSER.parse(markdown(hostile(name), OPTIONS)) if token.type != "softbreak"]

    assert shape(HOSTILE[case]) == shape("plain")


def test_nobody_is_mentioned() -> None:
    assert "@everyone" not in markdown(hostile("@everyone"), OPTIONS)


def test_a_huge_report_stays_under_one_mebibyte_and_says_what_is_missing() -> None:
    many = tuple(
        finding("apt-lists", Severity.LOW, FindingKind.WASTE, f"/{'x' * 250}{number}") for number in range(5000)
    )
    text = markdown(replace(ordinary(), findings=many), OPTIONS)
    assert LIMIT / 2 < len(text.encode()) < 1 << 20
    assert text.endswith(" lines omitted to stay under 1 MiB; `-f json` has all of them.**\n")


def test_an_incomplete_archive_is_said_to_be_one() -> None:
    assert "**Incomplete:" in markdown(replace(ordinary(), complete=False), OPTIONS)
