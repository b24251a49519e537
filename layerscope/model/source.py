"""Where a version came from before it was copied into the final stage."""

from enum import StrEnum

from msgspec import Struct

from layerscope.model.finding import Evidence, Finding
from layerscope.model.instruction import Instruction

CONTEXT, URL, RUN, BASE, UNKNOWN = "context", "url", "run", "base", "unknown"
"""The sources that are neither a stage nor an image."""
_REMOTE = ("http://", "https://", "ftp://", "git://", "ssh://", "git@")


class Via(StrEnum):
    """How an instruction reads a stage or an image."""

    COPY = "copy"
    MOUNT = "mount"
    """A RUN mounts it: a possible input, of which nothing needs to stay."""


class Source(Struct, frozen=True, kw_only=True):
    """A build stage and how well it is known.

    ``stage`` is its name, or its number in the Dockerfile as text; ``image REFERENCE`` for an image that a COPY names.
    ``dockerfile_line`` is the line of the instruction that brought the version over, counted from 1.
    """

    stage: str
    evidence: Evidence
    dockerfile_line: int | None = None


def source_of(stage: str) -> str:
    """The ``source`` of what came from a stage, or from an ``image REFERENCE``."""
    return f"image:{stage[6:]}" if stage.startswith("image ") else f"stage:{stage}"


def is_reclaimable(finding: Finding) -> bool:
    """Whether a finding's bytes count as reclaimable: they are neither the base's nor a trade's."""
    return finding.source != BASE and not finding.trade


def recorded_source(step: Instruction | None) -> str:
    """Return the source of a layer's files, by the instruction that made it."""
    if step is not None and step.kind == "RUN":
        return RUN
    if step is None or step.kind != "ADD":
        return UNKNOWN
    words = step.text.split()
    if any(word.startswith(_REMOTE) for word in words[:-1]):
        return URL
    # The classic builder records a hash in place of what was added (``file:0123... in /``).
    return UNKNOWN if words[1:2] == ["in"] else CONTEXT
