import lzma
import tarfile
from pathlib import Path

import pytest

from layerscope.packages.catalogers.apk import APK
from tests.builder import Member, file, symlink, whiteout
from tests.packages.images import REAL
from tests.packages.inventories import inventory, of_archive, peak_of_catalog

_TOOL = """C:Q1t20ETDkiZIy7BdegtC/woQiNnuE=
P:tool
V:1.2-r3
A:x86_64
I:602112
T:a tool
F:
R:top
F:usr/bin
M:0:0:755
R:tool
a:0:0:755
Z:Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=
R:a file
"""


def _database(*records: str, path: str = "lib/apk/db/installed") -> Member:
    return file(path, "\n".join(records).encode() + b"\n")


def _record(name: str, *paths: str, version: str = "1-r0") -> str:
    files = "".join("F:{0}\nR:{2}\n".format(*path.rpartition("/")) for path in paths)
    return f"P:{name}\nV:{version}\nA:x86_64\n{files}"


def test_a_package_owns_the_files_of_its_record() -> None:
    members = [file("etc/os-release", b"ID=alpine\nVERSION_ID=3.8.2\n"), _database(_TOOL)]
    files = [file("top", b"1"), file("usr/bin/tool", b"22"), file("usr/bin/a file", b"333"), file("usr/other", b"4")]
    found = inventory([*members, *files], catalogers=[APK])
    assert found.paths("tool") == {"/top", "/usr/bin/tool", "/usr/bin/a file"}
    assert found.one("tool").content_bytes == 6
    assert found.one("tool").purl == "pkg:apk/alpine/tool@1.2-r3?arch=x86_64&distro=alpine-3.8.2"


def test_attributes_may_come_before_any_directory_or_file() -> None:
    record = "P:tool\nV:1\nM:0:0:1777\na:0:0:755\nZ:Q1\nR:top\nF:usr\nR:tool\n"
    found = inventory([_database(record), file("top", b"1"), file("usr/tool", b"22")], catalogers=[APK])
    assert found.paths("tool") == {"/top", "/usr/tool"}


@pytest.mark.parametrize("path", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_the_database_lies_in_either_place(path: str) -> None:
    assert inventory([_database(_TOOL, path=path)], catalogers=[APK]).names == ["tool"]


def test_a_database_behind_a_merged_lib_is_read_once_and_finds_files_behind_the_link() -> None:
    members = [symlink("lib", "usr/lib"), _database(_record("libc", "lib/libc.so"), path="usr/lib/apk/db/installed")]
    found = inventory([*members, file("usr/lib/libc.so", b"1")], catalogers=[APK])
    assert found.paths("libc") == {"/usr/lib/libc.so"}


def test_a_later_add_rewrites_the_database_and_moves_no_other_package() -> None:
    found = inventory(
        [_database(_record("a", "usr/a"), _record("b", "usr/b")), file("usr/a", b"1"), file("usr/b", b"22")],
        [_database(_record("b", "usr/b"), _record("c", "usr/c")), file("usr/c", b"333"), whiteout("usr/a")],
        catalogers=[APK],
    )
    layers = {package.name: (package.layer, package.removed_in) for package in found.packages}
    assert layers == {"a": (0, 1), "b": (0, None), "c": (1, None)}
    assert (found.one("a").hidden_bytes, found.one("a").content_bytes) == (1, 0)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param("V:1\nF:etc\nR:shadow\n", id="no name"),
        pytest.param("P:evil\nF:etc\nR:shadow\n", id="no version"),
        pytest.param("R:shadow\nZ:\nnonsense\n", id="nothing but a file"),
    ],
)
def test_a_broken_record_costs_a_warning_and_the_others_are_read(record: str) -> None:
    found = inventory([_database(record, _TOOL), file("etc/shadow", b"1")], catalogers=[APK])
    assert found.names == ["tool"]
    assert found.warnings == ("/lib/apk/db/installed: record 0 names no package, or no version of it",)


