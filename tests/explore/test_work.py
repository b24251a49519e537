"""No key works on more than what is seen, or it works beside the interface: what is counted is work, not time."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.analysis.browse import Browser
from layerscope.analysis.tree import Tree
from layerscope.analysis.tree_items import Item, Key, Order
from layerscope.explore.app import Explorer
from layerscope.explore.files import TreeRows
from layerscope.model.report import Report
from layerscope.render.units import RenderOptions, si
from tests.analysis.test_browse import browsing, saved_image
from tests.builder import file, layer
from tests.explore.driving import settled

FILES, WIDE_FILES = 60_000, 30_000
SIZE = (140, 40)
KEYS = [
    "tab",
    "l",
    "j",
    "G",
    "g",
    "d",
    "u",
    "s",
    "s",
    "s",
    "l",
    "space",
    "space",
    "E",
    "E",
    "c",
    "c",
    "ctrl+u",
    "ctrl+b",
    "[",
    "]",
    "H",
    "backspace",
    "enter",
    "escape",
]
AT_ONCE = 40_000
"""The most versions that a key may look at before the next one is served."""


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Report]]:
    """One layer with a directory of 30,000 files and 300 of 100 files each, and a small one above it."""
    wide = (file(f"wide/{number:05}", b"x" * (number % 50)) for number in range(WIDE_FILES))
    deep = (file(f"deep/{number // 100:03}/{number:05}", b"") for number in range(FILES - WIDE_FILES))
    path: Path = tmp_path_factory.mktemp("work") / "image.tar"
    saved_image(path, layer(*wide, *deep), layer(file("small", b"1")))
    with browsing(path) as (browser, report, _):
        yield browser, report


class Counted:
    """How much work was done, by the interface itself and beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.items = self.sorted = self.looked_at = self.beside = 0
        main = threading.main_thread()
        item, children, build = Tree.item, Tree.children, Tree._build

        def counted_item(tree: Tree, key: Key) -> Item:
            self.items += threading.current_thread() is main
            return item(tree, key)

        def counted_children(tree: Tree, directory: str, order: Order) -> list[Key]:
            count = tree.count(directory)
            if threading.current_thread() is main:
                self.sorted += count
            else:
                self.beside += count
            return children(tree, directory, order)

        def counted_build(tree: Tree) -> None:
            build(tree)
            if threading.current_thread() is main:
                self.looked_at += tree.total.files
            else:
                self.beside += tree.total.files

        monkeypatch.setattr(Tree, "item", counted_item)
        monkeypatch.setattr(Tree, "children", counted_children)
        monkeypatch.setattr(Tree, "_build", counted_build)

    def reset(self) -> None:
        self.items = self.sorted = self.looked_at = 0


def test_no_key_makes_rows_that_are_not_seen(big: tuple[Browser, Report], monkeypatch: pytest.MonkeyPatch) -> None:
    browser, report = big
    counted = Counted(monkeypatch)

    async def walk() -> list[tuple[str, int, int, int]]:
        done = []
        app = Explorer(report, browser, RenderOptions(units=si))
        async with app.run_test(size=SIZE) as pilot:
            await settled(app, pilot)
            await pilot.press("g")
            await settled(app, pilot)
            for key in KEYS:
                counted.reset()
                await pilot.press(key)
                await settled(app, pilot)
                done.append((key, counted.items, counted.sorted, counted.looked_at))
        if app.failure is not None:
            raise app.failure
        return done

    for key, items, rows, looked_at in asyncio.run(walk()):
        assert items < 12 * SIZE[1], key
        assert rows <= 20_000, key
        assert looked_at <= AT_ONCE, key
    assert counted.beside > FILES  # The big layer was looked at, and its big directory sorted, beside the interface.


def test_all_rows_of_a_big_directory_can_be_reached(big: tuple[Browser, Report]) -> None:
    browser, report = big

    async def walk() -> tuple[int, str]:
        app = Explorer(report, browser, RenderOptions(units=si))
        async with app.run_test(size=SIZE) as pilot:
            for key in ("g", "tab", "slash", *"^/wide", "enter", "g", "l", "G"):
                await pilot.press(key)
                await settled(app, pilot)
            rows = app.query_one(TreeRows)
            return rows.count(), rows.item.path if rows.item is not None else ""

    count, last = asyncio.run(walk())
    assert (count, last) == (WIDE_FILES + 1, f"/wide/{WIDE_FILES - 50:05}")
