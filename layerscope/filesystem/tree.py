"""The file system of an image: every version that any layer holds, and the tree that is left at the end.

A *version* is a path as one layer holds it; versions are numbered through all layers, lowest layer first. Its *fate* is
to be live, which means part of the final file system, or to be hidden by an upper layer: deleted, overwritten, or
copied up with other metadata. The bytes of a hardlink are those of its *carrier*, the version that it links to.
"""

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, compress, groupby

from msgspec.structs import replace

from layerscope.filesystem.overlay import overlay
from layerscope.filesystem.path_layers import PathLayers
from layerscope.filesystem.version import Version
from layerscope.model.entry import IS_ENTRY, IS_LIVE, Fate, Kind, both
from layerscope.model.image import Image, Layer
from layerscope.model.paths import follow
from layerscope.model.pathset import PathSet, Selector

BLOCK = 4096
_LINKS = (Kind.HARDLINK.value, Kind.SYMLINK.value)
_IS_FILE = bytes(kind == Kind.FILE for kind in range(256))


class Filesystem:
    """All versions of all layers by number, and the tree that is left at the end.

    Columns hold a value for each version: ``paths``, ``directories`` (empty for what lies in the root), ``kinds``,
    ``sizes``, ``fates``, and ``hidden_by``, the layer that hides it, -1 for a live one. ``live`` maps each path of the
    final file system to its version, in no particular order. None of them is to be changed.

    A carrier whose own name is gone, but which a live hardlink keeps alive, counts as live, and its path is the name
    under which it lives.

    ``redirected`` are the versions that lie elsewhere than their layer says, since a symlink of a lower layer led
    there. Engines do not agree on these: where each layer is extracted by itself (overlay), a directory hides the link.
    ``same_length`` are pairs of a hidden file and the file of equal length that replaced it.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._overlay = merged = overlay([layer.changeset for layer in layers])
        self._changesets = merged.changesets
        # A changeset with redirected versions is another one than the layer's: it has their paths in the final tree.
        self.layers = tuple(
            layer if layer.changeset is changeset else replace(layer, changeset=changeset)
            for layer, changeset in zip(layers, self._changesets, strict=True)
        )
        self.paths: list[str] = list(chain.from_iterable(one.paths for one in self._changesets))
        self.directories: list[str] = list(chain.from_iterable(one.directories for one in self._changesets))
        self.kinds = bytearray().join(changeset.kinds for changeset in self._changesets)
        self.sizes = array("q")
        for changeset in self._changesets:
            self.sizes.extend(changeset.sizes)
        self.fates, self.hidden_by = merged.fates, merged.hidden_by
        self.live, self.redirected, self.same_length = merged.live, merged.redirected, merged.same_length
        for carrier, link in merged.survivors.items():
            self.paths[carrier], self.directories[carrier] = self.paths[link], self.directories[link]
        self._selected: dict[PathSet, tuple[int, ...]] = {}
        self._mark_copied_up()

    def __len__(self) -> int:
        return len(self.fates)

    def live_numbers(self) -> Iterator[int]:
        """The live versions, lowest layer first; a carrier that only a hardlink keeps alive is one of them."""
        return compress(range(len(self)), self.fates.translate(IS_LIVE))

    def numbers(self, layer: int) -> range:
        """The numbers of one layer's versions."""
        return range(self._overlay.starts[layer], self._overlay.starts[layer + 1])

    def live_files(self) -> bytes:
        """For each version 1 where it is a live regular file, for ``itertools.compress``."""
        return both(self.kinds.translate(_IS_FILE), self.fates.translate(IS_LIVE))

    def hidden_bytes(self, layer: int) -> int:
        """The bytes of one layer that are hidden in the end."""
        numbers = self.numbers(layer)
        fates = self.fates[numbers.start : numbers.stop]
        return sum(compress(self._changesets[layer].sizes, fates))

    def layer_of(self, number: int) -> int:
        return self._overlay.layer_of(number)

    def place(self, number: int) -> tuple[int, int]:
        """A version's layer, and its index among the entries there."""
        layer = self._overlay.layer_of(number)
        return layer, number - self._overlay.starts[layer]

    def path_of(self, number: int) -> str:
        """The path of a version: its own, or that of the hardlink that keeps it alive."""
        return self.paths[number]

    def path_in_layer(self, number: int) -> str:
        """The path of a version in its own layer, also where only a hardlink of another name keeps it alive."""
        layer, index = self.place(number)
        return self._changesets[layer].paths[index]

    def kind_of(self, number: int) -> Kind:
        return Kind(self.kinds[number])

    def content_bytes(self, number: int) -> int:
        return self.sizes[number]

    def version(self, number: int) -> Version:
        """Return one version as a value."""
        layer, index = self.place(number)
        changeset = self._changesets[layer]
        mode, uid, gid = changeset.ownerships[index]
        return Version(
            number=number,
            layer=layer,
            path=self.paths[number],
            kind=Kind(self.kinds[number]),
            content_bytes=self.sizes[number],
            mode=mode,
            uid=uid,
            gid=gid,
            mtime=changeset.mtimes[index],
            link=changeset.links.get(index, ""),
            fate=Fate(self.fates[number]),
            hidden_by=self.hidden_by[number],
        )

    @property
    def broken_hardlinks(self) -> tuple[int, ...]:
        """The hardlinks that lead nowhere or into a circle, lowest layer first: no layer has their content."""
        return self._overlay.broken

    def marked(self, image: Image) -> Image:
        """The image of these layers, where those with broken hardlinks are marked as incomplete."""
        counts = Counter(map(self.layer_of, self.broken_hardlinks))
        layers = list(image.layers)
        for index, count in counts.items():
            broken = "1 broken hardlink" if count == 1 else f"{count:,} broken hardlinks"
            layers[index] = replace(layers[index], partial="; ".join(filter(None, (layers[index].partial, broken))))
        return replace(image, layers=tuple(layers))

    @property
    def carriers(self) -> Mapping[int, int]:
        """The version that carries the bytes of each hardlink that is not broken."""
        return self._overlay.carriers

    @property
    def survivors(self) -> Mapping[int, int]:
        """The live hardlink of each carrier whose own name is gone: the carrier lives on under that name."""
        return self._overlay.survivors

    def carrier(self, number: int) -> int:
        """The version that carries the bytes of a version: itself, or the one that a hardlink links to."""
        return self._overlay.carriers.get(number, number)

    @cached_property
    def hardlinks(self) -> dict[int, list[int]]:
        """The hardlinks of each version that has any, live and hidden ones, lowest layer first."""
        found: dict[int, list[int]] = {}
        for link, carrier in self._overlay.carriers.items():
            found.setdefault(carrier, []).append(link)
        return found

    def read(self, number: int, start: int = 0, length: int | None = None) -> bytes | None:
        """Return content of a regular file or hardlink; None where it was not kept (see model.contents)."""
        layer, index = self.place(self.carrier(number))
        return self.layers[layer].contents.read(index, start, length)

    def search(self, numbers: Iterable[int], text: "re.Pattern[bytes]") -> Iterator[tuple[int, bytes]]:
        """The small regular files among these, in ascending order, in which the expression is found; see Contents."""
        for layer, members in groupby(numbers, self._overlay.layer_of):
            start = self._overlay.starts[layer]
            for index, data in self.layers[layer].contents.search((number - start for number in members), text):
                yield start + index, data

    def block(self, number: int, start: int) -> bytes | None:
        """A block of a file from ``start`` on, to compare it before its fingerprint; None where it was not kept."""
        layer, index = self.place(self.carrier(number))
        return self.layers[layer].contents.peek(index, start, BLOCK)

    def fingerprint(self, number: int) -> bytes | None:
        """A digest of a file's content, comparable within one run; None where it was not kept."""
        layer, index = self.place(self.carrier(number))
        return self.layers[layer].contents.fingerprint(index)

    def same_content(self, one: int, other: int) -> bool:
        """Whether two files of equal length have equal contents; False also where they were not kept.

        Most files of equal length differ in a block at their ends or in the middle, and a block is cheaper to
        read than the whole.
        """
        length = self.content_bytes(self.carrier(one))
        if not length:
            return True
        for start in (0, length // 2, max(0, length - BLOCK)):
            block = self.block(one, start)
            if block is not None and (second := self.block(other, start)) is not None and block != second:
                return False
        fingerprint = self.fingerprint(one)
        return fingerprint is not None and fingerprint == self.fingerprint(other)

    def resolve(self, path: str) -> int | None:
        """The live version behind a path when every symlink on the way is followed, as a process in the image would.

        None where there is nothing, or a circle of links.
        """
        real = self.real(path)
        return None if real is None else self.live.get(real or "/")

    def real(self, path: str) -> str | None:
        """A path with every symlink followed, its last component's too; the root is the empty string.

        None where the links go round in a circle.
        """
        return follow(path, self._symlink)

    def _symlink(self, path: str) -> str:
        """The target of the live symlink at a path, which may be a hardlink to one; empty for anything else."""
        number = self.live.get(path)
        if number is None or self.kinds[number] not in _LINKS:
            return ""
        layer, index = self.place(self.carrier(number))
        changeset = self._changesets[layer]
        return changeset.links.get(index, "") if changeset.kinds[index] == Kind.SYMLINK else ""

    @cached_property
    def path_layers(self) -> PathLayers:
        """The lowest layer that has each path."""
        return PathLayers(self.layers)

    @cached_property
    def children(self) -> dict[str, list[int]]:
        """The live versions in each directory; the key of the root is the empty string."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        live = self.live
        last, members = None, list[int]()
        for directory, number in zip(map(self.directories.__getitem__, live.values()), live.values(), strict=True):
            if directory is not last:  # Most lie where the one before lies, and have the same string for it.
                last, members = directory, found[directory]
            members.append(number)
        if "/" in live:
            found[""].remove(live["/"])
        return dict(found)

    def below(self, directory: str) -> Iterator[int]:
        """The live versions below a directory, at any depth, also in directories that have no entry of their own."""
        todo = [directory.rstrip("/")]
        while todo:
            directory = todo.pop()
            todo += self.subdirectories.get(directory, ())
            yield from self.children.get(directory, ())

    @cached_property
    def subdirectories(self) -> dict[str, list[str]]:
        """The directories that hold anything, with or without an entry of their own, by the one that they lie in.

        Bazel and others write no entries for directories.
        """
        found: dict[str, list[str]] = {}
        seen = {""}
        for directory in self.children:
            while directory not in seen:
                seen.add(directory)
                parent = directory.rpartition("/")[0]
                found.setdefault(parent, []).append(directory)
                directory = parent
        return found

    def select(self, sets: Sequence[PathSet]) -> tuple[tuple[int, ...], ...]:
        """For each set the versions whose paths it holds, live and hidden ones, markers left out.

        One pass serves all sets that were not asked for before.
        """
        unknown = [pathset for pathset in dict.fromkeys(sets) if pathset not in self._selected]
        if unknown:
            found: list[list[int]] = [[] for _ in unknown]
            for hits, numbers in self._by_hits(Selector(unknown)).items():
                for which in set(hits):
                    found[which] += numbers
            self._selected.update((pathset, tuple(sorted(one))) for pathset, one in zip(unknown, found, strict=True))
        return tuple(self._selected[pathset] for pathset in sets)

    def _by_hits(self, selector: Selector) -> dict[tuple[int, ...], list[int]]:
        """The versions except markers, by the sets that hold them; thousands of versions have the same."""
        found: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        is_entry, last, numbers = self.kinds.translate(IS_ENTRY), None, found[()]
        column = selector.scan(self.paths, self.directories)
        for number, hits in compress(enumerate(column), column):
            if is_entry[number]:
                if hits is not last:  # The sets that hold a directory's files are one value for all of them.
                    last, numbers = hits, found[hits]
                numbers.append(number)
        return found

    def _mark_copied_up(self) -> None:
        """Distinguish metadata-only copies from overwrites; only files of equal length are compared."""
        fates, survivors = self.fates, self._overlay.survivors
        for hidden, above in self.same_length:
            if hidden not in survivors and self.same_content(hidden, above):
                fates[hidden] = Fate.COPIED_UP
