"""Compares the files of a COPY with a builder image: which are the same, and at the path that they came from.

A file of equal content proves identity, not transport; so only layers that a COPY made, or may have made, are looked
at, and only equal content at the very path that the COPY takes it from counts as a match (docs/rules.md, "Evidence of
a stage"). Contents are compared by the fingerprints that the images were opened with, and only where lengths agree.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cached_property

from msgspec import Struct, field

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.groups import grouped_numbers
from layerscope.model.paths import is_at_or_below, is_licence

TINY = 32
"""Files below so many bytes are alike by chance."""
_GUESSED = 0.05
"""The part of a layer, by files and by bytes, that a guess of its source may leave open."""
_MOST_TWINS = 64
"""How many builder files of one length are compared with a file that is not where it should be."""

MapBack = Callable[[str], tuple[str, ...]]
"""From a path of the image to the paths in the builder that it may have been copied from, the likeliest first."""
MayBe = Callable[[str, str], bool]
"""Whether a wildcard of the COPY may have made a path of the image of one in the builder."""


class Verdict(IntEnum):
    """The result of comparing one file; a file without one was not found in the builder."""

    MATCHED = 1
    """The builder holds the same content at the path that the COPY takes it from."""
    SAME_CONTENT = 2
    """The builder holds the same content elsewhere, or where only a guess looks for it."""
    INCONCLUSIVE = 3
    """The same content, but something else explains it as well: see ``compare``."""


class Copied(Struct, frozen=True, kw_only=True):
    """A layer to compare: ``map_back`` where the COPY's source is known, else the ``destination`` to guess it from.

    Not ``certain``, the COPY may have read another stage or the build context.
    """

    layer: int
    map_back: MapBack | None = None
    may_be: MayBe | None = None
    destination: str = "/"
    certain: bool = True


class Comparison(Struct, frozen=True, kw_only=True):
    """The files that a builder image and the layers of an image have in common.

    ``verdicts`` and ``twins`` (versions of the builder) are by version number of the image. ``shared_layers`` of the
    lowest layers are the same in both: common ancestry, which proves nothing; the versions of the builder's own layers
    begin with ``own_from``. ``layers`` holds for each layer that was compared the bytes with each verdict; a layer is
    ``confirmed`` where most of its bytes match. ``differing`` are versions of the builder that lie where the COPY takes
    a file from, but hold other content.
    """

    filesystem: Filesystem
    shared_layers: int
    own_from: int
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    twins: dict[int, int] = field(default_factory=dict)
    layers: dict[int, Counter[Verdict]] = field(default_factory=dict)
    confirmed: frozenset[int] = frozenset()
    differing: frozenset[int] = frozenset()

    def bytes_of(self, verdict: Verdict) -> int:
        """The bytes with a verdict, over all layers."""
        return sum(found[verdict] for found in self.layers.values())


def compare(
    filesystem: Filesystem,
    base_layers: int,
    builder: Filesystem,
    shared: int,
    copied: Sequence[Copied],
    context: Sequence[int] = (),
) -> Comparison:
    """Compare the files of some layers, live and hidden ones, with the final file system of a builder image.

    ``shared`` is how many lowest layers both stand on, ``base_layers`` how many the image's own base has, ``context``
    the layers of the builder that may hold the build context. Files that the base has too, tiny
    files and licences prove nothing; and where it is not certain that the COPY read this builder, neither do files that
    the builder has from the context, nor a layer of which much lies elsewhere.
    """
    work = _Work(filesystem, base_layers, builder, shared, context)
    found: dict[int, Counter[Verdict]] = {}
    confirmed = set()
    for one in copied:
        found[one.layer] = work.take(one)
        if (one.map_back is None or not one.certain) and not work.bears_out(one.layer):
            found[one.layer] = work.withdraw(one.layer)
        if 2 * found[one.layer][Verdict.MATCHED] > filesystem.layers[one.layer].content_bytes:
            confirmed.add(one.layer)
    return Comparison(
        filesystem=builder,
        shared_layers=shared,
        own_from=work.own_from,
        verdicts=work.verdicts,
        twins=work.twins,
        layers=found,
        confirmed=frozenset(confirmed),
        differing=frozenset(work.differing),
    )


def same_content(one: Filesystem, number: int, other: Filesystem, twin: int) -> bool:
    """Whether two files have the same length and the same fingerprint."""
    if one.content_bytes(number) != other.content_bytes(twin):
        return False
    digest = one.fingerprint(number)
    return digest is not None and digest == other.fingerprint(twin)


class _Work:
    """The builder's files by path and by length, and the results so far."""

    def __init__(
        self, filesystem: Filesystem, base_layers: int, builder: Filesystem, shared: int, context: Sequence[int]
    ) -> None:
        self.verdicts: dict[int, Verdict] = {}
        self.twins: dict[int, int] = {}
        self.differing: set[int] = set()
        self._filesystem = filesystem
        self._builder = builder
        self.own_from = builder.numbers(shared).start if shared < len(builder.layers) else len(builder)
        own = (number for number in builder.live_numbers() if number >= self.own_from)
        self._by_length = _files_by_length(builder, own)
        self._context_layers = context
        self._context_digests: dict[int, frozenset[bytes | None]] = {}
        # Of several layers the topmost counts.
        self._base_paths = {
            path: number for layer in range(base_layers) for number, path, _ in _files(filesystem, layer)
        }
        self._digests: dict[int, bytes | None] = {}

    def take(self, copied: Copied) -> "Counter[Verdict]":
        """Compare one layer."""
        map_back = copied.map_back or self._guess(list(self._as_copied(copied)), copied.destination)
        found: Counter[Verdict] = Counter()
        for number, path, length in self._as_copied(copied):
            sources = map_back(path) if map_back else ()
            if copied.may_be is not None:
                places = map(self._builder.path_of, self._by_length.get(length, ())[:_MOST_TWINS])
                sources += tuple(place for place in places if copied.may_be(path, place))
            verdict = self._judge(number, path, length, sources)
            if verdict == Verdict.MATCHED and not copied.certain and self._in_context(number, length):
                verdict = Verdict.INCONCLUSIVE
            if verdict is not None:
                self.verdicts[number] = verdict
                found[verdict] += length
        return found

    def bears_out(self, layer: int) -> bool:
        """Whether nearly all of a layer is where a guess expects it; files of many images (git hooks) are not enough.

        Empty files say nothing either way.
        """
        counts, sums = Counter[bool](), Counter[bool]()
        for number, _, length in _files(self._filesystem, layer):
            if length:
                there = self.verdicts.get(number) in (Verdict.MATCHED, Verdict.INCONCLUSIVE)
                counts[there] += 1
                sums[there] += length
        return all(one[False] <= _GUESSED * one.total() for one in (counts, sums))

    def withdraw(self, layer: int) -> "Counter[Verdict]":
        """Turn matches by a guess that most of the layer does not bear out into same content."""
        found: Counter[Verdict] = Counter()
        for number in self._filesystem.numbers(layer):
            verdict = self.verdicts.get(number)
            if verdict == Verdict.MATCHED:
                verdict = self.verdicts[number] = Verdict.SAME_CONTENT
            if verdict is not None:
                found[verdict] += self._filesystem.content_bytes(number)
        return found

    @cached_property
    def _context(self) -> Mapping[int, Sequence[int]]:
        """The builder's files that may be of the build context; those of a certain COPY are not compared with them."""
        layers, builder = self._context_layers, self._builder
        return _files_by_length(builder, (number for layer in layers for number in builder.numbers(layer)))

    def _in_context(self, number: int, length: int) -> bool:
        """Whether the builder got the same content from the build context, wherever a RUN has put it since."""
        if length not in self._context_digests:
            alike = self._context.get(length, ())
            self._context_digests[length] = frozenset(map(self._builder.fingerprint, alike))
        return self._filesystem.fingerprint(number) in self._context_digests[length]

    def _as_copied(self, copied: Copied) -> Iterator[tuple[int, str, int]]:
        """A layer's files by the paths that the COPY gave them, where its destination is, or lies below, a symlink."""
        place = self._filesystem.resolve(copied.destination)
        real = self._filesystem.path_of(place) if place is not None else copied.destination
        for number, path, length in _files(self._filesystem, copied.layer):
            if real != copied.destination and is_at_or_below(path, real):
                path = copied.destination + path.removeprefix(real.rstrip("/"))
            yield number, path, length

    def _judge(self, number: int, path: str, length: int, sources: Sequence[str]) -> Verdict | None:
        builder = self._builder
        for source in sources:
            twin = builder.live.get(source)
            if twin is None:
                twin = builder.resolve(source)
            if twin is None:
                continue
            twin = builder.carrier(twin)
            if builder.kind_of(twin) != Kind.FILE:
                continue
            if not self._equal(number, twin, length):
                self.differing.add(twin)
                continue
            if twin >= self.own_from:
                self.twins[number] = twin
            return Verdict.INCONCLUSIVE if self._proves_nothing(number, length, twin) else Verdict.MATCHED
        if length < TINY or is_licence(path):
            return None
        for twin in self._by_length.get(length, ())[:_MOST_TWINS]:
            if self._equal(number, twin, length):
                self.twins[number] = twin
                return Verdict.SAME_CONTENT
        return None

    def _proves_nothing(self, number: int, length: int, twin: int) -> bool:
        path = self._filesystem.path_in_layer(number)
        if length < TINY or twin < self.own_from or is_licence(path):
            return True
        lower = self._base_paths.get(path)
        return lower is not None and same_content(self._filesystem, number, self._filesystem, lower)

    def _equal(self, number: int, twin: int, length: int) -> bool:
        if self._builder.content_bytes(twin) != length:
            return False
        if not length:
            return True
        digest = self._filesystem.fingerprint(number)
        if twin not in self._digests:
            self._digests[twin] = self._builder.fingerprint(twin)
        return digest is not None and digest == self._digests[twin]

    def _guess(self, files: Sequence[tuple[int, str, int]], destination: str) -> MapBack | None:
        """The directory of the builder under which most files of a layer have the paths of the destination."""
        prefix = destination.rstrip("/")
        names = {path.rpartition("/")[2] for _, path, _ in files}
        places: dict[tuple[str, int], list[str]] = {}
        for length, numbers in self._by_length.items():
            for number in numbers:
                path = self._builder.path_of(number)
                name = path.rpartition("/")[2]
                if name in names:
                    places.setdefault((name, length), []).append(path)
        votes: Counter[str] = Counter()
        for _, path, length in files:
            rest = path.removeprefix(prefix) if path.startswith(prefix + "/") else path
            for place in places.get((path.rpartition("/")[2], length), ())[:_MOST_TWINS]:
                if place.endswith(rest):
                    votes[place[: len(place) - len(rest)]] += 1
        if not votes:
            return None
        # Of equal guesses the same path is the likeliest.
        source = max(votes, key=lambda place: (votes[place], place == prefix, place))
        return lambda path: (source + path.removeprefix(prefix) if path.startswith(prefix + "/") else source + path,)


def _files_by_length(builder: Filesystem, numbers: Iterable[int]) -> Mapping[int, Sequence[int]]:
    """The regular files among some versions of the builder, by their length."""
    kinds, sizes, file = builder.kinds, builder.sizes, Kind.FILE.value
    return grouped_numbers((sizes[number], number) for number in numbers if kinds[number] == file)


def _files(filesystem: Filesystem, layer: int) -> Iterator[tuple[int, str, int]]:
    """The regular files of a layer: version, path and length."""
    changeset, start = filesystem.layers[layer].changeset, filesystem.numbers(layer).start
    kinds, sizes = changeset.kinds, changeset.sizes
    for index, path in enumerate(changeset.paths):
        if kinds[index] == Kind.FILE:
            yield start + index, path, sizes[index]
