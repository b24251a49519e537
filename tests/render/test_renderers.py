"""What all formats of a report have in common."""

import pytest

from layerscope.cli.commands.report import ReportFormat
from layerscope.render.renderers import RENDERERS
from tests.render.reports import HOSTILE, OPTIONS, empty, hostile, ordinary

FORMATS = sorted(RENDERERS)
DANGEROUS = [chr(code) for code in (*range(9), *range(11, 32), *range(127, 160), 0x200B, 0x2028, 0x202E, 0xFFFE)]


def test_the_command_line_knows_all_formats_and_no_others() -> None:
    assert [one.value for one in ReportFormat] == list(RENDERERS)


@pytest.mark.parametrize("name", FORMATS)
def test_equal_reports_give_equal_bytes(name: str) -> None:
    assert RENDERERS[name](ordinary(), OPTIONS) == RENDERERS[name](ordinary(), OPTIONS)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_ends_with_one_line_end(name: str) -> None:
    text = RENDERERS[name](ordinary(), OPTIONS)
    assert text.endswith("\n") and not text.endswith("\n\n")


@pytest.mark.parametrize("name", FORMATS)
def test_an_image_without_anything_can_be_told(name: str) -> None:
    assert RENDERERS[name](empty(), OPTIONS)


@pytest.mark.parametrize("case", sorted(HOSTILE))
@pytest.mark.parametrize("name", FORMATS)
def test_no_format_passes_on_what_moves_a_cursor_or_reorders_a_line(name: str, case: str) -> None:
    text = RENDERERS[name](hostile(HOSTILE[case]), OPTIONS)
    assert [character for character in DANGEROUS if character in text] == []
    text.encode("utf-8")  # Fails on a lone surrogate.
