"""``-f`` and ``-o``: which format goes where, and files that are written whole or not at all."""

import json
import os
import re
import stat
from pathlib import Path

import pytest

from layerscope.cli.build import dockerfile_place
from layerscope.cli.commands.report import Output, ReportFormat, outputs
from layerscope.cli.options import BuildOptions
from layerscope.cli.user_files import write_file
from layerscope.errors import LayerscopeError, MissingExtra, UsageError
from layerscope.render import renderers
from tests.builder import ImageSpec, docker_legacy, file, layer
from tests.cli.calling import NEEDS_MODES, NEEDS_SYMLINKS, call
from tests.conftest import FIXTURES

F = ReportFormat
TINY = FIXTURES / "tiny-legacy.tar"


@pytest.mark.parametrize(
    ("settings", "chosen", "expected"),
    [
        pytest.param((), None, [(F.TABLE, "-")], id="nothing"),
        pytest.param((), F.JSON, [(F.JSON, "-")], id="a format for stdout"),
        pytest.param(("r.html",), None, [(F.HTML, "r.html")], id="by ending"),
        pytest.param(("R.HTM",), None, [(F.HTML, "R.HTM")], id="by ending in capitals"),
        pytest.param(("a.sarif", "b.xml"), None, [(F.SARIF, "a.sarif"), (F.JUNIT, "b.xml")], id="several"),
        pytest.param(("bom.cdx.json",), None, [(F.CYCLONEDX, "bom.cdx.json")], id="the longer ending"),
        pytest.param(("bom.spdx.json",), None, [(F.SPDX, "bom.spdx.json")], id="SPDX"),
        pytest.param(("report",), None, [(F.TABLE, "report")], id="no ending"),
        pytest.param(("r.TXT",), None, [(F.TABLE, "r.TXT")], id="a text"),
        pytest.param(("r.yaml",), F.JSON, [(F.JSON, "r.yaml")], id="-f beside another ending"),
        pytest.param(("r.json",), F.GITLAB, [(F.GITLAB, "r.json")], id="-f before the ending"),
        pytest.param(("sarif=r.json",), F.CSV, [(F.SARIF, "r.json")], id="a name before -f"),
        pytest.param(("json=-", "html=r"), None, [(F.JSON, "-"), (F.HTML, "r")], id="stdout beside a file"),
        pytest.param(("./a=b.csv",), None, [(F.CSV, "./a=b.csv")], id="a path with ="),
        pytest.param(("csv=a=b",), None, [(F.CSV, "a=b")], id="only the first = counts"),
    ],
)
def test_formats_and_paths(
    settings: tuple[str, ...], chosen: ReportFormat | None, expected: list[tuple[ReportFormat, str]]
) -> None:
    assert outputs(settings, chosen) == tuple(Output(format=name, path=path) for name, path in expected)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(("htm=r",), "unknown format htm", id="no format"),
        pytest.param(("json=",), "expected a path", id="no path"),
        pytest.param(("",), "expected a path", id="nothing"),
        pytest.param(("json=a", "html=a"), "-o names a twice", id="twice"),
        pytest.param(("r.yaml",), "-o r.yaml: no format has this ending", id="no format's ending"),
        pytest.param(("a.tar.gz",), "no format has this ending", id="an archive's ending"),
    ],
)
def test_what_cannot_be_is_wrong_usage(settings: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        outputs(settings, None)


@pytest.mark.parametrize("option", ["", "--base", "--stage", "--dockerfile"])
def test_what_is_read_is_never_replaced(tmp_path: Path, option: str) -> None:
    image, other = tmp_path / "image.tar", tmp_path / "other.tar"
    for path in (image, other):
        path.write_bytes(TINY.read_bytes())
    os.link(other, tmp_path / "again")
    value = f"builder={other}" if option == "--stage" else str(other)
    for path in (other, tmp_path / "again") if option else (image,):
        done = call("report", image, *((option, value) if option else ()), "-o", f"json={path}")
        assert (done.code, path.read_bytes()) == (2, TINY.read_bytes())
        assert "output would overwrite the input" in done.err


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="the system has no such device")
def test_a_pipe_is_written_to_by_its_name() -> None:
    done = call("report", TINY, "-o", "json=/dev/stdout")
    assert done.code == 0 and done.out.startswith(b"{")


def test_a_missing_extra_is_told_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderers, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra):
        outputs(("spdx=x",), None)


