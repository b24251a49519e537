import json

import pytest

from layerscope.packages.catalogers.php import PHP
from tests.builder import file
from tests.packages.images import Found, catalogued
from tests.packages.trees import members_of_archive


@pytest.mark.parametrize("compressed", [False, True], ids=["plain layer", "compressed layer"])
def test_what_composer_installed_is_listed_as_composer_shows_it(compressed: bool) -> None:
    found = catalogued(PHP, members_of_archive("composer/app", "srv"), compressed=compressed)
    assert found.versions == [("log", "2.1.0"), ("meta", "3.0.0"), ("tool", "v1.0.0-beta2")]
    assert {claim.namespace for claim in found.claims} == {"acme"}
    assert found.paths_of("log") == ("/srv/vendor/acme/log/composer.json", "/srv/vendor/acme/log/src/Log.php")
    assert found.paths_of("tool") == (
        "/srv/vendor/acme/tool/bin/tool",
        "/srv/vendor/acme/tool/composer.json",
        "/srv/vendor/bin/tool",
    )
    assert found.paths_of("meta") == ()
    assert not found.warnings


def _installed(document: object, root: str = "srv/") -> Found:
    return catalogued(
        PHP,
        [
            file(f"{root}vendor/composer/installed.json", json.dumps(document).encode()),
            file(f"{root}vendor/acme/log/Log.php"),
            file(f"{root}web/modules/log/Log.php"),
            file("etc/shadow"),
        ],
    )


def test_the_bare_list_of_composer_1_is_read() -> None:
    found = _installed([{"name": "acme/log", "version": "1.0"}])
    assert found.paths_of("log") == ("/srv/vendor/acme/log/Log.php",)


@pytest.mark.parametrize(
    ("path", "owned"),
    [
        pytest.param("../acme/log", "/srv/vendor/acme/log/Log.php", id="in vendor"),
        pytest.param("../../web/modules/log", "/srv/web/modules/log/Log.php", id="elsewhere in the project"),
        pytest.param(None, "", id="a metapackage"),
        pytest.param("../../../etc", "", id="outside of the project"),
        pytest.param("/etc", "", id="an absolute path outside"),
        pytest.param("../..", "", id="the project itself"),
        pytest.param("..", "", id="all of vendor"),
    ],
)
def test_a_package_owns_its_directory_within_the_project(path: str | None, owned: str) -> None:
    found = _installed({"packages": [{"name": "acme/log", "version": "1.0", "install-path": path}]})
    assert found.paths_of("log") == ((owned,) if owned else ())
    assert len(found.warnings) == (not owned and path is not None)


def test_a_project_in_the_root_reaches_no_further_than_vendor() -> None:
    found = _installed({"packages": [{"name": "acme/log", "install-path": "../../etc"}]}, root="")
    assert found.paths_of("log") == ()
    assert "/etc" in found.warnings[0]


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"[" * 100_000, "not JSON", id="deep"),
        pytest.param(b'"text"', "packages is not a list", id="a text"),
        pytest.param(b'{"packages": 3}', "packages is not a list", id="no list"),
        pytest.param(b'{"packages": [3]}', "packages[0] has no name", id="a number for a package"),
        pytest.param(b'{"packages": [{"name": ["x"]}]}', "packages[0] has no name", id="a list for a name"),
    ],
)
def test_a_damaged_list_costs_a_warning_that_names_it(content: bytes, warning: str) -> None:
    found = catalogued(PHP, [file("srv/vendor/composer/installed.json", content)])
    assert found.claims == ()
    assert [message[:38] for message in found.warnings] == ["/srv/vendor/composer/installed.json: " + warning[:1]]
    assert warning in found.warnings[0]


def test_a_list_elsewhere_is_not_composers() -> None:
    document = json.dumps({"packages": [{"name": "acme/log", "version": "1.0"}]}).encode()
    assert catalogued(PHP, [file("srv/vendor/installed.json", document)]).claims == ()


@pytest.mark.parametrize(
    ("programs", "owned"),
    [
        pytest.param("bin/log", ["log"], id="one"),
        pytest.param(["bin/log", "tail", 7, None], ["log", "tail"], id="several"),
        pytest.param({"log": 1}, [], id="another type"),
        pytest.param(["x"] * 1000 + ["log"], [], id="more than are looked for"),
        pytest.param(["x"] * 999 + ["log"], ["log"], id="as many as are looked for"),
    ],
)
def test_a_package_owns_its_programs(programs: object, owned: list[str]) -> None:
    document = {"packages": [{"name": "acme/log", "bin": programs}]}
    members = [file("srv/vendor/composer/installed.json", json.dumps(document).encode())]
    found = catalogued(PHP, [*members, *(file(f"srv/vendor/bin/{name}") for name in ("log", "tail", "None"))])
    assert found.paths_of("log") == tuple(f"/srv/vendor/bin/{name}" for name in owned)


def test_a_name_without_a_vendor_and_no_path_is_that_of_a_directory_in_vendor() -> None:
    found = _installed([{"name": "acme/log"}, {"name": "log", "install-path": 7}, {"name": "acme", "version": 2}])
    claims = [(claim.namespace, claim.name, claim.version) for claim in found.claims]
    assert claims == [("acme", "log", ""), ("", "log", ""), ("", "acme", "")]
