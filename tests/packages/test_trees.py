import json

import pytest

from layerscope.packages.catalogers.bitnami import BITNAMI
from layerscope.packages.catalogers.dpkg import DPKG
from layerscope.packages.catalogers.homebrew import HOMEBREW
from layerscope.packages.catalogers.kernel import KERNEL
from layerscope.packages.catalogers.nix import NIX
from tests.builder import directory, file, hardlink, symlink, whiteout
from tests.packages.inventories import inventory
from tests.packages.test_dpkg import listing, stanza, status

_DIGEST = "0c7c96gikmzv87i7lv3vq5s1cmfjd6zf"


@pytest.mark.parametrize(
    ("store_name", "name", "version"),
    [
        pytest.param("glibc-2.38-44", "glibc", "2.38-44", id="version"),
        pytest.param("gcc-wrapper-12.3.0", "gcc-wrapper", "12.3.0", id="hyphen in the name"),
        pytest.param("python3.11-six-1.16", "python3.11-six", "1.16", id="digits in the name"),
        pytest.param("source", "source", "", id="no version"),
    ],
)
def test_a_store_path_owns_its_tree(store_name: str, name: str, version: str) -> None:
    root = f"nix/store/{_DIGEST}-{store_name}"
    found = inventory(
        [directory("nix/store"), directory(root), file(f"{root}/lib/libc.so", b"12345"), symlink(f"{root}/l", "lib")],
        [file("nix/store/.links/x", b"1"), file("nix/store/short-name-1/x", b"1")],
        catalogers=[NIX],
    )
    [package] = found.packages
    assert (package.name, package.version, package.layer) == (name, version, 0)
    assert found.paths(name) == {f"/{root}/lib/libc.so", f"/{root}/l"}


def test_a_store_path_that_a_layer_deleted_still_costs_its_bytes() -> None:
    root = f"nix/store/{_DIGEST}-hello-2.12"
    package = inventory([file(f"{root}/bin/hello", b"12345")], [whiteout(root)], catalogers=[NIX]).one("hello")
    assert (package.removed_in, package.hidden_bytes, package.content_bytes) == (1, 5, 0)


def test_a_store_path_may_be_a_file() -> None:
    found = inventory([file(f"nix/store/{_DIGEST}-builder.sh", b"12345")], catalogers=[NIX])
    assert found.one("builder.sh").content_bytes == 5


def test_a_formula_owns_its_keg() -> None:
    cellar = "home/linuxbrew/.linuxbrew/Cellar"
    found = inventory(
        [
            file(f"{cellar}/jq/1.7.1/bin/jq", b"12345"),
            file(f"{cellar}/jq/1.7.1/INSTALL_RECEIPT.json", b"{}"),
            file(f"{cellar}/stray", b"1"),
            symlink("home/linuxbrew/.linuxbrew/bin/jq", "../Cellar/jq/1.7.1/bin/jq"),
        ],
        catalogers=[HOMEBREW],
    )
    package = found.one("jq")
    assert (package.version, package.content_bytes, package.files) == ("1.7.1", 7, 2)


def test_kernel_modules_that_no_package_lists_are_a_package_of_their_version() -> None:
    found = inventory(
        [
            file("usr/lib/modules/6.1.0-18-amd64/kernel/fs/ext4.ko.xz", b"12345"),
            file("usr/lib/modules/6.1.0-18-amd64/modules.dep", b"1"),
            file("usr/lib/modules/README", b"1"),
        ],
        catalogers=[KERNEL],
    )
    package = found.one("linux-modules")
    assert (package.version, package.content_bytes, package.shared) == ("6.1.0-18-amd64", 6, False)


def test_kernel_modules_that_a_package_lists_are_its_own() -> None:
    found = inventory(
        [
            status(stanza("linux-image")),
            listing("linux-image", "/lib/modules/6.1/kernel/ext4.ko"),
            file("lib/modules/6.1/kernel/ext4.ko", b"12345"),
        ],
        catalogers=[KERNEL, DPKG],
    )
    assert found.one("linux-modules").shared
    assert "/lib/modules/6.1/kernel/ext4.ko" in found.paths("linux-image")


