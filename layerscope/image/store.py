"""Where the blobs of an archive lie, by name: in a tar, in a directory, or kept from a stream."""

import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from layerscope.errors import ArchiveError, Damaged, LimitExceeded
from layerscope.image.cached_layers import StoredBlob, read_blob
from layerscope.image.kinds import not_a_tar
from layerscope.image.layer import NOTHING, LayerData, read_stream
from layerscope.image.options import ReadOptions
from layerscope.image.replay import Pieces, PositionalTar
from layerscope.model.changeset import Changeset
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits, values_in
from layerscope.model.paths import follow, normal
from layerscope.tar.positional import PositionalFile
from layerscope.tar.sparse import filled, segments


class Store(Protocol):
    """The blobs of one archive; names are as its metadata writes them."""

    def has(self, name: str) -> bool:
        """Whether there is a regular file of that name."""

    def file_of(self, name: str) -> object:
        """A key that is equal for two names of the same file; the name itself where there is no such file."""

    def length(self, name: str) -> int:
        """The bytes that reading the file of that name takes; 0 for none, or one kept from a stream."""

    def document(self, name: str) -> bytes:
        """A whole metadata file; raises ArchiveError when it is missing, LimitExceeded when it is too long."""

    def layer(self, name: str, where: str, reading: ReadOptions) -> LayerData:
        """The layer blob of that name, read."""

    def folders(self) -> Iterator[str]:
        """The names of the directories at the top."""


_DOCUMENTS = 16
"""As many documents of the largest kind as may be read; one may have many names."""


class WithData:
    """A store, and what its descriptors bring along as ``data`` (OCI image-spec, descriptor.md)."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._data: dict[str, Callable[[], bytes]] = {}
        self._values = 0
        self.folders = store.folders

    def add(self, name: str, data: Callable[[], bytes]) -> None:
        """What to give for a blob that the archive has no file for."""
        self._data[name] = data

    def has(self, name: str) -> bool:
        return self._store.has(name) or name in self._data

    def file_of(self, name: str) -> object:
        return self._store.file_of(name)

    def length(self, name: str) -> int:
        return self._store.length(name)

    def document(self, name: str) -> bytes:
        most = _DOCUMENTS * self._limits.json_values
        is_there = self._store.has(name) or name not in self._data
        if self._values <= most:
            data = self._store.document(name) if is_there else self._data[name]()
            if len(data) > self._limits.json_bytes:
                raise too_long(name, len(data))
            # One that has more alone is refused when it is parsed, which names it.
            self._values += min(values_in(data), self._limits.json_values)
        if self._values > most:
            message = f"all documents together have over {most:,} values"
            raise LimitExceeded(message, hint="raise --limit json_values")
        return data

    def layer(self, name: str, where: str, reading: ReadOptions) -> LayerData:
        if self._store.has(name) or name not in self._data:
            return self._store.layer(name, where, reading)
        return read_stream(io.BytesIO(self._data[name]()), where, reading, lambda: io.BytesIO(self._data[name]()))


def too_long(name: str, length: int) -> LimitExceeded:
    return LimitExceeded(f"{name}: {length:,} bytes of metadata", hint="raise --limit json_bytes")


class OuterStore:
    """The files of an outer tar by name; links are followed as far as they stay inside.

    ``root`` is the directory of the tar that the archive lies in.
    """

    def __init__(self, outer: Changeset, root: str) -> None:
        self._outer = outer
        self._root = root.rstrip("/")
        self._indexes = {path: index for index, path in enumerate(outer.paths)}

    def folders(self) -> Iterator[str]:
        """The names of the directories at the top."""
        below = f"{self._root}/"
        names = (path[len(below) :].partition("/") for path in self._outer.paths if path.startswith(below))
        yield from dict.fromkeys(name for name, slash, _ in names if slash)

    def has(self, name: str) -> bool:
        return self._find(name) is not None

    def file_of(self, name: str) -> object:
        index = self._find(name)
        return name if index is None else index

    def _find(self, name: str) -> int | None:
        """The entry that holds the file called ``name``; None where there is none, or only links in a circle."""
        path = follow(self._root + normal(name), self._target)
        index = None if path is None else self._indexes.get(path)
        return index if index is not None and self._outer.kinds[index] == Kind.FILE else None

    def _entry(self, name: str) -> int:
        index = self._find(name)
        if index is None:
            raise ArchiveError(f"the archive has no file {name}")
        return index

    def _target(self, path: str) -> str:
        """Where a link leads; that of a hardlink is a path from the top."""
        index = self._indexes.get(path)
        return "" if index is None else self._outer.links.get(index, "")


class TarStore(OuterStore):
    """An outer tar in a plain file."""

    def __init__(self, file: PositionalFile, outer: Changeset, limits: Limits, root: str = "/") -> None:
        super().__init__(outer, root)
        self._file = file
        self._limits = limits

    def length(self, name: str) -> int:
        index = self._find(name)
        return 0 if index is None else self._outer.sizes[index]

    def document(self, name: str) -> bytes:
        index, outer = self._entry(name), self._outer
        length = outer.sizes[index]
        if length > self._limits.json_bytes:
            raise too_long(name, length)
        return self._sparse(index).readall() if index in outer.sparse else self._file.read(outer.offsets[index], length)

    def layer(self, name: str, where: str, reading: ReadOptions) -> LayerData:
        index, outer = self._entry(name), self._outer
        if index not in outer.sparse:
            return read_blob(StoredBlob(self._file, outer.offsets[index], outer.sizes[index], name, where), reading)
        reading.tally.store(outer.sparse[index])
        return read_stream(self._sparse(index), where, reading.inside(), lambda: self._sparse(index))

    def _sparse(self, index: int) -> Pieces:
        """A file that is stored without its holes, as it was."""
        outer = self._outer
        tar = PositionalTar(self._file, 0, outer.paths[index])
        return Pieces(filled(tar, segments(tar, outer, index, outer.paths[index], self._limits), outer.sizes[index]))


class DirectoryStore:
    """An OCI layout, or an unpacked docker archive, as a directory."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self.root = root.resolve()
        self._limits = limits
        self._open: list[PositionalFile] = []

    def has(self, name: str) -> bool:
        return self._find(name) is not None

    def file_of(self, name: str) -> object:
        return self._find(name) or name

    def length(self, name: str) -> int:
        path = self._find(name)
        return 0 if path is None else path.stat().st_size

    def document(self, name: str) -> bytes:
        path = self._path(name)
        length = path.stat().st_size
        if length > self._limits.json_bytes:
            raise too_long(name, length)
        return path.read_bytes()

    def layer(self, name: str, where: str, reading: ReadOptions) -> LayerData:
        file = PositionalFile(self._path(name).open("rb"))
        self._open.append(file)
        return read_blob(StoredBlob(file, 0, file.length, name, where), reading)

    def folders(self) -> Iterator[str]:
        with os.scandir(self.root) as entries:
            yield from sorted(entry.name for entry in entries if entry.is_dir())

    @property
    def changed(self) -> bool:
        """Whether a layer was written to since it was opened."""
        return any(file.changed for file in self._open)

    def close(self) -> None:
        for file in self._open:
            file.close()

    def _find(self, name: str) -> Path | None:
        """The file of that name; None for a link that leads out of the directory."""
        try:
            path = (self.root / normal(name)[1:]).resolve()
            inside = path.is_relative_to(self.root) and path.is_file()
        except (OSError, ValueError, RuntimeError):  # A name with NUL, a loop of links; the last before Python 3.13.
            return None
        return path if inside else None

    def _path(self, name: str) -> Path:
        path = self._find(name)
        if path is None:
            raise ArchiveError(f"the directory has no file {name}")
        return path


