"""An image as a process in it would see it: programs on the PATH, scripts, ELF files, users."""

from collections.abc import Iterator
from functools import cached_property

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.image import Image
from layerscope.model.limits import KIB
from layerscope.model.paths import normal
from layerscope.packages.formats.dynamic import Dynamic, dynamic
from layerscope.packages.formats.elf import MAGIC
from layerscope.packages.formats.ranges import ranges_of

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_DIRECTORIES = 64
_LONGEST_PATH = 4096
_LONGEST_LINE = 256
LONGEST_SCRIPT = 64 * KIB


class System:
    """Questions about the files of one image; what was read of an ELF file is kept."""

    def __init__(self, image: Image, filesystem: Filesystem) -> None:
        self.config, self.filesystem = image.config, filesystem
        self._elves: dict[int, Dynamic | None] = {}
        self.environment = dict(text.partition("=")[::2] for text in image.config.env)

    def file(self, path: str) -> int | None:
        """The live regular file behind a path and its links."""
        if len(path) > _LONGEST_PATH:
            return None
        number = self.filesystem.resolve(path)
        return number if number is not None and self.filesystem.kinds[number] <= Kind.HARDLINK else None

    def program(self, word: str, directory: str = "") -> int | None:
        """The file that a command names: by its path, from ``directory`` on, or on the PATH."""
        return next((number for path in self.places(word, directory) if (number := self.file(path)) is not None), None)

    def program_path(self, word: str) -> str:
        """The path by which that file is called, with its links; empty where there is none."""
        return next((path for path in self.places(word) if self.file(path) is not None), "")

    def places(self, word: str, directory: str = "") -> Iterator[str]:
        """Where a command is looked for."""
        if not word or len(word) > _LONGEST_PATH:
            return
        if "/" in word:
            yield normal(word if word.startswith("/") else f"{directory or self.config.working_dir}/{word}")
            return
        for one in (self.environment.get("PATH") or DEFAULT_PATH).split(":")[:_MOST_DIRECTORIES]:
            yield normal(f"{one}/{word}")

    def elf(self, number: int) -> Dynamic | None:
        """What an ELF file says of its loading; None for other files, and for what was not kept or cannot be read."""
        number = self.filesystem.carrier(number)
        if number not in self._elves:
            self._elves[number] = self._elf(number)
        return self._elves[number]

    def _elf(self, number: int) -> Dynamic | None:
        if (self.filesystem.read(number, 0, len(MAGIC)) or b"") != MAGIC:
            return None
        path = self.filesystem.path_of(number)
        return dynamic(*ranges_of(self.filesystem, number), is_node_module=path.endswith(".node"))

    def first_line(self, number: int) -> str:
        """The interpreter of a script with its argument, without ``#!``; empty for any other file."""
        head = self.filesystem.read(number, 0, min(_LONGEST_LINE, self.length(number))) or b""
        line = head.partition(b"\n")[0] if head.startswith(b"#!") else b""
        return line[2:].decode("utf-8", "surrogateescape").strip()

    def script(self, number: int) -> str:
        """The text of a script; empty where it is too long or was not kept."""
        length = self.length(number)
        data = self.filesystem.read(number, 0, length) if length <= LONGEST_SCRIPT else None
        return (data or b"").decode("utf-8", "surrogateescape")

    def length(self, number: int) -> int:
        return self.filesystem.content_bytes(self.filesystem.carrier(number))

    def text(self, path: str, most: int = LONGEST_SCRIPT) -> str:
        """A small text file; empty where there is none."""
        number = self.file(path)
        data = self.filesystem.read(number, 0, most) if number is not None else None
        return (data or b"").decode("utf-8", "surrogateescape")

    @cached_property
    def is_musl(self) -> bool:
        """Whether the C library is musl."""
        found = [
            self.filesystem.path_of(number).rpartition("/")[2] for number in self.filesystem.children.get("/lib", ())
        ]
        return any(name.startswith("ld-musl-") for name in found)
