import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from layerscope.packages.catalogers.dpkg import DPKG
from tests.builder import Member, directory, file, hardlink, symlink, whiteout
from tests.packages.images import members_of
from tests.packages.inventories import Inventory, inventory, run, tool

OS_RELEASE = file("etc/os-release", b'PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n')


def stanza(name: str, version: str = "1.0", *, status: str = "install ok installed", arch: str = "amd64") -> bytes:
    """A record of a status file."""
    fields = f"Package: {name}\nStatus: {status}\nArchitecture: {arch}\nVersion: {version}\n"
    return f"{fields}Description: what\n it is for\n .\n Version: of no account\n".encode()


def status(*stanzas: bytes) -> Member:
    return file("var/lib/dpkg/status", b"\n".join(stanzas))


def listing(name: str, *paths: str) -> Member:
    return file(
        f"var/lib/dpkg/info/{name}.list",
        "".join(f"{path}\n" for path in ("/.", *paths)).encode(errors="surrogateescape"),
    )


def debian(*layers: list[Member]) -> Inventory:
    """The packages of layers, as the cataloger of Debian alone finds them."""
    return inventory(*layers, catalogers=[DPKG])


def without_records(found: Inventory, name: str) -> set[str]:
    """What a package owns besides its records in the database."""
    return {path for path in found.paths(name) if not path.startswith("/var/lib/dpkg/")}


def test_a_package_owns_the_files_of_its_list_and_its_records() -> None:
    found = debian(
        [
            OS_RELEASE,
            status(stanza("tool")),
            directory("usr"),
            file("usr/tool", b"12345"),
            file("usr/other", b"1"),
            listing("tool", "/usr", "/usr/tool"),
            file("var/lib/dpkg/info/tool.postinst", b"exit"),
            file("var/lib/dpkg/what/tool.postinst", b"1"),
        ]
    )
    records = {"/var/lib/dpkg/info/tool.list", "/var/lib/dpkg/info/tool.postinst"}
    assert found.paths("tool") == {"/usr/tool"} | records
    package = found.one("tool")
    assert (package.version, package.layer, package.files, found.warnings) == ("1.0", 0, 3, ())
    assert package.content_bytes == 5 + len("/.\n/usr\n/usr/tool\n") + len("exit")
    assert package.purl == "pkg:deb/debian/tool@1.0?arch=amd64&distro=debian-12"


@pytest.mark.parametrize(
    ("state", "names"),
    [
        pytest.param("install ok installed", ["tool"], id="installed"),
        pytest.param("hold ok installed", ["tool"], id="held"),
        pytest.param("install ok unpacked", ["tool"], id="unpacked"),
        pytest.param("install reinstreq half-configured", ["tool"], id="half configured"),
        pytest.param("deinstall ok config-files", [], id="removed but for its configuration"),
        pytest.param("purge ok not-installed", [], id="purged"),
    ],
)
def test_only_packages_with_files_are_listed(state: str, names: list[str]) -> None:
    assert debian([status(stanza("tool", status=state))]).names == names


def test_lists_of_two_architectures_are_told_apart() -> None:
    found = inventory(
        [
            status(stanza("lib"), stanza("lib", arch="i386")),
            file("usr/a", b"1"),
            file("usr/b", b"22"),
            listing("lib:amd64", "/usr/a"),
            listing("lib:i386", "/usr/b"),
        ],
        catalogers=[DPKG],
    )
    own = [{path for path in paths if path.startswith("/usr")} for paths in found.owned]
    assert own == [{"/usr/a"}, {"/usr/b"}]


def test_a_list_from_before_usrmerge_finds_files_behind_the_symlink() -> None:
    found = debian(
        [
            status(stanza("tool"), stanza("other")),
            symlink("bin", "usr/bin"),
            directory("usr"),
            directory("usr/bin"),
            file("usr/bin/tool", b"1"),
            listing("tool", "/bin", "/bin/tool"),
            listing("other", "/bin", "/bin/none"),
        ]
    )
    assert without_records(found, "tool") == {"/usr/bin/tool"}
    assert without_records(found, "other") == set()


