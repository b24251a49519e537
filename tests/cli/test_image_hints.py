"""What to run where the image that was named cannot be read: a command that works as it stands."""

import io
import shlex
import tarfile
from pathlib import Path

import pytest

from tests.cli.calling import call
from tests.conftest import FIXTURES

IMAGE = (FIXTURES / "tiny-legacy.tar").read_bytes()
LAYOUT = FIXTURES / "skopeo-oci-layout"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.tar").write_bytes(IMAGE)
    return tmp_path


def hint(folder: Path, command: str, code: int = 3) -> str:
    """The hint of a call that fails."""
    called = call(*shlex.split(command), folder=folder)
    assert called.code == code
    return called.err.partition("\nhint: ")[2].partition("\n")[0]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("report nginx:latest", "docker save nginx:latest | layerscope report -"),
        ("nginx:latest", "docker save nginx:latest | layerscope -"),
        ("check r.io:5000/a/b@sha256:ab --fail-on high", "docker save r.io:5000/a/b@sha256:ab | layerscope check - --fail-on high"),
        ("-q files node:20-slim /usr", "docker save node:20-slim | layerscope -q files - /usr"),
        ("diff app.tar team/web:2", "docker save team/web:2 | layerscope diff app.tar -"),
        ("diff - team/web:2", "docker save team/web:2 -o web-2.tar && layerscope diff - web-2.tar"),
        ("scan team/web:2", "docker save team/web:2 -o web-2.tar && layerscope scan web-2.tar"),
        ("report app.tar --base python:3", "docker save python:3 -o python-3.tar && layerscope report app.tar --base python-3.tar"),
        ("report app.tar --base=python:3", "docker save python:3 -o python-3.tar && layerscope report app.tar --base=python-3.tar"),
        ("report app.tar --stage b=python:3", "docker save python:3 -o python-3.tar && layerscope report app.tar --stage b=python-3.tar"),
        ("report docker://nginx", "docker save nginx | layerscope report -"),
        ("report podman:nginx", "podman save nginx | layerscope report -"),
        ("report docker-archive:app.tar", "leave out docker-archive: layerscope report app.tar"),
        ("report https://x.io/a.tar", "layerscope downloads nothing: curl -fsSL https://x.io/a.tar | layerscope report -"),
        ("report ap.tar", "did you mean layerscope report app.tar?"),
        ("report ./ap.tar -f json", "did you mean layerscope report ./app.tar -f json?"),
        ("report app", "did you mean layerscope report app.tar? or, for an image of an engine: docker save app | layerscope report -"),
    ],
)  # fmt: skip
def test_a_missing_file_may_be_the_name_of_an_image(folder: Path, command: str, expected: str) -> None:
    # Two images of stdin: the first is read before the other is missing.
    called = call(*shlex.split(command), folder=folder, stdin=IMAGE if "diff - " in command else b"")
    assert called.code == 3 and f"\nhint: {expected}\n" in called.err


@pytest.mark.parametrize("name", ["missing.tar", "no such thing", "nowhere/", "A", "./web", "/nowhere/image"])
def test_what_cannot_be_the_name_of_an_image_is_not_saved(folder: Path, name: str) -> None:
    assert hint(folder, shlex.join(["report", name])) == "save an image with: docker save NAME -o image.tar"


def test_a_path_below_a_directory_is_no_image_of_an_engine(folder: Path) -> None:
    (folder / "out").mkdir()
    assert "docker save out" not in hint(folder, "report out/web")


def test_the_names_of_other_files_are_not_proposed(folder: Path) -> None:
    (folder / "web.py").touch()
    assert hint(folder, "report web") == "docker save web | layerscope report -"


def test_a_directory_of_archives_is_scanned(folder: Path) -> None:
    assert hint(folder, "report .") == "it holds an archive: layerscope report ./app.tar"
    (folder / "web.tar.gz").touch()
    assert hint(folder, "report . -f json") == "it holds several archives: layerscope scan ."


