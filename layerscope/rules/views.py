"""What several rules ask of a scene."""

import re
from collections.abc import Iterable

from layerscope.model.entry import Fate, Kind
from layerscope.model.image import Image
from layerscope.rules.rule import Scene

_WORD = re.compile(r"[^\s'\"`;|&()<>=$]+")
_LONGEST = 64 << 10


def living(scene: Scene) -> tuple[int, ...]:
    """The matches that the final file system still holds."""
    fates = scene.filesystem.fates
    return tuple(number for number in scene.matches if fates[number] == Fate.LIVE)


def files(scene: Scene, numbers: Iterable[int]) -> tuple[int, ...]:
    """Those that are regular files or hardlinks."""
    filesystem = scene.filesystem
    return tuple(number for number in numbers if filesystem.kind_of(number) <= Kind.HARDLINK)


def content_bytes(scene: Scene, numbers: Iterable[int]) -> int:
    """The sum of the versions' lengths."""
    return sum(map(scene.filesystem.content_bytes, numbers))


def command_words(image: Image) -> tuple[str, ...]:
    """The words of Entrypoint and Cmd; a shell's script is taken apart too."""
    text = "\n".join((*image.config.entrypoint, *image.config.cmd))[:_LONGEST]
    return tuple(_WORD.findall(text))


def called(image: Image) -> frozenset[str]:
    """The tools that Entrypoint and Cmd name, without directories: what is called is wanted."""
    return frozenset(word.rpartition("/")[2] for word in command_words(image))


def calls(image: Image, *tools: str) -> bool:
    """Whether Entrypoint or Cmd name one of the tools, also by version (``python3.12``, ``gcc-12``)."""
    names = called(image)
    return any(tool in names for tool in tools) or any(
        name.startswith(tool) and name[len(tool) :].strip("-.0123456789") == "" for tool in tools for name in names
    )
