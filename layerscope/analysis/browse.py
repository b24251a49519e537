"""What the explorer shows of an image: trees of files, and everything about one file."""

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress

from msgspec import Struct
from msgspec.structs import replace

from layerscope.analysis.analyse import Analysis
from layerscope.analysis.claims import finding_versions
from layerscope.analysis.listings.files import FileQuery, versions
from layerscope.analysis.redact import cleaner
from layerscope.analysis.report import secrets_of
from layerscope.analysis.tree import Selected, Tree
from layerscope.filesystem.states import NOT_LISTED, States
from layerscope.filesystem.version import Version
from layerscope.model.change import Change
from layerscope.model.entry import Fate, Kind
from layerscope.model.finding import Finding
from layerscope.model.package import Package
from layerscope.model.report import InstructionReport, Report
from layerscope.model.source import Source, is_reclaimable
from layerscope.packages.catalog import UNOWNED
from layerscope.secrets.text import secrets_in

EVERY_CHANGE = frozenset(Change)
_KEPT = 6
"""Trees that are kept; one of a million files takes 100 MB."""
_OF_FATE = {Fate.LIVE: Change.UNMODIFIED, Fate.DELETED: Change.REMOVED, Fate.OVERWRITTEN: Change.MODIFIED}
_CHANGE_OF_FATE = bytes(_OF_FATE.get(Fate(one), Change.METADATA) if one < len(Fate) else 0 for one in range(256))


class Scope(Struct, frozen=True, kw_only=True):
    """Which versions a tree holds.

    Of a ``layer``: what it changed; with ``cumulative`` the file system as of that layer, compared with the base image.
    Else the versions of ``findings``, by their places in the report, of a ``package`` of the catalog, of a ``stage``,
    or all that are ``hidden``; their change is what became of them. ``changes`` are listed, of those whose path the
    expression ``pattern`` matches.
    """

    layer: int | None = None
    cumulative: bool = False
    findings: tuple[int, ...] = ()
    package: int | None = None
    stage: str = ""
    hidden: bool = False
    changes: frozenset[Change] = EVERY_CHANGE
    pattern: str = ""


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
    """Makes a tree of each scope, and tells everything about one version.

    Instructions and findings are those of the report, in which secrets are masked.
    """

    def __init__(self, analysis: Analysis, report: Report) -> None:
        self.analysis = analysis
        self.report = report
        self.filesystem = analysis.filesystem
        self._states = States(analysis.filesystem)
        self._steps = {step.layer: step for step in report.instructions if step.layer is not None}
        self._claims: dict[int, list[tuple[Finding, int]]] = {}
        self._versions: dict[int, list[int]] = {}
        self._reclaimable: Counter[int] = Counter()
        for number, index, content_bytes in finding_versions(analysis.filesystem, report.findings):
            finding = report.findings[index]
            self._claims.setdefault(number, []).append((finding, content_bytes))
            self._versions.setdefault(index, []).append(number)
            if is_reclaimable(finding) and content_bytes:
                self._reclaimable[number] += content_bytes
        self._trees: OrderedDict[Scope, Tree] = OrderedDict()

    def made(self, scope: Scope) -> Tree | None:
        """Return the tree of a scope if it is at hand."""
        return self._trees.get(scope)

    def work(self, scope: Scope) -> int:
        """About how many versions have to be looked at to make a tree."""
        if scope.layer is None or scope.cumulative or Change.UNMODIFIED in scope.changes:
            return len(self.filesystem) if scope.layer is None else self.filesystem.numbers(scope.layer).stop
        return len(self.filesystem.numbers(scope.layer))

    def tree(self, scope: Scope) -> Tree:
        """Return the tree of a scope; raises re.error for an invalid pattern."""
        found = self._trees.get(scope)
        if found is None:
            selected = self._selected(scope)
            if scope.pattern:
                selected = replace(selected, matches=re.compile(scope.pattern).search)
            found = Tree(self.filesystem, selected, self._reclaimable)
            self._trees[scope] = found
            if len(self._trees) > _KEPT:
                self._trees.popitem(last=False)
        return found

    def facts(self, number: int) -> Facts:
        """Return everything about a version."""
        version, catalog = self.filesystem.version(number), self.analysis.catalog
        owner = catalog.owners[number]
        if owner == UNOWNED:
            owner = catalog.former.get(number, UNOWNED)
        return Facts(
            version=version,
            path=self.filesystem.path_in_layer(number),
            instruction=self._steps.get(version.layer),
            hidden_by=self._steps.get(version.hidden_by),
            package=None if owner == UNOWNED else catalog.packages[owner],
            source=self.analysis.trace.stage_of(number),
            findings=tuple(finding for finding, _ in self._claims.get(number, ())),
        )

    def biggest(self, finding: int) -> int | None:
        """Return the biggest version of a finding of the report, by its index; None for one in the config."""
        return next(iter(self.numbers_of(finding)), None)

    def numbers_of(self, finding: int) -> Sequence[int]:
        """Return all versions of a finding, the biggest first."""
        return self._versions.get(finding, ())

    def versions(self, path: str) -> list[int]:
        """Return every version of a path, lowest layer first."""
        found: list[int] = []
        for layer, one in enumerate(self.filesystem.layers):
            numbers = compress(self.filesystem.numbers(layer), map(path.__eq__, one.changeset.paths))
            found += (number for number in numbers if self.filesystem.fates[number] != Fate.MARKER)
        return found

    def dockerfile(self) -> tuple[str, str] | None:
        """Return name and text of the user's Dockerfile, with every secret masked; None where it is not at hand."""
        files = self.analysis.files
        if files is None:
            return None
        text = files.dockerfile.text
        clean = cleaner(secrets_of(self.analysis) | {one.value for one in secrets_in(text)})
        return files.dockerfile_path, clean(text)

    def _selected(self, scope: Scope) -> Selected:
        listed = bytes(one < len(Change) and Change(one) in scope.changes for one in range(256))
        if scope.layer is not None:
            base = max(0, self.analysis.base.layers - 1)
            since = min(base, scope.layer) if scope.cumulative else scope.layer - 1
            changes = self._states.changes(since, scope.layer)
            return Selected(
                codes=changes.codes,
                listed=listed,
                replaced=changes.replaced,
                carried=changes.carried,
                is_state=True,
            )
        fates = self.filesystem.fates.translate(_CHANGE_OF_FATE)
        codes = bytearray([NOT_LISTED]) * len(fates)
        for number in self._numbers(scope):
            codes[number] = fates[number]
        return Selected(codes=codes, listed=listed)

    def _numbers(self, scope: Scope) -> Iterable[int]:
        """The versions of a scope that is not a layer's."""
        if scope.findings:
            return (number for index in scope.findings for number in self.numbers_of(index))
        if scope.stage:
            return self._of_stage(scope.stage)
        query = FileQuery(hidden=scope.hidden, package=scope.package)
        return (number for number, _ in versions(self.filesystem, self.analysis.catalog, query))

    def _of_stage(self, stage: str) -> Iterator[int]:
        """The files that were copied from a stage."""
        trace, kinds = self.analysis.trace, self.filesystem.kinds
        for layer in sorted({*trace.layers, *trace.matched}):
            for number in self.filesystem.numbers(layer):
                source = trace.stage_of(number) if kinds[number] == Kind.FILE else None
                if source is not None and source.stage == stage:
                    yield number
