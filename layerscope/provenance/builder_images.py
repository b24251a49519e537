"""Compares the image with images of build stages: the layers that may hold files of a stage, and their paths in it."""

import posixpath
from collections.abc import Mapping, Sequence
from itertools import chain

from msgspec.structs import replace

from layerscope.dockerfile.copying import CopyMapping, copy_mapping, recorded_mapping
from layerscope.dockerfile.glob import PathPattern
from layerscope.errors import LayerscopeError
from layerscope.filesystem.tree import Filesystem
from layerscope.history.alignment import instructions as align
from layerscope.history.match import match
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.paths import normal
from layerscope.provenance.comparison import Copied, Verdict, compare
from layerscope.provenance.origins import Origin, Placement, recorded_arguments
from layerscope.provenance.trace import MAY_COPY, Builder, Trace


def with_builders(
    trace: Trace, image: Image, steps: Sequence[Instruction], placement: Placement, opened: Sequence[tuple[str, Image]]
) -> Trace:
    """The trace with the files that images of build stages, by name, have in common with the image.

    Raises UsageError for a name that is no stage of the Dockerfile.
    """
    warnings = [*trace.warnings]
    builders = tuple(_builder(trace, image, steps, placement, name, builder, warnings) for name, builder in opened)
    best = _best(builders)
    return replace(
        trace,
        builders=builders,
        matched={layer: found[0] for layer, found in best.items() if len(found) == 1},
        alike={layer: tuple(sorted(one.name for one in found)) for layer, found in best.items() if len(found) > 1},
        warnings=tuple(warnings),
    )


def _builder(
    trace: Trace,
    image: Image,
    steps: Sequence[Instruction],
    placement: Placement,
    name: str,
    opened: Image,
    warnings: list[str],
) -> Builder:
    found = placement.match
    stage = found.build.stage(name) if found else None
    name = found.stage_name(stage.index) if found and stage else name
    history, _ = align(opened.config.history, len(opened.layers))
    own = None
    if found is not None and stage is not None:
        arguments = {**recorded_arguments(history), **found.build.build_args}
        try:
            own = match(replace(found.build, build_args=arguments), history, stage.index)
            if own.differing:
                warnings.append(
                    f"stage {name} was edited after the image given for it was built: {own.matched} of {own.total} "
                    "instructions match; build that image again, too"
                )
        except LayerscopeError as error:
            warnings.append(f"the image given for stage {name} is not that stage: {error.message}")
    shared = shared_layers(image, steps, opened, history)
    copied = _copied_from(
        name, range(max(trace.base_layers, shared), len(image.layers)), trace.layers, steps, placement
    )
    context = _from_context(range(shared, len(opened.layers)), history)
    comparison = compare(trace.filesystem, trace.base_layers, Filesystem(opened.layers), shared, copied, context)
    if not shared and image.layers and opened.layers and not comparison.confirmed:
        warnings.append(f"the image given for stage {name} shares no layer with this one, and little content")
    return Builder(name=name, image=opened, instructions=history, comparison=comparison, match=own)


def _best(builders: Sequence[Builder]) -> dict[int, list[Builder]]:
    """The builders that match each layer best, only one where all the others are built on it."""
    scores: dict[int, dict[int, int]] = {}
    for place, builder in enumerate(builders):
        for layer, found in builder.comparison.layers.items():
            if found[Verdict.MATCHED]:
                scores.setdefault(layer, {})[place] = found[Verdict.MATCHED]
    best = {}
    for layer, score in scores.items():
        most = max(score.values())
        equal = [builders[place] for place, matched in score.items() if matched == most]
        lowest = [one for one in equal if all(_stands_on(other, one) for other in equal if other is not one)]
        best[layer] = lowest if len(lowest) == 1 else equal
    return best


def _stands_on(upper: Builder, lower: Builder) -> bool:
    """Whether one stage begins with all layers of another, which then made the files of both."""
    return shared_layers(lower.image, lower.instructions, upper.image, upper.instructions) == len(lower.image.layers)


def shared_layers(
    image: Image, steps: Sequence[Instruction], builder: Image, builder_steps: Sequence[Instruction]
) -> int:
    """How many of the lowest layers both images are built on: the same contents, made by the same steps.

    A COPY of all files of a RUN may give the same layer, but is not an ancestor. Where a history is lost, the contents
    alone decide.
    """
    ours, theirs = ({step.layer: step.created_by for step in one} for one in (steps, builder_steps))
    count = 0
    for one, other in zip(image.layers, builder.layers, strict=False):
        step = ours.get(count, theirs.get(count))
        if one.diff_id is None or one.diff_id != other.diff_id or step != theirs.get(count, step):
            break
        count += 1
    return count


