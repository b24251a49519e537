"""Paths of an image: absolute, with one slash between their parts and none at the end."""

from collections.abc import Iterable


def normal(path: str) -> str:
    """``/a/b`` for ``a//./b``, ``./a/b/`` and ``/../a/b``: the root is its own parent, as in a chroot."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part and part != ".":
            parts.append(part)
    return "/" + "/".join(parts)


def directories_of(paths: Iterable[str]) -> list[str]:
    """The directory that each absolute path lies in, equal ones as one string; that of the root's own is empty."""
    known: dict[str, str] = {}
    same = known.setdefault
    return [same(directory := path.rpartition("/")[0], directory) for path in paths]


def is_at_or_below(path: str, root: str) -> bool:
    """Whether a path is ``root`` or lies below it; both are normal, and ``/`` holds everything."""
    return root == "/" or path == root or path.startswith(root + "/")


def common_directory(one: str, other: str) -> str:
    """The lowest directory that is above two, or either of them; the root is empty, as in ``directories_of``."""
    while one and not is_at_or_below(other, one):
        one = one.rpartition("/")[0]
    return one
