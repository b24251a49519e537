import json

import pytest

from layerscope.errors import LimitExceeded
from layerscope.packages.context import Context
from layerscope.packages.java import JAVA
from layerscope.packages.npm import NPM
from layerscope.packages.php import PHP
from tests.builder import file, hardlink
from tests.packages.images import catalogued
from tests.packages.zips import pom, zipped


def test_records_that_all_name_one_large_directory_are_refused() -> None:
    packages = [{"name": f"a/x{number}", "install-path": "../big"} for number in range(400)]
    listing = file("srv/vendor/composer/installed.json", json.dumps({"packages": packages}).encode())
    with pytest.raises(LimitExceeded):
        catalogued(PHP, [listing, *(file(f"srv/vendor/big/{number}") for number in range(500))])


def test_an_honest_image_stays_far_within_the_budget() -> None:
    archive = zipped(pom("a", "x", "1"))
    links = [hardlink(f"opt/link-{number}.jar", "opt/x.jar") for number in range(500)]
    assert len(catalogued(JAVA, [file("opt/x.jar", archive), *links]).claims) == 501


def test_what_is_read_again_under_every_name_is_refused() -> None:
    manifest = file("a/node_modules/x/package.json", json.dumps({"name": "x", "readme": "." * 900_000}).encode())
    links = [hardlink(f"a/node_modules/y{number}/package.json", manifest.name) for number in range(60)]
    with pytest.raises(LimitExceeded, match="to read"):
        catalogued(NPM, [manifest, *links])


def test_what_comes_out_of_an_archive_is_counted() -> None:
    poms = {f"META-INF/maven/g/a{number}/pom.properties": b"\n" * 60_000 for number in range(600)}
    with pytest.raises(LimitExceeded, match="to read"):
        catalogued(JAVA, [file("opt/x.jar", zipped(poms))])


def test_properties_longer_than_any_real_ones_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[int] = []
    monkeypatch.setattr(Context, "spend", lambda _, count: spent.append(count))
    poms = {f"META-INF/maven/g/a{number}/pom.properties": b"\n" * (1 << 20) for number in range(30)}
    archive = zipped(poms)
    assert len(catalogued(JAVA, [file("opt/x.jar", archive)]).claims) == 31
    assert sum(spent) < 2 * len(archive)
