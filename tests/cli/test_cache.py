"""The cache as a person meets it: the same bytes with it and without, and options to be rid of it."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.cli.configuration import read_file
from layerscope.cli.run import run
from layerscope.errors import UsageError
from layerscope.image import cached_layers
from tests.builder import ImageSpec, docker_legacy, file, layer, oci_archive
from tests.cli.calling import call
from tests.conftest import FIXTURES

COMPRESSED = (
    "buildah-oci-archive.tar",
    "ctr-oci-gzip.tar",
    "podman-oci-archive.tar",
    "skopeo-oci-gzip.tar",
    "skopeo-oci-layout",
    "skopeo-oci-layout-tarred.tar",
    "skopeo-oci-zstd-chunked.tar",
    "skopeo-oci-zstd.tar",
    "umoci-oci-layout.tar",
)
COMMANDS = {
    "report": ("report", "-f", "json"),
    "table": ("report",),
    "several formats": ("report", "-o", "html=report.html", "-o", "sarif=report.sarif", "-o", "markdown=report.md"),
    "layers": ("layers", "-f", "csv"),
    "history": ("history",),
    "files": ("files", "--flat", "-f", "json"),
    "hidden files": ("files", "--hidden", "--flat"),
    "packages": ("packages", "-f", "json"),
    "findings": ("findings", "-f", "jsonl"),
    "inspect": ("inspect",),
    "check": ("check", "--max-size", "1TB", "--fail-on", "high"),
    "diff": ("diff", str(FIXTURES / "tiny-builder.tar"), "-f", "json"),
}
Output = Callable[..., tuple[int, bytes, bytes]]


@pytest.fixture
def output(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Output:
    """The exit code, stdout and stderr of a command, called in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> tuple[int, bytes, bytes]:
        monkeypatch.setattr(sys, "argv", ["layerscope", *arguments])
        code = run([])
        found = capfdbinary.readouterr()
        return code, found.out, found.err

    return called


