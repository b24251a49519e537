"""Bytes that the image ships, but that a later layer hides."""

from collections.abc import Iterator, Mapping, Sequence

from layerscope.model.entry import Fate
from layerscope.model.finding import FindingKind, Severity
from layerscope.rules.phrases import BIND_MOUNT
from layerscope.rules.rule import RuleContext, RuleMatch, rule
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
_A_FEW = 3
_ENOUGH = 1000
"""The metadata of so many files are compared; one instruction changes all of them alike."""
_METADATA = ("mode", "owner", "time", "extended attributes")
_OPTIONS = {"mode": "chmod", "owner": "chown"}


@rule(
    "deleted-later",
    severity=Severity.MEDIUM,
    title="{path} is deleted by a later layer, but still shipped",
    fix="delete {path} in {step} itself, where it is written: a later instruction only hides it",
)
def deleted_later(context: RuleContext) -> Iterator[RuleMatch]:
    """A file is deleted by a later layer, but the image still ships it.

    Deleting saves bytes only in the instruction that writes the file. Mount what you copy in and delete after use
    (`RUN --mount=type=bind`), and write what you move to its final place. Files of the base image that your layers
    delete count as the base's.
    """
    for (writer, hider), versions in _hidden(context, Fate.DELETED).items():
        fix = ""
        if _is_moved(context, versions, hider):
            fix = "write {path} to its final place at once: {step} ships it, and so does the instruction that moves it"
        elif _kind(context, writer) == "COPY":
            fix = BIND_MOUNT
        yield RuleMatch(
            versions=versions,
            detail=_story(context, writer, hider, "deleted"),
            severity=weight(content_bytes(context, versions)),
            fix=fix,
        )


def _kind(context: RuleContext, layer: int) -> str:
    """The kind of instruction that made a layer, empty if the history does not say; ADD counts as COPY."""
    step = made_by(context, layer)
    return "" if step is None else "COPY" if step.kind == "ADD" else step.kind


def _is_moved(context: RuleContext, versions: tuple[int, ...], hider: int) -> bool:
    """Whether the layer that deletes files holds the largest of them at another path."""
    filesystem, numbers = context.filesystem, context.filesystem.numbers(hider) if hider >= 0 else range(0)
    largest = max(versions, key=filesystem.sizes.__getitem__)
    for _ in range(_A_FEW):
        try:
            twin = filesystem.sizes.index(filesystem.sizes[largest], numbers.start, numbers.stop)
        except ValueError:
            return False
        if filesystem.fates[twin] == Fate.LIVE and filesystem.same_content(largest, twin):
            return True
        numbers = range(twin + 1, numbers.stop)
    return False


@rule(
    "copied-up",
    severity=Severity.MEDIUM,
    kind=FindingKind.WASTE,
    title="stored again with other permissions, owner or times: {path}",
    fix="set mode and owner where {path} is written, not later in {step}",
)
def copied_up(context: RuleContext) -> Iterator[RuleMatch]:
    """A layer stores a file of a lower layer again with the same content; only the metadata differs.

    A chmod, chown or touch in a later layer copies each file whole (a metadata-only copy). `COPY --chown` and `COPY
    --chmod` set both at once. Of N copies N-1 are reclaimable; where the lowest is the base image's, your own are. The
    title says which of mode, owner, time and extended attributes differ.
    """
    databases: list[int] = []
    above = dict(context.filesystem.same_length)
    for (writer, hider), versions in _hidden(context, Fate.COPIED_UP).items():
        all_own = _copies(context, versions, hider) if writer < context.base_layers <= hider else versions
        own, theirs = _without_databases(context, all_own)
        databases += theirs
        if own:
            differing = _differing(context, _without_databases(context, versions)[0], above) if hider >= 0 else ()
            yield RuleMatch(
                versions=own,
                detail=_story(context, writer, hider, "copied"),
                severity=weight(content_bytes(context, own)),
                title="" if hider < 0 else f"stored again{_changed(differing)}: {{path}}",
                fix=_once(differing, _kind(context, writer), _kind(context, hider)),
                layer=hider,
            )
    yield from _written_again(databases)


def _differing(context: RuleContext, hidden: tuple[int, ...], above: Mapping[int, int]) -> tuple[str, ...]:
    """Which of mode, owner, time and extended attributes differ between hidden versions and those ``above`` them."""
    found = set[str]()
    for number in hidden[:_ENOUGH]:
        one, other = _metadata(context, number), _metadata(context, above[number])
        found.update(name for name, value, changed in zip(_METADATA, one, other, strict=True) if value != changed)
    return tuple(name for name in _METADATA if name in found)


def _metadata(context: RuleContext, number: int) -> tuple[object, ...]:
    layer, index = context.filesystem.place(number)
    changeset = context.filesystem.layers[layer].changeset
    mode, *owner = changeset.ownerships[index]
    return mode, owner, changeset.mtimes[index], changeset.xattrs.get(index)


