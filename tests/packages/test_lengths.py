"""Records as long as catalogers read them, and one byte longer."""

import json
from types import SimpleNamespace
from typing import cast

import pytest

from layerscope.errors import LimitExceeded
from layerscope.filesystem.tree import Filesystem
from layerscope.model.limits import GIB, KIB, MIB
from layerscope.packages.cataloger import Cataloger
from layerscope.packages.catalogers.apk import APK
from layerscope.packages.catalogers.bitnami import BITNAMI
from layerscope.packages.catalogers.conda import CONDA
from layerscope.packages.catalogers.dotnet import DOTNET
from layerscope.packages.catalogers.erlang import ERLANG
from layerscope.packages.catalogers.homebrew import HOMEBREW
from layerscope.packages.catalogers.java import JAVA
from layerscope.packages.catalogers.kernel import KERNEL
from layerscope.packages.catalogers.lua import LUA
from layerscope.packages.catalogers.nix import NIX
from layerscope.packages.catalogers.npm import NPM
from layerscope.packages.catalogers.php import PHP
from layerscope.packages.catalogers.python import PYTHON
from layerscope.packages.catalogers.r import R
from layerscope.packages.catalogers.ruby import RUBY
from layerscope.packages.catalogers.toolchains import TOOLCHAINS
from layerscope.packages.catalogers.yarn import YARN
from layerscope.packages.context import Budget
from tests.builder import ImageSpec, file, layer, oci_archive
from tests.image.opening import file_of
from tests.packages.images import catalogued, context_of

_DEPS = {"libraries": {"a/1": {"type": "package"}}}
_SITE = "lib/python3/site-packages"


@pytest.mark.parametrize(
    ("cataloger", "path", "content", "most"),
    [
        pytest.param(NPM, "srv/node_modules/x/package.json", b'{"name": "a", "version": "1"}', MIB, id="npm"),
        pytest.param(RUBY, "home/specifications/x.gemspec", b"# stub: a 1 ruby lib\n", MIB, id="ruby"),
        pytest.param(PHP, "srv/vendor/composer/installed.json", b'[{"name": "a", "version": "1"}]', 32 * MIB, id="php"),
        pytest.param(DOTNET, "srv/x.deps.json", json.dumps(_DEPS).encode(), 16 * MIB, id="dotnet"),
        pytest.param(R, "lib/a/DESCRIPTION", b"Package: a\nVersion: 1\nBuilt: x\n", MIB, id="r"),
        pytest.param(ERLANG, "lib/a/ebin/a.app", b'{application, a, [{vsn, "1"}]}.', MIB, id="erlang"),
        pytest.param(TOOLCHAINS, "opt/jdk/release", b'JAVA_VERSION="1"\nIMAGE_TYPE="JRE"\n', 64 * KIB, id="toolchains"),
        pytest.param(CONDA, "opt/conda-meta/x.json", b'{"name": "a", "version": "1"}', 32 * MIB, id="conda"),
        pytest.param(
            BITNAMI, "opt/bitnami/a/.spdx-a.spdx", b'{"packages": [{"versionInfo": "1"}]}', 32 * MIB, id="bitnami"
        ),
        pytest.param(APK, "lib/apk/db/installed", b"P:a\nV:1\n", 16 * MIB, id="apk"),
    ],
)
def test_a_record_longer_than_the_longest_is_not_read(
    cataloger: Cataloger, path: str, content: bytes, most: int
) -> None:
    library, compressed = file("opt/jdk/lib/modules"), most <= MIB
    found = catalogued(cataloger, [file(path, content.ljust(most + 1)), library], compressed=compressed)
    assert [claim.version for claim in found.claims] in ([], [""])
    assert found.warnings[0] == f"/{path}: {most + 1:,} bytes exceed the limit of {most:,}; not read"
    if most <= MIB:  # Longer ones take long to read.
        found = catalogued(cataloger, [file(path, content.ljust(most)), library], compressed=compressed)
        assert ([claim.version for claim in found.claims], found.warnings) == (["1"], ())