class StreamStore(OuterStore):
    """The layers and documents of a pipe, or a compressed archive, kept while it was read."""

    def __init__(
        self,
        outer: Changeset,
        documents: Mapping[int, bytes],
        layers: dict[int, LayerData | ArchiveError],
        limits: Limits,
        root: str = "/",
    ) -> None:
        super().__init__(outer, root)
        self._limits = limits
        self._documents = documents
        self._layers = layers

    def length(self, name: str) -> int:
        return 0

    def document(self, name: str) -> bytes:
        index = self._entry(name)
        if not self._outer.sizes[index]:
            return b""
        if index not in self._documents:
            length = self._outer.sizes[index]
            if length > self._limits.json_bytes:
                raise too_long(name, length)
            if (path := self._outer.paths[index]) != self._root + normal(name):
                hint = "read the archive from a file that is not compressed"
                raise ArchiveError(
                    f"{name} is a link to {path}, which was not kept while the archive passed", hint=hint
                )
            raise Damaged("not JSON", where=name)
        return self._documents[index]

    def layer(self, name: str, where: str, reading: ReadOptions) -> LayerData:
        index, outer = self._entry(name), self._outer
        if not outer.sizes[index]:
            return LayerData(diff_id=NOTHING, digest=NOTHING, ended=False)
        if outer.sparse.get(index) == 0:  # It is one hole, which no walk visits.
            return read_stream(Pieces(iter((outer.sizes[index],))), where, reading.inside())
        data = self._layers.get(index)
        if data is None and index in self._documents:
            raise not_a_tar(self._documents[index])
        if data is None:
            raise ArchiveError(f"{where}: {name} is not in the archive or not a layer")
        if isinstance(data, ArchiveError):
            raise data
        return data
