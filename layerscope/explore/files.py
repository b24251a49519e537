"""The rows of a tree of files: what a layer changed, the files as of it, or those of a finding, a package, a stage."""

import stat
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.message import Message

from layerscope.analysis.browse import Browser, Scope
from layerscope.analysis.tree import Tree
from layerscope.analysis.tree_items import Item, Key, Order
from layerscope.explore.keys import TREE, bindings
from layerscope.explore.listing import MOST_OPENED, Listing, around, listed
from layerscope.explore.rows import Rows
from layerscope.explore.style import CHANGE_MARKS, CHANGE_STYLES, NOTICE, SOFT, columns, safe
from layerscope.model.change import Change
from layerscope.model.entry import Kind
from layerscope.render.units import Units

_AT_ONCE = 20_000
"""Rows that are sorted at once; more are sorted beside the interface, which must not wait for them."""
_OPENED = 25
"""Rows of a new tree, whose biggest directories are open."""
_RECLAIMABLE = "RECLAIMABLE"
_MODES = {
    Kind.FILE: stat.S_IFREG, Kind.HARDLINK: stat.S_IFREG, Kind.SYMLINK: stat.S_IFLNK,
    Kind.CHARACTER_DEVICE: stat.S_IFCHR, Kind.BLOCK_DEVICE: stat.S_IFBLK, Kind.DIRECTORY: stat.S_IFDIR,
    Kind.FIFO: stat.S_IFIFO,
}  # fmt: skip