def test_a_symlink_in_a_list_belongs_to_the_package() -> None:
    found = debian(
        [
            status(stanza("lib")),
            symlink("usr/lib.so.1", "lib.so.1.2"),
            file("usr/lib.so.1.2", b"1"),
            listing("lib", "/usr/lib.so.1", "/usr/lib.so.1.2"),
        ]
    )
    assert without_records(found, "lib") == {"/usr/lib.so.1", "/usr/lib.so.1.2"}


def test_a_diverted_file_is_found_where_it_was_moved_and_the_diverting_package_keeps_the_path() -> None:
    found = debian(
        [
            status(stanza("dash"), stanza("bash")),
            file("bin/sh", b"bash"),
            file("bin/sh.distrib", b"dash!"),
            listing("bash", "/bin/sh"),
            file("bin/x.other", b"x"),
            listing("dash", "/bin/sh", "/bin/x"),
            file("var/lib/dpkg/diversions", b"/bin/sh\n/bin/sh.distrib\nbash\n/bin/x\n/bin/x.other\nbash"),
        ]
    )
    assert without_records(found, "dash") == {"/bin/sh.distrib", "/bin/x.other"}
    assert without_records(found, "bash") == {"/bin/sh"}


def test_a_local_diversion_moves_the_file_of_every_package() -> None:
    found = debian(
        [
            status(stanza("dash")),
            file("bin/sh", b"mine"),
            file("bin/sh.real", b"dash!"),
            listing("dash", "/bin/sh"),
            file("var/lib/dpkg/diversions", b"/bin/sh\n/bin/sh.real\n:\n"),
        ]
    )
    assert without_records(found, "dash") == {"/bin/sh.real"}


def test_distroless_images_have_a_record_for_each_package() -> None:
    record = b"Package: tool\nVersion: 2\nArchitecture: amd64\nConffiles:\n /etc/tool.conf " + b"0" * 32
    record += b"\n /etc/a file " + b"0" * 32 + b" obsolete\n etc/relative " + b"0" * 32 + b"\n nothing\n"
    sums = b"0" * 32 + b"  usr/bin/tool\n" + b"1" * 32 + b"  usr/share/a file\n"
    found = debian(
        [
            file("var/lib/dpkg/status.d/tool", record),
            file("var/lib/dpkg/status.d/tool.md5sums", sums),
            file("usr/bin/tool", b"1"),
            file("usr/share/a file", b"22"),
            *(file(f"etc/{name}", b"333") for name in ("tool.conf", "a file", "relative", "nothing")),
        ],
        [file("var/lib/dpkg/status.d/later", b"Package: later\nVersion: 1\n")],
    )
    records = {"/var/lib/dpkg/status.d/tool", "/var/lib/dpkg/status.d/tool.md5sums"}
    assert found.paths("tool") == {"/usr/bin/tool", "/usr/share/a file", "/etc/tool.conf", "/etc/a file"} | records
    assert found.warnings == ()
    assert found.one("tool").location == "/var/lib/dpkg/status.d/tool"
    assert (found.one("tool").layer, found.one("later").layer) == (0, 1)


def test_a_later_layer_that_rewrites_the_status_file_moves_only_what_it_adds() -> None:
    found = debian(
        [status(stanza("first"), stanza("second"))],
        [status(stanza("first"), stanza("second"), stanza("third"))],
        [status(stanza("second", "2.0"), stanza("first"), stanza("third"))],
    )
    layers = {(package.name, package.version): package.layer for package in found.packages}
    assert layers == {("first", "1.0"): 0, ("second", "1.0"): 0, ("third", "1.0"): 1, ("second", "2.0"): 2}
    assert found.one("second", "1.0").removed_in == 2


