"""The harness of HTML pages: whatever text an image holds, the page has the tags of an ordinary one and no others."""

import json
from functools import cache
from html.parser import HTMLParser

from layerscope.analysis.diff import diff
from layerscope.model.size_map import SizeCell, SizeMap, State
from layerscope.render import html_diff
from layerscope.render.escape import printable
from layerscope.render.html import html
from layerscope.render.units import RenderOptions, si
from tests.render.reports import hostile

_OPTIONS = RenderOptions(units=si)
_VOID = frozenset({"meta", "br", "input"})


def page(data: bytes) -> None:
    """A report, its map, and its diff with another, in which every text of the image is this."""
    text = data.decode("utf-8", "surrogateescape")
    for made, (tags, scripts) in zip(_pages(text), _ordinary(), strict=True):
        found = _Page(made)
        assert found.tags <= tags, found.tags - tags
        *maps, script = found.scripts
        assert len(found.scripts) == len(scripts) and script == scripts[-1]
        assert all(json.loads(one)["maps"][-1]["names"] == ["/", printable(text)] for one in maps)
        made.encode("utf-8")


class _Page(HTMLParser):
    """The tags of a page with the names of their attributes, checked to be nested, and its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[tuple[str, tuple[str, ...]]] = set()
        self.scripts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = [f"{name}={value}" if name in ("type", "http-equiv", "rel") else name for name, value in attrs]
        if tag != "code":  # What stands between backticks.
            self.tags.add((tag, tuple(values)))
        links = [value for name, value in attrs if name in ("href", "src")]
        assert all(link is not None and link.startswith("#") for link in links)
        if tag == "script":
            self.scripts.append("")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["script"]:
            self.scripts[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def _pages(text: str) -> tuple[str, str, str]:
    before, after = hostile("before"), hostile(text)
    sides = ((before, _sizes("before")), (after, _sizes(text)))
    compared = diff(before, after)
    return html(after, _OPTIONS, _sizes(text)), html_diff.html(compared, _OPTIONS, sides), html(after, _OPTIONS)


def _sizes(name: str) -> SizeMap:
    return SizeMap(names=("/", name), parents=(0, 0), cells=(SizeCell(1, 0, 0, 0, 0, State.OWN, False, 10, 1),))


@cache
def _ordinary() -> tuple[tuple[set[tuple[str, tuple[str, ...]]], list[str]], ...]:
    """For each page the tags that it may have, and its scripts: those of harmless texts."""
    made = [[_Page(page) for page in _pages(text)] for text in ("word", "before", "two words\nof " + "a" * 300)]
    return tuple((set().union(*(one.tags for one in alike)), alike[0].scripts) for alike in zip(*made, strict=True))
