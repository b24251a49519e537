"""Pages in a real browser: they work by mouse and keyboard, their sums are the report's, and no name gets out."""

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Browser, Page, expect

from layerscope.model.size_map import SizeCell, SizeMap, State
from layerscope.render.escape import printable
from layerscope.render.html import html
from tests.browser.conftest import Opened
from tests.builder import ImageSpec, docker_save, file, layer, whiteout
from tests.cli.calling import call
from tests.conftest import FIXTURES
from tests.render.reports import HOSTILE, OPTIONS, hostile

pytestmark = pytest.mark.browser
NOTES = (
    FIXTURES / "notes-v1.tar.zst",
    "--dockerfile",
    FIXTURES / "notes" / "Dockerfile",
    "--stage",
    f"build1={FIXTURES / 'notes-build1.tar.zst'}",
)


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The page of an image, and its JSON."""
    place = tmp_path_factory.mktemp("page")
    done = call("report", *NOTES, "-q", "-o", place / "page.html", "-o", place / "page.json")
    assert done.code == 0, done.err
    return place / "page.html", json.loads((place / "page.json").read_text())


def boxes(page: Page, which: str = ".box:not(.frame)") -> int:
    """The bytes of the boxes that are drawn; of all but frames, each byte once."""
    found: int = page.evaluate(
        "(which) => [...document.querySelectorAll(which)].reduce((sum, one) => sum + Number(one.dataset.bytes), 0)",
        which,
    )
    return found


def shown(page: Page) -> int:
    return int(page.locator(".sum").first.get_attribute("data-bytes") or -1)


def legend(page: Page) -> list[str]:
    return page.locator(".legend span").all_inner_texts()[-4:]


def test_the_sums_of_the_map_are_those_of_the_json(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    path, report = notes
    page, totals = opened.open(path), report["totals"]
    for group in ("directory", "package", "instruction", "stage"):
        page.select_option('[data-control="group"]', group)
        assert shown(page) == totals["content_bytes"], group
        # Boxes that no pixel is left for are not drawn, and are next to nothing.
        assert 0.97 * totals["content_bytes"] <= boxes(page) <= totals["content_bytes"], group
    page.select_option('[data-control="group"]', "instruction")
    first = page.locator(".box").first
    biggest = max(report["layers"], key=lambda one: one["content_bytes"])
    assert int(first.get_attribute("data-bytes") or 0) == biggest["content_bytes"]
    sums: list[int] = page.evaluate(
        """() => { const sums = [0, 0, 0, 0];
            for (const cell of JSON.parse(document.getElementById('data').textContent).maps[0].cells)
                sums[cell[5]] += cell[7];
            return sums; }"""
    )
    assert sums[0] == totals["base_bytes"] and sums[2:] == [totals["reclaimable_bytes"], totals["trade_bytes"]]


def test_a_click_opens_a_box_and_the_breadcrumb_leads_back(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    page = opened.open(notes[0])
    whole = shown(page)
    frame = page.locator(".box.frame").first
    expected = int(frame.get_attribute("data-bytes") or 0)
    frame.click(position={"x": 30, "y": 8})
    assert shown(page) == expected < whole
    assert page.locator(".crumbs .here").inner_text() != ""
    page.locator(".crumb").first.click()
    assert shown(page) == whole


def test_the_keyboard_moves_opens_and_goes_back(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    page = opened.open(notes[0])
    whole = shown(page)
    page.locator('.box[tabindex="0"]').focus()
    assert page.locator(".tip").is_visible()
    places = [page.evaluate("document.activeElement.getAttribute('aria-label')")]
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
        places.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert all(places) and len(set(places)) > 1
    page.locator(".box.frame").first.focus()
    page.keyboard.press("Enter")
    assert shown(page) < whole
    assert page.evaluate("document.activeElement.classList.contains('box')")
    page.keyboard.press("Escape")
    assert shown(page) == whole
    # Only one box is a stop of the Tab key; the arrow keys lead to the others.
    assert page.locator('.box[tabindex="0"]').count() == 1


def test_the_tooltip_has_all_figures(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    page = opened.open(notes[0])
    page.locator(".box.frame").first.hover(position={"x": 30, "y": 8})
    words = page.locator(".tip").inner_text()
    assert "of the image" in words and "file" in words and "base image:" in words and "layer" in words


def test_the_filter_keeps_what_matches(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    path, report = notes
    page = opened.open(path)
    field = page.locator('[data-control="filter"]')
    finding = max(report["findings"], key=lambda one: one["content_bytes"])
    field.fill(finding["rule"])
    matching = sum(one["content_bytes"] for one in report["findings"] if one["rule"] == finding["rule"])
    assert shown(page) == matching and "match the filter" in page.locator(".sum").inner_text()
    field.fill("no such file anywhere")
    assert shown(page) == 0 and page.locator(".box").count() == 0
    field.fill("")
    assert shown(page) == report["totals"]["content_bytes"]


def test_the_biggest_reclaimable_file_is_the_biggest_box_of_what_is_reclaimable(
    opened: Opened, notes: tuple[Path, dict[str, Any]]
) -> None:
    path, report = notes
    page, totals = opened.open(path), report["totals"]
    page.select_option('[data-control="shown"]', "own")
    assert shown(page) == totals["own_bytes"]
    page.select_option('[data-control="shown"]', "hidden")
    assert shown(page) == totals["hidden_bytes"]
    page.select_option('[data-control="shown"]', "waste")
    assert shown(page) == totals["reclaimable_bytes"]
    claimed = [one for one in report["findings"] if one["source"] != "base" and not one["trade"]]
    biggest = max((each for one in claimed for each in one["paths"]), key=lambda one: int(one["content_bytes"]))
    page.locator(".box:not(.frame)", has_text=biggest["path"].rpartition("/")[2]).first.hover()
    words = page.locator(".tip").inner_text()
    assert biggest["path"] in words and f"layer: {biggest['layer']}: Dockerfile:" in words


def test_a_finding_opens_and_lights_up_in_the_map(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    path, report = notes
    page = opened.open(path)
    place = max(range(len(report["findings"])), key=lambda one: int(report["findings"][one]["content_bytes"]))
    finding = report["findings"][place]
    details = page.locator(f"#finding-{place}")
    details.locator("summary").click()
    assert details.locator("td.path").first.inner_text() == finding["paths"][0]["path"]
    details.locator(".show").click()
    note = page.locator(".lit-note")
    assert finding["rule"] in note.inner_text() or finding["title"] in note.inner_text()
    assert page.locator(".box.lit").count() > 0
    assert finding["content_bytes"] <= shown(page) < report["totals"]["content_bytes"]
    note.locator("button").click()
    assert page.locator(".box.lit, .box.dim").count() == 0 and shown(page) == report["totals"]["content_bytes"]


def test_the_biggest_step_lights_up_and_its_diff_is_copied(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    page = opened.open(notes[0])
    first = page.locator(".first")
    assert "Dockerfile:" in first.inner_text()
    first.locator(".show").click()
    assert page.locator(".box.lit").count() > 0
    patch = page.locator(".patch").first
    patch.locator(".copy").click()
    expect(patch.locator(".copy")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("--- a/") and "\n@@ -" in copied and copied.endswith("\n") and "Copy" not in copied
    command = page.locator(".command .copy").last
    command.click()
    expect(command).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("layerscope fix ")


def test_a_table_sorts_both_ways_and_filters(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    page = opened.open(notes[0])
    table = page.locator("#packages table")

    def values() -> list[int]:
        rows = table.locator("tbody tr:not([hidden]) td:nth-child(1)").all()
        return [int(one.get_attribute("data-v") or 0) for one in rows]

    head = table.locator("th").first
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending" and all(a >= b for a, b in pairwise(values()))
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending" and all(a <= b for a, b in pairwise(values()))
    table.locator("th").last.locator("button").click()
    names = [one.replace("Map", "") for one in table.locator("tbody td:last-child").all_inner_texts()]
    assert names[0].lower() <= names[-1].lower() and head.get_attribute("aria-sort") is None
    page.locator("#packages input.filter").fill("python3")
    kept = table.locator("tbody tr:visible").all_inner_texts()
    assert kept and all("python3" in one.lower() for one in kept)
    assert f"{len(kept)} of " in page.locator("#packages .count").inner_text()


def test_a_link_to_a_finding_opens_it(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    page = opened.open(notes[0])
    link = page.locator('.first a[href^="#finding-"]').first
    target = (link.get_attribute("href") or "")[1:]
    link.click()
    expect(page.locator(f"#{target}")).to_have_attribute("open", "")


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_hostile_names_are_text_in_the_map_and_everywhere_else(opened: Opened, tmp_path: Path, case: str) -> None:
    name = HOSTILE[case]
    sizes = SizeMap(
        names=("/", name), parents=(0, 0), cells=(SizeCell(1, 0, 0, 0, 0, State.RECLAIMABLE, False, 10, 1),)
    )
    path = tmp_path / "page.html"
    path.write_text(html(hostile(name), OPTIONS, sizes), encoding="utf-8")
    page = opened.open(path)
    assert page.locator(".box .name").first.inner_text().strip() == printable(name).strip()
    for group in ("package", "instruction", "stage"):
        page.select_option('[data-control="group"]', group)
        page.locator(".box").first.hover(position={"x": 20, "y": 8})
        assert shown(page) == 10
    for colour in ("layer", "type"):
        page.select_option('[data-control="colour"]', colour)
    assert page.locator("img, iframe, link").count() == 0
    assert page.locator("script").count() == 2


def test_without_a_script_the_tables_are_there(browser: Browser, notes: tuple[Path, dict[str, Any]]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(notes[0].as_uri())
    assert not page.locator("#map").is_visible() and not page.locator('.parts a[href="#map"]').is_visible()
    for part in ("steps", "findings", "layers", "packages"):
        assert page.locator(f"#{part}").is_visible(), part
    assert page.locator("#layers svg.bar rect").count() > 3
    page.locator(".finding summary").first.click()
    assert page.locator(".finding table").first.is_visible()
    context.close()


def test_nothing_but_the_page_s_own_script_runs(
    browser: Browser, tmp_path: Path, notes: tuple[Path, dict[str, Any]]
) -> None:
    """The policy is what stops a script, if all else failed."""
    path = tmp_path / "page.html"
    evil = "<script>document.title = 'run'</script><p style='color: red' onclick='x()'>x</p></main>"
    path.write_text(notes[0].read_text("utf-8").replace("</main>", evil), encoding="utf-8")
    page = browser.new_page()
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text))
    page.goto(path.as_uri())
    assert page.title() != "run" and any("Content Security Policy" in one for one in violations)
    assert page.locator(".box").count() > 10
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_no_page_is_wider_than_the_window(
    browser: Browser, notes: tuple[Path, dict[str, Any]], width: int, scheme: Any
) -> None:
    """LAYERSCOPE_SCREENSHOTS names a directory for what it looks like."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(notes[0].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".box").count() > 5
    if folder := os.environ.get("LAYERSCOPE_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"page-{width}-{scheme}.png"), full_page=True)
    context.close()


def test_what_is_folded_is_printed(opened: Opened, notes: tuple[Path, dict[str, Any]]) -> None:
    page = opened.open(notes[0])
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible() and page.locator("#layers").is_visible()


def test_two_maps_open_together(opened: Opened, tmp_path: Path) -> None:
    images = []
    for number, size in enumerate((5000, 9000)):
        path = tmp_path / f"{number}.tar"
        members = (file("srv/log", b"x" * size), file("srv/app/main", b"y" * 4000), file("etc/same", b"z" * 3000))
        path.write_bytes(docker_save(ImageSpec(layers=(layer(*members), layer(whiteout("srv/app/main"))))))
        images.append(path)
    (tmp_path / "diff.html").write_bytes(call("diff", *images, "-f", "html", "-q").out)
    page = opened.open(tmp_path / "diff.html")
    assert page.locator(".map").count() == 2
    page.locator(".map").last.locator(".box", has_text="srv/").first.click(position={"x": 20, "y": 8})
    assert [one.get_attribute("data-bytes") for one in page.locator(".sum").all()] == ["9000", "13000"]
    page.locator(".map").last.locator(".box", has_text="log").hover()
    words = page.locator(".tip").inner_text()
    assert "before: 5.00 kB" in words and "after: 9.00 kB" in words and "difference: +4.00 kB" in words


def test_many_images_are_a_map_by_image_and_by_layer(opened: Opened, tmp_path: Path) -> None:
    done = call("scan", FIXTURES / "tiny-legacy.tar", FIXTURES / "tiny-builder.tar", "-f", "html", "-q")
    (tmp_path / "scan.html").write_bytes(done.out)
    page = opened.open(tmp_path / "scan.html")
    assert shown(page) == 63_700 + 48_200
    page.select_option('[data-control="group"]', "instruction")
    assert shown(page) == 63_700 + 48_200
    words = page.locator(".sum").inner_text()
    assert "of all images" in words and " layers (" in words


def test_a_map_of_sixteen_thousand_cells_draws_few_boxes_at_once(opened: Opened, tmp_path: Path) -> None:
    """The most cells that a map has, whatever the image; each redraw is measured in the page, and its work bounded."""
    names, parents, cells = ["/"], [0], []
    for directory in range(3000):
        names.append(f"d{directory}/")
        parents.append(max(0, directory // 7))
    for number in range(5000):
        names.append(f"f{number}.so")
        parents.append(1 + number % 3000)
    for number in range(16_000):
        node = 3001 + number if number < 5000 else 1 + number % 3000
        state = (State.BASE, State.OWN, State.RECLAIMABLE)[number % 3]
        cells.append(
            SizeCell(node, 0, -1, 0 if state == State.RECLAIMABLE else -1, -1, state, False, 1 + number * 37 % 9999, 60)
        )
    path = tmp_path / "page.html"
    sizes = SizeMap(names=tuple(names), parents=tuple(parents), cells=tuple(cells))
    path.write_text(html(hostile("plain"), OPTIONS, sizes), encoding="utf-8")
    assert path.stat().st_size < 3_000_000
    page = opened.open(path)
    page.locator(".box.frame").first.click(position={"x": 20, "y": 8})
    page.keyboard.press("Escape")
    page.locator('[data-control="filter"]').fill("f1")
    page.locator('[data-control="filter"]').fill("")
    page.select_option('[data-control="colour"]', "layer")
    spans = page.evaluate("performance.getEntriesByType('measure').map((one) => one.duration)")
    print(f"redraws took {', '.join(f'{span:.0f}' for span in spans)} ms")
    assert len(spans) >= 6
    assert 50 < page.locator(".box").count() <= 1500
