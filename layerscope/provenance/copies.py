"""Which layers of an image may hold what one stage made, and where in that stage their files lay."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.errors import LayerscopeError
from layerscope.model.instruction import Instruction
from layerscope.model.paths import normal
from layerscope.provenance.origins import Origin, Placement

if TYPE_CHECKING:
    from layerscope.dockerfile.copying import CopyMapping

MAY_COPY = ("COPY", "ADD", "")
"""Kinds of steps that bring what was made elsewhere, or may: of some steps nothing is known."""

MapBack = Callable[[str], tuple[str, ...]]
"""From a path of the image to the paths in the builder that it may have been copied from, the likeliest first."""
MayBe = Callable[[str, str], bool]
"""Whether a wildcard of the COPY may have made a path of the image of one in the builder."""


class Copied(Struct, frozen=True, kw_only=True):
    """A layer to compare: ``map_back`` where the COPY's source is known, else the ``destination`` to guess it from.

    Not ``certain``, nothing tells that it is this builder, and no other or the build context, which the COPY read.
    """

    layer: int
    map_back: MapBack | None = None
    may_be: MayBe | None = None
    destination: str = "/"
    certain: bool = True


def copied_from(
    name: str, layers: range, origins: Mapping[int, Origin], steps: Sequence[Instruction], placement: Placement
) -> list[Copied]:
    """Those of the layers to compare with the stage ``name``: by the Dockerfile, else all that a COPY may have made.

    ``origins`` is what is known of the layers that one step made.
    """
    by_layer = {step.layer: step for step in steps if step.layer is not None}
    found = []
    for layer in layers:
        origin, step = origins.get(layer), by_layer.get(layer)
        if step is not None and step.joined:
            found += _from_several(layer, step, placement, name)
        elif origin is not None and (origin.source or placement.match is not None):
            if name in origin.source.split(", "):
                found.append(_mapped(layer, origin, step))
        elif step is None or step.kind in ("COPY", ""):  # An ADD takes nothing from a stage.
            found.append(_recorded(layer, steps, step))
    return found


def from_context(layers: range, history: Sequence[Instruction]) -> list[int]:
    """Those layers of a builder that may hold files of the build context; the lowest is a base's own beginning."""
    steps = {step.layer: (step, *(history[index] for index in step.joined)) for step in history}
    return [layer for layer in layers if _has_context(layer, steps.get(layer, ()))]


def _has_context(layer: int, steps: Sequence[Instruction]) -> bool:
    kinds = {step.kind for step in steps if not step.copy_from} if steps else {""}
    return "COPY" in kinds or (layer > 0 and not kinds.isdisjoint(MAY_COPY))


def _from_several(layer: int, step: Instruction, placement: Placement, name: str) -> list[Copied]:
    """A layer that holds the work of several steps: each file may have come by any COPY of the stage."""
    if placement.match is None:
        return [Copied(layer=layer, certain=False)]
    origins = (placement.origins.get(index) for index in (step.index, *reversed(step.joined)))
    copies = [_mapped(layer, one, None) for one in origins if one and name in one.source.split(", ")]
    maps = [one.map_back for one in copies if one.map_back is not None]
    if not maps:
        return copies[:1]
    return [Copied(layer=layer, map_back=lambda path: tuple(chain.from_iterable(one(path) for one in maps)))]


def _mapped(layer: int, origin: Origin, step: Instruction | None) -> Copied:
    """A layer whose COPY the Dockerfile shows; where that leaves the source open, the files have to tell."""
    from layerscope.dockerfile.copying import copy_mapping

    guessed = Copied(layer=layer, destination=_destination(step))
    if origin.instruction is None:
        return guessed
    try:
        mapping = copy_mapping(origin.instruction)
    except LayerscopeError:  # A RUN that mounts the stage is no COPY.
        return guessed
    return _with(mapping, layer, certain=True) if mapping.resolved and mapping.source.stage is not None else guessed


def _recorded(layer: int, steps: Sequence[Instruction], step: Instruction | None) -> Copied:
    """A layer whose stage nothing tells; BuildKit records at least the path of what is copied."""
    from layerscope.dockerfile.copying import recorded_mapping

    guessed = Copied(layer=layer, destination=_destination(step), certain=False)
    if step is None or not step.comment.startswith("buildkit.") or step.kind != "COPY":
        return guessed
    directories = (one.text for one in steps[: step.index] if one.kind == "WORKDIR")
    try:
        mapping = recorded_mapping(step.text, posixpath.join("/", *directories))
    except LayerscopeError:
        return guessed
    return guessed if mapping is None else _with(mapping, layer, certain=False)


def _with(mapping: "CopyMapping", layer: int, *, certain: bool) -> Copied:
    from layerscope.dockerfile.glob import PathPattern

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
