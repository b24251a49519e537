"""What every format says of the image: the same figures in the same words."""

from html import unescape

from msgspec.structs import replace

from layerscope.model.report import Report
from layerscope.render.html import html
from layerscope.render.markdown import markdown
from layerscope.render.text import text
from tests.render.reports import OPTIONS, ordinary
from tests.render.test_steps import report, step


def said(made: Report) -> list[str]:
    """The report as three formats say it, without their escapes."""
    page = markdown(made, OPTIONS)
    for character in "()#-.,:":
        page = page.replace(f"\\{character}", character)
    return [text(made, OPTIONS), page, unescape(html(made, OPTIONS))]


def test_formats_agree_on_what_is_reclaimable_and_on_the_base_image() -> None:
    for shown in said(report(step())):
        assert "900 B" in shown and "36%" in shown and "3.50 kB in 2 layers" in shown
        assert "1.00 kB" in shown and "base image (line 2, at most, review): use a smaller base image" in shown


def test_formats_agree_where_nothing_is_known_of_a_smaller_base() -> None:
    for shown in said(ordinary()):
        assert "base image: at most, with a smaller one (what docs-man-locale finds)" in shown


def test_formats_agree_that_there_is_no_waste() -> None:
    totals = replace(ordinary().totals, reclaimable_bytes=0)
    for shown in said(replace(ordinary(), totals=totals, findings=())):
        assert "no waste found" in shown.lower() and "base image: at most" not in shown
