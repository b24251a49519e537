"""A report has every figure of the analysis, and no other."""

from pathlib import Path

import pytest

from layerscope.analysis import report as module
from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
from layerscope.analysis.report import report
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.base import Base, FoundBy
from layerscope.model.image import Verified
from layerscope.model.report import InstructionReport, LayerReport, PathBytes, Report, Totals
from tests.analysis.pairs import report_of
from tests.builder import ImageSpec, directory, docker_legacy, file, hardlink, layer, symlink, whiteout

_SPEC = ImageSpec(
    layers=(
        layer(directory("etc"), file("etc/base", b"x" * 900), file("var/log/old", b"l" * 60), directory("opt")),
        layer(
            file("opt/app/main", b"m" * 400),
            file("var/log/old", b"n" * 70),
            hardlink("opt/app/again", "opt/app/main"),
            symlink("opt/l", "app"),
        ),
        layer(whiteout("etc/base"), whiteout("opt/app/main"), file("opt/app/data", b"d" * 30)),
    ),
    history=(
        {"created_by": "/bin/sh -c #(nop) ADD file:abc in / "},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "COPY . /opt # buildkit"},
        {"created_by": "RUN /bin/sh -c rm /etc/base # buildkit"},
    ),
    env=("A=1",),
    tags=("app:1",),
)


@pytest.fixture
def made(tmp_path: Path) -> Report:
    """The report of an image on a base of one layer."""
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(_SPEC))
    with open_image(str(path), ReadOptions(wanted=WANTED)) as image:
        return report(analyse(image, AnalysisInputs(base=image.config.diff_ids[:1])))


def test_the_totals_are_those_of_the_layers(made: Report) -> None:
    assert made.totals == Totals(
        content_bytes=1460,
        stored_bytes=11776,
        live_bytes=500,
        hidden_bytes=960,
        base_bytes=960,
        own_bytes=500,
        reclaimable_bytes=70,
        trade_bytes=0,
        files=3,
        entries=11,
        efficiency=0.342466,
    )
    assert (made.unowned_bytes, made.complete, made.warnings) == (500, True, ())
    assert made.base == Base(found_by=FoundBy.GIVEN, layers=1, name="", certain=True)
    assert (made.image.docker_size, made.image.config, made.image.tags) == (1463, {"Env": ["A=1"]}, ("app:1",))


def test_each_layer_has_its_bytes_and_its_instruction(made: Report) -> None:
    def of(
        index: int, size: int, live: int, can_go: int, entries: int, instruction: int, created_by: str
    ) -> LayerReport:
        one = made.layers[index]
        return LayerReport(
            index=index,
            diff_id=one.diff_id,
            stored_bytes=one.stored_bytes,
            tar_bytes=one.stored_bytes,
            content_bytes=size,
            live_bytes=live,
            hidden_bytes=size - live,
            reclaimable_bytes=can_go,
            entries=entries,
            origin="own" if index else "base",
            created_by=created_by,
            instruction=instruction,
            verified=Verified.HEADERS,
        )

    assert made.layers == (
        of(0, 960, 0, 0, 4, 0, "/bin/sh -c #(nop) ADD file:abc in / "),
        of(1, 470, 470, 70, 4, 2, "COPY . /opt # buildkit"),
        of(2, 30, 30, 0, 3, 3, "RUN /bin/sh -c rm /etc/base # buildkit"),
    )
    assert len({one.diff_id for one in made.layers}) == 3
    assert all(one.diff_id.startswith("sha256:") for one in made.layers)


def test_each_instruction_has_its_layer_and_where_its_files_came_from(made: Report) -> None:
    rows = (
        ("ADD", "file:abc in /", 0, "base", 960),
        ("ENV", "A=1", None, "", 0),
        ("COPY", ". /opt", 1, "unknown", 470),
        ("RUN", "rm /etc/base", 2, "run", 30),
    )
    assert made.instructions == tuple(
        InstructionReport(index=index, kind=kind, text=text, layer=layer, source=source, content_bytes=size)
        for index, (kind, text, layer, source, size) in enumerate(rows)
    )


def test_paths_and_directories_are_those_with_the_most_bytes(made: Report) -> None:
    assert (
        made.directories
        == made.unowned
        == (
            PathBytes(path="/opt/app", content_bytes=430, files=2),
            PathBytes(path="/var/log", content_bytes=70, files=1),
        )
    )
    assert made.hidden == (
        PathBytes(path="/etc/base", content_bytes=900, files=1, layers=(0,), fate="deleted"),
        PathBytes(path="/var/log/old", content_bytes=60, files=1, layers=(0,), fate="overwritten"),
    )


def test_a_hidden_path_has_all_its_versions_and_the_fate_of_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = (
        layer(file("a", b"1" * 10), file("b", b"2" * 14), file("c", b"3" * 14), file("empty")),
        layer(file("a", b"1" * 5)),
        layer(whiteout("a"), whiteout("b"), whiteout("c"), whiteout("empty")),
    )
    found = report_of(ImageSpec(layers=layers), tmp_path).hidden
    rows = [(one.path, one.content_bytes, one.files, one.layers, one.fate) for one in found]
    assert rows == [
        ("/a", 15, 2, (0, 1), "deleted"),
        ("/b", 14, 1, (0,), "deleted"),
        ("/c", 14, 1, (0,), "deleted"),
    ]
    monkeypatch.setattr(module, "_HIDDEN", 2)
    assert report_of(ImageSpec(layers=layers), tmp_path).hidden == found[:2]


def test_an_image_without_bytes_is_efficient(tmp_path: Path) -> None:
    made = report_of(ImageSpec(layers=(layer(directory("a")),)), tmp_path)
    assert (made.totals.efficiency, made.totals.files, made.totals.entries) == (1.0, 0, 1)


@pytest.mark.parametrize(("count", "told"), [(1, "1 hardlink is broken"), (2, "2 hardlinks are broken")])
def test_broken_hardlinks_are_counted_with_an_example(count: int, told: str, tmp_path: Path) -> None:
    members = [hardlink(f"l{number}", "none") for number in range(count)]
    found = report_of(ImageSpec(layers=(layer(file("a"), *members),)), tmp_path).warnings
    [warning] = [one for one in found if "broken" in one]
    assert warning == (
        f"{told}, such as /l0, which links to /none: the content is in no layer, and no engine can extract it"
    )


@pytest.mark.parametrize(("count", "told"), [(1, "1 entry lies"), (2, "2 entries lie")])
def test_entries_below_a_symlink_of_a_lower_layer_are_counted_with_an_example(
    count: int, told: str, tmp_path: Path
) -> None:
    upper = layer(*(file(f"lib/{number}") for number in range(count)))
    spec = ImageSpec(layers=(layer(directory("usr/lib"), symlink("lib", "usr/lib")), upper))
    [warning] = [one for one in report_of(spec, tmp_path).warnings if "symlink" in one]
    assert warning == (
        f"{told} below a symlink of a lower layer, taken to where it points, such as /usr/lib/0;"
        " Docker's overlay2 replaces the symlink by a directory instead"
    )
