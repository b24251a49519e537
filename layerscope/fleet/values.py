"""What a scan is asked for, what goes to its workers, and what comes back."""

import os
from datetime import date

from msgspec import Struct, field

from layerscope import errors
from layerscope.analysis.ignore import Ignore
from layerscope.errors import AmbiguousImage, ArchiveError, Damaged, LayerscopeError, MissingExtra, UsageError
from layerscope.image.candidate import Candidate
from layerscope.image.content import KnownLayers, Storage, StorageKind
from layerscope.model.limits import Limits
from layerscope.model.report import Report


class Name(Struct, frozen=True, order=True):
    """A name of an image: ``repository:tag``, or ``repository@digest`` without a tag.

    ``repository`` is empty where only a tag is known; all are empty where only the image's digest is.
    """

    repository: str = ""
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "Name":
        """Read ``repository:tag`` or a repository alone; a colon before a slash is that of a port."""
        repository, colon, tag = text.rpartition(":")
        return cls(repository, tag) if colon and "/" not in tag else cls(text)

    def __str__(self) -> str:
        tagged = ":".join(filter(None, (self.repository, self.tag)))
        return f"{tagged}@{self.digest}" if self.digest else tagged


class Settings(Struct, frozen=True, kw_only=True):
    """How every image of a scan is read; goes to every worker.

    ``state`` is the directory of the results that workers share, in which layers take at most ``most_bytes``.
    ``ignores`` are those of the configuration, which may expire ``today``; without any it is None. ``program`` stands
    for the code that the driver runs; a worker that runs another refuses to work. ``contents`` asks for those of the
    layers.
    """

    state: str
    most_bytes: int
    program: str
    limits: Limits = field(default_factory=Limits)
    verify: bool = False
    strict: bool = False
    ignores: tuple[Ignore, ...] = ()
    today: date | None = None
    contents: bool = False


class Problem(Struct, frozen=True, kw_only=True):
    """What could not be read: a place, a tag, an image or a layer, with its names as far as they are known.

    ``error`` is the class of the exception that says so.
    """

    source: str
    message: str
    hint: str = ""
    listing: tuple[str, ...] = ()
    error: str = "ArchiveError"
    repository: str = ""
    tag: str = ""
    digest: str = ""

    @classmethod
    def of(cls, error: Exception, source: str, name: Name | None = None, digest: str = "") -> "Problem":
        """The problem that an error describes; an error in the program is one of what it was at."""
        name = name or Name()
        if not isinstance(error, LayerscopeError):
            if os.environ.get("LAYERSCOPE_DEBUG"):
                raise error
            what = "out of memory" if isinstance(error, MemoryError) else f"unexpected {type(error).__name__}: {error}"
            error = ArchiveError(f"{source}: {what}")
        return cls(
            source=source,
            message=error.message,
            hint=error.hint,
            listing=error.listing,
            error=type(error).__name__,
            repository=name.repository,
            tag=name.tag,
            digest=digest,
        )

    def exception(self) -> LayerscopeError:
        """The error to raise or print; choices of an image are lost on the way."""
        kind = getattr(errors, self.error, LayerscopeError)
        if issubclass(kind, Damaged):
            return Damaged(self.message, hint=self.hint)
        if issubclass(kind, AmbiguousImage | MissingExtra):
            kind = UsageError
        found: LayerscopeError = kind(self.message, hint=self.hint, listing=self.listing)
        return found


class LayerTask(Struct, frozen=True, kw_only=True):
    """A layer to read, by the digest in the name of its blob."""

    storage: Storage
    digest: str
    stored_bytes: int
    settings: Settings


class LayerOutcome(Struct, frozen=True, kw_only=True):
    """What came of a layer: ``proven`` is the digest that its blob has, ``problem`` says why that is unknown."""

    seconds: float
    proven: str = ""
    problem: Problem | None = None


class ImageTask(Struct, frozen=True, kw_only=True):
    """An image of a storage whose layers were read."""

    storage: Storage
    candidate: Candidate
    known: KnownLayers
    settings: Settings


class LayerFile(Struct, frozen=True, kw_only=True):
    """A big file of a layer; ``fingerprint`` is equal for equal contents of equal length."""

    path: str
    content_bytes: int
    fingerprint: str


class LayerContents(Struct, frozen=True, kw_only=True):
    """Directories of a layer with their bytes, each byte in one of them, and its biggest files."""

    directories: tuple[tuple[str, int], ...] = ()
    files: tuple[LayerFile, ...] = ()


class ImageResult(Struct, frozen=True, kw_only=True):
    """What a worker found of an image; ``contents`` are those of each layer, none where nobody asked for them."""

    report: Report
    contents: tuple[LayerContents, ...] = ()


class ImageOutcome(Struct, frozen=True, kw_only=True):
    """The ``ImageResult``s of one task, encoded, and what went wrong.

    An archive may hold several images; ``skipped`` says why something is not an image. ``layers_read`` counts the
    layers that had no result and were read for this image alone; ``is_kept`` says that an earlier scan made it.
    """

    results: tuple[bytes, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: str = ""
    layers_read: int = 0
    is_kept: bool = False


class ScannedImage(Struct, frozen=True, kw_only=True):
    """One image of a scan. ``source`` is the archive or storage that holds it."""

    source: str
    names: tuple[Name, ...]
    report: Report
    contents: tuple[LayerContents, ...] = ()

    @property
    def where(self) -> str:
        """What messages call it: one of a registry has the name with it."""
        many = (StorageKind.REGISTRY, StorageKind.CONTAINERD)
        return f"{self.source}: {self.report.image.name}" if self.report.image.format in many else self.source

    @property
    def layers(self) -> tuple[str, ...]:
        """The identity of each layer, equal for the same layer in two images."""
        image = f"{self.source} {self.report.image.image_id}"
        return tuple(layer.identity(image) for layer in self.report.layers)


class DistinctLayer(Struct, frozen=True, kw_only=True):
    """A layer, however many images have it; ``digest`` is of the stored blob, empty in archives of plain layers.

    ``created_by`` is the step that the first of its images names for it, ``images`` counts its images. What could not
    be read has no ``entries``.
    """

    digest: str
    diff_id: str
    media_type: str
    compression: str
    stored_bytes: int
    tar_bytes: int
    content_bytes: int
    entries: int
    created_by: str
    images: int
