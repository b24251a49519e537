"""What a test writes into a layer: members of every kind, and the layer made of them."""

from collections.abc import Mapping, Sequence

from tests.building.header import BLOCK_BYTES, GNU_MAGIC, header, number, padded, pax_records, with_checksum
from tests.building.member import Member, TarFormat, tar_bytes


def file(
    path: str | bytes,
    content: bytes = b"",
    *,
    mode: int = 0o644,
    uid: int = 0,
    gid: int = 0,
    mtime: int = 0,
    xattrs: Mapping[str, bytes] | None = None,
    pax: Mapping[str, bytes] | None = None,
    declared_bytes: int | None = None,
    base256: bool = False,
) -> Member:
    """A regular file. ``declared_bytes`` is what the header says instead of the content's length."""
    return Member(
        name=_bytes(path),
        content=content,
        mode=mode,
        uid=uid,
        gid=gid,
        mtime=mtime,
        pax=_records(xattrs, pax),
        declared_bytes=declared_bytes,
        base256=base256,
    )


def directory(
    path: str | bytes,
    *,
    mode: int = 0o755,
    uid: int = 0,
    gid: int = 0,
    mtime: int = 0,
    xattrs: Mapping[str, bytes] | None = None,
) -> Member:
    """A directory; its name gets the final slash that real layers have."""
    name = _bytes(path)
    name = name if name.endswith(b"/") else name + b"/"
    return Member(name=name, typeflag=b"5", mode=mode, uid=uid, gid=gid, mtime=mtime, pax=_records(xattrs, None))


def symlink(
    path: str | bytes, target: str | bytes, *, mode: int = 0o777, uid: int = 0, gid: int = 0, mtime: int = 0
) -> Member:
    """A symbolic link to the target as written."""
    return Member(name=_bytes(path), typeflag=b"2", link=_bytes(target), mode=mode, uid=uid, gid=gid, mtime=mtime)


def hardlink(
    path: str | bytes,
    target: str | bytes,
    *,
    mode: int = 0o644,
    uid: int = 0,
    gid: int = 0,
    mtime: int = 0,
    declared_bytes: int = 0,
) -> Member:
    """Another name of the target, which is a path as the tar has it; no content follows, whatever is declared."""
    return Member(
        name=_bytes(path),
        typeflag=b"1",
        link=_bytes(target),
        mode=mode,
        uid=uid,
        gid=gid,
        mtime=mtime,
        declared_bytes=declared_bytes,
    )


def fifo(path: str | bytes, *, mode: int = 0o644, uid: int = 0, gid: int = 0, mtime: int = 0) -> Member:
    """A named pipe."""
    return Member(name=_bytes(path), typeflag=b"6", mode=mode, uid=uid, gid=gid, mtime=mtime)


def device(
    path: str | bytes,
    *,
    major: int = 1,
    minor: int = 3,
    block: bool = False,
    mode: int = 0o666,
    uid: int = 0,
    gid: int = 0,
    mtime: int = 0,
) -> Member:
    """A character device, or a block device; by default what /dev/null is."""
    flag = b"4" if block else b"3"
    return Member(name=_bytes(path), typeflag=flag, device=(major, minor), mode=mode, uid=uid, gid=gid, mtime=mtime)


def whiteout(path: str | bytes, *, mode: int = 0o600) -> Member:
    """The marker that hides ``path`` of lower layers: ``dir/.wh.name``."""
    parent, slash, name = _bytes(path).rpartition(b"/")
    return Member(name=parent + slash + b".wh." + name, mode=mode)


def opaque(directory_path: str | bytes = "", *, mode: int = 0o600) -> Member:
    """The marker that hides all lower children of a directory; "" is the root."""
    name = _bytes(directory_path)
    slash = b"" if not name or name.endswith(b"/") else b"/"
    return Member(name=name + slash + b".wh..wh..opq", mode=mode)


def wrong_checksum(member: Member, tar_format: TarFormat = "pax") -> Member:
    """The same member with a checksum in its first header that is off by one."""
    data = member.to_bytes(tar_format)
    checksum = int(data[148:154], 8)
    return Member(literal=with_checksum(data[:BLOCK_BYTES], checksum + 1) + data[BLOCK_BYTES:])


