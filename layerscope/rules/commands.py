"""The words of the commands that an image starts, and of the scripts that these run: what they name is in use."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.image import Image
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.documents import json_object

_WORD = pattern(r"[^\s'\"`;|&()<>=$]+")
_UNSAID = pattern(r"(?<=\s)#[^\n]*|\b(?:echo|printf)\s[^\n;|&`$(]*|\$\w+")
"""Comments, what a script only prints, and the names of variables."""
_RUNS = pattern(r"(?<!\S)(?:npm|yarn|pnpm|bun)(?: (?:-\S*|/\S*|run|run-script))* (\S+)")
_PACKAGE, _PACKAGE_BYTES = "package.json", 1 << 20
_LONGEST = 64 << 10
_LONGEST_PATH = 4096
_MOST_WORDS = 4096
_MOST_SCRIPTS = 16
_MOST_DIRECTORIES = 32
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_VERSION = "-.0123456789"

WANTED = Wanted(paths=PathSet(names=(_PACKAGE,)), head=_PACKAGE_BYTES, small=_LONGEST, beginning=b"#!")
"""Every script: which one an image starts is known only when all have been read."""


def words_of(image: Image, filesystem: Filesystem) -> list[str]:
    """The words of Entrypoint, Cmd and the health check, and of the scripts in the image that these run.

    A script begins with ``#!`` and has at most 64 KiB; the scripts that npm, yarn, pnpm or bun run are looked up in
    package.json.
    """
    config = image.config
    text = "\n".join((*config.entrypoint, *config.cmd, *_health_check(image)))[:_LONGEST]
    words = _WORD.findall(text)
    _add_scripts(image, filesystem, words)
    words += islice(_package_scripts(image, filesystem, words), _MOST_WORDS)
    return words


def tools_of(words: Iterable[str]) -> set[str]:
    """The tools that words name, without directories, and also without versions (``python3.12``, ``gcc-12``)."""
    tools = {word.rpartition("/")[2] for word in words}
    return tools | {name.rstrip(_VERSION) for name in tools}


def _health_check(image: Image) -> tuple[str, ...]:
    """The command of the health check (a field of the engine's config, beside those of the OCI image-spec)."""
    config = image.config.document.get("config")
    check = config.get("Healthcheck") if isinstance(config, dict) else None
    test = check.get("Test") if isinstance(check, dict) else None
    return tuple(word for word in test if isinstance(word, str)) if isinstance(test, list) else ()


def _add_scripts(image: Image, filesystem: Filesystem, words: list[str]) -> None:
    """Add the words of the scripts that ``words`` name; a script names another by a path."""
    by_name, seen = len(words), set[int]()
    for position, word in enumerate(words):  # It grows meanwhile.
        if position == _MOST_WORDS or len(seen) == _MOST_SCRIPTS:
            return
        number = _program(image, filesystem, word) if position < by_name or "/" in word else None
        if number is not None and number not in seen and (text := _script(filesystem, number)):
            seen.add(number)
            words += _WORD.findall(text)[:_MOST_WORDS]


def _program(image: Image, filesystem: Filesystem, word: str) -> int | None:
    """The live file that a word names as a command: by its path, in the working directory, or on the PATH."""
    config, kinds = image.config, filesystem.kinds
    if len(word) > _LONGEST_PATH:
        return None
    places = [word if word.startswith("/") else f"{config.working_dir}/{word}"]
    if "/" not in word:
        path = next((value[5:] for value in config.env if value.startswith("PATH=")), _PATH)
        places += [f"{directory}/{word}" for directory in path.split(":")[:_MOST_DIRECTORIES]]
    found = (number for place in places if (number := filesystem.resolve(place)) is not None)
    return next((number for number in found if kinds[number] <= Kind.HARDLINK), None)


def _script(filesystem: Filesystem, number: int) -> str:
    """The text of a script; empty for any other file."""
    if filesystem.content_bytes(filesystem.carrier(number)) > _LONGEST:
        return ""
    data = filesystem.read(number, 0, _LONGEST) or b""
    return _UNSAID.sub("", data[2:].decode("utf-8", "replace")) if data.startswith(b"#!") else ""


def _package_scripts(image: Image, filesystem: Filesystem, words: Sequence[str]) -> Iterator[str]:
    """The words of the scripts in package.json that npm, yarn, pnpm or bun run."""
    names = set(_RUNS.findall(" ".join(words)))
    if not names:
        return
    directories = dict.fromkeys((image.config.working_dir, *(word for word in words if word.startswith("/"))))
    found = (filesystem.live.get(f"{directory.rstrip('/')}/{_PACKAGE}") for directory in directories)
    for number in islice((number for number in found if number is not None), _MOST_SCRIPTS):
        scripts = json_object(filesystem.read(number) or b"").get("scripts")
        todo, done = list(names), set[str]()
        while todo and isinstance(scripts, dict):
            name = todo.pop()
            text = scripts.get(name)
            if name in done or not isinstance(text, str):
                continue
            done.add(name)
            yield from _WORD.findall(text)
            todo += [f"pre{name}", f"post{name}", *_RUNS.findall(text)]