def test_a_removed_package_is_listed_with_what_it_still_costs() -> None:
    found = debian(
        [status(stanza("kept"), stanza("tool")), file("usr/tool", b"12345"), listing("tool", "/usr/tool")],
        [status(stanza("kept")), whiteout("usr/tool"), whiteout("var/lib/dpkg/info/tool.list")],
    )
    package = found.one("tool")
    assert (package.layer, package.removed_in, package.content_bytes) == (0, 1, 0)
    assert package.hidden_bytes == 5 + len("/.\n/usr/tool\n")


def test_a_package_that_came_back_counts_from_its_return() -> None:
    found = debian(
        [status(stanza("kept"), stanza("tool")), file("usr/tool", b"1"), listing("tool", "/usr/tool")],
        [status(stanza("kept")), whiteout("usr/tool"), whiteout("var/lib/dpkg/info/tool.list")],
        [status(stanza("kept"), stanza("tool")), file("usr/tool", b"1"), listing("tool", "/usr/tool")],
    )
    assert (found.one("tool").layer, found.one("tool").removed_in) == (2, None)


def test_packages_whose_database_was_deleted_still_own_what_they_left() -> None:
    found = debian(
        [status(stanza("tool")), file("usr/tool", b"12345"), listing("tool", "/usr/tool")],
        [whiteout("var/lib/dpkg")],
    )
    package = found.one("tool")
    assert (package.removed_in, package.layer) == (None, 0)
    assert found.paths("tool") == {"/usr/tool"}


def test_a_compressed_layer_tells_the_same() -> None:
    members = [status(stanza("tool")), file("usr/tool", b"12345"), listing("tool", "/usr/tool")]
    plain, compressed = (inventory(members, catalogers=[DPKG], compressed=how) for how in (False, True))
    assert plain == compressed


@pytest.mark.parametrize(
    ("members", "warning"),
    [
        pytest.param(
            [status(b"Package: tool\n", stanza("good"))],
            "/var/lib/dpkg/status: record 0 names no package, or no version of it",
            id="no version",
        ),
        pytest.param(
            [status(b"Version: 1\n", stanza("good"))],
            "/var/lib/dpkg/status: record 0 names no package, or no version of it",
            id="no name",
        ),
        pytest.param(
            [status(b"Package: x\nVersion: 1\nDepends: " + b"a, " * 22_000 + b"\n", stanza("good"))],
            "/var/lib/dpkg/status: record 0 has a field of 66,000 characters",
            id="a record that needs very many",
        ),
        pytest.param(
            [status(stanza("good"), b"\xff\x00\xfe garbage\n")],
            "/var/lib/dpkg/status: record 1 names no package, or no version of it",
            id="garbage",
        ),
        pytest.param(
            [status(stanza("good")), listing("good", "/usr/../etc/shadow"), file("etc/shadow", b"1")],
            "/var/lib/dpkg/info: the list of good has paths with .. in them, which are left out",
            id="dots",
        ),
    ],
)
def test_a_lying_database_costs_a_warning_and_the_other_records_are_read(members: list[Member], warning: str) -> None:
    found = debian(members)
    assert found.names == ["good"]
    assert found.warnings == (warning,)
    assert "/etc/shadow" not in found.paths("good")


def test_a_status_file_that_is_a_directory_or_a_loop_of_links_is_no_database() -> None:
    assert debian([directory("var/lib/dpkg/status"), symlink("var/lib/dpkg/diversions", "diversions")]).names == []


