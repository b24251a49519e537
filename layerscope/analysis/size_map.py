"""Add up the bytes of all layers in few enough cells to draw them: the biggest files and directories, and the rest."""

from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterator
from heapq import nlargest
from itertools import compress

from layerscope.analysis.analyse import Analysis
from layerscope.analysis.claims import finding_versions
from layerscope.analysis.directories import DirectorySums
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate
from layerscope.model.finding import Finding
from layerscope.model.report import Report
from layerscope.model.size_map import NONE, OTHER, SizeCell, SizeMap, State
from layerscope.model.source import is_reclaimable
from layerscope.packages.catalog import UNOWNED

_MOST_FILES, _MOST_DIRECTORIES = 5_000, 3_000
_MOST_CELLS = 16_000
_MOST_CHARACTERS = 1 << 20
"""The length of all names of the map together; only deep directories reach it."""
_MOST_OF_EACH = 2_000
"""Layers, packages, findings and stages that cells tell apart; half of it, again and again, until they are few."""
_LONGEST_NAME = 120
"""Characters of a path component, which a tar may make 64 KiB long."""
_ROOT = "/"

_Key = tuple[str, int, int, int, int, State, bool]
"""Path, layer, package, finding, stage, state, and whether it is hidden; a directory's path ends with a slash."""
_Sums = dict[_Key, list[int]]
"""Bytes and files."""


