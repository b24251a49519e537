"""Bytes by directory, and the few disjoint directories that hold most of them."""

from collections.abc import Iterable, Iterator

from layerscope.model.report import PathBytes

_SMALL = 0.02
"""A directory with a smaller share of all bytes is not split further."""


class DirectorySums:
    """Bytes and files by directory, of regular files given as pairs of directory and bytes."""

    def __init__(self, files: Iterable[tuple[str, int]]) -> None:
        self._own: dict[str, list[int]] = {}
        own, last, sums = self._own, None, [0, 0]
        for directory, content_bytes in files:
            if directory is not last:  # Most are in the directory of the one before, and share its string.
                last, sums = directory, own.setdefault(directory, [0, 0])
            sums[0] += content_bytes
            sums[1] += 1

    def own(self) -> Iterator[tuple[str, int]]:
        """Each directory that holds files, with the bytes of these."""
        return ((directory, content_bytes) for directory, (content_bytes, _) in self._own.items())

    def totals(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the bytes and the files of every directory, with all below it; the root is the empty string."""
        sums: dict[str, int] = {"": 0}
        files: dict[str, int] = {"": 0}
        for directory in self._own:
            while directory not in sums:
                sums[directory] = files[directory] = 0
                directory = directory.rpartition("/")[0]
        for directory, (own, count) in self._own.items():
            sums[directory], files[directory] = own, count
        # A longer path is never above a shorter one, so each directory is complete when it is added to its parent.
        for directory in sorted(filter(None, sums), key=len, reverse=True):
            parent = directory.rpartition("/")[0]
            sums[parent] += sums[directory]
            files[parent] += files[directory]
        return sums, files

    def biggest(self, count: int) -> tuple[PathBytes, ...]:
        """Return at most ``count`` directories, none inside another, that hold the most bytes.

        Starting at the root, the biggest directory is replaced by its biggest subdirectories while they hold most of
        its bytes; the rest stays under its own name.
        """
        sums, files = self.totals()
        least = max(1, _SMALL * sums[""])
        children: dict[str, list[str]] = {}
        for directory in sums:
            if directory and sums[directory] >= least:
                children.setdefault(directory.rpartition("/")[0], []).append(directory)
        chosen: dict[str, tuple[int, int]] = {"": (sums[""], files[""])}
        closed: set[str] = set()
        while len(chosen) < count:
            candidates = [name for name in chosen if name not in closed and children.get(name)]
            if not candidates:
                break
            name = max(candidates, key=lambda one: chosen[one][0])
            big = sorted(children[name], key=lambda one: -sums[one])[: count - len(chosen) + 1]
            rest = chosen[name][0] - sum(sums[one] for one in big)
            closed.add(name)
            if rest > chosen[name][0] / 2 and name:
                continue
            rest_files = chosen[name][1] - sum(files[one] for one in big)
            del chosen[name]
            chosen.update({one: (sums[one], files[one]) for one in big})
            if rest:
                chosen[name] = (rest, rest_files)
        rows = sorted(chosen.items(), key=lambda item: (-item[1][0], item[0]))
        return tuple(
            PathBytes(path=name or "/", content_bytes=total, files=number) for name, (total, number) in rows if total
        )


def biggest_directories(files: Iterable[tuple[str, int]], count: int) -> tuple[PathBytes, ...]:
    """Return at most ``count`` disjoint directories that hold most of ``files``, pairs of directory and bytes."""
    return DirectorySums(files).biggest(count)
