"""The map of an image: few cells, and every sum over them is the report's own figure."""

import sys
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.analysis import size_map as size_map_module
from layerscope.analysis.analyse import WANTED, Analysis, AnalysisInputs, analyse
from layerscope.analysis.claims import finding_versions
from layerscope.analysis.ignore import Ignore, ignoring
from layerscope.analysis.report import report
from layerscope.analysis.size_map import size_maps
from layerscope.cli.options import BuildOptions, ReadArguments
from layerscope.cli.source import ReportOptions, opened_source, today
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.report import Report
from layerscope.model.size_map import NONE, OTHER, SizeCell, SizeMap, State
from tests.builder import ImageSpec, Member, docker_legacy, docker_save, file, hardlink, layer, whiteout
from tests.conftest import FIXTURES
from tests.memory import peak_of
from tests.rules.conftest import step
from tests.rules.test_conservation import STEPS, members_of_images


@contextmanager
def analysed(path: Path) -> Iterator[tuple[Analysis, Report]]:
    with open_image(str(path), ReadOptions(wanted=WANTED)) as image:
        analysis = analyse(image, AnalysisInputs())
        yield analysis, report(analysis)


def check_sums(made: Report, found: SizeMap) -> None:
    """What cells say of the whole, of each layer, package, finding and stage is what the report says."""
    cells, totals = found.cells, made.totals
    by_state, layers, packages, findings, stages = (Counter[int]() for _ in range(5))
    for cell in cells:
        by_state[cell.state] += cell.content_bytes
        layers[cell.layer] += cell.content_bytes
        packages[cell.package] += cell.content_bytes
        findings[cell.finding] += cell.content_bytes
        stages[cell.stage] += cell.content_bytes
    assert sum(by_state.values()) == totals.content_bytes
    assert sum(cell.content_bytes for cell in cells if cell.hidden) == totals.hidden_bytes
    assert by_state[State.BASE] == totals.base_bytes
    assert by_state[State.RECLAIMABLE] == totals.reclaimable_bytes
    assert by_state[State.TRADE] == totals.trade_bytes
    assert all(layers[one.index] == one.content_bytes for one in made.layers)
    for place, package in enumerate(made.packages):
        assert packages[place] == (package.content_bytes if package.removed_in is None else package.hidden_bytes)
    assert all(findings[place] == one.content_bytes for place, one in enumerate(made.findings))
    assert all(stages[place] == one.content_bytes for place, one in enumerate(made.stages))
    assert not {OTHER} & ({*layers} | {*packages} | {*findings} | {*stages})
    assert all(parent < place for place, parent in enumerate(found.parents) if place)
    assert all(cell.content_bytes > 0 for cell in cells)


@pytest.mark.parametrize(
    "name",
    ["notes-v1.tar.zst", "tiny-legacy.tar", "public-alpine-3.8-rootfs.tar.xz", "skopeo-oci-zstd.tar"],
)
def test_the_map_of_a_real_image_adds_up_to_its_report(name: str) -> None:
    with analysed(FIXTURES / name) as (analysis, made):
        check_sums(made, *size_maps((analysis, made)))


def test_stages_add_up_to_their_rows() -> None:
    build = BuildOptions(
        dockerfile=str(FIXTURES / "notes" / "Dockerfile"), stage=[f"build1={FIXTURES / 'notes-build1.tar.zst'}"]
    )
    with opened_source(
        str(FIXTURES / "notes-v1.tar.zst"), ReadArguments(no_cache=True, quiet=True), ReportOptions(build=build)
    ) as source:
        assert source.analysis is not None and source.report.stages[0].content_bytes
        check_sums(source.report, *size_maps((source.analysis, source.report)))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(members_of_images(), max_size=9), min_size=1, max_size=4), st.sampled_from(STEPS))
def test_the_map_of_any_image_adds_up_to_its_report(tmp_path: Path, stack: list[list[Member]], created_by: str) -> None:
    layers = tuple(layer(*members) for members in stack)
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=layers, history=tuple(step(created_by) for _ in layers))))
    with analysed(path) as (analysis, made):
        check_sums(made, *size_maps((analysis, made)))


IMAGE = ImageSpec(
    layers=(
        layer(file("etc/base", b"x" * 900)),
        layer(file("var/lib/apt/lists/a", b"1" * 700), file("tmp/left", b"2" * 300), file("app/x/y/z/small", b"3" * 5)),
        layer(whiteout("tmp/left"), file("app/big", b"4" * 2000), hardlink("app/link", "app/big")),
    )
)


def test_the_bytes_of_an_ignored_finding_are_no_longer_reclaimable(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(IMAGE))
    with analysed(path) as (analysis, made):
        less = ignoring(made, (Ignore(rule="apt-lists", reason="wanted"),), today())
        assert made.totals.reclaimable_bytes - less.totals.reclaimable_bytes == 700
        check_sums(less, *size_maps((analysis, less)))


