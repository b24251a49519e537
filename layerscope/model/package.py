"""A package of the image and the bytes that are its own."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct, field

from layerscope.model.finding import ByteCount

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_SMALL = _LETTERS.union("0123456789.~_-")
_PLAIN = _SMALL.union("+:ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_AS_WRITTEN = {
    **dict.fromkeys(("deb", "rpm", "gem", "cargo", "golang", "maven", "generic"), _SMALL.union("+")),
    **dict.fromkeys(("apk", "pypi", "npm"), _SMALL),
}
"""What a name may consist of for its package URL to repeat it; all else, and other types, are left to the library."""


class Package(Struct, frozen=True, kw_only=True):
    """One installed package.

    ``content_bytes`` and ``files`` count the live versions that the package owns alone; ``layers`` splits the
    bytes by layer index. ``shared`` is set where its files belong to an OS package already (then it owns none).
    ``layer`` is the layer whose database lists the package first, None where that is unknown. ``removed_in`` is
    the layer that took the package away again, and ``hidden_bytes`` what it still costs below.
    ``parent`` names what contains it (the archive of a nested jar, the Go binary of a module), ``location`` is the
    path of the record that tells of it. ``namespace`` and ``qualifiers`` are those of its package URL.
    """

    type: str
    name: str
    version: str
    namespace: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    content_bytes: ByteCount = 0
    hidden_bytes: ByteCount = 0
    files: int = 0
    shared: bool = False
    layer: int | None = None
    removed_in: int | None = None
    layers: Mapping[Annotated[int, Meta(ge=0)], int] = field(default_factory=dict)
    parent: str = ""
    location: str = ""

    @property
    def purl(self) -> str:
        """The package URL (ECMA-427), empty where the record holds what none can express; made anew at each call."""
        if plain := self._plain_url():
            return plain
        # To import the library and to print hundreds of URLs takes longer than to read a package database.
        from packageurl import PackageURL

        try:
            url = PackageURL(self.type, self.namespace, self.name, self.version, dict(self.qualifiers))
            return url.to_string()
        except (ValueError, TypeError):  # The latter for a name of nothing but slashes.
            return ""

    def _plain_url(self) -> str:
        """The URL of a package of which nothing needs to be rewritten but plus signs; empty for any other."""
        name = self.name.lower().replace("_", "-") if self.type == "pypi" else self.name
        qualifiers = sorted((key, value) for key, value in dict(self.qualifiers).items() if value)
        if not name or not _AS_WRITTEN.get(self.type, frozenset()).issuperset(self.namespace + name):
            return ""
        if not _PLAIN.issuperset("".join([self.version, *(value for _, value in qualifiers)])):
            return ""
        if not all(_LETTERS.issuperset(key) for key, _ in qualifiers):
            return ""
        place = f"{self.namespace}/{name}" if self.namespace else name
        version = f"@{self.version}" if self.version else ""
        tail = "?" + "&".join(f"{key}={value}" for key, value in qualifiers) if qualifiers else ""
        return f"pkg:{self.type}/{place}{version}{tail}".replace("+", "%2B")
