"""The platform that an image is made for."""

from typing import Self

from msgspec import Struct

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "armhf": "arm",
    "i386": "386",
    "i686": "386",
}


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
            variant="/".join(parts[2:]),
        )

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part) or "unknown"

    def accepts(self, other: "Platform") -> bool:
        """Whether an image for ``other`` answers a request for this platform; an unasked variant may be any."""
        return (self.os, self.architecture) == (other.os, other.architecture) and self.variant in ("", other.variant)
