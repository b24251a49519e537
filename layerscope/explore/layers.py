"""The list of layers: size, what of it is reclaimable, and the instruction."""

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.message import Message

from layerscope.explore.keys import LAYERS, bindings
from layerscope.explore.rows import Rows
from layerscope.explore.style import NOTICE, SOFT, columns
from layerscope.model.report import LayerReport, Report
from layerscope.render.cells import layer_cells
from layerscope.render.units import Units


class LayerRows(Rows):
    """The layers, lowest first; those of the base image are dim."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LAYERS)]

    class Entered(Message):
        """The files of the layer are wanted."""

    class Cumulative(Message):
        """The files as of the layer are wanted, or what it changed; None for what is not shown now."""

        def __init__(self, is_cumulative: bool | None) -> None:
            super().__init__()
            self.is_cumulative = is_cumulative

    class Line(Message):
        """The line that made the layer is wanted."""

    def __init__(self, report: Report, units: Units) -> None:
        super().__init__(id="layer-rows")
        self._report = report
        self._cells = [layer_cells(report, layer, units) for layer in report.layers]
        labels = ("#", "SIZE", "RECLAIMABLE")
        self._widths = [max(map(len, column)) for column in zip(labels, *(one[:3] for one in self._cells), strict=True)]
        self._labels = labels
        own = [layer.index for layer in report.layers if layer.origin != "base"]
        best = max(report.layers, key=lambda one: one.reclaimable_bytes, default=None)
        self.cursor = best.index if best is not None and best.reclaimable_bytes else own[0] if own else 0

    @property
    def current(self) -> LayerReport | None:
        """The layer under the cursor."""
        return self._report.layers[self.cursor] if self._report.layers else None

    def count(self) -> int:
        return len(self._cells)

    def heading(self) -> Text:
        cells = zip(self._labels, self._widths, (SOFT,) * 3, strict=True)
        return columns(*cells) + Text("INSTRUCTION", SOFT)

    def row(self, index: int) -> tuple[Text, Text]:
        layer, (number, size, reclaimable, words) = self._report.layers[index], self._cells[index]
        style = SOFT if layer.origin == "base" else Style()
        marked = Style(color="red") if layer.problem else style
        cells = zip((number, size, reclaimable), self._widths, (style, style, NOTICE), strict=True)
        return columns(*cells), Text(words, marked, no_wrap=True)

    def action_enter(self) -> None:
        self.post_message(self.Entered())

    def action_cumulative(self, is_cumulative: bool | None = None) -> None:
        self.post_message(self.Cumulative(is_cumulative))

    def action_line(self) -> None:
        self.post_message(self.Line())