def test_lists_that_name_paths_in_circles_and_abysses_are_read() -> None:
    deep, not_utf8 = "/a" * 3000, "/\udcff"
    found = debian(
        [
            status(stanza("tool")),
            symlink("x", "y"),
            symlink("y", "x"),
            file("usr/tool", b"1"),
            listing("tool", "/x/file", deep, "relative", "", "//usr//tool", "/usr/tool", not_utf8),
        ]
    )
    assert without_records(found, "tool") == {"/usr/tool"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Member], list[Member]]:
    """Two layers that dpkg itself wrote, two packages installed, then one upgraded and one removed."""
    build, dpkg = tool("dpkg-deb"), tool("dpkg")
    if os.geteuid() != 0:
        pytest.skip("dpkg installs into another root for root alone")
    folder = tmp_path_factory.mktemp("debian")

    def deb(name: str, files: Mapping[str, str], version: str = "1.0-1") -> Path:
        source = folder / name / version
        for path, content in files.items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_text(content)
        control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: me <me@example.org>\n"
        (source / "DEBIAN").mkdir(parents=True)
        (source / "DEBIAN/control").write_text(f"{control}Description: {name}\n")
        if any(path.startswith("etc/") for path in files):
            conffiles = "".join(f"/{path}\n" for path in files if path.startswith("etc/"))
            (source / "DEBIAN/conffiles").write_text(conffiles)
        run(build, "--build", source, folder / f"{name}_{version}.deb")
        return folder / f"{name}_{version}.deb"

    def install(root: Path, *debs: Path, remove: str = "") -> None:
        (root / "var/lib/dpkg/info").mkdir(parents=True, exist_ok=True)
        (root / "var/lib/dpkg/updates").mkdir(parents=True, exist_ok=True)
        (root / "var/lib/dpkg/status").touch()
        how = (dpkg, f"--root={root}", "--force-not-root", "--force-script-chrootless")
        run(*how, "--remove", remove) if remove else run(*how, "--install", *debs)

    root = folder / "root"
    install(
        root,
        deb("alpha", {"usr/bin/alpha": "alpha", "usr/share/alpha/a file": "12345", "etc/alpha.conf": "x=1"}),
        deb("beta", {"usr/bin/beta": "beta beta"}),
    )
    before = members_of(root)
    install(root, deb("alpha", {"usr/bin/alpha": "alpha two", "etc/alpha.conf": "x=1"}, "2.0-1"))
    install(root, remove="beta")
    after = members_of(root)
    gone = {member.name for member in before} - {member.name for member in after}
    upper = [*after, *(whiteout(name) for name in sorted(gone))]

    return before, upper


def test_what_dpkg_installed_is_found(real: tuple[list[Member], list[Member]]) -> None:
    found = debian(real[0])
    assert found.names == ["alpha", "beta"]
    assert without_records(found, "alpha") == {"/usr/bin/alpha", "/usr/share/alpha/a file", "/etc/alpha.conf"}
    assert without_records(found, "beta") == {"/usr/bin/beta"}


def test_what_dpkg_upgraded_and_removed_is_found(real: tuple[list[Member], list[Member]]) -> None:
    found = debian(*real)
    layers = {(package.name, package.version): (package.layer, package.removed_in) for package in found.packages}
    assert layers == {("alpha", "1.0-1"): (0, 1), ("beta", "1.0-1"): (0, 1), ("alpha", "2.0-1"): (1, None)}
    assert {path for path in found.paths("alpha", "2.0-1") if "dpkg" not in path} == {
        "/usr/bin/alpha",
        "/etc/alpha.conf",
    }
    assert found.one("beta").hidden_bytes >= len("beta beta")


def test_a_record_says_what_the_package_needs_and_offers() -> None:
    fields = (
        b"Pre-Depends: libc6 (>= 2.34)\nDepends: perl:any (>= 5), mta | exim4-daemon, libc6 (<< 3)\n"
        b"Recommends: less\nSuggests: doc\nProvides: tool-abi (= 1), pager\nEssential: yes\n"
    )
    found = debian([status(stanza("tool") + fields, stanza("other"))])
    first, second = found.relations["tool"], found.relations["other"]
    assert (first.needs, first.recommends) == (("libc6", "perl", "mta", "exim4-daemon"), ("less",))
    assert (first.provides, first.is_essential) == (("tool-abi", "pager"), True)
    assert (second.needs, second.recommends, second.provides, second.is_essential) == ((), (), (), False)


