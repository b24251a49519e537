"""An image before any tool has put it into an archive."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field


def digest(data: bytes) -> str:
    """``sha256:`` and the sum of the data."""
    return f"sha256:{encoded(data)}"


def encoded(data: bytes) -> str:
    """The 64 digits of the data's SHA-256."""
    return hashlib.sha256(data).hexdigest()


def to_json(document: object) -> bytes:
    """JSON without spaces, as Go writes it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """What every dialect is made from.

    ``layers`` are uncompressed tars, lowest first. ``history`` of None leaves the key out. ``config_extra`` is laid
    over the finished config document, so it can also replace ``rootfs``; ``raw_config`` replaces all of its bytes.
    ``media_types`` maps the index of a layer to another media type in OCI manifests (foreign, encrypted).
    """

    layers: tuple[bytes, ...] = ()
    history: tuple[Mapping[str, object], ...] | None = None
    env: tuple[str, ...] = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)
    cmd: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""
    user: str = ""
    tags: tuple[str, ...] = ("example:latest",)
    os: str = "linux"
    architecture: str = "amd64"
    variant: str = ""
    created: str = "2024-01-02T03:04:05Z"
    config_extra: Mapping[str, object] = field(default_factory=dict)
    raw_config: bytes | None = None
    media_types: Mapping[int, str] = field(default_factory=dict)

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The digest of each layer's tar, lowest first."""
        return tuple(digest(layer) for layer in self.layers)

    @property
    def platform(self) -> dict[str, str]:
        """The platform as a descriptor has it (OCI image-spec, image-index.md)."""
        platform = {"architecture": self.architecture, "os": self.os}
        return platform | ({"variant": self.variant} if self.variant else {})

    @property
    def runtime_config(self) -> dict[str, object]:
        """The config's ``config`` object; what is not set is left out."""
        fields: dict[str, object] = {
            "User": self.user,
            "Env": list(self.env),
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.cmd),
            "WorkingDir": self.working_dir,
            "Labels": dict(self.labels),
        }
        return {key: value for key, value in fields.items() if value}

    @property
    def config(self) -> dict[str, object]:
        """The config document (OCI image-spec, config.md)."""
        document: dict[str, object] = {**self.platform, "config": self.runtime_config, "created": self.created}
        if self.history is not None:
            document["history"] = [dict(entry) for entry in self.history]
        document["rootfs"] = {"type": "layers", "diff_ids": list(self.diff_ids)}
        return document | dict(self.config_extra)

    @property
    def config_bytes(self) -> bytes:
        """The config as it is stored."""
        return to_json(self.config) if self.raw_config is None else self.raw_config

    @property
    def image_id(self) -> str:
        """The config's digest, which the engines show as the image's id."""
        return digest(self.config_bytes)
