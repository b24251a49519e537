"""The report as a terminal UI: layers and their files, steps, findings, packages and stages."""

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from layerscope.analysis.browse import Browser, Scope
from layerscope.explore.details import of_base
from layerscope.explore.file_actions import Extract, FileActions
from layerscope.explore.files import TreeRows
from layerscope.explore.filter_pane import FilterPane
from layerscope.explore.keys import EVERYWHERE, bindings
from layerscope.explore.layers import LayerRows
from layerscope.explore.lists import TableRows
from layerscope.explore.pages import diff_page, help_page, image_page, line_of_step
from layerscope.explore.rows import Rows
from layerscope.explore.tables import TABS, steps_of
from layerscope.explore.tabs import TabBar
from layerscope.explore.windows import Window
from layerscope.model.change import Change
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.finding_summary import line_of
from layerscope.render.units import RenderOptions
from layerscope.render.words import stage_words

_MOST = 1_000
"""Missing things of one kind that a window lists."""


class Explorer(FileActions):
    """The app of one report: what each key and each row leads to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"tab('{name}')", show=False) for number, name in enumerate(TABS, 1)),
        *bindings(EVERYWHERE),
    ]

    failure: Exception | None = None

    def _handle_exception(self, error: Exception) -> None:
        """Exit with the first error, for the command line to report instead of the library's traceback."""
        self.failure = self.failure or error
        super()._handle_exception(error)
        self._exit_renderables.clear()

    # Keys that work everywhere.

    def action_tab(self, name: str) -> None:
        self.open_tab(name)

    def action_layer(self, by: int) -> None:
        """Go to the previous or the next layer without leaving the pane."""
        if self.tab == "layers":
            self.layers.redraw(self.layers.cursor + by)

    def action_leave(self) -> None:
        """Close the filter, else go back."""
        pane = self.files if self.tab == "layers" else self.lists[self.tab]
        if not pane.clear():
            self.action_return()

    def action_help(self) -> None:
        self.push_screen(Window("All keys", help_page()))

    def action_image(self) -> None:
        self.push_screen(Window("Image", image_page(self.report, self.options.units)))

    def action_hidden(self) -> None:
        self.show_files(Scope(hidden=True), "Files that a later layer hides")

    # What the panes ask for.

    def on_tab_bar_clicked(self, event: TabBar.Clicked) -> None:
        self.open_tab(event.name)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        if event.rows is self.layers:
            self.show_layer(self.layers.cursor)
            self.show_details()

    def on_filter_pane_changed(self, _: FilterPane.Changed) -> None:
        self.show_details()

    def on_layer_rows_entered(self, _: LayerRows.Entered) -> None:
        self.focus_on(self.files.rows)

    def on_layer_rows_cumulative(self, event: LayerRows.Cumulative) -> None:
        self._set_cumulative(not self.is_cumulative if event.is_cumulative is None else event.is_cumulative)

    def on_layer_rows_line(self, _: LayerRows.Line) -> None:
        layer = self.layers.current
        if layer is not None:
            step = self.report.instructions[layer.instruction] if layer.instruction is not None else None
            self.open_line(step.dockerfile_line if step is not None else None, layer.instruction)

    def on_tree_rows_asked(self, event: TreeRows.Asked) -> None:
        if event.action == "change":
            self.files.toggle(Change[event.value.upper()])
        elif event.action == "filter":
            self.files.start_filter()
        elif event.action == "cumulative":
            self._set_cumulative(not self.is_cumulative)
        else:
            self.of_file(event.action)

    def on_table_rows_asked(self, event: TableRows.Asked) -> None:
        """Do what is wanted for a row of a list."""
        if event.action == "filter":
            self.lists[event.table].start_filter()
            return
        place: int = event.value
        of_table = {
            "steps": self._of_step,
            "findings": self._of_finding,
            "packages": self._of_package,
            "stages": self._of_stage,
            "bases": self._of_base,
        }
        of_table[event.table](place, event.action)

    def _set_cumulative(self, is_cumulative: bool) -> None:
        self.is_cumulative = is_cumulative
        self.show_layer(self.layers.cursor)

    # Rows of the lists.

    def _of_step(self, place: int, action: str) -> None:
        step = steps_of(self.report)[place]
        name = "the base image" if step is self.report.base_step else f"step {place + 1}"
        if action == "enter":
            self.push_screen(Window(name.capitalize(), diff_page(step, self.report, self.options.units)))
        elif action == "line":
            self.open_line(*line_of_step(step, self.report))
        else:
            self._files_of(step.findings, f"Files of {name}", action)

    def _of_finding(self, place: int, action: str) -> None:
        finding = self.report.findings[place]
        if action == "line":
            self.open_line(line_of(finding, self.report), finding.instruction)
        else:
            self._files_of((place,), f"Files of {finding.rule}", action)

    def _files_of(self, findings: tuple[int, ...], title: str, action: str) -> None:
        """Go to the files of findings, or to the layer of the biggest one."""
        found = sorted(findings, key=lambda one: -self.report.findings[one].content_bytes)
        number = next((n for n in map(self.browser.biggest, found) if n is not None), None)
        if number is None:
            self.notify("no file: it is in the image's config")
            return
        if action == "layer":
            self.of_version("layer", number)
        else:
            self.show_files(Scope(findings=tuple(found)), title, (self.browser.facts(number).version.path, number))

    def _of_package(self, place: int, action: str) -> None:
        package = self.report.packages[place]
        name = printable(f"{package.full_name} {package.version}")
        layer = package.layer if package.layer is not None else next(iter(sorted(package.layers)), None)
        if action in ("enter", "files"):
            what = "Files of" if package.removed_in is None else "Hidden files of"
            self.show_files(Scope(package=place), f"{what} {name}")
        elif layer is None:
            self.notify(f"the layer of {name} is not known")
        elif action == "layer":
            self.go_to_layer(layer)
        else:
            self._line_of_layer(layer)

    def _of_stage(self, place: int, action: str) -> None:
        stage = self.report.stages[place]
        copied = next((one for one in self.report.instructions if one.source.endswith(stage.name) and one.source), None)
        if action in ("enter", "files"):
            self.show_files(Scope(stage=stage.name), f"Files from {printable(stage_words(stage.name))}")
        elif copied is None or copied.layer is None:
            self.notify("the layer is not known")
        elif action == "layer":
            self.go_to_layer(copied.layer)
        else:
            self.open_line(copied.dockerfile_line, copied.index)

    def _of_base(self, place: int, action: str) -> None:
        one = self.report.onto[place]
        if action == "enter":
            lines = map(Text, of_base(one, self.report, self.options.units, most=_MOST))
            self.push_screen(Window(f"On {printable(one.name)}", lines))
        elif action == "line":
            self.open_line(self.report.dockerfile.base_line if self.report.dockerfile is not None else None, None)
        else:
            self.notify("its files are not in this image")

    def _line_of_layer(self, layer: int) -> None:
        step = next((one for one in self.report.instructions if one.layer == layer), None)
        self.open_line(step.dockerfile_line if step is not None else None, step.index if step is not None else None)


def explore(report: Report, browser: Browser, options: RenderOptions, extract: Extract) -> None:
    """Run the terminal UI until the user quits; raises the error that ended it."""
    app = Explorer(report, browser, options, extract)
    app.run()
    if app.failure is not None:
        raise app.failure
