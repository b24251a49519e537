"""Many images as one HTML page."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from layerscope.analysis.listings import scan_summary as module
from layerscope.analysis.listings.scan import Scanned, scanned, sums
from layerscope.analysis.listings.scan_summary import scan_summary
from layerscope.model.report import Report
from layerscope.model.size_map import State
from layerscope.model.step import Safety, Step
from layerscope.render.escape import printable
from layerscope.render.html_scan import html
from tests.render.reports import HOSTILE, OPTIONS, empty, ordinary
from tests.render.test_html import Page, blocks, data_of


def image(name: str = "app:1", **changes: Any) -> Scanned:
    report: Report = ordinary()
    steps = (
        Step(strategy="x", safety=Safety.SAFE, sentence=f"do `this` for {name}", saves_bytes=400, instruction="RUN x"),
    )
    layers = tuple(replace(one, diff_id=f"{'base' if one.index == 0 else name}") for one in report.layers)
    report = replace(report, image=replace(report.image, name=name), steps=steps, layers=layers, **changes)
    return scanned(report, f"{name}.tar")


def test_images_come_by_what_they_could_save_with_the_layers_that_they_share() -> None:
    small = image("small", totals=replace(ordinary().totals, reclaimable_bytes=1))
    summary = scan_summary([small, image("big"), image("other")])
    assert [one.name for one in summary.images] == ["big", "other", "small"]
    (shared,) = summary.shared
    assert (shared.identity, shared.content_bytes, shared.count, shared.repeated_bytes) == ("base", 1000, 3, 2000)
    assert shared.images == ("big", "other", "small") and shared.instruction == "ADD rootfs.tar /"
    assert [one.shared_bytes for one in summary.images] == [1000, 1000, 1000]


def test_the_sums_are_those_of_the_table() -> None:
    images = [image("a"), image("b"), scanned(empty(), "x.tar")]
    summary, total = scan_summary(images), sums(images)
    assert (
        (summary.content_bytes, summary.distinct_bytes) == (total.content_bytes, total.distinct_bytes) == (7000, 6000)
    )
    assert (summary.reclaimable_bytes, summary.incomplete) == (total.reclaimable_bytes, total.incomplete)
    cells = summary.sizes.cells
    assert sum(cell.content_bytes for cell in cells) == total.content_bytes
    assert sum(cell.content_bytes for cell in cells if cell.state == State.RECLAIMABLE) == 1800
    assert sum(cell.files for cell in cells) == 4


def test_very_many_images_have_a_small_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_NODES", 7)
    summary = scan_summary([image(f"i{number}") for number in range(9)])
    assert summary.sizes.names[:4] == ("/", "i0/", "0: ADD rootfs.tar /", "1: COPY --from=build /app /app")
    assert len(summary.sizes.names) == 7
    assert sum(cell.content_bytes for cell in summary.sizes.cells) == 9 * 3500


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_names_are_text_and_nothing_else(case: str) -> None:
    page, plain = (
        Page(html(scan_summary([image(name), image(f"{name}2")]), OPTIONS)) for name in (HOSTILE[case], "plain")
    )
    assert [t for t, _ in page.tags if t != "code"] == [t for t, _ in plain.tags if t != "code"]
    assert printable(HOSTILE[case]) in page.text


def test_the_page_has_steps_images_shared_layers_and_a_map() -> None:
    made = html(scan_summary([image("a"), image("b")]), OPTIONS)
    assert "<h1>2 images</h1>" in made and "do <code>this</code> for a" in made
    assert data_of(made)["maps"][0]["whole"] == "of all images"
    assert data_of(made)["maps"][0]["total"] == 7000
    assert made.count('<figure class="map"') == 1


def test_no_images_make_a_page_that_says_so() -> None:
    made = html(scan_summary([]), OPTIONS)
    assert "<h1>0 images</h1>" in made and json.loads(blocks(made, "script")[0])["maps"][0]["cells"] == []
