import json

import pytest

from layerscope.model.pathset import RangedFile
from layerscope.packages.catalogers.yarn import YARN
from tests.builder import file
from tests.packages.images import catalogued
from tests.packages.zips import zipped

_NAME = "srv/.yarn/cache/@acme-tool-npm-1.2.0-0123456789-abcdef0123.zip"


def _packed(content: bytes) -> bytes:
    return zipped(
        {"node_modules/@acme/tool/package.json": content, "node_modules/@acme/tool/esm/package.json": b'{"name": "x"}'}
    )


@pytest.mark.parametrize("compressed", [False, True], ids=["plain layer", "compressed layer"])
def test_an_archive_in_the_cache_owns_itself_by_the_manifest_inside(compressed: bool) -> None:
    data = _packed(json.dumps({"name": "@acme/tool", "version": "1.2.0"}).encode())
    found = catalogued(
        YARN, [file(_NAME, data), file("srv/.yarn/cache/.gitignore"), file("srv/x.zip", data)], compressed=compressed
    )
    [claim] = found.claims
    assert (claim.type, claim.namespace, claim.name, claim.version) == ("npm", "@acme", "tool", "1.2.0")
    assert found.paths == ((f"/{_NAME}",),)


@pytest.mark.parametrize(
    ("data", "name", "version", "warned"),
    [
        pytest.param(b"", "@acme-tool", "1.2.0", True, id="empty"),
        pytest.param(_packed(b"{")[:-10], "@acme-tool", "1.2.0", True, id="cut"),
        pytest.param(_packed(b"{"), "tool", "1.2.0", False, id="no manifest"),
        pytest.param(_packed(b"[" * 100_000), "tool", "1.2.0", False, id="a deep manifest"),
        pytest.param(_packed(b"[]"), "tool", "1.2.0", False, id="a list"),
        pytest.param(_packed(b'{"name": 3}'), "tool", "", False, id="wrong types"),
    ],
)
def test_a_damaged_archive_is_known_by_its_name(data: bytes, name: str, version: str, warned: bool) -> None:
    found = catalogued(YARN, [file(_NAME, data)])
    assert found.versions == [(name, version)]
    assert len(found.warnings) == warned


@pytest.mark.parametrize(
    ("content", "name", "version"),
    [
        pytest.param(b'{"name": "real", "version": "2"}', "real", "2", id="another name than its directory"),
        pytest.param(b'{"version": "2"}', "alias", "2", id="no name"),
        pytest.param(b'{"name": "real"}'.ljust(1 << 20), "real", "", id="as long as is read"),
        pytest.param(b'{"name": "real"}'.ljust((1 << 20) + 1), "alias", "", id="longer than is read"),
    ],
)
def test_the_manifest_inside_says_the_name_before_its_directory(content: bytes, name: str, version: str) -> None:
    data = zipped({"node_modules/alias/package.json": content})
    assert catalogued(YARN, [file(_NAME, data)]).versions == [(name, version)]


def test_an_archive_of_which_nothing_was_kept_is_known_by_its_name() -> None:
    lost = RangedFile(lambda start, length: None, 1000, "/x/a-npm-1.2-0.zip", print, print)
    assert YARN.wanted.ranges is not None and YARN.wanted.ranges.analyse(lost) == ("a", "1.2")
