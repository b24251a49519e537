"""From the paths that a package's list names to the versions that lie there."""

from collections.abc import Iterable

from layerscope.filesystem.tree import Filesystem

_MOST_COMPONENTS = 256


class Locator:
    """Finds live versions by path; directories on the way may be symlinks, and each is followed once.

    A list names ``/bin/sh`` where the file system has ``/usr/bin/sh`` behind a symlink ``/bin``. The last component
    is not followed: a symlink is a file of the package like any other. A path with ``..`` in it leads nowhere, since
    no package manager writes one.
    """

    def __init__(self, filesystem: Filesystem) -> None:
        self._filesystem = filesystem
        self._live = filesystem.live
        self._moved: dict[str, str | None] = {}

    def find(self, path: str) -> int | None:
        """The live version at an absolute path, None where nothing lies there."""
        number = self._live.get(path)
        if number is not None:
            return number
        moved = self.real(path)
        return None if moved == path else self._live.get(moved)

    def find_all(self, paths: Iterable[str]) -> tuple[int, ...]:
        """The live versions at those of the paths where something lies, in their order."""
        # Nearly all paths are found as they are written, so the others are looked up afterwards.
        paths = list(paths)
        numbers = list(map(self._live.get, paths))
        if None in numbers:
            real, live = self.real, self._live
            columns = zip(paths, numbers, strict=True)
            numbers = [live.get(real(path)) if number is None else number for path, number in columns]
        return tuple([number for number in numbers if number is not None])

    def real(self, path: str) -> str:
        """A path with all symlinks before its last component followed; the path itself where they lead nowhere."""
        parent, _, name = path.rpartition("/")
        if parent not in self._moved:
            self._moved[parent] = self._follow(parent)
        moved = self._moved[parent]
        return path if moved is None else f"{moved}/{name}"

    def _follow(self, directory: str) -> str | None:
        """Where a directory really is, None where it is where its path says or cannot be reached."""
        if directory.count("/") > _MOST_COMPONENTS or ".." in directory.split("/"):
            return None
        real = self._filesystem.real(directory)
        return None if real == directory else real
