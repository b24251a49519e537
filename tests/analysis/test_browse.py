"""Walking through the files of an image: every directory is the sum of what it holds, and no byte is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.analysis.analyse import WANTED, Analysis, AnalysisInputs, analyse
from layerscope.analysis.browse import Browser, Item, Order
from layerscope.analysis.listings.files import FileQuery
from layerscope.analysis.report import report
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.finding import FindingKind
from layerscope.model.report import Report
from tests.builder import ImageSpec, Member, directory, docker_legacy, file, hardlink, layer, whiteout
from tests.conftest import FIXTURES, real_image
from tests.rules.conftest import step
from tests.rules.test_conservation import STEPS, members_of_images

T = TypeVar("T")


@contextmanager
def browsing(path: Path, known: AnalysisInputs | None = None) -> Iterator[tuple[Browser, Report, Analysis]]:
    with open_image(str(path), ReadOptions(wanted=WANTED)) as image:
        analysis = analyse(image, known or AnalysisInputs())
        made = report(analysis)
        yield Browser(analysis, made), made, analysis


def everything(browser: Browser, query: FileQuery, value: Callable[[Item], int], where: str = "") -> int:
    """The sum over all files below a directory, which has to be what each directory on the way says of itself."""
    total = 0
    for item in browser.items(query, where, Order.SIZE):
        if item.number is None:
            assert everything(browser, query, value, item.path) == value(item), item.path
        total += value(item)
    return total


def check_sums(path: Path) -> None:
    with browsing(path) as (browser, made, _):
        live, hidden = FileQuery(), FileQuery(hidden=True)
        assert everything(browser, live, lambda item: item.content_bytes) == made.totals.live_bytes
        assert everything(browser, hidden, lambda item: item.content_bytes) == made.totals.hidden_bytes
        can_go = sum(everything(browser, query, lambda item: item.reclaimable_bytes) for query in (live, hidden))
        assert can_go == made.totals.reclaimable_bytes
        for one in made.layers:
            query = FileQuery(layer=one.index)
            assert everything(browser, query, lambda item: item.content_bytes) == one.content_bytes
            assert everything(browser, query, lambda item: item.reclaimable_bytes) == one.reclaimable_bytes
        for index, package in enumerate(made.packages):
            own = package.content_bytes if package.removed_in is None else package.hidden_bytes
            assert everything(browser, FileQuery(package=index), lambda item: item.content_bytes) == own
        for index, finding in enumerate(made.findings):
            number = browser.biggest(index)
            assert (number is None) == (not finding.paths)
            if number is not None:
                assert any(one is finding for one in browser.facts(number).findings)


@pytest.mark.parametrize(
    "name", ["tiny-legacy.tar", "tiny-buildkit.tar", "public-alpine-3.8-rootfs.tar.xz", "skopeo-oci-zstd.tar"]
)
def test_directories_add_up_to_the_totals_of_the_report(name: str) -> None:
    check_sums(FIXTURES / name)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(members_of_images(), max_size=9), min_size=1, max_size=4), st.sampled_from(STEPS))
def test_directories_add_up_whatever_an_image_holds(tmp_path: Path, stack: list[list[Member]], created_by: str) -> None:
    """Also where a layer holds a path twice, or a hardlink keeps bytes alive whose own name is gone."""
    layers = tuple(layer(*members) for members in stack)
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=layers, history=tuple(step(created_by) for _ in layers))))
    check_sums(path)


@pytest.mark.real
@pytest.mark.parametrize("name", ["notesapp-default.tar", "waste-v1.tar", "python-3.tar"])
def test_directories_of_real_images_add_up(name: str) -> None:
    check_sums(real_image(name))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    lower = layer(
        directory("srv"),
        file("srv/big.log", b"x" * 5000),
        file("srv/app/main", b"y" * 300),
        file("srv/app/.git/HEAD", b"z" * 40),
        hardlink("srv/again", "srv/big.log"),
    )
    upper = layer(whiteout("srv/app/main"), file("srv/app/new", b"n" * 7))
    steps = ({"created_by": "COPY . /srv # buildkit"}, {"created_by": "RUN /bin/sh -c rm /srv/app/main # buildkit"})
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(lower, upper), history=steps)))
    return path


def named(items: list[Item]) -> list[tuple[str, int, int]]:
    return [(item.name, item.content_bytes, item.files) for item in items]


def test_a_directory_lists_its_own_children_with_the_sums_of_theirs(archive: Path) -> None:
    with browsing(archive) as (browser, _, _):
        assert named(browser.items(FileQuery(), "", Order.SIZE)) == [("srv", 5047, 4)]
        assert named(browser.items(FileQuery(), "/srv", Order.SIZE)) == [
            ("big.log", 5000, 1),
            ("app", 47, 2),
            ("again", 0, 1),
        ]
        assert named(browser.items(FileQuery(hidden=True), "/srv/app", Order.SIZE)) == [("main", 300, 1)]
        assert browser.items(FileQuery(), "/nowhere", Order.SIZE) == []


def test_the_order_is_what_was_asked_for(archive: Path) -> None:
    with browsing(archive) as (browser, _, _):
        orders = {order: [item.name for item in browser.items(FileQuery(), "/srv", order)] for order in Order}
    assert orders[Order.NAME] == ["again", "app", "big.log"]
    assert orders[Order.SIZE] == ["big.log", "app", "again"]
    assert orders[Order.RECLAIMABLE][0] == "app"  # It holds a repository.


def test_a_file_is_told_with_all_that_is_known_of_it(archive: Path) -> None:
    with browsing(archive) as (browser, _, _):
        (gone,) = browser.items(FileQuery(hidden=True), "/srv/app", Order.SIZE)
        assert gone.number is not None
        facts = browser.facts(gone.number)
    assert (facts.version.path, facts.version.layer, facts.version.hidden_by) == ("/srv/app/main", 0, 1)
    assert facts.instruction is not None and facts.instruction.kind == "COPY"
    assert facts.hidden_by is not None and facts.hidden_by.text == "rm /srv/app/main"
    assert [finding.rule for finding in facts.findings] == ["deleted-later"]
    assert facts.package is None and facts.source is None


SITE = "usr/lib/python3.11/site-packages"


def distribution(where: str, version: str, size: int) -> tuple[Member, ...]:
    record = "tool.py,,\n" + "".join(f"tool-{version}.dist-info/{name},,\n" for name in ("METADATA", "RECORD"))
    return (
        file(f"{where}/tool.py", b"x" * size),
        file(f"{where}/tool-{version}.dist-info/METADATA", f"Name: tool\nVersion: {version}\n".encode()),
        file(f"{where}/tool-{version}.dist-info/RECORD", record.encode()),
    )


def saved_image(path: Path, *layers: bytes, **fields: Any) -> Path:
    path.write_bytes(docker_legacy(ImageSpec(layers=layers, **fields)))
    return path


def packaged(directory: Path) -> Path:
    """One package twice, at two places, and a third version of it that was removed."""
    lower = layer(*distribution(SITE, "1.0", 1000), *distribution("opt/app/site-packages", "2.0", 600))
    third = layer(*distribution("srv/site-packages", "3.0", 300))
    names = ("tool.py", "tool-3.0.dist-info")
    return saved_image(
        directory / "image.tar", lower, third, layer(*(whiteout(f"srv/site-packages/{name}") for name in names))
    )


def test_a_package_is_shown_by_itself_also_where_another_has_its_name(tmp_path: Path) -> None:
    path = packaged(tmp_path)
    check_sums(path)
    with browsing(path) as (browser, made, _):
        found = {}
        for index, package in enumerate(made.packages):
            (root,) = browser.items(FileQuery(package=index), "", Order.SIZE)
            found[package.version] = root.name, root.files
    assert found == {"1.0": ("usr", 3), "2.0": ("opt", 3), "3.0": ("srv", 3)}


def test_a_removed_package_is_told_of_what_it_left(tmp_path: Path) -> None:
    with browsing(packaged(tmp_path)) as (browser, _, _):
        left = browser.items(FileQuery(hidden=True), "/srv/site-packages", Order.SIZE)
        gone = next(item.number for item in left if item.name == "tool.py")
        assert gone is not None
        package = browser.facts(gone).package
    assert package is not None and (package.version, package.removed_in) == ("3.0", 2)


def test_what_only_a_hardlink_keeps_alive_is_found_where_its_layer_has_it(tmp_path: Path) -> None:
    path = saved_image(
        tmp_path / "image.tar",
        layer(file("srv/app/.git/HEAD", b"ref: x"), file("srv/app/.git/objects/pack", b"x" * 9000)),
        layer(hardlink("srv/app/.git/kept", "srv/app/.git/objects/pack"), whiteout("srv/app/.git/objects/pack")),
    )
    with browsing(path) as (browser, made, _):
        number = browser.biggest([one.content_bytes for one in made.findings].index(9006))
        assert number is not None
        facts = browser.facts(number)
    assert (facts.version.layer, facts.path, facts.version.path) == (
        0,
        "/srv/app/.git/objects/pack",
        "/srv/app/.git/kept",
    )


def test_what_the_base_brought_is_not_counted_as_what_can_go(tmp_path: Path) -> None:
    repository = layer(file("opt/tool/.git/HEAD", b"ref: x"), file("opt/tool/.git/objects/pack", b"x" * 9000))
    base, path = tmp_path / "base.tar", tmp_path / "image.tar"
    saved_image(base, repository)
    saved_image(path, repository, layer(file("app/.git/HEAD", b"ref: y"), file("app/.git/objects/pack", b"y" * 500)))
    with open_image(str(base), ReadOptions()) as one:
        known = AnalysisInputs(base=one.config.diff_ids)
    with browsing(path, known) as (browser, made, _):
        assert {finding.kind for finding in made.findings} == {FindingKind.INHERITED, FindingKind.WASTE}
        can_go = {item.name: item.reclaimable_bytes for item in browser.items(FileQuery(), "", Order.NAME)}
    assert can_go == {"app": 506, "opt": 0}
