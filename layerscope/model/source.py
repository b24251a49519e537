"""Where a version came from before it was copied into the final stage."""

from msgspec import Struct

from layerscope.model.finding import Evidence


class Source(Struct, frozen=True, kw_only=True):
    """A build stage and how well it is known.

    ``stage`` is its name, or its number in the Dockerfile as text. ``dockerfile_line`` is the line of the
    instruction that brought the version over, counted from 1.
    """

    stage: str
    evidence: Evidence
    dockerfile_line: int | None = None