@pytest.mark.parametrize(
    ("cataloger", "path", "content", "most", "owned"),
    [
        pytest.param(PYTHON, f"{_SITE}/a-1.dist-info/RECORD", b"b.py,,\n", 8 * MIB, f"{_SITE}/b.py", id="record"),
        pytest.param(PYTHON, f"{_SITE}/a-1.dist-info/top_level.txt", b"mod\n", MIB, f"{_SITE}/mod.py", id="modules"),
        pytest.param(
            PYTHON,
            f"{_SITE}/a-1.dist-info/direct_url.json",
            b'{"url": "file:///src", "dir_info": {"editable": true}}',
            MIB,
            "src/a/__init__.py",
            id="editable",
        ),
        pytest.param(
            LUA,
            "lib/luarocks/rocks/a/1/rock_manifest",
            b'rock_manifest = { bin = { x = "0" } }',
            4 * MIB,
            "bin/x",
            id="lua",
        ),
    ],
)
def test_a_list_of_files_is_read_up_to_its_longest(
    cataloger: Cataloger, path: str, content: bytes, most: int, owned: str
) -> None:
    others = [file(f"{_SITE}/a-1.dist-info/METADATA", b"Name: a\nVersion: 1\n")] if cataloger is PYTHON else []
    padding = b"x" * 1023 + b"\n" if path.endswith("RECORD") else b" "
    for length, is_read in ((most, True), (most + 1, False)):
        data = (content + padding * (most // len(padding) + 1))[:length]
        found = catalogued(cataloger, [*others, file(path, data), file(owned)])
        assert (f"/{owned}" in found.paths_of("a")) is is_read
        assert found.warnings == (
            () if is_read else (f"/{path}: {length:,} bytes exceed the limit of {most:,}; not read",)
        )


@pytest.mark.parametrize(
    ("cataloger", "path"),
    [
        pytest.param(NIX, "nix/store/x", id="nix"),
        pytest.param(HOMEBREW, "home/Cellar/a/1/x", id="homebrew"),
        pytest.param(KERNEL, "lib/modules/6/x.ko", id="kernel"),
        pytest.param(YARN, "srv/.yarn/cache/x", id="yarn"),
        pytest.param(JAVA, "opt/x.jar", id="java"),
    ],
)
def test_of_what_is_known_by_its_path_nothing_is_kept(cataloger: Cataloger, path: str) -> None:
    archive = oci_archive(ImageSpec(layers=(layer(file(path, b"x" * 200_000)),)), compression="gzip")
    with file_of(archive) as source, context_of(str(source), cataloger, print) as context:
        [number] = context.matches
        assert context.read(number, 0, 1) is None


@pytest.mark.parametrize(
    ("layers", "most"),
    [
        pytest.param([], 32 * MIB, id="an empty image"),
        pytest.param([1, 2], 32 * MIB + 12, id="four times its layers"),
        pytest.param([GIB], 2 * GIB, id="a large image"),
    ],
)
def test_the_bytes_to_read_grow_with_the_image_to_a_limit(layers: list[int], most: int) -> None:
    budget = _budget(layers)
    budget.spend(most)
    with pytest.raises(LimitExceeded, match=f"more than {most:,} bytes to read"):
        budget.spend(1)


@pytest.mark.parametrize(("entries", "most"), [(0, 100_000), (3, 100_060)])
def test_the_directory_entries_to_list_grow_with_those_of_the_image(entries: int, most: int) -> None:
    budget = _budget([1] * entries)
    budget.visit(most)
    with pytest.raises(LimitExceeded, match="name the same directories"):
        budget.visit(1)


def test_so_many_packages_are_listed() -> None:
    budget = _budget([])
    for _ in range(40_000):
        budget.claim()
    with pytest.raises(LimitExceeded, match="over 40,000 packages"):
        budget.claim()


class _Layers(SimpleNamespace):
    """Layers of so many bytes, with an entry each."""

    def __len__(self) -> int:
        return len(self.layers)


def _budget(layers: list[int]) -> Budget:
    return Budget(cast(Filesystem, _Layers(layers=[SimpleNamespace(tar_bytes=one) for one in layers])))