def gnu_sparse(path: str | bytes, segments: Sequence[tuple[int, bytes]], *, real_bytes: int) -> Member:
    """An old GNU sparse file (type S): pieces of data at their offsets, holes between them.

    Four pieces stand in the header, each further block of extension holds 21 (GNU tar manual, "Old GNU Format").
    """
    segments = _ended(segments, real_bytes)
    pieces = [number(offset, 12) + number(len(data), 12) for offset, data in segments]
    content = b"".join(data for _, data in segments)
    block = header(_bytes(path), typeflag=b"S", declared_bytes=len(content), magic=GNU_MAGIC)
    in_header = b"".join(pieces[:4]).ljust(96, b"\0")
    extended = b"\1" if len(pieces) > 4 else b"\0"
    # The map starts at 386; the flag for more of it is at 482, the real length behind it at 483.
    block = block[:386] + in_header + extended + number(real_bytes, 12) + block[495:]
    extensions = b""
    for start in range(4, len(pieces), 21):
        more = b"\1" if start + 21 < len(pieces) else b"\0"
        extensions += (b"".join(pieces[start : start + 21]).ljust(504, b"\0") + more).ljust(BLOCK_BYTES, b"\0")
    return Member(literal=with_checksum(block) + extensions + padded(content))


def pax_sparse(path: str | bytes, segments: Sequence[tuple[int, bytes]], *, real_bytes: int) -> Member:
    """A sparse file of PAX format 1.0: the map is decimal text before the data (GNU tar manual, "PAX Format")."""
    name = _bytes(path)
    segments = _ended(segments, real_bytes)
    numbers = [len(segments)] + [value for offset, data in segments for value in (offset, len(data))]
    sparse_map = padded(b"".join(b"%d\n" % value for value in numbers))
    records = {
        "GNU.sparse.major": b"1",
        "GNU.sparse.minor": b"0",
        "GNU.sparse.name": name,
        "GNU.sparse.realsize": b"%d" % real_bytes,
    }
    stored = sparse_map + b"".join(data for _, data in segments)
    return Member(name=b"GNUSparseFile.0/" + name.rpartition(b"/")[2], content=stored, pax=records)


def pax_sparse_in_header(
    path: str | bytes, segments: Sequence[tuple[int, bytes]], *, real_bytes: int, version: str = "0.1"
) -> Member:
    """A sparse file of PAX format 0.0 or 0.1, whose map stands in the header: 0.0 repeats two records for each piece."""
    segments = _ended(segments, real_bytes)
    numbers = [(b"%d" % offset, b"%d" % len(data)) for offset, data in segments]
    records: list[tuple[str, bytes]] = [
        ("GNU.sparse.size", b"%d" % real_bytes),
        ("GNU.sparse.numblocks", b"%d" % len(segments)),
    ]
    if version == "0.0":
        keys = ("GNU.sparse.offset", "GNU.sparse.numbytes")
        records += [pair for each in numbers for pair in zip(keys, each, strict=True)]
    else:
        records += [
            ("GNU.sparse.name", _bytes(path)),
            ("GNU.sparse.map", b",".join(b",".join(each) for each in numbers)),
        ]
    body = b"".join(pax_records({key: value}) for key, value in records)
    name = _bytes(path) if version == "0.0" else b"GNUSparseFile.0/s"
    content = b"".join(data for _, data in segments)
    extension = header(b"PaxHeaders/s", typeflag=b"x", declared_bytes=len(body)) + padded(body)
    return Member(literal=extension + header(name, declared_bytes=len(content)) + padded(content))


def layer(*members: Member, tar_format: TarFormat = "pax", trailer: bool = True, record_bytes: int = 1) -> bytes:
    """An uncompressed tar of the members.

    ``trailer`` adds the two zero blocks of the end; ``record_bytes`` (10,240 for GNU tar) fills up behind them.
    """
    return tar_bytes(members, tar_format=tar_format, trailer=trailer, record_bytes=record_bytes)


def rootfs(*members: Member, tar_format: TarFormat = "pax") -> bytes:
    """The archive of ``docker export`` and of buildx ``type=tar``: a file system without config or layers."""
    return layer(*members, tar_format=tar_format)


def _ended(segments: Sequence[tuple[int, bytes]], real_bytes: int) -> list[tuple[int, bytes]]:
    """The pieces, and one of no bytes at the end of a last hole: GNU tar writes it, and cuts the file without it."""
    end = max((offset + len(data) for offset, data in segments), default=0)
    return [*segments, (real_bytes, b"")] if end < real_bytes else list(segments)


def _bytes(path: str | bytes) -> bytes:
    return path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")


def _records(xattrs: Mapping[str, bytes] | None, pax: Mapping[str, bytes] | None) -> dict[str, bytes]:
    """The records of a member; xattrs have the prefix that star introduced and Go's archive/tar writes."""
    return {f"SCHILY.xattr.{name}": value for name, value in (xattrs or {}).items()} | dict(pax or {})
