"""What the rules found, and the evidence for where it came from."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

ByteCount = Annotated[int, Meta(ge=0)]
"""A number of bytes; a saved report with a negative one is refused."""


class Severity(StrEnum):
    """How much a finding matters, the most severe first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical, more for less severe ones."""
        return list(Severity).index(self)


class FindingKind(StrEnum):
    """What a finding is and how it got in (docs/rules.md); it does not change with the evidence at hand."""

    SECRET = "secret"
    LEAK = "leak"
    WASTE = "waste"
    INHERITED = "inherited"


class Evidence(StrEnum):
    """How well it is known where the bytes came from, best first (docs/rules.md)."""

    ATTESTED = "attested"
    MATCHED = "matched"
    DECLARED = "declared"
    INFERRED = "inferred"


class FoundPath(Struct, frozen=True, kw_only=True, gc=False):
    """One version of a finding: its path, its layer, its fate, and the bytes that the finding counts."""

    path: str
    layer: int
    content_bytes: ByteCount
    fate: str


class BuilderStep(Struct, frozen=True, kw_only=True):
    """An instruction of a build stage, with its line in the Dockerfile where that is known."""

    text: str
    dockerfile_line: int | None = None

    def __str__(self) -> str:
        return self.text if self.dockerfile_line is None else f"line {self.dockerfile_line}: {self.text}"


class Finding(Struct, frozen=True, kw_only=True):
    """A group of versions that one rule matches for one reason.

    ``content_bytes`` is the sum over all claimed versions, each claimed by no other finding; ``paths`` are
    biggest first and complete. ``detail`` says what is special about this one (a masked secret, a copy's twin).
    ``source`` is where it came from: ``stage:NAME``, ``image:REFERENCE``, ``context``, ``url``, ``run``, ``base`` or
    ``unknown``; what came with the base is not reclaimable. ``made_by`` is the instruction of the stage that made most
    of it, where the stage's image was compared. A ``trade`` costs something to remove, such as start-up time: it is
    listed last and is not reclaimable. ``packages`` are those that a rule about packages found in own layers, with
    their bytes, biggest first. ``ignored`` is the user's reason to ignore it, empty where it counts.
    """

    rule: str
    severity: Severity
    kind: FindingKind
    evidence: Evidence
    title: str
    fix: str
    content_bytes: ByteCount
    layers: tuple[int, ...] = ()
    instruction: int | None = None
    dockerfile_line: int | None = None
    source: str = "unknown"
    made_by: BuilderStep | None = None
    detail: str = ""
    trade: bool = False
    packages: tuple[tuple[str, int], ...] = ()
    ignored: str = ""
    paths: tuple[FoundPath, ...] = ()

    @property
    def path_count(self) -> int:
        """The number of versions."""
        return len(self.paths)


def kinds_found(findings: Iterable[Finding], most: int) -> str:
    """What some findings found, the most bytes first: one title of each rule, without its place and explanation.

    Rules with the same title are one.
    """
    sums: dict[str, int] = {}
    titles: dict[str, str] = {}
    for finding in findings:
        sums[finding.rule] = sums.get(finding.rule, 0) + finding.content_bytes
        titles.setdefault(finding.rule, re.split(r"[,:] ", finding.title)[0])
    names = sorted((name for name in sums if sums[name]), key=lambda name: (-sums[name], name))
    shown = list(dict.fromkeys(titles[name] for name in names))
    return ", ".join(shown[:most]) + (", ..." if len(shown) > most else "")
