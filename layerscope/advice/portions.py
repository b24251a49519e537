"""The bytes of each finding by the instruction that makes them, which is where a change has an effect."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from layerscope.advice.timeline import Site, Timeline
from layerscope.errors import LayerscopeError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.finding import Finding, FindingKind
from layerscope.model.patterns import pattern
from layerscope.model.source import BASE
from layerscope.provenance.comparison import same_content
from layerscope.provenance.trace import Builder, Trace

if TYPE_CHECKING:
    from layerscope.dockerfile.copying import CopyMapping

_MOST_STAGES = 20
"""Stages that one file is followed through."""
_OF_PROJECTS = frozenset({"ci-config", "container-files", "editor-os-junk", "env-file", "vcs-metadata"})
"""Rules for files that lie in a project, and that no build makes; only a download brings them otherwise."""
_DOWNLOADS = pattern(r"(?<![\w-])(?:git|hg|svn|curl|wget|tar|unzip|bsdtar|rsync|degit)(?![\w-])")


class Piece(Struct, frozen=True, kw_only=True, gc=False):
    """One version of a finding.

    ``path`` and ``layer`` are those in the final image, ``number`` is its version there, ``content_bytes`` what the
    finding counts. ``source`` is its path in the stage that made it, the same as ``path`` for the final stage, empty
    where it is not known.
    """

    path: str
    layer: int
    number: int
    content_bytes: int
    source: str


class Portion(Struct, frozen=True, kw_only=True, eq=False):
    """The part of a finding that one instruction makes.

    ``finding`` is its place among the findings. ``site`` is the instruction that makes the content, ``via`` the COPY
    of the final stage that brings it, where another stage made it; without that stage's image both are the COPY, and
    ``stage`` names the stage. ``pieces`` are biggest first. ``is_declared``: the stage's image is not at hand, and its
    instructions alone say that ``site`` made the content.
    """

    finding: int
    rule: str
    kind: FindingKind
    site: Site
    via: Site | None
    stage: str
    pieces: tuple[Piece, ...]
    is_declared: bool = False

    @property
    def content_bytes(self) -> int:
        return sum(piece.content_bytes for piece in self.pieces)

    def only(self, keep: Callable[[Piece], bool]) -> "Portion":
        """The portion with some of its pieces."""
        pieces = tuple(piece for piece in self.pieces if keep(piece))
        return self if len(pieces) == len(self.pieces) else replace(self, pieces=pieces)

    @property
    def copy(self) -> Site:
        """The instruction of the final stage that brings it."""
        return self.via or self.site

    @property
    def is_from_context(self) -> bool:
        """Whether the instruction copies from the build context."""
        resolved = self.site.resolved
        if resolved is None:
            return self.site.kind == "ADD"
        return self.site.kind in ("COPY", "ADD") and any(one.kind == "context" for one in resolved.inputs)


def portions(
    trace: Trace,
    findings: Sequence[Finding],
    final: Timeline,
    others: Mapping[str, Timeline],
    names: Sequence[str],
) -> tuple[Portion, ...]:
    """All findings of the user's own layers by the instructions that make their bytes.

    ``others`` are the timelines of all stages, ``names`` their names in the order of the Dockerfile.
    What no instruction is known to have made (a layer without history, or with the work of several) is left out.
    """
    makers = _Makers(trace, final, others, names)
    found: list[Portion] = []
    for place, finding in enumerate(findings):
        if finding.source != BASE:
            found += makers.portions(place, finding)
    return tuple(found)


class _Made(Struct, frozen=True, kw_only=True, eq=False):
    """Where a file of the image was made: the instruction, its stage, and the path there."""

    site: Site
    stage: str = ""
    source: str
    is_declared: bool = False


class _Makers:
    def __init__(self, trace: Trace, final: Timeline, others: Mapping[str, Timeline], names: Sequence[str]) -> None:
        self._trace = trace
        self._final = final
        self._others = others
        self._names = names
        self._copies = {
            layer: _Copy(trace, builder, others[builder.name])
            for layer, builder in trace.matched.items()
            if builder.name in others
        }

    def portions(self, place: int, finding: Finding) -> Iterator[Portion]:
        groups: dict[tuple[int, int, bool], tuple[_Made, Site | None, list[Piece]]] = {}
        for path in finding.paths:
            via = self._final.of_layer(path.layer)
            if via is None:
                continue
            number = self._trace.number_of(path.layer, path.path)
            if via.kind in ("COPY", "ADD") and number is not None:
                made = self._made(via, path.layer, number, path.path, finding.rule)
            else:
                made = _Made(site=via, source=path.path)
            piece = Piece(
                path=path.path,
                layer=path.layer,
                number=-1 if number is None else number,
                content_bytes=path.content_bytes,
                source=made.source,
            )
            key = id(made.site), path.layer, made.is_declared
            groups.setdefault(key, (made, via if via is not made.site else None, []))[2].append(piece)
        for made, through, pieces in groups.values():
            yield Portion(
                finding=place,
                rule=finding.rule,
                kind=finding.kind,
                site=made.site,
                via=through,
                stage=made.stage,
                pieces=tuple(pieces),
                is_declared=made.is_declared,
            )

    def _made(self, via: Site, layer: int, number: int, path: str, rule: str) -> _Made:
        """Where a file of a COPY comes from, as far as it is known."""
        copy = self._copies.get(layer)
        if copy is not None:
            site, source = copy.maker(number, path)
            made = _Made(site=site or via, stage=copy.builder.name, source=source)
            return self._followed(made, number) if site is not None else made
        origin = self._trace.layers.get(layer)
        stage = origin.sources[0] if origin is not None and len(origin.sources) == 1 else ""
        if not stage:
            return _Made(site=via, source=path)
        source = mapped(via, path)
        declared = self._declared(stage, source) if source and rule in _OF_PROJECTS else None
        return declared or _Made(site=via, stage=stage, source=source)

    def _followed(self, made: _Made, number: int) -> _Made:
        """Where a file was made that a stage in its turn copied from another, whose image is at hand."""
        filesystem = self._trace.filesystem
        for _ in range(_MOST_STAGES):
            timeline, mapping = self._others.get(self._stage_of(made.site)), mapping_of(made.site)
            other = timeline.filesystem if timeline is not None else None
            if timeline is None or other is None or mapping is None or not mapping.resolved:
                break
            found = (other.live.get(path) for path in mapping.map_back(made.source))
            twins = (other.carrier(twin) for twin in found if twin is not None)
            carrier = filesystem.carrier(number)
            twin = next((twin for twin in twins if same_content(filesystem, carrier, other, twin)), None)
            site = timeline.of_layer(other.layer_of(twin)) if twin is not None else None
            if twin is None or site is None:
                break
            made = _Made(site=site, stage=timeline.stage, source=other.path_of(twin))
        return made

    def _declared(self, stage: str, source: str) -> _Made | None:
        """The COPY of the whole build context that alone can have made a project's file in a stage without image."""
        for _ in range(_MOST_STAGES):
            timeline = self._others.get(stage)
            above = ""
            for site in reversed(timeline.sites if timeline is not None and timeline.filesystem is None else ()):
                if site.kind == "RUN" and _DOWNLOADS.search(site.text):
                    return None
                mapping = mapping_of(site) if site.kind in ("COPY", "ADD") else None
                if mapping is None or not mapping.resolved or len(mapping.sources) != 1:
                    continue
                path = next(iter(mapping.map_back(source)), "")
                if path and mapping.source.kind == "context" and mapping.sources[0].path == "/":
                    return _Made(site=site, stage=stage, source=source, is_declared=True)
                if path and (above := self._stage_of(site)):
                    stage, source = above, path
                    break
            if not above:
                return None
        return None

    def _stage_of(self, site: Site) -> str:
        """The stage that a COPY copies from; empty for another source."""
        mapping = mapping_of(site)
        index = mapping.source.stage if mapping is not None else None
        return self._names[index] if index is not None else ""