def _changed(differing: tuple[str, ...]) -> str:
    return f" with its {_and(differing)} changed" if differing else ", though mode, owner and time are the same"


def _and(names: Sequence[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1]) if len(names) > 1 else names)


def _once(differing: tuple[str, ...], writer: str, hider: str) -> str:
    """How to store a file once of which an instruction of kind ``hider`` changed some metadata."""
    if hider == "COPY":
        return "copy {path} once: {step} brings the same content again"
    if not differing:
        return "apply what {step} does to {path} in the instruction that writes it"
    options = [f"`COPY --{_OPTIONS[name]}`" for name in differing if name in _OPTIONS]
    if writer == "COPY" and len(options) == len(differing):
        at_once = f"set the {_and(differing)} of {{path}} with {_and(options)} instead of in {{step}}"
        owner = ", its owner with `COPY --chown`" if len(options) > 1 else ""
        earlier = f"set the mode of {{path}} before it is copied{owner}, not later in {{step}}"
        return f"[[{at_once}|{earlier}]]" if "mode" in differing else at_once
    return f"set the {_and(differing)} of {{path}} where it is written, not later in {{step}}"


_BY_KINDS = {
    ("RUN", "RUN"): "write {path} once: join {step} with the RUN that writes it again",
    ("RUN", "COPY"): "keep {path} out of {step}, or delete it there: a later instruction copies another one over it",
    ("COPY", "RUN"): "copy {path} in its final form, or leave it out of {step}: a later RUN writes it again",
    ("COPY", "COPY"): "leave {path} out of {step}: a later instruction copies another one over it",
}
"""How to write a file once, by what wrote it and what overwrote it."""


@rule(
    "overwritten",
    severity=Severity.MEDIUM,
    kind=FindingKind.WASTE,
    title="{path} is overwritten by a later layer, and both are shipped",
    fix="write {path} once, by one RUN or in its final form by one COPY, and leave it out of {step}",
)
def overwritten(context: RuleContext) -> Iterator[RuleMatch]:
    """A layer replaces a file of a lower layer with other content, and the image ships both.

    Package databases and logs change with every install; they are reported as one finding of low severity.
    """
    databases: list[int] = []
    for (writer, hider), versions in _hidden(context, Fate.OVERWRITTEN).items():
        others, theirs = _without_databases(context, versions)
        databases += theirs
        if others:
            yield RuleMatch(
                versions=others,
                detail=_story(context, writer, hider, "overwritten"),
                severity=weight(content_bytes(context, others)),
                fix=_BY_KINDS.get((_kind(context, writer), _kind(context, hider)), ""),
            )
    yield from _written_again(databases)


def _without_databases(context: RuleContext, versions: tuple[int, ...]) -> tuple[tuple[int, ...], list[int]]:
    """Other files, and what package managers write again with each install."""
    path_of = context.filesystem.path_of
    theirs = [number for number in versions if path_of(number).startswith(_DATABASES)]
    left = set(theirs)
    return tuple(number for number in versions if number not in left), theirs


def _written_again(databases: list[int]) -> Iterator[RuleMatch]:
    yield RuleMatch(
        versions=tuple(sorted(databases)),
        severity=Severity.LOW,
        title="databases and logs that several instructions write",
        fix="install packages in one RUN",
        apart=False,
    )


def _hidden(context: RuleContext, fate: Fate) -> dict[Pair, tuple[int, ...]]:
    """The versions with bytes that have this fate, by the layers that wrote and hid them; the base's are one pair."""
    filesystem = context.filesystem
    fates, sizes, hidden_by = filesystem.fates, filesystem.sizes, filesystem.hidden_by
    found: dict[Pair, list[int]] = {}
    for layer in range(len(filesystem.layers)):
        numbers = filesystem.numbers(layer)
        position = numbers.start - 1
        while (position := fates.find(fate, position + 1, numbers.stop)) >= 0:
            if not context.claimed[position] and sizes[position]:
                hider = hidden_by[position]
                pair = (-1, -1) if hider < context.base_layers else (layer, hider)
                found.setdefault(pair, []).append(position)
    return {pair: tuple(numbers) for pair, numbers in found.items()}


def _copies(context: RuleContext, hidden: tuple[int, ...], layer: int) -> tuple[int, ...]:
    """The live versions of ``layer`` at the paths of these hidden ones."""
    filesystem = context.filesystem
    found = (filesystem.live.get(filesystem.path_of(number)) for number in hidden)
    return tuple(number for number in found if number is not None and filesystem.layer_of(number) == layer)


def _story(context: RuleContext, writer: int, hider: int, verb: str) -> str:
    if writer < 0:
        return f"written and {verb} within the base image"
    by = made_by(context, hider)
    name = quoted(by.shown or str(by), _LONGEST_NAME) if by is not None else ""
    return f"written by layer {writer}, {verb} by layer {hider}" + (f" ({name})" if name else "")


LAYERS = (deleted_later, copied_up, overwritten)