def test_a_directory_without_any_keeps_what_an_image_would_have(tmp_path: Path) -> None:
    (tmp_path / "notes").touch()
    assert "an OCI layout has index.json" in hint(tmp_path, "report .")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("report Dockerfile", "-f Dockerfile . && docker save layerscope-build | layerscope report -"),
        ("report src -q", "-f src/Dockerfile src && docker save layerscope-build | layerscope report - -q"),
        ("scan src/Dockerfile", "-o layerscope-build.tar && layerscope scan layerscope-build.tar"),
    ],
)
def test_a_dockerfile_is_built_first(tmp_path: Path, command: str, expected: str) -> None:
    (tmp_path / "src").mkdir()
    for path in (tmp_path / "Dockerfile", tmp_path / "src" / "Dockerfile"):
        path.write_text("# syntax=docker/dockerfile:1\n\n  from alpine\n" + "RUN true\n" * 99)
    found = hint(tmp_path, command)
    assert found.startswith("build the image first: docker build -t layerscope-build ") and found.endswith(expected)


def test_a_text_is_no_dockerfile(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("From the beginning\n" * 99)
    (tmp_path / "mail").write_text("Dear all,\nFROM here on\n" * 99)
    assert "docker build" not in hint(tmp_path, "report mail")


def test_a_dockerfile_and_an_image_may_be_exchanged(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM alpine\n" * 99)
    assert hint(folder, "report app.tar --base Dockerfile") == "is it the Dockerfile? --dockerfile Dockerfile"
    called = call("report", "app.tar", "--dockerfile", "app.tar", folder=folder)
    assert called.code == 2 and called.err.startswith("layerscope: --dockerfile: app.tar is not a Dockerfile\n")


def blobs(media: str) -> list[Path]:
    return sorted(
        path for path in (LAYOUT / "blobs" / "sha256").iterdir() if (path.read_bytes()[:1] == b"{") == (media == "json")
    )


def test_a_blob_names_the_image_that_it_is_a_part_of() -> None:
    for blob in blobs("json"):
        expected = "it is a part of an image: layerscope report skopeo-oci-layout"
        assert hint(LAYOUT.parent, f"report {blob.relative_to(LAYOUT.parent)}") == expected


def test_a_layer_is_read_and_the_image_named() -> None:
    layer = str(blobs("layer")[0].relative_to(LAYOUT.parent))
    called = call("layers", layer, folder=LAYOUT.parent)
    assert called.code == 0 and called.err.endswith(
        "hint: this is one layer of an image: layerscope layers skopeo-oci-layout\n"
    )
    assert "hint" not in call("layers", layer, "-q", folder=LAYOUT.parent).err


def test_a_root_file_system_is_part_of_no_image(tmp_path: Path) -> None:
    (tmp_path / "blobs" / "sha256").mkdir(parents=True)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("etc/passwd"))
    for path in (tmp_path / "layer.tar", tmp_path / "blobs" / "sha256" / "layer.tar"):
        path.write_bytes(content.getvalue())
        assert "hint" not in call("layers", path, folder=tmp_path).err


@pytest.mark.parametrize("command", ["report", "cat", "inspect"])
def test_an_empty_name_is_an_unset_variable(command: str) -> None:
    called = call(command, "", *(["/etc"] if command == "cat" else []))
    assert (called.code, called.err) == (
        2,
        "layerscope: the name of the image is empty\nhint: is a variable not set?\n",
    )


def test_names_in_a_command_are_quoted_and_cannot_write_to_the_terminal(folder: Path) -> None:
    (folder / "my app;.tar").write_bytes(IMAGE)
    assert hint(folder, "report 'my ap;.tar'") == "did you mean layerscope report 'my app;.tar'?"
    assert "\x1b" not in call("report", "\x1b[2J.tar", folder=folder).err
