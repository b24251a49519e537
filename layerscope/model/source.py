"""Where a version came from before it was copied into the final stage."""

from enum import StrEnum

from msgspec import Struct

from layerscope.model.finding import Evidence


class Via(StrEnum):
    """How an instruction reads a stage or an image."""

    COPY = "copy"
    MOUNT = "mount"
    """A RUN mounts it: a possible input, of which nothing needs to stay."""


class Source(Struct, frozen=True, kw_only=True):
    """A build stage and how well it is known.

    ``stage`` is its name, or its number in the Dockerfile as text. ``dockerfile_line`` is the line of the
    instruction that brought the version over, counted from 1.
    """

    stage: str
    evidence: Evidence
    dockerfile_line: int | None = None
