"""Users and groups that USER, ``--chown`` or the owners of own files name."""

from collections.abc import Mapping

from msgspec import Struct

from layerscope.model.entry import Kind
from layerscope.model.limits import MIB
from layerscope.model.onto import Need
from layerscope.rebase.context import Check, Context, Found, Result
from layerscope.rebase.rebased import Rebased

_USERS, _GROUPS = "/etc/passwd", "/etc/group"
_MOST = 20_000


class _Names(Struct, frozen=True):
    """The ids of users and of groups by their names."""

    users: Mapping[str, str]
    groups: Mapping[str, str]


def _run(context: Context) -> Result:
    old = _Names(_old_table(context, _USERS), _old_table(context, _GROUPS))
    new = _Names(_new_table(context, _USERS), _new_table(context, _GROUPS))
    found, count = list[Found](), 0
    named = [("USER", context.new.config.user, Need.START)]
    named += [
        (f"{step.kind} --chown={context.owners[step.index]}", context.owners[step.index], Need.BUILD)
        for step in context.original.own_instructions
        if step.index in context.owners
    ]
    for by, text, need in named:
        user, _, group = text.partition(":")
        for name, before, after, kind in (
            (user, old.users, new.users, "user"),
            (group, old.groups, new.groups, "group"),
        ):
            count += bool(name)
            if name and not name.isdigit() and name not in after and name in before:
                found.append(Found(what=f"{kind} {name}", by=by, need=need))
    owners = _owners(context)
    names = {uid: name for name, uid in reversed([*old.users.items()])}
    ids = set(new.users.values())
    for uid, (number, files) in owners.items():
        owner = names.get(uid)
        if owner is None:
            continue
        count += 1
        by = context.rebased.filesystem.path_of(number)
        if owner in new.users and new.users[owner] != uid:
            what, detail = f"user {owner} with the id {uid}", f"{owner} has the id {new.users[owner]} there"
            found.append(Found(what=what, by=by, need=Need.OTHER, detail=detail))
        elif uid not in ids:
            found.append(
                Found(what=f"user {owner} ({uid})", by=by, need=Need.OTHER, detail=f"owner of {files:,} files")
            )
    return Result(count=count, found=tuple(found))


def _owners(context: Context) -> dict[str, tuple[int, int]]:
    """By user id the first file that a COPY gave to another user than root, and how many there are."""
    filesystem = context.rebased.filesystem
    found: dict[str, tuple[int, int]] = {}
    for kind in (Kind.FILE, Kind.DIRECTORY):
        for number in context.own_live(kind):
            layer, index = filesystem.place(number)
            uid = filesystem.layers[layer].changeset.ownerships[index][1]
            if uid and not context.layer_is_made_by_run(layer):  # A RUN does with the users that are there.
                first, count = found.get(str(uid), (number, 0))
                found[str(uid)] = first, count + 1
    return found


def _old_table(context: Context, path: str) -> dict[str, str]:
    """Names and ids of /etc/passwd or /etc/group of the image as it is."""
    return _names(context.original, context.original.filesystem.resolve(path))


def _new_table(context: Context, path: str) -> dict[str, str]:
    """Those of a build on the other base.

    A RUN adds its own names to those that are there; the file that it left also has the names of the old base.
    """
    image, found = context.rebased, dict[str, str]()
    of_base = [number for number in context.original.versions_at(path) if context.original.is_of_base(number)]
    before = _names(context.original, of_base[-1] if of_base else None)
    for number in image.versions_at(path):
        names = _names(image, number)
        if context.is_made_by_run(number):
            found |= {name: one for name, one in names.items() if name not in before}
        else:
            found = names
    return found


def _names(image: Rebased, number: int | None) -> dict[str, str]:
    data = image.filesystem.read(number, 0, image.filesystem.content_bytes(number)) if number is not None else None
    lines = (data or b"")[:MIB].decode("utf-8", "surrogateescape").splitlines()[:_MOST]
    rows = (line.split(":") for line in lines)
    return {row[0]: row[2] for row in rows if len(row) > 2}


USERS = Check(name="users", title="users and groups", run=_run)
