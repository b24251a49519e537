from collections.abc import Callable, Iterator, Sequence

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.errors import Damaged
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages import ledger
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.catalogers.apk import APK
from layerscope.packages.catalogers.bitnami import BITNAMI
from layerscope.packages.catalogers.chisel import CHISEL
from layerscope.packages.catalogers.conda import CONDA
from layerscope.packages.catalogers.dpkg import DPKG, OPKG
from layerscope.packages.catalogers.homebrew import HOMEBREW
from layerscope.packages.catalogers.nix import NIX
from layerscope.packages.catalogers.pacman import PACMAN
from layerscope.packages.catalogers.portage import PORTAGE
from layerscope.packages.context import Context
from tests.builder import Member, directory, file, hardlink, symlink, whiteout
from tests.packages.inventories import inventory, peak_of_catalog
from tests.packages.test_dpkg import listing, stanza, status

_ANYTHING = Wanted(paths=PathSet(trees=("/etc", "/usr", "/opt")))


def _claiming(paths: Sequence[str], *, is_os: bool = False, name: str = "one") -> Cataloger:
    """A cataloger that claims the live versions at some paths."""

    def claims(context: Context) -> Iterator[Claim]:
        live = context.filesystem.live
        versions = tuple(live[path] for path in paths if path in live)
        yield Claim(type="test", name=name, version="1", versions=versions)

    return Cataloger(name=name, wanted=_ANYTHING, catalog=claims, is_os=is_os)


def _failing(problem: Exception, *, read: str = "") -> Cataloger:
    def fail(context: Context) -> Iterator[Claim]:
        yield Claim(type="test", name="before", version="1")
        if read:
            context.read(context.filesystem.live[read])
        raise problem

    return Cataloger(name="broken", wanted=_ANYTHING, catalog=fail, is_os=True)


def test_one_file_claimed_twice_belongs_to_the_first() -> None:
    found = inventory(
        [file("usr/a", b"123"), file("usr/b", b"45")],
        catalogers=[_claiming(["/usr/a"], name="first"), _claiming(["/usr/a", "/usr/b"], name="second")],
    )
    assert found.one("first").content_bytes == 3
    assert found.one("second").content_bytes == 2


def test_system_packages_go_before_languages_whatever_the_order_of_catalogers() -> None:
    found = inventory(
        [file("usr/a", b"123")],
        catalogers=[_claiming(["/usr/a"], name="language"), _claiming(["/usr/a"], name="system", is_os=True)],
    )
    assert found.one("system").content_bytes == 3
    assert found.one("language").shared


def test_a_language_package_most_of_whose_files_a_system_package_owns_leaves_it_the_rest() -> None:
    members = [file("usr/a", b"1"), file("usr/b", b"22"), file("usr/made-later", b"333")]
    found = inventory(
        members,
        catalogers=[
            _claiming(["/usr/a", "/usr/b"], name="system", is_os=True),
            _claiming(["/usr/a", "/usr/b", "/usr/made-later"], name="language"),
        ],
    )
    assert found.one("language").files == 0
    assert found.paths("system") == {"/usr/a", "/usr/b", "/usr/made-later"}


def test_a_language_package_with_one_shared_file_of_three_owns_the_others() -> None:
    members = [file("usr/a", b"1"), file("usr/b", b"22"), file("usr/c", b"333")]
    found = inventory(
        members,
        catalogers=[
            _claiming(["/usr/a"], name="system", is_os=True),
            _claiming(["/usr/a", "/usr/b", "/usr/c"], name="language"),
        ],
    )
    assert not found.one("language").shared
    assert found.one("language").content_bytes == 5


@pytest.mark.parametrize(
    ("owned", "shared"),
    [
        pytest.param({"system": "ab"}, False, id="half"),
        pytest.param({"system": "abc"}, True, id="more than half"),
        pytest.param({"system": "a", "other": "bc"}, True, id="together more than half"),
        pytest.param({"other": "a", "system": "bc"}, True, id="the one with most, not the first"),
    ],
)
def test_most_of_the_files_have_to_be_a_systems(owned: dict[str, str], shared: bool) -> None:
    systems = [_claiming([f"/usr/{x}" for x in files], name=name, is_os=True) for name, files in owned.items()]
    language = _claiming([f"/usr/{x}" for x in "abcd"], name="language")
    found = inventory([file(f"usr/{x}", b"1") for x in "abcd"], catalogers=[*systems, language])
    assert found.one("language").shared is shared
    most = max(owned, key=lambda name: len(owned[name]))
    assert ("/usr/d" in found.paths("language"), "/usr/d" in found.paths(most)) == (not shared, shared)


