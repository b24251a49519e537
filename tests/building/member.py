"""Tar members as values; each becomes one header or several, in any of the three formats."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.building.header import BLOCK_BYTES, GNU_MAGIC, USTAR_MAGIC, header, padded, pax_records

TarFormat = Literal["pax", "gnu", "ustar"]

_NAME_BYTES = 100
_PREFIX_BYTES = 155
_OCTAL_LIMITS = {"uid": 8**7, "gid": 8**7, "mtime": 8**11}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a tar, written as it stands: names are not normalised.

    ``literal`` replaces everything else, header included. ``declared_bytes`` replaces the content's length in the
    header alone. ``pax`` holds records of its own PAX header, which only the format ``pax`` can write.
    """

    name: bytes = b""
    typeflag: bytes = b"0"
    content: bytes = b""
    link: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    device: tuple[int, int] = (0, 0)
    pax: Mapping[str, bytes] = field(default_factory=dict)
    declared_bytes: int | None = None
    base256: bool = False
    literal: bytes | None = None

    def to_bytes(self, tar_format: TarFormat = "pax") -> bytes:
        """Headers and padded content; raises ValueError for what the format cannot express."""
        if self.literal is not None:
            return self.literal
        if tar_format == "pax":
            return self._pax_bytes()
        if self.pax:
            raise ValueError(f"{tar_format} has no PAX records")
        return self._gnu_bytes() if tar_format == "gnu" else self._ustar_bytes()

    def _pax_bytes(self) -> bytes:
        prefix, name = _split(self.name)
        records: dict[str, bytes] = {}
        if len(name) > _NAME_BYTES or not self.name.isascii():
            prefix, records["path"] = b"", self.name
        if len(self.link) > _NAME_BYTES or not self.link.isascii():
            records["linkpath"] = self.link
        for key in self._beyond_octal():
            records[key] = b"%d" % getattr(self, key)
        records |= self.pax
        extension = pax_header(records).to_bytes() if records else b""
        return extension + self._block(name, prefix, USTAR_MAGIC, octal_only=True) + padded(self.content)

    def _gnu_bytes(self) -> bytes:
        extensions = b""
        if len(self.link) > _NAME_BYTES:
            extensions += gnu_long(self.link, b"K").to_bytes()
        if len(self.name) > _NAME_BYTES:
            extensions += gnu_long(self.name, b"L").to_bytes()
        return extensions + self._block(self.name, b"", GNU_MAGIC) + padded(self.content)

    def _ustar_bytes(self) -> bytes:
        prefix, name = _split(self.name)
        if len(name) > _NAME_BYTES or len(self.link) > _NAME_BYTES or self._beyond_octal():
            raise ValueError(f"ustar cannot hold {self.name[:200]!r}")
        return self._block(name, prefix, USTAR_MAGIC) + padded(self.content)

    def _beyond_octal(self) -> tuple[str, ...]:
        return tuple(key for key, limit in _OCTAL_LIMITS.items() if not 0 <= getattr(self, key) < limit)

    def _block(self, name: bytes, prefix: bytes, magic: bytes, *, octal_only: bool = False) -> bytes:
        zeroed = self._beyond_octal() if octal_only else ()
        return header(
            name,
            typeflag=self.typeflag,
            mode=self.mode,
            uid=0 if "uid" in zeroed else self.uid,
            gid=0 if "gid" in zeroed else self.gid,
            declared_bytes=len(self.content) if self.declared_bytes is None else self.declared_bytes,
            mtime=0 if "mtime" in zeroed else self.mtime,
            link=self.link,
            magic=magic,
            device=self.device,
            prefix=prefix,
            base256=self.base256,
        )


def pax_header(records: Mapping[str, bytes], *, for_all: bool = False) -> Member:
    """A PAX extended header of its own: for the next member, or with ``for_all`` global (type g)."""
    name = b"pax_global_header" if for_all else b"PaxHeaders.0/next"
    body = pax_records(records)
    return raw(header(name, typeflag=b"g" if for_all else b"x", declared_bytes=len(body)) + padded(body))


def gnu_long(text: bytes, typeflag: bytes) -> Member:
    """GNU's ``@LongLink`` before a member whose name (L) or link (K) is over 100 bytes."""
    body = text + b"\0"
    block = header(b"././@LongLink", typeflag=typeflag, mode=0o644, declared_bytes=len(body), magic=GNU_MAGIC)
    return raw(block + padded(body))


def raw(header_bytes: bytes) -> Member:
    """Arbitrary bytes in the place of a member."""
    return Member(literal=header_bytes)


def tar_bytes(members: tuple[Member, ...], *, tar_format: TarFormat, trailer: bool, record_bytes: int) -> bytes:
    """The members in a row, then two zero blocks if ``trailer``, then zeros up to whole records."""
    data = b"".join(member.to_bytes(tar_format) for member in members) + bytes(2 * BLOCK_BYTES * trailer)
    return data + bytes(-len(data) % record_bytes)


def _split(name: bytes) -> tuple[bytes, bytes]:
    """Prefix and name of ustar; an empty prefix where the name fits, or where no slash divides it well."""
    if len(name) <= _NAME_BYTES:
        return b"", name
    slash = name.rfind(b"/", 0, min(_PREFIX_BYTES + 1, len(name) - 1))
    if slash < 1 or len(name) - slash - 1 > _NAME_BYTES:
        return b"", name
    return name[:slash], name[slash + 1 :]