def size_maps(*sources: tuple[Analysis, Report]) -> tuple[SizeMap, ...]:
    """Return a map for each analysis and its report, whose findings may be ignored in part.

    All show the same files and directories, as far as an image has them, and none has more than 16,000 cells.
    """
    names: dict[str, int] = {}
    for analysis, _ in sources:
        for path, content_bytes in _biggest_names(analysis.filesystem):
            names[path] = max(content_bytes, names.get(path, 0))
    maps = [_summed(analysis, report, names) for analysis, report in sources]
    most = _MOST_OF_EACH
    while any(len(sums) > _MOST_CELLS for sums in maps):
        most //= 2
        names = dict(nlargest(len(names) // 2, names.items(), key=_rank))
        maps = [_coarser(sums, names, most) for sums in maps]
    return tuple(_as_map(sums, names) for sums in maps)


def _biggest_names(filesystem: Filesystem) -> Iterator[tuple[str, int]]:
    """Yield the path and bytes of the biggest files of all layers, and of the biggest directories."""
    sizes, directories, paths = filesystem.sizes, filesystem.directories, filesystem.paths
    for size, number in nlargest(_MOST_FILES, compress(zip(sizes, range(len(sizes)), strict=True), sizes)):
        yield paths[number], size
    places, totals, _ = DirectorySums(compress(zip(directories, sizes, strict=True), sizes)).totals()
    biggest = nlargest(_MOST_DIRECTORIES, zip(places, totals, strict=True), key=_rank)
    left = _MOST_CHARACTERS
    for path, size in biggest:
        left -= len(path)
        if not size or left < 0:
            return
        yield f"{path}/", size


def _rank(name: tuple[str, int]) -> tuple[int, int]:
    """The order of names: of equally big ones the shorter first, so that no directory comes before its parent."""
    return name[1], -len(name[0])


def _summed(analysis: Analysis, report: Report, names: Container[str]) -> _Sums:
    """Add up the versions that have bytes by key; one of which a finding claims a part counts in two."""
    filesystem, former, trace = analysis.filesystem, analysis.catalog.former, analysis.trace
    paths, directories, sizes, fates = filesystem.paths, filesystem.directories, filesystem.sizes, filesystem.fates
    owners, live = analysis.catalog.owners, Fate.LIVE.value
    claimed_by, parts = _claims(filesystem, report)
    findings = [(place, _state(finding)) for place, finding in enumerate(report.findings)]
    findings += [(NONE, State.OWN)] * len(report.ignored)
    place_of = _nearest(names)
    stages = {stage.name: place for place, stage in enumerate(report.stages)}
    sums: _Sums = {}
    last, place = None, _ROOT
    for layer in range(len(filesystem.layers)):
        numbers = filesystem.numbers(layer)
        stage_of = trace.stage_of if layer in trace.layers or layer in trace.matched else None
        plain = State.BASE if layer < analysis.base.layers else State.OWN
        # What no finding names is reclaimable where it is hidden, as the account of findings has it.
        unclaimed = (plain, State.RECLAIMABLE if plain == State.OWN else plain)
        stage = NONE
        for number in compress(numbers, sizes[numbers.start : numbers.stop]):
            path, directory, size, hidden, owner = (
                paths[number],
                directories[number],
                sizes[number],
                fates[number] != live,
                owners[number],
            )
            if directory is not last:  # Most are in the directory of the one before, and share its string.
                last, place = directory, place_of(directory)
            if path not in names:
                path = place
            if hidden and former:
                owner = former.get(number, UNOWNED)
            if stage_of is not None:
                source = stage_of(number)
                stage = NONE if source is None else stages.get(source.stage, OTHER)
            claim = claimed_by[number]
            finding, state = (NONE, unclaimed[hidden]) if claim == NONE else findings[claim]
            claimed = parts.get(number, size)
            row = sums.setdefault(
                (path, layer, owner, finding, stage, plain if plain == State.BASE else state, hidden), [0, 0]
            )
            row[0] += claimed
            row[1] += 1
            if claimed < size:
                sums.setdefault((path, layer, owner, NONE, stage, plain, hidden), [0, 0])[0] += size - claimed
    return sums


def _claims(filesystem: Filesystem, report: Report) -> tuple["array[int]", dict[int, int]]:
    """Return the place of each version's finding, ignored ones last, and the claimed bytes where they are not all."""
    claimed_by, parts = array("i", [NONE]) * len(filesystem), dict[int, int]()
    sizes = filesystem.sizes
    for number, index, content_bytes in finding_versions(filesystem, (*report.findings, *report.ignored)):
        if content_bytes and claimed_by[number] == NONE:
            claimed_by[number] = index
            if content_bytes != sizes[number]:
                parts[number] = content_bytes
    return claimed_by, parts


def _state(finding: Finding) -> State:
    return State.RECLAIMABLE if is_reclaimable(finding) else State.TRADE if finding.trade else State.OWN


def _nearest(names: Container[str]) -> Callable[[str], str]:
    """Return a function from a directory to itself or the nearest above that is named; the root always is."""
    known = {_ROOT: _ROOT, "": _ROOT}

    def place_of(directory: str) -> str:
        unknown = []
        while directory not in known:
            unknown.append(directory)
            if f"{directory}/" in names:
                known[directory] = f"{directory}/"
                break
            directory = directory.rpartition(_ROOT)[0]
        place = known[directory]
        for one in unknown:
            known[one] = place
        return place

    return place_of


def _directory(path: str) -> str:
    """The directory that a file or a directory with a slash at its end lies in."""
    return path.rstrip(_ROOT).rpartition(_ROOT)[0]


def _coarser(sums: _Sums, names: Container[str], most: int) -> _Sums:
    """Add up what is not named with what is, and tell only the biggest layers, packages, findings and stages apart."""
    totals = [Counter[int]() for _ in range(4)]
    for (_, layer, package, finding, stage, _, _), (content_bytes, _) in sums.items():
        for total, one in zip(totals, (layer, package, finding, stage), strict=True):
            total[one] += content_bytes
    kept = [{NONE, *(one for one, _ in total.most_common(most))} for total in totals]
    place_of = _nearest(names)
    found: _Sums = {}
    for (path, layer, package, finding, stage, state, hidden), (content_bytes, files) in sums.items():
        key = (
            path if path in names else place_of(_directory(path)),
            layer if layer in kept[0] else OTHER,
            package if package in kept[1] else OTHER,
            finding if finding in kept[2] else OTHER,
            stage if stage in kept[3] else OTHER,
            state,
            hidden,
        )
        row = found.setdefault(key, [0, 0])
        row[0] += content_bytes
        row[1] += files
    return found


def _as_map(sums: _Sums, names: Container[str]) -> SizeMap:
    places, parents = {_ROOT: 0}, [0]
    shown = [_ROOT]
    place_of = _nearest(names)
    for path in sorted({key[0] for key in sums}):
        above = []
        while path not in places:
            above.append(path)
            path = place_of(_directory(path))
        for one in reversed(above):
            parents.append(places[path])
            shown.append(_shortened(one[len(path) :]))
            places[one] = len(places)
            path = one
    ordered = sorted(sums.items(), key=lambda item: (-item[1][0], item[0]))
    cells = tuple(
        SizeCell(places[path], layer, package, finding, stage, state, hidden, content_bytes, files)
        for (path, layer, package, finding, stage, state, hidden), (content_bytes, files) in ordered
    )
    return SizeMap(names=tuple(shown), parents=tuple(parents), cells=cells)


def _shortened(name: str) -> str:
    """A path component without its middle, where that is very long."""
    if len(name) <= _LONGEST_NAME:
        return name
    half = _LONGEST_NAME // 2
    return f"{name[:half]}\N{HORIZONTAL ELLIPSIS}{name[-half:]}"
