"""Walking through the files of an image: every directory is the sum of what it holds, and no byte is lost."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.analysis.analyse import WANTED, Analysis, AnalysisInputs, analyse
from layerscope.analysis.browse import EVERY_CHANGE, Browser, Scope
from layerscope.analysis.report import report
from layerscope.analysis.tree import Tree
from layerscope.analysis.tree_items import Item, Order
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.change import Change
from layerscope.model.entry import Fate
from layerscope.model.finding import FindingKind
from layerscope.model.report import Report
from layerscope.provenance.trace import Trace
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


def final(made: Report) -> Scope:
    """The files of the final image."""
    return Scope(layer=len(made.layers) - 1, cumulative=True)


def items(tree: Tree, where: str = "", order: Order = Order.SIZE) -> list[Item]:
    return [tree.item(key) for key in tree.children(where, order)]


def everything(tree: Tree, value: Callable[[Item], int], where: str = "") -> int:
    """The sum over all files below a directory, which has to be what each directory on the way says of itself."""
    total = 0
    for item in items(tree, where):
        if item.is_directory:
            assert everything(tree, value, item.path) == value(item), item.path
        total += value(item)
    return total


def content_bytes(item: Item) -> int:
    return 0 if item.change == Change.REMOVED and not item.content_bytes else item.content_bytes


def reclaimable_bytes(item: Item) -> int:
    return item.reclaimable_bytes


def check_sums(path: Path) -> None:
    with browsing(path) as (browser, made, analysis):
        listed = EVERY_CHANGE - {Change.REMOVED}
        live = browser.tree(replace(final(made), changes=listed)) if made.layers else None
        hidden = browser.tree(Scope(hidden=True))
        if live is not None:
            assert everything(live, content_bytes) == live.total.content_bytes == made.totals.live_bytes
            can_go = everything(live, reclaimable_bytes) + everything(hidden, reclaimable_bytes)
            assert can_go == made.totals.reclaimable_bytes
        assert everything(hidden, content_bytes) == made.totals.hidden_bytes
        fates = analysis.filesystem.fates
        for one in made.layers:
            changes = browser.tree(Scope(layer=one.index, changes=EVERY_CHANGE - {Change.UNMODIFIED}))
            numbers = analysis.filesystem.numbers(one.index)
            twice = [n for n in numbers if analysis.filesystem.hidden_by[n] == one.index and fates[n] != Fate.MARKER]
            lost = sum(analysis.filesystem.sizes[n] for n in twice)  # What the same tar replaced is in no state.
            if not analysis.filesystem.survivors:  # A hardlink shows the bytes of another name as its own.
                assert everything(changes, content_bytes) == one.content_bytes - lost
            assert everything(changes, lambda item: item.hidden_bytes) == changes.total.hidden_bytes
        for index, package in enumerate(made.packages):
            own = package.content_bytes if package.removed_in is None else package.hidden_bytes
            assert everything(browser.tree(Scope(package=index)), content_bytes) == own
        for index, finding in enumerate(made.findings):
            number = browser.biggest(index)
            assert (number is None) == (not finding.paths)
            if number is not None:
                assert any(one is finding for one in browser.facts(number).findings)
                assert browser.tree(Scope(findings=(index,))).total.files == len({*browser.numbers_of(index)})


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


def named(found: list[Item]) -> list[tuple[str, int, int]]:
    return [(item.name, item.content_bytes, item.files) for item in found]


def test_a_directory_lists_its_own_children_with_the_sums_of_theirs(archive: Path) -> None:
    with browsing(archive) as (browser, made, _):
        live = browser.tree(final(made))
        assert named(items(live)) == [("srv", 5047, 5)]
        assert named(items(live, "/srv")) == [("big.log", 5000, 1), ("app", 47, 3), ("again", 0, 1)]
        assert named(items(browser.tree(Scope(hidden=True)), "/srv/app")) == [("main", 300, 1)]
        assert items(live, "/nowhere") == []


def test_the_order_is_what_was_asked_for(archive: Path) -> None:
    with browsing(archive) as (browser, made, _):
        orders = {order: [item.name for item in items(browser.tree(final(made)), "/srv", order)] for order in Order}
    assert orders[Order.NAME] == ["again", "app", "big.log"]
    assert orders[Order.SIZE] == ["big.log", "app", "again"]
    assert orders[Order.RECLAIMABLE][0] == "app"  # It holds a repository.


def test_what_a_layer_removed_counts_as_hidden(archive: Path) -> None:
    with browsing(archive) as (browser, _, _):
        tree = browser.tree(Scope(layer=1, changes=EVERY_CHANGE - {Change.UNMODIFIED}))
        found = {item.name: (item.change, item.content_bytes, item.hidden_bytes) for item in items(tree, "/srv/app")}
        (srv,) = items(tree)
    assert found == {"main": (Change.REMOVED, 0, 300), "new": (Change.ADDED, 7, 0)}
    assert (srv.change, srv.content_bytes, srv.hidden_bytes, srv.files) == (Change.MODIFIED, 7, 300, 2)


def test_only_the_changes_that_are_wanted_are_listed(archive: Path) -> None:
    with browsing(archive) as (browser, _, _):
        tree = browser.tree(Scope(layer=1, changes=frozenset({Change.REMOVED})))
        assert [item.name for item in items(tree, "/srv/app")] == ["main"]
        assert browser.tree(Scope(layer=1)).total.files == 5


def test_a_pattern_selects_by_path(archive: Path) -> None:
    with browsing(archive) as (browser, made, _):
        tree = browser.tree(replace(final(made), pattern=r"\.log$|/HEAD"))
        assert [item.name for item in items(tree, "/srv")] == ["big.log", "app"]
        assert tree.total.content_bytes == 5040
        with pytest.raises(re.error):
            browser.tree(replace(final(made), pattern="("))


def test_a_row_is_found_by_its_path_and_a_subtree_by_its_row(archive: Path) -> None:
    with browsing(archive) as (browser, made, _):
        tree = browser.tree(final(made))
        number = tree.find("/srv/app/.git/HEAD")
        assert isinstance(number, int) and tree.path(number) == "/srv/app/.git/HEAD"
        assert tree.find("/srv/app") == "/srv/app" and tree.find("/srv/none") is None
        assert tree.find("/srv/app/.git/HEAD", -5) == number
        assert sorted(tree.versions("/srv/app")) == ["/srv/app/.git/HEAD", "/srv/app/main", "/srv/app/new"]
        assert tree.versions(number) == {"/srv/app/.git/HEAD": number}


def test_the_entry_of_the_root_is_that_of_the_topmost_row(tmp_path: Path) -> None:
    with browsing(saved_image(tmp_path / "image.tar", layer(directory("."), directory("d"), file("a", b"1")))) as (
        browser,
        made,
        _,
    ):
        assert sorted(browser.tree(final(made)).versions("")) == ["/", "/a", "/d"]


@pytest.mark.parametrize("change", [Change.ADDED, Change.REMOVED])
def test_a_directory_that_a_layer_added_or_removed_says_so_whatever_it_holds(tmp_path: Path, change: Change) -> None:
    members = (directory("opt"), directory("opt/d"), file("opt/d/a", b"1"), directory("opt/none"))
    lower = (directory("opt"),) if change == Change.ADDED else members
    upper = members if change == Change.ADDED else (whiteout("opt/d"), whiteout("opt/none"))
    with browsing(saved_image(tmp_path / "image.tar", layer(*lower), layer(*upper))) as (browser, _, _):
        tree = browser.tree(Scope(layer=1, changes=EVERY_CHANGE - {Change.UNMODIFIED}))
        assert {item.name: item.change for item in items(tree, "/opt")} == {"d": change, "none": change}


def test_of_several_rows_of_a_path_the_one_of_the_version_is_found(tmp_path: Path) -> None:
    layers = [layer(file("srv/x", b"x" * length)) for length in (1, 20, 300)]
    with browsing(saved_image(tmp_path / "image.tar", *layers)) as (browser, _, _):
        tree = browser.tree(Scope(hidden=True))
        first, second = (key for key in tree.children("/srv", Order.SIZE) if isinstance(key, int))
        assert (tree.find("/srv/x", first), tree.find("/srv/x", second)) == (first, second)


def test_the_biggest_directories_are_opened_until_there_are_enough_rows(archive: Path) -> None:
    with browsing(archive) as (browser, made, _):
        tree = browser.tree(final(made))
        assert tree.biggest(1, Order.SIZE) == []
        assert tree.biggest(4, Order.SIZE) == ["/srv"]
        assert tree.biggest(50, Order.SIZE) == ["/srv", "/srv/app", "/srv/app/.git"]


def test_all_versions_of_a_path_are_known(archive: Path) -> None:
    with browsing(archive) as (browser, _, analysis):
        (number,) = browser.versions("/srv/app/main")  # A whiteout is no version.
        assert analysis.filesystem.layer_of(number) == 0
        assert browser.versions("/nothing") == []


def test_trees_are_kept_and_their_work_is_known_before(archive: Path) -> None:
    with browsing(archive) as (browser, _, analysis):
        scope = Scope(layer=1, changes=frozenset({Change.ADDED}))
        assert browser.made(scope) is None
        assert browser.work(scope) == len(analysis.filesystem.numbers(1)) < browser.work(Scope(layer=1))
        assert browser.work(Scope(layer=1)) == browser.work(Scope(hidden=True)) == len(analysis.filesystem)
        first = analysis.filesystem.numbers(0)
        assert (
            browser.work(Scope(layer=0, changes=frozenset({Change.ADDED})))
            == browser.work(Scope(layer=0))
            == len(first)
        )
        assert browser.work(replace(scope, cumulative=True)) == len(analysis.filesystem)
        tree = browser.tree(scope)
        assert browser.tree(scope) is browser.made(scope) is tree
        for index in range(10):
            browser.tree(replace(scope, pattern=str(index)))
        assert browser.made(scope) is None


def test_a_file_is_told_with_all_that_is_known_of_it(archive: Path) -> None:
    with browsing(archive) as (browser, _, _):
        (gone,) = items(browser.tree(Scope(hidden=True)), "/srv/app")
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
            (root,) = items(browser.tree(Scope(package=index)))
            found[package.version] = root.name, root.files
    assert found == {"1.0": ("usr", 3), "2.0": ("opt", 3), "3.0": ("srv", 3)}


def test_a_removed_package_is_told_of_what_it_left(tmp_path: Path) -> None:
    with browsing(packaged(tmp_path)) as (browser, _, _):
        left = items(browser.tree(Scope(hidden=True)), "/srv/site-packages")
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
        can_go = {item.name: item.reclaimable_bytes for item in items(browser.tree(Scope(layer=1)))}
    assert can_go == {"app": 506, "opt": 0}


def test_six_trees_are_kept_and_the_oldest_goes(archive: Path) -> None:
    with browsing(archive) as (browser, _, _):
        scopes = [Scope(hidden=True, pattern=str(number)) for number in range(7)]
        trees = [browser.tree(scope) for scope in scopes[:6]]
        assert [browser.made(scope) for scope in scopes] == [*trees, None]
        last = browser.tree(scopes[6])
        assert [browser.made(scope) for scope in scopes] == [None, *trees[1:], last]


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        pytest.param(
            Scope(layer=0),
            {"srv", "srv/big.log", "srv/app", "srv/app/main", "srv/app/.git", "srv/app/.git/HEAD", "srv/again"},
            id="a layer",
        ),
        pytest.param(
            Scope(layer=1, changes=frozenset({Change.ADDED, Change.REMOVED})),
            {"srv", "srv/app", "srv/app/main", "srv/app/new"},
            id="what a layer changed",
        ),
        pytest.param(Scope(hidden=True), {"srv", "srv/app", "srv/app/main"}, id="hidden ones"),
        pytest.param(
            Scope(layer=0, pattern="HEAD$"), {"srv", "srv/app", "srv/app/.git", "srv/app/.git/HEAD"}, id="a pattern"
        ),
        pytest.param(
            Scope(hidden=True, changes=frozenset({Change.MODIFIED})), set(), id="hidden ones that were not replaced"
        ),
        pytest.param(Scope(stage="none"), set(), id="a stage that is unknown"),
    ],
)
def test_a_scope_holds_its_versions_and_the_directories_around_them(
    archive: Path, scope: Scope, names: set[str]
) -> None:
    with browsing(archive) as (browser, _, _):
        tree = browser.tree(scope)
        found, todo = set[str](), [""]
        while todo:
            for item in items(tree, todo.pop()):
                found.add(item.path.removeprefix("/"))
                todo += [item.path] if item.is_directory else []
    assert found == names


def test_the_files_of_a_stage_are_those_that_came_from_it_and_no_others(archive: Path) -> None:
    with browsing(archive) as (_, made, analysis):
        numbers = {analysis.filesystem.paths[number]: number for number in range(len(analysis.filesystem))}
        came = {numbers["/srv"]: "a", numbers["/srv/big.log"]: "a", numbers["/srv/app/new"]: "b"}
        trace = SimpleNamespace(
            layers={0: 1},
            matched={1: 1},
            stage_of=lambda number: SimpleNamespace(stage=came[number]) if number in came else None,
        )
        staged = Browser(replace(analysis, trace=cast(Trace, trace)), made)
        found = {stage: staged.tree(Scope(stage=stage)).versions("") for stage in "abc"}
    assert found == {
        "a": {"/srv/big.log": numbers["/srv/big.log"]},
        "b": {"/srv/app/new": numbers["/srv/app/new"]},
        "c": {},
    }