def test_what_another_language_owns_does_not_make_a_package_a_systems() -> None:
    found = inventory(
        [file("usr/a", b"1"), file("usr/b", b"2"), file("usr/c", b"3")],
        catalogers=[_claiming(["/usr/a", "/usr/b"]), _claiming(["/usr/a", "/usr/b", "/usr/c"], name="two")],
    )
    assert not found.one("two").shared
    assert found.paths("two") == {"/usr/c"}


def test_a_program_that_is_recognised_is_listed_where_no_package_owns_all_of_it() -> None:
    members = [file("usr/a", b"1"), file("usr/b", b"2")]
    for owned, listed in ((["/usr/a", "/usr/b"], ["one"]), (["/usr/a"], ["guess", "one"]), ([], ["guess", "one"])):
        guess = replace(_claiming(["/usr/a", "/usr/b"], name="guess"), is_guess=True)
        assert inventory(members, catalogers=[_claiming(owned), guess]).names == listed
    nothing = replace(_claiming([], name="guess"), is_guess=True)
    assert inventory(members, catalogers=[nothing]).names == ["guess"]


def test_what_a_removed_package_left_hidden_is_its_and_of_two_the_firsts() -> None:
    def removed(name: str, versions: tuple[int, ...]) -> Cataloger:
        claim = Claim(type="test", name=name, version="1", versions=versions, removed_in=1)
        return Cataloger(name=name, wanted=_ANYTHING, catalog=lambda _: iter([claim]))

    found = inventory(
        [file("usr/a", b"1"), file("usr/b", b"22"), hardlink("usr/l", "usr/b"), file("usr/c", b"4444"), file("usr/k")],
        [whiteout("usr/a"), whiteout("usr/b"), whiteout("usr/l")],
        catalogers=[removed("first", (0, 2, 3, 4, 5)), removed("second", (0, 1, -1, 99))],
    )
    assert {package.name: (package.hidden_bytes, package.files) for package in found.packages} == {
        "first": (1, 0),
        "second": (2, 0),
    }
    found = inventory(
        [file("usr/b", b"22"), hardlink("usr/l", "usr/b"), file("usr/keep", b"1"), hardlink("usr/m", "usr/keep")],
        [whiteout("usr/b"), whiteout("usr/l"), whiteout("usr/m")],
        catalogers=[removed("links", (1, 3))],
    )
    assert found.one("links").hidden_bytes == 2


def test_of_two_owners_of_links_the_first_has_the_bytes_and_a_hidden_carrier_has_none() -> None:
    members = [file("opt/carrier", b"1234"), hardlink("usr/a", "opt/carrier"), hardlink("usr/b", "opt/carrier")]
    claims = [_claiming(["/usr/b"], name="first"), _claiming(["/usr/a"], name="second")]
    found = inventory(members, catalogers=claims)
    assert {package.name: (package.content_bytes, package.files) for package in found.packages} == {
        "first": (4, 1),
        "second": (0, 1),
    }
    assert inventory(members, catalogers=[_claiming(["/usr/none"])]).unowned_bytes == 4


def test_the_layer_of_a_package_without_files_is_that_of_its_record() -> None:
    claims = [
        Claim(type="test", name="record", version="1", location="/etc/record"),
        Claim(type="test", name="named", version="1", versions=(0,), layer=1),
        Claim(type="test", name="nowhere", version="1", location="/etc/none"),
    ]
    cataloger = Cataloger(name="x", wanted=_ANYTHING, catalog=lambda _: iter(claims))
    found = inventory([file("usr/a", b"1")], [file("etc/record", b"1")], catalogers=[cataloger])
    assert {package.name: package.layer for package in found.packages} == {"record": 1, "named": 1, "nowhere": None}


def test_bytecode_that_is_gone_or_owned_is_not_given_to_its_source() -> None:
    members = [file("usr/m.py", b"1"), file("usr/m.pyc", b"22"), file("usr/n.py", b"1"), file("usr/n.pyc", b"333")]
    found = inventory(
        members,
        [whiteout("usr/m.pyc")],
        catalogers=[_claiming(["/usr/m.py", "/usr/n.py"]), _claiming(["/usr/n.pyc"], name="two")],
    )
    assert found.paths("one") == {"/usr/m.py", "/usr/n.py"}
    assert found.paths("two") == {"/usr/n.pyc"}


def test_directories_belong_to_nobody_and_symlinks_count_as_files() -> None:
    found = inventory(
        [directory("usr"), symlink("usr/link", "a"), file("usr/a", b"1")],
        catalogers=[_claiming(["/usr", "/usr/link", "/usr/a"])],
    )
    assert found.paths("one") == {"/usr/link", "/usr/a"}
    assert found.one("one").files == 2


