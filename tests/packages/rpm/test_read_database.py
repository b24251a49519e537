import pytest

from layerscope.errors import Damaged
from layerscope.packages.formats import rpm
from layerscope.packages.formats.rpm import read_database
from layerscope.packages.formats.rpm.package import FileState, RpmPackage
from tests.packages.rpm.samples import NAMES, database

# The figures are what rpm itself says of each database: tests/data/rpm/README.md has the commands.
_NEVRAS = [
    ("alpha", "2:1.4-3", "x86_64"),
    ("beta", "0.1~rc1-1", "noarch"),
    ("contest", "1-1", "noarch"),
    ("gamma", "20240101-7.el9", "noarch"),
    ("kernel", "6.1-1", "x86_64"),
    ("kernel", "6.2-1", "x86_64"),
]
_FILES = {"alpha": 15, "beta": 0, "contest": 1, "gamma": 1531, "kernel": 1}


def _packages(name: str) -> tuple[RpmPackage, ...]:
    packages, warnings = read_database(database(name), where=name)
    assert warnings == ()
    return packages


def _evr(package: RpmPackage) -> str:
    epoch = "" if package.epoch is None else f"{package.epoch}:"
    return f"{epoch}{package.version}-{package.release}"


def _alpha(name: str) -> RpmPackage:
    return next(package for package in _packages(name) if package.name == "alpha")


@pytest.mark.parametrize("name", NAMES)
def test_the_packages_are_those_that_rpm_lists_without_public_keys(name: str) -> None:
    assert sorted((package.name, _evr(package), package.arch) for package in _packages(name)) == _NEVRAS


@pytest.mark.parametrize("name", NAMES)
def test_each_package_has_as_many_paths_as_rpm_lists(name: str) -> None:
    packages = _packages(name)
    assert {package.name: len(package.files) for package in packages} == _FILES
    assert sum(len(package.files) for package in packages) == 1549


@pytest.mark.parametrize("name", NAMES)
def test_the_texts_of_a_package_are_those_that_rpm_prints(name: str) -> None:
    alpha = _alpha(name)
    assert (alpha.name, alpha.epoch, alpha.version, alpha.release) == ("alpha", 2, "1.4", "3")
    assert alpha.source_rpm == "alpha-1.4-3.src.rpm"


@pytest.mark.parametrize("name", NAMES)
def test_the_files_of_a_package_are_those_that_rpm_prints(name: str) -> None:
    normal = FileState.NORMAL
    found = [(file.path, file.mode, file.state) for file in _alpha(name).files]
    assert found == [
        ("/etc/alpha", 0o040755, normal),
        ("/etc/alpha/alpha.conf", 0o100644, normal),
        ("/usr/bin/a", 0o120777, normal),
        ("/usr/bin/alpha", 0o100755, normal),
        ("/usr/share/alpha", 0o040755, normal),
        ("/usr/share/alpha/contested", 0o100644, FileState.REPLACED),
        ("/usr/share/alpha/dir with space", 0o040755, normal),
        ("/usr/share/alpha/dir with space/a file", 0o100644, normal),
        ("/usr/share/alpha/empty", 0o100644, normal),
        ("/usr/share/alpha/grüße-日本.txt", 0o100644, normal),
        ("/usr/share/alpha/linked-1", 0o100644, normal),
        ("/usr/share/alpha/linked-2", 0o100644, normal),
        ("/usr/share/doc/alpha/README", 0o100644, FileState.NOT_INSTALLED),
        ("/usr/share/net/shared.txt", 0o100644, FileState.NET_SHARED),
        ("/var/log/alpha.log", 0o100644, normal),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_ghosts_and_config_files_are_marked(name: str) -> None:
    files = {file.path: file for file in _alpha(name).files}
    assert [path for path, file in files.items() if file.is_ghost] == ["/var/log/alpha.log"]
    config, config_no_replace = 1 << 0, 1 << 4
    assert files["/etc/alpha/alpha.conf"].flags == config | config_no_replace


@pytest.mark.parametrize("name", NAMES)
def test_a_contested_file_belongs_to_the_package_that_replaced_it(name: str) -> None:
    owners = [
        package.name
        for package in _packages(name)
        for file in package.files
        if file.path == "/usr/share/alpha/contested" and file.is_installed
    ]
    assert owners == ["contest"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(4096), id="zeros"),
        pytest.param(b"SQLite format 3\0", id="sqlite magic alone"),
        pytest.param(b"SQLite format 3\0" + bytes(4096), id="sqlite header of zeros"),
        pytest.param(b"RpmP", id="ndb magic alone"),
        pytest.param(bytes(12) + b"\x61\x15\x06\x00", id="hash magic alone"),
        pytest.param(bytes(12) + b"\x61\x15\x06\x00" + bytes(4096), id="hash meta page of zeros"),
        pytest.param(bytes(12) + b"\x62\x31\x05\x00" + bytes(4096), id="btree"),
    ],
)
def test_what_is_no_database_is_damaged(data: bytes) -> None:
    with pytest.raises(Damaged, match="rpmdb"):
        read_database(data, where="rpmdb")


def test_a_record_that_was_read_before_is_not_read_again() -> None:
    known: dict[bytes, RpmPackage] = {}
    first, _ = read_database(database("Packages.db"), where="db", known=known)
    assert sorted(package.name for package in known.values()) == sorted([*(one.name for one in first), "gpg-pubkey"])
    again, _ = read_database(database("Packages.db"), where="db", known=known)
    assert {id(package) for package in again} == {id(package) for package in first}


@pytest.mark.parametrize("data", [b"", bytes(4096), b"Packages"])
def test_what_has_none_of_the_formats_is_named_so(data: bytes) -> None:
    with pytest.raises(Damaged, match="neither SQLite, ndb nor a hash of Berkeley DB"):
        read_database(data, where="rpmdb")


@pytest.mark.parametrize("name", NAMES)
def test_very_many_packages_are_not_all_listed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpm, "_MOST_PACKAGES", 4)
    packages, warnings = read_database(database(name), where=name)
    assert (len(packages), warnings) == (4, (f"{name}: over 4 packages; the rest are not listed",))
    monkeypatch.setattr(rpm, "_MOST_PACKAGES", 6)
    assert _packages(name)
