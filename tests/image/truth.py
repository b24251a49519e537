"""What engines say of an archive beside it: the documents of ``docker inspect``, ``history`` and ``export``."""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.image import Image
from tests.image.peers import Listed, parse_listing

_MOUNTS = re.compile(r"\.dockerenv\Z|(?:dev|proc|sys)(?:/|\Z)|etc/(?:hosts|hostname|resolv\.conf|mtab)\Z")
"""What an engine puts into a container, whatever the image holds there."""
_STEP = re.compile(rb"(\d+)\t")
_TYPES = {
    Kind.FILE: "-",
    Kind.SYMLINK: "l",
    Kind.CHARACTER_DEVICE: "c",
    Kind.BLOCK_DEVICE: "b",
    Kind.DIRECTORY: "d",
    Kind.FIFO: "p",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A path of a merged tree; a hardlink counts as the file that it names."""

    type: str
    content_bytes: int
    mode: int
    owner: tuple[int, int]
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A merged tree, and the sets of paths that are names of one file."""

    nodes: Mapping[str, Node]
    names: frozenset[frozenset[str]]


def inspected(path: Path) -> Mapping[str, Any]:
    """The engine's document, of ``NAME.inspect.json``."""
    document = json.loads(path.read_bytes())
    assert isinstance(document, list)
    found: Mapping[str, Any] = document[0]
    return found


def history_bytes(path: Path) -> list[int]:
    """The bytes of each step, oldest first, of ``NAME.history.txt``; a step's text may have several lines."""
    found = [int(match[1]) for line in path.read_bytes().splitlines() if (match := _STEP.match(line))]
    return found[::-1]


def step_bytes(image: Image) -> list[int]:
    """The same by our account: a step without a layer has none."""
    layers = iter(image.docker_sizes)
    found = []
    for entry in image.config.history:
        if entry.empty_layer:
            found.append(0)
        else:
            found.append(next(layers))
    assert next(layers, None) is None
    return found


def exported(path: Path) -> Tree:
    """The merged tree of ``NAME.tree.txt.gz``, without what the engine put into the container."""
    with gzip.open(path) as lines:
        return of_listing(parse_listing(line.rstrip(b"\n") for line in lines))


def of_listing(listed: Iterable[Listed]) -> Tree:
    """The merged tree of a GNU tar listing."""
    nodes: dict[str, Node] = {}
    first_names: dict[str, str] = {}
    for each in listed:
        first_names[each.path] = first_names[each.link] if each.type == "h" else each.path
        source = nodes.get(first_names[each.path])
        nodes[each.path] = Node(
            type=source.type if source and each.type == "h" else each.type,
            content_bytes=source.content_bytes if source and each.type == "h" else each.content_bytes,
            mode=each.mode,
            owner=each.owner,
            link=source.link if source and each.type == "h" else each.link,
        )
    return _tree(nodes, first_names)


def merged(filesystem: Filesystem) -> Tree:
    """The merged tree by our account."""
    nodes: dict[str, Node] = {}
    carriers: dict[str, int] = {}
    for path, number in filesystem.live.items():
        version, carrier = filesystem.version(number), filesystem.version(filesystem.carrier(number))
        carriers[path[1:]] = carrier.number
        nodes[path[1:]] = Node(
            type=_TYPES[carrier.kind],
            content_bytes=carrier.content_bytes,
            mode=version.mode,
            owner=(version.uid, version.gid),
            link=carrier.link,
        )
    return _tree(nodes, carriers)


def _tree(nodes: Mapping[str, Node], files: Mapping[str, object]) -> Tree:
    kept = {path: node for path, node in nodes.items() if path and not _MOUNTS.match(path) and path != "etc"}
    names: defaultdict[object, set[str]] = defaultdict(set)
    for path in kept:
        names[files[path]].add(path)
    return Tree(nodes=kept, names=frozenset(frozenset(each) for each in names.values() if len(each) > 1))
