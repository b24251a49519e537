"""SIGINT, SIGTERM and SIGHUP end the process as a shell expects it, and leave nothing behind that is half done."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builder import ImageSpec, crane, docker_legacy, file, layer
from tests.conftest import FIXTURES

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise on Windows")
MIB = 1 << 20
SIGNALS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
EACH = pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
LARGE = docker_legacy(ImageSpec(layers=(layer(file("large", random.Random(1).randbytes(8 * MIB))),), tags=("app:1",)))
PAUSED = """
import os
real, write = os.{call}, os.write
def paused(*arguments, **options):
    if {condition}:
        write(2, b"!")
        os.read(0, 1)
    return real(*arguments, **options)
os.{call} = paused
from layerscope.__main__ import main
main()
"""
"""A program that says when it has come to a call, and waits there."""


def started(code: list[str], folder: Path, **changes: str) -> "subprocess.Popen[bytes]":
    (folder / "temporary").mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(FIXTURES.parent), "TMPDIR": str(folder / "temporary"), **changes}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, *code], stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder, env=environment, bufsize=0
    )


def fed(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """A command that waits for the rest of an archive: more is written than a pipe holds, so it has begun to read."""
    process = started(["-m", "layerscope", *arguments], folder)
    assert process.stdin is not None
    left = memoryview(LARGE)[: 4 * MIB]
    while left:
        left = left[process.stdin.write(left) :]
    return process


def paused(folder: Path, call: str, condition: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """A command that has come to a call of ``os``, and waits there."""
    process = started(["-c", PAUSED.format(call=call, condition=condition), *arguments], folder)
    assert process.stderr is not None and process.stderr.read(1) == b"!"
    return process


def ended(process: "subprocess.Popen[bytes]", number: int) -> tuple[int, bytes]:
    """How a process ends when it gets the signal: code and stderr."""
    process.send_signal(number)
    code = process.wait(60)
    assert process.stderr is not None and process.stdin is not None and process.stdout is not None
    errors = process.stderr.read()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    return code, errors


def told(number: signal.Signals) -> tuple[int, bytes]:
    return 128 + number, f"layerscope: {SIGNALS[number]}\n".encode()


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@EACH
@pytest.mark.parametrize("arguments", [("report", "-"), ("extract", "-", "/", "out"), ("cat", "-", "/large")])
def test_while_an_archive_comes_through_a_pipe(tmp_path: Path, number: signal.Signals, arguments: tuple[str]) -> None:
    assert ended(fed(tmp_path, *arguments), number) == told(number)
    assert left(tmp_path) == []


@EACH
def test_while_a_file_is_extracted(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "image.tar").write_bytes(LARGE)
    process = paused(tmp_path, "write", "arguments[0] > 2", "extract", "image.tar", "/", "out")
    assert [path.partition("layerscope-")[0] for path in left(tmp_path / "out")] == ["."]
    assert ended(process, number) == told(number)
    assert left(tmp_path) == ["image.tar"]


@EACH
def test_while_a_file_is_replaced_by_an_extracted_one(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "image.tar").write_bytes(LARGE)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "large").write_text("old")
    process = paused(tmp_path, "write", "arguments[0] > 2", "extract", "image.tar", "/large", "out", "--force")
    assert ended(process, number) == told(number)
    assert (left(tmp_path), (tmp_path / "out" / "large").read_text()) == (["image.tar", "out/large"], "old")


@EACH
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_while_a_report_is_written(tmp_path: Path, number: signal.Signals, call: str) -> None:
    (tmp_path / "image.tar").write_bytes(LARGE)
    (tmp_path / "report.json").write_text("old")
    arguments = ("report", "image.tar", "--no-cache", "-o", "report.json")
    assert ended(paused(tmp_path, call, "True", *arguments), number) == told(number)
    assert (left(tmp_path), (tmp_path / "report.json").read_text()) == (["image.tar", "report.json"], "old")


@EACH
def test_while_an_entry_of_the_cache_is_written(tmp_path: Path, number: signal.Signals, cache_directory: Path) -> None:
    compressed = crane(ImageSpec(layers=(layer(file("a", b"1" * 5000)),)))
    (tmp_path / "image.tar").write_bytes(compressed)
    process = paused(tmp_path, "write", "arguments[0] > 2", "layers", "image.tar")
    assert [path.suffix for path in cache_directory.iterdir()] == [".part"]
    assert ended(process, number) == told(number)
    assert left(cache_directory) == []


@EACH
def test_while_nobody_reads_what_is_printed(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "image.tar").write_bytes(LARGE)
    process = started(["-m", "layerscope", "cat", "image.tar", "/large"], tmp_path)
    assert process.stdout is not None and process.stdout.read(1)
    assert ended(process, number) == told(number)


def test_signals_that_come_together_are_one(tmp_path: Path) -> None:
    process = fed(tmp_path, "extract", "-", "/", "out")
    process.send_signal(signal.SIGSTOP)
    for number in SIGNALS:
        process.send_signal(number)
    code, errors = ended(process, signal.SIGCONT)
    assert (code, errors) in [told(number) for number in SIGNALS]
    assert left(tmp_path) == []


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(LARGE)
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + PAUSED.format(
        call="fsync", condition="True"
    )
    process = started(["-c", code, "report", "image.tar", "-o", "report.json"], tmp_path)
    assert process.stderr is not None and process.stderr.read(1) == b"!"
    process.send_signal(signal.SIGHUP)
    assert process.communicate(b"!", timeout=60) == (b"", b"") and process.returncode == 0
    assert left(tmp_path) == ["image.tar", "report.json"]


def test_before_anything_is_loaded(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'layerscope.cli.app':\n"
        "            os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from layerscope.__main__ import main\nmain()\n"
    )
    process = started(["-c", code, "--help"], tmp_path)
    assert (process.wait(60), process.communicate()) == (143, (b"", b"layerscope: terminated\n"))
