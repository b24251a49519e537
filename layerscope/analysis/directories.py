"""Bytes by directory, and the few disjoint directories that hold most of them."""

from array import array
from collections.abc import Iterable, Iterator

from layerscope.model.report import PathBytes

_SMALL = 0.02
"""A directory with a smaller share of all bytes is not split further."""


class DirectorySums:
    """Bytes and files by directory, of regular files given as pairs of directory and bytes."""

    def __init__(self, files: Iterable[tuple[str, int]]) -> None:
        # Columns, as a list for each directory takes four times the memory.
        self._places: dict[str, int] = {}
        self._bytes, self._files = array("q"), array("q")
        places, sums, counts = self._places, self._bytes, self._files
        last, place = None, 0
        for directory, content_bytes in files:
            if directory is not last:  # Most are in the directory of the one before, and share its string.
                last, place = directory, places.setdefault(directory, len(places))
                if place == len(sums):
                    sums.append(0)
                    counts.append(0)
            sums[place] += content_bytes
            counts[place] += 1

    def own(self) -> Iterator[tuple[str, int]]:
        """Each directory that holds files, with the bytes of these."""
        return zip(self._places, self._bytes, strict=True)

    def totals(self) -> tuple[dict[str, int], "array[int]", "array[int]"]:
        """Return the place of every directory in two columns: bytes and files, with all below it.

        The root is the empty string.
        """
        places = {"": 0}
        for directory in self._places:
            while directory not in places:
                places[directory] = len(places)
                directory = directory.rpartition("/")[0]
        sums, files = array("q", [0]) * len(places), array("q", [0]) * len(places)
        for directory, own, count in zip(self._places, self._bytes, self._files, strict=True):
            sums[places[directory]], files[places[directory]] = own, count
        # A longer path is never above a shorter one, so each directory is complete when it is added to its parent.
        for directory in sorted(filter(None, places), key=len, reverse=True):
            place, parent = places[directory], places[directory.rpartition("/")[0]]
            sums[parent] += sums[place]
            files[parent] += files[place]
        return places, sums, files

    def biggest(self, count: int) -> tuple[PathBytes, ...]:
        """Return at most ``count`` directories, none inside another, that hold the most bytes.

        Starting at the root, the biggest directory is replaced by its biggest subdirectories while they hold most of
        its bytes; the rest stays under its own name.
        """
        places, all_sums, all_files = self.totals()
        least = max(1, _SMALL * all_sums[0])
        sums = {directory: total for directory, total in zip(places, all_sums, strict=True) if total >= least}
        files = {directory: all_files[places[directory]] for directory in ("", *sums)}
        sums.setdefault("", all_sums[0])
        children: dict[int, list[str]] = {}
        for directory in filter(None, sums):
            children.setdefault(places[directory.rpartition("/")[0]], []).append(directory)
        chosen: dict[str, tuple[int, int]] = {"": (sums[""], files[""])}
        closed: set[str] = set()
        while len(chosen) < count:
            candidates = [name for name in chosen if name not in closed and places[name] in children]
            if not candidates:
                break
            name = max(candidates, key=lambda one: chosen[one][0])
            big = sorted(children[places[name]], key=lambda one: -sums[one])[: count - len(chosen) + 1]
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