def _spdx(component: str, version: str) -> bytes:
    return f'{{"packages": [{{"name": "{component}", "versionInfo": "{version}"}}, {{"name": "x"}}]}}'.encode()


def test_a_component_of_bitnami_owns_its_directory() -> None:
    found = inventory(
        [
            directory("opt"),
            directory("opt/bitnami"),
            directory("opt/bitnami/redis"),
            directory("opt/bitnami/redis/bin"),
            file("opt/bitnami/redis/.spdx-redis.spdx", _spdx("redis", "7.2.4-3")),
            file("opt/bitnami/redis/bin/redis-server", b"12345"),
            file("opt/bitnami/other", b"1"),
        ],
        catalogers=[BITNAMI],
    )
    assert found.one("redis").purl == "pkg:bitnami/redis@7.2.4-3"
    assert found.paths("redis") == {"/opt/bitnami/redis/.spdx-redis.spdx", "/opt/bitnami/redis/bin/redis-server"}


def test_components_that_share_a_directory_own_the_files_of_their_names() -> None:
    common = "opt/bitnami/common"
    found = inventory(
        [
            *(directory(path) for path in ("opt", "opt/bitnami", common, f"{common}/bin", f"{common}/licenses")),
            *(file(f"{common}/.spdx-{name}.spdx", _spdx(name, "1")) for name in ("absent", "gosu", "yq")),
            *(file(f"{common}/bin/{name}", b"1") for name in ("gosu", "yq", "stray")),
            file(f"{common}/licenses/yq-4.txt", b"1"),
        ],
        catalogers=[BITNAMI],
    )
    assert found.paths("absent") == {f"/{common}/.spdx-absent.spdx"}
    assert found.paths("gosu") == {f"/{common}/.spdx-gosu.spdx", f"/{common}/bin/gosu"}
    assert found.paths("yq") == {f"/{common}/.spdx-yq.spdx", f"/{common}/bin/yq", f"/{common}/licenses/yq-4.txt"}


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"packages": 7}', b'{"packages": [{"versionInfo": []}]}'])
def test_a_component_whose_document_is_broken_costs_a_warning(data: bytes) -> None:
    found = inventory([file("opt/bitnami/redis/.spdx-redis.spdx", data)], catalogers=[BITNAMI])
    assert found.names == []
    assert found.warnings
    assert "/opt/bitnami/redis/.spdx-redis.spdx" in found.warnings[0]


def test_what_a_builder_of_nix_left_is_no_package_and_hides_none() -> None:
    names = ("a-1.drv", "b-1.lock", "c-1.lock", "d-1", "e-1.lock")
    contents = (b"recipe", b"", b"12345", b"", b"")
    found = inventory(
        [
            file("nix/store/a-1", b"1"),
            *(file(f"nix/store/{_DIGEST}-{name}", data) for name, data in zip(names, contents, strict=True)),
            hardlink(f"nix/store/{_DIGEST}-f-1.lock", "nix/store/a-1"),
            file(f"nix/store/{_DIGEST}-g-1.lock/a"),
            file(f"nix/store/{_DIGEST}-g-1.lock/b", b"1"),
        ],
        catalogers=[NIX],
    )
    assert [(one.name, one.version) for one in found.packages] == [
        ("c", "1.lock"),
        ("d", "1"),
        ("f", "1.lock"),
        ("g", "1.lock"),
    ]


@pytest.mark.parametrize("suffix", [".ko", ".ko.gz", ".ko.xz", ".ko.zst"])
def test_a_directory_of_modules_is_a_package_where_it_holds_a_live_module(suffix: str) -> None:
    found = inventory(
        [
            file("lib/modules/1/modules.dep"),
            file(f"lib/modules/2/x{suffix}"),
            file(f"lib/modules/3/x{suffix}"),
            file(f"lib/modules/4/x{suffix}/README"),
        ],
        [whiteout("lib/modules/3")],
        catalogers=[KERNEL],
    )
    assert [one.version for one in found.packages] == ["2"]


