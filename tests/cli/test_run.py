"""The command as a process: streams, exit codes, messages."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builder import ImageSpec, docker_legacy, file, layer
from tests.conftest import FIXTURES, Run

IMAGE = docker_legacy(ImageSpec(layers=(layer(file("etc/passwd", b"root")),), tags=("app:1",)))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.tar"
    path.write_bytes(IMAGE)
    return path


def test_the_version_is_one_line(run: Run) -> None:
    done = run("--version")
    assert done.returncode == 0 and done.stdout.startswith("layerscope ") and done.stdout.count("\n") == 1


def test_help_names_every_command(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("report", "layers", "history", "files", "inspect"))


def test_results_are_on_stdout_and_nothing_else_anywhere(run: Run, image: Path) -> None:
    done = run("report", image)
    assert done.returncode == 0 and "app:1" in done.stdout and not done.stderr


def test_the_same_archive_gives_the_same_bytes(run: Run, image: Path) -> None:
    assert run("report", image, "-f", "json").stdout == run("report", image, "-f", "json").stdout


def test_an_image_comes_through_a_pipe(run: Run) -> None:
    done = run("inspect", "-f", "{{.RepoTags}} {{.Size}}", "-", stdin=IMAGE)
    assert done.returncode == 0 and done.stdout == "[app:1] 4\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"# a text\n" * 100, "is not a tar archive", id="text"),
        pytest.param(b'{"a": 1}', "is JSON but not a report of layerscope", id="JSON"),
        pytest.param(b"PK\x03\x04" + bytes(600), "is a zip archive", id="zip"),
        pytest.param(IMAGE[:3000], "offset 2,560: the data ends within a tar header", id="cut off"),
        pytest.param(IMAGE[:700] + b"\xff" + IMAGE[701:], "", id="damaged"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(run: Run, tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "thing"
    path.write_bytes(content)
    done = run("report", path)
    assert done.returncode == 3
    assert done.stderr.startswith("layerscope: ") and message in done.stderr
    assert "Traceback" not in done.stderr and not done.stdout


def test_no_line_of_the_help_is_cut(run: Run) -> None:
    _, *lines = run("--help", COLUMNS="80").stdout.splitlines()  # The first ends with what may be repeated.
    assert len(lines) > 15 and not [line for line in lines if line.endswith("...")]


def test_no_tag_begins_a_line_of_what_is_listed(run: Run, tmp_path: Path) -> None:
    images = [ImageSpec(tags=(tag,)) for tag in ("a:1\nhint: all is well", "b:1")]
    (tmp_path / "image.tar").write_bytes(docker_legacy(*images))
    lines = run("report", "image.tar").stderr.splitlines()
    assert [line[:5] for line in lines] == ["layer", "  0  ", "  1  ", "hint:"]
    assert "a:1\\nhint: all is well" in lines[1]


COMMAND = "##[error]x"


@pytest.mark.parametrize(
    "arguments",
    [
        ("report",),
        ("report", "-f", "json"),
        ("report", "-f", "markdown"),
        ("report", "-f", "html"),
        ("files", "-f", "csv"),
        ("files", "--flat"),
        ("history",),
        ("inspect",),
        ("inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}"),
        ("layers", "-v"),
        ("report", "--image", f"\n::error::{COMMAND}"),
        ("report", "--base", f"\r::error::{COMMAND}"),
    ],
    ids=" ".join,
)
def test_no_line_is_a_command_to_githubs_runner(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    spec = ImageSpec(
        layers=(layer(file(f"::error::{COMMAND}", b"1"), file(f"a/{COMMAND}\n::error::x", b"1" * 5000)),),
        history=({"created_by": f"::error::{COMMAND}\n::error::"},),
        tags=(f"::error::{COMMAND}",),
        env=("::error::x", f"A=1\r::error::{COMMAND}"),
    )
    (tmp_path / "image.tar").write_bytes(docker_legacy(spec))
    done = run(arguments[0], "image.tar", *arguments[1:], GITHUB_ACTIONS="true", COLUMNS="100")
    lines = re.split("[\r\n\x85\u2028\u2029]", done.stdout + done.stderr)
    assert not [line for line in lines if "##[" in line or line.lstrip().startswith("::")]
    assert "error" in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["m", "json", "image.tar"])
def test_an_error_names_its_archive_whatever_that_is_called(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(layer(file("manifest.json", b"[")))
    assert run("report", name).stderr.startswith(f"layerscope: {name}: manifest.json: not JSON")


def test_a_missing_file_is_said_with_a_hint(run: Run) -> None:
    done = run("report", "nowhere.tar")
    assert done.returncode == 3
    assert (
        done.stderr
        == "layerscope: there is no file nowhere.tar\nhint: save an image with: docker save NAME -o image.tar\n"
    )


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind root")
def test_no_permission_is_said(run: Run, image: Path) -> None:
    image.chmod(0)
    assert "no permission to read" in run("report", image).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["report"], id="no image"),
        pytest.param(["nonsense"], id="no such command"),
        pytest.param(["layers", "IMAGE", "--limit", "entries"], id="limit without a number"),
        pytest.param(["layers", "IMAGE", "--image", "other"], id="no such image"),
        pytest.param(["layers", "IMAGE", "--platform", "linux/s390x"], id="no such platform"),
        pytest.param(["inspect", "IMAGE", "-f", "{{.Nonsense"], id="a template that does not parse"),
        pytest.param(["files", "IMAGE", "--layer", "7"], id="no such layer"),
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, image: Path, arguments: list[str]) -> None:
    done = run(*[str(image) if argument == "IMAGE" else argument for argument in arguments])
    assert done.returncode == 2, done.stderr
    assert done.stderr and "Traceback" not in done.stderr


def test_a_limit_can_be_set(run: Run, image: Path) -> None:
    done = run("layers", image, "--limit", "entries=2")
    assert done.returncode == 3 and "hint: raise --limit entries" in done.stderr


def test_a_saved_report_is_no_image_but_known(run: Run, image: Path, tmp_path: Path) -> None:
    (tmp_path / "saved.json").write_text(run("report", image, "-f", "json").stdout)
    done = run("layers", "saved.json")
    assert done.returncode == 3 and "saved.json is a JSON document, not a container image" in done.stderr
    assert (
        "hint: only report, findings, leaks, fix, packages, diff, scan and check accept a saved report" in done.stderr
    )


@pytest.mark.skipif(os.name == "nt", reason="a pipe breaks otherwise on Windows")
def test_a_reader_that_has_seen_enough_is_no_error(image: Path) -> None:
    command = f"{sys.executable} -m layerscope files --flat {image} -f json | head -c 10"
    environment = {**os.environ, "PYTHONPATH": str(FIXTURES.parent)}
    done = subprocess.run(["sh", "-c", command], capture_output=True, env=environment, check=False, timeout=60)
    assert not done.stderr


NEVER_READ = [
    pytest.param(("check", "IMAGE", "--max-size", "1"), 1, id="a gate that is closed"),
    pytest.param(("check", "IMAGE", "--max-size", "1GB"), 0, id="a gate that is open"),
    pytest.param(("cat", "IMAGE", "/bin/op"), 0, id="cat"),
    pytest.param(("report", "IMAGE"), 0, id="report"),
    pytest.param(("layers", "IMAGE", "-f", "json"), 0, id="layers"),
    pytest.param(("--help",), 0, id="help"),
    pytest.param(("--version",), 0, id="version"),
]


def ended(image: Path, arguments: tuple[str, ...], redirected: str, **environment: str) -> tuple[int, str]:
    """The exit code of a call whose streams a shell redirected, and what it printed on stderr."""
    words = [str(image) if word == "IMAGE" else word for word in arguments]
    command = ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-m", "layerscope", *words]
    known = {**os.environ, "PYTHONPATH": str(FIXTURES.parent), **environment}
    done = subprocess.run(command, capture_output=True, env=known, check=False, timeout=60)
    return done.returncode, done.stderr.decode()


@pytest.mark.skipif(os.name == "nt", reason="streams are closed otherwise on Windows")
@pytest.mark.parametrize(("arguments", "code"), NEVER_READ)
@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
def test_the_exit_code_stands_whoever_reads(arguments: tuple[str, ...], code: int, buffering: str) -> None:
    """A pipe that is closed already, and closed streams, as a shell or a service may leave them."""
    image = FIXTURES / "tiny-legacy.tar"
    for redirected in (">&-", "2>&-", ">&- 2>&-"):
        assert ended(image, arguments, redirected, PYTHONUNBUFFERED=buffering) == (code, "")
    ours, theirs = os.pipe()
    os.close(ours)
    words = [str(image) if word == "IMAGE" else word for word in arguments]
    environment = {**os.environ, "PYTHONPATH": str(FIXTURES.parent), "PYTHONUNBUFFERED": buffering}
    command = [sys.executable, "-m", "layerscope", *words]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=environment, check=False, timeout=60)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (code, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no device that is always full")
@pytest.mark.parametrize("arguments", [one.values[0] for one in NEVER_READ if one.id != "help"])
@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
def test_an_output_that_is_full_is_told(arguments: tuple[str, ...], buffering: str) -> None:
    told = ended(FIXTURES / "tiny-legacy.tar", arguments, ">/dev/full", PYTHONUNBUFFERED=buffering)
    assert told[0] == 3 and "No space left on device" in told[1] and "Traceback" not in told[1]


@pytest.mark.skipif(os.name == "nt", reason="streams are closed otherwise on Windows")
@pytest.mark.parametrize("command", [("layers", "-"), ("cat", "-", "/x"), ("extract", "-", "/", "out")])
def test_a_closed_standard_input_is_told(command: tuple[str, ...]) -> None:
    assert ended(Path(), command, "<&-") == (3, "layerscope: standard input is closed\n")


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise on Windows")
def test_an_interrupt_ends_cleanly() -> None:
    environment = {**os.environ, "PYTHONPATH": str(FIXTURES.parent)}
    process = subprocess.Popen(
        [sys.executable, "-m", "layerscope", "report", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(IMAGE[:2048])
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)  # Long enough to be loaded; then it waits for the rest of the archive.
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and errors == b"layerscope: interrupted\n"


def test_colours_and_bars_are_for_terminals_only(run: Run, image: Path) -> None:
    done = run("report", image)
    assert "\x1b" not in done.stdout + done.stderr


def test_verbose_says_how_each_layer_was_read(run: Run, image: Path) -> None:
    plain = run("layers", "-v", image)
    assert plain.stdout == run("layers", image).stdout
    header, line = plain.stderr.splitlines()
    assert header.startswith(f"{image}: docker-archive, sha256:")
    assert line.startswith("layer 0: sha256:") and line.endswith(" bytes, plain, 1 entries, verified: headers")
    assert run("layers", "-v", "--verify", image).stderr.splitlines()[1].endswith("verified: contents")
