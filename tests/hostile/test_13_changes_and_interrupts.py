"""The archive changes or is cut, a pipe ends, a disk is full, somebody presses Ctrl-C: clean ends, nothing half-written."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from layerscope.cli.options import ReadArguments
from layerscope.cli.reading import opened
from layerscope.errors import Damaged, UsageError
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from tests.builder import ImageSpec, compress, crane, file, layer
from tests.hostile.conftest import Command, image, packed

MIB = 1 << 20
SMALL = image([file("a", b"abc" * 1000)], [file("b", b"12")])


@pytest.mark.parametrize("change", ["cut", "overwritten", "longer"])
def test_an_archive_that_changes_while_it_is_open_is_an_error(tmp_path: Path, change: str) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(SMALL)
    os.utime(path, (0, 0))
    with (
        pytest.raises(Damaged, match="the archive changed while it was read"),
        open_image(str(path), ReadOptions()),
        path.open("r+b") as archive,
    ):
        if change == "cut":
            archive.truncate(1024)
        else:
            archive.seek(0, os.SEEK_END if change == "longer" else os.SEEK_SET)
            archive.write(b"new")


@pytest.mark.parametrize("error", [UsageError("there is no such layer"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_what_went_wrong_is_told_though_the_archive_has_changed_too(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(SMALL)
    with pytest.raises(type(error)) as caught, opened(str(path), ReadArguments()):
        path.write_bytes(SMALL + bytes(512))
        raise error
    assert caught.value is error


def test_contents_of_an_archive_that_was_cut_are_never_short(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(SMALL)
    with pytest.raises(Damaged), open_image(str(path), ReadOptions()) as opened:
        os.truncate(path, 1024)
        with pytest.raises(Damaged, match="was cut while it was read"):
            opened.layers[0].contents.read(0)
        with pytest.raises(Damaged, match="was cut while it was read"):
            opened.layers[0].contents.fingerprint(0)


@pytest.mark.parametrize("kept", [0, 100, 3000, 0.5, 0.97])
@pytest.mark.parametrize("outer", ["", "gzip", "zstd"])
def test_a_pipe_that_ends_early_is_an_error(command: Command, outer: str, kept: float) -> None:
    data = compress(crane(ImageSpec(layers=(layer(file("a", random.Random(1).randbytes(20_000))),))), outer)  # type: ignore[arg-type]
    length = int(len(data) * kept) if isinstance(kept, float) else kept
    done = command("report", "-", stdin=data[:length])
    assert done.code == 3 and done.errors.startswith("layerscope: standard input") and not done.output


@pytest.mark.parametrize("form", ["table", "json", "html"])
def test_a_full_disk_behind_stdout_is_said(command: Command, form: str) -> None:
    path = command.write(SMALL)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "layerscope", "report", path, "-f", form],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=command.directory,
            env=command.environment,
            check=False,
        )
    assert (
        done.returncode == 3
        and done.stderr == b"layerscope: cannot write to standard output: No space left on device\n"
    )


def test_a_full_disk_behind_an_output_file_leaves_what_was_there(command: Command) -> None:
    place = command.directory / "full"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can make a small file system")
    try:
        (place / "report.html").write_text("before")
        done = command("report", command.write(SMALL), "-o", place / "report.html")
        if done.code == 0:  # It did fit; so fill the rest.
            (place / "report.html").write_text("before")
            with pytest.raises(OSError), (place / "rest").open("wb", buffering=0) as rest:
                while True:
                    rest.write(bytes(1024))
            done = command("report", "image.tar", "-o", place / "report.html")
        assert done.code == 3 and "No space left on device" in done.errors
        assert (place / "report.html").read_text() == "before"
        assert sorted(path.name for path in place.iterdir() if path.name != "rest") == ["report.html"]
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_directory_that_cannot_be_written_is_said(command: Command) -> None:
    done = command("report", command.write(SMALL), "-o", "/proc/report.html")
    assert done.code == 3 and "cannot write /proc/report.html" in done.errors


@pytest.mark.parametrize("arguments", [["files", "--flat", "-f", "json"], ["report", "-f", "html"], ["layers"]])
def test_a_reader_that_closes_the_pipe_is_no_error(command: Command, arguments: list[str]) -> None:
    path = command.write(image([file(f"some/long/directory/name/file{number}") for number in range(5_000)]))
    process = subprocess.Popen(
        [sys.executable, "-m", "layerscope", *arguments, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=command.directory,
        env=command.environment,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) in (0, 141)
    process.stderr.close()


def _pressed(command: Command, *arguments: str, number: int = signal.SIGINT) -> tuple[int, bytes]:
    """How a call ends that is interrupted once it reads: code and stderr."""
    process = subprocess.Popen(
        [sys.executable, "-m", "layerscope", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=command.directory,
        env=command.environment,
    )
    archive = str(command.directory / "image.tar")
    while archive not in _open_files(process.pid) and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert not output
    return process.returncode, errors


def _open_files(pid: int) -> list[str]:
    found = []
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            found.append(os.readlink(link))
        except OSError:  # It was closed meanwhile.
            continue
    return found


@pytest.mark.parametrize(
    ("number", "told"),
    [(signal.SIGINT, b"interrupted"), (signal.SIGTERM, b"terminated"), (signal.SIGHUP, b"hung up")],
)
def test_an_interrupt_ends_all_threads_at_once_and_leaves_no_file(command: Command, number: int, told: bytes) -> None:
    block = random.Random(2).randbytes(MIB)
    layers = tuple(layer(file(f"f{number}", block * 200)) for number in range(4))
    command.write(crane(ImageSpec(layers=layers), compression="zstd"))
    ended = _pressed(command, "report", "image.tar", "-o", "report.html", number=number)
    assert ended == (128 + number, b"layerscope: " + told + b"\n")
    assert sorted(path.name for path in command.directory.iterdir()) == ["image.tar"]


@pytest.mark.parametrize("again", [False, True], ids=["while it is filled", "while it is full"])
def test_an_interrupt_leaves_no_part_of_an_entry_in_the_cache(
    command: Command, cache_directory: Path, again: bool
) -> None:
    block = random.Random(2).randbytes(MIB)
    small = [layer(file(f"s{number}", block[:1000])) for number in range(4)]
    large = [layer(file(f"f{number}", block * 100)) for number in range(4)]
    path = command.write(crane(ImageSpec(layers=(*small, *large)), compression="zstd"))
    if again:
        command("layers", path)
    assert _pressed(command, "report", path) == (130, b"layerscope: interrupted\n")
    assert not [entry for entry in cache_directory.glob("*") if entry.suffix != ".entry"]
    assert command("report", path).output == command("report", path, "--no-cache").output


def test_runs_on_one_cache_at_the_same_moment_say_the_same(command: Command, cache_directory: Path) -> None:
    layers = tuple(layer(*(file(f"d{number}/f{each}", b"x" * each) for each in range(300))) for number in range(6))
    path = command.write(crane(ImageSpec(layers=layers)))
    expected = command("report", path, "-f", "json", "--no-cache").output
    for size in ("1GB", "40kB"):  # Large enough for all of it, and so small that each run evicts what others wrote.
        calls = [
            subprocess.Popen(
                [sys.executable, "-m", "layerscope", "report", path, "-f", "json", "--cache-size", size],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=command.directory,
                env=command.environment,
            )
            for _ in range(4)
        ]
        assert [call.communicate() for call in calls] == [(expected, b"")] * 4
    assert all(entry.suffix == ".entry" for entry in cache_directory.iterdir())
    command("files", path, "--cache-size", "40kB")  # Runs do not wait for each other; the next one makes room.
    assert sum(entry.stat().st_size for entry in cache_directory.iterdir()) <= 40_000


def test_a_full_disk_under_the_cache_is_no_error(command: Command) -> None:
    place = command.directory / "full"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can make a small file system")
    try:
        block = random.Random(3).randbytes(MIB)
        layers = tuple(
            layer(
                file(f"etc/{number}.conf", b"a=b\n"),
                *(file(f"{number}/{name}", block[name : name + 99]) for name in range(3_000)),
            )
            for number in range(3)
        )
        path = command.write(crane(ImageSpec(layers=layers)))
        expected = command("report", path, "--no-cache")
        environment = command.environment | {"XDG_CACHE_HOME": str(place)}
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-m", "layerscope", "report", path, "-v"],
                capture_output=True,
                cwd=command.directory,
                env=environment,
                check=False,
            )
            assert (done.returncode, done.stdout) == (0, expected.output)
            told = [line for line in done.stderr.splitlines() if line.startswith(b"cache ")]
            assert len(told) == 1 and b"No space left on device" in told[0]
            assert not list(place.rglob("*.part"))
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_read_only_cache_is_read_and_not_written(command: Command, cache_directory: Path) -> None:
    path = command.write(packed([file("a", b"1")], [file("b", b"2")]))
    expected = command("report", path)
    before = {entry.name: entry.read_bytes() for entry in cache_directory.iterdir()}
    bound = subprocess.run(["mount", "--bind", cache_directory, cache_directory], capture_output=True, check=False)
    if bound.returncode:
        pytest.skip("only root can make a file system read-only")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", cache_directory], check=True)
        assert command("report", path) == expected
        done = command("files", path, "-v")
        assert done.code == 0 and "Read-only file system" in done.errors
        assert {entry.name: entry.read_bytes() for entry in cache_directory.iterdir()} == before
    finally:
        subprocess.run(["umount", cache_directory], check=True)


def test_two_runs_on_one_archive_and_one_output_leave_a_whole_file(command: Command) -> None:
    command.write(packed([file(f"f{number}", b"x") for number in range(2_000)]))
    calls = [
        subprocess.Popen(
            [sys.executable, "-m", "layerscope", "report", "image.tar", "-o", "report.json"],
            stderr=subprocess.PIPE,
            cwd=command.directory,
            env=command.environment,
        )
        for _ in range(3)
    ]
    assert [call.communicate()[1] for call in calls] == [b""] * 3
    assert command("report", "report.json", "-f", "json").report["complete"]
    assert sorted(path.name for path in command.directory.iterdir()) == ["image.tar", "report.json"]


def test_too_little_memory_is_said_in_one_line(command: Command) -> None:
    config = b'{"x":[' + b"[]," * 7_000_000 + b"[]]}"
    name = command.write(crane(ImageSpec(layers=(layer(),), raw_config=config)))
    limits = ("--limit", "json_bytes=64000000", "--limit", "json_values=64000000")
    done = command("report", name, *limits, memory=300 * MIB)
    assert done.code == 3 and "out of memory" in done.errors
