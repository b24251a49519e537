"""Mode bits that give a process the rights of another user, or let every user write."""

from collections.abc import Iterator

from layerscope.model.entry import Fate, Kind
from layerscope.model.finding import Severity
from layerscope.rules.ownership import is_packaged
from layerscope.rules.rule import Rule, RuleContext, RuleMatch, rule

_SETID = 0o6000
_WRITABLE = 0o002
_STICKY = 0o1000
_KINDS = (Kind.FILE, Kind.DIRECTORY)


@rule(
    "setid",
    severity=Severity.MEDIUM,
    title="a program runs with its owner's rights for every user: {path}",
    fix="run `chmod ug-s {path}` in the instruction that adds it, or grant only the capability it needs",
    frees=False,
)
def setid(context: RuleContext) -> Iterator[RuleMatch]:
    """A file that your own layers add has the set-user-id or set-group-id bit.

    An attacker who exploits it gains its owner's rights. Programs of the operating system's packages (su, mount,
    passwd), everything that the base brings, and file capabilities (setcap) are not reported.
    """
    alike: dict[tuple[int, int, int], list[int]] = {}
    for number in _own_live(context, _SETID):
        if context.filesystem.kind_of(number) == Kind.FILE and not is_packaged(context, number):
            version = context.filesystem.version(number)
            alike.setdefault((version.layer, version.mode, version.uid), []).append(number)
    for (_, mode, uid), numbers in alike.items():
        yield RuleMatch(versions=tuple(numbers), detail=f"mode {mode:04o}, owner {uid}")


@rule(
    "world-writable",
    severity=Severity.LOW,
    title="every user may write to {path}",
    fix="remove the write permission where it is set: [[`COPY --chmod`|before it is copied]], or "
    "`chmod o-w` in the same RUN",
    frees=False,
)
def world_writable(context: RuleContext) -> Iterator[RuleMatch]:
    """Every user of the container can change files or directories of your own layers.

    A compromised process can then plant code that another one runs. Sticky directories such as /tmp, links, devices,
    and what packages or the base bring are not reported.
    """
    layers: dict[int, list[int]] = {}
    for number in _own_live(context, _WRITABLE):
        version = context.filesystem.version(number)
        shared = version.kind == Kind.DIRECTORY and version.mode & _STICKY
        if not shared and not is_packaged(context, number):
            layers.setdefault(version.layer, []).append(number)
    for numbers in layers.values():
        yield RuleMatch(versions=tuple(numbers))


def _own_live(context: RuleContext, bits: int) -> Iterator[int]:
    """The live files and directories above the base whose mode has one of the bits; links have no mode of theirs."""
    for layer in range(context.base_layers, len(context.filesystem.layers)):
        changeset, start = context.filesystem.layers[layer].changeset, context.filesystem.numbers(layer).start
        wanted = {ownership for ownership in set(changeset.ownerships) if ownership[0] & bits}
        if not wanted:
            continue
        kinds, fates = changeset.kinds, context.filesystem.fates
        for index, ownership in enumerate(changeset.ownerships):
            if ownership in wanted and kinds[index] in _KINDS and fates[start + index] == Fate.LIVE:
                yield start + index


MODES: tuple[Rule, ...] = (setid, world_writable)
