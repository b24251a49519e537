"""Which distribution the image is, by its os-release file (freedesktop.org, os-release(5))."""

from layerscope.filesystem.tree import Filesystem
from layerscope.model.pathset import PathSet, Wanted

_PATHS = ("/etc/os-release", "/usr/lib/os-release")
_MOST_BYTES = 64 << 10

WANTED = Wanted(paths=PathSet(paths=_PATHS), head=_MOST_BYTES)


def read_os_release(filesystem: Filesystem) -> dict[str, str]:
    """The assignments of the first os-release file that the image has; empty where it has none."""
    for path in _PATHS:
        number = filesystem.resolve(path)
        data = filesystem.read(number, 0, _MOST_BYTES) if number is not None else None
        if data is not None:
            return _parse(data.decode("utf-8", "replace"))
    return {}


def distribution(filesystem: Filesystem) -> tuple[str, str]:
    """``("debian", "debian-12")``: the namespace of the distribution's package URLs and their ``distro`` qualifier.

    Both are empty where the image does not say.
    """
    fields = read_os_release(filesystem)
    name = fields.get("ID", "").lower()
    version = fields.get("VERSION_ID", "") or fields.get("BUILD_ID", "")
    return name, f"{name}-{version}" if name and version else name


def _parse(text: str) -> dict[str, str]:
    fields = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            fields[name.strip()] = value.strip().strip("\"'")
    return fields
