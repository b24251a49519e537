"""The screen of the explorer, and how to move on it: tabs, panes, and the way back."""

from collections.abc import Iterator
from typing import ClassVar

from msgspec import Struct
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import ContentSwitcher, Footer, Static

from layerscope.analysis.browse import Browser, Scope
from layerscope.explore.details import of_directory, of_file, of_layer
from layerscope.explore.details_box import DetailsBox
from layerscope.explore.files_pane import FilesPane, Spot
from layerscope.explore.layers import LayerRows
from layerscope.explore.lists import ListPane
from layerscope.explore.rows import Rows
from layerscope.explore.style import BAD, GOOD, NOTICE, SOFT, STRONG
from layerscope.explore.tables import tables
from layerscope.explore.tabs import TabBar
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.units import RenderOptions, Units, percent
from layerscope.render.verdict import reclaimable_figures, size_words
from layerscope.render.words import base_words, counted

WIDE = 110
"""Columns from which layers and files are shown side by side."""
_GAP = "   "


class Place(Struct, frozen=True, kw_only=True):
    """Where the user was: the tab, what had the focus, and what the tree showed."""

    tab: str
    focus: str
    scope: Scope
    title: str
    spot: Spot | None


class Navigator(App[None]):
    """The panes of one report, and the way between them."""

    CSS = """
    Screen { background: ansi_default; color: ansi_default; }
    #head { height: 2; }
    ContentSwitcher { height: 1fr; }
    #left { width: 2fr; }
    #files { width: 3fr; }
    #layer-details { height: 10; border-top: solid ansi_bright_black; }
    #files-title, #files-legend, .title, #window-title { height: 1; }
    #details { height: 7; border-top: solid ansi_bright_black; }
    #files.-beside { border-left: solid ansi_bright_black; }
    Input { border: none; height: 1; background: ansi_default; color: ansi_default; }
    Window { background: ansi_default; }
    Window > Vertical { height: 1fr; }
    Prompt { align: center middle; background: ansi_default; }
    Prompt > Vertical { width: 90%; height: auto; border: round ansi_blue; padding: 0 1; }
    Footer { background: ansi_default; }
    """
    ENABLE_COMMAND_PALETTE = False
    ANIMATION_LEVEL: ClassVar[str] = "none"

    def __init__(self, report: Report, browser: Browser, options: RenderOptions) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self.report = report
        self.browser = browser
        self.options = options
        self.layers = LayerRows(report, options.units)
        self.files = FilesPane(browser, options.units)
        self.lists = {table.name: ListPane(table) for table in tables(report, options)}
        self.is_cumulative = False
        self._places: list[Place] = []
        self._columns = 0

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        counts = [(name, name.capitalize(), len(pane.rows.table.values)) for name, pane in self.lists.items()]
        yield TabBar((("layers", "Layers", len(self.report.layers)), *counts))
        with ContentSwitcher(initial="layers"):
            with Horizontal(id="layers"):
                with Vertical(id="left"):
                    yield self.layers
                    yield DetailsBox(id="layer-details")
                yield self.files
            yield from self.lists.values()
        yield DetailsBox(id="details")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.layers.focus()
        self._arrange(self.size.width)
        self.show_layer(self.layers.cursor)

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(event.size.width)

    @property
    def tab(self) -> str:
        """The name of the open tab."""
        return self.query_one(ContentSwitcher).current or "layers"

    @property
    def is_wide(self) -> bool:
        """Whether layers and files are side by side."""
        return self._columns >= WIDE

    def open_tab(self, name: str) -> None:
        """Open a tab with the focus on its list."""
        self.query_one(ContentSwitcher).current = name
        self.query_one(TabBar).active = name
        self.focus_on(self.layers if name == "layers" else self.lists[name].rows)

    def focus_on(self, widget: Rows) -> None:
        """Focus a list of the open tab; where only one pane has room, it is the one that is shown."""
        # What has the focus must be seen, also for a moment: else the focus would go elsewhere.
        self.query_one("#left").display = self.files.display = True
        self.screen_stack[0].set_focus(widget)
        if self.tab == "layers":
            self._share_out(widget is self.layers)
        self.show_details()

    def action_switch(self) -> None:
        """Focus the next pane: layers, files, and the details where they can be scrolled."""
        if self.screen.is_modal:
            return
        panes: list[Rows] = [self.layers, self.files.rows] if self.tab == "layers" else [self.lists[self.tab].rows]
        details, focused = self.query_one("#details", DetailsBox), self.focused
        at = panes.index(focused) if isinstance(focused, Rows) and focused in panes else len(panes)
        if at + 1 == len(panes) and details.allow_focus():
            details.focus()
        else:
            self.focus_on(panes[(at + 1) % len(panes) if at < len(panes) else 0])

    def action_return(self) -> None:
        """Go back to where the last jump came from."""
        if not self._places:
            return
        place = self._places.pop()
        self.query_one(ContentSwitcher).current = self.query_one(TabBar).active = place.tab
        if self.files.wanted != place.scope or self.files.title != place.title:
            if place.scope.layer is not None:
                self.layers.redraw(place.scope.layer)
            self.files.show(place.scope, place.title, place.spot)
        rows = {rows.id: rows for rows in self.query(Rows)}
        self.focus_on(rows[place.focus])

    def remember(self) -> None:
        """Remember the place for the way back."""
        focus = self.focused if isinstance(self.focused, Rows) else self.layers
        item = self.files.rows.item
        self._places.append(
            Place(
                tab=self.tab,
                focus=focus.id or "",
                scope=self.files.wanted,
                title=self.files.title,
                spot=(item.path, item.number if not item.is_directory else None) if item is not None else None,
            )
        )

    def show_layer(self, layer: int, at: Spot | None = None) -> None:
        """Show what a layer changed, or the files as of it."""
        if not self.report.layers:
            return
        what = f"Files as of layer {layer}" if self.is_cumulative else f"Changes of layer {layer}"
        self.files.show(Scope(layer=layer, cumulative=self.is_cumulative), what, at)

    def show_files(self, scope: Scope, title: str, at: Spot | None = None) -> None:
        """Go to the files of a scope; the way back leads here."""
        self.remember()
        self.open_tab("layers")
        self.files.show(scope, title, at)
        self.focus_on(self.files.rows)

    def go_to_layer(self, layer: int, at: Spot | None = None) -> None:
        """Go to a layer, to a path in it where one is given; the way back leads here."""
        self.remember()
        self.open_tab("layers")
        self.is_cumulative = False
        if at is not None:
            self.files.clear()
        self.layers.cursor = layer
        self.layers.redraw()
        self.show_layer(layer, at)
        self.focus_on(self.files.rows if at is not None else self.layers)

    def go_to_row(self, tab: str, value: int) -> None:
        """Go to a row of a list; the way back leads here."""
        self.remember()
        self.open_tab(tab)
        self.lists[tab].select(value)

    def show_details(self) -> None:
        """Write what is known of the current row."""
        units = self.options.units
        layer = self.layers.current
        about = list(of_layer(layer, self.report, units)) if layer is not None else ["no layers"]
        self.query_one("#layer-details", DetailsBox).show(about)
        if self.tab != "layers":
            lines = self.lists[self.tab].details()
        elif self.is_wide or self.focused is self.files.rows or self.files.is_filtering:
            lines = self._file_details()
        else:
            lines = about
        self.query_one("#details", DetailsBox).show(lines)

    def _file_details(self) -> list[str]:
        item, units = self.files.rows.item, self.options.units
        if item is None:
            return [self.files.rows.empty()]
        if item.is_directory:
            return list(of_directory(item, units))
        assert item.number is not None
        return list(of_file(item.path, self.browser.facts(item.number), units))

    def _arrange(self, width: int) -> None:
        """Lay the panes out for a width of the terminal."""
        self._columns = width
        lines = Text("\n").join(head_lines(self.report, self.options.units, width))
        self.query_one("#head", Static).update(lines, layout=False)
        self.files.set_class(width >= WIDE, "-beside")
        self.query_one("#details").styles.height = max(6, min(12, self.size.height // 4))
        self._share_out(self.focused is not self.files.rows and not self.files.is_filtering)
        self.show_details()

    def _share_out(self, is_left: bool) -> None:
        """Show both panes where there is room, else one of them."""
        self.query_one("#left").display = self.is_wide or is_left
        self.files.display = self.is_wide or not is_left
        self.query_one("#layer-details").display = self.is_wide


def head_lines(report: Report, units: Units, width: int) -> Iterator[Text]:
    """Two lines that fit the width; of the name the end is cut, of the rest what matters least."""
    platform = printable(report.image.platform) if report.image.platform != "unknown" else ""
    facts = Text("".join(f"{_GAP}{fact}" for fact in (platform, size_words(report, units)) if fact))
    name = Text(printable(report.image.name), STRONG)
    name.truncate(max(12, width - facts.cell_len), overflow="ellipsis")
    yield name + facts
    line = Text()
    for part in _parts(report, units):
        if line and line.cell_len + len(_GAP) + part.cell_len > width:
            break
        line += Text(_GAP if line else "") + part
    yield line


def _parts(report: Report, units: Units) -> Iterator[Text]:
    """What the second line says, what matters most first."""
    totals, figures = report.totals, reclaimable_figures(report, units)
    if not report.complete:
        yield Text("INCOMPLETE (i: why)", BAD)
    yield Text(f"{'your layers' if totals.base_bytes else 'all layers'} {units(totals.own_bytes)}", Style())
    if figures is not None:
        yield Text(f"{figures[0]} ({figures[1]}) reclaimable", NOTICE)
    else:
        yield Text("no waste found" if report.complete else "no waste found in what was read", GOOD)
    if totals.base_bytes:
        share = percent(totals.base_bytes, totals.content_bytes)
        yield Text(f"{base_words(report.base)} {units(totals.base_bytes)} ({share})", SOFT)
    if report.warnings:
        yield Text(f"{counted(len(report.warnings), 'warning')} (i)", NOTICE)
    if report.dockerfile is not None:
        used = report.dockerfile
        yield Text(f"{printable(used.name)} matches {used.matched} of {counted(used.total, 'instruction')}", SOFT)