def test_small_files_are_added_up_in_the_nearest_directory_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(size_map_module, "_MOST_FILES", 1)
    monkeypatch.setattr(size_map_module, "_MOST_DIRECTORIES", 2)
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(IMAGE))
    with analysed(path) as (analysis, made):
        (found,) = size_maps((analysis, made))
        check_sums(made, found)
    assert found.names == ("/", "app/", "big")
    files = {found.names[cell.node]: 0 for cell in found.cells}
    for cell in found.cells:
        files[found.names[cell.node]] += cell.files
    assert files == {"/": 3, "app/": 1, "big": 1}


def test_an_image_of_very_many_files_has_a_small_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_map_module, "_MOST_CELLS", 50)
    path = tmp_path / "image.tar"
    members = [file(f"usr/{n % 40}/{n}", b"x" * (n + 1)) for n in range(400)]
    path.write_bytes(docker_save(ImageSpec(layers=tuple(layer(*members[n::20]) for n in range(20)))))
    with analysed(path) as (analysis, made):
        (found,) = size_maps((analysis, made))
    assert 10 < len(found.cells) <= 50
    assert sum(cell.content_bytes for cell in found.cells) == made.totals.content_bytes
    assert sum(cell.files for cell in found.cells) == 400


def test_no_image_has_a_map_that_cannot_be_made_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_map_module, "_MOST_CELLS", 3)
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(IMAGE))
    with analysed(path) as (analysis, made):
        (found,) = size_maps((analysis, made))
    assert len(found.cells) <= 3 and found.names == ("/",)
    assert sum(cell.content_bytes for cell in found.cells) == made.totals.content_bytes


def test_two_images_show_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_map_module, "_MOST_FILES", 1)
    before, after = tmp_path / "a.tar", tmp_path / "b.tar"
    before.write_bytes(docker_save(ImageSpec(layers=(layer(file("a/one", b"x" * 90), file("a/two", b"x" * 50)),))))
    after.write_bytes(docker_save(ImageSpec(layers=(layer(file("a/one", b"x" * 40), file("a/two", b"x" * 50)),))))
    with analysed(before) as one, analysed(after) as other:
        first, second = size_maps(one, other)
    assert first.names == second.names == ("/", "a/", "one", "two")


def test_a_very_long_name_is_shortened(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(ImageSpec(layers=(layer(file("x" * 3_000, b"12345")),))))
    with analysed(path) as (analysis, made):
        (found,) = size_maps((analysis, made))
    assert max(map(len, found.names)) < 130


def test_the_map_of_many_findings_takes_little_more_than_their_paths(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    below, above = ([file(f"d{n}/f", text) for n in range(20_000)] for text in (b"x", b"y"))
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(*below), layer(*above)))))
    with analysed(path) as (analysis, made):
        assert peak_of(lambda: deque(finding_versions(analysis.filesystem, made.findings), 0)) < 6_000_000


