"""What an image starts: the words of its commands, and of the scripts that these run. What is called is wanted."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice

from layerscope.model.entry import Kind
from layerscope.model.image import Image
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.documents import json_object
from layerscope.rules.rule import Scene

_WORD = pattern(r"[^\s'\"`;|&()<>=$]+")
_UNSAID = pattern(r"(?<=\s)#[^\n]*|\b(?:echo|printf)\s[^\n;|&`$(]*|\$\w+")
"""Comments, what a script only prints, and the names of variables."""
_RUNS = pattern(r"(?<!\S)(?:npm|yarn|pnpm|bun)(?: (?:-\S*|/\S*|run|run-script))* (\S+)")
_LONGEST = 64 << 10
_LONGEST_PATH = 4096
_MOST_WORDS = 4096
_MOST_SCRIPTS = 16
_MOST_DIRECTORIES = 32
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_VERSION = "-.0123456789"

WANTED = Wanted(
    paths=PathSet(names=("entrypoint", "docker-entrypoint", "start", "run", "init", "boot"), suffixes=(".sh", ".bash")),
    head=_LONGEST,
)
"""The scripts that are kept of a compressed layer: which one an image starts is known only when all have been read."""


def command_words(scene: Scene) -> Sequence[str]:
    """The words of Entrypoint, Cmd and the health check, and of the scripts in the image that these run.

    A script begins with ``#!`` and has at most 64 KiB; what npm, yarn, pnpm or bun are told to run is looked up in
    package.json.
    """
    if not scene.words:
        config = scene.image.config
        text = "\n".join((*config.entrypoint, *config.cmd, *_health_check(scene.image)))[:_LONGEST]
        words = _WORD.findall(text)
        _add_scripts(scene, words)
        words += islice(_package_scripts(scene, words), _MOST_WORDS)
        scene.words.extend(words)
    return scene.words


def called(scene: Scene) -> AbstractSet[str]:
    """The tools that these words name, without directories, and also without versions (``python3.12``, ``gcc-12``)."""
    if not scene.tools:
        scene.tools.update(word.rpartition("/")[2] for word in command_words(scene))
        scene.tools.update([name.rstrip(_VERSION) for name in scene.tools])
    return scene.tools


def calls(scene: Scene, *tools: str) -> bool:
    """Whether one of the tools is called."""
    return not called(scene).isdisjoint(tools)


def named_below(scene: Scene, *trees: str) -> tuple[str, ...]:
    """What commands, Env or the working directory name below these directories, each with a slash at its end."""
    config = scene.image.config
    values = (*command_words(scene), *(variable.partition("=")[2] for variable in config.env), config.working_dir)
    named = {value.rstrip("/") for text in values for value in text.split(":")}
    below = tuple(f"{tree}/" for tree in trees)
    return tuple(f"{value}/" for value in named if value.startswith(below))


def runs_dotnet(scene: Scene, *also: str) -> bool:
    """Whether the image starts ``dotnet run``, which needs the SDK and its packages, or another of its commands."""
    return calls(scene, "dotnet") and not {"run", "watch", *also}.isdisjoint(command_words(scene))


def _health_check(image: Image) -> tuple[str, ...]:
    """The command of the health check (a field of the engine's config, beside those of the OCI image-spec)."""
    config = image.config.document.get("config")
    check = config.get("Healthcheck") if isinstance(config, dict) else None
    test = check.get("Test") if isinstance(check, dict) else None
    return tuple(word for word in test if isinstance(word, str)) if isinstance(test, list) else ()


def _add_scripts(scene: Scene, words: list[str]) -> None:
    """Add the words of the scripts that ``words`` name; a script names another by a path."""
    by_name, seen = len(words), set[int]()
    for position, word in enumerate(words):  # It grows meanwhile.
        if position == _MOST_WORDS or len(seen) == _MOST_SCRIPTS:
            return
        number = _program(scene, word) if position < by_name or "/" in word else None
        if number is not None and number not in seen and (text := _script(scene, number)):
            seen.add(number)
            words += _WORD.findall(text)[:_MOST_WORDS]


def _program(scene: Scene, word: str) -> int | None:
    """The live file that a word names as a command: by its path, in the working directory, or on the PATH."""
    config, kinds = scene.image.config, scene.filesystem.kinds
    if len(word) > _LONGEST_PATH:
        return None
    places = [word if word.startswith("/") else f"{config.working_dir}/{word}"]
    if "/" not in word:
        path = next((value[5:] for value in config.env if value.startswith("PATH=")), _PATH)
        places += [f"{directory}/{word}" for directory in path.split(":")[:_MOST_DIRECTORIES]]
    found = (number for place in places if (number := scene.filesystem.resolve(place)) is not None)
    return next((number for number in found if kinds[number] <= Kind.HARDLINK), None)


def _script(scene: Scene, number: int) -> str:
    """What a script says; empty for what is none."""
    filesystem = scene.filesystem
    if filesystem.content_bytes(filesystem.carrier(number)) > _LONGEST:
        return ""
    data = filesystem.read(number, 0, _LONGEST) or b""
    return _UNSAID.sub("", data[2:].decode("utf-8", "replace")) if data.startswith(b"#!") else ""


def _package_scripts(scene: Scene, words: Sequence[str]) -> Iterator[str]:
    """The words of the scripts in package.json that a package manager of Node is told to run."""
    told = set(_RUNS.findall(" ".join(words)))
    if not told:
        return
    directories = dict.fromkeys((scene.image.config.working_dir, *(word for word in words if word.startswith("/"))))
    found = (scene.filesystem.live.get(f"{directory.rstrip('/')}/package.json") for directory in directories)
    for number in islice((number for number in found if number is not None), _MOST_SCRIPTS):
        scripts = json_object(scene.filesystem.read(number, 0, 1 << 20) or b"").get("scripts")
        todo, done = list(told), set[str]()
        while todo and isinstance(scripts, dict):
            name = todo.pop()
            text = scripts.get(name)
            if name in done or not isinstance(text, str):
                continue
            done.add(name)
            yield from _WORD.findall(text)
            todo += [f"pre{name}", f"post{name}", *_RUNS.findall(text)]
