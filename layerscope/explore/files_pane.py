"""The pane of the tree: what it shows above, the tree, and the filter below."""

from msgspec.structs import replace
from rich.text import Text
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Input, Static

from layerscope.analysis.browse import EVERY_CHANGE, Browser, Scope
from layerscope.analysis.tree import Tree
from layerscope.explore.files import TreeRows
from layerscope.explore.filter_pane import FilterPane
from layerscope.explore.style import CHANGE_MARKS, CHANGE_STYLES, NOTICE, SOFT, STRONG
from layerscope.model.change import CHANGE_WORDS, Change
from layerscope.render.escape import printable
from layerscope.render.units import Units
from layerscope.render.words import counted

Spot = tuple[str, int | None]
"""A path, and the version that is meant where several have it."""
_AT_ONCE = 40_000
"""Versions that are looked at at once; more are looked at beside the interface, which must not wait for them."""
_TYPING = 0.2
"""Seconds after the last key of a filter until it is applied to a large image."""
_FATES = {
    Change.UNMODIFIED: "live",
    Change.MODIFIED: "overwritten",
    Change.METADATA: "metadata-only copy",
    Change.REMOVED: "deleted",
}
"""What became of a version, where no layer's changes are shown."""


class FilesPane(FilterPane):
    """The files of one scope."""

    def __init__(self, browser: Browser, units: Units) -> None:
        super().__init__(id="files")
        self._browser = browser
        self._units = units
        self.rows: TreeRows = TreeRows(browser, units)
        self.title = ""
        self.wanted = Scope()
        self._changes = EVERY_CHANGE - {Change.UNMODIFIED}
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="files-title", markup=False)
        yield Static(id="files-legend", markup=False)
        yield self.rows
        yield self.field()

    def show(self, scope: Scope, title: str, at: Spot | None = None) -> None:
        """Show a scope, with the changes and the pattern that are in force; the cursor goes to ``at``."""
        self.title = title
        is_layer = scope.layer is not None
        changes = EVERY_CHANGE if scope.cumulative or not is_layer else self._changes
        self._show(replace(scope, changes=changes, pattern=self.pattern), at)

    def toggle(self, change: Change) -> None:
        """List the files with a change, or leave them out."""
        changes = self.wanted.changes ^ {change}
        if self.wanted.layer is not None and not self.wanted.cumulative:
            self._changes = changes
        self._show(replace(self.wanted, changes=changes))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed, of a large image after a moment without a key."""
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        if self._browser.work(self.wanted) <= _AT_ONCE:
            self.take(event.value)
        else:
            self._timer = self.set_timer(_TYPING, lambda: self.take(event.value))

    def apply(self) -> None:
        self._show(replace(self.wanted, pattern=self.pattern))

    def _show(self, scope: Scope, at: Spot | None = None) -> None:
        self.wanted = scope
        if self._browser.made(scope) is not None or self._browser.work(scope) <= _AT_ONCE:
            self.rows.show(self._browser.tree(scope), scope, at)
            return
        at = at or ((self.rows.item.path, None) if self.rows.item is not None else None)
        self.rows.wait("reading")
        self.run_worker(lambda: self._make(scope, at), thread=True, exclusive=True, group="tree")

    def _make(self, scope: Scope, at: Spot | None) -> None:
        tree = self._browser.tree(scope)
        self.app.call_from_thread(self._made, tree, scope, at)

    def _made(self, tree: Tree, scope: Scope, at: Spot | None) -> None:
        if scope == self.wanted:
            self.rows.show(tree, scope, at)

    def caption(self) -> None:
        """Write what is shown, how it is sorted, and what each mark means."""
        title = Text(no_wrap=True, overflow="ellipsis").append(self.title, STRONG)
        if self.rows.listing is not None:
            total = self.rows.listing.tree.total
            words = (
                f"  {self._units(total.content_bytes)} in {counted(total.files, 'file')}, by {self.rows.order.value}"
            )
            title.append(words, SOFT)
        if self.pattern:
            title.append(f"  matching {printable(self.pattern)}", NOTICE)
        self.query_one("#files-title", Static).update(title, layout=False)
        legend = Text(no_wrap=True, overflow="ellipsis")
        if self.problem:
            legend.append(self.problem, NOTICE)
        for change in () if self.problem else Change:
            words = CHANGE_WORDS[change] if self.wanted.layer is not None else _FATES.get(change, "")
            if words:
                is_listed = change in self.wanted.changes
                mark = CHANGE_MARKS[change].strip()
                text = f"{mark} {words}".strip()
                legend.append(text if is_listed else f"({text})", CHANGE_STYLES[change] if is_listed else SOFT)
                legend.append("  ")
        self.query_one("#files-legend", Static).update(legend, layout=False)
