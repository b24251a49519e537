import json

import pytest

from layerscope.errors import LimitExceeded
from layerscope.packages.catalogers.apk import APK
from layerscope.packages.catalogers.java import JAVA
from layerscope.packages.catalogers.npm import NPM
from layerscope.packages.catalogers.php import PHP
from layerscope.packages.catalogers.ruby import RUBY
from layerscope.packages.context import Budget
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


def test_an_archive_with_many_names_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[int] = []
    monkeypatch.setattr(Budget, "spend", lambda _, count: spent.append(count))
    links = [hardlink(f"opt/link-{number}.jar", "opt/x.jar") for number in range(500)]
    found = catalogued(JAVA, [file("opt/x.jar", zipped(pom("a", "x", "1"))), *links])
    assert len(found.claims) == 501
    assert len([count for count in spent if count > 64]) < 20


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
    monkeypatch.setattr(Budget, "spend", lambda _, count: spent.append(count))
    poms = {f"META-INF/maven/g/a{number}/pom.properties": b"\n" * (1 << 20) for number in range(30)}
    archive = zipped(poms)
    assert len(catalogued(JAVA, [file("opt/x.jar", archive)]).claims) == 31
    assert sum(spent) < 2 * len(archive)


def test_many_short_lines_count_more_than_their_bytes() -> None:
    gemspecs = [file(f"usr/lib/ruby/gems/3/specifications/a{n}-1.gemspec", b"\n" * 190_000) for n in range(4)]
    with pytest.raises(LimitExceeded, match="to read"):
        catalogued(RUBY, gemspecs)


def test_a_record_of_more_lines_than_any_real_one_has_is_not_read() -> None:
    path = "usr/lib/ruby/gems/3/specifications/a-1.gemspec"
    text = b"# stub: b 2 ruby lib\n"
    assert catalogued(RUBY, [file(path, text + b"\n" * 199_999)]).versions == [("b", "2")]
    found = catalogued(RUBY, [file(path, text + b"\n" * 200_000)])
    assert (found.versions, found.warnings) == (
        [("a", "1")],
        (f"/{path}: 200,001 lines exceed the limit of 200,000; not read",),
    )


def test_a_database_of_more_lines_than_any_real_one_has_is_not_read() -> None:
    found = catalogued(APK, [file("lib/apk/db/installed", b"P:a\nV:1\n" + b"\n" * 999_999)])
    assert not found.claims
    assert found.warnings == ("/lib/apk/db/installed: 1,000,001 lines exceed the limit of 1,000,000; not read",)


def test_json_of_more_values_than_any_real_record_has_is_not_parsed() -> None:
    found = catalogued(PHP, [file("srv/vendor/composer/installed.json", b"[" + b"[]," * 200_000 + b"1]")])
    assert not found.claims and "over 300,000 values" in found.warnings[0]
