"""Headers that extend the next one: pax local and global, GNU long names and links, GNU sparse files."""

import base64
import binascii

from msgspec import Struct

from layerscope.errors import Damaged, LimitExceeded
from layerscope.model.changeset import Ownership
from layerscope.model.limits import Limits
from layerscope.model.patterns import pattern
from layerscope.tar.header import BLOCK, LARGEST, number, pax_records

_NUMBER = pattern(r"(?P<sign>[+-]?)0{0,50}(?P<digits>[0-9]{1,18})(?P<fraction>\.[0-9]*)?")
_SPARSE_VERSIONS = frozenset({("0", "0"), ("0", "1"), ("1", "0")})
_SIGNED = frozenset({"mtime", "uid", "gid"})
_XATTR = "SCHILY.xattr."
_XATTR_BASE64 = "LIBARCHIVE.xattr."


class Extended(Struct, frozen=True, kw_only=True):
    """A header with its extensions applied; ``stored_bytes`` is the payload in the tar, ``content_bytes`` the file."""

    name: str
    link: str
    content_bytes: int
    stored_bytes: int
    is_sparse: bool
    continues: bool
    mtime: int
    ownership: Ownership
    xattrs: tuple[tuple[str, bytes], ...]
    position: int


class Extensions:
    """What is known of the next header before it comes; ``body`` is what the last pax headers for one entry say."""

    def __init__(self, where: str, limits: Limits) -> None:
        self._where = where
        self._limits = limits
        self._local: dict[str, str] = {}
        self._name = ""
        self._link = ""
        self._pending_bytes = 0
        self.open = b""
        self.body = b""
        self.pending = False

    def begin(self, flag: bytes, size: int, position: int) -> None:
        """An extension header was met; its payload of ``size`` bytes comes to ``finish``."""
        self._pending_bytes += size
        if self._pending_bytes > self._limits.pax_bytes:
            raise LimitExceeded(
                f"{self._where}, offset {position:,}: extended headers of {self._pending_bytes:,} bytes for one entry",
                hint="raise --limit pax_bytes",
            )
        self.open = flag

    def finish(self, body: bytes, position: int) -> None:
        """Take the payload of the extension header that was begun."""
        flag, self.open = self.open, b""
        if flag == b"L":
            self._name = body.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        elif flag == b"K":
            self._link = body.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        elif flag == b"g":
            pax_records(body, self._where, position)  # Engines check it, and ignore what it says (Go, archive/tar).
            self._pending_bytes -= len(body)
        else:
            self.body = self.body + body if self._local else body
            self._local.update(pax_records(body, self._where, position))
        self.pending = bool(self._name or self._link or self._local)

    def apply(
        self, name: str, link: str, size: int, mtime: int, ownership: Ownership, header: bytes, position: int
    ) -> Extended:
        """The header's fields as the extensions before it change them; local ones are used up."""
        records = self._local
        mode, uid, gid = ownership
        stored = self._number(records, "size", size, position)
        real = self._sparse_size(records, header, stored, position)
        extended = Extended(
            name=(real is not None and records.get("GNU.sparse.name")) or records.get("path") or self._name or name,
            link=records.get("linkpath") or self._link or link,
            content_bytes=stored if real is None else real,
            stored_bytes=stored,
            is_sparse=real is not None,
            continues=header[156:157] == b"S" and header[482] != 0,
            mtime=self._number(records, "mtime", mtime, position),
            ownership=(
                mode,
                self._number(records, "uid", uid, position),
                self._number(records, "gid", gid, position),
            ),
            xattrs=_xattrs(records),
            position=position,
        )
        self._local, self._name, self._link, self._pending_bytes = {}, "", "", 0
        self.pending = False
        return extended

    def continues(self, block: bytes) -> bool:
        """Whether another block of an old GNU sparse map follows this one."""
        return len(block) == BLOCK and block[504] != 0

    def _sparse_size(self, records: dict[str, str], header: bytes, stored: int, position: int) -> int | None:
        """The real length of a sparse file; None where the file is an ordinary one."""
        if header[156:157] == b"S":
            try:
                real = number(header[483:495])
            except ValueError:
                real = -1
            if not 0 <= real <= LARGEST:
                raise Damaged("a sparse file has an impossible length", where=self._where, offset=position)
            return real
        if not _is_sparse(records):
            return None
        key = next((key for key in ("GNU.sparse.realsize", "GNU.sparse.size") if records.get(key)), "")
        return self._number(records, key, stored, position)

    def _number(self, records: dict[str, str], key: str, otherwise: int, position: int) -> int:
        """A decimal record as the engines take it (Go, archive/tar): a time has a fraction, which is rounded down.

        No length is negative, but times and owners may be: an NFS server's nobody is -2.
        """
        value = records.get(key)
        if value is None or value == "":
            return otherwise
        found = _NUMBER.fullmatch(value)
        if found is None or (found["fraction"] and key != "mtime") or (found["sign"] == "-" and key not in _SIGNED):
            raise Damaged(f"a pax record has a bad {key}: {value[:40]!r}", where=self._where, offset=position)
        number = int(found["digits"])
        return number if found["sign"] != "-" else -number - bool((found["fraction"] or "").strip(".0"))


def _is_sparse(records: dict[str, str]) -> bool:
    """Whether pax records make a file a sparse one: by a version that engines know, or a map without any (Go)."""
    version = records.get("GNU.sparse.major", ""), records.get("GNU.sparse.minor", "")
    has_map = bool(records.get("GNU.sparse.map")) or "GNU.sparse.offset" in records
    return version in _SPARSE_VERSIONS or (version == ("", "") and has_map)


def _xattrs(records: dict[str, str]) -> tuple[tuple[str, bytes], ...]:
    """Extended attributes, by the keys of star (raw) and libarchive (base64)."""
    found = []
    for key, value in records.items():
        raw = value.encode("utf-8", "surrogateescape")
        if key.startswith(_XATTR):
            found.append((key[len(_XATTR) :], raw))
        elif key.startswith(_XATTR_BASE64):
            try:
                found.append((key[len(_XATTR_BASE64) :], base64.b64decode(raw)))
            except binascii.Error:
                continue  # star's own record, if there is one, says the same.
    return tuple(sorted(found))
