"""Walking through the files of an image: every directory is the sum of what it holds, and no byte is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.analysis.analyse import WANTED, Analysis, Question, analyse
from layerscope.analysis.browse import Browser, Item, Order
from layerscope.analysis.files import FileQuery
from layerscope.analysis.report import report
from layerscope.archive.reader import open_image
from layerscope.archive.reading import Reading
from layerscope.model.report import Report
from tests.builder import ImageSpec, Member, directory, docker_legacy, file, hardlink, layer, whiteout
from tests.conftest import FIXTURES, real_image
from tests.rules.conftest import step
from tests.rules.test_conservation import STEPS, members_of_images

T = TypeVar("T")


@contextmanager
def browsing(path: Path) -> Iterator[tuple[Browser, Report, Analysis]]:
    with open_image(str(path), Reading(wanted=WANTED)) as image:
        analysis = analyse(image, Question())
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
@pytest.mark.parametrize("name", ["notesapp-default.tar", "waste-v1.tar", "mini-v1.oci-gzip.tar"])
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
    assert orders[Order.CAN_GO][0] == "app"  # It holds a repository.


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
