"""The stage that each version of the image came from, and how well that is known: all evidence joined."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.finding import Evidence
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.source import Source, Via
from layerscope.provenance.comparison import Comparison, Verdict, same_content
from layerscope.provenance.origins import Origin, Placement

if TYPE_CHECKING:
    from layerscope.history.match import Match

MAY_COPY = ("COPY", "ADD", "")
"""Kinds of steps that copy files, or may: of some steps nothing is known."""


class Builder(Struct, frozen=True, kw_only=True):
    """A builder image that was compared: its stage, its history, and where that stands in the Dockerfile."""

    name: str
    image: Image
    instructions: tuple[Instruction, ...]
    comparison: Comparison
    match: "Match | None" = None

    def step_of_layer(self, layer: int) -> tuple[str, int | None]:
        """The instruction that alone made a layer of the builder, in the Dockerfile's words and with its line if known.

        It is empty where there is no such instruction.
        """
        step = next((step for step in self.instructions if step.layer == layer and not step.joined), None)
        if step is None or self.match is None or step.index not in self.match.steps:
            return str(step or ""), None
        written = self.match.steps[step.index].instruction
        return str(written), written.line


class Trace(Struct, frozen=True, kw_only=True):
    """The stage of each version, asked one by one.

    ``layers`` maps the layers above the base to the origin of their step, ``matched`` to the builder that matches each
    best, ``alike`` to the names of those that match equally well. ``copies`` are the layers that a COPY, an ADD or an
    unknown step made. A layer with the work of several steps is in neither: one step is not the origin of each file.
    """

    filesystem: Filesystem
    base_layers: int
    layers: Mapping[int, Origin] = field(default_factory=dict)
    copies: frozenset[int] = frozenset()
    builders: tuple[Builder, ...] = ()
    matched: Mapping[int, Builder] = field(default_factory=dict)
    alike: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    _numbers: dict[int, dict[str, int]] = field(default_factory=dict)

    def stage_of(self, number: int) -> Source | None:
        """The stage of a version; None where there is no evidence better than a guess."""
        layer = self.filesystem.layer_of(number)
        origin, builder = self.layers.get(layer), self.matched.get(layer)
        line = origin.line if origin else None
        if builder is not None and self._is_match(builder.comparison, layer, number):
            attested = origin is not None and origin.via == Via.COPY and origin.evidence == Evidence.ATTESTED
            return Source(
                stage=builder.name, evidence=Evidence.ATTESTED if attested else Evidence.MATCHED, dockerfile_line=line
            )
        if origin is None or not origin.sources or origin.via == Via.MOUNT:
            return None
        return Source(stage=", ".join(origin.sources), evidence=origin.evidence, dockerfile_line=line)

    def number_of(self, layer: int, path: str) -> int | None:
        """The version of a path in a layer that a builder was compared with."""
        if layer not in self._numbers:
            start = self.filesystem.numbers(layer).start
            paths = self.filesystem.layers[layer].changeset.paths
            self._numbers[layer] = {name: start + index for index, name in enumerate(paths)}
        return self._numbers[layer].get(path)

    def _is_match(self, comparison: Comparison, layer: int, number: int) -> bool:
        """One COPY has one source: where most of its files match, the others came from there too."""
        if layer in comparison.confirmed and layer in self.copies:
            return True
        return comparison.verdicts.get(self.filesystem.carrier(number)) == Verdict.MATCHED


def trace(
    filesystem: Filesystem,
    image: Image,
    steps: Sequence[Instruction],
    placement: Placement,
    base_layers: int,
) -> Trace:
    """The trace by what is declared or attested; ``with_builders`` adds what builder images show."""
    layers = {
        step.layer: placement.origins[step.index]
        for step in steps
        if step.layer is not None and step.layer >= base_layers and step.index in placement.origins and not step.joined
    }
    others = {step.layer for step in steps if step.kind not in MAY_COPY or step.joined}
    copies = frozenset(layer for layer in range(len(image.layers)) if layer not in others)
    warnings = [*placement.warnings, *_shared(steps, base_layers)]
    return Trace(filesystem=filesystem, base_layers=base_layers, layers=layers, copies=copies, warnings=tuple(warnings))


def _shared(steps: Sequence[Instruction], base_layers: int) -> Iterator[str]:
    """A warning for each of the user's own layers that holds the work of several instructions."""
    for step in steps:
        if step.layer is not None and step.layer >= base_layers and step.joined:
            number = len(step.joined) + 1
            yield f"layer {step.layer} holds the work of {number} instructions: which of them made a file is not known"


def not_copied(trace: Trace, builder: Builder) -> Iterator[int]:
    """The live files of the builder's own layers that the image does not hold: neither copied nor at their path."""
    comparison, filesystem = builder.comparison, trace.filesystem
    other = comparison.filesystem
    found = comparison.differing.union(comparison.twins.values())
    for number in other.live_numbers():
        if number < comparison.own_from or number in found or other.kind_of(number) != Kind.FILE:
            continue
        here = filesystem.live.get(other.path_of(number))
        if here is None or not same_content(filesystem, filesystem.carrier(here), other, number):
            yield number
