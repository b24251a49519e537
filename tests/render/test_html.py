"""The report as one HTML page."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from layerscope.model.finding import FoundPath
from layerscope.model.size_map import NONE, SizeCell, SizeMap, State
from layerscope.render import html_parts
from layerscope.render.escape import printable, without_commands
from layerscope.render.html import html
from tests.render.reports import HOSTILE, OPTIONS, hostile, ordinary

_VOID = {"meta", "br", "input"}


class Page(HTMLParser):
    """The tags of a page, checked to be nested well, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


SIZES = SizeMap(
    names=("/", "app/", "big"),
    parents=(0, 0, 1),
    cells=(
        SizeCell(2, 1, 1, 0, 0, State.RECLAIMABLE, False, 900, 1),
        SizeCell(0, 0, NONE, NONE, NONE, State.BASE, True, 7, 3),
    ),
)


def blocks(page: str, tag: str) -> list[str]:
    return re.findall(rf"(?s)<{tag}[^>]*>(.*?)</{tag}>", page)


def data_of(page: str) -> Any:
    return json.loads(blocks(page, "script")[0])


@pytest.mark.parametrize("sizes", [None, SIZES], ids=["saved", "with a map"])
def test_the_page_needs_nothing_from_elsewhere(sizes: SizeMap | None) -> None:
    made = html(ordinary(), OPTIONS, sizes)
    page = Page(made)
    assert not {"link", "img", "iframe", "object", "base", "form"} & {tag for tag, _ in page.tags}
    assert not [attributes for _, attributes in page.tags if "src" in attributes or "style" in attributes]
    targets = {attributes["href"] for _, attributes in page.tags if "href" in attributes}
    anchors = {f"#{attributes['id']}" for _, attributes in page.tags if "id" in attributes}
    assert targets <= anchors


def test_the_policy_allows_the_page_s_own_style_and_script_alone() -> None:
    made = html(ordinary(), OPTIONS, SIZES)
    policy = next(a["content"] for _, a in Page(made).tags if a.get("http-equiv") == "Content-Security-Policy")
    hashes = {
        name: base64.b64encode(hashlib.sha256(blocks(made, name)[-1].encode()).digest()).decode()
        for name in ("style", "script")
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}';"
        " base-uri 'none'; form-action 'none'"
    )
    assert len(blocks(made, "style")) == 1 and len(blocks(made, "script")) == 2


@pytest.mark.parametrize("name", ["page.css", "page.js"])
def test_what_is_written_to_a_log_leaves_style_and_script_as_they_are(name: str) -> None:
    """A changed byte would not match its hash."""
    content = (Path(html_parts.__file__).parent / name).read_bytes().decode("ascii")
    assert without_commands(content) == content
    assert "</" not in content and "\r" not in content


def test_the_data_of_the_map_says_what_the_cells_are() -> None:
    found = data_of(html(ordinary(), OPTIONS, SIZES))
    assert found["units"] == "si"
    (one,) = found["maps"]
    assert (one["title"], one["total"]) == ("app:1", 3500)
    assert one["names"] == ["/", "app/", "big"] and one["parents"] == [0, 0, 1]
    assert one["cells"] == [[2, 1, 1, 0, 0, 2, False, 900, 1], [0, 0, -1, -1, -1, 0, True, 7, 3]]
    assert one["layers"] == {"0": "0: ADD rootfs.tar /", "1": "1: Dockerfile:7 COPY --from=build /app /app"}
    assert one["packages"] == {"1": ["pypi", "flask 3.0"]}
    assert one["findings"] == {"0": "git-directory: what git-directory finds"} and one["stages"] == ["stage build"]


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_no_name_ends_the_data_of_the_map(case: str) -> None:
    name = HOSTILE[case]
    sizes = SizeMap(
        names=("/", name),
        parents=(0, 0),
        cells=(SizeCell(1, 0, 0, 0, 0, State.OWN, False, 10, 1),),
    )
    made = html(hostile(name), OPTIONS, sizes)
    assert len(blocks(made, "script")) == 2 and "<" not in blocks(made, "script")[0]
    assert data_of(made)["maps"][0]["names"] == ["/", printable(name)]


