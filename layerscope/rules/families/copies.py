"""The same content twice: at two paths, or as a second root file system over the first."""

from collections.abc import Iterable, Iterator

from layerscope.filesystem.tree import BLOCK
from layerscope.model.entry import Fate, Kind
from layerscope.model.finding import Severity
from layerscope.model.paths import is_licence
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.catalog import UNOWNED
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import content_bytes, made_by, weight

_SHORTEST = 4 << 10
_WORTH_A_LINE = 1 << 20
_A_FEW = 3
_SETID = 0o6000
_WEB = (
    ".avif", ".css", ".eot", ".gif", ".htm", ".html", ".ico", ".jpeg", ".jpg", ".js", ".map", ".mjs", ".mp4", ".otf",
    ".png", ".svg", ".ttf", ".webm", ".webmanifest", ".webp", ".woff", ".woff2",
)  # fmt: skip
"""What web pages load: a bundler or ``collectstatic`` puts its copies where a server looks for them."""


@rule(
    "duplicate-content",
    severity=Severity.MEDIUM,
    title="the same content is at another path too",
    fix="write it once, with a symlink (`ln -s`) in place of {path}; a link that a later instruction puts there saves "
    "nothing",
)
def duplicate_content(context: RuleContext) -> Iterator[RuleMatch]:
    """Files that your own layers add have the same content as a file at another path.

    Of N copies N-1 count, the lowest stays. Hardlinks are one file already. What a build copies on purpose is left out:
    files that equal one of a package or of the base image (`collectstatic`, a virtual environment), and scripts,
    styles, pictures and fonts of web pages, which bundlers copy. So are licence texts, files under 4 KiB and
    set-user-id programs. `--no-duplicates` skips this rule, the only one that must read all contents.
    """
    small: list[int] = []
    groups = list(_duplicates(context))
    for kept, copies in groups:
        if len(groups) > _A_FEW and content_bytes(context, copies) < _WORTH_A_LINE:
            small += copies
            continue
        twin = context.filesystem.path_of(kept)
        yield RuleMatch(
            versions=copies, detail=f"same content as {twin}", severity=weight(content_bytes(context, copies))
        )
    yield RuleMatch(
        versions=tuple(sorted(small)),
        title="small files whose content is at another path too",
        severity=Severity.LOW if content_bytes(context, small) < _WORTH_A_LINE else Severity.MEDIUM,
    )


def _duplicates(context: RuleContext) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Groups of equal files: the one to keep, and the copies that the user's layers added."""
    own = _candidates(context)
    groups = _same_length(context, own)
    for same_length in groups:
        for same_block in _begin_alike(context, same_length):
            for equal in _by_fingerprint(context, same_block):
                if own.issuperset(equal):
                    kept, *copies = sorted(equal)
                    yield kept, tuple(copies)


def _candidates(context: RuleContext) -> frozenset[int]:
    """The files of own layers that may be copies: not small, owned, a licence, or part of a web page."""
    filesystem, found = context.filesystem, []
    owners = context.catalog.owners
    for layer in filesystem.layers[context.base_layers :]:
        start = filesystem.numbers(layer.index).start
        for number, size in enumerate(layer.changeset.sizes, start):
            if size >= _SHORTEST and owners[number] == UNOWNED:
                found.append(number)
    return frozenset(n for n in found if not is_licence(path := filesystem.path_of(n)) and not path.endswith(_WEB))


def _same_length(context: RuleContext, own: frozenset[int]) -> list[list[int]]:
    """All live files that are as long as a candidate and not claimed, by length; only where there are two at least.

    A set-user-id program is a copy for its mode, which no link can have apart from its twin.
    """
    filesystem = context.filesystem
    groups: dict[int, list[int]] = {filesystem.content_bytes(number): [] for number in own}
    if not groups:
        return []
    fates, claimed = filesystem.fates, context.claimed
    for layer in filesystem.layers:
        modes, start = layer.changeset.ownerships, filesystem.numbers(layer.index).start
        for number, size in enumerate(layer.changeset.sizes, start):
            if size in groups and not (fates[number] or claimed[number] or modes[number - start][0] & _SETID):
                groups[size].append(number)
    return [group for group in groups.values() if len(group) > 1 and not own.isdisjoint(group)]


def _begin_alike(context: RuleContext, numbers: list[int]) -> Iterable[list[int]]:
    """Groups of files whose first block is equal, which saves reading most files whole.

    A layer that was read once has kept no contents, but then it has kept the fingerprints: those decide.
    """
    block, expected = context.filesystem.block, min(BLOCK, context.filesystem.content_bytes(numbers[0]))
    blocks = [block(number, 0) for number in numbers]
    if any(one is None or len(one) < expected for one in blocks):
        return [numbers]
    groups: dict[bytes | None, list[int]] = {}
    for number, first in zip(numbers, blocks, strict=True):
        groups.setdefault(first, []).append(number)
    return [group for group in groups.values() if len(group) > 1]


def _by_fingerprint(context: RuleContext, numbers: list[int]) -> Iterable[list[int]]:
    groups: dict[bytes, list[int]] = {}
    for number in numbers:
        digest = context.filesystem.fingerprint(number)
        if digest is not None:
            groups.setdefault(digest, []).append(number)
    return [group for group in groups.values() if len(group) > 1]


_RELEASES = ("/etc/os-release", "/usr/lib/os-release")
_DATABASES = (
    "/var/lib/dpkg/status",
    "/lib/apk/db/installed",
    "/usr/lib/apk/db/installed",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/rpm/Packages",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
)


@rule(
    "rootfs-copy",
    severity=Severity.HIGH,
    title="a whole root file system is copied over another",
    fix="copy the files that the application needs, or start (`FROM`) from what {step} copies",
    wanted=Wanted(paths=PathSet(paths=(*_RELEASES, *_DATABASES)), head=0),
)
def rootfs_copy(context: RuleContext) -> Iterator[RuleMatch]:
    """One COPY brings a whole root file system (an os-release and a package database) over an existing one.

    The image then ships the same system twice. Only copies of files that lower layers hold with the same content are
    claimed; toolchains among them have their own findings. A copy onto an empty image, which flattens it, is not
    reported.
    """
    filesystem = context.filesystem
    found: dict[int, set[str]] = {}
    for number in context.matches:
        found.setdefault(filesystem.layer_of(number), set()).add(filesystem.path_of(number))
    lowest = min(found, default=0)
    for layer, paths in sorted(found.items()):
        step = made_by(context, layer)
        whole = not paths.isdisjoint(_RELEASES) and not paths.isdisjoint(_DATABASES)
        if whole and layer > lowest and layer >= context.base_layers and step is not None and step.kind == "COPY":
            yield RuleMatch(versions=_again(context, layer), detail="holds an os-release and a package database")


def _again(context: RuleContext, layer: int) -> tuple[int, ...]:
    """A layer's copies of lower files: its own version over the base's, else the hidden one; and its os-release."""
    filesystem = context.filesystem
    own = {n for n in context.matches if filesystem.layer_of(n) == layer and filesystem.kind_of(n) == Kind.FILE}
    found = {n for n in own if filesystem.path_of(n) in _RELEASES}
    position = -1
    while (position := filesystem.fates.find(Fate.COPIED_UP, position + 1)) >= 0:
        version = filesystem.version(position)
        if version.hidden_by == layer:
            above = filesystem.live.get(version.path) if version.layer < context.base_layers else position
            if above is not None and (above == position or filesystem.layer_of(above) == layer):
                found.add(above)
    return tuple(sorted(found))
