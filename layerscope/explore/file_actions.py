"""What can be done with a file: view, extract, copy its path, and go to its versions, layer, line, finding, package."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType

from layerscope.analysis.browse import Browser, Facts
from layerscope.analysis.content import Content, content
from layerscope.explore.details import of_file
from layerscope.explore.keys import VERSIONS, bindings
from layerscope.explore.navigation import Navigator
from layerscope.explore.pages import dockerfile_page, history_page
from layerscope.explore.style import GOOD, KEY, RED, SOFT, STRONG, columns
from layerscope.explore.windows import Prompt, ViewWindow, Window
from layerscope.model.entry import FATE_WORDS, Fate
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.units import RenderOptions, Units
from layerscope.render.words import fate_words, instruction_words

Extract = Callable[[Mapping[str, int], str, str], str]
"""Writes versions, by their paths at or below another, to a directory; returns in words what it wrote or why not."""
_STYLES = {Fate.LIVE: GOOD, Fate.COPIED_UP: KEY}


class FileActions(Navigator):
    """The actions on files; ``extract`` writes them to the disk."""

    def __init__(
        self, report: Report, browser: Browser, options: RenderOptions, extract: Extract | None = None
    ) -> None:
        super().__init__(report, browser, options)
        self._extract = extract

    def of_file(self, action: str) -> None:
        """Do what is wanted for the row of the tree."""
        rows = self.files.rows
        item, key = rows.item, rows.key
        if item is None or key is None or rows.listing is None:
            return
        if action == "copy":
            self.copy_path(item.path)
        elif action == "extract":
            self.extract(rows.listing.tree.versions(key), item.path)
        elif item.number is None or item.is_directory:
            self.notify(f"{printable(item.path)} is a directory", severity="warning")
        else:
            self.of_version(action, item.number)

    def of_version(self, action: str, number: int) -> None:
        """Do what is wanted for one version of a file."""
        facts = self.browser.facts(number)
        layer = facts.version.layer
        if action == "versions":
            window = VersionsWindow(self.browser, facts.path, number, self.options.units)
            self.push_screen(window, self._from_versions)
        elif action == "view":
            self.view(number)
        elif action == "extract":
            self.extract({facts.path: number}, facts.path)
        elif action in ("layer", "to_layer"):
            self.go_to_layer(layer, (facts.path, number))
        elif action == "line":
            made = facts.instruction
            line = facts.source.dockerfile_line if facts.source is not None else None
            line = line or (made.dockerfile_line if made is not None else None)
            self.open_line(line, made.index if made is not None else None)
        elif action == "to_finding":
            self._to("findings", self.report.findings.index(facts.findings[0]) if facts.findings else None, "finding")
        elif action == "to_package":
            packages = self.report.packages
            self._to("packages", packages.index(facts.package) if facts.package in packages else None, "package")

    def _to(self, tab: str, place: int | None, what: str) -> None:
        if place is None:
            self.notify(f"no {what} for this file")
        else:
            self.go_to_row(tab, place)

    def _from_versions(self, wanted: str | None) -> None:
        if wanted:
            action, _, number = wanted.partition(" ")
            self.of_version(action, int(number))

    def view(self, number: int) -> None:
        """Show the content of a version."""
        facts = self.browser.facts(number)

        def read() -> Content:
            return content(self.browser.analysis, number, facts.findings)

        def closed(wanted: str | None) -> None:
            if wanted == "extract":
                self.extract({facts.path: number}, facts.path)
            elif wanted == "copy":
                self.copy_path(facts.path)

        title = f"{printable(facts.path)}  layer {facts.version.layer}"
        self.push_screen(ViewWindow(title, read, self.options.units), closed)

    def copy_path(self, path: str) -> None:
        """Copy a path to the clipboard, by the terminal."""
        self.copy_to_clipboard(printable(path))
        self.notify(f"copied {printable(path)}")

    def extract(self, versions: Mapping[str, int], path: str) -> None:
        """Ask for a directory, and write versions to it."""
        extract = self._extract
        if extract is None:
            self.notify("nothing can be extracted here", severity="warning")
            return

        def write(directory: str | None) -> None:
            if directory:
                self.run_worker(lambda: self._written(extract, versions, path, directory), thread=True, group="extract")

        self.push_screen(Prompt(f"Extract {printable(path)} to the directory", "."), write)

    def _written(self, extract: Extract, versions: Mapping[str, int], path: str, directory: str) -> None:
        words = extract(versions, path, str(Path(directory).expanduser()))
        self.call_from_thread(self.notify, words, title="", timeout=8, markup=False)

    def open_line(self, line: int | None, instruction: int | None) -> None:
        """Show the Dockerfile at a line, else the history at an instruction."""
        dockerfile = self.browser.dockerfile()
        if dockerfile is not None and line is not None:
            name, text = dockerfile
            lines, place = dockerfile_page(text, line)
            self.push_screen(Window(f"{printable(name)}:{line}", lines, cursor=place, is_wrapped=False))
            return
        lines, place = history_page(self.report, self.options.units, instruction)
        hint = "" if self.report.dockerfile is not None else " (--dockerfile FILE shows its lines)"
        self.push_screen(Window(f"History{hint}", lines, cursor=place))


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
