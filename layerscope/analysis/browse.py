"""The files of an image, directory by directory, and everything about one file."""

from enum import StrEnum

from msgspec import Struct

from layerscope.analysis.analyse import Analysis
from layerscope.analysis.claims import finding_versions
from layerscope.analysis.directories import DirectorySums
from layerscope.analysis.listings.files import FileQuery, versions
from layerscope.filesystem.version import Version
from layerscope.model.finding import Finding
from layerscope.model.package import Package
from layerscope.model.report import InstructionReport, Report
from layerscope.model.source import Source, is_reclaimable
from layerscope.packages.catalog import UNOWNED


class Order(StrEnum):
    """The order of the items of a directory."""

    SIZE = "size"
    RECLAIMABLE = "reclaimable bytes"
    NAME = "name"


class Item(Struct, frozen=True, kw_only=True):
    """A file or a directory with the selected bytes at or below it.

    ``reclaimable_bytes`` are the own bytes that findings other than trades claim. ``number`` is the version of a file;
    None for a directory, which stands for all that it holds.
    """

    name: str
    path: str
    content_bytes: int
    reclaimable_bytes: int
    files: int
    number: int | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """Everything about one version; ``hidden_by`` is the instruction of the layer that hides it.

    ``path`` is its path in its own layer, which differs from the version's where only a hardlink keeps it alive.
    ``package`` is the one that owns it, or owned it until its removal.
    """

    version: Version
    path: str
    instruction: InstructionReport | None
    hidden_by: InstructionReport | None
    package: Package | None
    source: Source | None
    findings: tuple[Finding, ...]


class Browser:
    """Lists directories for one query after another; only a new query takes a pass over the image.

    Instructions and findings are those of the report, in which secrets are masked.
    """

    def __init__(self, analysis: Analysis, report: Report) -> None:
        self._analysis = analysis
        self._filesystem = analysis.filesystem
        self._steps = {step.layer: step for step in report.instructions if step.layer is not None}
        self._claims: dict[int, list[tuple[Finding, int]]] = {}
        self._biggest: dict[int, int] = {}
        for number, index, content_bytes in finding_versions(analysis.filesystem, report.findings):
            self._claims.setdefault(number, []).append((report.findings[index], content_bytes))
            self._biggest.setdefault(index, number)
        self._query: FileQuery | None = None
        self._files: dict[str, list[int]] = {}
        self._directories: dict[str, list[Item]] = {}

    def items(self, query: FileQuery, directory: str, order: Order) -> list[Item]:
        """Return what is in a directory (the root is the empty string), subdirectories with the sums of all below."""
        if query != self._query:
            self._index(query)
            self._query = query
        found = [
            *self._directories.get(directory, ()),
            *(self._item(number, query) for number in self._files.get(directory, ())),
        ]
        found.sort(key=lambda item: item.name)
        if order == Order.SIZE:
            found.sort(key=lambda item: item.content_bytes, reverse=True)
        elif order == Order.RECLAIMABLE:
            found.sort(key=lambda item: (item.reclaimable_bytes, item.content_bytes), reverse=True)
        return found

    def facts(self, number: int) -> Facts:
        """Return everything about a version."""
        version, catalog = self._filesystem.version(number), self._analysis.catalog
        owner = catalog.owners[number]
        if owner == UNOWNED:
            owner = catalog.former.get(number, UNOWNED)
        return Facts(
            version=version,
            path=self._filesystem.path_in_layer(number),
            instruction=self._steps.get(version.layer),
            hidden_by=self._steps.get(version.hidden_by),
            package=None if owner == UNOWNED else catalog.packages[owner],
            source=self._analysis.trace.stage_of(number),
            findings=tuple(finding for finding, _ in self._claims.get(number, ())),
        )

    def biggest(self, finding: int) -> int | None:
        """Return the biggest version of a finding of the report, by its index; None for one in the config."""
        return self._biggest.get(finding)

    def _index(self, query: FileQuery) -> None:
        """Group the files by directory, and sum up what is below each directory."""
        self._files = {}
        for number, path in versions(self._filesystem, self._analysis.catalog, query):
            self._files.setdefault(path.rpartition("/")[0], []).append(number)
        sizes, reclaimable_of = self._filesystem.sizes, self._reclaimable
        every = [(directory, number) for directory, numbers in self._files.items() for number in numbers]
        sums, files = DirectorySums((directory, sizes[number]) for directory, number in every).totals()
        reclaimable, _ = DirectorySums((directory, reclaimable_of(number)) for directory, number in every).totals()
        self._directories = {}
        for path in filter(None, sums):
            parent, _, name = path.rpartition("/")
            self._directories.setdefault(parent, []).append(
                Item(
                    name=name,
                    path=path,
                    content_bytes=sums[path],
                    reclaimable_bytes=reclaimable[path],
                    files=files[path],
                )
            )

    def _item(self, number: int, query: FileQuery) -> Item:
        filesystem = self._filesystem
        path = filesystem.path_of(number) if query.layer is None else filesystem.path_in_layer(number)
        return Item(
            name=path.rpartition("/")[2],
            path=path,
            content_bytes=filesystem.sizes[number],
            reclaimable_bytes=self._reclaimable(number),
            files=1,
            number=number,
        )

    def _reclaimable(self, number: int) -> int:
        claims = self._claims.get(number, ())
        return sum(size for finding, size in claims if is_reclaimable(finding))
