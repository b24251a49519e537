"""The entries of one layer, in columns: a million of them fit in 150 MB."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, overload

from msgspec import Struct, field

from layerscope.model.entry import Entry, Kind

Ownership: TypeAlias = tuple[int, int, int]
"""Permission bits, user id, group id."""


class Changeset(Struct, frozen=True, kw_only=True, eq=False):
    """The entries of one layer in the order of its tar; reads like a tuple of Entry.

    Each column holds one value per entry. ``directories`` is the directory of each path, equal ones as one string.
    ``offsets`` is where an entry's content begins in the uncompressed tar. The mappings, by entry index,
    hold what only few entries have: ``links`` (targets of links), ``xattrs`` and ``sparse``, the bytes of a sparse file
    in the tar. ``text_bytes`` is the memory that long names, targets and extended attributes take.
    """

    paths: Sequence[str] = ()
    directories: Sequence[str] = ()
    kinds: bytes | bytearray = b""
    sizes: "array[int]" = field(default_factory=lambda: array("q"))
    ownerships: Sequence[Ownership] = ()
    mtimes: "array[int]" = field(default_factory=lambda: array("q"))
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    links: Mapping[int, str] = field(default_factory=dict)
    xattrs: Mapping[int, tuple[tuple[str, bytes], ...]] = field(default_factory=dict)
    sparse: Mapping[int, int] = field(default_factory=dict)
    content_bytes: int = 0
    link_bytes: int = 0
    text_bytes: int = 0

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Entry, ...]: ...
    def __getitem__(self, index: int | slice) -> Entry | tuple[Entry, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        mode, uid, gid = self.ownerships[index]
        return Entry(
            path=self.paths[index],
            kind=Kind(self.kinds[index]),
            content_bytes=self.sizes[index],
            mode=mode,
            uid=uid,
            gid=gid,
            mtime=self.mtimes[index],
            link=self.links.get(index, ""),
            xattrs=self.xattrs.get(index, ()),
        )

    def __iter__(self) -> Iterator[Entry]:
        return (self[i] for i in range(len(self)))
