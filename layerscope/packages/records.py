"""What the catalogers of languages share: the records among the matches, bounded reading, and trees of versions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate, Kind
from layerscope.model.json_text import loads
from layerscope.model.pathset import PathSet
from layerscope.packages.cataloger import Evidence
from layerscope.packages.context import A_LINE

_LONGEST_WORD = 300
_MOST_LINES = 200_000


class Record(Struct, frozen=True, kw_only=True):
    """A file that tells of a package.

    ``layer`` is the lowest one that holds it with this content without a gap; ``removed_in`` is set where the
    path is not there any more.
    """

    number: int
    path: str
    layer: int
    removed_in: int | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def directory(self) -> str:
        """Where it lies; the empty string for the root."""
        return self.path.rpartition("/")[0]


def live_records(evidence: Evidence) -> Iterator[Record]:
    """The regular files and hardlinks among the matches that the final file system holds."""
    filesystem = evidence.filesystem
    fates, live = filesystem.fates, filesystem.live
    first: dict[str, int] = {}
    for number in evidence.matches:
        fate = fates[number]
        if fate == Fate.LIVE and filesystem.kinds[number] <= Kind.HARDLINK:
            path = filesystem.path_of(number)
            if live.get(path) == number:
                yield Record(number=number, path=path, layer=first.pop(path, filesystem.layer_of(number)))
        elif fate == Fate.COPIED_UP:
            first.setdefault(filesystem.path_of(number), filesystem.layer_of(number))
        else:
            first.pop(filesystem.path_of(number), None)


def removed_records(evidence: Evidence) -> Iterator[Record]:
    """The regular files among the matches that a layer deleted for good; of several at one path the last."""
    filesystem = evidence.filesystem
    found: dict[str, int] = {}
    for number in evidence.matches:
        if filesystem.fates[number] == Fate.DELETED and filesystem.kinds[number] <= Kind.HARDLINK:
            path = filesystem.path_of(number)
            if path not in filesystem.live:
                found[path] = number
    for path, number in found.items():
        version = filesystem.version(number)
        yield Record(number=number, path=path, layer=version.layer, removed_in=version.hidden_by)


def read_text(evidence: Evidence, record: Record, most_bytes: int) -> str | None:
    """A record as text, bytes that are no UTF-8 as surrogate escapes.

    None, and a warning, where it is longer than ``most_bytes`` or was not kept. Raises LimitExceeded where all the
    records of an image are too much to read.
    """
    length = evidence.filesystem.content_bytes(evidence.filesystem.carrier(record.number))
    if length > most_bytes:
        evidence.warn(
            f"{record.path}: {length:,} bytes are more than the {most_bytes:,} that are read of such a record"
        )
        return None
    data = evidence.context.read(record.number, 0, most_bytes)
    if data is None or len(data) < length:
        evidence.warn(f"{record.path}: its content was not kept")
        return None
    lines = data.count(b"\n")
    if lines > _MOST_LINES:
        evidence.warn(
            f"{record.path}: {lines:,} lines are more than the {_MOST_LINES:,} that are read of such a record"
        )
        return None
    evidence.context.spend(A_LINE * lines)
    return data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")


def read_object(evidence: Evidence, record: Record, most_bytes: int, *, bare: str = "") -> dict[str, Any] | None:
    """A record as a JSON object; None, and a warning, where it is none. A bare list becomes the value of ``bare``."""
    text = read_text(evidence, record, most_bytes)
    if text is None:
        return None
    try:
        document = loads(text)
    except (ValueError, RecursionError) as error:
        evidence.warn(f"{record.path}: not JSON: {error}")
        return None
    if bare and isinstance(document, list):
        return {bare: document}
    if not isinstance(document, dict):
        evidence.warn(f"{record.path}: a JSON {type(document).__name__} instead of an object")
        return None
    return document


def word(value: object) -> str:
    """A name or version as a record gives it: one line of at most 300 characters, empty for all but text."""
    if not isinstance(value, str):
        return ""
    return " ".join(value[: 4 * _LONGEST_WORD].split())[:_LONGEST_WORD]


def record_at(filesystem: Filesystem, path: str) -> Record | None:
    """The live regular file at a path, if there is one."""
    number = filesystem.live.get(path)
    if number is None or filesystem.kind_of(number) > Kind.HARDLINK:
        return None
    return Record(number=number, path=path, layer=filesystem.layer_of(number))


def hidden(filesystem: Filesystem, sets: Sequence[PathSet], removed_in: Sequence[int]) -> list[list[int]]:
    """For each set the versions that the layer at the same place of ``removed_in`` hid; one pass over all paths."""
    found = []
    for numbers, layer in zip(filesystem.select(sets) if sets else (), removed_in, strict=True):
        concealed = [number for number in numbers if filesystem.fates[number] != Fate.LIVE]
        found.append([number for number in concealed if filesystem.version(number).hidden_by == layer])
    return found


def hidden_in(filesystem: Filesystem, homes: Mapping[str, int], border: str) -> dict[str, list[int]]:
    """The versions that a layer hid together with the directory in which they lay.

    ``homes`` are directories and the layers that deleted them; a version belongs to the nearest one around it, and to
    none behind a directory named ``border``.
    """
    found: dict[str, list[int]] = {home: [] for home in homes}
    nearest: dict[str, str | None] = {"": None} | {home: home for home in homes}
    for layer in filesystem.layers if homes else ():
        numbers = filesystem.numbers(layer.index)
        fates = filesystem.fates[numbers.start : numbers.stop]
        for number, fate, path in zip(numbers, fates, layer.changeset.paths, strict=True):
            if fate in (Fate.LIVE, Fate.MARKER):
                continue
            home = _nearest(path.rpartition("/")[0], nearest, border)
            if home is not None and filesystem.version(number).hidden_by == homes[home]:
                found[home].append(number)
    return found


def _nearest(directory: str, known: dict[str, str | None], border: str) -> str | None:
    """The home around a directory; remembered for each directory on the way."""
    unknown = []
    while directory not in known and directory.rpartition("/")[2] != border:
        unknown.append(directory)
        directory = directory.rpartition("/")[0]
    home = known.get(directory)
    known.update(dict.fromkeys(unknown, home))
    return home


def within(path: str, directory: str) -> bool:
    """Whether a normal absolute path lies below a directory; the root is the empty string and holds everything."""
    return path.startswith(directory + "/")
