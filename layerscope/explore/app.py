"""The report to walk through: files, layers, findings and packages, and below them what is known of the current row."""

from itertools import islice
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer, Static, TabbedContent, TabPane

from layerscope.analysis.browse import Browser
from layerscope.analysis.files import FileQuery
from layerscope.explore.files import FilesPane
from layerscope.explore.lists import ListPane
from layerscope.explore.pane import Table, Told
from layerscope.explore.told import of_finding, of_layer, of_package
from layerscope.model.finding import Finding
from layerscope.model.package import Package
from layerscope.model.report import LayerReport, Report
from layerscope.render.escape import printable
from layerscope.render.options import TextOptions
from layerscope.render.text import finding_cells, head, layer_cells, notes

_NOTES = 3
"""Notes about the archive that are shown above; the report has all of them."""
_TABS = ("files", "layers", "findings", "packages")
_PACKAGE_COLUMNS = (
    ("SIZE", True), ("FILES", True), ("LAYER", True), ("TYPE", False), ("NAME", False), ("VERSION", False),
)  # fmt: skip


class Explorer(App[None]):
    """Shows one report; nothing is read any more but what it was made of."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #head { height: auto; padding: 0 1; color: $text; background: $panel; }
    #where { height: 1; padding: 0 1; color: $text-muted; }
    TabbedContent { height: 1fr; }
    TabPane { padding: 0; }
    Table { height: 1fr; overflow-x: hidden; }
    #told { height: auto; max-height: 40%; border-top: solid $primary; padding: 0 1; }
    #told Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(key), f"tab('{name}')", show=False) for key, name in enumerate(_TABS, 1)),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, report: Report, browser: Browser, options: TextOptions) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self._report = report
        self._options = options
        self._files = FilesPane(browser, options.units)

    def compose(self) -> ComposeResult:
        report, options, units = self._report, self._options, self._options.units
        above = [*head(report, options), *islice(notes(report), _NOTES)]
        yield Static("\n".join(above), id="head", markup=False)
        packages = sorted(report.packages, key=lambda one: (-one.content_bytes, one.name, one.version))
        with TabbedContent(initial="files"):
            with TabPane("1 Files", id="files"):
                yield self._files
            with TabPane(f"2 Layers ({len(report.layers)})", id="layers"):
                yield ListPane(
                    (("#", True), ("SIZE", True), ("CAN GO", True), ("INSTRUCTION", False)),
                    report.layers,
                    lambda layer: layer_cells(report, layer, units),
                    lambda layer: of_layer(layer, report, units),
                    self._show_layer,
                )
            with TabPane(f"3 Findings ({len(report.findings)})", id="findings"):
                yield ListPane(
                    (("FINDING", False), ("RULE", False), ("SIZE", True), ("WHERE", False)),
                    report.findings,
                    lambda finding: finding_cells(finding, options),
                    lambda finding: of_finding(finding, units),
                    self._show_finding,
                )
            with TabPane(f"4 Packages ({len(packages)})", id="packages"):
                yield ListPane(
                    _PACKAGE_COLUMNS,
                    packages,
                    self._package_cells,
                    lambda package: of_package(package, units),
                    self._show_package,
                )
        with VerticalScroll(id="told"):
            yield Static(id="lines", markup=False)
        yield Footer()

    def _handle_exception(self, error: Exception) -> None:
        """End with the first error, which the command line tells in a sentence, without the library's traceback."""
        self.failure = self.failure or error
        super()._handle_exception(error)
        self._exit_renderables.clear()

    def action_tab(self, name: str) -> None:
        """Go to a tab."""
        self.query_one(TabbedContent).active = name

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """Go to the table of the tab, whatever way it was reached."""
        event.pane.query_one(Table).focus()

    def on_told(self, message: Told) -> None:
        """The first line is what it is about."""
        first, *rest = message.lines
        text = Text(first, style="bold")
        text.append("".join(f"\n{line}" for line in rest), style="not bold")
        self.query_one("#lines", Static).update(text)

    def _package_cells(self, package: Package) -> tuple[str, ...]:
        layer = "" if package.layer is None else str(package.layer)
        size = self._options.units(package.content_bytes)
        return size, f"{package.files:,}", layer, package.type, printable(package.name), printable(package.version)

    def _show(self, query: FileQuery, what: str, path: str = "/") -> None:
        self.action_tab("files")
        self._files.show(query, what, path)

    def _show_layer(self, layer: LayerReport) -> None:
        self._show(FileQuery(layer=layer.index), f"what layer {layer.index} holds")

    def _show_package(self, package: Package) -> None:
        self._show(FileQuery(owner=package.name), f"files of {printable(package.name)}")

    def _show_finding(self, finding: Finding) -> None:
        """The biggest file of it, in the layer that holds that; what only the config tells of has none."""
        if finding.paths:
            biggest = finding.paths[0]
            self._show(FileQuery(layer=biggest.layer), f"what layer {biggest.layer} holds", biggest.path)


def explore(report: Report, browser: Browser, options: TextOptions) -> None:
    """Let the user walk through a report until they have seen enough."""
    app = Explorer(report, browser, options)
    app.run()
    if app.failure is not None:
        raise app.failure
