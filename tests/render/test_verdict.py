"""What every format says of the image: the same figures in the same words."""

import json
from html import unescape
from xml.etree.ElementTree import fromstring

from msgspec.structs import replace

from layerscope.model.finding import Evidence, Severity
from layerscope.model.report import DockerfileReport, Report
from layerscope.model.step import SecretAdvice
from layerscope.render.html import html
from layerscope.render.junit import junit
from layerscope.render.markdown import markdown
from layerscope.render.sarif import sarif
from layerscope.render.text import text
from layerscope.render.verdict import sentence
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


def test_formats_for_machines_have_the_same_summary() -> None:
    made = report(step())
    words = sentence(made, OPTIONS.units)
    assert words.startswith(
        "3.50 kB in 2 layers; your layers 2.50 kB, 900 B (36%) of it reclaimable; the biggest step saves "
    )
    (run,) = json.loads(sarif(made, OPTIONS))["runs"]
    assert run["properties"]["summary"] == words and run["properties"]["reclaimableBytes"] == 900
    assert fromstring(junit(made, OPTIONS)).attrib["name"] == f"layerscope app:1: {words}"


def test_the_summary_counts_secrets_and_says_what_was_not_read() -> None:
    secret = SecretAdvice(finding=0, severity=Severity.HIGH, rotate="rotate it", supply="mount it")
    words = sentence(replace(ordinary(), secrets=(secret,), complete=False), OPTIONS.units)
    assert words.endswith("; 1 secret; incomplete")
    totals = replace(ordinary().totals, reclaimable_bytes=0)
    nothing = sentence(replace(ordinary(), totals=totals, findings=()), OPTIONS.units)
    assert nothing == "3.50 kB in 2 layers; your layers 2.50 kB, no waste found"


def test_formats_agree_where_nothing_is_known_of_a_smaller_base() -> None:
    for shown in said(ordinary()):
        assert "base image: at most, with a smaller one (what docs-man-locale finds)" in shown


def test_the_report_says_how_well_the_dockerfile_matches() -> None:
    used = DockerfileReport(name="Dockerfile", evidence=Evidence.ATTESTED, matched=2, total=3, first_mismatch="RUN x")
    words = "matches 2 of 3 instructions; first mismatch from the end: RUN x"
    assert f"Dockerfile (from an unsigned attestation) {words}" in text(
        replace(ordinary(), dockerfile=used), replace(OPTIONS, width=200)
    )
    given = replace(used, evidence=Evidence.MATCHED, matched=3, first_mismatch="")
    shown = text(replace(ordinary(), dockerfile=given), OPTIONS)
    assert "Dockerfile matches 3 of 3 instructions\n" in shown
    assert "instructions\n" not in text(replace(ordinary(), dockerfile=None), OPTIONS)


def test_formats_agree_that_there_is_no_waste() -> None:
    totals = replace(ordinary().totals, reclaimable_bytes=0)
    for shown in said(replace(ordinary(), totals=totals, findings=())):
        assert "no waste found" in shown.lower() and "base image: at most" not in shown
