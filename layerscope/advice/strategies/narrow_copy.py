"""A COPY from a build stage that brings little that is needed: copy just that, or nothing."""

from collections.abc import Container, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from layerscope.advice.context import AdviceContext
from layerscope.advice.drops import drops
from layerscope.advice.files import deleting, inserting, rewriting
from layerscope.advice.needs import COMPILED_IN, Need, Needs
from layerscope.advice.portions import Portion, mapping_of
from layerscope.advice.stage_end import removals_at_end, stage_end
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.whole_systems import whole_systems
from layerscope.advice.words import KINDS, REVIEWS, without
from layerscope.model.entry import Kind
from layerscope.model.groups import grouped
from layerscope.model.patterns import pattern

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


_EXPECTED = frozenset(
    {"cache", "data", "db", "log", "logs", "media", "run", "spool", "storage", "tmp", "uploads", "var"}
)
"""Directories that a program may expect to find, if empty."""
_UNSTABLE = pattern(r"\d+\.\d+|[0-9a-f]{7,}|[.-](?=[^.]{0,255}\d)[\w-]{8,255}\.")
"""What the name of a file holds that another build gives another name: a version, a digest."""
_PLAIN_MODE = 0o755
_OWNERS = "make sure that nothing writes to the directories above, which root owns then"
_MOST_JUDGED = 200
"""Files and directories that go, biggest first, for which later instructions are asked."""


