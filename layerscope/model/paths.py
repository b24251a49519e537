"""Paths of an image: absolute, with one slash between their parts and none at the end; and the walk of symlinks."""

from collections.abc import Callable, Iterable

from layerscope.model.patterns import pattern

_LICENCE = pattern(r"(?i)(?:(?:un)?licen[cs]es?|copying|copyright|notices?|authors)(?:[._-].{0,40})?")


def normal(path: str) -> str:
    """Return ``/a/b`` for ``a//./b``, ``./a/b/`` and ``/../a/b``: the root is its own parent, as in a chroot."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part and part != ".":
            parts.append(part)
    return "/" + "/".join(parts)


def directories_of(paths: Iterable[str]) -> list[str]:
    """Return the directory of each absolute path, equal ones as one string; the root is the empty string."""
    known: dict[str, str] = {}
    same = known.setdefault
    return [same(directory := path.rpartition("/")[0], directory) for path in paths]


def is_at_or_below(path: str, root: str) -> bool:
    """Return whether a path is ``root`` or below it; both are normal, and ``/`` holds everything."""
    return root == "/" or path == root or path.startswith(root + "/")


def common_directory(one: str, other: str) -> str:
    """Return the lowest directory at or above both; the root is the empty string, as in ``directories_of``."""
    while one and not is_at_or_below(other, one):
        one = one.rpartition("/")[0]
    return one


def is_licence(path: str) -> bool:
    """Return whether the file at a path is a licence, a notice of copyright or a list of authors, by its name."""
    return _LICENCE.fullmatch(path.rpartition("/")[2]) is not None


_LINKS = 40
"""The most symlinks that Linux follows in one path."""
_PARTS = 10_000
"""The most components, those of link targets included."""


def follow(path: str, target_of: Callable[[str], str]) -> str | None:
    """Return the path behind all symlinks of ``path``, its last component's too; the root is the empty string.

    ``target_of`` gives the target of the symlink at a path, an empty string where there is none. ``..`` leaves the
    directory behind a link, and stays in the root. Returns None for a circle, and for too many links.
    """
    done, todo = "", path.split("/")[::-1]
    links = parts = 0
    while todo:
        part = todo.pop()
        if not part or part == ".":
            continue
        parts += 1
        if part == "..":
            done = done.rpartition("/")[0]
        elif target := target_of(f"{done}/{part}"):
            links += 1
            done = "" if target.startswith("/") else done
            todo += target.split("/")[::-1]
        else:
            done = f"{done}/{part}"
        if links > _LINKS or parts + len(todo) > _PARTS:
            return None
    return done