def test_a_directory_behind_a_link_to_a_symlink_belongs_to_nobody() -> None:
    found = debian(
        [
            status(stanza("tool")),
            symlink("bin", "usr/bin"),
            hardlink("sbin", "bin"),
            file("usr/bin/tool", b"1"),
            listing("tool", "/sbin", "/sbin/tool"),
        ]
    )
    assert without_records(found, "tool") == {"/usr/bin/tool"}


@pytest.mark.parametrize(
    ("gone", "removed_in", "owned"),
    [
        pytest.param([], None, {"/usr/a", "/usr/b", "/usr/c"}, id="all are left"),
        pytest.param(["usr/a"], None, {"/usr/b", "/usr/c"}, id="most are left"),
        pytest.param(["usr/a", "usr/b"], 2, set(), id="most are gone"),
        pytest.param(["usr/a", "usr/b", "usr/c"], 2, set(), id="all are gone"),
    ],
)
def test_without_its_database_a_package_is_there_if_more_of_it_is_left_than_gone(
    gone: list[str], removed_in: int | None, owned: set[str]
) -> None:
    lower = [
        status(stanza("tool")),
        directory("usr"),
        *(file(f"usr/{name}", b"1") for name in "abc"),
        listing("tool", "/usr", "/usr/a", "/usr/b", "/usr/c"),
    ]
    found = debian(lower, [file("usr/x")], [whiteout("var/lib/dpkg"), *map(whiteout, gone)])
    assert (found.one("tool").layer, found.one("tool").removed_in) == (0, removed_in)
    assert found.paths("tool") == owned


def test_as_many_left_as_gone_are_what_the_removal_of_a_package_left() -> None:
    lower = [status(stanza("tool")), file("usr/a", b"1"), file("usr/b", b"1"), listing("tool", "/usr/a", "/usr/b")]
    found = debian(lower, [whiteout("var/lib/dpkg"), whiteout("usr/a")])
    assert (found.one("tool").removed_in, found.paths("tool")) == (1, frozenset())
    found = debian(lower, [whiteout("var/lib/dpkg"), file("usr/a", b"2"), file("usr/b", b"2")])
    assert (found.one("tool").removed_in, found.paths("tool")) == (1, frozenset())
    assert found.one("tool").hidden_bytes == 2 + len("/.\n/usr/a\n/usr/b\n")


def test_what_a_package_hid_lies_in_the_layers_in_which_it_was_there() -> None:
    first = [status(stanza("tool")), listing("tool", "/usr/a"), file("usr/a", b"1")]
    found = debian(
        [file("usr/a", b"before")],
        first,
        [file("usr/a", b"22")],
        [status(stanza("other")), whiteout("usr/a"), whiteout("var/lib/dpkg/info/tool.list")],
        [file("usr/a", b"after")],
        [whiteout("usr/a")],
    )
    assert (found.one("tool").layer, found.one("tool").removed_in) == (1, 3)
    assert found.one("tool").hidden_bytes == 1 + 2 + len("/.\n/usr/a\n")


def test_the_lists_of_a_database_are_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = [listing(name, f"/usr/{name}") for name in "abc"]
    length = len("/.\n/usr/a\n")
    members = [status(*map(stanza, "abc")), *lists, *(file(f"usr/{name}", b"1") for name in "abc")]
    for most, owned in ((2 * length, "abc"), (2 * length - 1, "ab"), (length, "ab"), (length - 1, "a")):
        monkeypatch.setattr("layerscope.packages.database._MOST_LIST_BYTES", most)
        found = debian(members)
        assert [name for name in "abc" if f"/usr/{name}" in found.paths(name)] == list(owned)
        warnings = [one for one in found.warnings if "the lists of files exceed" in one]
        assert len(warnings) == (3 * length > most)
        assert all(f"exceed {most:,} bytes; no more are read" in one for one in warnings)
