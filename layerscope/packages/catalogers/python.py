"""Python distributions: dist-info directories, egg-info files and directories, eggs.

Sources: packaging.python.org, "Recording installed projects" and "Direct URL"; PEP 376; setuptools, "The Internal
Structure of Python Eggs".
"""

from collections.abc import Iterable, Iterator, Sequence
from posixpath import basename, normpath
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate
from layerscope.model.limits import KIB, MIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Record, within, word

_MOST_RECORD = 8 * MIB
_MOST_HEADERS = 16 * KIB
_MOST_CELL = 100_000
_DIST, _EGG, _LINK = ".dist-info", ".egg-info", ".egg-link"
_SITES = ("site-packages", "dist-packages")


class _Distribution(Struct, frozen=True, kw_only=True):
    """A distribution and the live versions that are its own."""

    record: Record
    name: str
    version: str
    versions: tuple[int, ...] = ()

    @property
    def info(self) -> str:
        """The directory (or the file) of its metadata."""
        return _info(self.record)

    @property
    def site(self) -> str:
        """The directory of its modules."""
        return _info(self.record).rpartition("/")[0]


def _info(record: Record) -> str:
    return record.path if record.name.endswith(_EGG) else record.directory


def _catalog(context: Context) -> Iterator[Claim]:
    found = []
    named = ((record.name, record.directory) for record in context.live_records())
    links = {name for name, directory in named if name.endswith(_LINK) and directory.endswith(_SITES)}
    for record in _metadata(context.live_records()):
        distribution = _described(context, record, links)
        if distribution is not None:
            found.append(replace(distribution, versions=tuple(dict.fromkeys(_owned(context, distribution)))))
    parents = _parents(found)
    found.reverse()
    while found:  # Each is let go of, so that they and their claims are never in memory together.
        distribution = found.pop()
        parent = parents.get(distribution.record.number, "")
        yield _claim(distribution, parent=parent, versions=() if parent else distribution.versions)
    yield from _removed(context)


def _claim(distribution: _Distribution, *, parent: str = "", versions: tuple[int, ...]) -> Claim:
    return Claim.of(distribution.record, "pypi", distribution.name, distribution.version, versions, parent=parent)


def _metadata(found: Iterable[Record]) -> Iterator[Record]:
    """The records that each describe one distribution."""
    for record in found:
        directory = basename(record.directory)
        if (
            (record.name == "METADATA" and directory.endswith(_DIST))
            or (record.name == "PKG-INFO" and (directory.endswith(_EGG) or directory == "EGG-INFO"))
            or (record.name.endswith(_EGG) and directory in _SITES)
        ):
            yield record


def _described(context: Context, record: Record, links: set[str]) -> _Distribution | None:
    """A distribution by its core metadata; by the name of its directory where that cannot be read.

    ``links`` are the names of the ``.egg-link`` files that ``setup.py develop`` left in site directories.
    """
    info = _info(record)
    site = info.rpartition("/")[0]
    if basename(info).endswith(_EGG) and not _is_installed(context.filesystem, info, site, links):
        return None
    data = context.read(record.number, 0, _MOST_HEADERS) or b""
    headers: dict[str, str] = {}
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        if not line:
            break
        key, colon, value = line.partition(":")
        if colon and key.lower() in ("name", "version"):
            headers.setdefault(key.lower(), word(value))
    label = basename(site if basename(info) == "EGG-INFO" else info)
    guess = [*label.removesuffix(_DIST).removesuffix(_EGG).removesuffix(".egg").split("-"), ""]
    if not headers.get("name") or not headers.get("version"):
        context.warn(f"{record.path}: it names no {'version' if headers.get('name') else 'name'}")
    name, version = headers.get("name") or word(guess[0]), headers.get("version") or word(guess[1])
    return _Distribution(record=record, name=name, version=version) if name else None


def _is_installed(filesystem: Filesystem, info: str, site: str, links: set[str]) -> bool:
    """Whether an egg-info is that of an installation; a source tree that was built once has one too."""
    if basename(site) in _SITES or f"{info}/installed-files.txt" in filesystem.live:
        return True
    link = basename(info).removesuffix(_EGG).replace("_", "-") + _LINK
    return link in links and any(f"{site}/{name}" in filesystem.live for name in ("setup.py", "setup.cfg"))


def _owned(context: Context, one: _Distribution) -> Sequence[int]:
    """Live versions by the distribution's own list of files, else by its modules."""
    if basename(one.info) == "EGG-INFO":
        return context.in_tree(one.site)
    for name, base in (("RECORD", one.site), ("installed-files.txt", one.info)):
        listing = context.record_at(f"{one.info}/{name}")
        text = context.read_text(listing.number, _MOST_RECORD) if listing is not None else None
        if listing is not None and text is not None:
            paths, foreign = _paths(context, listing, text, one.site, base)
            if foreign:
                context.warn(
                    f"{listing.path}: paths outside of the environment, not counted as {one.name}'s: {foreign:,}"
                )
            return [*context.locator.find_all(paths), *_editable(context, one)]
    return _by_modules(context, one, one.site) + _editable(context, one)