def test_bytes_of_a_hardlink_go_to_the_owner_of_a_link_where_nobody_claims_the_carrier() -> None:
    found = inventory(
        [file("opt/carrier", b"1234"), hardlink("usr/link", "opt/carrier")], catalogers=[_claiming(["/usr/link"])]
    )
    assert found.one("one").content_bytes == 4
    assert found.one("one").files == 1


def test_a_link_that_nobody_claims_does_not_take_the_bytes_from_one_that_is_claimed() -> None:
    links = [hardlink("usr/link", "opt/carrier"), hardlink("usr/other", "opt/carrier")]
    found = inventory([file("opt/carrier", b"1234"), *links], catalogers=[_claiming(["/usr/link"])])
    assert (found.one("one").content_bytes, found.unowned_bytes) == (4, 0)


def test_the_owner_of_the_carrier_has_the_bytes_even_if_the_link_is_claimed_before() -> None:
    found = inventory(
        [file("opt/carrier", b"1234"), hardlink("usr/link", "opt/carrier")],
        catalogers=[_claiming(["/usr/link"], name="link"), _claiming(["/opt/carrier"], name="carrier")],
    )
    assert found.one("carrier").content_bytes == 4
    assert found.one("link").content_bytes == 0


def test_a_carrier_whose_own_name_is_gone_counts_for_the_package_of_the_link() -> None:
    found = inventory(
        [file("opt/carrier", b"1234"), hardlink("usr/link", "opt/carrier")],
        [whiteout("opt/carrier")],
        catalogers=[_claiming(["/usr/link"])],
    )
    assert found.one("one").content_bytes == 4
    assert found.one("one").files == 1
    assert found.unowned_bytes == 0


@pytest.mark.parametrize(
    "cache",
    [
        pytest.param("usr/__pycache__/module.cpython-311.pyc", id="cache directory"),
        pytest.param("usr/__pycache__/module.cpython-311.opt-1.pyc", id="optimised"),
        pytest.param("usr/module.pyc", id="beside the source"),
    ],
)
def test_bytecode_belongs_to_the_owner_of_its_source(cache: str) -> None:
    members = [file("usr/module.py", b"1"), file(cache, b"22")]
    found = inventory(members, catalogers=[_claiming(["/usr/module.py"])])
    assert found.one("one").content_bytes == 3


def test_bytecode_without_source_has_no_owner() -> None:
    members = [file("usr/module.py", b"1"), file("usr/__pycache__/other.cpython-311.pyc", b"22")]
    assert inventory(members, catalogers=[_claiming(["/usr/module.py"])]).unowned_bytes == 2


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(Damaged("odd count"), id="found out"),
        pytest.param(KeyError("odd count"), id="not foreseen"),
        pytest.param(RecursionError("odd count"), id="nested too deep"),
    ],
)
def test_a_cataloger_that_fails_costs_a_warning_that_names_it_and_the_file(problem: Exception) -> None:
    found = inventory(
        [file("etc/database", b"x"), file("usr/a", b"1")],
        catalogers=[_failing(problem, read="/etc/database"), _claiming(["/usr/a"])],
    )
    assert found.names == ["before", "one"]
    [warning] = found.warnings
    assert warning.startswith("broken packages after /etc/database: ")
    assert "odd count" in warning


@pytest.mark.parametrize(("count", "more"), [(19, ""), (20, ""), (21, "1"), (1020, "1,000")])
def test_many_warnings_of_one_cataloger_are_counted(count: int, more: str) -> None:
    def complain(context: Context) -> Iterator[Claim]:
        for number in range(count):
            context.warn(f"record {number}")
        yield from ()

    found = inventory([file("usr/a")], catalogers=[Cataloger(name="loud", wanted=_ANYTHING, catalog=complain)] * 2)
    told = [f"record {number}" for number in range(min(count, 20))]
    told += [f"loud packages: {more} more warnings"] if more else []
    assert list(found.warnings) == told * 2


def test_a_failure_is_the_first_of_many_warnings() -> None:
    def complain(context: Context) -> Iterator[Claim]:
        for number in range(30):
            context.warn(f"record {number}")
        yield Claim(type="x", name="x", version="1")
        raise ValueError("odd count")

    found = inventory([file("usr/a")], catalogers=[Cataloger(name="loud", wanted=_ANYTHING, catalog=complain)])
    assert found.warnings[:2] == ("loud packages: ValueError: odd count", "record 0")
    assert found.warnings[-1] == "loud packages: 11 more warnings"


