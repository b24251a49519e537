"""Content digests as the OCI image-spec writes them, ``sha256:<64 hex digits>``."""

from typing import Self

from msgspec import Struct

from layerscope.errors import Damaged
from layerscope.model.patterns import pattern

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
