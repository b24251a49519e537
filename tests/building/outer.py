"""The outer tar that carries an image, and a way to spoil one that is already made."""

import dataclasses
import io
import tarfile
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from tests.building.header import BLOCK_BYTES
from tests.building.member import Member, tar_bytes
from tests.building.tar import directory, file, gnu_sparse, pax_sparse, pax_sparse_in_header

Order = Literal["given", "sorted", "reversed"]


def archive(
    entries: Iterable[tuple[str, bytes] | Member], *, order: Order = "given", prefix: str = "", trailer: bool = True
) -> bytes:
    """An uncompressed tar of named contents.

    A name that ends in a slash is a directory; a Member is taken as it is (for symlinks, say). ``prefix`` (``./``)
    goes before every name. ``sorted`` and ``reversed`` refer to the names, and a name's own repetitions stay in place.
    """
    members = [entry if isinstance(entry, Member) else _member(*entry) for entry in entries]
    if order != "given":
        members.sort(key=lambda member: member.name, reverse=order == "reversed")
    if prefix:
        members = [_prefixed(member, prefix.encode()) for member in members]
    return tar_bytes(tuple(members), tar_format="pax", trailer=trailer, record_bytes=1)


def edit(
    data: bytes,
    *,
    replace: Mapping[str, bytes] | None = None,
    remove: Collection[str] = (),
    add: Iterable[tuple[str, bytes] | Member] = (),
    order: Order = "given",
    prefix: str = "",
) -> bytes:
    """An archive of this module, written anew with other contents; raises KeyError for a name that is not there."""
    replace = replace or {}
    members = _members(data)
    missing = {*replace, *remove} - {member.name.decode() for member in members}
    if missing:
        raise KeyError(*sorted(missing))
    kept = [_replaced(member, replace) for member in members if member.name.decode() not in remove]
    return archive([*kept, *add], order=order, prefix=prefix)


def without_holes(data: bytes, form: str) -> bytes:
    """The archive as ``tar -S`` packs what it was unpacked to: files are sparse, in the form ``gnu``, or a PAX version."""
    return archive([_sparse(member, form) if member.content else member for member in _members(data)])


def _sparse(member: Member, form: str) -> Member:
    content = member.content
    blocks = [(start, content[start : start + BLOCK_BYTES]) for start in range(0, len(content), BLOCK_BYTES)]
    pieces = [(start, block) for start, block in blocks if block.strip(b"\0")]
    if form == "gnu":
        return gnu_sparse(member.name, pieces, real_bytes=len(content))
    if form == "1.0":
        return pax_sparse(member.name, pieces, real_bytes=len(content))
    return pax_sparse_in_header(member.name, pieces, real_bytes=len(content), version=form)


def contents(data: bytes) -> dict[str, bytes]:
    """Name to content of the regular files of an archive, symlinks resolved."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        found: dict[str, bytes] = {}
        for info in tar.getmembers():
            stream = tar.extractfile(info) if info.isfile() or info.issym() else None
            if stream is not None:
                found[info.name] = stream.read()
        return found


def _member(name: str, content: bytes) -> Member:
    return directory(name) if name.endswith("/") else file(name, content)


def _prefixed(member: Member, prefix: bytes) -> Member:
    if member.literal is not None:
        return member
    return dataclasses.replace(member, name=prefix + member.name)


def _replaced(member: Member, replace: Mapping[str, bytes]) -> Member:
    name = member.name.decode()
    return file(name, replace[name]) if name in replace else member


def _members(data: bytes) -> list[Member]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        return [_read(tar, info) for info in tar.getmembers()]


def _read(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    stream = tar.extractfile(info) if info.isfile() else None
    content = stream.read() if stream is not None else b""
    name = info.name + "/" * info.isdir()
    return Member(name=name.encode(), typeflag=info.type, content=content, link=info.linkname.encode(), mode=info.mode)
