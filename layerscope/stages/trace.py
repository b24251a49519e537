"""All evidence of build stages joined: which stage a version came from, and how well that is known."""

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from layerscope.errors import LayerscopeError
from layerscope.filesystem.tree import Filesystem
from layerscope.history.alignment import instructions as align
from layerscope.model.entry import Kind
from layerscope.model.finding import Evidence
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.source import Source
from layerscope.stages.matching import Comparison, Copied, Verdict, compare, shared_layers
from layerscope.stages.origins import Known, Origin, Placement, recorded_arguments

if TYPE_CHECKING:
    from layerscope.history.match import Match

_COPIES = ("COPY", "ADD", "")
"""Kinds of steps that may bring what another stage made; of some steps nothing is known."""


class Builder(Struct, frozen=True, kw_only=True):
    """A builder image that was compared: its stage, its history, and where that stands in the Dockerfile."""

    name: str
    image: Image
    instructions: tuple[Instruction, ...]
    comparison: Comparison
    match: "Match | None" = None

    def step_of_layer(self, layer: int) -> tuple[Instruction | None, int | None]:
        """The instruction that made a layer of the builder, and its line in the Dockerfile."""
        step = next((step for step in self.instructions if step.layer == layer), None)
        if step is None or self.match is None or step.index not in self.match.steps:
            return step, None
        return step, self.match.steps[step.index].instruction.line


class Trace(Struct, frozen=True, kw_only=True):
    """Answers for each version which stage it came from.

    ``layers`` maps the image's layers to the origin of their step, ``matched`` to the builder that fits each best.
    ``copies`` are the layers that a COPY or ADD made, or of whose step nothing is known.
    """

    filesystem: Filesystem
    base_layers: int
    layers: Mapping[int, Origin] = field(default_factory=dict)
    copies: frozenset[int] = frozenset()
    builders: tuple[Builder, ...] = ()
    matched: Mapping[int, Builder] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    _numbers: dict[int, dict[str, int]] = field(default_factory=dict)

    def stage_of(self, number: int) -> Source | None:
        """The stage that a version of the image came from; None where nothing better than a guess is known."""
        layer = self.filesystem.layer_of(number)
        if layer < self.base_layers:
            return None
        origin, builder = self.layers.get(layer), self.matched.get(layer)
        line = origin.line if origin else None
        if builder is not None and self._is_match(builder.comparison, layer, number):
            attested = origin is not None and origin.certain and origin.evidence == Evidence.ATTESTED
            return Source(
                stage=builder.name, evidence=Evidence.ATTESTED if attested else Evidence.MATCHED, dockerfile_line=line
            )
        if origin is None or not origin.source or not origin.certain:
            return None
        return Source(stage=origin.source, evidence=origin.evidence, dockerfile_line=line)

    def number_of(self, layer: int, path: str) -> int | None:
        """The version of a path in a layer that a builder was compared with."""
        if layer not in self._numbers:
            start = self.filesystem.numbers(layer).start
            paths = self.filesystem.layers[layer].changeset.paths
            self._numbers[layer] = {name: start + index for index, name in enumerate(paths)}
        return self._numbers[layer].get(path)

    def _is_match(self, comparison: Comparison, layer: int, number: int) -> bool:
        """One COPY has one source: where most of what it brought matches, the rest came from there too."""
        if layer in comparison.confirmed and layer in self.copies:
            return True
        return comparison.verdicts.get(self.filesystem.carrier(number)) == Verdict.MATCHED


def trace(
    filesystem: Filesystem,
    image: Image,
    steps: Sequence[Instruction],
    placement: Placement,
    known: Known,
    base_layers: int,
) -> Trace:
    """Join what is declared or attested with what the builder images show.

    Raises UsageError for a builder whose name is no stage of the Dockerfile.
    """
    layers = {
        step.layer: placement.origins[step.index]
        for step in steps
        if step.layer is not None and step.index in placement.origins
    }
    others = {step.layer for step in steps if step.kind not in _COPIES}
    copies = frozenset(layer for layer in range(len(image.layers)) if layer not in others)
    joined = Trace(
        filesystem=filesystem, base_layers=base_layers, layers=layers, copies=copies, warnings=placement.warnings
    )
    if not known.builders:
        return joined
    warnings = list(placement.warnings)
    builders = tuple(
        _builder(joined, image, steps, placement, name, opened, warnings) for name, opened in known.builders
    )
    return replace(joined, builders=builders, matched=_best(builders), warnings=tuple(warnings))