@NEEDS_MODES
def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "r.txt"
    path.write_text("old")
    path.chmod(0o640)
    write_file(str(path), ("new",))
    assert path.read_text() == "new" and stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["r.txt"]


def test_a_new_file_gets_the_mode_of_any_new_file(tmp_path: Path) -> None:
    write_file(str(tmp_path / "ours"), ("text",))
    (tmp_path / "theirs").write_text("text")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


@NEEDS_SYMLINKS
def test_a_symlink_stays_one(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write_file(str(tmp_path / "link"), ("new",))
    assert (tmp_path / "link").is_symlink() and (tmp_path / "target").read_text() == "new"


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    write_file(os.devnull, ("text",))
    assert not Path(os.devnull).is_file()


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.txt"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(LayerscopeError, match=r"cannot write .*r\.txt: No space left on device"):
        write_file(str(path), ("new",))
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["r.txt"]


@pytest.mark.parametrize("target", ["missing/r.txt", "."], ids=["no such directory", "a directory"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, target: str) -> None:
    with pytest.raises(LayerscopeError, match="cannot write"):
        write_file(str(tmp_path / target), ("text",))


def test_the_command_writes_all_that_was_asked_for(tmp_path: Path) -> None:
    image = tmp_path / "image.tar"
    image.write_bytes(docker_legacy(ImageSpec(layers=(layer(file("a", b"1234")),), tags=("app:1",))))
    called = call(
        "report", image, "-o", "r.html", "-o", "sarif=r.json", "-o", "bom.cdx.json", "-o", "-", folder=tmp_path
    )
    assert called.code == 0, called.err
    assert called.out.startswith(b"app:1  ")
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert json.loads((tmp_path / "r.json").read_text())["version"] == "2.1.0"
    assert json.loads((tmp_path / "bom.cdx.json").read_text())["specVersion"] == "1.6"
    assert sorted(os.listdir(tmp_path)) == ["bom.cdx.json", "image.tar", "r.html", "r.json"]


def test_findings_stand_in_the_dockerfile_as_a_patch_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("docker", "./docker/Dockerfile", str(tmp_path / "docker")):
        assert dockerfile_place(BuildOptions(dockerfile=name)) == ("docker/Dockerfile", "")
    (tmp_path / "else where").mkdir()
    monkeypatch.chdir(tmp_path / "docker")
    place = dockerfile_place(BuildOptions(dockerfile="../else where/Dockerfile"))
    assert place == ("Dockerfile", f"{tmp_path.as_uri()}/else%20where/")
    place = dockerfile_place(BuildOptions(dockerfile="../else where/Dockerfile", context_dir="."))
    assert place == ("else where/Dockerfile", f"{tmp_path.as_uri()}/")


@pytest.mark.parametrize("chosen", ["table", "html", "csv", "json"])
def test_a_pipe_gets_the_bytes_of_a_file_whatever_the_locale(tmp_path: Path, chosen: str) -> None:
    (tmp_path / "image.tar").write_bytes(docker_legacy(ImageSpec(layers=(layer(file("a")),), tags=("é→:1",))))
    arguments = ("report", "image.tar", "-f", chosen, "-o", "-", "-o", "told")
    # The encoding of such a locale is ASCII.
    called = call(*arguments, folder=tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert called.code == 0 and called.out == (tmp_path / "told").read_bytes()
    assert b"\r" not in called.out and ("→".encode() in called.out) is (chosen in ("table", "html"))


@pytest.mark.parametrize("command", ["report", "diff", "scan"])
def test_a_page_has_a_map_of_what_is_in_the_archives(command: str) -> None:
    images = {"report": (TINY,), "diff": (FIXTURES / "tiny-builder.tar", TINY), "scan": (TINY,)}[command]
    done = call(command, *images, "-f", "html", "-q")
    assert done.code == 0, done.err
    data = json.loads(re.findall(r'(?s)<script type="application/json" id="data">(.*?)</script>', done.out.decode())[0])
    assert sum(cell[7] for cell in data["maps"][-1]["cells"]) == 63_700 == data["maps"][-1]["total"]


def test_a_page_of_a_saved_report_has_no_map(tmp_path: Path) -> None:
    saved = tmp_path / "report.json"
    saved.write_bytes(call("report", TINY, "-f", "json", "-q").out)
    done = call("report", saved, "-f", "html")
    assert done.code == 0 and b'<figure class="map"' not in done.out and b'id="layers"' in done.out
    assert b"a page that is made of the archive has a map" in done.out
