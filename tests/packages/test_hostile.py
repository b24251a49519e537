"""Databases that lie: each costs warnings at most, and the account holds."""

import gzip
import json
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.packages.cataloger import Cataloger
from layerscope.packages.catalogers.apk import APK
from layerscope.packages.catalogers.bitnami import BITNAMI
from layerscope.packages.catalogers.chisel import CHISEL
from layerscope.packages.catalogers.conda import CONDA
from layerscope.packages.catalogers.dpkg import DPKG, OPKG
from layerscope.packages.catalogers.pacman import PACMAN
from layerscope.packages.catalogers.portage import PORTAGE
from layerscope.packages.catalogers.rpm import RPM
from tests.builder import ImageSpec, Member, docker_legacy, file, hardlink, layer, symlink, whiteout
from tests.packages.images import context_of
from tests.packages.inventories import inventory
from tests.packages.test_dpkg import listing, stanza, status

_FRAGMENTS = [
    b"Package: a\n",
    b"Version: 1\n",
    b"Status: install ok installed\n",
    b"Conffiles:\n /etc/a 0\n \n  obsolete\n",
    b"P:a\nV:1\n",
    b"F:etc\nR:a\n",
    b"F:../..\nR:..\n",
    b"a:\nZ:\n",
    b"%NAME%\na\n\n%VERSION%\n1\n\n%FILES%\netc/a\n",
    b"%FILES%\n",
    b"obj /etc/a 0 0\nsym /etc/a -> \nobj\n",
    b'{"jsonwall":"1.0"}\n{"kind":"package","name":"a","version":"1"}\n',
    b'{"kind":"path","path":"/etc/a","slices":["a_b", null]}\n',
    b'{"name":"a","version":"1","files":["../../etc/a", "etc/a", null]}',
    b'{"packages":[{"name":"a","versionInfo":"1"},null]}',
    b"#mtree\n/set type=dir\n./etc/a\\057 type=file\n./\\777\n",
    b"/etc/a\n/etc\n/../etc/a\n//\n\n.\n",
    b"/etc/a\n/etc/b\n:\n",
    b"\n\n",
    b"\0\xff\xfe",
    b"/" * 300,
]
_bytes = st.lists(st.sampled_from(_FRAGMENTS), max_size=8).map(b"".join)
_packed: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, zstandard.compress]
_databases = [
    (DPKG, ("var/lib/dpkg/status", "var/lib/dpkg/info/a.list", "var/lib/dpkg/diversions", "var/lib/dpkg/status.d/a")),
    (OPKG, ("usr/lib/opkg/status", "usr/lib/opkg/info/a.list", "usr/lib/opkg/info/a.control")),
    (APK, ("lib/apk/db/installed",)),
    (RPM, ("var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite-wal", "var/lib/rpm/Packages")),
    (PACMAN, tuple(f"var/lib/pacman/local/a-1/{name}" for name in ("desc", "files", "mtree"))),
    (PORTAGE, ("var/db/pkg/c/a-1/CONTENTS", "var/db/pkg/c/-1/CONTENTS", "var/db/pkg/CONTENTS")),
    (CHISEL, ("var/lib/chisel/manifest.wall",)),
    (CONDA, ("opt/conda/conda-meta/a.json", "conda-meta/a.json")),
    (BITNAMI, ("opt/bitnami/a/.spdx-a.spdx", "opt/bitnami/a/.spdx-.spdx")),
]


@pytest.mark.parametrize(("cataloger", "paths"), [pytest.param(*row, id=row[1][0]) for row in _databases])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_no_content_of_a_database_makes_a_cataloger_fail(
    cataloger: Cataloger, paths: tuple[str, ...], data: st.DataObject
) -> None:
    def members() -> list[Member]:
        found = [file("etc/a", b"1"), file("etc/b", b"22"), symlink("bin", "usr/bin")]
        for path in paths:
            content = data.draw(st.sampled_from(_packed))(data.draw(_bytes))
            kinds = {"file": file(path, content), "link": symlink(path, "/etc/a"), "hard": hardlink(path, "etc/a")}
            kinds |= {"gone": whiteout(path)}
            found.append(kinds[data.draw(st.sampled_from(["file", "file", "file", *kinds]))])
        return found

    found = inventory(members(), members(), catalogers=[cataloger])
    assert not [warning for warning in found.warnings if " packages after " in warning], "nothing unforeseen"


def test_a_list_repeated_without_end_is_read_in_linear_time() -> None:
    repeated = listing("tool", *["/bin"] * 200_000, "/bin/tool")
    members = [status(stanza("tool")), symlink("bin", "usr/bin"), file("usr/bin/tool", b"1"), repeated]
    found = inventory(members, [status(stanza("other")), whiteout("usr/bin/tool")], catalogers=[DPKG])
    assert found.names == ["other", "tool"]


def test_records_of_many_versions_of_one_package_are_one() -> None:
    members = [status(*(stanza("tool", str(number)) for number in range(5000))), listing("tool", "/usr/tool")]
    found = inventory([*members, file("usr/tool", b"1")], catalogers=[DPKG])
    assert [package.version for package in found.packages] == ["4999"]


def test_components_of_one_directory_do_not_each_walk_through_it() -> None:
    document = json.dumps({"packages": [{"versionInfo": "1"}]}).encode()
    members = [file(f"opt/bitnami/common/.spdx-{number}.spdx", document) for number in range(500)]
    assert len(inventory(members, catalogers=[BITNAMI]).packages) == 500


def test_a_database_longer_than_any_real_one_is_not_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    archive = tmp_path_factory.mktemp("long") / "image.tar"
    archive.write_bytes(docker_legacy(ImageSpec(layers=(layer(status(stanza("tool"))),))))
    warnings: list[str] = []
    with context_of(str(archive), DPKG, warnings.append) as context:
        [number] = context.matches
        assert context.read_all(number, 10) is None
    [warning] = warnings
    assert warning.startswith(f"/var/lib/dpkg/status: {len(stanza('tool'))} bytes exceed the limit of 10")
