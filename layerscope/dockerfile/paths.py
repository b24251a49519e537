"""Paths of a Linux image, as far as a Dockerfile tells them."""

from layerscope.dockerfile.expand import Expansion
from layerscope.model.paths import normal

_DIRECTORY_NAMES = ("", ".", "..")


def names_directory(path: str) -> bool:
    """Whether a path can only be a directory: it ends in a slash, or in ``.`` or ``..``."""
    return path.rpartition("/")[2] in _DIRECTORY_NAMES


def below(path: str, directory: str) -> str | None:
    """What follows ``directory`` in ``path`` (both normal), empty where they are the same; None outside of it."""
    if path == directory:
        return ""
    prefix = directory if directory.endswith("/") else directory + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def join(directory: Expansion, path: Expansion, *, keep_slash: bool) -> Expansion:
    """``path`` from the root where the directory is known; otherwise as written, and not resolved.

    ``keep_slash`` ends what names a directory with a slash, which tells COPY to copy into it.
    """
    absolute = path.text.startswith("/")
    if not absolute and not directory.text:
        return Expansion(text=path.text, unresolved=directory.unresolved + path.unresolved)
    text = path.text if absolute else f"{directory.text}/{path.text}"
    unresolved = path.unresolved if absolute else directory.unresolved + path.unresolved
    if not absolute and path.text.startswith("$") and path.unresolved:
        return Expansion(text=path.text, unresolved=path.unresolved)
    if unresolved:
        return Expansion(text=text, unresolved=unresolved)
    slash = "/" if keep_slash and names_directory(path.text) else ""
    return Expansion(text=normal(text) + slash if normal(text) != "/" else "/")