def _paths(context: Context, listing: Record, text: str, site: str, base: str) -> tuple[list[str], int]:
    """The listed paths that may be the distribution's own, and how many others there are outside of its environment."""
    prefix, live, paths, foreign = _prefix(site), context.filesystem.live, [], 0
    lines = text.splitlines()
    rows = lines if listing.name != "RECORD" else _first_cells(context, listing, text, lines)
    if rows is None:
        return [], 0
    odd = any(mark in text for mark in ("..", "//", '"'))  # Where a quote ends within a cell, it may join two dots.
    for row in rows:
        if not (odd and (".." in row or "//" in row)) and not row.startswith(("/", "./")):
            paths.append(f"{base}/{row}")
        else:
            path = normpath(row if row.startswith("/") else f"{base}/{row}")
            # pip --target moves bin and share next to the modules, and leaves the list as it was.
            moved = normpath(f"{site}/{row[6:]}") if prefix == site and row.startswith("../../") else ""
            own = next((one for one in (path, moved) if within(one, prefix)), "")
            if own:
                paths.append(own)
            foreign += not own and path in live
    return paths, foreign


def _first_cells(context: Context, listing: Record, text: str, lines: list[str]) -> list[str] | None:
    """The first cell of each row of a ``RECORD``; None, and a warning, where it is not CSV."""
    if '"' not in text and max(map(len, lines), default=0) <= _MOST_CELL:
        # Hardly any list has a quoted cell, and then a row is what its commas say.
        return [line.partition(",")[0] for line in lines if line]
    import csv

    try:
        return [row[0] for row in csv.reader(lines) if row]
    except csv.Error as error:
        context.warn(f"{listing.path}: not a list of files: {error}")
        return None


def _prefix(site: str) -> str:
    """The directory above ``lib/pythonX.Y``; the site directory itself where it is in none, or in the root's own."""
    for library in ("/lib/py", "/lib64/py"):
        above, found, _ = site.rpartition(library)
        if found and above:
            return above
    return site


def _by_modules(context: Context, one: _Distribution, site: str, *, packages_only: bool = False) -> list[int]:
    """The info itself, and the modules of ``top_level.txt``, or the one with the distribution's name."""
    filesystem = context.filesystem
    own = [one.record.number, *context.in_tree(one.info)] if not packages_only else []
    listing = context.record_at(f"{one.info}/top_level.txt")
    text = context.read_text(listing.number, MIB) if listing is not None else None
    names = text.split() if text else [one.name.replace("-", "_"), one.name.replace("-", "_").lower()]
    for name in dict.fromkeys(names[:1000]):
        if not name or name.startswith("."):
            continue
        path = f"{site}/{name}"
        if not packages_only or f"{path}/__init__.py" in filesystem.live:
            own += context.in_tree(path)
        module = context.record_at(f"{path}.py")
        own += [module.number] if module is not None else []
    return own


def _editable(context: Context, one: _Distribution) -> list[int]:
    """The packages in the source tree of an editable installation (PEP 610)."""
    record = context.record_at(f"{one.info}/direct_url.json")
    if record is None:
        return []
    document = context.read_object(record.number, MIB)
    url, directory = document.get("url"), document.get("dir_info")
    if not isinstance(directory, dict) or directory.get("editable") is not True:
        return []
    if not isinstance(url, str) or not url.startswith("file:///"):
        context.warn(f"{record.path}: an editable installation without the place of its source")
        return []
    source = normpath(unquote(url[7:])).rstrip("/")
    return [
        number for place in (source, f"{source}/src") for number in _by_modules(context, one, place, packages_only=True)
    ]


def _parents(found: list[_Distribution]) -> dict[int, str]:
    """Which distribution lies within another's files: setuptools and pip carry copies of what they need."""
    records = {one.record.number for one in found}
    return {number: one.name for one in found for number in records.intersection(one.versions) - {one.record.number}}


def _removed(context: Context) -> Iterator[Claim]:
    """Distributions that a later layer deleted, with the versions of their lists that it hid."""
    gone = {record.path: record for record in context.removed_records()}
    distributions, sets = [], []
    for record in _metadata(gone.values()):
        listing = gone.get(f"{record.directory}/RECORD")
        one = _described(context, record, set()) if listing is not None else None
        text = context.read_text(listing.number, _MOST_RECORD) if listing is not None and one is not None else None
        if listing is not None and one is not None and text is not None:
            paths, _ = _paths(context, listing, text, one.site, one.site)
            distributions.append(one)
            sets.append(PathSet(paths=tuple(dict.fromkeys(paths))))
    layers = [one.record.removed_in or 0 for one in distributions]
    for one, numbers in zip(distributions, _hidden(context.filesystem, sets, layers), strict=True):
        yield _claim(one, versions=tuple(numbers))


def _hidden(filesystem: Filesystem, sets: Sequence[PathSet], removed_in: Sequence[int]) -> list[list[int]]:
    """For each set the versions that the layer at the same place of ``removed_in`` hid; one pass over all paths."""
    fates, hidden_by = filesystem.fates, filesystem.hidden_by
    return [
        [number for number in numbers if fates[number] != Fate.LIVE and hidden_by[number] == layer]
        for numbers, layer in zip(filesystem.select(sets) if sets else (), removed_in, strict=True)
    ]


PYTHON = Cataloger(
    name="pypi",
    wanted=Wanted(
        paths=PathSet(
            names=("METADATA", "PKG-INFO", "RECORD", "installed-files.txt", "top_level.txt", "direct_url.json"),
            suffixes=(_EGG, _LINK),
        ),
        head=_MOST_RECORD,
    ),
    catalog=_catalog,
)