def test_without_sizes_there_is_no_map() -> None:
    made = html(ordinary(), OPTIONS)
    assert "map" not in {attributes.get("id") for _, attributes in Page(made).tags}
    assert len(blocks(made, "script")) == 1


def test_all_sections_can_be_reached_and_those_that_are_empty_are_left_out() -> None:
    links = re.findall(r'href="([^"]+)"', blocks(html(ordinary(), OPTIONS, SIZES), "nav")[0])
    assert links == [
        "#top", "#map", "#steps", "#findings", "#inherited", "#layers", "#stages", "#directories", "#packages",
        "#hidden", "#warnings",
    ]  # fmt: skip


def test_figures_sort_by_their_value_and_stand_at_the_right() -> None:
    made = html(ordinary(), OPTIONS)
    assert '<td class="n" data-v="600">600 B</td>' in made


def test_what_is_between_backticks_is_code() -> None:
    found = ordinary().findings[0]
    made = html(replace(ordinary(), findings=(replace(found, fix="use `a < b` and not `c"),)), OPTIONS)
    assert "use <code>a &lt; b</code> and not `c" in made


def _luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(one * 2 for one in color[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_can_be_read_on_its_ground(dark: bool) -> None:
    """WCAG 2.2, success criterion 1.4.3: a contrast of at least 4.5."""
    style = (Path(html_parts.__file__).parent / "page.css").read_text("ascii")
    light, _, rest = style.partition("@media (prefers-color-scheme: dark)")
    colors = dict(re.findall(r"--(\w+): (#\w+)", light))
    if dark:
        colors |= dict(re.findall(r"--(\w+): (#\w+)", rest.partition("} }")[0]))
    grounds = ("paper", "panel", "base", "own", "waste", "trade", "plain", "new", "grew", "same", "shrank", "gone")
    pairs = [("ink", ground) for ground in grounds]
    pairs += [(ink, ground) for ink in ("soft", "accent", "added", "removed") for ground in ("paper", "panel")]
    assert not [pair for pair in pairs if _contrast(colors[pair[0]], colors[pair[1]]) < 4.5]
    assert not [name for name in ("critical", "high", "medium", "low") if _contrast("#fff", colors[name]) < 4.5]


def _without_code(page: Page) -> list[str]:
    return [tag for tag, _ in page.tags if tag != "code"]


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_names_are_text_and_nothing_else(case: str) -> None:
    page = Page(html(hostile(HOSTILE[case]), OPTIONS))
    plain = Page(html(hostile("plain"), OPTIONS))
    # A name in a sentence may have what marks code there, which is still no more than text.
    assert _without_code(page) == _without_code(plain)
    assert "/" + printable(HOSTILE[case]) in page.text
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_a_finding_with_very_many_paths_says_how_many_it_leaves_out() -> None:
    report = ordinary()
    paths = tuple(FoundPath(path=f"/f{n}", layer=1, content_bytes=1, fate="live") for n in range(1000))
    text = html(replace(report, findings=(replace(report.findings[0], paths=paths),)), OPTIONS)
    assert text.count('<td class="path">/f') == 200 and "and 800 more" in text


def test_very_many_findings_list_few_paths_each_or_none() -> None:
    report = ordinary()
    paths = tuple(FoundPath(path=f"/{'d' * 80}/f{n}", layer=1, content_bytes=1, fate="live") for n in range(1000))
    many = tuple(replace(report.findings[0], paths=paths) for _ in range(3000))
    text = html(replace(report, findings=many), OPTIONS)
    assert text.count('<td class="path">/d') == 4000 and "and 2,600 more findings: layerscope findings" in text
    assert len(text) < 3_000_000
    page = Page(text)
    anchors = {f"#{attributes['id']}" for _, attributes in page.tags if "id" in attributes}
    assert {attributes["href"] for _, attributes in page.tags if "href" in attributes} <= anchors


def test_very_many_warnings_and_ignored_findings_are_counted() -> None:
    report = ordinary()
    many = replace(report, ignored=report.findings[:1] * 600, warnings=tuple(f"warning {n}" for n in range(700)))
    text = html(many, OPTIONS)
    assert "and 100 more: use -f json" in text and "and 200 more: use -f json" in text
    assert "<li>warning 499</li>" in text and "warning 500" not in text
