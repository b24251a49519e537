"""The report as a terminal UI: files, layers, findings and packages, and below them the details of the current row."""

from itertools import islice
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer, Static, TabbedContent, TabPane, Tabs

from layerscope.analysis.browse import Browser
from layerscope.analysis.listings.files import FileQuery
from layerscope.explore.details import of_finding, of_layer, of_package
from layerscope.explore.files import FilesPane, Spot
from layerscope.explore.pane import ListPane, RowDetails, Table
from layerscope.model.finding import Finding
from layerscope.model.package import Package
from layerscope.model.report import LayerReport, Report
from layerscope.render.cells import finding_cells, layer_cells
from layerscope.render.escape import printable
from layerscope.render.style import plain_text
from layerscope.render.units import RenderOptions
from layerscope.render.verdict import head, warnings

_WARNINGS = 3
"""Warnings that are shown above; the report has all of them."""
_TABS = ("files", "layers", "findings", "packages")
_PACKAGE_COLUMNS = (
    ("SIZE", True), ("FILES", True), ("LAYER", True), ("REMOVED", True), ("TYPE", False), ("NAME", False),
    ("VERSION", False),
)  # fmt: skip


class Explorer(App[None]):
    """The app of one report; it reads nothing but what the report was made of."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #head { height: auto; padding: 0 1; color: $text; background: $panel; }
    .where { height: 1; padding: 0 1; color: $text-muted; }
    TabbedContent { height: 1fr; }
    TabPane { padding: 0; }
    Table { height: 1fr; overflow-x: hidden; }
    #details { height: auto; max-height: 40%; border-top: solid $primary; padding: 0 1; }
    #details Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(key), f"tab('{name}')", show=False) for key, name in enumerate(_TABS, 1)),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, report: Report, browser: Browser, options: RenderOptions) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self._report = report
        self._browser = browser
        self._options = options
        self._files = FilesPane(browser, options.units)

    def compose(self) -> ComposeResult:
        report, options, units = self._report, self._options, self._options.units
        above = [*head(report, units), *islice(warnings(report), _WARNINGS)]
        yield Static("\n".join(map(plain_text, above)), id="head", markup=False)
        findings = tuple(enumerate(report.findings))
        packages = sorted(enumerate(report.packages), key=_biggest_first)
        with TabbedContent(initial="files"):
            with TabPane("1 Files", id="files"):
                yield self._files
            with TabPane(f"2 Layers ({len(report.layers)})", id="layers"):
                yield ListPane(
                    (("#", True), ("SIZE", True), ("RECLAIMABLE", True), ("INSTRUCTION", False)),
                    report.layers,
                    lambda layer: layer_cells(report, layer, units),
                    lambda layer: of_layer(layer, report, units),
                    self._show_layer,
                )
            with TabPane(f"3 Findings ({len(report.findings)})", id="findings"):
                yield ListPane(
                    (("FINDING", False), ("RULE", False), ("SIZE", True), ("WHERE", False)),
                    findings,
                    lambda finding: finding_cells(finding[1], options),
                    lambda finding: of_finding(finding[1], units),
                    self._show_finding,
                )
            with TabPane(f"4 Packages ({len(packages)})", id="packages"):
                yield ListPane(
                    _PACKAGE_COLUMNS,
                    packages,
                    self._package_cells,
                    lambda package: of_package(package[1], units),
                    self._show_package,
                )
        with _Below(id="details"):
            yield Static(id="lines", markup=False)
        yield Footer()

    def _handle_exception(self, error: Exception) -> None:
        """Exit with the first error, for the command line to report instead of the library's traceback."""
        self.failure = self.failure or error
        super()._handle_exception(error)
        self._exit_renderables.clear()

    def on_mount(self) -> None:
        # Digits select the tabs, so that the tab key only switches between the table and the text below.
        self.query_one(Tabs).can_focus = False

    def action_tab(self, name: str) -> None:
        """Go to the table of a tab, also from the text below it."""
        tabs = self.query_one(TabbedContent)
        tabs.active = name
        tabs.get_pane(name).query_one(Table).focus()

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """Go to the table of the tab, whatever way it was reached."""
        event.pane.query_one(Table).focus()

    def on_row_details(self, message: RowDetails) -> None:
        """Show the details, the first line of which names the row."""
        first, *rest = message.lines
        text = Text(first, style="bold")
        text.append("".join(f"\n{line}" for line in rest), style="not bold")
        self.query_one("#lines", Static).update(text)

    def _package_cells(self, numbered: tuple[int, Package]) -> tuple[str, ...]:
        package = numbered[1]
        layers = ("" if layer is None else str(layer) for layer in (package.layer, package.removed_in))
        names = map(printable, (package.type, package.full_name, package.version))
        return self._options.units(package.content_bytes), f"{package.files:,}", *layers, *names

    def _show(self, query: FileQuery, what: str, at: Spot = ("/", None)) -> None:
        self.action_tab("files")
        self._files.show(query, what, at)

    def _show_layer(self, layer: LayerReport) -> None:
        self._show(FileQuery(layer=layer.index), f"files in layer {layer.index}")

    def _show_package(self, numbered: tuple[int, Package]) -> None:
        index, package = numbered
        what = "files of" if package.removed_in is None else "hidden files of"
        self._show(FileQuery(package=index), f"{what} {printable(f'{package.full_name} {package.version}')}")

    def _show_finding(self, numbered: tuple[int, Finding]) -> None:
        """Go to its biggest file in the layer that holds it; a finding in the config has none."""
        number = self._browser.biggest(numbered[0])
        if number is not None:
            facts = self._browser.facts(number)
            layer = facts.version.layer
            self._show(FileQuery(layer=layer), f"files in layer {layer}", (facts.path, number))


class _Below(VerticalScroll):
    """The details below the table, which take the focus only if they can be scrolled."""

    def allow_focus(self) -> bool:
        return super().allow_focus() and self.max_scroll_y > 0


def _biggest_first(numbered: tuple[int, Package]) -> tuple[int, int, str, str]:
    package = numbered[1]
    return -package.content_bytes, -package.hidden_bytes, package.full_name, package.version


def explore(report: Report, browser: Browser, options: RenderOptions) -> None:
    """Run the terminal UI until the user quits; raises the error that ended it."""
    app = Explorer(report, browser, options)
    app.run()
    if app.failure is not None:
        raise app.failure
