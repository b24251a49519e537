"""The report as a person sees it."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.model.finding import Severity
from layerscope.model.report import LayerReport, Report
from layerscope.model.step import Safety, SecretAdvice, Step
from layerscope.render.onto import onto_section
from layerscope.render.text import text
from layerscope.render.units import RenderOptions, si
from layerscope.render.width import width_of
from tests.builder import ImageSpec, directory, docker_legacy, docker_save, edit, file, layer, whiteout
from tests.conftest import FIXTURES, Run, real_image
from tests.render.reports import HOSTILE, OPTIONS, hostile, ordinary


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
    assert lines[:4] == [
        "app:1   linux/amd64   40.0 kB in 2 layers",
        "  all layers  40.0 kB  30.0 kB (75%) of it reclaimable",
        "",
        "SAVE 30.0 kB   layer 0: RUN make (step 1, by hand)",
    ]
    assert "    0  40.0 kB      30.0 kB  RUN make" in lines


def test_an_image_without_findings_has_no_waste(run: Run, tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(directory("etc"), file("etc/motd", b"hello")),), tags=("app:1",))
    lines = run("report", written(tmp_path, spec)).stdout.split("\n")
    assert lines[1] == "  all layers  5 B  no waste found"
    assert not any(line.startswith(("SAVE", "hint:")) or "STEPS" in line for line in lines)


def test_trades_have_a_line_of_their_own(run: Run, tmp_path: Path) -> None:
    members = layer(file("app/__pycache__/x.pyc", b"x" * 9000), file("var/log/dpkg.log", b"x" * 500))
    text = run("report", written(tmp_path, ImageSpec(layers=(members,), tags=("app:1",)))).stdout
    assert text.split("\n")[1] == "  all layers  9.50 kB  500 B (5.3%) of it reclaimable"
    assert "SAVE 500 B" in text and "compiled" not in text.split("OTHER STEPS")[0]
    assert (
        "\n9.00 kB  trades, such as start-up time for size (compiled copies of Python modules of the project)\n" in text
    )


def test_the_verdict_says_where_the_base_is_a_guess(run: Run, tmp_path: Path) -> None:
    layers = (layer(file("os", b"x" * 900)), layer(file("var/log/dpkg.log", b"y" * 100)))
    history = (
        {"created_by": "/bin/sh -c #(nop) ADD file:0 in / "},
        {"created_by": '/bin/sh -c #(nop)  CMD ["bash"]', "empty_layer": True},
        {"created_by": "/bin/sh -c make"},
    )
    path = written(tmp_path, ImageSpec(layers=layers, history=history, tags=("app:1",)))
    lines = run("report", path).stdout.split("\n")
    assert lines[1:3] == [
        "  base image   900 B  90%  layer 0, a guess from the history",
        "  your layers  100 B  10%  100 B (100%) of it reclaimable",
    ]
    assert next(line for line in lines if line.startswith("    0")).endswith("base image (guessed)")
    base = tmp_path / "base.tar"
    base.write_bytes(docker_legacy(ImageSpec(layers=layers[:1], tags=("base:1",))))
    assert "guess" not in run("report", path, "--base", base).stdout


def test_many_layers_are_summed_up(run: Run, tmp_path: Path) -> None:
    layers = tuple(layer(file(f"srv/{number}", bytes([number]) * (100 + number))) for number in range(60))
    history = tuple({"created_by": f"/bin/sh -c step {number}"} for number in range(60))
    text = run("report", written(tmp_path, ImageSpec(layers=layers, history=history, tags=("app:1",)))).stdout
    assert "0-53  6.83 kB               54 smaller layers (--top 60 lists all)" in text and text.count("\n") <= 40


def test_a_layer_that_is_missing_is_said_loudly(run: Run, tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"a")), layer(file("b", b"b"))), tags=("app:1",))
    path = tmp_path / "image.tar"
    path.write_bytes(edit(docker_save(spec), remove=(f"blobs/sha256/{spec.diff_ids[1].removeprefix('sha256:')}",)))
    done = run("report", path)
    assert done.returncode == 0
    assert "LEFT OUT" in done.stdout and "INCOMPLETE: layers are missing, damaged" in done.stdout
    assert "no waste found in what was read" in done.stdout


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
    assert "echo a long command && " * 19 in run("report", path, "--wide").stdout


def test_lines_end_at_120_columns_in_a_pipe_and_in_a_file(run: Run, tmp_path: Path) -> None:
    history = ({"created_by": "/bin/sh -c " + "echo a long command && " * 20},)
    spec = ImageSpec(layers=(layer(file("srv/x", b"x" * 9000)),), history=history, tags=("app:1",))
    path = written(tmp_path, spec)
    run("report", path, "-o", tmp_path / "report.txt")
    assert run("report", path).stdout == (tmp_path / "report.txt").read_text("utf-8")
    assert max(map(len, run("report", path).stdout.split("\n"))) == 120


def test_advice_is_read_to_its_end_on_a_narrow_terminal(run: Run) -> None:
    lines = run("report", FIXTURES / "tiny-legacy.tar", COLUMNS="80").stdout.split("\n")
    first = lines.index("SAVE 9.00 kB   layer 2: COPY file:623a230035d1 in /usr/bin/app (step 1, by hand)")
    assert lines[first + 1 : first + 3] == [
        "  set the mode of /usr/bin/app before it is copied, not later in `RUN /bin/op",
        "    chmod /usr/bin/app 755`",
    ]
    first = lines.index("  SAVES  OTHER STEPS") + 1
    steps = lines[first : lines.index("", first)]
    assert max(map(len, steps)) <= 80 and "…" not in "".join(steps)


ORDER = ("app:1 ", "INCOMPLETE", "SAVE ", "SEVERITY", "LAYER ", "SAVES ", "COPIED FROM", "BIGGEST", "warning:")


def test_what_matters_most_comes_first() -> None:
    secrets = (SecretAdvice(finding=0, severity=Severity.HIGH, rotate="rotate X", supply="mount it"),)
    steps = tuple(Step(strategy="s", safety=Safety.SAFE, sentence=f"do {size}", saves_bytes=size) for size in (9, 4))
    one = replace(ordinary(), secrets=secrets, complete=False, steps=steps)
    lines = text(one, replace(OPTIONS, width=80)).split("\n")
    found = [next(place for place, line in enumerate(lines) if line.strip().startswith(begin)) for begin in ORDER]
    assert found == sorted(found)


def crowded(name: str) -> Report:
    """More of everything than fits on a screen, each with this name."""
    one = hostile(name)
    layers = tuple(replace(one.layers[0], index=index, problem="") for index in range(127))
    step = Step(strategy="s", safety=Safety.REVIEW, sentence=name * 9, review=name * 9, saves_bytes=9, findings=(0, 1))
    secret = SecretAdvice(finding=0, severity=Severity.HIGH, rotate=name * 9, supply=name * 9)
    return replace(
        one,
        layers=layers,
        findings=tuple(
            replace(found, rule=name, trade=trade) for found in one.findings for trade in (False, True, False)
        ),
        totals=replace(one.totals, trade_bytes=400),
        steps=(step,) * 20,
        secrets=(secret,) * 20,
        stages=one.stages * 20,
        packages=one.packages * 20,
        directories=one.directories * 20,
        warnings=one.warnings * 20,
        complete=False,
    )


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_no_line_is_wider_than_the_terminal_and_no_more_than_forty_are_shown(case: str, columns: int) -> None:
    for repeated in (1, 30):
        for report in (crowded(HOSTILE[case] * repeated), hostile(HOSTILE[case] * repeated)):
            shown = text(report, replace(OPTIONS, width=columns)).removesuffix("\n").split("\n")
            asked = list(onto_section(report, replace(OPTIONS, width=columns)))
            assert max(map(width_of, shown)) <= columns and len(shown) <= 41 + len(asked), "\n".join(shown)
            assert all(line.isprintable() for line in shown)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4), st.integers(12, 200), st.booleans())
@example(["\u093e", "a\u093e", "1\ufe0f"], 12, False)
@settings(max_examples=60, deadline=None)
def test_any_name_fits_any_width(names: list[str], columns: int, color: bool) -> None:
    for name in names:
        shown = text(crowded(name), replace(OPTIONS, width=columns, color=color))
        plain = re.sub(r"\x1b\[[0-9;]+m", "", shown)
        assert max(map(width_of, plain.split("\n"))) <= columns
        assert all(line.isprintable() for line in plain.split("\n"))


def test_colors_say_what_the_words_say_and_nothing_else() -> None:
    secrets = (SecretAdvice(finding=0, severity=Severity.CRITICAL, rotate="rotate X", supply="mount it"),)
    steps = (Step(strategy="s", safety=Safety.SAFE, sentence="do it", saves_bytes=400),)
    report = replace(ordinary(), secrets=secrets, steps=steps)
    shown = text(report, replace(OPTIONS, width=80, color=True))
    assert "\x1b[38;5;28mSAVE 400 B\x1b[0m" in shown and "\x1b[1;38;5;160mcritical\x1b[0m" in shown
    assert "\x1b[38;5;136m900 B (36%) of it reclaimable\x1b[0m" in shown
    assert re.sub(r"\x1b\[[0-9;]+m", "", shown) == text(report, replace(OPTIONS, width=80))


def test_a_summed_up_layer_stands_where_it_belongs() -> None:
    own = tuple(LayerReport(index=index, content_bytes=size) for index, size in enumerate((900, 1, 2, 3, 800)))
    lines = text(replace(ordinary(), layers=own), replace(OPTIONS, top=3, width=80)).split("\n")
    first = next(place for place, line in enumerate(lines) if line.startswith("LAYER"))
    assert [line.split()[0] for line in lines[first + 1 : first + 4]] == ["0", "1-3", "4"]


def test_lists_stand_beside_each_other_only_where_both_fit() -> None:
    wide, narrow = (text(ordinary(), replace(OPTIONS, width=width)).split("\n") for width in (100, 50))
    assert any("BIGGEST PACKAGES" in line and "BIGGEST DIRECTORIES" in line for line in wide)
    assert "BIGGEST PACKAGES" in narrow and "BIGGEST DIRECTORIES" in narrow


def test_more_warnings_than_a_screen_holds_are_named_with_a_command() -> None:
    many = replace(ordinary(), warnings=tuple(f"layer {number} is odd" for number in range(9)))
    shown = text(many, replace(OPTIONS, width=80, arguments="app.tar"))
    assert shown.count("warning:") == 2 and shown.endswith("and 7 more warnings: layerscope report app.tar --top 9\n")


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
    text = run("report", FIXTURES / "public-alpine-3.8-rootfs.tar.xz", COLUMNS="60").stdout
    assert "libressl2.7-libcrypto 2.7.5-r0 (apk)" in text
    (line,) = [line for line in text.split("\n") if "not owned by a package" in line]
    assert "not owned by a package: /" in line
