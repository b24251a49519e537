"""A package of the image, and its bytes."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct, field

from layerscope.model.finding import ByteCount

_OF_DISTRIBUTIONS = frozenset({"deb", "rpm", "apk", "alpm", "opkg"})
"""Types whose namespace is the distribution, which is no part of a package's name."""


class Package(Struct, frozen=True, kw_only=True):
    """One installed package.

    ``content_bytes`` and ``files`` count the live versions that the package owns; ``layers`` splits the bytes by layer
    index. ``shared`` is set where its files belong to an OS package already (then it owns none). ``layer`` is the
    first layer whose database lists the package, None where that is unknown; ``removed_in`` the layer that removed
    the package, whose files below take ``hidden_bytes``. ``parent`` names what contains it (the archive of a nested
    jar, the Go binary of a module), ``location`` is the path of its record. ``namespace`` and ``qualifiers`` are those
    of its package URL.
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
    def full_name(self) -> str:
        """The name by which its ecosystem knows it: ``@types/node``, ``org.springframework:spring-web``."""
        if not self.namespace or self.type in _OF_DISTRIBUTIONS:
            return self.name
        return f"{self.namespace}{':' if self.type == 'maven' else '/'}{self.name}"

    def is_called(self, name: str) -> bool:
        """Whether it has that name, with or without its namespace."""
        return name in (self.name, self.full_name)

    @property
    def purl(self) -> str:
        """The package URL (ECMA-427), computed at each call; empty where no URL can express the record."""
        # Only JSON, SBOMs and lists of packages need URLs; importing the library takes as long as a small report.
        from packageurl import PackageURL

        try:
            url = PackageURL(self.type, self.namespace, self.name, self.version, dict(self.qualifiers))
            return url.to_string()
        except (ValueError, TypeError):  # The latter for a name of nothing but slashes.
            return ""
