"""The report: everything about one image, as renderers and the JSON show it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from layerscope.model.base import Base
from layerscope.model.finding import BuilderStep, ByteCount, Evidence, Finding
from layerscope.model.image import Verified
from layerscope.model.onto import Onto
from layerscope.model.package import Package
from layerscope.model.source import Via
from layerscope.model.step import SecretAdvice, Step

SCHEMA_VERSION = "2.0"


class ImageSummary(Struct, frozen=True, kw_only=True):
    """The image itself. ``docker_size`` is what the engine's inspect calls Size; ``config`` is the whole document."""

    source: str
    format: str
    name: str
    tags: tuple[str, ...] = ()
    image_id: str = ""
    manifest_digest: str = ""
    platform: str = ""
    created: str = ""
    docker_size: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)


class Totals(Struct, frozen=True, kw_only=True):
    """Bytes over all layers; content = live + hidden = base + own. ``efficiency`` is live / content, 1.0 when empty.

    ``reclaimable_bytes`` are own bytes that are hidden, or claimed by a finding that is no trade; ``trade_bytes`` are
    those that trades claim.
    ``files`` counts live regular files, ``entries`` all tar headers.
    """

    content_bytes: ByteCount = 0
    stored_bytes: ByteCount = 0
    live_bytes: ByteCount = 0
    hidden_bytes: ByteCount = 0
    base_bytes: ByteCount = 0
    own_bytes: ByteCount = 0
    reclaimable_bytes: ByteCount = 0
    trade_bytes: ByteCount = 0
    files: int = 0
    entries: int = 0
    efficiency: Annotated[float, Meta(ge=0, le=1)] = 1.0


