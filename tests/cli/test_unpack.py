"""What the command line can hardly bring about: file systems without hard links, systems without descriptors."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.analysis.extract import ExtractQuery, plan, safe_name
from layerscope.cli.destination import HELD, Destination
from layerscope.cli.unpack import Unpacker
from layerscope.errors import LayerscopeError
from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from tests.builder import ImageSpec, Member, crane, directory, file, hardlink, layer, symlink
from tests.cli.calling import NEEDS_SYMLINKS


@pytest.fixture
def unpack(tmp_path: Path) -> Callable[..., Unpacker]:
    def run(*members: Member, held: bool = HELD) -> Unpacker:
        archive = tmp_path / "image.tar"
        archive.write_bytes(crane(ImageSpec(layers=(layer(*members),))))
        with open_image(str(archive), ReadOptions()) as image:
            filesystem = Filesystem(image.layers)
            destination = Destination(str(tmp_path / "out"), held=held)
            unpacker = Unpacker(filesystem, destination, umask=0o022)
            try:
                unpacker.unpack(plan(filesystem, ExtractQuery(path="/")))
            finally:
                destination.close()
        return unpacker

    return run


def test_without_hard_links_files_are_copied(
    unpack: Callable[..., Unpacker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*names: object, **options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    done = unpack(file("a", b"x" * 300_000), hardlink("b", "a"), hardlink("c", "a"))
    assert (done.files, done.notes) == (3, [])
    assert [(tmp_path / "out" / name).read_bytes() for name in "abc"] == [b"x" * 300_000] * 3


@NEEDS_SYMLINKS
def test_without_descriptors_the_same_is_written(unpack: Callable[..., Unpacker], tmp_path: Path) -> None:
    done = unpack(directory("d", mode=0o750), file("d/a", b"1"), hardlink("b", "d/a"), symlink("s", "../x"), held=False)
    assert (done.files, done.directories, done.symlinks, done.notes) == (2, 1, 1, [])
    assert (tmp_path / "out" / "d" / "a").samefile(tmp_path / "out" / "b")
    assert os.name == "nt" or (tmp_path / "out" / "d").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("held", [HELD, False], ids=["as the system has it", "names"])
def test_a_file_gets_its_time_by_its_name_where_a_descriptor_cannot_give_it(
    unpack: Callable[..., Unpacker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    monkeypatch.setattr(os, "supports_fd", set())
    unpack(directory("d"), file("d/a", b"1", mtime=1_600_000_000), held=held)
    assert (tmp_path / "out" / "d" / "a").stat().st_mtime == 1_600_000_000


@NEEDS_SYMLINKS
def test_without_descriptors_nothing_is_written_through_a_symlink(
    unpack: Callable[..., Unpacker], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").mkdir()
    (tmp_path / "out" / "d").symlink_to("../precious")
    done = unpack(directory("d", mode=0o777), file("d/a", b"evil"), held=False)
    assert done.files == 0 and os.listdir(tmp_path / "precious") == []


def test_a_full_disk_ends_it_at_once(
    unpack: Callable[..., Unpacker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    with pytest.raises(LayerscopeError, match="cannot write a: No space left on device"):
        unpack(file("a", b"1"), file("b", b"2"))
    assert os.listdir(tmp_path / "out") == []


def test_of_hidden_versions_of_a_path_the_last_is_written_and_each_older_file_is_noted(tmp_path: Path) -> None:
    layers = (layer(directory("d"), file("d/a", b"1" * (index + 1))) for index in range(4))
    (tmp_path / "image.tar").write_bytes(crane(ImageSpec(layers=tuple(layers))))
    with open_image(str(tmp_path / "image.tar"), ReadOptions()) as image:
        made = plan(Filesystem(image.layers), ExtractQuery(path="/d", hidden=True))
    assert [item.content_bytes for item in made.items if item.path == "/d/a"] == [3]
    older = "holds an older version; extract it with --layer"
    assert [(note.path, note.reason) for note in made.notes] == [
        ("/d/a", f"layer {index} {older} {index}") for index in (0, 1)
    ]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        pytest.param("plain.txt", "plain.txt", id="plain"),
        pytest.param("a:b*c?", "a%3Ab%2Ac%3F", id="reserved characters"),
        pytest.param("..\\x", "..%5Cx", id="a backslash"),
        pytest.param("name.", "name%2E", id="a dot at the end"),
        pytest.param("name ", "name%20", id="a blank at the end"),
        pytest.param("..", "%2E%2E", id="the parent"),
        pytest.param("nul.txt", "%6Eul.txt", id="a device"),
        pytest.param("COM1", "%43OM1", id="a port"),
        pytest.param("console", "console", id="no device"),
        pytest.param("a\udcff", "a%FF", id="no UTF-8"),
    ],
)
def test_names_for_windows(name: str, safe: str) -> None:
    assert safe_name(name, windows=True) == safe