def _builder(
    joined: Trace,
    image: Image,
    steps: Sequence[Instruction],
    placement: Placement,
    name: str,
    opened: Image,
    warnings: list[str],
) -> Builder:
    from layerscope.history.match import match

    found = placement.match
    stage = found.build.stage(name) if found else None
    name = found.stage_name(stage.index) if found and stage else name
    history, _ = align(opened.config.history, len(opened.layers))
    own = None
    if found is not None and stage is not None:
        arguments = {**recorded_arguments(history), **found.build.build_args}
        try:
            own = match(replace(found.build, build_args=arguments), history, stage.index)
        except LayerscopeError as error:
            warnings.append(f"the image given for stage {name} is not that stage: {error.message}")
    shared = shared_layers(image, steps, opened, history)
    copied = _copied(joined, image, steps, found, name, shared)
    context = _from_context(history, range(shared, len(opened.layers)))
    comparison = compare(joined.filesystem, joined.base_layers, Filesystem(opened.layers), shared, copied, context)
    if not shared and image.layers and opened.layers and not comparison.confirmed:
        warnings.append(f"the image given for stage {name} shares no layer with this one, and little content")
    return Builder(name=name, image=opened, instructions=history, comparison=comparison, match=own)


def _copied(
    joined: Trace,
    image: Image,
    steps: Sequence[Instruction],
    found: "Match | None",
    name: str,
    shared: int,
) -> list[Copied]:
    """The layers that may hold what the stage ``name`` made: by the Dockerfile, else all that a COPY may have made."""
    by_layer = {step.layer: step for step in steps if step.layer is not None}
    layers = []
    for layer in range(max(joined.base_layers, shared), len(image.layers)):
        origin, step = joined.layers.get(layer), by_layer.get(layer)
        if origin is not None and (origin.source or found is not None):
            if name in origin.source.split(", "):
                layers.append(_mapped(layer, origin, step))
        elif step is None or step.kind in ("COPY", ""):  # An ADD takes nothing from a stage.
            layers.append(_recorded(layer, steps, step))
    return layers


def _from_context(history: Sequence[Instruction], layers: range) -> list[int]:
    """The layers of a builder that may hold files of the build context; the lowest is a base's own beginning."""
    steps = {step.layer: step for step in history}
    found = []
    for layer in layers:
        step = steps.get(layer)
        kind, stage = (step.kind, step.copy_from) if step is not None else ("", "")
        if not stage and (kind == "COPY" or (layer > 0 and kind in _COPIES)):
            found.append(layer)
    return found


def _mapped(layer: int, origin: Origin, step: Instruction | None) -> Copied:
    """A layer whose COPY the Dockerfile shows; where that leaves the source open, the files have to tell."""
    from layerscope.history.dockerfile.copying import copy_mapping

    instruction = origin.instruction
    if instruction is not None and instruction.instruction.keyword in ("COPY", "ADD"):
        try:
            mapping = copy_mapping(instruction)
        except LayerscopeError:
            return Copied(layer=layer, destination=_destination(step))
        if mapping.resolved and mapping.source.stage is not None:
            return Copied(layer=layer, map_back=mapping.map_back)
    return Copied(layer=layer, destination=_destination(step))


def _recorded(layer: int, steps: Sequence[Instruction], step: Instruction | None) -> Copied:
    """A layer whose stage nothing tells; BuildKit records at least the path of what is copied."""
    from layerscope.history.dockerfile.copying import recorded_mapping

    if step is None or not step.comment.startswith("buildkit.") or step.kind != "COPY":
        return Copied(layer=layer, destination=_destination(step), certain=False)
    directories = (one.text for one in steps[: step.index] if one.kind == "WORKDIR")
    try:
        mapping = recorded_mapping(step.text, posixpath.join("/", *directories))
    except LayerscopeError:
        mapping = None
    map_back = mapping.map_back if mapping is not None else None
    return Copied(layer=layer, map_back=map_back, destination=_destination(step), certain=False)


def _destination(step: Instruction | None) -> str:
    """The last word of a COPY, where it is a path from the root."""
    words = step.text.split() if step is not None and step.kind in ("COPY", "ADD") else []
    return words[-1] if words and words[-1].startswith("/") else "/"


def _best(builders: Sequence[Builder]) -> dict[int, Builder]:
    """For each layer the builder with which it has most in common."""
    scores: dict[int, Counter[int]] = {}
    for place, builder in enumerate(builders):
        for layer, found in builder.comparison.layers.items():
            if found[Verdict.MATCHED]:
                scores.setdefault(layer, Counter())[place] = found[Verdict.MATCHED]
    return {layer: builders[score.most_common(1)[0][0]] for layer, score in scores.items()}


def stayed_behind(joined: Trace, builder: Builder) -> Iterator[int]:
    """The live files of the builder's own layers that the image does not hold: neither copied nor at their path."""
    comparison, filesystem = builder.comparison, joined.filesystem
    other = comparison.filesystem
    own_from = comparison.own_from
    copied = set(comparison.twins.values())
    for number in other.live_numbers():
        if (
            number < own_from
            or number in copied
            or number in comparison.differing
            or other.kind_of(number) != Kind.FILE
        ):
            continue
        here = filesystem.live.get(other.path_of(number))
        if here is not None:
            here = filesystem.carrier(here)
            if filesystem.content_bytes(here) == other.content_bytes(number):
                digest = filesystem.fingerprint(here)
                if digest is not None and digest == other.fingerprint(number):
                    continue
        yield number
