"""Composer's packages for development, marked by Composer 2 or listed in a lockfile."""

import json
from pathlib import Path

import pytest

from tests.builder import Member, docker_legacy, file, layer
from tests.rules.conftest import copied, found_in, of_rule, paths_of

PACKAGES = [
    {"name": "acme/log", "version": "1.0", "install-path": "../acme/log"},
    {"name": "acme/unit", "version": "v9.5", "install-path": "../acme/unit", "bin": ["bin/unit"]},
]
FILES = [
    file("srv/vendor/acme/log/Log.php", b"<?php"),
    file("srv/vendor/acme/unit/Unit.php", b"<?php"),
    file("srv/vendor/bin/unit", b"#!php"),
]
MARKED = {"packages": PACKAGES, "dev": True, "dev-package-names": ["acme/unit"]}
LOCK = {"packages": PACKAGES[:1], "packages-dev": PACKAGES[1:]}
FOUND = {"/srv/vendor/acme/unit/Unit.php", "/srv/vendor/bin/unit"}


def _found(directory: Path, installed: object, *members: Member, **fields: object) -> set[str]:
    listing = file("srv/vendor/composer/installed.json", json.dumps(installed).encode())
    path = directory / "image.tar"
    path.write_bytes(docker_legacy(copied(layer(listing, *FILES, *members), **fields)))
    return paths_of(found_in(str(path), 0), "php-dev-deps")


def test_what_composer_marks_is_caught_with_its_programs(tmp_path: Path) -> None:
    assert _found(tmp_path, MARKED) == FOUND


def test_composer_1_needs_the_lockfile(tmp_path: Path) -> None:
    assert _found(tmp_path, PACKAGES, file("srv/composer.lock", json.dumps(LOCK).encode())) == FOUND


@pytest.mark.parametrize(
    ("installed", "lock"),
    [
        pytest.param({**MARKED, "dev-package-names": []}, LOCK, id="none is marked, whatever a lockfile says"),
        pytest.param(PACKAGES, {}, id="no lockfile"),
        pytest.param(PACKAGES, {"packages-dev": [{"name": "acme/unit", "version": "v9"}]}, id="another version"),
        pytest.param(PACKAGES, {"packages": PACKAGES, "packages-dev": PACKAGES}, id="production needs it too"),
        pytest.param({"packages": PACKAGES, "dev-package-names": "acme/unit"}, {}, id="not a list"),
    ],
)
def test_other_packages_are_not_caught(tmp_path: Path, installed: object, lock: object) -> None:
    assert _found(tmp_path, installed, file("srv/composer.lock", json.dumps(lock).encode())) == set()


def test_a_lockfile_of_another_project_says_nothing(tmp_path: Path) -> None:
    assert _found(tmp_path, PACKAGES, file("opt/composer.lock", json.dumps(LOCK).encode())) == set()


def test_packages_of_the_base_are_not_caught(tmp_path: Path) -> None:
    listing = file("srv/vendor/composer/installed.json", json.dumps(MARKED).encode())
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(copied(layer(listing, *FILES), layer(file("srv/index.php", b"<?php")))))
    assert paths_of(found_in(str(path), 1), "php-dev-deps") == set()


def test_packages_of_an_image_for_development_are_not_caught(tmp_path: Path) -> None:
    assert _found(tmp_path, MARKED, env=("APP_ENV=dev",)) == set()
    assert _found(tmp_path, MARKED, env=("APP_ENV=prod",)) == FOUND
    assert _found(tmp_path, MARKED, cmd=("vendor/bin/unit",)) == set()


@pytest.mark.parametrize(
    ("fields", "is_found"),
    [
        ({"cmd": ("phpunit",)}, False),
        ({"cmd": ("vendor/bin/pest",)}, False),
        ({"env": ("APP_ENV=Local",)}, False),
        ({"env": ("MODE=dev",)}, True),
        ({"env": ("APP_ENV=staging",)}, True),
    ],
)
def test_what_the_image_is_for(tmp_path: Path, fields: dict[str, tuple[str, ...]], is_found: bool) -> None:
    assert _found(tmp_path, MARKED, **fields) == (FOUND if is_found else set())


@pytest.mark.parametrize(
    ("locks", "is_found"),
    [
        pytest.param([("composer.lock", LOCK)], True, id="beside the Dockerfile"),
        pytest.param([("build:/x/composer.lock", LOCK)], True, id="in a builder"),
        pytest.param([("/other/composer.lock", LOCK)], False, id="of another project"),
        pytest.param([("other.lock", LOCK)], False, id="another lockfile"),
        pytest.param([("composer.lock", {"packages-dev": [7, {}]}), ("b:/composer.lock", LOCK)], True, id="the second"),
        pytest.param([("composer.lock", {"packages-dev": [{"name": "acme/unit"}]})], False, id="without a version"),
        pytest.param([("composer.lock", {"packages-dev": {"name": "acme/unit"}})], False, id="no list"),
    ],
)
def test_the_lockfile_may_lie_outside_of_the_image(
    tmp_path: Path, locks: list[tuple[str, object]], is_found: bool
) -> None:
    path = tmp_path / "image.tar"
    listing = file("srv/vendor/composer/installed.json", json.dumps(PACKAGES).encode())
    path.write_bytes(docker_legacy(copied(layer(listing, *FILES))))
    outside = tuple((name, json.dumps(lock).encode()) for name, lock in locks)
    found = of_rule(found_in(str(path), 0, outside), "php-dev-deps")
    assert [one.detail for one in found] == [f"by {locks[-1][0]}: acme/unit"] * is_found


@pytest.mark.parametrize(("more", "found"), [(0, FOUND), (1, set[str]())])
def test_the_list_of_what_is_installed_is_read_up_to_a_length(tmp_path: Path, more: int, found: set[str]) -> None:
    listing = file("srv/vendor/composer/installed.json", json.dumps(MARKED).encode().rjust((16 << 20) + more))
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(copied(layer(listing, *FILES))))
    assert paths_of(found_in(str(path), 0), "php-dev-deps") == found
