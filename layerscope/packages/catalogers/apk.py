"""Alpine packages: one file lists them all with their files (apk-tools, doc/apk-package.5 and src/database.c).

Lines are a letter, a colon and a value: ``P`` name, ``V`` version, ``A`` architecture, ``F`` a directory relative to
the root, ``R`` a file in the last one; ``D`` names what it depends on, ``p`` what it provides, ``i`` what it was
installed with. Other letters are attributes, which may also come before any ``F`` or ``R``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, text_of
from layerscope.packages.database import MOST_BYTES, NAMELESS, Database, Listed, Reader, related
from layerscope.packages.relations import Relations

_PATHS = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed", "/var/lib/apk/db/installed")
_FIELD = pattern(rb"^([PVADpi]):([^\n]*)", re.MULTILINE)
_VERSION = pattern(r"[=<>~]")


def _catalog(context: Context) -> Iterator[Claim]:
    database = Database(context, "apk", namespace="alpine")
    return database.claims((number, database.records(number, _parse)) for number in context.matches)


def _parse(raw: bytes) -> Listed:
    fields = {letter: text_of(value) for letter, value in _FIELD.findall(raw)}
    name, version = fields.get(b"P", ""), fields.get(b"V", "")
    if not name or not version:
        raise ValueError(NAMELESS)
    return Listed(
        name=name,
        version=version,
        arch=fields.get(b"A", ""),
        relations=_relations(fields),
        paths=partial(_paths, raw),
    )


def _relations(fields: Mapping[bytes, str]) -> Relations:
    """Words such as ``so:libc.so.1``, ``cmd:perl=5.38`` or ``python3~3.12``; ``!`` marks a conflict."""
    conditions = related(fields.get(b"i", "")).split()
    # A condition with a version is the package itself, the others say what else has to be there (docs, pyc).
    same = [word for word in conditions if "=" in word] or conditions
    return Relations(
        needs=_names(related(fields.get(b"D", "")).split()),
        provides=_names(related(fields.get(b"p", "")).split()),
        installed_with=_names(same),
    )


def _names(words: Iterable[str]) -> tuple[str, ...]:
    """The names without their versions; conflicts are left out."""
    return tuple(dict.fromkeys(_VERSION.split(word, maxsplit=1)[0] for word in words if not word.startswith("!")))


def _paths(raw: bytes, _: Reader) -> Iterator[str]:
    """The files of a record; a file before any directory lies in the root."""
    directory = ""
    for line in text_of(raw).split("\n"):
        if line.startswith("R:"):
            yield f"{directory}/{line[2:]}"
        elif line.startswith("F:"):
            directory = f"/{line[2:]}".rstrip("/")


APK = Cataloger(name="apk", wanted=Wanted(paths=PathSet(paths=_PATHS), head=MOST_BYTES), catalog=_catalog, is_os=True)
