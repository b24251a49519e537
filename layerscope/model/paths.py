"""Paths of an image: absolute, with one slash between their parts and none at the end."""

from collections.abc import Iterable

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