@pytest.mark.parametrize("letter", "Dpi")
def test_a_record_that_names_very_many_others_costs_a_warning(letter: str) -> None:
    def listed(count: int) -> tuple[list[str], tuple[str, ...]]:
        found = inventory([_database(f"P:evil\nV:1\n{letter}:{'a=1 ' * count}\n", _TOOL)], catalogers=[APK])
        return found.names, found.warnings

    assert listed(16_000) == (["evil", "tool"], ())
    assert listed(17_000) == (["tool"], ("/lib/apk/db/installed: record 0 has a field of 68,000 characters",))


def test_a_record_among_very_many_takes_some_hundred_bytes() -> None:
    records = [_record(f"p{number}", f"a/{number}") for number in range(10_000)]
    assert peak_of_catalog([_database(*records)], APK) < 10_800_000


def test_paths_that_climb_out_of_their_directory_own_nothing() -> None:
    members = [_database(_record("evil", "usr/../etc/shadow", "../etc/shadow")), file("etc/shadow", b"1")]
    assert inventory([*members, file("usr/x")], catalogers=[APK]).paths("evil") == frozenset()


@pytest.mark.real
def test_the_published_alpine_image_is_owned_but_for_what_its_scripts_made(tmp_path: Path) -> None:
    name = "public-alpine-3.8-rootfs.tar.xz"
    source = next((path for path in (REAL / name, REAL / "tiny" / name) if path.exists()), None)
    if source is None:
        pytest.skip(f"{REAL} has no {name}")
    archive = tmp_path / "alpine.tar"
    archive.write_bytes(lzma.decompress(source.read_bytes()))
    found = of_archive(str(archive), [APK])
    with tarfile.open(archive) as tar:
        lengths = {f"/{member.name.removeprefix('./')}": member.size for member in tar if member.isreg()}
    assert len(found.packages) == 13
    assert found.paths("busybox") >= {"/bin/busybox", "/bin/sh", "/etc/securetty"}
    unowned = set(lengths) - frozenset[str]().union(*found.owned)
    assert sum(lengths[path] for path in unowned) == found.unowned_bytes
    assert unowned >= {"/lib/apk/db/installed", "/etc/apk/world"}
    assert all(path.startswith(("/lib/apk/db/", "/etc/")) for path in unowned)


def test_a_record_says_what_the_package_needs_and_what_it_was_installed_with() -> None:
    needs = "D:so:libc.so.1 busybox>=1.3 !other python3~3.12\n"
    record = f"P:tool-doc\nV:1\n{needs}p:cmd:tool=1 so:libtool.so.2=2\ni:docs tool=1-r0\n"
    found = inventory([_database(record)], catalogers=[APK]).relations["tool-doc"]
    assert found.needs == ("so:libc.so.1", "busybox", "python3")
    assert (found.provides, found.installed_with) == (("cmd:tool", "so:libtool.so.2"), ("tool",))
    assert (found.recommends, found.is_essential) == ((), False)


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        pytest.param("docs tool=1-r0", ("tool",), id="the package itself and another"),
        pytest.param("docs", ("docs",), id="another alone"),
        pytest.param("!old tool=1-r0>2 tool=2", ("tool",), id="versions and a conflict"),
        pytest.param("", (), id="none"),
    ],
)
def test_a_package_came_with_the_one_whose_version_is_a_condition(conditions: str, names: tuple[str, ...]) -> None:
    found = inventory([_database(f"P:x\nV:1\ni:{conditions}\n")], catalogers=[APK]).relations["x"]
    assert found.installed_with == names


@pytest.mark.parametrize("directory", ["usr/bin", "usr/bin/", "/usr/bin", "usr/odd\x01"])
def test_a_directory_is_relative_to_the_root(directory: str) -> None:
    path = f"{directory.strip('/')}/x"
    found = inventory([_database(f"P:x\nV:1\nF:{directory}\nR:x\n"), file(path)], catalogers=[APK])
    assert found.paths("x") == {f"/{path}"}
