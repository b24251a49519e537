"""``layerscope cat``: one file on stdout, through the real command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.builder import (
    ImageSpec,
    compress,
    crane,
    device,
    directory,
    docker_legacy,
    docker_save,
    edit,
    file,
    gnu_sparse,
    hardlink,
    layer,
    symlink,
    whiteout,
)
from tests.cli.calling import call, shown

LOWER = layer(
    directory("etc"),
    file("etc/os-release", b"NAME=old\n"),
    file("etc/secret", b"token"),
    symlink("release", "etc/os-release"),
    symlink("loop", "loop"),
    file("raw", bytes(range(256))),
    hardlink("linked", "raw"),
    gnu_sparse("sparse", ((5000, b"x"),), real_bytes=6000),
    device("null"),
    hardlink("broken", "nothing"),
    file("-dash", b"dash"),
)
UPPER = layer(file("etc/os-release", b"NAME=new\n"), whiteout("etc/secret"))
SPEC = ImageSpec(layers=(LOWER, UPPER))


@pytest.fixture(params=["plain", "gzip layers", "gzip archive"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    data = {"plain": docker_legacy, "gzip layers": crane}.get(request.param)
    path = tmp_path / "image.tar"
    path.write_bytes(data(SPEC) if data else compress(docker_legacy(SPEC), "gzip"))
    return path


@pytest.mark.parametrize(
    ("arguments", "content"),
    [
        pytest.param(("/etc/os-release",), b"NAME=new\n", id="the live version"),
        pytest.param(("etc/os-release",), b"NAME=new\n", id="without the slash"),
        pytest.param(("/release",), b"NAME=new\n", id="through a symlink"),
        pytest.param(("/etc/os-release", "--layer", "0"), b"NAME=old\n", id="an overwritten version"),
        pytest.param(("/etc/secret", "--layer", "0"), b"token", id="a deleted version"),
        pytest.param(("/raw",), bytes(range(256)), id="bytes as they are"),
        pytest.param(("/linked",), bytes(range(256)), id="a hardlink"),
        pytest.param(("/sparse",), bytes(5000) + b"x" + bytes(999), id="a sparse file"),
        pytest.param(("/-dash",), b"dash", id="a name like an option"),
    ],
)
def test_contents(image: Path, arguments: tuple[str, ...], content: bytes) -> None:
    called = call("cat", image, *arguments)
    assert (called.code, called.out, called.err) == (0, content, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("/etc",), "/etc is a directory", id="a directory"),
        pytest.param(("/broken",), "/broken is a broken hardlink to /nothing", id="a hardlink to nothing"),
        pytest.param(("/null",), "/null is a character device", id="a device"),
        pytest.param(("/loop",), "the image has no /loop", id="a circle of symlinks"),
        pytest.param(("/release", "--layer", "0"), "/release is a symlink to etc/os-release", id="a layer's symlink"),
        pytest.param(("/etc/secret",), "layer 0 holds it (deleted)", id="deleted"),
        pytest.param(("/etc/secret", "--layer", "1"), "layer 1 deletes /etc/secret", id="a whiteout"),
        pytest.param(("/nothing", "--layer", "1"), "layer 1 has no /nothing", id="nothing"),
        pytest.param(("/raw", "--layer", "-1"), "there is no layer -1", id="a negative layer"),
    ],
)
def test_what_has_no_contents_is_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    (tmp_path / "image.tar").write_bytes(docker_legacy(SPEC))
    called = call("cat", tmp_path / "image.tar", *arguments)
    assert called.code == 2 and called.out == b"" and message in called.err


def test_an_archive_from_a_pipe(image: Path) -> None:
    assert call("cat", "-", "/release", stdin=image.read_bytes()).out == b"NAME=new\n"


def test_a_terminal_gets_no_raw_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(file("a", b"one\ttwo\n\x1b[31mred\xff\n")),))))
    assert shown("cat", path, "/a") == "one\ttwo\n\\x1b[31mred\\xff\n".expandtabs()


def test_a_character_may_begin_in_one_piece_and_end_in_the_next(tmp_path: Path) -> None:
    pieces = (b"x" + "日".encode()[:1], "日".encode()[1:], b"\n")
    code = f"from layerscope.cli.commands.cat import _print; _print(iter({pieces!r}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == "x日\n".encode()


def test_what_could_not_be_read_is_said(tmp_path: Path) -> None:
    lower, upper = layer(file("a", b"old\n")), layer(file("a", b"new\n"), file("b", b"b"))
    spec = ImageSpec(layers=(lower, upper))
    path = tmp_path / "image.tar"
    path.write_bytes(edit(docker_save(spec), remove=(f"blobs/sha256/{spec.diff_ids[1].removeprefix('sha256:')}",)))
    for name, out in (("/a", b"old\n"), ("/b", b"")):
        done = call("cat", path, name)
        assert done.out == out and "warning: layer 1 is left out" in done.err


def test_what_is_wrong_with_a_pipe_is_told_of_the_pipe() -> None:
    done = call("cat", "-", "/x", stdin=b"")
    assert (done.code, done.err.splitlines()[0]) == (3, "layerscope: standard input is empty")
