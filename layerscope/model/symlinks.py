"""Resolve symlinks as Linux does."""

from collections.abc import Callable

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
