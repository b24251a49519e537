"""What other readers make of a tar: stdlib tarfile, and GNU tar where it is installed."""

import calendar
import io
import os
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from layerscope.model.changeset import Changeset
from layerscope.model.entry import Kind
from layerscope.model.paths import normal


def _gnu_tar() -> str:
    for name in ("tar", "gtar"):
        path = shutil.which(name)
        if path and b"GNU tar" in subprocess.run([path, "--version"], capture_output=True, check=False).stdout:
            return path
    return ""


GNU_TAR = _gnu_tar()
"""The path of GNU tar, empty where there is none."""

_LINE = re.compile(
    rb"(?P<type>[-dlhbcpsSVCM])(?P<mode>[-rwxsStT]{9}) +(?P<owner>-?\d+/-?\d+) +(?P<size>\d+|\d+,\d+) "
    rb"(?P<time>-?\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? (?P<name>.*)\Z",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(?:([0-7]{3})|(.))", re.DOTALL)
_LETTERS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry as all readers can tell it: ``path`` without slashes at its ends, the link as written."""

    path: str
    type: str
    content_bytes: int
    mode: int
    owner: tuple[int, int]
    mtime: int
    link: str


_TYPES = {
    Kind.FILE: "-",
    Kind.HARDLINK: "h",
    Kind.SYMLINK: "l",
    Kind.CHARACTER_DEVICE: "c",
    Kind.BLOCK_DEVICE: "b",
    Kind.DIRECTORY: "d",
    Kind.FIFO: "p",
}


def stored_name(path: str, kind: int) -> str:
    """The name that an entry has in its tar, without ``./`` and slashes at its ends: the inverse of classify."""
    parent, _, name = path.rpartition("/")
    names = {Kind.WHITEOUT: f"{parent}/.wh.{name}", Kind.OPAQUE: f"{path.rstrip('/')}/.wh..wh..opq"}
    return names.get(Kind(kind), path).strip("/")


def ours(changeset: Changeset) -> list[Listed]:
    """A changeset in the words that the readers share; a marker is the empty file that it is in the tar."""
    return [
        Listed(
            path=stored_name(entry.path, entry.kind),
            type=_TYPES.get(entry.kind, "-"),
            content_bytes=entry.content_bytes,
            mode=entry.mode,
            owner=(entry.uid, entry.gid),
            mtime=entry.mtime,
            link=entry.link.strip("/") if entry.kind == Kind.HARDLINK else entry.link,
        )
        for entry in changeset
    ]


def by_tarfile(data: bytes) -> list[Listed]:
    """The entries as the standard library reads them."""
    types = {b"1": "h", b"2": "l", b"3": "c", b"4": "b", b"5": "d", b"6": "p"}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errors="surrogateescape", encoding="utf-8") as tar:
        return [
            Listed(
                path=normal(info.name).strip("/"),
                type=types.get(info.type, "-"),
                content_bytes=info.size if info.isfile() else 0,
                mode=info.mode & 0o7777,
                owner=(info.uid, info.gid),
                mtime=int(info.mtime // 1),
                link=normal(info.linkname).strip("/") if info.islnk() else info.linkname if info.issym() else "",
            )
            for info in tar.getmembers()
        ]


def by_gnu_tar(data: bytes) -> list[Listed]:
    """The entries as GNU tar lists them."""
    assert GNU_TAR
    command = [GNU_TAR, "--list", "--verbose", "--full-time", "--numeric-owner", "--quoting-style=escape", "-f", "-"]
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, input=data, capture_output=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return list(parse_listing(done.stdout.splitlines()))


def parse_listing(lines: Iterable[bytes]) -> Iterable[Listed]:
    """The lines of ``tar --list --verbose --full-time --numeric-owner --quoting-style=escape``, in UTC."""
    for line in lines:
        found = _LINE.match(line)
        assert found is not None, line
        kind, name, link = found["type"].decode(), found["name"], b""
        if kind == "l":
            name, _, link = name.partition(b" -> ")
        elif kind == "h":
            name, _, link = name.partition(b" link to ")
        uid, _, gid = found["owner"].partition(b"/")
        moment = time.strptime(found["time"].decode(), "%Y-%m-%d %H:%M:%S")
        target = _text(link)
        yield Listed(
            path=normal(_text(name)).strip("/"),
            type=kind,
            content_bytes=int(found["size"]) if kind == "-" else 0,
            mode=_mode(found["mode"].decode()),
            owner=(int(uid), int(gid)),
            mtime=calendar.timegm(moment),
            link=normal(target).strip("/") if kind == "h" else target,
        )


def _text(escaped: bytes) -> str:
    def plain(match: re.Match[bytes]) -> bytes:
        octal, letter = match.groups()
        return bytes([int(octal, 8)]) if octal else _LETTERS.get(letter, letter)

    return _ESCAPE.sub(plain, escaped).decode("utf-8", "surrogateescape")


def _mode(letters: str) -> int:
    mode = 0
    for index, letter in enumerate(letters):
        special = letter in "sStT"
        if special:
            mode |= (0o4000, 0o2000, 0o1000)[index // 3]
        if letter != "-" and letter not in "ST":
            mode |= 0o400 >> index
    return mode


PEERS = [
    pytest.param(by_tarfile, id="tarfile"),
    pytest.param(by_gnu_tar, id="GNU tar", marks=pytest.mark.skipif(not GNU_TAR, reason="GNU tar is not installed")),
]
"""The other readers, as parameters of a test."""
