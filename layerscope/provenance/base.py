"""Finds the base image of an image, by the best evidence that there is (docs/rules.md, "The base")."""

import json
from collections.abc import Callable

from layerscope.errors import UsageError
from layerscope.history.base import base_boundary, buildah_from, layers_before
from layerscope.model.base import Base, FoundBy
from layerscope.model.digest import Digest
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction

_LIFECYCLE = "io.buildpacks.lifecycle.metadata"
_BASE_NAME = "org.opencontainers.image.base.name"


def find_base(image: Image, instructions: tuple[Instruction, ...], given: tuple[Digest, ...] | None) -> Base:
    """The base by the first sign that speaks; without any, all layers are the user's own.

    ``given`` are the diff_ids of a base image that the user named; raises UsageError when this image does not stand
    on it.
    """
    if given is not None:
        return _given(image, given)
    for sign in _SIGNS:
        base = sign(image, instructions)
        if base is not None and 0 < base.layers <= len(image.layers):
            return base
    return Base(name=_named(image))


def _given(image: Image, given: tuple[Digest, ...]) -> Base:
    own = [layer.diff_id for layer in image.layers]
    for index, diff_id in enumerate(given):
        if index >= len(own) or own[index] != diff_id:
            raise UsageError(
                f"the image does not stand on the base that was given: they differ from layer {index} on",
                hint="was the base rebuilt since? save the one that the image was built on",
            )
    return Base(found_by=FoundBy.GIVEN, layers=len(given), name=_named(image), certain=True)


def _buildpacks(image: Image, instructions: tuple[Instruction, ...]) -> Base | None:
    """Buildpacks write down the top layer of their run image (platform spec, io.buildpacks.lifecycle.metadata)."""
    try:
        run_image = json.loads(image.config.labels.get(_LIFECYCLE, "null"))["runImage"]
        top, name = run_image["topLayer"], run_image.get("reference", "")
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    for layer in image.layers:
        if str(layer.diff_id) == top:
            name = name if isinstance(name, str) else ""
            return Base(found_by=FoundBy.LABEL, layers=layer.index + 1, name=name, certain=True)
    return None


def _buildah(image: Image, instructions: tuple[Instruction, ...]) -> Base | None:
    found = buildah_from(image.config.history)
    if found is None:
        return None
    name, first = found
    return Base(found_by=FoundBy.HISTORY, layers=layers_before(instructions, first), name=name)


def _history(image: Image, instructions: tuple[Instruction, ...]) -> Base | None:
    boundary = base_boundary(instructions)
    if not boundary:
        return None
    return Base(found_by=FoundBy.HISTORY_GUESS, layers=boundary, name=_named(image))


_SIGNS: tuple[Callable[[Image, tuple[Instruction, ...]], Base | None], ...] = (_buildpacks, _buildah, _history)


def _named(image: Image) -> str:
    """The base's name as the image's own annotations or labels give it."""
    return image.annotations.get(_BASE_NAME) or image.config.labels.get(_BASE_NAME, "")