@pytest.mark.parametrize("leasts", [(9, 5), (5, 9), (0, 5)])
def test_each_cataloger_sees_the_executables_that_are_large_enough_for_it(leasts: tuple[int, int]) -> None:
    seen: list[list[str]] = []

    def look(context: Context) -> Iterator[Claim]:
        seen.append([context.filesystem.path_of(number) for number in context.executables])
        yield from ()

    members = [file(f"usr/{size}", b"1" * size, mode=0o711) for size in (4, 5, 8, 9)]
    members += [symlink("usr/link", "9"), file("usr/data", b"1" * 9, mode=0o666)]
    catalogers = [Cataloger(name="x", wanted=Wanted(executables=least), catalog=look) for least in leasts]
    inventory(members, catalogers=catalogers)
    assert seen == [[f"/usr/{size}" for size in (4, 5, 8, 9) if size >= least] if least else [] for least in leasts]


def test_more_packages_than_the_limit_cost_a_warning_and_not_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.packages.context._MOST_CLAIMS", 2)
    catalogers = [_claiming([f"/usr/{name}"], name=name) for name in "abc"]
    members = [file(f"usr/{name}", b"1") for name in "abc"]
    assert not inventory(members, catalogers=catalogers[:2]).warnings
    found = inventory(members, catalogers=catalogers)
    assert found.names == ["a", "b"]
    assert found.warnings == ("c packages: over 2 packages; the rest are not listed",)


def test_the_layer_of_a_package_without_a_database_is_the_lowest_of_its_files() -> None:
    found = inventory(
        [file("etc/x", b"1")],
        [file("usr/a", b"22")],
        [file("usr/b", b"333")],
        catalogers=[_claiming(["/usr/b", "/usr/a"])],
    )
    assert found.one("one").layer == 1
    assert found.one("one").layers == {1: 2, 2: 3}


def test_two_records_of_one_package_at_one_place_are_one_package() -> None:
    found = inventory(
        [file("usr/a", b"1"), file("usr/b", b"22")], catalogers=[_claiming(["/usr/a"]), _claiming(["/usr/b"])]
    )
    assert found.one("one").content_bytes == 3


def test_executables_are_the_live_ones_that_are_large_enough() -> None:
    seen: list[str] = []

    def look(context: Context) -> Iterator[Claim]:
        seen.extend(context.filesystem.path_of(number) for number in context.executables)
        yield from ()

    members = [
        file("usr/big", b"1" * 9, mode=0o755),
        file("usr/small", b"1", mode=0o755),
        file("usr/data", b"1" * 9),
        file("usr/deleted", b"1" * 9, mode=0o755),
    ]
    wanted = Wanted(executables=9)
    inventory(members, [whiteout("usr/deleted")], catalogers=[Cataloger(name="x", wanted=wanted, catalog=look)])
    assert seen == ["/usr/big"]


