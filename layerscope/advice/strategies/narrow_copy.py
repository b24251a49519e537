"""A COPY from a build stage that brings little that is needed: copy just that, or nothing."""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import deleting, rewriting
from layerscope.advice.portions import Portion, mapped
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.model.entry import Kind

_RULES = frozenset(
    {
        "ci-config", "container-files", "cargo-cache", "dev-headers", "editor-os-junk", "go-cache", "jvm-cache",
        "lang-toolchain", "logs", "native-toolchain", "node-dev-deps", "node-unused", "objects", "other-cache",
        "source-maps", "sources", "static-libs", "tests", "vcs-metadata",
    }
)  # fmt: skip
"""Rules for what a build leaves in its directories beside its product."""
_MOST = 4
_LEAST_BYTES = 1_000_000
_LEAST_PART = 0.5
"""The part of a COPY's bytes that must go before another COPY is proposed."""
_LEFT_PART = 0.05
"""A directory with less of what was found is copied as a whole: its files may have other names tomorrow."""
_UNSAFE = frozenset(" \t\\'\"$*?[]#")


class _Node(Struct, kw_only=True):
    """A file or directory of a COPY: the bytes below it that findings have, and whether anything else is there."""

    found_bytes: int = 0
    is_kept: bool = False
    children: dict[str, "_Node"] = field(default_factory=dict)


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Copy the few files and directories that are needed, each by its name, instead of the directory that holds them.

    A COPY of which nothing is needed is deleted. Applies to a COPY from a stage that brings mostly needless files.
    """
    groups: dict[int, list[Portion]] = {}
    for portion in context.left:
        copy = portion.via or portion.site
        if portion.stage and copy.kind == "COPY" and copy.layer is not None and portion.rule in _RULES:
            groups.setdefault(copy.layer, []).append(portion)
    for layer, members in groups.items():
        copy = members[0].via or members[0].site
        root, total = _tree(context, layer, members)
        if not root.is_kept and root.found_bytes:
            yield _deletion(copy, members)
            continue
        places = _places(root)
        saved = root.found_bytes - sum(node.found_bytes for node in places.values())
        if saved >= max(_LEAST_BYTES, _LEAST_PART * total) and copy.resolved is not None:
            yield from _narrowed(copy, members, places)


def _tree(context: AdviceContext, layer: int, members: Sequence[Portion]) -> tuple[_Node, int]:
    """The files of a layer as a tree, and all their bytes."""
    filesystem = context.filesystem
    found = {piece.path: piece.content_bytes for portion in members for piece in portion.pieces}
    root, total = _Node(), 0
    spared = _other_names(context, layer)
    for number in filesystem.numbers(layer):
        path = filesystem.path_in_layer(number)
        total += filesystem.sizes[number]
        if filesystem.kinds[number] == Kind.DIRECTORY:
            continue
        if number in spared:
            continue
        node = root
        for name in path.strip("/").split("/"):
            node.found_bytes += found.get(path, 0)
            node.is_kept |= path not in found
            node = node.children.setdefault(name, _Node())
        node.found_bytes += found.get(path, 0)
        node.is_kept |= path not in found
    return root, total


def _other_names(context: AdviceContext, layer: int) -> frozenset[int]:
    """Names of files with another name in the layer, which is kept: what the image starts, or the shortest."""
    filesystem, numbers = context.filesystem, context.filesystem.numbers(layer)
    commands = {*context.image.config.entrypoint, *context.image.config.cmd}
    spared: set[int] = set()
    for carrier in numbers:
        names = {carrier, *(link for link in filesystem.hardlinks.get(carrier, ()) if link in numbers)}
        if len(names) > 1:
            paths = {name: filesystem.path_in_layer(name) for name in names}
            kept = min(names, key=lambda name: (paths[name] not in commands, len(paths[name]), paths[name]))
            spared |= names - {kept}
    return frozenset(spared)


def _places(root: _Node) -> dict[str, _Node]:
    """The paths that hold all that is needed and as little else as a few words can say."""
    places = {"": root}
    while True:
        path, node = max(places.items(), key=lambda item: item[1].found_bytes if item[1].children else -1)
        inside = {f"{path}/{name}": child for name, child in node.children.items() if child.is_kept}
        if node.found_bytes < _LEFT_PART * root.found_bytes or not inside or len(places) - 1 + len(inside) > _MOST:
            return places
        del places[path]
        places |= inside


def _deletion(copy: Site, members: Sequence[Portion]) -> Proposal:
    return Proposal(
        site=copy,
        portions=tuple(members),
        sentence="delete it: nothing that it copies is needed at run time",
        changes=(deleting(copy),),
    )


def _narrowed(copy: Site, members: Sequence[Portion], places: dict[str, _Node]) -> Iterator[Proposal]:
    sources = {path: mapped(copy, path) for path in places}
    if copy.resolved is None or not all(sources.values()) or "" in places:
        return
    words = {*"".join(sources), *"".join(sources.values())}
    if words & _UNSAFE or copy.flag("parents") or copy.flag("exclude"):
        return
    flags = "".join(f"--{one.name}={one.value} " for one in copy.resolved.instruction.flags if one.value)
    lines = [f"COPY {flags}{source} {path}" for path, source in sources.items()]
    kept = tuple(places)
    portions = (
        one.only(lambda piece: not piece.path.startswith(tuple(f"{path}/" for path in kept))) for one in members
    )
    yield Proposal(
        site=copy,
        portions=tuple(one for one in portions if one.pieces),
        sentence="copy only what is needed: " + ", ".join(f"`{line}`" for line in lines),
        review="make sure that nothing writes to the directories above, which root owns then"
        if "--chown" in flags
        else "",
        changes=(rewriting(copy, lambda instruction: "\n".join(lines)),),
    )


NARROW_COPY = Strategy(name="narrow-copy", propose=_propose)
