"""An archive's files as Python's tarfile reads them, so that the proof does not depend on the tool that it proves."""

import hashlib
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

_KEPT_BYTES = 8 << 20
_KEPT = re.compile(r"^var/lib/dpkg/(status|info/[^/]+\.list)$|(^|/)package-lock\.json$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One tar header of one layer.

    ``content`` is a file's SHA-256 (in layers of the base its size and time), a link's target, or empty.
    ``names`` are the other hard links to the same bytes in the layer.
    """

    path: str
    layer: int
    kind: str
    mode: int
    owner: tuple[int, int]
    size: int
    content: str
    names: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Tree:
    """``live`` is what a container sees, ``hidden`` what a later layer replaced or deleted; paths have no leading slash."""

    base_layers: int
    layers: int = 0
    content_bytes: int = 0
    live: dict[str, Entry] = field(default_factory=dict)
    hidden: list[Entry] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)

    def own(self) -> Iterator[Entry]:
        """What the layers above the base show."""
        return (entry for entry in self.live.values() if entry.layer >= self.base_layers)

    def own_hidden(self) -> Iterator[Entry]:
        return (entry for entry in self.hidden if entry.layer >= self.base_layers)


def read_tree(archive: Path, base_layers: int) -> Tree:
    """The files of what ``docker save`` wrote; the lowest ``base_layers`` layers are the base's."""
    tree = Tree(base_layers=base_layers)
    with tarfile.open(archive) as outer:
        stream = outer.extractfile("manifest.json")
        assert stream is not None
        [manifest] = json.load(stream)
        for number, name in enumerate(manifest["Layers"]):
            layer = outer.extractfile(name)
            assert layer is not None
            _overlay(tree, number, layer)
        tree.layers = len(manifest["Layers"])
    return tree


def _overlay(tree: Tree, number: int, stream: IO[bytes]) -> None:
    entries, whiteouts = _read_layer(tree, number, stream)
    for path in whiteouts:
        folder, name = path.rpartition("/")[::2]
        if name == ".wh..wh..opq":
            _hide_below(tree, folder)
        else:
            gone = f"{folder}/{name[4:]}".lstrip("/")
            _hide(tree, gone)
            _hide_below(tree, gone)
    for entry in entries.values():
        before = tree.live.get(entry.path)
        if before is not None and before.kind == "directory" != entry.kind:
            _hide_below(tree, entry.path)
        _hide(tree, entry.path)
        tree.live[entry.path] = entry


def _hide(tree: Tree, path: str) -> None:
    entry = tree.live.pop(path, None)
    if entry is not None and entry.kind != "directory":
        tree.hidden.append(entry)


def _hide_below(tree: Tree, folder: str) -> None:
    prefix = f"{folder}/" if folder else ""
    for path in [path for path in tree.live if path.startswith(prefix)]:
        _hide(tree, path)


def _read_layer(tree: Tree, number: int, stream: IO[bytes]) -> tuple[dict[str, Entry], list[str]]:
    entries: dict[str, Entry] = {}
    whiteouts = []
    links: dict[str, list[str]] = {}
    with tarfile.open(fileobj=stream, mode="r:") as layer:
        for member in layer:
            path = member.name.removeprefix("./").strip("/")
            if path in ("", "."):
                continue
            if path.rpartition("/")[2].startswith(".wh."):
                whiteouts.append(path)
                continue
            tree.content_bytes += member.size if member.isreg() else 0
            entry = _entry(tree, number, path, member, layer)
            if member.islnk():
                target = entries[member.linkname.removeprefix("./").strip("/")]
                entry = replace(entry, content=target.content, mode=target.mode, owner=target.owner)
                links.setdefault(target.path, [target.path]).append(path)
            entries[path] = entry
    for names in links.values():
        for name in names:
            entries[name] = replace(entries[name], names=tuple(other for other in names if other != name))
    return entries, whiteouts


def _entry(tree: Tree, number: int, path: str, member: tarfile.TarInfo, layer: tarfile.TarFile) -> Entry:
    kind = "other"
    content = ""
    if member.isdir():
        kind = "directory"
    elif member.issym():
        kind, content = "symlink", member.linkname
    elif member.islnk():
        kind = "file"
    elif member.isreg():
        kind, content = "file", f"{member.size} {member.mtime}"
        kept = bool(_KEPT.search(path)) and member.size <= _KEPT_BYTES
        if number >= tree.base_layers or kept:
            stream = layer.extractfile(member)
            assert stream is not None
            if kept:
                tree.texts[path] = stream.read()
                stream.seek(0)
            if number >= tree.base_layers:
                content = _sha256(stream)
    return Entry(
        path=path,
        layer=number,
        kind=kind,
        mode=member.mode & 0o7777,
        owner=(member.uid, member.gid),
        size=member.size if member.isreg() else 0,
        content=content,
    )


def _sha256(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What one tree lacks, what it has with other content, and what with another mode or owner."""

    absent: frozenset[str]
    content: frozenset[str]
    metadata: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.absent | self.content | self.metadata


def differences(before: Tree, after: Tree) -> Differences:
    """Compare all live paths of ``before``; a directory counts if it exists for itself, with nothing in it."""
    folders = {path.rpartition("/")[0] for path in before.live}
    absent, content, metadata = set(), set(), set()
    for path, entry in before.live.items():
        other = after.live.get(path)
        if other is None:
            if entry.kind != "directory" or path not in folders:
                absent.add(path)
        elif entry.kind != other.kind or (_comparable(before, entry, after, other) and entry.content != other.content):
            content.add(path)
        elif (entry.mode, entry.owner) != (other.mode, other.owner) and entry.kind != "symlink":
            metadata.add(path)
    return Differences(absent=frozenset(absent), content=frozenset(content), metadata=frozenset(metadata))


def _comparable(before: Tree, entry: Entry, after: Tree, other: Entry) -> bool:
    """A file of the base has no digest; two of the same base are the same file."""
    return (entry.layer >= before.base_layers) == (other.layer >= after.base_layers)
