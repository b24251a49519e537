"""What strategies look at: the timelines of all stages, the findings by the instructions that make them, the files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from layerscope.advice.portions import Piece, Portion, portions
from layerscope.advice.timeline import Site, Timeline, recorded_timeline, written_timeline
from layerscope.filesystem.tree import Filesystem
from layerscope.model.base import Base
from layerscope.model.finding import Finding
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction, built_by_buildkit
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.package_graph import PackageGraph
from layerscope.provenance.origins import Placement
from layerscope.provenance.trace import Trace

if TYPE_CHECKING:  # The parser is loaded only for a Dockerfile.
    from layerscope.dockerfile.stages import Stage

T = TypeVar("T")
_MOST_SITES = 200_000
"""Instructions in all timelines: stages that are built on each other by the thousand get no advice."""


class AdviceContext:
    """One image with its findings, and the build that made it.

    ``final`` is the timeline of the final stage, ``timelines`` are those of all stages by name: from the Dockerfile
    where one matches, else from the histories of the image and of the builder images that were given. ``left`` are
    the portions that no strategy has taken yet. ``trades`` are those of trades, for which there is
    no step of their own.
    """

    def __init__(
        self,
        image: Image,
        filesystem: Filesystem,
        catalog: Catalog,
        instructions: tuple[Instruction, ...],
        base: Base,
        findings: Sequence[Finding],
        placement: Placement,
        trace: Trace,
    ) -> None:
        self.image = image
        self.filesystem = filesystem
        self.catalog = catalog
        self.instructions = instructions
        self.base = base
        self.findings = findings
        self.placement = placement
        self.trace = trace
        self._made: dict[object, object] = {}
        self.timelines = _timelines(self)
        match = placement.match
        self.final = self.timelines[match.stage_name(match.build.target) if match is not None else ""]
        is_whole = match is None or len(self.timelines) == len(match.build.stages)
        names = [match.stage_name(stage.index) for stage in match.build.stages] if match is not None else []
        found = portions(trace, findings, self.final, self.timelines, names) if is_whole else ()
        trades = {place for place, finding in enumerate(findings) if finding.trade}
        self.left: tuple[Portion, ...] = tuple(portion for portion in found if portion.finding not in trades)
        self.trades: tuple[Portion, ...] = tuple(portion for portion in found if portion.finding in trades)

    @cached_property
    def is_buildkit(self) -> bool:
        """Whether the builder knows ``--mount``, ``--chmod`` and heredocs."""
        return built_by_buildkit(self.instructions, self.base.layers)

    @cached_property
    def package_graph(self) -> PackageGraph:
        """Which packages of the operating system need which."""
        return PackageGraph(self.filesystem, self.catalog)

    def shared(self, make: Callable[["AdviceContext"], T]) -> T:
        """What ``make`` makes of this context, made once for all strategies."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("T", self._made[make])

    def of(self, *rules: str) -> Iterator[Portion]:
        """The portions of some rules that are left, biggest first."""
        wanted = [portion for portion in self.left if portion.rule in rules]
        return iter(sorted(wanted, key=lambda portion: -portion.content_bytes))

    def owner_of(self, piece: Piece) -> int:
        """The place of the package that owns a file, UNOWNED for none."""
        return self.catalog.owners[piece.number] if piece.number >= 0 else UNOWNED

    def hidden_by(self, piece: Piece) -> int:
        """The layer that hides a version; -1 for none."""
        return self.filesystem.hidden_by[piece.number] if piece.number >= 0 else -1

    def hider_of(self, portion: Portion) -> int:
        """The one layer that hides all of a portion; -1 where there are several or none."""
        hiders = {self.filesystem.hidden_by[piece.number] for piece in portion.pieces if piece.number >= 0}
        return hiders.pop() if len(hiders) == 1 else -1

    def later(self, site: Site) -> Iterator[Site]:
        """What runs after an instruction on top of what it makes: in its stage, and in the stages built on that."""
        for name, position in self.places(site):
            yield from self.timelines[name].sites[position + 1 :]

    def places(self, site: Site) -> Sequence[tuple[str, int]]:
        """The stages whose timelines hold an instruction: its own and those that are built on that; and where."""
        return self._places.get(_identity(site), ())

    @cached_property
    def _places(self) -> Mapping[object, list[tuple[str, int]]]:
        found: dict[object, list[tuple[str, int]]] = {}
        for name, timeline in self.timelines.items():
            for position, site in enumerate(timeline.sites):
                found.setdefault(_identity(site), []).append((name, position))
        return found

    def readers(self, stage: str) -> Iterator[Site]:
        """The instructions of all other stages that copy from a stage, or mount it."""
        sites = {id(site): site for _, _, site in self.readers_of.get(stage, ()) if site.stage != stage}
        return iter(sites.values())

    @cached_property
    def readers_of(self) -> Mapping[str | None, list[tuple[str, int, Site]]]:
        """By the name of a stage, or None for the build context: what copies from it or mounts it, and where."""
        match = self.placement.match
        found: dict[str | None, list[tuple[str, int, Site]]] = {}
        for name, timeline in self.timelines.items() if match is not None else ():
            for position, site in enumerate(timeline.sites):
                for one in site.resolved.inputs if site.resolved is not None else ():
                    if one.stage is not None and match is not None:
                        found.setdefault(match.stage_name(one.stage), []).append((name, position, site))
                    elif one.kind == "context":
                        found.setdefault(None, []).append((name, position, site))
        return found


def _identity(site: Site) -> object:
    """What is equal for sites that are the same (``Site.is_same``)."""
    return (site.stage, site.line) if site.line is not None else id(site)


def _sites(stages: Sequence["Stage"]) -> int:
    """How many sites the timelines of all stages have: those that a stage is built on count again."""
    found: list[int] = []
    for stage in stages:
        found.append(len(stage.instructions) + (found[stage.base.stage] if stage.base.stage is not None else 0))
    return sum(found)


def _timelines(context: AdviceContext) -> Mapping[str, Timeline]:
    placement, trace = context.placement, context.trace
    builders = {builder.name: builder for builder in trace.builders}
    found = placement.match
    if found is None:
        made = {
            name: recorded_timeline(name, one.instructions, one.comparison.shared_layers, one.comparison.filesystem)
            for name, one in builders.items()
        }
        made[""] = recorded_timeline("", context.instructions, context.base.layers, context.filesystem)
        return made
    made = {}
    stages = found.build.stages
    if _sites(stages) > _MOST_SITES:
        stages = (stages[found.build.target],)
    for stage in stages:
        name = found.stage_name(stage.index)
        builder = builders.get(name)
        if stage.index == found.build.target:
            made[name] = written_timeline(found, stage.index, context.instructions, found, context.filesystem)
        elif builder is not None:
            other = builder.comparison.filesystem
            made[name] = written_timeline(found, stage.index, builder.instructions, builder.match, other)
        else:
            made[name] = written_timeline(found, stage.index, (), None, None)
    return made
