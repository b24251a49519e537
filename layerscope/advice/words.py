"""The words in which steps speak of instructions and files."""

from collections.abc import Iterable, Mapping, Sequence

from layerscope.advice.timeline import Site

KINDS: Mapping[str, str] = {
    "vcs-metadata": "the version control repository",
    "ci-config": "files of the build service",
    "container-files": "the image's own build files",
    "editor-os-junk": "files of editors and desktops",
    "logs": "logs",
    "dev-traces": "traces of shells and tools",
    "core-dump": "memory dumps",
    "pip-cache": "the cache of Python's installer",
    "node-cache": "the cache of Node's package manager",
    "go-cache": "Go's caches",
    "cargo-cache": "Cargo's caches",
    "jvm-cache": "the downloads of the JVM build tool",
    "other-cache": "caches",
    "objects": "object files",
    "apt-lists": "the package lists",
    "apt-archives": "apt's downloads",
    "apk-index": "apk's index and downloads",
    "tmp-leftover": "temporary files",
    "project-files": "files that only the work on the project needs",
    "foreign-packages": "packages that the image cannot run",
    "tests": "tests",
    "sources": "sources",
    "source-maps": "source maps",
}
"""By rule: what to call what it finds, of what can be deleted at the end of a build stage."""
REVIEWS = {
    "tests": "make sure that the application imports none of them",
    "sources": "make sure that the program reads none of them",
    "source-maps": "make sure that nothing serves or reads them",
}
"""By rule: what to make sure of before the files that it finds are removed."""
_MOST_QUOTED, _MOST_ALONE = 60, 200


def place(site: Site) -> str:
    """An instruction as a sentence names it: by its line, and in its own words where they are short.

    A long one is not cut, since a part of a secret would not be recognised as one and masked.
    """
    text = str(site)
    is_short = len(text) <= (_MOST_QUOTED if site.line is not None else _MOST_ALONE) and "\n" not in text
    if site.line is None:
        return f"`{text}`" if is_short else f"a later {site.kind}"
    return f"line {site.line} (`{text}`)" if is_short else f"line {site.line}"


def short_place(site: Site) -> str:
    """The line of an instruction, which its own words stand for where it has none."""
    return f"line {site.line}" if site.line is not None else place(site)


def without(readers: Iterable[Site], what: str = "them") -> str:
    """What to make sure of before files go that some instructions may read."""
    return f"make sure that {listed(list(dict.fromkeys(map(place, readers))))} can do without {what}"


def listed(words: Sequence[str], *, most: int = 4) -> str:
    """Some words in a sentence, and how many more there are."""
    more = len(words) - most
    if more > 0:
        return f"{', '.join(words[:most])} and {more} more"
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
