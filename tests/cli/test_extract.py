"""``layerscope extract`` as a person calls it: what is written, and that nothing is ever written elsewhere."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builder import (
    ImageSpec,
    Member,
    crane,
    device,
    directory,
    docker_legacy,
    fifo,
    file,
    gnu_sparse,
    hardlink,
    layer,
    symlink,
    whiteout,
)
from tests.cli.calling import NEEDS_MODES, NEEDS_SYMLINKS, Called, call

_PIPE = "=cmd%7Ca" if os.name == "nt" else "=cmd|a"
"""Windows has no names with a bar."""
_ODD = "a%2520b%zz%" if os.name == "nt" else "a%20b%zz%"


def archive(path: Path, *layers: tuple[Member, ...], compressed: bool = False) -> Path:
    spec = ImageSpec(layers=tuple(layer(*members) for members in layers))
    path.write_bytes(crane(spec) if compressed else docker_legacy(spec))
    return path


def extract(tmp_path: Path, members: tuple[Member, ...], *options: str, path: str = "/") -> Called:
    """Extract one layer to ``out``; what lies beside it must stay as it is."""
    image = archive(tmp_path / "image.tar", members)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_bytes(b"precious")
    called = call("extract", image, path, tmp_path / "out", *options)
    assert (tmp_path / "precious" / "file").read_bytes() == b"precious"
    assert sorted(os.listdir(tmp_path / "precious")) == ["file"]
    assert set(os.listdir(tmp_path)) <= {"image.tar", "out", "precious"}
    return called


def tree(root: Path) -> dict[str, str | bytes | None]:
    """Paths with contents, targets of symlinks as text, None for directories."""
    found: dict[str, str | bytes | None] = {}
    for place, directories, files in os.walk(root):
        for name in directories + files:
            path = Path(place) / name
            key = path.relative_to(root).as_posix()
            found[key] = os.readlink(path) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
    return found


@NEEDS_SYMLINKS
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_the_final_file_system_is_written(tmp_path: Path, compressed: bool) -> None:
    lower = (directory("etc"), file("etc/old", b"1"), file("etc/kept", b"2"), symlink("bin", "usr/bin"))
    upper = (whiteout("etc/old"), directory("usr/bin"), file("usr/bin/tool", b"3", mode=0o755, mtime=1_600_000_000))
    image = archive(tmp_path / "image.tar", lower, upper, compressed=compressed)
    assert call("extract", image, "/", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == {
        "bin": "usr/bin",
        "etc": None,
        "etc/kept": b"2",
        "usr": None,
        "usr/bin": None,
        "usr/bin/tool": b"3",
    }
    found = (tmp_path / "out/usr/bin/tool").stat()
    assert found.st_mtime == 1_600_000_000
    assert os.name == "nt" or stat.S_IMODE(found.st_mode) & 0o700 == 0o700


LAYERS = (
    (directory("a"), file("a/gone", b"gone"), file("a/old", b"old"), file("b", b"b")),
    (whiteout("a/gone"), file("a/old", b"new!")),
)


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        pytest.param(("/a/old",), {"old": b"new!"}, id="a file"),
        pytest.param(("/a",), {"a": None, "a/old": b"new!"}, id="a subtree"),
        pytest.param(("/a", "--layer", "0"), {"a": None, "a/gone": b"gone", "a/old": b"old"}, id="of a layer"),
        pytest.param(("/a/gone", "--layer", "0"), {"gone": b"gone"}, id="a deleted file"),
        pytest.param(("/", "--hidden"), {"a": None, "a/gone": b"gone", "a/old": b"old"}, id="all that is hidden"),
        pytest.param(("/b/../a//./old",), {"old": b"new!"}, id="a path with detours"),
    ],
)
def test_what_is_asked_for_is_written(
    tmp_path: Path, arguments: tuple[str, ...], written: dict[str, bytes | None]
) -> None:
    image = archive(tmp_path / "image.tar", *LAYERS)
    path, *options = arguments
    called = call("extract", image, path, tmp_path / "out", *options)
    assert called.code == 0, called.err
    assert tree(tmp_path / "out") == written


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        pytest.param("/nothing", (), "the image has no /nothing", id="nowhere"),
        pytest.param("/a/gone", (), "layer 0 holds it (deleted); read it with --layer", id="deleted"),
        pytest.param("/a/gone", ("--layer", "1"), "layer 1 deletes /a/gone", id="the layer that deletes it"),
        pytest.param("/b", ("--layer", "7"), "there is no layer 7", id="no such layer"),
    ],
)
def test_what_is_not_there_is_wrong_usage(tmp_path: Path, path: str, options: tuple[str, ...], message: str) -> None:
    image = archive(tmp_path / "image.tar", *LAYERS)
    called = call("extract", image, path, tmp_path / "out", *options)
    assert called.code == 2 and message in called.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "members",
    [
        pytest.param((file("../precious/file", b"evil"),), id="up"),
        pytest.param((file("a/../../precious/file", b"evil"),), id="down and up"),
        pytest.param((file("/../precious/new", b"evil"),), id="absolute and up"),
        pytest.param((symlink("a", "../precious"), file("a/file", b"evil")), id="through a symlink"),
        pytest.param((file("a/file", b"evil"), symlink("a", "../precious")), id="through a symlink that comes later"),
        pytest.param(
            (symlink("a", "b"), symlink("b", "../precious"), file("a/file", b"evil")), id="through two symlinks"
        ),
        pytest.param((symlink("file", "../precious/file"), file("file", b"evil")), id="over a symlink"),
        pytest.param(
            (symlink("a", "../precious/file"), hardlink("b", "a"), file("b", b"evil")), id="over a link to one"
        ),
        pytest.param((hardlink("b", "../precious/file"),), id="hardlink out"),
        pytest.param((hardlink("b", "../../../../../../etc/passwd"),), id="hardlink to a file of the system"),
        pytest.param((symlink(".", "../precious"), file("file", b"evil")), id="the root is a symlink"),
        pytest.param(
            (symlink("./", "../precious"), directory("x"), file("x/file", b"evil")), id="the root, with a slash"
        ),
        pytest.param((symlink("..", "../precious"), file("../file", b"evil")), id="a symlink named .."),
        pytest.param((file(b"..\\precious\\file", b"evil"),), id="backslashes"),
        pytest.param((symlink("a", "../precious"), directory("a", mode=0o777)), id="a directory's mode"),
        pytest.param(
            (symlink("a", "../precious"), hardlink("a/file", "b"), file("b", b"evil")), id="a hardlink through"
        ),
    ],
)
def test_nothing_is_written_elsewhere(tmp_path: Path, members: tuple[Member, ...]) -> None:
    before = (tmp_path.parent / "file").exists()
    called = extract(tmp_path, members)
    assert called.code in (0, 2, 3)
    assert (tmp_path.parent / "file").exists() == before
    for path, content in tree(tmp_path / "out").items() if (tmp_path / "out").exists() else ():
        assert content != b"precious", path


@NEEDS_SYMLINKS
def test_a_symlink_that_lies_in_the_destination_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "etc").symlink_to("../precious")
    called = extract(tmp_path, (directory("etc"), file("etc/file", b"evil"), file("b", b"b")))
    assert called.code == 3 and "2 paths could not be written to" in called.err
    assert "/etc/file: a file or symlink is in the place of its directory" in called.err
    assert (tmp_path / "out" / "b").read_bytes() == b"b"


@NEEDS_SYMLINKS
def test_existing_files_stay_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_bytes(b"mine")
    (tmp_path / "out" / "b").symlink_to("../precious/file")
    called = extract(tmp_path, (file("a", b"theirs"), file("b", b"theirs")))
    assert called.code == 3 and called.err.count("already exists") == 2
    assert called.err.splitlines()[-1] == f"layerscope: 2 paths could not be written to {tmp_path / 'out'}"
    assert (tmp_path / "out" / "a").read_bytes() == b"mine"
    forced = call("extract", tmp_path / "image.tar", "/", tmp_path / "out", "--force")
    assert forced.code == 0
    assert tree(tmp_path / "out") == {"a": b"theirs", "b": b"theirs"}
    assert (tmp_path / "precious" / "file").read_bytes() == b"precious"


def test_a_directory_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "out" / "a").mkdir(parents=True)
    called = extract(tmp_path, (file("a", b"file"),), "--force")
    assert called.code == 3 and "/a: " in called.err and (tmp_path / "out" / "a").is_dir()


def test_devices_and_pipes_are_left_out_and_told(tmp_path: Path) -> None:
    called = extract(tmp_path, (device("dev/null"), device("dev/sda", block=True), fifo("run/pipe"), file("a", b"1")))
    assert tree(tmp_path / "out") == {"a": b"1"}
    told = called.err.splitlines()
    assert told[:3] == [
        "/dev/null: left out: a character device",
        "/dev/sda: left out: a block device",
        "/run/pipe: left out: a fifo",
    ]


@NEEDS_MODES
@pytest.mark.parametrize(("options", "mode"), [((), 0o755), (("--setid",), 0o6755)], ids=["by default", "if asked"])
def test_setuid_bits(tmp_path: Path, options: tuple[str, ...], mode: int) -> None:
    called = extract(tmp_path, (file("su", b"x", mode=0o6755),), *options)
    assert stat.S_IMODE((tmp_path / "out" / "su").stat().st_mode) & ~0o022 == mode & ~0o022
    assert ("/su: written without its setuid" in called.err) == (not options)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        pytest.param(b"a\nb", "a%0Ab", id="newline"),
        pytest.param(b"a\x1b[31mb", "a%1B[31mb", id="escape"),
        pytest.param("a\u202efdp.exe".encode(), "a%E2%80%AEfdp.exe", id="bidi override"),
        pytest.param(b"a\xff\x80b", "a%FF%80b", id="no UTF-8"),
        pytest.param("日本語".encode(), "日本語", id="not Latin"),
        pytest.param(b"=cmd|a", _PIPE, id="a formula means nothing to a file system"),
        pytest.param(b"-rf", "-rf", id="an option"),
        pytest.param(b"100%25", "100%2525", id="looks encoded"),
        pytest.param(b"a%01b", "a%2501b", id="looks as if something unsafe was encoded"),
        pytest.param(b"a%20b%zz%", _ODD, id="percent signs as names have them"),
    ],
)
def test_names_are_made_safe_and_told(tmp_path: Path, name: bytes, written: str) -> None:
    called = extract(tmp_path, (file(name, b"1"),))
    assert tree(tmp_path / "out") == {written: b"1"}
    assert (f"written as {written}" in called.err) == (written.encode() != name)
    assert "\x1b" not in called.err


def test_no_two_names_become_one(tmp_path: Path) -> None:
    names = (b"a\x01b", b"a%01b", b"a%2501b", b"\xff", b"%FF", "\u202e".encode(), b"%E2%80%AE")
    called = extract(tmp_path, tuple(file(name, name) for name in names), "--force")
    assert called.code == 0 and sorted(path.read_bytes() for path in (tmp_path / "out").iterdir()) == sorted(names)


def test_hardlinks_share_their_bytes(tmp_path: Path) -> None:
    extract(tmp_path, (file("a", b"x" * 5000), hardlink("b", "a"), hardlink("c", "a")))
    assert tree(tmp_path / "out") == dict.fromkeys("abc", b"x" * 5000)
    assert (tmp_path / "out" / "a").stat().st_ino == (tmp_path / "out" / "c").stat().st_ino


def test_one_name_of_a_hardlink_brings_the_bytes_of_a_lower_layer(tmp_path: Path) -> None:
    image = archive(tmp_path / "image.tar", (file("a", b"lower"),), (hardlink("b", "a"), whiteout("a")))
    assert call("extract", image, "/b", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == {"b": b"lower"}


def test_a_hardlink_to_nothing_is_left_out(tmp_path: Path) -> None:
    called = extract(tmp_path, (hardlink("b", "nothing"), file("a", b"1")))
    assert tree(tmp_path / "out") == {"a": b"1"} and "/b: left out: a broken hardlink" in called.err


def test_sparse_files_have_their_length_and_take_no_space(tmp_path: Path) -> None:
    extract(tmp_path, (gnu_sparse("s", ((1 << 30, b"end"),), real_bytes=(1 << 30) + 3),))
    found = (tmp_path / "out" / "s").stat()
    assert found.st_size == (1 << 30) + 3 and getattr(found, "st_blocks", 0) * 512 < 1 << 20
    with (tmp_path / "out" / "s").open("rb") as written:
        written.seek(1 << 30)
        assert written.read() == b"end"


def test_a_limit_guards_the_disk(tmp_path: Path) -> None:
    called = extract(tmp_path, (gnu_sparse("s", (), real_bytes=1 << 50),))
    assert called.code == 3 and "raise --limit expanded_bytes" in called.err


@NEEDS_SYMLINKS
def test_symlinks_are_written_as_they_are(tmp_path: Path) -> None:
    extract(tmp_path, (symlink("a", "/etc/passwd"), symlink("b", "../../x"), symlink("c", "c")))
    assert tree(tmp_path / "out") == {"a": "/etc/passwd", "b": "../../x", "c": "c"}


def test_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    if not Path("/dev/full").exists() or os.name == "nt":
        pytest.skip("needs a limit on file lengths")
    image = archive(tmp_path / "image.tar", (file("a", b"x" * 300_000),))
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        f"sys.argv = ['layerscope', 'extract', {str(image)!r}, '/', {str(tmp_path / 'out')!r}]\n"
        "from layerscope.__main__ import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3 and "cannot write a: " in done.stderr
    assert tree(tmp_path / "out") == {}


def test_quiet_says_nothing(tmp_path: Path) -> None:
    assert extract(tmp_path, (device("dev/null"), file("a", b"1")), "-q").err == ""


def test_many_notes_of_a_kind_are_summed_up(tmp_path: Path) -> None:
    called = extract(tmp_path, tuple(fifo(f"p{number}") for number in range(50)))
    assert (
        sum(line.startswith("/p") for line in called.err.splitlines()) == 20
        and "and 30 more: left out: a fifo (-v lists all)" in called.err
    )


def test_verbose_lists_all_notes(tmp_path: Path) -> None:
    called = extract(tmp_path, tuple(fifo(f"p{number}") for number in range(50)), "-v")
    assert sum(line.startswith("/p") for line in called.err.splitlines()) == 50 and " more: " not in called.err


@pytest.mark.skipif(os.name == "nt", reason="the system has no paths of that length")
def test_thousands_of_nested_directories_are_no_trouble(tmp_path: Path) -> None:
    deep = "d/" * 1000 + "file"
    called = extract(tmp_path, (file(deep, b"1"), file("a", b"1")))
    assert called.code == 0
    assert (tmp_path / "out" / "a").read_bytes() == b"1"
    # What removes temporary directories after the tests is recursive.
    subprocess.run(["rm", "-rf", tmp_path / "out" / "d"], check=True)


def test_an_archive_from_a_pipe_is_kept_meanwhile(tmp_path: Path) -> None:
    data = crane(ImageSpec(layers=(layer(file("a", b"1")),)))
    called = call("extract", "-", "/a", tmp_path / "out", stdin=data, TMPDIR=str(tmp_path))
    assert called.code == 0 and tree(tmp_path / "out") == {"a": b"1"}
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("member", "seconds"),
    [
        pytest.param(file("a", b"1", mtime=-86_400), -86_400, id="a day before 1970"),
        pytest.param(file("a", b"1", pax={"mtime": b"-1.5"}), -2, id="a fraction"),
        pytest.param(file("a", b"1", pax={"mtime": b"-0.5"}), -1, id="of the first second"),
        pytest.param(directory("a", mtime=-86_400), -86_400, id="a directory"),
    ],
)
def test_times_before_1970_stay_what_they_are(tmp_path: Path, member: Member, seconds: int) -> None:
    assert extract(tmp_path, (member,)).code == 0
    assert (tmp_path / "out" / "a").stat().st_mtime == seconds
