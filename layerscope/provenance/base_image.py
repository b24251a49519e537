"""Where the base image ends, by the best evidence that there is (docs/rules.md, "The base")."""

import json
from collections import Counter
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from layerscope.errors import UsageError
from layerscope.history.alignment import layers_before, made_content
from layerscope.model.base import Base, FoundBy
from layerscope.model.image import Digest, HistoryEntry, Image
from layerscope.model.instruction import Instruction
from layerscope.model.patterns import pattern

_LIFECYCLE = "io.buildpacks.lifecycle.metadata"
_BASE_NAME = "org.opencontainers.image.base.name"
_STARTS = frozenset({"CMD", "ENTRYPOINT"})
_IMAGE_ID = pattern(r"(?:sha256:)?(?:[0-9a-f]{12}|[0-9a-f]{64})")
_OTHER_TOOLS = frozenset({"APKO", "BAZEL", "BUILDPACK", "COMMIT", "IMPORT", "JIB", "KO", "NIX"})


def find_base(image: Image, instructions: tuple[Instruction, ...], given: tuple[Digest, ...] | None) -> Base:
    """The base by the first sign that is found; without any, all layers are the user's own.

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
                f"the image is not built on the base that was given: they differ from layer {index} on",
                hint="was the base rebuilt since? save the one that the image was built on",
            )
    return Base(found_by=FoundBy.GIVEN, layers=len(given), name=_named(image), certain=True)


def _buildpacks(image: Image, instructions: tuple[Instruction, ...]) -> Base | None:
    """Buildpacks record the top layer of their run image (platform spec, io.buildpacks.lifecycle.metadata)."""
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
    boundary = max(base_boundary(instructions) or 0, same_date_boundary(image.config.history, instructions))
    if not boundary:
        return None
    return Base(found_by=FoundBy.HISTORY_GUESS, layers=boundary, name=_named(image))


_SIGNS: tuple[Callable[[Image, tuple[Instruction, ...]], Base | None], ...] = (_buildpacks, _buildah, _history)


def _named(image: Image) -> str:
    """The base's name as the image's own annotations or labels give it."""
    return image.annotations.get(_BASE_NAME) or image.config.labels.get(_BASE_NAME, "")


def contradiction(base: Base, declared: Base | None) -> tuple[str, ...]:
    """A warning where the base is certain and ends elsewhere than by the attestation or the Dockerfile."""
    if declared is None or not base.certain or base.layers == declared.layers:
        return ()
    by = "attestation" if declared.found_by == FoundBy.ATTESTATION else "Dockerfile"
    return (f"the base image has {base.layers} layers, but according to the {by} it has {declared.layers}",)


def better_base(found: Base, declared: Base | None) -> Base:
    """The base that is certain, else that of the attestation or the Dockerfile, else that of the image's signs.

    By a Dockerfile there may be no base at all.
    """
    if declared is None:
        return found
    better, other = (found, declared) if found.certain else (declared, found)
    return replace(better, name=better.name or other.name)


def base_boundary(instructions: Sequence[Instruction]) -> int | None:
    """How many of the lowest layers seem to be the base image's, None without a sign of one.

    Two signs, and the higher one counts, since a base can stand on another. An image ends with its CMD or ENTRYPOINT:
    one that has a layer above it, other than a WORKDIR's, ended the base. And a build uses one builder: steps
    of another builder below are the base's. A Dockerfile that sets its CMD early is taken for a base up to there.
    """
    top = max((place for place, step in enumerate(instructions) if made_content(step)), default=0)
    starts = [place for place in range(top) if instructions[place].kind in _STARTS]
    changes = [
        place
        for place in range(min(top, len(instructions) - 1))
        if _builder(instructions[place]) != _builder(instructions[place + 1])
    ]
    last = max(starts[-1:] + changes[-1:], default=-1)
    return layers_before(instructions, last + 1) or None


def same_date_boundary(history: Sequence[HistoryEntry], instructions: Sequence[Instruction]) -> int:
    """How many of the lowest layers were dated alike by the builder of a base image; 0 without such layers.

    Builders that make an image reproducible give one date to all its steps (SOURCE_DATE_EPOCH), as Docker's official
    images have it, also where they leave CMD to their own base. Steps that run one after another never share
    one. The layers of that date end the base only if another date follows.
    """
    layers = [(place, entry.created) for place, entry in enumerate(history) if not entry.empty_layer and entry.created]
    alike = {date for date, count in Counter(date for _, date in layers).items() if count > 1}
    top = layers[-1][1] if layers else ""
    last = max((place for place, date in layers if date in alike and date != top), default=-1)
    return layers_before(instructions, last + 1) if last >= 0 else 0


def buildah_from(history: Sequence[HistoryEntry]) -> tuple[str, int] | None:
    """The name of the base image and the index of the first entry above it, as Buildah and Podman record them.

    They write ``FROM name`` into the comment of the first entry of each build. A base may carry such a comment
    too, so the highest counts; the ids of intermediate images of a build in layers do not.
    """
    for index in range(len(history) - 1, -1, -1):
        before, mark, name = history[index].comment.rpartition("FROM ")
        named = name and not _IMAGE_ID.fullmatch(name) and not any(map(str.isspace, name))
        if mark and named and (not before or before.endswith(" ")):
            return name, index
    return None


def _builder(step: Instruction) -> str:
    """The builder that wrote a step, by its marks; the Dockerfile builders without a mark are one."""
    if step.comment.startswith("buildkit."):
        return "buildkit"
    # Every Dockerfile builder writes something; unknown words may still be a RUN in exec form.
    return step.kind if step.kind in _OTHER_TOOLS else "dockerfile" if step.created_by else "unknown"
