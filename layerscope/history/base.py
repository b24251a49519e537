"""Where the base image ends, as far as the history alone can tell: a guess, and to be called one."""

from collections.abc import Sequence

from layerscope.model.image import HistoryEntry
from layerscope.model.instruction import Instruction
from layerscope.model.patterns import pattern

_STARTS = frozenset({"CMD", "ENTRYPOINT"})
_IMAGE_ID = pattern(r"(?:sha256:)?(?:[0-9a-f]{12}|[0-9a-f]{64})")
_OTHER_TOOLS = frozenset({"APKO", "BAZEL", "BUILDPACK", "COMMIT", "IMPORT", "JIB", "KO", "NIX"})


def base_boundary(instructions: Sequence[Instruction]) -> int | None:
    """How many of the lowest layers the base image seems to have brought, None where nothing hints at it.

    Two signs, and the higher one counts, since a base can stand on another. An image ends with its CMD or ENTRYPOINT:
    one that has a layer above it, other than a WORKDIR's, ended the base. And a build uses one builder: what another
    builder wrote below came with the base. A Dockerfile that sets its CMD early is taken for a base up to there.
    """
    top = max((place for place, step in enumerate(instructions) if _made_content(step)), default=0)
    starts = [place for place in range(top) if instructions[place].kind in _STARTS]
    changes = [
        place
        for place in range(min(top, len(instructions) - 1))
        if _builder(instructions[place]) != _builder(instructions[place + 1])
    ]
    last = max(starts[-1:] + changes[-1:], default=-1)
    return layers_before(instructions, last + 1) or None


def layers_before(instructions: Sequence[Instruction], index: int) -> int:
    """How many layers lie below the first that instruction ``index`` or a later one made."""
    return max((step.layer + 1 for step in instructions[:index] if step.layer is not None), default=0)


def buildah_from(history: Sequence[HistoryEntry]) -> tuple[str, int] | None:
    """The name of the base image and the index of the first entry above it, as Buildah and Podman note them.

    They write ``FROM name`` into the comment of the first entry of each build. A base may carry such a comment
    too, so the highest counts; the ids of intermediate images, which a build in layers leaves, do not.
    """
    for index in range(len(history) - 1, -1, -1):
        before, mark, name = history[index].comment.rpartition("FROM ")
        named = name and not _IMAGE_ID.fullmatch(name) and not any(map(str.isspace, name))
        if mark and named and (not before or before.endswith(" ")):
            return name, index
    return None


def _made_content(step: Instruction) -> bool:
    return step.layer is not None and step.kind != "WORKDIR"


def _builder(step: Instruction) -> str:
    """Which builder wrote a step, as far as its marks tell; the Dockerfile builders without a mark are one."""
    if step.comment.startswith("buildkit."):
        return "buildkit"
    # Every Dockerfile builder writes something; words that nobody knows may still be a RUN in exec form.
    return step.kind if step.kind in _OTHER_TOOLS else "dockerfile" if step.created_by else "unknown"
