"""The report as one HTML page."""

from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from layerscope.model.finding import FoundPath
from layerscope.render.escape import printable
from layerscope.render.html import html
from tests.render.reports import HOSTILE, OPTIONS, hostile, ordinary

_VOID = {"meta", "br"}


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


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = Page(html(ordinary(), OPTIONS))
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not [attributes for _, attributes in page.tags if {"src", "href"} & set(attributes)]
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_names_are_text_and_nothing_else(case: str) -> None:
    page = Page(html(hostile(HOSTILE[case]), OPTIONS))
    plain = Page(html(hostile("plain"), OPTIONS))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert "/" + printable(HOSTILE[case]) in page.text
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_a_finding_with_very_many_paths_says_how_many_it_leaves_out() -> None:
    report = ordinary()
    paths = tuple(FoundPath(path=f"/f{n}", layer=1, content_bytes=1, fate="live") for n in range(1000))
    text = html(replace(report, findings=(replace(report.findings[0], paths=paths),)), OPTIONS)
    assert text.count('<td class="path">/f') == 200 and "and 800 more" in text