@pytest.fixture
def decompressed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The layers that were decompressed to be known."""
    found: list[str] = []
    whole = cached_layers._read

    def counted(blob: cached_layers.StoredBlob, *arguments: object) -> object:
        found.append(blob.where)
        return whole(blob, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(cached_layers, "_read", counted)
    return found


SPEC = ImageSpec(layers=(layer(file("etc/key", b"k" * 300)), layer(file("b", b"2"))))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(SPEC))
    return path


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """The same image with layers that need no cache."""
    path = tmp_path / "plain.tar"
    path.write_bytes(docker_legacy(SPEC))
    return path


def tree(root: Path) -> dict[str, tuple[object, ...]]:
    """What lies below a directory; links have the time at which they were made."""
    found: dict[str, tuple[object, ...]] = {}
    for path in root.rglob("*"):
        state = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(state.st_mode) else b""
        target = (os.readlink(path),) if path.is_symlink() else (int(state.st_mtime), content)
        found[str(path.relative_to(root))] = (state.st_mode, *target)
    return found


@pytest.mark.parametrize("fixture", COMPRESSED)
@pytest.mark.parametrize("command", COMMANDS)
def test_all_commands_say_the_same_cold_warm_and_without(
    fixture: str, command: str, output: Output, decompressed: list[str], tmp_path: Path
) -> None:
    name, *options = COMMANDS[command]
    arguments = [name, *options[:1], str(FIXTURES / fixture), *options[1:]] if name == "diff" else None
    arguments = arguments or [name, str(FIXTURES / fixture), *options]
    results = []
    for more in (["--no-cache"], [], []):
        decompressed.clear()
        results.append((output(*arguments, *more), tree(tmp_path)))
    assert results[0][0] == results[1][0] == results[2][0]
    written = [{name: found[2:] for name, found in files.items()} for _, files in results]
    assert written[0] == written[1] == written[2]
    assert not decompressed


@pytest.mark.parametrize("fixture", COMPRESSED)
def test_contents_are_the_same_cold_warm_and_without(
    fixture: str, output: Output, decompressed: list[str], tmp_path: Path
) -> None:
    source, trees, outputs = str(FIXTURES / fixture), [], []
    for turn, more in enumerate((["--no-cache"], [], [])):
        decompressed.clear()
        assert output("extract", source, "/", str(tmp_path / f"out{turn}"), "-q", *more)[0] == 0
        trees.append(tree(tmp_path / f"out{turn}"))
        outputs.append([output("cat", source, path, *more) for path in ("/src/app.py", "/bin/op", "/nowhere")])
    assert trees[0] == trees[1] == trees[2] and trees[0]
    assert outputs[0] == outputs[1] == outputs[2]
    assert not decompressed


def test_stages_are_compared_the_same_from_the_cache(output: Output, decompressed: list[str]) -> None:
    arguments = (
        *("report", str(FIXTURES / "skopeo-oci-gzip.tar"), "-f", "json"),
        *("--dockerfile", str(FIXTURES / "context" / "Dockerfile")),
        *(
            "--stage",
            f"builder={FIXTURES / 'buildah-oci-archive.tar'}",
            "--base",
            str(FIXTURES / "ctr-oci-gzip.tar"),
        ),
    )
    without, cold = output(*arguments, "--no-cache"), output(*arguments)
    decompressed.clear()
    assert without == cold == output(*arguments) and without[0] == 0
    assert not decompressed


def test_a_process_that_comes_later_finds_what_is_kept(image: Path, cache_directory: Path) -> None:
    first = call("report", image, "-f", "json")
    held = {path.name: path.stat().st_ino for path in cache_directory.iterdir()}
    # Two layers; and where they lie, if the archive was older than two seconds when it was read.
    assert first.code == 0 and len(held) in (2, 4)
    assert call("report", image, "-f", "json") == first
    assert {path.name: path.stat().st_ino for path in cache_directory.iterdir() if path.name in held} == held


@pytest.mark.parametrize("way", ["option", "variable", "file"])
def test_it_can_be_turned_off(image: Path, cache_directory: Path, way: str, tmp_path: Path) -> None:
    if way == "file":
        (tmp_path / ".layerscope.toml").write_text("cache = false\n")
    variables = {"LAYERSCOPE_NO_CACHE": "1"} if way == "variable" else {}
    done = call("report", image, *(["--no-cache"] if way == "option" else []), folder=tmp_path, **variables)  # type: ignore[arg-type]
    assert done.code == 0 and not cache_directory.exists()


@pytest.mark.parametrize("option", ["--stage", "--base"])
def test_turned_off_it_is_off_for_images_beside_the_image_too(
    image: Path, plain: Path, cache_directory: Path, output: Output, option: str
) -> None:
    other = f"builder={image}" if option == "--stage" else str(image)
    assert output("report", str(plain), option, other, "--no-cache")[0] == 0 and not cache_directory.exists()
    assert output("report", str(plain), option, other)[0] == 0 and cache_directory.exists()


def test_turned_off_it_is_off_for_a_baseline_too(
    image: Path, plain: Path, cache_directory: Path, output: Output
) -> None:
    arguments = ("check", str(plain), "--baseline", str(image), "--max-growth", "1TB")
    assert output(*arguments, "--no-cache")[0] == 0 and not cache_directory.exists()
    assert output(*arguments)[0] == 0 and cache_directory.exists()


def test_its_size_can_be_given(
    image: Path, cache_directory: Path, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert output("report", str(image), "--cache-size", "4kB")[0] == 0 and not any(cache_directory.glob("*"))
    monkeypatch.setenv("LAYERSCOPE_CACHE_SIZE", "5kB")
    assert output("report", str(image))[0] == 0
    assert len(list(cache_directory.iterdir())) == 1
    assert call("report", image, "--cache-size", "10%").code == 2


def test_settings_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / ".layerscope.toml"
    path.write_text('cache = false\ncache-size = "2GB"\n')
    assert read_file(path).settings == {"no_cache": True, "cache_size": "2GB"}
    path.write_text("cache = true\n")
    assert read_file(path).settings == {"no_cache": False}
    for wrong in ("cache = 1", 'cache-size = "20%"', "cache-size = true"):
        path.write_text(wrong)
        with pytest.raises(UsageError):
            read_file(path)


@pytest.mark.parametrize(
    ("cache_home", "home", "told"),
    [
        pytest.param("/dev/null/x", "/root", 1, id="no directory can be made"),
        pytest.param("/proc/x", "/root", 1, id="a file system that takes none"),
        pytest.param("", "", 0, id="no home"),
        pytest.param("", "/dev/null/home", 1, id="a home that is not there"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_without_a_place_to_write_only_those_who_ask_are_told(
    image: Path, output: Output, monkeypatch: pytest.MonkeyPatch, cache_home: str, home: str, told: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", cache_home)
    monkeypatch.setenv("HOME", home)
    arguments = ("report", str(image), "-f", "json")
    expected = output(*arguments, "--no-cache")
    assert output(*arguments) == expected and expected[0] == 0 and not expected[2]
    code, out, err = output(*arguments, "-v")
    assert (code, out) == expected[:2]
    assert len([line for line in err.splitlines() if line.startswith(b"cache ")]) == told
