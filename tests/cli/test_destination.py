"""Both ways to write below a directory, by descriptors and by names, keep inside of it."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.cli.destination import HELD, Destination
from tests.cli.calling import NEEDS_MODES, NEEDS_SYMLINKS


@pytest.fixture(params=[True, False], ids=["descriptors", "names"])
def held(request: pytest.FixtureRequest) -> bool:
    if request.param and not HELD:
        pytest.skip("this system holds no directories by descriptors")
    return bool(request.param)


@pytest.fixture
def destination(held: bool, tmp_path: Path) -> Iterator[Destination]:
    (tmp_path / "outside").mkdir()
    made = Destination(str(tmp_path / "new" / "out"), held=held)
    yield made
    made.close()


def put(destination: Destination, *parts: str) -> None:
    destination.create(parts, lambda file: None)


def test_directories_are_made_on_the_way(destination: Destination, tmp_path: Path) -> None:
    put(destination, "a", "b", "file")
    assert destination.make_directory(("a", "c"))
    assert not destination.make_directory(("a", "c"))
    assert sorted(os.listdir(tmp_path / "new/out/a")) == ["b", "c"]


@NEEDS_SYMLINKS
def test_a_symlink_is_never_entered(destination: Destination, tmp_path: Path) -> None:
    destination.symlink(("link",), "../../outside")
    for parts in (("link", "file"), ("link", "deeper", "file")):
        with pytest.raises(OSError):
            put(destination, *parts)
    with pytest.raises(OSError):
        destination.make_directory(("link",))
    with pytest.raises(OSError):
        destination.settle(("link",), 0o700, 0)
    assert os.listdir(tmp_path / "outside") == []


@NEEDS_SYMLINKS
def test_a_file_is_never_opened_through_a_symlink(destination: Destination, tmp_path: Path) -> None:
    destination.symlink(("link",), "../../outside/file")
    with pytest.raises(FileExistsError):
        put(destination, "link")
    assert os.listdir(tmp_path / "outside") == []


def test_a_link_gives_a_file_a_second_name(destination: Destination, tmp_path: Path) -> None:
    put(destination, "a", "file")
    destination.link(("a", "file"), ("b", "file"))
    assert (tmp_path / "new/out/a/file").samefile(tmp_path / "new/out/b/file")


@NEEDS_MODES
def test_a_directory_gets_its_mode_and_time_at_the_end(destination: Destination, tmp_path: Path) -> None:
    destination.make_directory(("a",))
    destination.settle(("a",), 0o750, 1_000_000)
    found = (tmp_path / "new/out/a").stat()
    assert (found.st_mode & 0o777, found.st_mtime) == (0o750, 1_000_000)


def test_what_fails_leaves_nothing_and_what_was_there_stays(tmp_path: Path, held: bool) -> None:
    destination = Destination(str(tmp_path), held=held, force=True)
    (tmp_path / "a").write_text("old")

    def fail(file: io.FileIO) -> None:
        file.write(b"half")
        raise KeyError

    with pytest.raises(KeyError):
        destination.create(("a",), fail)
    assert (os.listdir(tmp_path), (tmp_path / "a").read_text()) == (["a"], "old")
    destination.create(("a",), lambda file: None)
    destination.close()
    assert (os.listdir(tmp_path), (tmp_path / "a").read_text()) == (["a"], "")


def test_a_name_that_is_taken_meanwhile_stays_what_it_is(destination: Destination, tmp_path: Path) -> None:
    taken = tmp_path / "new" / "out" / "a"

    def take(file: io.FileIO) -> None:
        taken.write_text("theirs")

    with pytest.raises(FileExistsError):
        destination.create(("a",), take)
    assert (os.listdir(taken.parent), taken.read_text()) == (["a"], "theirs")


@NEEDS_SYMLINKS
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs a way to count descriptors")
def test_no_descriptor_stays_open(destination: Destination) -> None:
    before = len(os.listdir("/proc/self/fd"))
    put(destination, *(["d"] * 50), "file")
    destination.symlink(("link",), "d")
    for _ in range(5):
        with pytest.raises(OSError):
            put(destination, "link", "x", "y")
    assert len(os.listdir("/proc/self/fd")) == before
