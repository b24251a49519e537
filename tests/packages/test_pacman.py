import gzip

import pytest

from layerscope.packages.catalogers.pacman import PACMAN, sections
from tests.builder import Member, directory, file, symlink, whiteout
from tests.packages.inventories import inventory

_DIRECTORY = "var/lib/pacman/local/tool-1:2.0-1"
_DESC = b"%NAME%\ntool\n\n%VERSION%\n1:2.0-1\n\n%ARCH%\nx86_64\n\n%DESC%\n%NAME% of no account\n\n"
_FILES = b"%FILES%\nusr/\nusr/bin/\nusr/bin/tool\nusr/share/a file\n\n%BACKUP%\netc/tool.conf\t0123\n"
_MTREE = b"""#mtree
/set type=file uid=0 gid=0 mode=644
./.BUILDINFO time=1.0 size=1
./usr time=1.0 type=dir
./usr/bin/tool time=1.0 mode=755 size=2
./usr/share/a\\040file time=1.0 size=3
./usr/lib time=1.0 mode=777 type=link link=lib64
"""
_CONTENT = [directory("usr"), file("usr/bin/tool", b"22"), file("usr/share/a file", b"333"), file("usr/other", b"1")]


def _record(name: str, data: bytes) -> Member:
    return file(f"{_DIRECTORY}/{name}", data)


def test_a_package_owns_its_files_and_its_records() -> None:
    members = [file("etc/os-release", b"ID=arch\n"), _record("desc", _DESC), _record("files", _FILES)]
    found = inventory([*members, *_CONTENT], catalogers=[PACMAN])
    records = {f"/{_DIRECTORY}/desc", f"/{_DIRECTORY}/files"}
    assert found.paths("tool") == {"/usr/bin/tool", "/usr/share/a file"} | records
    assert found.one("tool").content_bytes == 5 + len(_DESC) + len(_FILES)
    assert found.one("tool").purl == "pkg:alpm/arch/tool@1:2.0-1?arch=x86_64&distro=arch"


def test_where_the_list_is_missing_the_compressed_one_tells() -> None:
    members = [_record("desc", _DESC), _record("mtree", gzip.compress(_MTREE + b"x/usr/other size=1\n"))]
    others = [symlink("usr/lib", "lib64"), file(".BUILDINFO", b"1")]
    found = inventory([*members, *_CONTENT, *others], catalogers=[PACMAN])
    assert found.paths("tool") >= {"/usr/bin/tool", "/usr/share/a file"}
    assert found.paths("tool") == {
        f"/{_DIRECTORY}/desc",
        f"/{_DIRECTORY}/mtree",
        "/usr/bin/tool",
        "/usr/share/a file",
        "/usr/lib",
    }
    assert found.warnings == ()


def test_a_removed_package_is_listed_with_what_it_still_costs() -> None:
    members = [_record("desc", _DESC), _record("files", _FILES), *_CONTENT]
    gone = [whiteout(_DIRECTORY), whiteout("usr/bin/tool"), whiteout("usr/share/a file")]
    package = inventory(members, gone, catalogers=[PACMAN]).one("tool")
    assert (package.layer, package.removed_in) == (0, 1)
    assert package.hidden_bytes == 5 + len(_DESC) + len(_FILES)


def test_broken_records_cost_warnings_that_name_them() -> None:
    other = "var/lib/pacman/local/other-1-1"
    found = inventory(
        [
            _record("desc", b"%VERSION%\n1\n"),
            file(f"{other}/desc", b"%NAME%\nother\n\n%VERSION%\n1-1\n"),
            file(f"{other}/mtree", b"\x1f\x8b\x08\0garbage"),
        ],
        catalogers=[PACMAN],
    )
    assert found.names == ["other"]
    no_name, no_list = found.warnings
    assert no_name == f"/{_DIRECTORY}/desc names no package, or no version of it"
    assert no_list.startswith(f"/{other}/mtree: ")


def test_a_list_that_unpacks_to_more_than_is_read_is_cut() -> None:
    bomb = gzip.compress(_MTREE + b"./x" * (30 << 20))
    found = inventory([_record("desc", _DESC), _record("mtree", bomb), *_CONTENT], catalogers=[PACMAN])
    assert "/usr/bin/tool" in found.paths("tool")
    assert len(found.warnings) == 1


def test_what_a_later_default_does_not_name_stays_as_it_was() -> None:
    text = (
        b"#mtree\n/set type=dir mode=755\n./usr time=1.0\n/set mode=644\n./opt time=1.0\n./usr/other type=file size=1\n"
    )
    members = [_record("desc", _DESC), _record("mtree", gzip.compress(text)), file("opt", b"4444"), *_CONTENT]
    found = inventory(members, catalogers=[PACMAN])
    assert found.paths("tool") == {"/usr/other", f"/{_DIRECTORY}/desc", f"/{_DIRECTORY}/mtree"}


@pytest.mark.parametrize(
    ("path", "desc"),
    [
        pytest.param("tool-1/desc", b"%NAME%\ntool\n", id="no version"),
        pytest.param("tool-1/desc", b"%VERSION%\n1\n", id="no name"),
        pytest.param("tool-1/desc/x/desc", _DESC, id="deeper"),
        pytest.param("desc", _DESC, id="no directory of its own"),
        pytest.param("tool-1/old.desc", _DESC, id="another name"),
        pytest.param("tool-1/desc", b"", id="empty"),
    ],
)
def test_what_describes_no_package_hides_none(path: str, desc: bytes) -> None:
    members = [file(f"var/lib/pacman/local/{path}", desc), symlink("var/lib/pacman/local/link-1/desc", "x")]
    found = inventory([*members, file("var/lib/pacman/local/x-1/desc", _DESC)], catalogers=[PACMAN])
    assert [package.location for package in found.packages] == ["/var/lib/pacman/local/x-1/desc"]
    named = (f"/var/lib/pacman/local/{path} names no package, or no version of it",)
    assert found.warnings == (named if desc and path == "tool-1/desc" else ())


def test_only_the_first_line_of_a_field_counts_and_a_package_needs_no_list() -> None:
    desc = b"%NAME%\ntool\nother\n\n%VERSION%\n1\n2\n\n%ARCH%\nany\nx86_64\n"
    found = inventory([_record("desc", desc)], catalogers=[PACMAN])
    assert found.one("tool").purl == "pkg:alpm/arch/tool@1?arch=any"
    assert found.paths("tool") == {f"/{_DIRECTORY}/desc"}
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        pytest.param(b"garbage", "Error -3", id="not compressed"),
        pytest.param(gzip.compress(_MTREE)[:-9], "it ends early, or holds more than 16,777,216 bytes", id="cut"),
    ],
)
def test_a_damaged_list_costs_one_warning(data: bytes, warning: str) -> None:
    found = inventory([_record("desc", _DESC), _record("mtree", data)], catalogers=[PACMAN])
    [message] = found.warnings
    assert message.startswith(f"/{_DIRECTORY}/mtree: {warning}")


def test_sections_end_at_empty_lines() -> None:
    text = "stray\n%A%\n1\n%B%\n\n%\n%%\n%x\nx%\nlost\n%A%\n2\n\n%C%\n\n%D%"
    assert sections(text) == {"A": ["1", "%B%", "2"], "C": [], "D": []}
