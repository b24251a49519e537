"""An image as its archive describes it: descriptors, config, layers."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from msgspec import Struct, field

from layerscope.errors import Damaged
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Contents, NoContents
from layerscope.model.patterns import pattern
from layerscope.model.platform import Platform

_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_HEX = pattern(r"[0-9a-f]+\Z")


class Digest(Struct, frozen=True):
    """An algorithm and the lower-case hexadecimal sum that it gave (OCI image-spec, descriptor.md)."""

    algorithm: str
    encoded: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``algorithm:encoded``; raises Damaged, since a digest is used to find a blob."""
        algorithm, colon, encoded = text.partition(":")
        if not colon or len(encoded) != _LENGTHS.get(algorithm) or not _HEX.match(encoded):
            raise Damaged(f"not a digest: {text[:100]!r}")
        return cls(algorithm, encoded)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"

    @property
    def short(self) -> str:
        """The first twelve digits, as the engines abbreviate."""
        return self.encoded[:12]


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """One element of the config's ``history`` (OCI image-spec, config.md); all members optional."""

    created: str = ""
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class ImageConfig(Struct, frozen=True, kw_only=True):
    """The image config; ``document`` is the whole JSON object, the other fields are read from it."""

    document: Mapping[str, Any] = field(default_factory=dict)
    platform: Platform = field(default_factory=Platform)
    created: str = ""
    diff_ids: tuple[Digest, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    env: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    working_dir: str = ""
    user: str = ""


class Verified(StrEnum):
    """What of a layer was verified.

    ``contents``: its diff_id. ``headers``: the checksum of every header. ``unterminated``: the same, but its tar has no
    end-of-archive marker, so it may have been cut. ``mismatch``: its diff_id or the digest of its blob is not the one
    that the image names. Empty where nothing could be read.
    """

    CONTENTS = "contents"
    HEADERS = "headers"
    UNTERMINATED = "unterminated"
    MISMATCH = "mismatch"
    NOTHING = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether the layer was read but may not be the image's layer, or only a part of it."""
        return self in (Verified.UNTERMINATED, Verified.MISMATCH)


class Layer(Struct, frozen=True, kw_only=True):
    """One layer of an image, lowest first.

    ``stored_bytes`` is the size of the blob in the archive (or in its descriptor, where ``problem`` says why the blob
    is absent or unreadable), ``tar_bytes`` that of the uncompressed tar, 0 when unknown. ``digest`` is of the
    stored blob, ``diff_id`` of the tar: computed where all of it was read, else from the config. ``partial`` says
    what of its contents is missing or was not looked at; empty where nothing is.
    """

    index: int
    diff_id: Digest | None
    digest: Digest | None = None
    media_type: str = ""
    compression: str = ""
    stored_bytes: int = 0
    tar_bytes: int = 0
    changeset: Changeset
    contents: Contents = field(default_factory=NoContents)
    verified: Verified = Verified.NOTHING
    problem: str = ""
    partial: str = ""

    @property
    def content_bytes(self) -> int:
        """The sum over the layer's regular files."""
        return self.changeset.content_bytes


class Image(Struct, frozen=True, kw_only=True):
    """One image of an archive.

    ``format`` names the dialect (``docker-archive``, ``docker-v1``, ``oci-archive``, ``oci-layout``, ``dir``,
    ``rootfs``), ``image_id`` is the config's digest as the engines show it, ``attestations`` are the in-toto statements
    that the archive holds for this manifest, as parsed JSON. ``notes`` say what was chosen; they are not warnings.
    """

    source: str
    format: str
    config: ImageConfig
    layers: tuple[Layer, ...]
    tags: tuple[str, ...] = ()
    image_id: str = ""
    manifest_digest: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    attestations: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The first tag, else the image id, else the file that it came from."""
        return next(iter(self.tags), "") or self.image_id or self.source

    @property
    def named_layers(self) -> tuple[int, ...]:
        """The indexes of the layers that the config names; all of them where it has no diff_ids."""
        return tuple(layer.index for layer in self.layers if layer.diff_id is not None or not self.config.diff_ids)

    @property
    def docker_sizes(self) -> tuple[int, ...]:
        """The size of each layer in the engine's history, lowest first.

        It counts regular files and, as the graph drivers do on disk, the length of each symlink's target. Where
        BuildKit made the layer, the engine counted the layer's tar instead, in which links have no length.
        """
        makers = [entry.comment for entry in self.config.history if not entry.empty_layer]
        from_the_end = dict(zip(reversed(self.named_layers), reversed(makers), strict=False))
        return tuple(
            layer.changeset.content_bytes
            + (0 if from_the_end.get(layer.index, "").startswith("buildkit.") else layer.changeset.link_bytes)
            for layer in self.layers
        )

    @property
    def docker_size(self) -> int:
        """``Size`` in the engine's inspect."""
        return sum(self.docker_sizes)

    @property
    def complete(self) -> bool:
        """Whether every layer was read in full and none is doubtful."""
        return not any(layer.problem or layer.verified.is_doubtful or layer.partial for layer in self.layers)
