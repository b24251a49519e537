"""What to run instead, where the user named an image that cannot be read as one."""

import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from layerscope.cli.invocation import called_with
from layerscope.errors import ArchiveError, NotAnImage
from layerscope.model.nearest import nearest
from layerscope.model.patterns import pattern

_NAME = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REFERENCE = pattern(
    rf"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?{_NAME}(?:/{_NAME})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@sha256:[0-9a-f]+)?\Z"
)
"""The name of an image, as engines accept it."""
_ARCHIVE = pattern(r"\.(?:tar|tgz|tzst|tar\.[a-z0-9]+)\Z", re.IGNORECASE)
_SCHEMES = (
    "containers-storage",
    "docker",
    "docker-archive",
    "docker-daemon",
    "oci",
    "oci-archive",
    "podman",
    "registry",
)
"""What skopeo, syft and dive write before the name of an image."""
_PODMAN = ("containers-storage", "podman")
_DOCKERFILE = pattern(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:FROM|ARG)[ \t]+\S", re.IGNORECASE)
_TAG = "layerscope-build"
"""The tag of an image that a hint builds."""
_HEAD = 1 << 14
_MOST_ENTRIES = 10_000
_NEEDS_FILE = frozenset({"explore", "scan"})
"""Commands that do not read an image from stdin."""


@contextmanager
def hinted(source: str) -> Iterator[None]:
    """Add to an error about a file that the user named what to run instead, where that is known."""
    try:
        yield
    except ArchiveError as error:
        if any(word == source or word.endswith(f"={source}") for word in sys.argv[1:]):
            error.hint = _hint(source, error) or error.hint
        raise


def _hint(source: str, error: ArchiveError) -> str:
    if not os.path.lexists(source) and source != "-":
        return missing_hint(source)
    if os.path.isdir(source):
        return _directory(source) if isinstance(error, NotAnImage) else ""
    return _file(source) if os.path.isfile(source) else ""


def missing_hint(source: str) -> str:
    """What to run where there is no such file: it may be the name of an image, a URL or a misspelt path."""
    if source.startswith(("http://", "https://")):
        return f"layerscope downloads nothing: curl -fsSL {shlex.quote(source)} | {called_with(source, '-')}"
    scheme, _, rest = source.partition(":")
    name, engine = source, "docker"
    if scheme in _SCHEMES:
        name, engine = rest.removeprefix("//"), "podman" if scheme in _PODMAN else "docker"
        if os.path.exists(name):
            return f"leave out {scheme}: {called_with(source, name)}"
    near = _near(source)
    is_path = _ARCHIVE.search(name) or os.path.isdir(os.path.dirname(name))
    found = (
        f"did you mean {called_with(source, near)}?" if near else "",
        _saved(source, name, engine) if not is_path and _REFERENCE.match(name) else "",
    )
    return " or, for an image of an engine: ".join(filter(None, found))


def _directory(directory: str) -> str:
    """What to run for a directory that is no image, but holds some, or what one is built from."""
    from layerscope.image.layouts import is_image  # A saved report needs none of it.

    names = _listed(directory)
    if is_image(directory):
        return ""
    paths = [os.path.join(directory, name) for name in names]
    found = [path for path in paths if _ARCHIVE.search(path) or (os.path.isdir(path) and is_image(path))]
    if len(found) == 1:
        return f"it holds an archive: {called_with(directory, found[0])}"
    if found:
        return f"it holds several archives: {shlex.join(['layerscope', 'scan', directory])}"
    built = next((name for name in ("Dockerfile", "Containerfile") if name in names), "")
    return _built(directory, os.path.join(directory, built)) if built else ""


def _file(path: str) -> str:
    """What to run for a file that is no image archive, but a part of an image or a Dockerfile."""
    layout = _layout_of(path)
    if layout:
        return f"it is a part of an image: {called_with(path, layout)}"
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            head = file.read(_HEAD)
    except OSError:
        return ""
    if not _DOCKERFILE.match(head):
        return ""
    return f"is it the Dockerfile? --dockerfile {shlex.quote(path)}" if _is_value(path) else _built(path, path)


def layer_hint(path: str) -> str:
    """How to read the image that a file is a layer of; empty where it is none."""
    layout = _layout_of(path)
    return f"this is one layer of an image: {called_with(path, layout)}" if layout else ""


def _layout_of(path: str) -> str:
    """The directory of the image that a file is a blob or layer of; empty where it is none."""
    from layerscope.image.layouts import is_image

    above, parent = os.path.split(os.path.dirname(os.path.abspath(path)))
    if os.path.basename(above) == "blobs":
        root = os.path.dirname(above)
    elif parent and os.path.basename(path) == "layer.tar":
        root = above
    else:
        return ""
    return os.path.relpath(root) if is_image(root) else ""


def _built(source: str, dockerfile: str) -> str:
    context = os.path.dirname(dockerfile) or "."
    build = shlex.join(["docker", "build", "-t", _TAG, "-f", dockerfile, context])
    return f"build the image first: {build} && {_saved(source, _TAG, 'docker')}"


def _saved(source: str, name: str, engine: str) -> str:
    """Save an image and read it, through a pipe where the command can."""
    words = sys.argv[1:]
    if words.count(source) == 1 and "-" not in words and not _is_value(source) and _NEEDS_FILE.isdisjoint(words):
        return f"{engine} save {shlex.quote(name)} | {called_with(source, '-')}"
    file = re.sub(r"[^A-Za-z0-9.]+", "-", name.rpartition("/")[2]) + ".tar"
    if os.path.exists(file):
        return f"did you mean {called_with(source, file)}?"
    return f"{engine} save {shlex.quote(name)} -o {file} && {called_with(source, file)}"


def _is_value(source: str) -> bool:
    """Whether the image is an option's value, such as that of ``--base``."""
    words = sys.argv[1:]
    return source not in words or words[words.index(source) - 1] in ("--base", "--baseline", "--stage")


def _near(path: str) -> str:
    """The archive or report whose name is most like a missing one, in its directory."""
    directory, name = os.path.split(path)
    names = (one for one in _listed(directory or ".") if _ARCHIVE.search(one) or one.endswith(".json"))
    found = nearest(name, names) if name else ""
    return os.path.join(directory, found) if found else ""


def _listed(directory: str) -> list[str]:
    """The names in a directory, if it can be read and is not too large."""
    try:
        with os.scandir(directory) as entries:
            return sorted(entry.name for entry in islice(entries, _MOST_ENTRIES))
    except OSError:
        return []
