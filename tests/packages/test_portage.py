import pytest

from layerscope.packages.catalogers.portage import PORTAGE
from tests.builder import file, symlink, whiteout
from tests.packages.inventories import inventory

_CONTENTS = b"""dir /usr
obj /usr/bin/tool 0123456789abcdef0123456789abcdef 1700000000
obj /usr/share/a file 0123456789abcdef0123456789abcdef 1700000000
sym /usr/bin/the tool -> tool 1700000000
"""


@pytest.mark.parametrize(
    ("directory", "name", "version"),
    [
        pytest.param("tool-1.2.3", "tool", "1.2.3", id="plain"),
        pytest.param("tool-1.2_rc1-r4", "tool", "1.2_rc1-r4", id="revision"),
        pytest.param("gtk+-2-tool-3", "gtk+-2-tool", "3", id="digits in the name"),
    ],
)
def test_a_package_owns_its_objects_links_and_records(directory: str, name: str, version: str) -> None:
    record = f"var/db/pkg/app-misc/{directory}"
    found = inventory(
        [
            file(f"{record}/CONTENTS", _CONTENTS),
            file(f"{record}/SLOT", b"0\n"),
            file("usr/bin/tool", b"1"),
            file("usr/share/a file", b"22"),
            symlink("usr/bin/the tool", "tool"),
        ],
        catalogers=[PORTAGE],
    )
    package = found.one(name)
    assert (package.version, package.purl) == (version, package.purl)
    assert package.purl == f"pkg:ebuild/app-misc/{name.replace('+', '%2B')}@{version}"
    records = {f"/{record}/CONTENTS", f"/{record}/SLOT"}
    assert found.paths(name) == {"/usr/bin/tool", "/usr/share/a file", "/usr/bin/the tool"} | records


def test_packages_of_one_name_in_two_categories_are_two() -> None:
    records = [file(f"var/db/pkg/{category}/tool-1/CONTENTS", b"") for category in ("app-misc", "dev-util")]
    assert inventory(records, catalogers=[PORTAGE]).names == ["tool", "tool"]


def test_an_upgrade_lists_the_old_version_as_removed() -> None:
    found = inventory(
        [file("var/db/pkg/app-misc/tool-1/CONTENTS", _CONTENTS), file("usr/bin/tool", b"1")],
        [
            whiteout("var/db/pkg/app-misc/tool-1"),
            file("var/db/pkg/app-misc/tool-2/CONTENTS", _CONTENTS),
            file("usr/bin/tool", b"22"),
        ],
        catalogers=[PORTAGE],
    )
    old, new = found.one("tool", "1"), found.one("tool", "2")
    assert (old.removed_in, old.hidden_bytes) == (1, 1 + len(_CONTENTS))
    assert (new.layer, new.content_bytes) == (1, 2 + len(_CONTENTS))


@pytest.mark.parametrize("directory", ["tool", "tool-x", "1.2", "-1.2-r1"])
def test_a_directory_without_a_name_or_a_version_costs_a_warning(directory: str) -> None:
    found = inventory([file(f"var/db/pkg/app-misc/{directory}/CONTENTS", _CONTENTS)], catalogers=[PORTAGE])
    assert found.warnings == (f"/var/db/pkg/app-misc/{directory}: the name has no version",)
    assert found.names == []


def test_garbage_owns_nothing() -> None:
    contents = b"obj\nobj \nsym ->\n\xff\xfe\nobj ../../etc/shadow a b\nobj /usr/../etc/shadow a b\n"
    members = [file("var/db/pkg/app-misc/tool-1/CONTENTS", contents), file("etc/shadow", b"1"), file("usr/x")]
    assert inventory(members, catalogers=[PORTAGE]).paths("tool") == {"/var/db/pkg/app-misc/tool-1/CONTENTS"}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("app-misc/tool-1/SLOT", id="another file"),
        pytest.param("app-misc/tool-1/CONTENTS/x", id="deeper"),
        pytest.param("tool-1/CONTENTS", id="without a category"),
        pytest.param("CONTENTS", id="in the database itself"),
    ],
)
def test_only_a_list_in_its_place_is_a_package(path: str) -> None:
    found = inventory([file(f"var/db/pkg/{path}", _CONTENTS), file("usr/bin/tool", b"1")], catalogers=[PORTAGE])
    assert (found.names, found.warnings) == ([], ())


def test_a_list_that_is_a_link_leaves_the_package_its_records() -> None:
    record = "var/db/pkg/app-misc/tool-1"
    found = inventory([symlink(f"{record}/CONTENTS", "x"), file(f"{record}/SLOT")], catalogers=[PORTAGE])
    assert found.paths("tool") == {f"/{record}/CONTENTS", f"/{record}/SLOT"}
    assert found.warnings == ()


def test_only_objects_and_links_are_a_packages_own() -> None:
    contents = b"dir /usr/a\nfif /usr/b\ndev /usr/c\n/usr/d\nobj /usr/e 0 0\n"
    members = [file("var/db/pkg/app-misc/tool-1/CONTENTS", contents), *(file(f"usr/{name}") for name in "abcde")]
    assert inventory(members, catalogers=[PORTAGE]).paths("tool") == {
        "/var/db/pkg/app-misc/tool-1/CONTENTS",
        "/usr/e",
    }
