"""The window with all versions of a path: layer, fate, bytes, and the instruction that made each."""

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType

from layerscope.analysis.browse import Browser, Facts
from layerscope.explore.details import of_file
from layerscope.explore.keys import VERSIONS, bindings
from layerscope.explore.style import GOOD, KEY, RED, SOFT, STRONG, columns
from layerscope.explore.windows import Window
from layerscope.model.entry import FATE_WORDS, Fate
from layerscope.render.escape import printable
from layerscope.render.units import Units
from layerscope.render.words import fate_words, instruction_words

_STYLES = {Fate.LIVE: GOOD, Fate.COPIED_UP: KEY}


class VersionsWindow(Window):
    """Each version on a line of its own, and below them everything about the first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(VERSIONS)]

    def __init__(self, browser: Browser, path: str, number: int, units: Units) -> None:
        self.numbers = browser.versions(path) or [number]
        facts = [browser.facts(one) for one in self.numbers]
        place = self.numbers.index(number) if number in self.numbers else 0
        lines = [*_rows(facts, units), Text()]
        lines += [Text(line) for line in of_file(path, facts[place], units)]
        super().__init__(printable(path), lines, cursor=place)

    @property
    def number(self) -> int:
        """The version under the cursor, the last one where that is below them."""
        return self.numbers[min(self.rows.cursor, len(self.numbers) - 1)]

    def notes(self) -> str:
        count = len(self.numbers)
        return "1 version" if count == 1 else f"{count} versions"

    def action_view(self) -> None:
        self.dismiss(f"view {self.number}")

    def action_extract(self) -> None:
        self.dismiss(f"extract {self.number}")

    def action_to_layer(self) -> None:
        self.dismiss(f"layer {self.number}")

    def action_line(self) -> None:
        self.dismiss(f"line {self.number}")


def _rows(facts: Sequence[Facts], units: Units) -> list[Text]:
    rows = []
    for one in facts:
        version = one.version
        fate = fate_words(FATE_WORDS[version.fate])
        by = f" by layer {version.hidden_by}" if version.hidden_by >= 0 and version.fate != Fate.LIVE else ""
        style = _STYLES.get(version.fate, RED)
        row = columns(
            (f"layer {version.layer}", -9, STRONG), (units(version.content_bytes), 10, Style()), (fate + by, -32, style)
        )
        rows.append(row + Text(printable(instruction_words(one.instruction)), SOFT))
    return rows