class _Copy:
    """A layer whose files are from one builder image."""

    def __init__(self, trace: Trace, builder: Builder, timeline: Timeline) -> None:
        self.builder = builder
        self._trace = trace
        self._timeline = timeline
        self._roots: dict[int, tuple[str, str]] = {}

    def maker(self, number: int, path: str) -> tuple[Site | None, str]:
        """The instruction of the stage that made a file, and its path there."""
        comparison = self.builder.comparison
        other = comparison.filesystem
        twin = comparison.twins.get(self._trace.filesystem.carrier(number))
        if twin is None:
            source = self._guessed(number, path)
            twin = other.live.get(source) if source else None
            twin = twin if twin is not None and other.layer_of(twin) >= comparison.shared_layers else None
        else:
            source = other.path_of(twin)
        return (self._timeline.of_layer(other.layer_of(twin)) if twin is not None else None), source

    def _guessed(self, number: int, path: str) -> str:
        """The path in the stage of a file that differs there, from where the files beside it come from."""
        layer = self._trace.filesystem.layer_of(number)
        if layer not in self._roots:
            self._roots[layer] = _roots(self._trace.filesystem, self.builder, layer)
        here, there = self._roots[layer]
        return there + path.removeprefix(here) if here and path.startswith(f"{here}/") else ""


def _roots(filesystem: Filesystem, builder: Builder, layer: int) -> tuple[str, str]:
    """The directory of the image and that of the stage which a COPY made alike; empty ones where nothing shows it."""
    twins, other = builder.comparison.twins, builder.comparison.filesystem
    for number in filesystem.numbers(layer):
        twin = twins.get(number)
        if twin is not None:
            here, there = filesystem.path_of(number).split("/"), other.path_of(twin).split("/")
            while len(here) > 1 and len(there) > 1 and here[-1] == there[-1]:
                here.pop(), there.pop()
            return "/".join(here), "/".join(there)
    return "", ""


def mapped(via: Site, path: str) -> str:
    """The likeliest path in the stage that a COPY takes a path from; empty where it is not known."""
    mapping = mapping_of(via)
    return next(iter(mapping.map_back(path)), "") if mapping is not None and mapping.resolved else ""


@lru_cache(maxsize=256)
def mapping_of(site: Site) -> "CopyMapping | None":
    """What a COPY or ADD takes from where; None where that is not known."""
    from layerscope.dockerfile.copying import copy_mapping  # Its parser is loaded only for a Dockerfile.

    if site.resolved is None:
        return None
    try:
        return copy_mapping(site.resolved)
    except LayerscopeError:
        return None
