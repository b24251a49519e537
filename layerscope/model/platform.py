"""The platform that an image is made for."""

from typing import Self

from msgspec import Struct

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "armhf": "arm",
    "armel": "arm",
    "i386": "386",
    "i686": "386",
}
_VARIANTS = {"armhf": "v7", "armel": "v6"}
"""The variants that are part of an architecture's name."""
_SAME = {
    ("amd64", "v1"): "",
    ("arm64", "v8"): "",
    ("arm64", "8"): "",
    ("arm", ""): "v7",
    ("arm", "5"): "v5",
    ("arm", "6"): "v6",
    ("arm", "7"): "v7",
    ("arm", "8"): "v8",
}
"""Variants that mean another one, as normalizeArch of github.com/containerd/platforms has them."""


class Platform(Struct, frozen=True, kw_only=True):
    """``os/architecture[/variant]`` with the names of the OCI image-spec (Go's GOOS and GOARCH); empty is unknown."""

    os: str = ""
    architecture: str = ""
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``linux/arm64/v8``, ``linux/amd64`` or a bare architecture."""
        parts = text.strip().lower().split("/")
        if len(parts) == 1:
            parts.insert(0, "linux")
        return cls(
            os=parts[0],
            architecture=_ARCHITECTURES.get(parts[1], parts[1]),
            variant="/".join(parts[2:]) or _VARIANTS.get(parts[1], ""),
        )

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part) or "unknown"

    def accepts(self, other: "Platform") -> bool:
        """Whether an image for ``other`` answers a request for this platform; an unasked variant may be any."""
        same = (self.os, self.architecture) == (other.os, other.architecture)
        return same and (not self.variant or self._variant == other._variant)

    @property
    def _variant(self) -> str:
        return _SAME.get((self.architecture, self.variant), self.variant)