class LayerReport(Struct, frozen=True, kw_only=True):
    """One layer.

    ``origin`` is ``base`` or ``own``; ``problem`` says why it was left out, ``partial`` what of a layer that was read
    is missing or was not looked at.
    """

    index: int
    diff_id: str = ""
    digest: str = ""
    media_type: str = ""
    compression: str = ""
    stored_bytes: ByteCount = 0
    tar_bytes: ByteCount = 0
    content_bytes: ByteCount = 0
    live_bytes: ByteCount = 0
    hidden_bytes: ByteCount = 0
    reclaimable_bytes: ByteCount = 0
    entries: int = 0
    origin: str = "own"
    created_by: str = ""
    instruction: int | None = None
    verified: Verified = Verified.NOTHING
    problem: str = ""
    partial: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether it was read in full and is not doubtful."""
        return not (self.problem or self.partial or self.verified.is_doubtful)

    def identity(self, image: str) -> str:
        """Equal for the same layer in two images; ``image`` stands for the image of one without any digest."""
        return self.diff_id or self.digest or f"{image} {self.index}"


class InstructionReport(Struct, frozen=True, kw_only=True):
    """One step of the build, with its place in a Dockerfile and what it reads, as far as known; ``evidence`` says how.

    ``dockerfile_text`` is the instruction in the Dockerfile's own words, empty where it is in none.
    ``source`` is in the format of a finding's, empty for a step without a layer; a RUN may mount several, between
    commas. ``via`` says how it reads a stage or an image. ``candidates`` are the stages that hold all of its files, if
    none is the likelier source. ``matched_bytes`` of its layer are in a builder image, at the path that the COPY
    takes them from.
    """

    index: int
    kind: str
    text: str
    layer: int | None = None
    dockerfile_line: int | None = None
    dockerfile_text: str = ""
    stage: str = ""
    source: str = ""
    via: Via | None = None
    evidence: Evidence | None = None
    candidates: tuple[str, ...] = ()
    matched_bytes: ByteCount = 0
    content_bytes: ByteCount = 0


class DockerfileReport(Struct, frozen=True, kw_only=True):
    """How well a Dockerfile matches the history: ``matched`` of ``total`` instructions that make layers.

    ``evidence`` says where the Dockerfile comes from, ``target`` is the stage that was built, ``base_line`` the line of
    the FROM that names its base image, ``first_mismatch`` the first pair from the end that does not match, empty where
    all do.
    """

    name: str
    evidence: Evidence
    target: str = ""
    base_line: int | None = None
    matched: int = 0
    total: int = 0
    first_mismatch: str = ""


class StageStep(BuilderStep, frozen=True, kw_only=True):
    """An instruction of a build stage, and how many bytes of the final image it made."""

    content_bytes: ByteCount = 0


class Unmatched(StrEnum):
    """Why no byte is known to come from a stage whose image was given."""

    ANCESTOR = "ancestor"
    """The image is built on it."""
    NOT_READ = "not-read"
    """No COPY of the image reads it directly."""
    AMBIGUOUS = "ambiguous"
    """Another stage holds the same files."""
    SAME_CONTENT = "same-content"
    """Files have the same content, but other paths."""
    INCONCLUSIVE = "inconclusive"
    """The base image or the build context has the same files, or they are tiny, or licences."""
    ABSENT = "absent"
    """None of its files is in the image."""


class StageReport(Struct, frozen=True, kw_only=True):
    """What was copied from one build stage, in bytes of the final image.

    ``evidence`` is the best of any of the ``content_bytes``, ``unmatched`` says why nothing is known to be copied.
    ``reclaimable_bytes`` of them belong to findings, ``trade_bytes`` to trades. ``paths`` are the biggest files and
    directories. All else needs the stage's image: ``matched_bytes`` have the same content there, at the path that the
    COPY reads, ``same_content_bytes`` at another path. ``inconclusive_bytes`` could also come from the base or the
    build context, or are tiny files or licences. ``different_bytes`` were copied but differ there, as they do when it
    was rebuilt. ``made_by`` are the stage's instructions that made the bytes, most bytes first. ``not_copied_bytes``
    are live there and not in the final image, None without that image; ``not_copied`` are their biggest packages and
    directories.
    """

    name: str
    evidence: Evidence | None = None
    unmatched: Unmatched | None = None
    content_bytes: ByteCount = 0
    reclaimable_bytes: ByteCount = 0
    trade_bytes: ByteCount = 0
    matched_bytes: ByteCount = 0
    same_content_bytes: ByteCount = 0
    inconclusive_bytes: ByteCount = 0
    different_bytes: ByteCount = 0
    not_copied_bytes: ByteCount | None = None
    not_copied: tuple[tuple[str, int], ...] = ()
    made_by: tuple[StageStep, ...] = ()
    paths: tuple[tuple[str, int], ...] = ()


class PathBytes(Struct, frozen=True, kw_only=True):
    """A directory or file with some of its bytes; ``layers`` wrote them, ``fate`` is that of a hidden file."""

    path: str
    content_bytes: ByteCount
    files: int = 0
    layers: tuple[int, ...] = ()
    fate: str = ""


class Report(Struct, frozen=True, kw_only=True):
    """The whole report of one image.

    ``directories`` hold the most live bytes, ``unowned`` the most that are not owned by a package; both are disjoint.
    ``steps`` are the changes to the build that save bytes, each byte in one of them, most bytes first; ``base_step``
    is the change of the base image, whose bytes are not reclaimable, ``onto`` the image on other bases. ``secrets`` are
    to be rotated, by severity.
    ``hidden`` are the paths with the most hidden bytes. ``ignored`` are the findings that the configuration ignores. A
    report is not ``complete`` where a layer is missing, damaged or doubtful.
    """

    image: ImageSummary
    totals: Totals
    layers: tuple[LayerReport, ...] = ()
    instructions: tuple[InstructionReport, ...] = ()
    base: Base = Base()
    dockerfile: DockerfileReport | None = None
    stages: tuple[StageReport, ...] = ()
    packages: tuple[Package, ...] = ()
    unowned_bytes: ByteCount = 0
    unowned: tuple[PathBytes, ...] = ()
    findings: tuple[Finding, ...] = ()
    steps: tuple[Step, ...] = ()
    base_step: Step | None = None
    onto: tuple[Onto, ...] = ()
    secrets: tuple[SecretAdvice, ...] = ()
    ignored: tuple[Finding, ...] = ()
    directories: tuple[PathBytes, ...] = ()
    hidden: tuple[PathBytes, ...] = ()
    warnings: tuple[str, ...] = ()
    complete: bool = True
    schema_version: str = SCHEMA_VERSION
