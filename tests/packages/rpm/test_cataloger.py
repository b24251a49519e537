import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from layerscope.packages.catalogers.rpm import RPM, relations_of
from layerscope.packages.formats.rpm.header import Type
from layerscope.packages.formats.rpm.package import Tag, parse_package
from tests.builder import Member, directory, file, hardlink, symlink, whiteout
from tests.packages.images import catalogued, members_of
from tests.packages.inventories import Inventory, inventory, run, tool
from tests.packages.rpm.header_builder import NEVR, Item, blob
from tests.packages.rpm.samples import FOLDER, database

_ALPHA = [
    file("etc/alpha/alpha.conf", b"x" * 12),
    file("usr/bin/alpha", b"x" * 21),
    symlink("usr/bin/a", "alpha"),
    file("usr/share/alpha/linked-1", b"x" * 5000),
    hardlink("usr/share/alpha/linked-2", "usr/share/alpha/linked-1"),
    file("usr/share/alpha/contested", b"x" * 7),
    file("usr/share/doc/alpha/README", b"x" * 7),
    file("var/log/alpha.log", b"x" * 100),
]


def _found(*layers: Sequence[Member]) -> Inventory:
    return inventory(*layers, catalogers=[RPM])


@pytest.mark.parametrize(
    ("path", "sample"),
    [
        pytest.param("var/lib/rpm/rpmdb.sqlite", "rpmdb.sqlite", id="SQLite"),
        pytest.param("usr/lib/sysimage/rpm/Packages.db", "Packages.db", id="ndb"),
        pytest.param("usr/share/rpm/Packages", "Packages.little", id="Berkeley DB"),
        pytest.param("var/lib/rpm/Packages", "Packages.big", id="Berkeley DB of the other byte order"),
    ],
)
def test_every_format_in_every_place_tells_the_same(path: str, sample: str) -> None:
    found = _found([file(path, database(sample)), *_ALPHA])
    assert found.names == ["alpha", "beta", "contest", "gamma", "kernel", "kernel"]
    alpha = found.one("alpha")
    assert (alpha.version, alpha.location, alpha.layer) == ("1.4-3", f"/{path}", 0)
    assert alpha.content_bytes == 12 + 21 + 5000


def test_a_package_owns_what_rpm_wrote_for_it() -> None:
    found = _found([file("var/lib/rpm/rpmdb.sqlite", database("rpmdb.sqlite")), *_ALPHA, directory("usr/share/alpha")])
    linked = {"/usr/share/alpha/linked-1", "/usr/share/alpha/linked-2"}
    assert found.paths("alpha") == {"/etc/alpha/alpha.conf", "/usr/bin/alpha", "/usr/bin/a"} | linked
    assert found.paths("contest") == {"/usr/share/alpha/contested"}, "contest took the file from alpha"
    assert found.unowned_bytes - len(database("rpmdb.sqlite")) == 107, "a ghost, and a file that was not installed"


def test_without_a_known_distribution_the_package_url_has_no_namespace() -> None:
    found = _found([file("var/lib/rpm/rpmdb.sqlite", database("rpmdb.sqlite"))])
    assert found.one("beta").purl == "pkg:rpm/beta@0.1~rc1-1?arch=noarch&upstream=beta-0.1~rc1-1.src.rpm"


def test_the_epoch_stands_in_the_package_url() -> None:
    members = [file("etc/os-release", b"ID=fedora\nVERSION_ID=40\n")]
    found = _found([*members, file("var/lib/rpm/rpmdb.sqlite", database("rpmdb.sqlite"))])
    assert found.one("alpha").purl == (
        "pkg:rpm/fedora/alpha@1.4-3?arch=x86_64&distro=fedora-40&epoch=2&upstream=alpha-1.4-3.src.rpm"
    )


def test_of_two_formats_in_one_directory_the_newer_is_read() -> None:
    found = _found(
        [
            file("var/lib/rpm/rpmdb.sqlite", database("killed.sqlite")),
            file("var/lib/rpm/Packages", database("Packages.big")),
        ]
    )
    assert "gamma" not in found.names


