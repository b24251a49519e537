"""Requirements files of pip and pip-tools: which of them are for development, and what they ask for.

Source: pip's documentation, "Requirements File Format". The names are a habit, not a rule: ``requirements-dev.txt``,
``test_requirements.in``, ``requirements/dev.txt``, ``docs/requirements.txt``. What a name does not say to be
development's counts as production's.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from posixpath import dirname, join, normpath

from msgspec import Struct

from layerscope.model.pathset import PathSet
from layerscope.model.patterns import pattern
from layerscope.rules.lockfiles import DEVELOPMENT, Declared, Node, closure, is_for_development, nodes

_WORDS = (*DEVELOPMENT, "prod", "production", "base", "main", "common", "default", "runtime", "deploy", "server")
_ENDINGS = (".txt", ".in")
_FOLDERS = ("requirements", "reqs")
_FORMS = ("requirements-{}", "requirements_{}", "requirements.{}", "{}-requirements", "{}_requirements")
_INCLUDE = pattern(r"\s*(?:-r|--requirement)[\s=]*(\S+)")
_COMMENT = pattern(r"(?:^|\s)#.*")

REQUIREMENTS = PathSet(
    names=tuple(
        form.format(word) + ending
        for form, word, ending in (
            *product(_FORMS, _WORDS, _ENDINGS),
            *product(("{}",), ("requirements", "reqs"), _ENDINGS),
        )
    ),
    trees=tuple(
        f"{folder}/{word}{ending}" for folder, word, ending in product(_FOLDERS, (*_WORDS, "requirements"), _ENDINGS)
    ),
)
"""The requirements files that are read."""
_NAMES, _TREES = frozenset(REQUIREMENTS.names), frozenset(REQUIREMENTS.trees)


class Requirements(Struct, frozen=True, kw_only=True):
    """What the requirements files of one project ask for; ``files`` are those of development, relative to ``root``."""

    root: str
    files: tuple[str, ...]
    wishes: Declared


def is_requirements(path: str) -> bool:
    """Whether a path is that of a requirements file."""
    directory, _, name = path.rpartition("/")
    return name in _NAMES or f"{directory.rpartition('/')[2]}/{name}" in _TREES


def requirements(texts: Mapping[str, str], beside: Mapping[str, frozenset[Node]]) -> Iterator[Requirements]:
    """The projects that say what production asks for, and maybe development, by the texts at their paths.

    ``beside`` is what other files of each directory, such as pyproject.toml, ask for in production.
    """
    projects: dict[str, tuple[list[str], list[str]]] = {}
    for path in sorted(texts):
        root, for_development = _purpose(path)
        projects.setdefault(root, ([], []))[for_development].append(path)
    for root, (production, development) in projects.items():
        reached = closure(production, lambda path: (one for one in included_files(path, texts[path]) if one in texts))
        wanted = _asked(texts[path] for path in reached) | beside.get(root, frozenset())
        files = {path: _asked((texts[path],)) for path in development if path not in reached}
        if wanted:
            only = frozenset(node for asked in files.values() for node in asked) - wanted
            yield Requirements(
                root=root,
                files=tuple(path[len(root) :].lstrip("/") for path, asked in files.items() if not asked <= wanted),
                wishes=Declared(
                    production=wanted,
                    development=only,
                    expected=frozenset(name for path in reached for name in _unconditional(texts[path])),
                ),
            )


def _purpose(path: str) -> tuple[str, bool]:
    """The directory of the project that a requirements file belongs to, and whether it is for development."""
    directory, _, name = path.rpartition("/")
    root, slash, folder = directory.rpartition("/")
    if not slash:  # A stage's name may stand before the path: "builder:/app".
        root, folder = "", directory
    if folder in _FOLDERS:
        return root, is_for_development(name)
    if name in ("requirements.in", "requirements.txt") and is_for_development(folder):
        return root, True
    return directory, is_for_development(name)


def _lines(text: str) -> Iterator[str]:
    """The lines that ask for a package by its name."""
    for line in text.splitlines():
        stripped = _COMMENT.sub("", line).strip()
        address = stripped.partition("://")
        if stripped and not stripped.startswith(("-", ".", "/")) and (not address[1] or " @ " in address[0]):
            yield stripped


def _asked(texts: Iterable[str]) -> frozenset[Node]:
    return frozenset(node for text in texts for line in _lines(text) for node in nodes(line))


def _unconditional(text: str) -> Iterator[str]:
    """The packages that are asked for whatever the platform is."""
    return (name for line in _lines(text) if ";" not in line for name, _ in nodes(line))


def included_files(path: str, text: str) -> Iterator[str]:
    """The requirements files that one includes, by paths of the same kind as its own."""
    for line in text.splitlines():
        include = _INCLUDE.match(line)
        if include is not None:
            yield normpath(join(dirname(path), include[1]))