class TreeRows(Rows):
    """The rows of a tree, with the keys that need a row."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TREE)]

    class Asked(Message):
        """Something is wanted for the row under the cursor: what the action is called."""

        def __init__(self, action: str, value: str = "") -> None:
            super().__init__()
            self.action = action
            self.value = value

    def __init__(self, browser: Browser, units: Units) -> None:
        super().__init__(id="tree-rows")
        self._browser = browser
        self._units = units
        self._width = max(8, len(units(10**12 - 1)))  # Wide enough for all digits of --units bytes.
        self.order = Order.RECLAIMABLE
        self.listing: Listing | None = None
        self.scope = Scope()
        self._kept: frozenset[str] | None = None  # What the user has opened or closed, also in the next tree.
        self._path = ""  # Where the user left the cursor, also if that is in none of the trees since.
        self._has_attributes = False
        self._waiting = ""

    # What is shown.

    def show(self, tree: Tree, scope: Scope, at: tuple[str, int | None] | None = None) -> None:
        """Show a tree with the cursor at a path, which may be that of several versions; else where it was."""
        if at is not None:
            self._path = at[0]
        place = at or ((self._path, None) if self._path else None)
        self.scope, self._waiting = scope, ""
        opened = frozenset(tree.biggest(_OPENED, self.order)) if self._kept is None else self._kept
        key = tree.find(*place) if place is not None else None
        if key is None and place is not None:
            key = next((one for one in sorted(around(place[0]), key=len, reverse=True) if tree.find(one)), None)
        if key is not None:
            opened |= around(tree.path(key))
        self._list(tree, opened, key)

    def wait(self, words: str) -> None:
        """Say what is being read, until the next tree."""
        self._waiting = words
        self.listing = None
        self.redraw(0)

    @property
    def key(self) -> Key | None:
        """The row under the cursor."""
        rows = self.listing.rows if self.listing is not None else []
        return rows[self.cursor] if self.cursor < len(rows) else None

    @property
    def item(self) -> Item | None:
        """The row under the cursor as a value."""
        return self.listing.tree.item(self.key) if self.listing is not None and self.key is not None else None

    def redraw(self, cursor: int | None = None) -> None:
        super().redraw(cursor)
        if self.listing is not None and self.key is not None and self.app.focused is self:
            self._path = self.listing.tree.path(self.key)

    def count(self) -> int:
        return len(self.listing) if self.listing is not None else 0

    def empty(self) -> str:
        return self._waiting or ("no file matches" if self.scope.pattern else "nothing to list")

    def heading(self) -> Text:
        text = columns(("", 1, SOFT), ("SIZE", self._width, SOFT))
        if self._hides:
            text += columns(("HIDES", self._width, SOFT))
        if self._reclaims:
            text += columns((_RECLAIMABLE, max(len(_RECLAIMABLE), self._width), SOFT))
        if self._has_attributes:
            text += columns(("LAYER", 5, SOFT), ("MODE", -10, SOFT), ("OWNER", -11, SOFT))
        return text + Text("NAME", SOFT)

    def row(self, index: int) -> tuple[Text, Text]:
        assert self.listing is not None
        item = self.listing.tree.item(self.listing.rows[index])
        style = CHANGE_STYLES[item.change]
        removed = self._hides and item.change == Change.REMOVED and not item.content_bytes
        text = columns(
            (CHANGE_MARKS[item.change], 1, style),
            ("" if removed else self._units(item.content_bytes), self._width, style),
        )
        if self._hides:
            hidden = self._units(item.hidden_bytes) if item.hidden_bytes else ""
            text += columns((hidden, self._width, CHANGE_STYLES[Change.REMOVED]))
        if self._reclaims:
            claimed = self._units(item.reclaimable_bytes) if item.reclaimable_bytes else ""
            text += columns((claimed, max(len(_RECLAIMABLE), self._width), NOTICE))
        if self._has_attributes:
            text += self._attributes(item)
        return text, self._label(item, style)

    @property
    def _hides(self) -> bool:
        return self.listing is not None and self.listing.tree.total.hidden_bytes > 0

    @property
    def _reclaims(self) -> bool:
        return self.listing is not None and self.listing.tree.total.reclaimable_bytes > 0

    def _label(self, item: Item, style: Style) -> Text:
        assert self.listing is not None
        sign = "  " if not item.is_directory else "▾ " if item.path in self.listing.opened else "▸ "
        text = Text(no_wrap=True)
        text.append("  " * max(0, item.path.count("/") - 1) + sign, SOFT)
        text += safe(item.name + "/" * item.is_directory, style + Style(bold=item.is_directory))
        version = self._browser.filesystem.version(item.number) if item.number is not None else None
        if version is not None and version.link:
            text += safe(f" -> {version.link}", SOFT)
        return text

    def _attributes(self, item: Item) -> Text:
        if item.number is None:
            return columns(("", 5, SOFT), ("", -10, SOFT), ("", -11, SOFT))
        version = self._browser.filesystem.version(item.number)
        mode = stat.filemode(_MODES.get(version.kind, 0) | version.mode)
        owner = f"{version.uid}:{version.gid}"
        return columns((str(version.layer), 5, SOFT), (mode, -10, SOFT), (owner, -11, SOFT))

    # Opening and closing.

    def action_fold(self) -> None:
        key = self.key
        if isinstance(key, str) and self.listing is not None:
            if key in self.listing.opened:
                self._close()
            else:
                self.action_open()

    def action_enter(self) -> None:
        if isinstance(self.key, str):
            self.action_fold()
        else:
            self.action_ask("versions")

    def action_open(self) -> None:
        """Open a directory; of one that is open, go to its first row."""
        key, listing = self.key, self.listing
        if not isinstance(key, str) or listing is None:
            return
        if key in listing.opened:
            self.redraw(self.cursor + 1)
        elif listing.tree.count(key) > _AT_ONCE:
            self._keep(listing.opened | {key}, key)
        else:
            listing.open(self.cursor)
            self._kept = listing.opened
            self.redraw()

    def action_close(self) -> None:
        """Close a directory; from anything else go to the directory around it."""
        listing = self.listing
        if listing is None or self.key is None:
            return
        if isinstance(self.key, str) and self.key in listing.opened:
            self._close()
        elif (parent := listing.parent(self.cursor)) is not None:
            self.redraw(parent)

    def action_open_all(self) -> None:
        """Close all directories if any is open, else open as many as can be listed, the biggest first."""
        listing = self.listing
        if listing is None:
            return
        if any(map(listing.tree.count, listing.opened)):
            top = listing.tree.path(self.key).split("/")[1] if self.key is not None else ""
            self._keep(frozenset(), f"/{top}")
        else:
            self._keep(frozenset(listing.tree.biggest(MOST_OPENED, self.order)), self.key)

    def action_order(self) -> None:
        orders = list(Order)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        if self.listing is not None:
            self._list(self.listing.tree, self.listing.opened, self.key)

    def action_attributes(self) -> None:
        self._has_attributes = not self._has_attributes
        self.redraw()

    def action_ask(self, action: str, value: str = "") -> None:
        self.post_message(self.Asked(action, value))

    def _close(self) -> None:
        assert self.listing is not None
        self.listing.close(self.cursor)
        self._kept = self.listing.opened
        self.redraw()

    def _keep(self, opened: frozenset[str], key: Key | None) -> None:
        """List the same tree with other directories open, which stay open in the next one."""
        assert self.listing is not None
        self._kept = opened
        self._list(self.listing.tree, opened, key)

    def _list(self, tree: Tree, opened: frozenset[str], key: Key | None) -> None:
        """List a tree, beside the interface if that takes long, with the cursor on a row."""
        if listed(tree, opened) <= _AT_ONCE:
            self._take(Listing(tree, opened, self.order), key)
            return
        self.wait("sorting")
        self.run_worker(lambda: self._sorted(tree, opened, key), thread=True, exclusive=True, group="tree")

    def _sorted(self, tree: Tree, opened: frozenset[str], key: Key | None) -> None:
        listing = Listing(tree, opened, self.order)
        self.app.call_from_thread(self._take, listing, key)

    def _take(self, listing: Listing, key: Key | None) -> None:
        self.listing, self._waiting = listing, ""
        index = listing.index(key) if key is not None else None
        self.redraw(index or 0)
