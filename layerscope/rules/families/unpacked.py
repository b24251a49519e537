"""Archives that are in the image together with their unpacked contents."""

import bz2
import lzma
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from layerscope.model.entry import Fate, Kind
from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.rules.ownership import is_owned
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import content_bytes, files, living, weight

_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".zip")
_HEAD, _TAIL = 256 << 10, 64 << 10
_EXPANDED = 4 << 20
_SMALLEST = 64 << 10
_MOST_ARCHIVES = 64
_ENOUGH = 3
_SHARE = 0.8
_BLOCK = 512


class _Member(NamedTuple):
    name: str
    content_bytes: int


@rule(
    "archive-extracted",
    severity=Severity.MEDIUM,
    title="{path} is in the image together with its unpacked contents",
    fix="unpack it while downloading (`curl ... | tar -x`, or `ADD`), or delete {path} in {step}",
    wanted=Wanted(paths=PathSet(suffixes=_SUFFIXES), head=_HEAD, tail=_TAIL),
)
def archive_extracted(context: RuleContext) -> Iterator[RuleMatch]:
    """A tar or zip archive is in the image together with its unpacked members.

    The first members of an archive are compared with the live files by the end of their path and by length. Archives
    that programs read as they are (jar, war, wheels) and archives of packages are not reported.
    """
    path_of, length_of = context.filesystem.path_of, context.filesystem.content_bytes
    archives = [n for n in files(context, living(context)) if length_of(n) >= _SMALLEST and not is_owned(context, n)]
    archives.sort(key=lambda number: -length_of(number))
    members = {n: found for n in archives[:_MOST_ARCHIVES] if len(found := _members(context, n)) >= _ENOUGH}
    if not members:
        return
    live = _live_files(context, {member.name.rpartition("/")[2] for found in members.values() for member in found})
    for number, found in members.items():
        unpacked = sum(_lies_there(member, live) for member in found)
        if unpacked >= _SHARE * len(found):
            detail = f"{unpacked} of its first {len(found)} files lie unpacked"
            severity = weight(content_bytes(context, (number,)))
            yield RuleMatch(versions=(number,), detail=f"{path_of(number)}: {detail}", severity=severity)


def _live_files(context: RuleContext, names: set[str]) -> dict[tuple[str, int], list[str]]:
    """The live paths that end with one of these names, by name and length."""
    filesystem = context.filesystem
    found: dict[tuple[str, int], list[str]] = {}
    for path, number in filesystem.live.items():
        name = path.rpartition("/")[2]
        if name in names and filesystem.kind_of(number) == Kind.FILE and filesystem.fates[number] == Fate.LIVE:
            found.setdefault((name, filesystem.content_bytes(number)), []).append(path)
    return found


def _lies_there(member: _Member, live: dict[tuple[str, int], list[str]]) -> bool:
    """Whether a live path ends as the member does; the first folder of an archive is often stripped."""
    name = member.name
    stripped = name.partition("/")[2] or name
    paths = live.get((name.rpartition("/")[2], member.content_bytes), ())
    return any(path.endswith((f"/{name}", f"/{stripped}")) for path in paths[:100])


def _members(context: RuleContext, number: int) -> list[_Member]:
    """The first regular files of an archive, as far as a bounded read of its ends shows."""
    read, length = context.filesystem.read, context.filesystem.content_bytes(number)
    head = read(number, 0, _HEAD) or b""
    if head.startswith(b"PK\x03\x04"):
        start = max(0, length - _TAIL)
        return list(_of_zip((head + (read(number, start, _TAIL) or b"")) if start else head))
    return list(_of_tar(_expanded(head)))


def _expanded(head: bytes) -> bytes:
    """The beginning of what a compressed file holds, at most ``_EXPANDED`` bytes; the bytes themselves for others."""
    try:
        if head.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(wbits=31).decompress(head, _EXPANDED)
        if head.startswith(b"\xfd7zXZ\0"):
            return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=256 << 20).decompress(head, _EXPANDED)
        if head.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(head, _EXPANDED)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
        return b""
    return head


def _of_tar(data: bytes) -> Iterator[_Member]:
    """Regular files by their ustar headers; names in extensions of PAX or GNU are passed over."""
    position = 0
    while position + _BLOCK <= len(data) and data[position + 257 : position + 262] == b"ustar":
        block = data[position : position + _BLOCK]
        digits = block[124:136].strip(b" \0") or b"0"
        if digits.strip(b"01234567"):
            return  # int() also takes a sign: a negative length would be read forever.
        length = int(digits, 8)
        name = block[:100].split(b"\0")[0]
        if block[156:157] in (b"0", b"\0") and length and len(name) < 100:
            prefix = block[345:500].split(b"\0")[0] if block[257:263] == b"ustar\0" else b""
            path = prefix + b"/" + name if prefix else name
            yield _Member(path.decode("utf-8", "surrogateescape").removeprefix("./"), length)
        position += _BLOCK + -(-length // _BLOCK) * _BLOCK


def _of_zip(data: bytes) -> Iterator[_Member]:
    """The records of the central directory in the last bytes of a zip (APPNOTE.TXT, 4.3.12)."""
    position = data.find(b"PK\x01\x02")
    while 0 <= position <= len(data) - 46 and data[position : position + 4] == b"PK\x01\x02":
        length, name_bytes, extra, comment = struct.unpack_from("<IHHH", data, position + 24)
        name = data[position + 46 : position + 46 + name_bytes].decode("utf-8", "surrogateescape")
        if length and not name.endswith("/"):
            yield _Member(name, length)
        position += 46 + name_bytes + extra + comment
