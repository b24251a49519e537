"""A step: one change to the build, the findings that it resolves, and what it saves."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from layerscope.model.finding import ByteCount, Severity

LineNumber = Annotated[int, Meta(ge=1)]
"""A line of a file, counted from 1."""


OTHER_BASE = "other-base"
"""The strategy of the step that names a base image whose archive was given."""
BY_HAND = "by-hand"
"""The strategy of a step that says in words what a person has to do; no strategy of the catalogue makes it."""


class Safety(StrEnum):
    """Whether a step can be applied without looking at it."""

    SAFE = "safe"
    """Nothing that the build or the image runs can need what it removes."""
    REVIEW = "review"
    """It depends on something that only a person can judge; ``Step.review`` says what."""


class Edit(Struct, frozen=True, kw_only=True):
    """A replacement of whole lines of a file of the build, counted from 1, as the file stands.

    The lines ``removed`` from ``line`` on are replaced by those ``added``, all without line ends; where none is
    removed, they are inserted before ``line``.
    """

    file: str
    line: LineNumber
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class Step(Struct, frozen=True, kw_only=True):
    """One change that a person makes to the build.

    ``strategy`` is the name of what proposes it. ``instruction`` is the instruction to change, in the Dockerfile's own
    words if there is one, ``stage`` its stage (empty without a Dockerfile), ``dockerfile_line`` its line.
    ``sentence`` is what to do, ``review`` what to make sure of first; empty where it is safe.
    ``findings`` are the places in the report's findings of what it resolves, all or in part. ``saves_bytes`` counts
    content bytes, each in one step only, ``trade_bytes`` those among them that are a trade and so not reclaimable;
    ``saves_stored_bytes`` estimates the compressed bytes, where layers are stored
    compressed. ``edits`` change the files by this step alone, none where it cannot be written down.
    """

    strategy: str
    safety: Safety
    sentence: str
    review: str = ""
    saves_bytes: ByteCount = 0
    trade_bytes: ByteCount = 0
    saves_stored_bytes: ByteCount | None = None
    stage: str = ""
    instruction: str = ""
    dockerfile_line: int | None = None
    findings: tuple[int, ...] = ()
    edits: tuple[Edit, ...] = ()


class SecretAdvice(Struct, frozen=True, kw_only=True):
    """What to do about one secret: ``rotate`` names what to replace, ``supply`` says how to pass it instead.

    ``finding`` is its place in the report's findings.
    """

    finding: int
    severity: Severity
    rotate: str
    supply: str
