import pytest

from layerscope.packages.catalogers.bitnami import BITNAMI
from layerscope.packages.catalogers.dpkg import DPKG
from layerscope.packages.catalogers.homebrew import HOMEBREW
from layerscope.packages.catalogers.kernel import KERNEL
from layerscope.packages.catalogers.nix import NIX
from tests.builder import directory, file, symlink, whiteout
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
