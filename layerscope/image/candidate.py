"""An image that an archive claims to hold, before anything of it was read but metadata."""

from collections.abc import Mapping

from msgspec import Struct, field

from layerscope.model.digest import Digest
from layerscope.model.platform import Platform


class LayerBlob(Struct, frozen=True, kw_only=True):
    """A layer as a manifest names it; ``name`` is where the archive would have it."""

    name: str
    digest: Digest | None = None
    media_type: str = ""
    stored_bytes: int = 0


class Candidate(Struct, frozen=True, kw_only=True):
    """One manifest for one platform.

    ``group`` is the same for the platforms of one multi-platform image. ``missing`` says why it cannot be read
    (its config is not in the archive), ``attestations`` are names of in-toto documents about it. ``image_id`` is set
    where that is no digest of the config.
    """

    group: str
    format: str
    config: str
    config_digest: Digest | None = None
    layers: tuple[LayerBlob, ...] = ()
    tags: tuple[str, ...] = ()
    platform: Platform | None = None
    manifest_digest: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    attestations: tuple[str, ...] = ()
    missing: str = ""
    image_id: str = ""