def test_of_two_formats_the_one_that_a_later_layer_deleted_is_not_read() -> None:
    old = file("var/lib/rpm/rpmdb.sqlite", database("killed.sqlite"))
    new = file("var/lib/rpm/Packages", database("Packages.big"))
    found = _found([old], [whiteout("var/lib/rpm/rpmdb.sqlite"), new])
    assert found.one("alpha").location == "/var/lib/rpm/Packages"


def test_the_log_beside_the_database_counts() -> None:
    members = [file("var/lib/rpm/rpmdb.sqlite", database("killed.sqlite"))]
    without = _found(members)
    found = _found([*members, file("var/lib/rpm/rpmdb.sqlite-wal", database("killed.sqlite-wal"))])
    assert set(found.names) > set(without.names)


def test_a_later_layer_that_rewrites_the_database_moves_no_package() -> None:
    found = _found(
        [file("var/lib/rpm/Packages.db", database("Packages.db")), *_ALPHA],
        [file("var/lib/rpm/Packages.db", database("Packages.db") + bytes(0)), whiteout("usr/bin/alpha")],
    )
    assert {package.layer for package in found.packages} == {0}
    assert all(package.removed_in is None for package in found.packages)


def test_packages_whose_database_was_deleted_still_own_what_they_left() -> None:
    found = _found([file("var/lib/rpm/rpmdb.sqlite", database("rpmdb.sqlite")), *_ALPHA], [whiteout("var/lib/rpm")])
    assert found.one("alpha").content_bytes == 12 + 21 + 5000
    assert found.one("alpha").removed_in is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\0" * 5000, id="zeros"),
        pytest.param(b"SQLite format 3\0" + b"\xff" * 5000, id="SQLite's magic and garbage"),
        pytest.param(database("Packages.db")[:300], id="cut"),
    ],
)
def test_a_broken_database_costs_a_warning_that_names_it(data: bytes) -> None:
    found = _found([file("var/lib/rpm/Packages", data)])
    assert found.names == []
    assert found.warnings
    assert all("/var/lib/rpm/Packages" in warning for warning in found.warnings)


def test_files_of_a_root_that_rpm_filled_agree_with_what_rpm_lists(tmp_path_factory: pytest.TempPathFactory) -> None:
    rpm, rpmbuild = tool("rpm"), tool("rpmbuild")
    if os.geteuid() != 0:
        pytest.skip("rpm installs into another root for root alone")
    folder = tmp_path_factory.mktemp("rpm")
    for name in ("alpha", "contest"):
        defines = (
            "--define",
            f"_topdir {folder}",
            "--define",
            "_build_id_links none",
            "--define",
            "debug_package %{nil}",
        )
        run(rpmbuild, "-bb", *defines, FOLDER / "specs" / f"{name}.spec")
    root = folder / "root"
    root.mkdir()
    how = (rpm, "--root", root, "--dbpath", "/var/lib/rpm")
    packages = sorted((folder / "RPMS").rglob("*.rpm"))
    for package in packages:
        run(*how, "-i", "--nodeps", "--nosignature", "--excludedocs", "--replacefiles", package)
    found = _found(members_of(root))
    assert found.names == sorted(run(*how, "-qa", "--qf", "%{NAME}\n").split())
    for name in found.names:
        rows = run(*how, "-q", name, "--qf", "[%{FILESTATES}|%{FILEFLAGS}|%{FILENAMES}\n]").splitlines()
        files = (row.split("|", 2) for row in rows)
        wanted = {path for state, flags, path in files if state == "0" and not int(flags) & 64}
        assert found.paths(name) == {path for path in wanted if not (root / path[1:]).is_dir()}
        content = {(root / path[1:]).lstat().st_ino: (root / path[1:]) for path in found.paths(name)}
        regular = [path for path in content.values() if not path.is_symlink()]
        assert found.one(name).content_bytes == sum(path.stat().st_size for path in regular)


def test_a_package_needs_names_and_files_and_offers_names() -> None:
    relations = _found([file("var/lib/rpm/rpmdb.sqlite", database("rpmdb.sqlite"))]).relations["alpha"]
    assert relations.needs[:2] == ("/bin/sh", "config(alpha)")
    assert relations.provides == ("alpha", "alpha(x86-64)", "config(alpha)")


