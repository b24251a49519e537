"""The instructions of each build stage in the order in which they run: what advice edits, and what comes after it."""

import posixpath
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.filesystem.tree import Filesystem
from layerscope.model.instruction import Instruction
from layerscope.model.paths import normal

if TYPE_CHECKING:  # The parser is loaded only for a Dockerfile.
    from layerscope.dockerfile.build import ResolvedInstruction
    from layerscope.dockerfile.expansion import Expansion
    from layerscope.dockerfile.syntax import DockerfileInstruction
    from layerscope.history.match import Match


class Site(Struct, frozen=True, kw_only=True, eq=False):
    """One instruction of a stage, where advice may be followed.

    ``position`` is its place in the timeline of its stage. ``text`` is what follows the keyword and its flags, in the
    Dockerfile's words where it is in one. ``layer`` is the layer that it made in the image of the stage, where that is
    at hand. ``line`` and ``resolved`` are the Dockerfile's; ``line`` is None without a Dockerfile and for a trigger of
    ONBUILD: such a site cannot be edited. ``recorded_directory`` is the working directory by the history alone.
    """

    stage: str
    position: int
    kind: str
    text: str
    layer: int | None = None
    line: int | None = None
    resolved: "ResolvedInstruction | None" = None
    recorded_directory: str = ""

    def __str__(self) -> str:
        written = self.resolved.instruction if self.resolved is not None else f"{self.kind} {self.text}"
        return str(written).strip()

    def is_same(self, other: "Site") -> bool:
        """Whether both are one instruction, which every timeline has that begins with its stage."""
        return self is other or (self.line is not None and (self.line, self.stage) == (other.line, other.stage))

    @property
    def working_directory(self) -> str:
        """The working directory of the instruction; empty where it is not known."""
        if self.resolved is None:
            return self.recorded_directory
        directory = self.resolved.working_directory
        return directory.text if directory.resolved else ""

    def path_of(self, word: str) -> str:
        """The absolute path that a word of the instruction names, in the root where its directory is not known."""
        return normal(posixpath.join(self.working_directory or "/", word))

    @property
    def arguments(self) -> "tuple[Expansion, ...]":
        """The words of the instruction in a Dockerfile; empty without one."""
        return self.resolved.arguments if self.resolved is not None else ()

    @property
    def has_flags(self) -> bool:
        return self.resolved is not None and bool(self.resolved.instruction.flags)

    def flag(self, name: str) -> str:
        """The value of a flag as written, empty without it."""
        return self.resolved.instruction.flag(name) if self.resolved is not None else ""


class Timeline(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """The own instructions of a stage, above its base image, those of the stages that it is built on included.

    ``filesystem`` is that of the stage's image where it is at hand.
    """

    stage: str
    sites: tuple[Site, ...]
    filesystem: Filesystem | None = None

    def of_layer(self, layer: int) -> Site | None:
        """The instruction that alone made a layer."""
        return self._by_layer.get(layer)

    @cached_property
    def _by_layer(self) -> Mapping[int, Site]:
        return {site.layer: site for site in reversed(self.sites) if site.layer is not None}

    def after(self, site: Site) -> Sequence[Site]:
        """What runs in the same stage after a site."""
        return self.sites[site.position + 1 :]

    def before(self, site: Site) -> Sequence[Site]:
        """What runs in the same stage before a site."""
        return self.sites[: site.position]


def recorded_timeline(
    stage: str, steps: Sequence[Instruction], base_layers: int, filesystem: Filesystem | None
) -> Timeline:
    """The timeline that a history records: everything after the step that made the base's last layer."""
    first = max((step.index + 1 for step in steps if step.layer is not None and step.layer < base_layers), default=0)
    own = steps[first:]
    joined = {index for step in own for index in (*step.joined, *((step.index,) if step.joined else ()))}
    sites = tuple(
        Site(
            stage=stage,
            position=position,
            kind=step.kind,
            text=step.shown.partition(" ")[2] if step.shown else step.text,
            layer=None if step.index in joined else step.layer,
            recorded_directory=directory,
        )
        for position, (step, directory) in enumerate(zip(own, _directories(steps)[first:], strict=True))
    )
    return Timeline(stage=stage, sites=sites, filesystem=filesystem)


def _directories(steps: Sequence[Instruction]) -> list[str]:
    """The working directory of each step, empty where the history leaves it open."""
    found, directory = [], ""
    for step in steps:
        if step.kind == "WORKDIR":
            path = posixpath.join(directory, step.text)
            directory = normal(path) if path.startswith("/") and "$" not in path else ""
        found.append(directory)
    return found


def written_timeline(
    found: "Match", stage: int, steps: Sequence[Instruction], match: "Match | None", filesystem: Filesystem | None
) -> Timeline:
    """The timeline of a stage of a Dockerfile; ``match`` aligns it with the history ``steps`` of its image."""
    layers = _layers(steps, match) if match is not None else {}
    written = {id(one) for each in found.build.chain(stage) for one in _written(found, each.index)}
    sites = tuple(
        _written_site(found, position, resolved, layers, is_written=id(resolved.instruction) in written)
        for position, resolved in enumerate(found.build.flatten(stage))
    )
    return Timeline(stage=found.stage_name(stage), sites=sites, filesystem=filesystem)


def _written(found: "Match", stage: int) -> "tuple[DockerfileInstruction, ...]":
    """The instructions of a stage that stand in the Dockerfile; triggers of ONBUILD do not."""
    return found.build.dockerfile.stages[stage].instructions


def _layers(steps: Sequence[Instruction], match: "Match") -> dict[tuple[int, int, str], int]:
    """The layer of each instruction of a Dockerfile, by stage, line and text."""
    by_index = {step.index: step for step in steps}
    found = {}
    for index, resolved in match.steps.items():
        step = by_index.get(index)
        if step is not None and step.layer is not None and not step.joined:
            found[_key(resolved)] = step.layer
    return found


def _key(resolved: "ResolvedInstruction") -> tuple[int, int, str]:
    return resolved.stage, resolved.instruction.line, str(resolved.instruction)


def _written_site(
    found: "Match",
    position: int,
    resolved: "ResolvedInstruction",
    layers: Mapping[tuple[int, int, str], int],
    *,
    is_written: bool,
) -> Site:
    written = resolved.instruction
    stage = found.build.stages[resolved.stage]
    return Site(
        stage=stage.name or str(stage.index),
        position=position,
        kind=written.keyword,
        text=written.text,
        layer=layers.get(_key(resolved)),
        line=written.line if is_written else None,
        resolved=resolved,
    )