def _copied_from(
    name: str, layers: range, origins: Mapping[int, Origin], steps: Sequence[Instruction], placement: Placement
) -> list[Copied]:
    """The layers to compare with the stage ``name``: by the Dockerfile, else all that a COPY may have made.

    ``origins`` are those of the layers that one step made.
    """
    by_layer = {step.layer: step for step in steps}
    found = []
    for layer in layers:
        origin, step = origins.get(layer), by_layer.get(layer)
        if step is not None and step.joined:
            found += _from_several(layer, step, placement, name)
        elif origin is not None and (origin.sources or placement.match is not None):
            if name in origin.sources:
                found.append(_mapped(layer, origin, step))
        elif step is None or step.kind in ("COPY", ""):  # An ADD takes nothing from a stage.
            found.append(_recorded(layer, steps, step))
    return found


def _from_context(layers: range, history: Sequence[Instruction]) -> list[int]:
    """The layers of a builder that may hold files of the build context; the lowest is the base's own."""
    steps = {step.layer: (step, *(history[index] for index in step.joined)) for step in history}
    return [layer for layer in layers if _has_context(layer, steps.get(layer, ()))]


def _has_context(layer: int, steps: Sequence[Instruction]) -> bool:
    kinds = {step.kind for step in steps if not step.copy_from} if steps else {""}
    return "COPY" in kinds or (layer > 0 and not kinds.isdisjoint(MAY_COPY))


def _from_several(layer: int, step: Instruction, placement: Placement, name: str) -> list[Copied]:
    """A layer that holds the work of several steps: each file may be from any COPY of the stage."""
    if placement.match is None:
        return [Copied(layer=layer, certain=False)]
    origins = (placement.origins.get(index) for index in (step.index, *reversed(step.joined)))
    copies = [_mapped(layer, one, None) for one in origins if one and name in one.sources]
    maps = [one.map_back for one in copies if one.map_back is not None]
    if not maps:
        return copies[:1]
    return [Copied(layer=layer, map_back=lambda path: tuple(chain.from_iterable(one(path) for one in maps)))]


def _mapped(layer: int, origin: Origin, step: Instruction | None) -> Copied:
    """A layer whose COPY is in the Dockerfile; where its source has unknown variables, it is guessed from the files."""
    guessed = Copied(layer=layer, destination=_destination(step))
    if origin.instruction is None:
        return guessed
    try:
        mapping = copy_mapping(origin.instruction)
    except LayerscopeError:  # A RUN that mounts the stage is not a COPY.
        return guessed
    return _with(mapping, layer, certain=True) if mapping.resolved and mapping.source.stage is not None else guessed


def _recorded(layer: int, steps: Sequence[Instruction], step: Instruction | None) -> Copied:
    """A layer of an unknown stage; BuildKit records at least the paths that are copied."""
    guessed = Copied(layer=layer, destination=_destination(step), certain=False)
    if step is None or not step.comment.startswith("buildkit.") or step.kind != "COPY":
        return guessed
    directories = (one.text for one in steps[: step.index] if one.kind == "WORKDIR")
    try:
        mapping = recorded_mapping(step.text, posixpath.join("/", *directories))
    except LayerscopeError:
        return guessed
    return guessed if mapping is None else _with(mapping, layer, certain=False)


def _with(mapping: CopyMapping, layer: int, *, certain: bool) -> Copied:
    def may_be(path: str, source: str) -> bool:
        try:
            return any(PathPattern.parse(one).matches(source) for one in mapping.map_back_patterns(path))
        except LayerscopeError:  # A pattern with a long name in it is longer than it may be.
            return False

    literal = all(source.pattern.literal is not None for source in mapping.sources)
    return Copied(
        layer=layer,
        map_back=mapping.map_back,
        may_be=None if literal else may_be,
        destination=mapping.destination,
        certain=certain,
    )


def _destination(step: Instruction | None) -> str:
    """The last word of a COPY, where it is a path from the root."""
    words = step.text.split() if step is not None and step.kind in ("COPY", "ADD") else []
    return normal(words[-1]) if words and words[-1].startswith("/") else "/"