def test_names_of_deep_directories_take_no_more_memory_than_those_of_many(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(
        docker_legacy(ImageSpec(layers=(layer(*(file("d/" * 3_000 + f"f{n}", b"x") for n in range(10))),)))
    )
    with analysed(path) as (analysis, made):
        (found,) = size_maps((analysis, made))
        check_sums(made, found)
        assert peak_of(lambda: size_maps((analysis, made))) < 15_000_000


def test_each_file_is_a_cell_below_its_directories(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(IMAGE))
    with analysed(path) as (analysis, made):
        (found,) = size_maps((analysis, made))
    names = ("/", "app/", "big", "x/", "y/", "z/", "small", "etc/", "base", "tmp/", "left", "var/", "lib/", "apt/")
    assert found.names == (*names, "lists/", "a")
    assert found.parents == (0, 0, 1, 1, 3, 4, 5, 0, 7, 0, 9, 0, 11, 12, 13, 14)
    assert found.cells == (
        SizeCell(2, 2, NONE, NONE, NONE, State.OWN, False, 2000, 1),
        SizeCell(8, 0, NONE, NONE, NONE, State.OWN, False, 900, 1),
        SizeCell(15, 1, NONE, 0, NONE, State.RECLAIMABLE, False, 700, 1),
        SizeCell(10, 1, NONE, 1, NONE, State.RECLAIMABLE, True, 300, 1),
        SizeCell(6, 1, NONE, NONE, NONE, State.OWN, False, 5, 1),
    )


@pytest.mark.parametrize(
    ("directory", "place"),
    [
        ("/a/b", "/a/b/"),
        ("/a/b/c/d", "/a/b/"),
        ("/a", "/"),
        ("/a/x", "/"),
        ("", "/"),
        ("/c", "/c/"),
        ("/a/b/c", "/a/b/"),
    ],
)
def test_a_directory_is_shown_as_the_nearest_that_is_named(directory: str, place: str) -> None:
    place_of = size_map_module._nearest({"/a/b/", "/c/", "/a/x"})
    assert [place_of(directory), place_of(directory)] == [place, place]


@pytest.mark.parametrize(("path", "directory"), [("/a/b/c", "/a/b"), ("/a/b/", "/a"), ("/a", ""), ("/", "")])
def test_a_path_lies_in_its_directory(path: str, directory: str) -> None:
    assert size_map_module._directory(path) == directory


@pytest.mark.parametrize(
    ("name", "shown"),
    [("x" * 120, "x" * 120), ("a" * 61 + "b" * 60, "a" * 60 + "\N{HORIZONTAL ELLIPSIS}" + "b" * 60), ("", "")],
)
def test_only_a_name_of_more_than_120_characters_loses_its_middle(name: str, shown: str) -> None:
    assert size_map_module._shortened(name) == shown


def test_a_coarser_map_tells_the_biggest_apart() -> None:
    own = (State.OWN, False)
    sums: size_map_module._Sums = {
        ("/a/x", 0, 0, 0, 0, *own): [100, 1],
        ("/a/y", 1, 1, 1, 1, *own): [50, 1],
        ("/b/z", 2, 2, 2, 2, *own): [10, 1],
        ("/b/w", 3, NONE, NONE, NONE, *own): [5, 2],
        ("/b/v", 2, 2, 2, 2, State.BASE, True): [1, 1],
    }
    names = {"/a/x", "/b/"}
    assert size_map_module._coarser(sums, names, 1) == {
        ("/a/x", 0, 0, 0, 0, *own): [100, 1],
        ("/", OTHER, OTHER, OTHER, OTHER, *own): [50, 1],
        ("/b/", OTHER, OTHER, OTHER, OTHER, *own): [10, 1],
        ("/b/", OTHER, NONE, NONE, NONE, *own): [5, 2],
        ("/b/", OTHER, OTHER, OTHER, OTHER, State.BASE, True): [1, 1],
    }
    assert size_map_module._coarser(sums, names, 2)[("/", 1, 1, 1, 1, *own)] == [50, 1]
    together = {("/c/1", 0, 0, 0, 0, *own): [3, 1], ("/c/2", 0, 0, 0, 0, *own): [4, 2]}
    assert size_map_module._coarser(together, set(), 1) == {("/", 0, 0, 0, 0, *own): [7, 3]}


def test_of_equally_big_names_the_shorter_comes_first() -> None:
    ranked = sorted([("/a/b/", 5), ("/a/", 5), ("/c", 9)], key=size_map_module._rank, reverse=True)
    assert [name for name, _ in ranked] == ["/c", "/a/", "/a/b/"]


def test_what_the_base_brought_and_what_is_hidden_without_a_finding_have_their_state(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    lower, upper = (layer(file("a", b"1" * size), file("b", b"2" * size)) for size in (900, 70))
    path.write_bytes(docker_save(ImageSpec(layers=(lower, upper, layer(whiteout("a"))))))
    with open_image(str(path), ReadOptions(wanted=WANTED)) as image:
        analysis = analyse(image, AnalysisInputs(base=(image.layers[0].diff_id,)))  # type: ignore[arg-type]
        made = report(analysis)
        (found,) = size_maps((analysis, replace(made, findings=(), ignored=())))
    names = dict(enumerate(found.names))
    cells = [(names[cell.node], cell.layer, cell.state, cell.hidden, cell.content_bytes) for cell in found.cells]
    assert sorted(cells) == [
        ("a", 0, State.BASE, True, 900),
        ("a", 1, State.RECLAIMABLE, True, 70),
        ("b", 0, State.BASE, True, 900),
        ("b", 1, State.OWN, False, 70),
    ]


def test_one_path_very_many_times_takes_no_square_of_steps(tmp_path: Path) -> None:
    def steps(count: int) -> int:
        path = tmp_path / f"{count}.tar"
        path.write_bytes(docker_legacy(ImageSpec(layers=(layer(*(file("f", b"x") for _ in range(count))),))))
        with analysed(path) as (analysis, made):
            done = 0

            def count_step(frame: FrameType, event: str, argument: object) -> None:
                nonlocal done
                done += 1

            sys.setprofile(count_step)
            try:
                found = [number for number, *_ in finding_versions(analysis.filesystem, made.findings)]
            finally:
                sys.setprofile(None)
            assert sorted(found) == list(range(count - 1))
            return done

    assert steps(400) < 3 * steps(200)
