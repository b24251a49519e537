"""How much of each file the one pass over a layer is to keep."""

import re
from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

from layerscope.model.changeset import Changeset
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits
from layerscope.model.pathset import RangeReader, Selector, Wanted
from layerscope.model.patterns import pattern

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""The byte order marks of texts in UTF-16, as Windows writes them."""


def holds(content: bytes, expression: re.Pattern[bytes]) -> bool:
    """Whether an expression is found in a text; what has a NUL byte is none, which is seen much faster.

    Only in UTF-16 every other byte is one, beside each character of ASCII.
    """
    if b"\0" in content:
        content = content.replace(b"\0", b"") if content.startswith(_UTF_16) else b""
    return expression.search(content) is not None


class Text(NamedTuple):
    """What a small file has to hold to be kept as a whole; see Wanted."""

    most_bytes: int
    beginning: bytes
    holding: re.Pattern[bytes] | None
    without: re.Pattern[str] | None

    def fits(self, content: bytes | bytearray | memoryview) -> bool:
        """Whether a file of this content is one."""
        if self.beginning and content[: len(self.beginning)] != self.beginning:
            return False
        return self.holding is None or holds(bytes(content), self.holding)


class Share(NamedTuple):
    """Bytes to keep from the head and from the tail of a file, and who reads ranges of it besides.

    A file that fits one of ``texts`` is kept as a whole.
    """

    head: int = 0
    tail: int = 0
    texts: tuple[Text, ...] = ()
    readers: tuple[RangeReader, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether nothing is kept of the file but for what it holds."""
        return not (self.head or self.tail or self.readers)

    def fits(self, content: bytes | bytearray | memoryview) -> bool:
        """Whether the whole file is kept for what it holds."""
        return any(text.fits(content) for text in self.texts)


_NONE = Share()
NO_ROOM = "there was no room to put them aside as a whole"
"""Why nobody looked at ranges of a file; one that is longer than the limit is left out in a plain layer, too."""
TOO_MUCH = "what is asked for of those before them in the layer takes all of --limit captured_bytes"
_CHAIN = 8
"""So many hardlinks to hardlinks are followed; tools that write layers link to the file itself."""


class Quota:
    """The bytes of one layer's files that may be asked for by their names, in the order of the tar."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.captured_bytes

    def allows(self, share: Share, length: int) -> bool:
        """Whether a file's share is within the limit, and counts then; what is not does not count."""
        asked = min(length, share.head + share.tail)
        if asked > self._left:
            return False
        self._left -= asked
        return True


