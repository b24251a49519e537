"""The control data of dpkg and opkg: stanzas of fields, and which packages they say are installed (deb-control(5))."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_FIELD = re.compile(rb"^(Package|Status|Version|Architecture):[ \t]*([^\n]*)", re.MULTILINE | re.IGNORECASE)
_CONFFILES = re.compile(rb"^Conffiles:[^\n]*((?:\n [^\n]*)*)", re.MULTILINE | re.IGNORECASE)
_WITHOUT_FILES = frozenset({b"not-installed", b"config-files"})


class Identity(NamedTuple):
    """What tells packages of one database apart."""

    name: str
    arch: str
    version: str


class Stanza(NamedTuple):
    """One installed package; ``conffiles`` are absolute paths."""

    identity: Identity
    conffiles: tuple[str, ...]


class Control:
    """Reads status files; a stanza that many layers repeat is parsed once."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._known: dict[bytes, Stanza | None] = {}

    def installed(self, data: bytes, where: str) -> Iterator[Stanza]:
        """The packages that have files on the disk; ``where`` names the file in warnings."""
        known = self._known
        for number, raw in enumerate(data.split(b"\n\n")):
            if raw not in known:
                known[raw] = self._parse(raw, f"{where}: record {number}")
            stanza = known[raw]
            if stanza is not None:
                yield stanza

    def _parse(self, raw: bytes, where: str) -> Stanza | None:
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(raw)}
        if not fields and not raw.strip():
            return None
        # The third word is the state; records of removed packages, and of wishes, stay in the database.
        state = fields.get(b"status", b"install ok installed").split()[-1:]
        if state and state[0] in _WITHOUT_FILES:
            return None
        if not fields.get(b"package") or not fields.get(b"version"):
            self._warn(f"{where} names no package, or no version of it")
            return None
        name, arch, version = (_text(fields.get(key, b"")) for key in (b"package", b"architecture", b"version"))
        return Stanza(Identity(name, arch, version), _conffiles(raw))


def lines(data: bytes) -> list[str]:
    """The lines of a list of paths; bytes that are no UTF-8 are surrogate escapes."""
    return _text(data).split("\n")


def _conffiles(raw: bytes) -> tuple[str, ...]:
    """Each line has a path, a digest and maybe ``obsolete``; the path may hold spaces."""
    match = _CONFFILES.search(raw)
    if match is None:
        return ()
    paths = (line.strip().removesuffix(" obsolete").rpartition(" ")[0] for line in _text(match[1]).split("\n"))
    return tuple(path for path in paths if path.startswith("/"))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