class _Node(Struct, kw_only=True):
    """A file or directory of a COPY: the bytes below it that findings have, and whether anything else is there.

    ``number`` is its version, None for a directory that the layer has no entry of.
    """

    number: int | None = None
    found_bytes: int = 0
    is_kept: bool = False
    children: dict[str, "_Node"] = field(default_factory=dict)


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Copy the few files and directories that are needed, each by its name, instead of the directory that holds them.

    A COPY of which nothing is needed is deleted. Applies to a COPY from a stage that brings mostly needless files; not
    where a later instruction names them, nor where what stays has a version or a digest in its name, since the next
    build would give it another. Empty directories with names such as `logs` stay. Where a later RUN may read any file,
    it is for review. The same goes for the sources of a COPY from the build context, which are deleted from it; to
    name them in .dockerignore would make it fail. Where the directories above would lose an owner or a mode, the end of
    the stage deletes the rest, if it can. A COPY of a whole root file system over another is no source of
    files, but what to start from.
    """
    yield from drops(context)
    yield from whole_systems(context)
    found = (one for one in context.left if one.stage and one.copy.kind == "COPY" and one.rule in _RULES)
    needs = context.shared(Needs)
    for layer, members in grouped(found, lambda one: one.copy.layer).items():
        if layer is None:
            continue
        copy = members[0].copy
        certain = [one for one in members if not REVIEWS.get(one.rule)]
        for some in (certain, members) if 0 < len(certain) < len(members) else (members,):
            proposal = _proposal(context, copy, layer, some)
            if proposal is not None:
                judged = _judged(needs, copy, *proposal)
                if judged is not None and not (_OWNERS in judged.review and _can_be_pruned(context, some)):
                    yield judged
                break


def _can_be_pruned(context: AdviceContext, members: Sequence[Portion]) -> bool:
    """Whether the end of the stage can delete all of it, which leaves the owners and modes of directories alone."""
    end, timeline = stage_end(context, members[0].stage), context.timelines[members[0].stage]
    if end is None or timeline.filesystem is None or any(portion.rule not in KINDS for portion in members):
        return False
    return len(removals_at_end(timeline, timeline.filesystem, members)) == len(members)


def _proposal(
    context: AdviceContext, copy: Site, layer: int, members: Sequence[Portion]
) -> tuple[Proposal, list[str]] | None:
    """The proposal for a COPY, and the highest directories and files that go."""
    root, total = _tree(context, layer, members)
    if not root.is_kept and root.found_bytes:
        sentence = "delete it: nothing that it copies is needed at run time"
        proposal = Proposal(site=copy, portions=tuple(members), sentence=sentence, changes=(deleting(copy),))
        return proposal, _gone(root, {})
    places = _places(root)
    saved = root.found_bytes - sum(node.found_bytes for node in places.values())
    if saved < max(_LEAST_BYTES, _LEAST_PART * total) or copy.resolved is None or "" in places:
        return None
    narrowed = _narrowed(context, copy, members, places)
    return (narrowed, _gone(root, places)) if narrowed is not None else None


def _gone(root: _Node, places: Mapping[str, _Node]) -> list[str]:
    """The highest directories and files of which nothing stays, biggest first."""
    found: list[tuple[int, str]] = []
    todo = [("", root)]
    while todo:
        path, node = todo.pop()
        if not node.is_kept:
            while node is root and len(root.children) == 1:
                ((name, root),) = root.children.items()
                path, node = f"{path}/{name}", root
            found.append((node.found_bytes, path))
        elif path not in places:
            todo += ((f"{path}/{name}", child) for name, child in node.children.items())
    return [path for _, path in sorted(found, reverse=True)]


def _judged(needs: Needs, copy: Site, proposal: Proposal, gone: Sequence[str]) -> Proposal | None:
    """The proposal with what to make sure of; None where a later instruction needs what goes."""
    judged = needs.after(copy, gone[:_MOST_JUDGED])
    is_compiled_in = any(portion.rule in COMPILED_IN for portion in proposal.portions)
    if judged.need == Need.SURE or (judged.need == Need.BUILD and is_compiled_in):
        return None
    reviews = [REVIEWS.get(portion.rule, "") for portion in proposal.portions]
    if judged.readers:
        reviews.insert(0, without(judged.readers, "the rest"))
    return replace(proposal, review="; ".join(dict.fromkeys(filter(None, (*reviews, proposal.review)))))


def _tree(context: AdviceContext, layer: int, members: Sequence[Portion]) -> tuple[_Node, int]:
    """The files of a layer as a tree, and all their bytes; of the empty directories those that may be expected."""
    filesystem = context.filesystem
    found = {piece.path: piece.content_bytes for portion in members for piece in portion.pieces}
    root, total = _Node(), 0
    spared = _other_names(context, layer, found)
    directories: dict[str, int] = {}
    for number in filesystem.numbers(layer):
        path = filesystem.path_in_layer(number)
        total += filesystem.sizes[number]
        if filesystem.kinds[number] == Kind.DIRECTORY:
            directories[path] = number
        elif number not in spared:
            _add(root, path, number, found.get(path, 0), is_kept=path not in found)
    for path in sorted(directories, reverse=True):
        node = _at(root, path)
        if node is not None:
            node.number = directories[path]
        elif path.rpartition("/")[2] in _EXPECTED:
            _add(root, path, directories[path], 0, is_kept=True)
    return root, total


def _add(root: _Node, path: str, number: int, found_bytes: int, *, is_kept: bool) -> None:
    node = root
    for name in ("", *path.strip("/").split("/")):
        node = node.children.setdefault(name, _Node()) if name else node
        node.found_bytes += found_bytes
        node.is_kept |= is_kept
    node.number = number


def _at(root: _Node, path: str) -> _Node | None:
    node: _Node | None = root
    for name in path.strip("/").split("/"):
        node = node.children.get(name) if node is not None else None
    return node


def _other_names(context: AdviceContext, layer: int, found: Container[str]) -> frozenset[int]:
    """Names of files with another name in the layer, which is kept: what the image starts, or the shortest.

    A file of which every name was found goes with all of them.
    """
    filesystem, numbers = context.filesystem, context.filesystem.numbers(layer)
    commands = {*context.image.config.entrypoint, *context.image.config.cmd}
    spared: set[int] = set()
    for carrier in numbers:
        names = {carrier, *(link for link in filesystem.hardlinks.get(carrier, ()) if link in numbers)}
        paths = {name: filesystem.path_in_layer(name) for name in names}
        if len(names) > 1 and not all(path in found for path in paths.values()):
            kept = min(names, key=lambda name: (paths[name] not in commands, len(paths[name]), paths[name]))
            spared |= names - {kept}
    return frozenset(spared)


def _places(root: _Node) -> dict[str, _Node]:
    """The paths that hold all that is needed and as little else as a few words can say."""
    places = {"": root}
    whole: set[str] = set()
    while True:
        open_places = {path: node for path, node in places.items() if path not in whole and node.children}
        if not open_places:
            return places
        path, node = max(open_places.items(), key=lambda item: item[1].found_bytes)
        inside = {f"{path}/{name}": child for name, child in node.children.items() if child.is_kept}
        if node.found_bytes < _LEFT_PART * root.found_bytes or not inside or len(places) - 1 + len(inside) > _MOST:
            return places
        if any(_UNSTABLE.search(name) for name, child in node.children.items() if child.is_kept):
            whole.add(path)
            continue
        del places[path]
        places |= inside


def _narrowed(
    context: AdviceContext, copy: Site, members: Sequence[Portion], places: Mapping[str, _Node]
) -> Proposal | None:
    sources = {path: _source(copy, path) for path in places}
    if copy.resolved is None or not all(sources.values()) or copy.flag("parents") or copy.flag("exclude"):
        return None
    numbers = [node.number for node in places.values() if node.number is not None]
    is_linked = any(context.filesystem.kinds[number] == Kind.SYMLINK for number in numbers)
    if is_linked or {*"".join(sources), *"".join(sources.values())} & _UNSAFE:
        return None
    written = copy.resolved.instruction.flags
    flags = "".join(f"--{one.name}{f'={one.value}' if one.value else ''} " for one in written)
    lines = [f"COPY {flags}{source} {path}" for path, source in sources.items()]
    below = tuple(f"{path}/" for path in places)
    portions = (one.only(lambda piece: not piece.path.startswith(below)) for one in members)
    return Proposal(
        site=copy,
        portions=tuple(one for one in portions if one.pieces),
        sentence="copy only what is needed: " + ", ".join(f"`{line}`" for line in lines),
        review=_OWNERS if "--chown" in flags or _has_other_modes(context, copy, places) else "",
        changes=(
            rewriting(copy, lambda instruction: lines[0]),
            *([inserting("\n".join(lines[1:]), after=copy)] if lines[1:] else ()),
        ),
    )


def _source(copy: Site, path: str) -> str:
    """The path in the stage of what a COPY of directories brought; empty where it may be one of several."""
    mapping = mapping_of(copy)
    if mapping is None or not mapping.resolved:
        return ""
    found = []
    for source in mapping.sources:
        if source.pattern.literal is None:
            return ""
        rest = path.removeprefix(mapping.destination.rstrip("/"))
        found.append(f"{source.pattern.literal.rstrip('/')}{rest}")
    return found[0] if len(found) == 1 else ""


def _has_other_modes(context: AdviceContext, copy: Site, places: Mapping[str, _Node]) -> bool:
    """Whether a directory that stays, or is above what does, has a mode that a new COPY would not give it."""
    filesystem, layer = context.filesystem, copy.layer
    above: set[str] = set(places)
    for path in places:
        while (path := path.rpartition("/")[0]) and path not in above:
            above.add(path)
    numbers = filesystem.numbers(layer) if layer is not None else ()
    found = (n for n in numbers if filesystem.kinds[n] == Kind.DIRECTORY and filesystem.path_in_layer(n) in above)
    return any(filesystem.version(number).mode != _PLAIN_MODE for number in found)


NARROW_COPY = Strategy(name="narrow-copy", propose=_propose)