def test_a_boolean_expression_needs_all_that_it_names() -> None:
    item: Item = (Tag.REQUIRENAME, Type.STRING_ARRAY, ["libc.so.6()(64bit)", "((perl(A::B) or tool) if other >= 2)"])
    weak: Item = (Tag.RECOMMENDNAME, Type.STRING_ARRAY, ["pager"])
    package = parse_package(blob((*NEVR, item, weak)), where="db")
    relations = relations_of(package)
    assert {"libc.so.6()(64bit)", "perl(A::B)", "tool", "other"} <= set(relations.needs)
    assert relations.recommends == ("pager",)


def test_damaged_needs_do_not_cost_the_package() -> None:
    package = parse_package(blob((*NEVR, (Tag.REQUIRENAME, Type.INT32, [1]))), where="db")
    assert (package.name, package.requires) == ("made", ())


@pytest.mark.parametrize(
    ("lower", "names", "warned"),
    [
        pytest.param(symlink("var/lib/rpm/Packages.db", "x"), {"alpha"}, 0, id="a link"),
        pytest.param(file("var/lib/rpm/Packages.db", b""), {"alpha"}, 0, id="empty"),
        pytest.param(file("var/lib/rpm/Packages.db", b"garbage"), {"alpha"}, 1, id="damaged"),
    ],
)
def test_a_version_of_a_database_that_cannot_be_read_does_not_hide_the_next(
    lower: Member, names: set[str], warned: int
) -> None:
    found = _found([lower], [file("var/lib/rpm/Packages.db", database("Packages.db"))])
    assert names <= set(found.names)
    assert [warning.partition(":")[0] for warning in found.warnings] == ["/var/lib/rpm/Packages.db"] * warned


def test_a_database_that_is_empty_until_its_log_is_written_back_is_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        connection.execute("INSERT INTO Packages (blob) VALUES (?)", (blob(NEVR),))
        connection.commit()
        log = file("var/lib/rpm/rpmdb.sqlite-wal", (tmp_path / "db-wal").read_bytes())
    found = _found([file("var/lib/rpm/rpmdb.sqlite", b""), log])
    assert (found.names, found.warnings) == (["made"], ())


def test_a_log_counts_for_the_database_of_its_own_layer_and_format() -> None:
    data, log = database("killed.sqlite"), file("var/lib/rpm/rpmdb.sqlite-wal", database("killed.sqlite-wal"))
    newer = data + bytes(len(data) % 4096)
    found = _found([file("var/lib/rpm/rpmdb.sqlite", data), log], [file("var/lib/rpm/rpmdb.sqlite", newer, mode=0o600)])
    assert {package.name: package.removed_in for package in found.packages} == {"beta": None, "slow": 1}
    found = _found([file("var/lib/rpm/Packages.db", database("Packages.db")), log])
    assert "alpha" in found.names and found.warnings == ()


def test_what_a_reader_warns_of_is_passed_on() -> None:
    found = _found([file("var/lib/rpm/Packages.db", database("Packages.db").replace(b"alpha.conf", b"alphb.conf"))])
    assert [warning.rpartition(": ")[2] for warning in found.warnings] == ["wrong checksum, read all the same"]


def test_a_package_claims_no_directory() -> None:
    members = [file("var/lib/rpm/Packages.db", database("Packages.db")), directory("usr/share/alpha"), *_ALPHA]
    assert catalogued(RPM, members).paths_of("alpha") == (
        "/etc/alpha/alpha.conf",
        "/usr/bin/a",
        "/usr/bin/alpha",
        "/usr/share/alpha/linked-1",
        "/usr/share/alpha/linked-2",
    )


def test_a_need_that_is_no_expression_is_one_name() -> None:
    item: Item = (Tag.REQUIRENAME, Type.STRING_ARRAY, ["odd name", "odd name", "(a and b)"])
    assert relations_of(parse_package(blob((*NEVR, item)), where="db")).needs == ("odd name", "a", "and", "b")
