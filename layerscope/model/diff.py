"""What differs between two images: ``before`` is the first, ``after`` the second."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from msgspec import Struct

from layerscope.model.check import CheckResult
from layerscope.model.finding import BuilderStep, ByteCount, FindingKind, Severity
from layerscope.model.report import ImageSummary, Totals

DIFF_SCHEMA_VERSION = "2.0"


class Status(StrEnum):
    """How one thing differs between the two images."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    METADATA = "metadata"
    """Same content; mode, owner, extended attributes, or which name of a hardlinked file carries its bytes differ."""
    MOVED = "moved"
    """Same content at another path."""
    SAME = "same"

    @classmethod
    def of(cls, before: object, after: object, *, is_same: bool) -> Self:
        """Added, removed, changed or the same, by which side is there at all."""
        if not before or not after:
            return cls.ADDED if after else cls.REMOVED
        return cls.SAME if is_same else cls.CHANGED


class _Sides:
    """Content bytes on both sides: 0 for the side that lacks the thing."""

    __slots__ = ()
    before_bytes: int
    after_bytes: int

    @property
    def delta(self) -> int:
        """Bytes added, negative where bytes were removed."""
        return self.after_bytes - self.before_bytes


class Side(Struct, frozen=True, kw_only=True):
    """One of the two images; ``dockerfile`` is the name of its Dockerfile, empty where none is known.

    ``inherited_bytes`` are what findings claim of its base image, trades aside; they are not reclaimable.
    """

    image: ImageSummary
    totals: Totals
    inherited_bytes: ByteCount = 0
    layers: int
    dockerfile: str = ""
    complete: bool


class LayerDiff(Struct, frozen=True, kw_only=True):
    """The layers that both images have, by diff_id: their number, how many from the lowest on, and their bytes.

    ``before`` and ``after`` are the indexes of the layers that only one image has.
    """

    shared: int = 0
    shared_prefix: int = 0
    shared_bytes: int = 0
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


class Change(Struct, _Sides, frozen=True, kw_only=True):
    """A directory or a stage in one or both of the images."""

    name: str
    status: Status
    before_bytes: int = 0
    after_bytes: int = 0


class PackageChange(Struct, _Sides, frozen=True, kw_only=True):
    """All versions of one package; ``changed`` means that the versions or the bytes differ."""

    type: str
    name: str
    status: Status
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    before_bytes: int = 0
    after_bytes: int = 0


class InstructionChange(Struct, _Sides, frozen=True, kw_only=True):
    """One step of either build, paired by its layer, else by its text; None for the side that lacks it.

    ``text`` is the Dockerfile's own where one is known, and ``before_line`` and ``after_line`` are its lines.
    ``before`` and ``after`` are indexes of instructions. A layer without a recorded step has neither.
    """

    text: str
    status: Status
    before_line: int | None = None
    after_line: int | None = None
    before: int | None = None
    after: int | None = None
    before_layer: int | None = None
    after_layer: int | None = None
    before_bytes: int = 0
    after_bytes: int = 0


class Cause(Struct, _Sides, frozen=True, kw_only=True):
    """A line of the Dockerfile with the content bytes that its layers have on both sides.

    ``text`` is an instruction, or the FROM of the base image, whose layers are one cause. ``before_text`` is what the
    first build has in its place, empty where that is the same. Lines are None where no Dockerfile is known, or that
    side lacks the instruction. ``made_by`` is the instruction of the build stage that makes most of the difference,
    ``made_bytes`` how much, where stages were compared with the image.
    """

    text: str
    status: Status
    before_text: str = ""
    before_line: int | None = None
    after_line: int | None = None
    before_bytes: int = 0
    after_bytes: int = 0
    made_by: BuilderStep | None = None
    made_bytes: int = 0


class FindingChange(Struct, _Sides, frozen=True, kw_only=True):
    """The findings of one rule at one place; an image lacks it where its count is 0."""

    rule: str
    severity: Severity
    kind: FindingKind
    source: str
    where: str
    title: str
    fix: str
    status: Status
    before_count: int = 0
    after_count: int = 0
    before_bytes: int = 0
    after_bytes: int = 0


class PathChange(Struct, _Sides, frozen=True, kw_only=True):
    """One path of a final file system, or of both.

    Only regular files have bytes, and a hardlinked file has them at one of its names. ``path`` is the one in the
    second image, ``moved_from`` the one in the first, where they differ.
    """

    path: str
    status: Status
    kind: str
    before_bytes: int = 0
    after_bytes: int = 0
    moved_from: str = ""

    @property
    def moved_bytes(self) -> int:
        """The bytes that moved; 0 for what has not."""
        return self.after_bytes if self.moved_from else 0


class PathDiff(Struct, frozen=True, kw_only=True):
    """All paths that differ, biggest first; their bytes add up to the difference of the live bytes.

    ``counts`` and ``moved_bytes`` sum them up; ``touched`` counts files of which only the time of change differs,
    ``unknown`` those of equal length whose contents could not be compared (they count as changed).
    """

    paths: tuple[PathChange, ...] = ()
    counts: Mapping[str, int]
    moved_bytes: int = 0
    touched: int = 0
    unknown: int = 0


class Diff(Struct, frozen=True, kw_only=True):
    """Everything that differs between two images.

    ``directories`` are disjoint, and so are ``packages`` with ``before_unowned_bytes`` and ``after_unowned_bytes``:
    the sums of either are the live bytes of both images. ``instructions`` add up to the content bytes, and so do
    ``causes``, those that differ in bytes or in content, the biggest difference first. ``growth`` is the check against
    a maximum, None where none is given. ``now_inherited_bytes`` were reclaimable in the first image, and the same files
    are the base image's in the second, ``no_longer_inherited_bytes`` the other way round.
    ``paths`` is None where one side is a saved report, which does not hold all paths.
    """

    before: Side
    after: Side
    layers: LayerDiff
    directories: tuple[Change, ...] = ()
    packages: tuple[PackageChange, ...] = ()
    before_unowned_bytes: int = 0
    after_unowned_bytes: int = 0
    instructions: tuple[InstructionChange, ...] = ()
    causes: tuple[Cause, ...] = ()
    growth: CheckResult | None = None
    findings: tuple[FindingChange, ...] = ()
    now_inherited_bytes: ByteCount = 0
    no_longer_inherited_bytes: ByteCount = 0
    stages: tuple[Change, ...] = ()
    paths: PathDiff | None = None
    warnings: tuple[str, ...] = ()
    schema_version: str = DIFF_SCHEMA_VERSION
