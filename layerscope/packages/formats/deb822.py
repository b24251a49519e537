"""The control data of dpkg and opkg: stanzas of fields, and which packages they say are installed (deb-control(5))."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from layerscope.model.patterns import pattern
from layerscope.packages.database import text_of

_FIELD = pattern(rb"^(Package|Status|Version|Architecture):[ \t]*([^\n]*)", re.MULTILINE | re.IGNORECASE)
_CONFFILES = pattern(rb"^Conffiles:[^\n]*((?:\n [^\n]*)*)", re.MULTILINE | re.IGNORECASE)
_WITHOUT_FILES = frozenset({b"not-installed", b"config-files"})


class Stanza(NamedTuple):
    """One installed package; ``conffiles`` are absolute paths."""

    name: str
    arch: str
    version: str
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
        if not raw.strip():
            return None
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(raw)}
        # The third word is the state; records of removed packages, and of wishes, stay in the database.
        if fields.get(b"status", b"").split()[-1:] in ([state] for state in _WITHOUT_FILES):
            return None
        if not fields.get(b"package") or not fields.get(b"version"):
            self._warn(f"{where} names no package, or no version of it")
            return None
        name, arch, version = (text_of(fields.get(key, b"")) for key in (b"package", b"architecture", b"version"))
        return Stanza(name, arch, version, _conffiles(raw))


def _conffiles(raw: bytes) -> tuple[str, ...]:
    """Each line has a path, a digest and maybe ``obsolete``; the path may hold spaces."""
    match = _CONFFILES.search(raw)
    if match is None:
        return ()
    paths = (line.strip().removesuffix(" obsolete").rpartition(" ")[0] for line in text_of(match[1]).split("\n"))
    return tuple(path for path in paths if path.startswith("/"))
