"""The platform of an image, and which platforms run it."""

from collections.abc import Iterator
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

_ARCHITECTURES = {
    "x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386",
    "armhf": "arm", "armel": "arm", "armv6l": "arm", "armv7l": "arm", "armv8l": "arm",
}  # fmt: skip
_VARIANTS = {"armhf": "v7", "armel": "v6", "armv6l": "v6", "armv7l": "v7", "armv8l": "v8"}
"""The variants that are part of an architecture's name."""
_SAME = {
    ("amd64", "v1"): "", ("arm64", "8"): "", ("arm64", "v8"): "", ("arm64", "v8.0"): "",
    ("arm64", "9"): "v9", ("arm64", "9.0"): "v9", ("arm64", "v9.0"): "v9",
    ("arm", ""): "v7", ("arm", "5"): "v5", ("arm", "6"): "v6", ("arm", "7"): "v7", ("arm", "8"): "v8",
}  # fmt: skip
"""Other spellings of a variant, by normalizeArch of github.com/containerd/platforms."""


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

    def rank(self, other: "Platform") -> int | None:
        """Return how well an image for ``other`` answers a request for this platform, 0 best; None where it does not.

        The order is that of ``Only`` in github.com/containerd/platforms: the variant itself, then older ones, then
        the architecture with 32 bits.
        """
        ranked = (rank for rank, one in enumerate(self._runnable()) if one.normalized == other.normalized)
        return next(ranked, None)

    def accepts(self, other: "Platform") -> bool:
        """Return whether an image for ``other`` answers a request for this platform."""
        return self.rank(other) is not None

    @property
    def normalized(self) -> "Platform":
        """The same platform with the usual spelling of its variant."""
        return replace(self, variant=_SAME.get((self.architecture, self.variant), self.variant))

    def _runnable(self) -> Iterator["Platform"]:
        """Every platform whose images run on this one, the best first."""
        own = self.normalized
        yield own
        if own.architecture == "amd64":
            for version in _below(own.variant, 1):
                yield replace(own, variant=f"v{version}")
            yield replace(own, architecture="386", variant="")
        elif own.architecture == "arm":
            for version in _below(own.variant, 5):
                yield replace(own, variant=f"v{version}")
        elif own.architecture == "arm64" and (versions := _arm64(own.variant)):
            for major, newest in versions:
                for minor in range(newest, -1, -1):
                    yield replace(own, variant=f"v{major}.{minor}" if minor else f"v{major}")
            yield from replace(own, architecture="arm", variant="v8")._runnable()


def _below(variant: str, oldest: int) -> range:
    """The numbers of the older variants, the newest first."""
    number = variant[1:]
    return range(int(number) - 1 if len(number) == 1 and number.isdecimal() else 0, oldest - 1, -1)


def _arm64(variant: str) -> tuple[tuple[int, int], ...]:
    """Each major version of ARMv8 and ARMv9 that a variant includes, with its newest minor one."""
    major, _, digit = (variant or "v8").removeprefix("v").partition(".")
    minor = int(digit) if len(digit) == 1 and digit.isdecimal() else 0
    if major == "9":
        return (9, minor), (8, min(minor + 5, 9))
    return ((8, minor),) if major == "8" else ()
