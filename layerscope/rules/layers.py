"""Bytes that the image ships, but that no container ever sees: a layer above hides them."""

from collections.abc import Iterator

from layerscope.model.entry import Fate
from layerscope.model.finding import Severity
from layerscope.rules.rule import Leak, Scene, rule
from layerscope.rules.views import content_bytes, made_by, weight
from layerscope.secrets.text import quoted

Pair = tuple[int, int]
"""The layer that wrote, and the layer that hid."""

_DATABASES = (
    "/var/lib/dpkg/", "/var/lib/apt/", "/var/cache/debconf/", "/lib/apk/db/", "/usr/lib/apk/db/", "/var/lib/rpm/",
    "/usr/lib/sysimage/", "/var/lib/dnf/", "/var/lib/yum/", "/var/lib/pacman/", "/etc/ld.so.cache", "/etc/apk/",
    "/var/cache/ldconfig/", "/var/log/", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid",
    "/etc/subgid", "/usr/share/info/dir", "/etc/ssl/certs/ca-certificates.crt",
)  # fmt: skip
"""What a package manager writes again with each install; two installs cannot avoid it."""
_LONGEST_NAME = 60


@rule(
    "deleted-later",
    severity=Severity.MEDIUM,
    title="{path} is deleted by a later layer, but still shipped",
    fix="delete {path} in {step} itself, where it is written: a later instruction only hides it",
)
def deleted_later(scene: Scene) -> Iterator[Leak]:
    """A whiteout, an opaque directory or a file in a directory's place hides what a lower layer still ships.

    Deleting works only in the instruction that writes. What is copied in and deleted after use is better mounted
    into the RUN that needs it. What the base image holds and the user's layers delete stays the base's.
    """
    for (writer, hider), versions in _hidden(scene, Fate.DELETED).items():
        step = made_by(scene, writer)
        copied = step is not None and step.kind in ("COPY", "ADD")
        yield Leak(
            versions=versions,
            detail=_story(scene, writer, hider, "deleted"),
            severity=weight(content_bytes(scene, versions)),
            fix="mount {path} into the RUN that needs it (`RUN --mount=type=bind`) instead of {step}" if copied else "",
        )


@rule(
    "copied-up",
    severity=Severity.MEDIUM,
    title="{path} is stored again for other permissions, owners or times",
    fix="set mode and owner where {path} is written, not later in {step}",
)
def copied_up(scene: Scene) -> Iterator[Leak]:
    """A layer holds the same content at the same path as a layer below; only the metadata differ.

    A chmod, chown or touch in a layer of its own copies each file whole. `COPY --chown` and `COPY --chmod` set both
    at once. Of N copies N-1 can be had back; where the lowest is the base image's, those are the user's own.
    """
    databases: list[int] = []
    for (writer, hider), versions in _hidden(scene, Fate.COPIED_UP).items():
        all_own = _copies(scene, versions, hider) if writer < scene.base_layers <= hider else versions
        own, theirs = _without_databases(scene, all_own)
        databases += theirs
        step, other = made_by(scene, writer), made_by(scene, hider)
        fix = ""
        if step is not None and step.kind == "COPY" and other is not None and other.kind == "RUN":
            fix = "set mode and owner of {path} with `COPY --chown` and `--chmod` instead of in {step}"
        elif other is not None and other.kind in ("COPY", "ADD"):
            fix = "copy {path} once: {step} brings the same content again"
        if own:
            yield Leak(
                versions=own,
                detail=_story(scene, writer, hider, "copied"),
                severity=weight(content_bytes(scene, own)),
                fix=fix,
                layer=hider,
            )
    yield from _written_again(databases)


@rule(
    "overwritten",
    severity=Severity.MEDIUM,
    title="{path} is overwritten by a later layer, and both are shipped",
    fix="write {path} once: join {step} with the instruction that writes it again",
)
def overwritten(scene: Scene) -> Iterator[Leak]:
    """A layer holds other content at the path of a lower layer's file, and the image ships both.

    Package databases and logs change with each install; they are listed as one finding of low weight.
    """
    databases: list[int] = []
    for (writer, hider), versions in _hidden(scene, Fate.OVERWRITTEN).items():
        others, theirs = _without_databases(scene, versions)
        databases += theirs
        if others:
            detail = _story(scene, writer, hider, "overwritten")
            yield Leak(versions=others, detail=detail, severity=weight(content_bytes(scene, others)))
    yield from _written_again(databases)


def _without_databases(scene: Scene, versions: tuple[int, ...]) -> tuple[tuple[int, ...], list[int]]:
    """Other files, and what package managers write again with each install."""
    path_of = scene.filesystem.path_of
    theirs = [number for number in versions if path_of(number).startswith(_DATABASES)]
    left = set(theirs)
    return tuple(number for number in versions if number not in left), theirs


def _written_again(databases: list[int]) -> Iterator[Leak]:
    if databases:
        yield Leak(
            versions=tuple(sorted(databases)),
            severity=Severity.LOW,
            title="databases and logs that several instructions write",
            fix="install packages in one RUN",
            apart=False,
        )


def _hidden(scene: Scene, fate: Fate) -> dict[Pair, tuple[int, ...]]:
    """The versions with bytes that have this fate, by who wrote and who hid them; the base's are one pair."""
    filesystem = scene.filesystem
    fates, sizes, hidden_by = filesystem.fates, filesystem.sizes, filesystem.hidden_by
    found: dict[Pair, list[int]] = {}
    for layer in range(len(filesystem.layers)):
        numbers = filesystem.numbers(layer)
        position = numbers.start - 1
        while (position := fates.find(fate, position + 1, numbers.stop)) >= 0:
            if not scene.claimed[position] and sizes[position]:
                hider = hidden_by[position]
                pair = (-1, -1) if hider < scene.base_layers else (layer, hider)
                found.setdefault(pair, []).append(position)
    return {pair: tuple(numbers) for pair, numbers in found.items()}


def _copies(scene: Scene, hidden: tuple[int, ...], layer: int) -> tuple[int, ...]:
    """The live versions of ``layer`` at the paths of these hidden ones."""
    filesystem = scene.filesystem
    found = (filesystem.live.get(filesystem.path_of(number)) for number in hidden)
    return tuple(number for number in found if number is not None and filesystem.layer_of(number) == layer)


def _story(scene: Scene, writer: int, hider: int, verb: str) -> str:
    if writer < 0:
        return f"written and {verb} within the base image"
    by = made_by(scene, hider)
    # A secret is masked before anything is cut off, since half of it would not be recognised.
    name = quoted(str(by)) if by is not None else ""
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
    return f"written by layer {writer}, {verb} by layer {hider}" + (f" ({name})" if name else "")


LAYERS = (deleted_later, copied_up, overwritten)