class Planner:
    """What to keep of each file, by its path, length and mode."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._wanted = wanted
        self._selector = Selector([want.paths for want in wanted])
        texts = [want for want in wanted if want.small]
        self._small = max((want.small for want in texts), default=0)
        self._least = min((want.small for want in texts), default=0)
        # Two rules may ask for the same texts, which are searched once.
        asked = dict.fromkeys((want.small, want.beginning, want.holding, want.without) for want in texts)
        self._texts = [
            Text(small, beginning, pattern(holding) if holding else None, pattern(without) if without else None)
            for small, beginning, holding, without in asked
        ]
        self._texts_in: dict[str, Share] = {}
        executables = [want for want in wanted if want.executables]
        self._executable_from = min((want.executables for want in executables), default=0)
        self._executable = Share(
            max((want.head for want in executables), default=0),
            max((want.tail for want in executables), default=0),
            readers=tuple(want.ranges for want in executables if want.ranges is not None),
        )

    def __call__(self, path: str, length: int, mode: int, also: tuple[int, ...] = ()) -> Share | None:
        """What to keep of one file, for which ``also`` asks by another name; None for nothing."""
        return self.share(self._selector(path) + also, path.rpartition("/")[0], length, mode)

    def named(self, paths: Sequence[str], directories: Sequence[str]) -> list[tuple[int, ...]]:
        """For each path what is asked for by it, for ``share``."""
        return self._selector.scan(paths, directories)

    def second_names(self, changeset: Changeset) -> dict[int, tuple[int, ...]]:
        """By index of a file what is asked for by the paths of its hardlinks in the same layer, for ``share``."""
        links = [index for index in changeset.links if changeset.kinds[index] == Kind.HARDLINK]
        paths, directories = changeset.paths, changeset.directories
        named = self.named([paths[index] for index in links], [directories[index] for index in links])
        targets = {paths[index]: changeset.links[index] for index in links} if any(named) else {}
        wanted: dict[str, set[int]] = {}
        for index, numbers in compress(zip(links, named, strict=True), named):
            target = changeset.links[index]
            for _ in range(_CHAIN):
                target = targets.get(target, target)
            wanted.setdefault(target, set()).update(numbers)  # A file may have 100,000 names, wanted alike.
        if not wanted:
            return {}
        return {index: tuple(wanted[path]) for index, path in enumerate(paths) if path in wanted}

    def too_much(self, changeset: Changeset, limits: Limits) -> frozenset[int]:
        """The files for which the quota has nothing left, as a layer finds them that is read as a stream."""
        if changeset.content_bytes <= limits.captured_bytes:
            return frozenset()
        quota, found = Quota(limits), list[int]()
        named = self.named(changeset.paths, changeset.directories)
        for index, size in enumerate(changeset.sizes):
            if size and changeset.kinds[index] == Kind.FILE and index not in changeset.sparse:
                share = self.share(named[index], changeset.directories[index], size, changeset.ownerships[index][0])
                if share is not None and not quota.allows(share, size):
                    found.append(index)
        return frozenset(found)

    def share(self, named: tuple[int, ...], directory: str, length: int, mode: int) -> Share | None:
        """What to keep of a file in ``directory`` of which ``named`` are asked for by path; None for nothing."""
        is_executable = mode & 0o111 and self._executable_from and length >= self._executable_from
        if not named and not is_executable:  # As nearly all are.
            share = self._held(directory, length) if length <= self._small else _NONE
            return share if share.texts else None
        found = self._executable if is_executable else _NONE
        for want in map(self._wanted.__getitem__, named):
            readers = found.readers
            if want.ranges is not None and want.ranges not in readers:
                readers += (want.ranges,)
            found = Share(max(found.head, want.head), max(found.tail, want.tail), readers=readers)
        if found.head < length <= self._small:
            found = found._replace(texts=self._held(directory, length).texts)
        return found if found != _NONE else None

    def _held(self, directory: str, length: int) -> Share:
        """The texts for a file of that length in a directory."""
        share = self._texts_in.get(directory)
        if share is None:
            inside = f"{directory}/"
            texts = tuple(one for one in self._texts if one.without is None or not one.without.search(inside))
            share = self._texts_in[directory] = Share(texts=texts)
        if length <= self._least:
            return share
        return Share(texts=tuple(one for one in share.texts if length <= one.most_bytes))


def not_looked_at(where: str, paths: Sequence[str], reason: str) -> str:
    """The warning about files of a layer that nobody looked at."""
    return f"{where}: {len(paths):,} files were not looked at, since {reason}: {', '.join(paths[:3])}"


class Plans:
    """The plan by which plain layers give contents: one for all layers of a run, made when something is first read."""

    def __init__(self) -> None:
        self._made: tuple[tuple[Wanted, ...], Planner] | None = None

    def of(self, wanted: tuple[Wanted, ...]) -> Planner:
        """The plan for these wishes."""
        if self._made is None or self._made[0] is not wanted:
            self._made = wanted, Planner(wanted)
        return self._made[1]


def given_range(start: int, length: int | None, whole: int, head: int, tail: int) -> tuple[int, int] | None:
    """What is given of a file of ``whole`` bytes, of whose head and tail so many are at hand; None for nothing.

    All that was asked for; without ``length``, as much of it from ``start`` on as the head has.
    """
    end = whole if length is None else min(start + length, whole)
    if start >= end:
        return start, start
    if end <= head or start >= whole - tail or whole - tail <= head:
        return start, end
    return (start, head) if length is None and start < head else None