_PATHS = ["usr/a", "usr/b", "usr/c", "opt/d", "opt/__pycache__/e.pyc", "opt/e.py"]
_members: dict[str, Callable[[str], Member]] = {
    "file": lambda path: file(path, path.encode() * 3),
    "link": lambda path: hardlink(path, "usr/a"),
    "symlink": lambda path: symlink(path, "a"),
    "whiteout": whiteout,
}
_layers = st.lists(
    st.lists(
        st.tuples(st.sampled_from(_PATHS), st.sampled_from(sorted(_members))),
        max_size=6,
        unique_by=lambda pair: pair[0],
    ),
    min_size=1,
    max_size=3,
)
_claims = st.lists(
    st.tuples(st.booleans(), st.lists(st.integers(-5, 40), max_size=6), st.one_of(st.none(), st.integers(0, 2))),
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(layers=_layers, claims=_claims)
def test_owners_and_unowned_add_up_to_the_live_bytes_whatever_is_claimed(
    layers: list[list[tuple[str, str]]], claims: list[tuple[bool, list[int], int | None]]
) -> None:
    def lying(numbers: list[int], removed_in: int | None, name: str, *, is_os: bool) -> Cataloger:
        claim = Claim(type="test", name=name, version="1", versions=tuple(numbers), removed_in=removed_in)
        return Cataloger(name=name, wanted=_ANYTHING, catalog=lambda _: iter([claim]), is_os=is_os)

    catalogers = [
        lying(numbers, removed_in, str(index), is_os=is_os) for index, (is_os, numbers, removed_in) in enumerate(claims)
    ]
    members = [[_members[kind](path) for path, kind in one] for one in layers]
    found = inventory(*members, catalogers=catalogers)
    assert len(found.packages) == len(claims)


_DESC = b"%NAME%\nx\n\n%VERSION%\n1\n"
_WALL = b'{"jsonwall": "1"}\n{"kind": "package", "name": "x", "version": "1"}\n' + (
    b'{"kind": "path", "path": "/usr/a", "slices": ["x_y"]}\n'
)
_SYSTEMS: tuple[tuple[Cataloger, str, list[Member]], ...] = (
    (APK, "/usr/a", [file("lib/apk/db/installed", b"P:x\nV:1\nF:usr\nR:a\n")]),
    (DPKG, "/usr/a", [status(stanza("x")), listing("x", "/usr/a")]),
    (OPKG, "/usr/a", [file("usr/lib/opkg/status", stanza("x")), file("usr/lib/opkg/info/x.list", b"/usr/a\n")]),
    (
        PACMAN,
        "/usr/a",
        [file(f"var/lib/pacman/local/x/{n}", d) for n, d in (("desc", _DESC), ("files", b"%FILES%\nusr/a"))],
    ),
    (PORTAGE, "/usr/a", [file("var/db/pkg/c/x-1/CONTENTS", b"obj /usr/a 0 0\n")]),
    (CHISEL, "/usr/a", [file("manifest.wall", zstandard.compress(_WALL))]),
    (CONDA, "/usr/a", [file("usr/conda-meta/x.json", b'{"name": "x", "version": "1", "files": ["a"]}')]),
    (NIX, "/nix/store/0c7c96gikmzv87i7lv3vq5s1cmfjd6zf-x-1", []),
    (HOMEBREW, "/usr/Cellar/x/1/a", []),
    (BITNAMI, "/opt/bitnami/x/a", [file("opt/bitnami/x/.spdx-x.spdx", b'{"packages": [{"versionInfo": "1"}]}')]),
)


@pytest.mark.parametrize(
    ("cataloger", "path", "records"), _SYSTEMS, ids=[one.catalog.__module__ for one, *_ in _SYSTEMS]
)
def test_what_a_manager_of_systems_owns_is_no_languages(cataloger: Cataloger, path: str, records: list[Member]) -> None:
    members = [file(path[1:], b"1"), *records]
    found = inventory(members, catalogers=[_claiming([path], name="language"), cataloger])
    assert path in found.paths("x")
    assert (found.one("language").shared, found.one("x").shared, found.warnings) == (True, False, ())


def test_a_package_among_very_many_takes_some_hundred_bytes() -> None:
    def claims(context: Context) -> Iterator[Claim]:
        return (Claim(type="test", name=f"a{n}", version="1", versions=(n,)) for n in range(20_000))

    many = Cataloger(name="many", wanted=_ANYTHING, catalog=claims)
    assert peak_of_catalog([file(f"d/{n}", b"x") for n in range(20_000)], many) < 12_500_000


def test_packages_whose_identities_have_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "hash", lambda identity: 7, raising=False)
    found = inventory(
        [file("usr/a", b"1"), file("usr/b", b"22"), file("usr/c", b"333")],
        catalogers=[_claiming([f"/usr/{name}"], name=name) for name in "abcb"],
    )
    assert [(one.name, one.content_bytes) for one in found.packages] == [("a", 1), ("b", 2), ("c", 3)]


def test_directories_do_not_make_a_guess_a_package_of_its_own() -> None:
    guess = replace(_claiming(["/usr", "/usr/a"], name="guess"), is_guess=True)
    found = inventory([directory("usr"), file("usr/a", b"1")], catalogers=[_claiming(["/usr/a"]), guess])
    assert found.names == ["one"]


def test_directories_do_not_count_among_the_files_that_are_shared() -> None:
    members = [directory("usr"), directory("usr/d"), file("usr/a", b"1")]
    language = _claiming(["/usr", "/usr/d", "/usr/a"], name="language")
    found = inventory(members, catalogers=[_claiming(["/usr/a"], is_os=True), language])
    assert found.one("language").shared


@pytest.mark.parametrize("versions", [(-1,), (-2,), (2,), (99,), (-1, 99), ()])
@pytest.mark.parametrize("is_os", [False, True])
def test_versions_that_the_image_does_not_have_are_nobodys(versions: tuple[int, ...], is_os: bool) -> None:
    claim = Claim(type="test", name="liar", version="1", versions=versions)
    liar = Cataloger(name="liar", wanted=_ANYTHING, catalog=lambda _: iter([claim]), is_os=is_os)
    found = inventory([file("usr/a", b"1"), file("usr/b", b"22")], catalogers=[liar])
    assert (found.one("liar").files, found.unowned_bytes, found.warnings) == (0, 3, ())
