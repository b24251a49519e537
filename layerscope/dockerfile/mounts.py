"""The value of ``RUN --mount`` (Dockerfile reference, "RUN --mount")."""

import csv
from collections.abc import Mapping
from typing import Self

from msgspec import Struct

from layerscope.errors import UsageError

_TYPES = frozenset({"bind", "cache", "tmpfs", "secret", "ssh"})
_ALIASES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}
_SWITCHES = frozenset({"readonly", "readwrite", "required"})
_OPTIONS = _SWITCHES.union(("type", "from", "source", "target", "id", "sharing", "size", "mode", "uid", "gid", "env"))
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


class Mount(Struct, frozen=True, kw_only=True):
    """One mount of a RUN; values are as written until they are expanded, empty where the option is absent.

    ``type`` is bind, cache, tmpfs, secret or ssh. ``from_name`` is the stage or image whose files are mounted
    (empty: the build context for bind), ``source`` a path in it. ``options`` are all options in order, their names
    without aliases, those without ``=`` as ``true``; id, sharing, size, mode, uid, gid and env are found there only.
    """

    type: str = "bind"
    from_name: str = ""
    source: str = ""
    target: str = ""
    read_only: bool = True
    required: bool = False
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``type=bind,from=build,target=/x``; raises UsageError without a place."""
        try:
            fields = next(csv.reader([text], strict=True), [])
        except csv.Error as error:
            raise UsageError(f"bad --mount: {error}") from error
        return cls.of(tuple(_option(field) for field in fields))

    @classmethod
    def of(cls, options: tuple[tuple[str, str], ...]) -> Self:
        """Make a mount of options; a later option of the same name wins, as in BuildKit."""
        last = dict(options)
        mount_type = last.get("type", "bind")
        if "$" not in mount_type and mount_type.lower() not in _TYPES:
            raise UsageError(f"unsupported mount type {mount_type!r}")
        return cls(
            type=mount_type.lower() if "$" not in mount_type else mount_type,
            from_name=last.get("from", ""),
            source=last.get("source", ""),
            target=last.get("target", ""),
            read_only=_read_only(options, mount_type.lower()),
            required=last.get("required", "") in _TRUE,
            options=options,
        )

    def expanded(self, values: Mapping[str, str]) -> "Mount":
        """The same mount with every value but ``from`` replaced: BuildKit allows no variables there."""
        return self.of(tuple((name, value if name == "from" else values[value]) for name, value in self.options))


def _option(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    name = name.strip().lower()
    name = _ALIASES.get(name, name)
    if name not in _OPTIONS:
        raise UsageError(f"unexpected key {name!r} in --mount")
    if not equals and name not in _SWITCHES:
        raise UsageError(f"--mount option {name!r} must be a key=value pair")
    return name, value if equals else "true"


def _read_only(options: tuple[tuple[str, str], ...], mount_type: str) -> bool:
    """Caches and tmpfs are writable unless the mount says otherwise; the last word counts."""
    for name, value in reversed(options):
        if name == "readonly":
            return value in _TRUE
        if name == "readwrite":
            return value not in _TRUE
    return mount_type not in ("cache", "tmpfs")
