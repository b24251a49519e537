"""The report as a person sees it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.model.report import LayerReport
from layerscope.render.text import text
from layerscope.render.units import RenderOptions, si
from tests.builder import ImageSpec, directory, docker_legacy, docker_save, edit, file, layer, whiteout
from tests.conftest import FIXTURES, Run, real_image
from tests.render.reports import ordinary


def written(tmp_path: Path, spec: ImageSpec) -> Path:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(spec))
    return path


def test_the_verdict_comes_first(run: Run, tmp_path: Path) -> None:
    spec = ImageSpec(
        layers=(layer(file("big", b"x" * 30_000), file("kept", b"y" * 10_000)), layer(whiteout("big"))),
        history=({"created_by": "/bin/sh -c make"}, {"created_by": "/bin/sh -c rm /big"}),
        tags=("app:1",),
    )
    lines = run("report", written(tmp_path, spec)).stdout.split("\n")
    assert lines[0] == "app:1  linux/amd64  docker-archive  40.0 kB in 2 layers, 3 entries"
    assert lines[1] == "30.0 kB (75%) of 40.0 kB is reclaimable"
    assert lines[4] == "    0  40.0 kB      30.0 kB  RUN make"


def test_an_image_without_findings_has_no_waste(run: Run, tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(directory("etc"), file("etc/motd", b"hello")),), tags=("app:1",))
    assert run("report", written(tmp_path, spec)).stdout.split("\n")[1] == "no waste found in 5 B"


def test_trades_have_a_line_of_their_own(run: Run, tmp_path: Path) -> None:
    members = layer(file("app/__pycache__/x.pyc", b"x" * 9000), file("var/log/dpkg.log", b"x" * 500))
    text = run("report", written(tmp_path, ImageSpec(layers=(members,), tags=("app:1",)))).stdout
    assert text.split("\n")[1] == "500 B (5.3%) of 9.50 kB is reclaimable"
    assert "trades, such as start-up time for size, could save 9.00 kB more (bytecode)" in text
    assert [line.split(":")[0].split()[-1] for line in text.split("SAVES")[1].split("\n")[1:3]] == ["logs", "bytecode"]


def test_the_verdict_says_where_the_base_is_a_guess(run: Run, tmp_path: Path) -> None:
    layers = (layer(file("os", b"x" * 900)), layer(file("var/log/dpkg.log", b"y" * 100)))
    history = (
        {"created_by": "/bin/sh -c #(nop) ADD file:0 in / "},
        {"created_by": '/bin/sh -c #(nop)  CMD ["bash"]', "empty_layer": True},
        {"created_by": "/bin/sh -c make"},
    )
    path = written(tmp_path, ImageSpec(layers=layers, history=history, tags=("app:1",)))
    lines = run("report", path).stdout.split("\n")
    assert lines[1] == "100 B (100%) of your own 100 B above the base image (guessed) is reclaimable"
    assert lines[5].endswith("base image (guessed)")
    base = tmp_path / "base.tar"
    base.write_bytes(docker_legacy(ImageSpec(layers=layers[:1], tags=("base:1",))))
    assert "guess" not in run("report", path, "--base", base).stdout


def test_many_layers_are_summed_up(run: Run, tmp_path: Path) -> None:
    layers = tuple(layer(file(f"srv/{number}", bytes([number]) * (100 + number))) for number in range(60))
    history = tuple({"created_by": f"/bin/sh -c step {number}"} for number in range(60))
    text = run("report", written(tmp_path, ImageSpec(layers=layers, history=history, tags=("app:1",)))).stdout
    assert "54 smaller layers" in text and text.count("\n") <= 40


def test_a_layer_that_is_missing_is_said_loudly(run: Run, tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"a")), layer(file("b", b"b"))), tags=("app:1",))
    path = tmp_path / "image.tar"
    path.write_bytes(edit(docker_save(spec), remove=(f"blobs/sha256/{spec.diff_ids[1].removeprefix('sha256:')}",)))
    done = run("report", path)
    assert done.returncode == 0
    assert "LEFT OUT" in done.stdout and "INCOMPLETE: layers are missing, damaged" in done.stdout


def test_a_layer_of_which_something_is_missing_is_marked_however_many_there_are() -> None:
    own = [LayerReport(index=index, content_bytes=1000 + index, origin="own") for index in range(40)]
    own[3] = replace(own[3], partial="some files were not looked at")
    base = replace(own[0], origin="base", partial="1 broken hardlink")
    found = text(replace(ordinary(), layers=(base, *own[1:]), complete=False), RenderOptions(units=si))
    assert "INCOMPLETE (some files were not looked at): no instruction" in found
    assert "INCOMPLETE (1 broken hardlink): no instruction" in found and "base image" in found
    assert found.count("INCOMPLETE (") == 2
    assert "INCOMPLETE (" not in text(ordinary(), RenderOptions(units=si))


@pytest.mark.parametrize("name", ["\x1b[2Jgone", "a\nb", "\u202ereversed", b"\xff\xfe"])
def test_a_hostile_name_is_only_text(run: Run, tmp_path: Path, name: str | bytes) -> None:
    raw = name.encode() if isinstance(name, str) else name
    spec = ImageSpec(layers=(layer(file(b"srv/" + raw, b"x" * 9000)), layer(whiteout(b"srv/" + raw))), tags=("app:1",))
    text = run("report", written(tmp_path, spec)).stdout
    assert all(line.isprintable() for line in text.split("\n")) and "/srv/" in text


def test_a_terminal_of_eighty_columns_is_not_overrun(run: Run, tmp_path: Path) -> None:
    history = ({"created_by": "/bin/sh -c " + "echo a long command && " * 20},)
    spec = ImageSpec(layers=(layer(file("srv/x", b"x" * 9000)),), history=history, tags=("app:1",))
    path = written(tmp_path, spec)
    for columns in (40, 60, 80):
        assert max(map(len, run("report", path, COLUMNS=str(columns)).stdout.split("\n"))) <= columns
    assert "echo a long command && " * 19 in run("report", path).stdout


def test_a_next_step_is_read_to_its_end_on_a_narrow_terminal(run: Run) -> None:
    lines = run("report", FIXTURES / "tiny-legacy.tar", COLUMNS="80").stdout.split("\n")
    first = lines.index("  SAVES  STEPS") + 1
    steps = lines[first : lines.index("", first)]
    assert max(map(len, steps)) <= 80 and "…" not in "".join(steps)
    assert steps[:2] == [
        "9.00 kB  copied-up: set the mode of /usr/bin/app with `COPY --chmod` instead of",
        "         in `RUN /bin/op chmod /usr/bin/app 755`",
    ]


def test_a_next_step_takes_three_lines_at_most(run: Run) -> None:
    lines = run("report", FIXTURES / "tiny-legacy.tar", COLUMNS="40").stdout.split("\n")
    first = lines.index("  SAVES  STEPS") + 1
    steps = lines[first : lines.index("", first)]
    assert len(steps) == 9 and max(map(len, steps)) <= 40 and steps[-1].endswith("…")


@pytest.mark.real
@pytest.mark.parametrize("columns", ["", "80", "100"])
@pytest.mark.parametrize(
    "name", ["notesapp-default", "notesapp-multistage", "notesapp-buildkit", "mini-v1", "waste-v1"]
)
def test_a_usual_image_fits_forty_lines(run: Run, name: str, columns: str) -> None:
    text = run("report", real_image(f"{name}.tar"), COLUMNS=columns).stdout
    assert text.count("\n") <= 40, text
    if columns:
        assert max(map(len, text.split("\n"))) <= int(columns)


def test_what_no_package_owns_is_shown_with_its_biggest_directories(run: Run) -> None:
    text = run("report", FIXTURES / "public-alpine-3.8-rootfs.tar.xz").stdout
    assert "libressl2.7-libcrypto 2.7.5-r0 (apk)" in text
    (line,) = [line for line in text.split("\n") if "not owned by a package" in line]
    assert "not owned by a package: /" in line
