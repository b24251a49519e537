"""The real command line on hostile archives, under a limit on its memory and on its time."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.builder import ImageSpec, crane, docker_legacy, layer
from tests.building.member import Member
from tests.conftest import FIXTURES

MEMORY = 1 << 30
"""Bytes of address space: what the interpreter and its libraries map is in it."""
SECONDS = 60
"""Of processor time, far more than any case takes: it catches what would never end, on a busy machine too."""
_LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.execv(sys.executable, [sys.executable, "-m", "layerscope", *sys.argv[3:]])
"""
_UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What moves a cursor, changes colours or reorders a line."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not sys.platform.startswith("linux") and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason="only Linux limits the memory of a process as these tests need"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one call ended."""

    code: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.output.decode("utf-8")

    @property
    def report(self) -> dict[str, Any]:
        """The report of ``-f json``."""
        assert self.code == 0, self.errors
        found: dict[str, Any] = json.loads(self.output)
        return found

    def column(self, name: str) -> list[str]:
        """One column of ``-f csv``."""
        assert self.code == 0, self.errors
        return [row[name] for row in csv.DictReader(io.StringIO(self.text))]


class Command:
    """Writes archives into an empty directory and calls ``layerscope`` there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", memory: int = MEMORY) -> Outcome:
        """One call, which must end in time, without a traceback, and say nothing that harms a terminal."""
        done = subprocess.run(
            [sys.executable, "-c", _LIMITED, str(memory), str(SECONDS), *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=self.directory,
            env=self.environment,
            check=False,
        )
        errors = done.stderr.decode("utf-8")
        assert done.returncode in (0, 1, 2, 3), (done.returncode, errors)
        assert "Traceback" not in errors and "unforeseen" not in errors, errors
        assert not _UNSAFE.search(errors), errors
        return Outcome(code=done.returncode, output=done.stdout, errors=errors)

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("LAYERSCOPE_")}
        return kept | {"PYTHONPATH": str(FIXTURES.parent), "HOME": str(self.directory)}

    def write(self, data: bytes, name: str = "image.tar") -> str:
        """An archive of these bytes; returns its name."""
        (self.directory / name).write_bytes(data)
        return name

    def report(self, data: bytes, *options: str) -> dict[str, Any]:
        """The report of an archive that has to give one."""
        return self("report", self.write(data), "-f", "json", *options).report

    def error(self, data: bytes, *options: str) -> str:
        """What is said of an archive that has to be refused: one message on stderr, and exit code 3."""
        done = self("report", self.write(data), *options)
        assert done.code == 3 and not done.output, (done.code, done.errors, done.output[:200])
        assert done.errors.startswith("layerscope: image.tar"), done.errors
        return done.errors


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    yield Command(tmp_path)


def image(*layers: list[Member] | bytes, **choices: Any) -> bytes:
    """The docker-archive of an image of these layers, each its members or its bytes."""
    return docker_legacy(_spec(layers, choices))


def packed(*layers: list[Member] | bytes, **choices: Any) -> bytes:
    """The same with compressed layers, which have to be read whole."""
    return crane(_spec(layers, choices))


def _spec(layers: tuple[list[Member] | bytes, ...], choices: dict[str, Any]) -> ImageSpec:
    made = tuple(each if isinstance(each, bytes) else layer(*each) for each in layers)
    return ImageSpec(layers=made, **choices)


Archive = Callable[..., bytes]
BOTH = pytest.mark.parametrize("archive", [pytest.param(image, id="plain"), pytest.param(packed, id="compressed")])
"""Layers that are walked by position, and layers that are read as a stream."""
