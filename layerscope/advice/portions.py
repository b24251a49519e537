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
from layerscope.model.source import BASE
from layerscope.provenance.trace import Builder, Trace

if TYPE_CHECKING:
    from layerscope.dockerfile.copying import CopyMapping


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
    ``stage`` names the stage. ``pieces`` are biggest first.
    """

    finding: int
    rule: str
    kind: FindingKind
    site: Site
    via: Site | None
    stage: str
    pieces: tuple[Piece, ...]

    @property
    def content_bytes(self) -> int:
        return sum(piece.content_bytes for piece in self.pieces)

    def only(self, keep: Callable[[Piece], bool]) -> "Portion":
        """The portion with some of its pieces."""
        pieces = tuple(piece for piece in self.pieces if keep(piece))
        return self if len(pieces) == len(self.pieces) else replace(self, pieces=pieces)

    @property
    def is_from_context(self) -> bool:
        """Whether the instruction copies from the build context."""
        resolved = self.site.resolved
        if resolved is None:
            return self.site.kind == "ADD"
        return self.site.kind in ("COPY", "ADD") and any(one.kind == "context" for one in resolved.inputs)


def portions(
    trace: Trace, findings: Sequence[Finding], final: Timeline, others: Mapping[str, Timeline]
) -> tuple[Portion, ...]:
    """All findings of the user's own layers by the instructions that make their bytes.

    What no instruction is known to have made (a layer without history, or with the work of several) is left out.
    """
    makers = _Makers(trace, final, others)
    found: list[Portion] = []
    for place, finding in enumerate(findings):
        if finding.source != BASE:
            found += makers.portions(place, finding)
    return tuple(found)


class _Makers:
    def __init__(self, trace: Trace, final: Timeline, others: Mapping[str, Timeline]) -> None:
        self._trace = trace
        self._final = final
        self._others = others
        self._copies = {layer: _Copy(trace, builder, others[builder.name]) for layer, builder in trace.matched.items()}

    def portions(self, place: int, finding: Finding) -> Iterator[Portion]:
        groups: dict[tuple[int, int], tuple[Site, Site | None, str, list[Piece]]] = {}
        for path in finding.paths:
            via = self._final.of_layer(path.layer)
            if via is None:
                continue
            number = self._trace.number_of(path.layer, path.path)
            site, stage, source = via, "", path.path
            if via.kind in ("COPY", "ADD") and number is not None:
                site, stage, source = self._made(via, number, path.path)
            piece = Piece(
                path=path.path,
                layer=path.layer,
                number=-1 if number is None else number,
                content_bytes=path.content_bytes,
                source=source,
            )
            group = groups.setdefault((id(site), path.layer), (site, via if via is not site else None, stage, []))
            group[3].append(piece)
        for site, through, stage, pieces in groups.values():
            yield Portion(
                finding=place,
                rule=finding.rule,
                kind=finding.kind,
                site=site,
                via=through,
                stage=stage,
                pieces=tuple(pieces),
            )

    def _made(self, via: Site, number: int, path: str) -> tuple[Site, str, str]:
        """The instruction, stage and path that a file of a COPY comes from, as far as they are known."""
        layer = self._trace.filesystem.layer_of(number)
        copy = self._copies.get(layer)
        if copy is not None:
            site, source = copy.maker(number, path)
            return site or via, copy.builder.name, source
        origin = self._trace.layers.get(layer)
        stage = origin.sources[0] if origin is not None and len(origin.sources) == 1 else ""
        return via, stage, mapped(via, path) if stage else path


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
