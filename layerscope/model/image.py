"""An image as its archive describes it: descriptors, config, layers."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from layerscope.model.changeset import Changeset
from layerscope.model.contents import Contents, NoContents
from layerscope.model.digest import Digest
from layerscope.model.platform import Platform


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """One element of the config's ``history`` (OCI image-spec, config.md); all of it optional there."""

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
    """What is proven of a layer.

    ``contents``: its diff_id. ``headers``: the checksum of every header. ``unterminated``: no more than that, and its
    tar lacks the end-of-archive marker, so it may have been cut. ``mismatch``: that it is not what the image names, by
    its diff_id or by the digest of its blob. Empty where nothing could be read.
    """

    CONTENTS = "contents"
    HEADERS = "headers"
    UNTERMINATED = "unterminated"
    MISMATCH = "mismatch"
    NOTHING = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether the layer was read, and may not be the image's layer all the same."""
        return self in (Verified.UNTERMINATED, Verified.MISMATCH)


class Layer(Struct, frozen=True, kw_only=True):
    """One layer of an image, lowest first.

    ``stored_bytes`` is the blob as it lies in the archive (or as its descriptor says, when ``problem`` tells
    why it is absent or unreadable); ``tar_bytes`` the uncompressed tar, 0 when unknown. ``digest`` is of the
    stored blob, ``diff_id`` of the tar: as read where all of it was, else as the config says.
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

    @property
    def content_bytes(self) -> int:
        """The sum over the layer's regular files."""
        return self.changeset.content_bytes


class Image(Struct, frozen=True, kw_only=True):
    """One image of an archive.

    ``format`` names the dialect (``docker-archive``, ``docker-v1``, ``oci-archive``, ``oci-layout``, ``dir``,
    ``rootfs``), ``image_id`` is the config's digest as the engines show it, ``attestations`` are the in-toto statements
    that the archive holds for this manifest, as parsed JSON. ``notes`` say what was chosen, and are no warnings.
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
        """What the engine's history calls the size of each layer, lowest first.

        The bytes of regular files and the length of each symlink's target, as the graph drivers count them on disk.
        Where BuildKit made the layer, the engine counted the layer's tar instead, in which links have no length.
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
        """What the engine's inspect calls Size."""
        return sum(self.docker_sizes)

    @property
    def complete(self) -> bool:
        """Whether every layer was read, and none is known not to be what the image names."""
        return not any(layer.problem or layer.verified.is_doubtful for layer in self.layers)