@pytest.mark.parametrize(
    ("path", "is_record"),
    [
        ("opt/bitnami/a/.spdx-a.spdx", True),
        ("opt/bitnami/a/b/c/.spdx-a.spdx", True),
        ("opt/bitnami/a/b/c/d/.spdx-a.spdx", False),
        ("srv/bitnami/a/.spdx-a.spdx", False),
        ("opt/bitnami/a/a.spdx", False),
        ("opt/bitnami/a/x.spdx-a.spdx", False),
    ],
)
def test_a_component_has_its_document_in_its_directory(path: str, is_record: bool) -> None:
    found = inventory([file(path, _spdx("a", "1"))], catalogers=[BITNAMI])
    assert (found.names, found.warnings) == (["a"] * is_record, ())


@pytest.mark.parametrize(
    ("packages", "version"),
    [
        pytest.param([{"name": "x", "versionInfo": "1"}, {"name": "a", "versionInfo": "2"}], "2", id="its own"),
        pytest.param([{"name": "x", "versionInfo": "1"}, {"versionInfo": "2"}], "1", id="the first"),
        pytest.param([7, "x", {"versionInfo": "2"}], "2", id="the first that is one"),
        pytest.param([{"name": "a", "versionInfo": ["2"]}, {"versionInfo": "1"}], "", id="its own of another type"),
        pytest.param([], "", id="none"),
        pytest.param({"versionInfo": "1"}, "", id="no list"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_the_version_of_a_component_is_that_of_its_package(packages: object, version: str) -> None:
    path = "opt/bitnami/a/.spdx-a.spdx"
    found = inventory([file(path, json.dumps({"packages": packages}).encode())], catalogers=[BITNAMI])
    assert [one.version for one in found.packages] == ([version] if version else [])
    assert found.warnings == (() if version else (f"/{path} names no version of a",))


def test_two_components_in_a_directory_share_it_and_one_alone_has_all_of_it() -> None:
    names = ("yq", "yq-4.txt", "yq.d", "yqx", "yq\x01x", ".yq", "other")
    members = [file(f"opt/bitnami/{place}/{name}", b"1") for place in ("one", "two") for name in names]
    records = [("one", "yq"), ("two", "yq"), ("two", "gosu")]
    documents = [file(f"opt/bitnami/{place}/.spdx-{name}.spdx", _spdx(name, place)) for place, name in records]
    found = inventory([*members, *documents], catalogers=[BITNAMI])
    assert found.paths("yq", "one") == {f"/opt/bitnami/one/{name}" for name in (*names, ".spdx-yq.spdx")}
    assert found.paths("yq", "two") == {f"/opt/bitnami/two/{name}" for name in (*names[:3], ".spdx-yq.spdx")}
    assert found.paths("gosu") == {"/opt/bitnami/two/.spdx-gosu.spdx"}


def test_a_name_of_many_parts_begins_with_ten_of_them() -> None:
    name = "-".join("abcdefghijkl")
    components = ["-".join("abcdefghij"), "-".join("abcdefghijk")]
    documents = [file(f"opt/bitnami/x/.spdx-{one}.spdx", _spdx(one, "1")) for one in components]
    found = inventory([file(f"opt/bitnami/x/{name}", b"1"), *documents], catalogers=[BITNAMI])
    assert f"/opt/bitnami/x/{name}" in found.paths(components[0])
    longer = inventory(
        [file(f"opt/bitnami/x/{name}", b"1"), documents[1], file("opt/bitnami/x/.spdx-b.spdx", _spdx("b", "1"))],
        catalogers=[BITNAMI],
    )
    assert f"/opt/bitnami/x/{name}" not in longer.paths(components[1])
