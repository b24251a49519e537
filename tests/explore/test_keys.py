"""Every key of the footer and of the help does what it says: a case for each, and no key without one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

from docs import explore_page
from layerscope.explore.keys import (
    EVERYWHERE,
    GROUPS,
    LAYERS,
    LISTS,
    MOVING,
    TREE,
    VERSIONS,
    VIEW,
    WINDOWS,
    named,
    rows,
)
from tests.explore.driving import NARROW, WIDE, Seen, both, known, pressed, sample


class Case(Struct, frozen=True):
    """Keys that lead to a place, and what one more key changes there."""

    before: str
    changes: Callable[[Seen, Seen], bool]
    size: tuple[int, int] = WIDE


DETAILS = "3 L tab"
"""Leads to the details of a file, which a small terminal does not show in full."""
FILE = "3 L"
"""Leads to /app/.git/objects/pack in layer 1."""


def moved(before: Seen, after: Seen) -> bool:
    return before.current != after.current


def scrolled(before: Seen, after: Seen) -> bool:
    return before.focus == after.focus == "details" and before.screen != after.screen


def tab(name: str) -> Callable[[Seen, Seen], bool]:
    return lambda before, after: (before.tab, after.tab) == ("layers" if name != "layers" else "steps", name)


CASES: dict[str, dict[str, Case]] = {
    "Everywhere": {
        "question_mark": Case("", lambda _, after: "All keys" in after.window and "Ctrl-A" in after.screen),
        "1": Case("2", tab("layers")),
        "2": Case("", tab("steps")),
        "3": Case("", tab("findings")),
        "4": Case("", tab("packages")),
        "5": Case("", tab("stages")),
        "6": Case("", tab("bases")),
        "tab": Case("", lambda before, after: (before.focus, after.focus) == ("layer-rows", "tree-rows")),
        "shift+tab": Case("", lambda before, after: (before.focus, after.focus) == ("layer-rows", "tree-rows")),
        "left_square_bracket": Case("tab", lambda before, after: (before.layer, after.layer) == (1, 0)),
        "right_square_bracket": Case("tab", lambda before, after: (before.layer, after.layer) == (1, 2)),
        "backspace": Case("3 f", lambda before, after: (before.tab, after.tab) == ("layers", "findings")),
        "escape": Case("3 f", lambda before, after: (before.tab, after.tab) == ("layers", "findings")),
        "i": Case("", lambda _, after: after.window.startswith("Image") and "efficiency" in after.screen),
        "H": Case("", lambda _, after: "later layer hides" in after.title and "a.o" in after.names),
        "q": Case("", lambda _, after: after.ended),
        "ctrl+c": Case("", lambda _, after: after.ended),
        "ctrl+q": Case("", lambda _, after: after.ended),
        "ctrl+z": Case("", lambda _, after: not after.ended),  # The driver of tests cannot be suspended.
    },
    "In every list": {
        "j": Case("tab", moved),
        "down": Case("tab", moved),
        "k": Case("tab G", moved),
        "up": Case("tab G", moved),
        "d": Case("tab", moved),
        "pagedown": Case("tab", moved),
        "u": Case("tab G", moved),
        "pageup": Case("tab G", moved),
        "g": Case("tab G", lambda _, after: after.current == after.rows[0]),
        "home": Case("tab G", lambda _, after: after.current == after.rows[0]),
        "G": Case("tab", lambda _, after: after.current == after.rows[-1]),
        "end": Case("tab", lambda _, after: after.current == after.rows[-1]),
        "ctrl+p": Case("2", lambda before, after: before.screen.count("…") > after.screen.count("…")),
    },
    "Layers": {
        "enter": Case("", lambda _, after: after.focus == "tree-rows"),
        "l": Case("", lambda _, after: after.focus == "tree-rows"),
        "right": Case("", lambda _, after: after.focus == "tree-rows"),
        "ctrl+a": Case("", lambda _, after: after.title.startswith("Files as of layer 1") and "sh" in after.names),
        "c": Case("c", lambda before, after: before.title[:5] == "Files" and after.title[:7] == "Changes"),
        "ctrl+l": Case("ctrl+a", lambda _, after: after.title.startswith("Changes of layer 1")),
        "D": Case("", lambda _, after: after.window.startswith("History") and "COPY . /app" in after.current),
    },
    "Files": {
        "enter": Case("tab", lambda before, after: len(before.rows) > len(after.rows)),
        "space": Case("tab", lambda before, after: len(before.rows) > len(after.rows)),
        "l": Case("tab", moved),
        "right": Case("tab space", lambda before, after: len(before.rows) < len(after.rows)),
        "h": Case(FILE, lambda before, after: "pack" in before.current and "objects/" in after.current),
        "left": Case("tab", lambda before, after: len(before.rows) > len(after.rows)),
        "E": Case("tab", lambda _, after: after.names == ["app/", "usr/"]),
        "ctrl+space": Case("tab", lambda _, after: after.names == ["app/", "usr/"]),
        "ctrl+@": Case("tab E", lambda before, after: len(before.rows) < len(after.rows) and "pack" in after.names),
        "c": Case("tab", lambda _, after: after.title.startswith("Files as of layer 1") and "sh" in after.names),
        "ctrl+a": Case("tab", lambda _, after: after.rows == [] and "(+ added)" in after.legend),
        "ctrl+t": Case("] ] tab", lambda before, after: "notes" in before.names and "notes" not in after.names),
        "ctrl+n": Case("] ] tab", lambda before, after: "tool" in before.names and "tool" not in after.names),
        "ctrl+r": Case("] tab", lambda before, after: "a.o" in before.names and "a.o" not in after.names),
        "ctrl+u": Case("tab", lambda before, after: "sh" not in before.names and "sh" in after.names),
        "slash": Case("tab", lambda _, after: after.filter),
        "ctrl+f": Case("tab", lambda _, after: after.filter),
        "ctrl+underscore": Case("tab", lambda _, after: after.filter),
        "s": Case("tab", lambda before, after: "by reclaimable" in before.title and "by size" in after.title),
        "ctrl+o": Case("tab s", lambda _, after: "by name" in after.title and after.names[1:3] == [".git/", "HEAD"]),
        "ctrl+b": Case("tab", lambda before, after: "rw-r" not in before.screen and "-rw-r--r--" in after.screen),
        "v": Case(FILE, lambda _, after: "/app/.git/objects/pack" in after.window and "ppppp" in after.screen),
        "x": Case(FILE, lambda _, after: "Extract /app/.git/objects/pack" in after.screen),
        "ctrl+e": Case(FILE, lambda _, after: "Extract /app/.git/objects/pack" in after.screen),
        "y": Case(FILE, lambda _, after: after.clipboard == "/app/.git/objects/pack"),
        "L": Case("3 f", lambda _, after: after.title.startswith("Changes of layer 1") and "pack" in after.current),
        "D": Case(FILE, lambda _, after: after.window.startswith("History") and "COPY . /app" in after.current),
        "F": Case(FILE, lambda _, after: after.tab == "findings" and "vcs-metadata" in after.current),
        "p": Case("4 f G", lambda _, after: after.tab == "packages" and "tool" in after.current),
    },
    "The other lists": {
        "enter": Case("2", lambda _, after: "Step 1" in after.window and ".git" in after.screen),
        "f": Case("3", lambda _, after: after.title.startswith("Files of vcs-metadata") and "pack" in after.current),
        "l": Case("4", lambda _, after: after.title.startswith("Files of tool 1.0") and "tool.py" in after.names),
        "right": Case("2", lambda _, after: after.title.startswith("Files of step 1") and "pack" in after.current),
        "L": Case("3", lambda _, after: after.title.startswith("Changes of layer 1") and "pack" in after.current),
        "D": Case("3", lambda _, after: after.window.startswith("History") and "COPY . /app" in after.current),
        "slash": Case("3", lambda _, after: after.filter),
        "ctrl+f": Case("3", lambda _, after: after.filter),
        "ctrl+underscore": Case("3", lambda _, after: after.filter),
        "s": Case("3", lambda before, after: "by severity" in before.title and "by size" in after.title),
        "ctrl+o": Case("4", lambda before, after: "by size" in before.title and "by name" in after.title),
    },
    "Windows": {
        "escape": Case("i", lambda before, after: bool(before.window) and not after.window),
        "q": Case("i", lambda before, after: bool(before.window) and not after.window and not after.ended),
        "backspace": Case("i", lambda before, after: bool(before.window) and not after.window),
        "l": Case("i", lambda before, after: before.screen != after.screen),
        "right": Case("i", lambda before, after: before.screen != after.screen),
        "h": Case("i l", lambda before, after: before.screen != after.screen),
        "left": Case("i l", lambda before, after: before.screen != after.screen),
        "slash": Case("i", lambda _, after: after.filter),
        "ctrl+f": Case("i", lambda _, after: after.filter),
        "n": Case("question_mark slash l a y e r enter", moved),
        "N": Case("question_mark slash l a y e r enter", moved),
    },
    "Content of a file": {
        "v": Case(FILE + " v", lambda _, after: "00000000  70 70 70" in after.rows[0]),
        "x": Case(FILE + " v", lambda _, after: "Extract /app/.git/objects/pack" in after.screen),
        "ctrl+e": Case(FILE + " v", lambda _, after: "Extract /app/.git/objects/pack" in after.screen),
        "y": Case(FILE + " v", lambda _, after: after.clipboard == "/app/.git/objects/pack"),
    },
    "Versions of a file": {
        "enter": Case(FILE + " enter", lambda _, after: "pppp" in after.screen),
        "v": Case(FILE + " enter", lambda _, after: "pppp" in after.screen),
        "x": Case(FILE + " enter", lambda _, after: "Extract /app/.git/objects/pack" in after.screen),
        "ctrl+e": Case(FILE + " enter", lambda _, after: "Extract /app/.git/objects/pack" in after.screen),
        "L": Case(
            "H j enter", lambda before, after: bool(before.window) and after.title.startswith("Changes of layer 1")
        ),
        "D": Case(FILE + " enter", lambda _, after: after.window.startswith("History")),
    },
    "Details": {
        **{key: Case(DETAILS, scrolled, NARROW) for key in ("j", "down", "d", "pagedown", "G", "end")},
        **{key: Case(DETAILS + " G", scrolled, NARROW) for key in ("k", "up", "u", "pageup", "g", "home")},
    },
}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample(tmp_path_factory.mktemp("explore") / "sample.tar")


@pytest.mark.parametrize(
    ("group", "key"), [pytest.param(group, key, id=f"{group}-{key}") for group in CASES for key in CASES[group]]
)
def test_a_key_does_what_the_help_says(image: Path, group: str, key: str) -> None:
    case = CASES[group][key]
    keys = case.before.split()
    before, after = both(image, *keys, key, known=known(), size=case.size, before=len(keys))
    assert case.changes(before, after), (before, after)


def test_each_key_has_a_case() -> None:
    assert {group: {key for one in keys for key in one.keys.split(",")} for group, keys in GROUPS} == {
        group: set(cases) for group, cases in CASES.items()
    }


def test_the_help_has_every_key_that_the_footer_shows(image: Path) -> None:
    help_page = pressed(image, "question_mark").rows
    for group in (EVERYWHERE, MOVING, LAYERS, TREE, LISTS, WINDOWS, VIEW, VERSIONS):
        for one in group:
            assert any(one.help in line and named(one.keys.split(",")[0]) in line for line in help_page), one
    assert len([line for line in help_page if line.startswith("  ")]) == len(list(rows()))


def test_the_page_has_every_key() -> None:
    page = explore_page.PAGE.read_text("utf-8")
    assert explore_page.with_keys(page) == page, "run: make docs"


def test_a_key_has_one_meaning_in_each_place() -> None:
    for keys in (EVERYWHERE + MOVING + LAYERS, EVERYWHERE + MOVING + TREE, EVERYWHERE + MOVING + LISTS):
        every = [key for one in keys for key in one.keys.split(",")]
        assert len(every) == len(set(every))
    for special in (VIEW, VERSIONS):
        every = [key for one in MOVING + WINDOWS + special for key in one.keys.split(",")]
        assert len(every) == len(set(every))


def test_the_footer_of_a_small_terminal_shows_how_to_get_help(image: Path) -> None:
    for keys in ((), ("tab",), ("2",)):
        footer = pressed(image, *keys, size=NARROW).screen.split("\n")[-1]
        assert "? Keys" in footer and "q Quit" in footer and len(footer) <= 80
