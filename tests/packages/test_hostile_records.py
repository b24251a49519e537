"""Whatever a record holds, each cataloger ends without an error, and claims only what is there."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.packages.cataloger import Cataloger
from layerscope.packages.catalogers.binaries import BINARIES
from layerscope.packages.catalogers.dotnet import DOTNET
from layerscope.packages.catalogers.erlang import ERLANG
from layerscope.packages.catalogers.go import GO
from layerscope.packages.catalogers.java import JAVA
from layerscope.packages.catalogers.lua import LUA
from layerscope.packages.catalogers.npm import NPM
from layerscope.packages.catalogers.php import PHP
from layerscope.packages.catalogers.python import PYTHON
from layerscope.packages.catalogers.r import R
from layerscope.packages.catalogers.ruby import RUBY
from layerscope.packages.catalogers.rust import RUST
from layerscope.packages.catalogers.toolchains import TOOLCHAINS
from tests.builder import file
from tests.packages.elves import elf
from tests.packages.images import catalogued
from tests.packages.zips import pom, zipped

_INFO = "opt/lib/python3.11/site-packages/x-1.dist-info"
_GEM = b'# stub: x 1 ruby lib\ns.name = "x"\ns.executables = ["x"]\ns.files = ["a"]\n'
_COMPOSER = b'{"packages": [{"name": "a/x", "version": "1", "install-path": "../a/x"}]}'
_DEPS = b'{"targets": {"t": {"X/1": {"runtime": {"a/x.dll": {}}}}}, "libraries": {"X/1": {"type": "package"}}}'
_BUILD_INFO = (b"\xff Go buildinf:\x08\x02").ljust(32, b"\0") + b"\x08go1.22.1\x00"
_SAMPLES: tuple[tuple[Cataloger, str, bytes], ...] = (
    (PYTHON, f"{_INFO}/METADATA", b"Metadata-Version: 2.1\nName: x\nVersion: 1\n"),
    (PYTHON, f"{_INFO}/RECORD", b'x/__init__.py,sha256=a,1\n"../../../bin/x",,\n/etc/shadow,,\n'),
    (PYTHON, f"{_INFO}/direct_url.json", b'{"url": "file:///app", "dir_info": {"editable": true}}'),
    (NPM, "app/node_modules/x/package.json", b'{"name": "@a/x", "version": "1.0.0"}'),
    (RUBY, "opt/specifications/x-1.gemspec", _GEM),
    (PHP, "srv/vendor/composer/installed.json", _COMPOSER),
    (DOTNET, "app/x.deps.json", _DEPS),
    (JAVA, "opt/x-1.jar", zipped(pom("a", "x", "1"))),
    (TOOLCHAINS, "opt/java/release", b'JAVA_VERSION="17"\n'),
    (R, "opt/library/x/DESCRIPTION", b"Package: x\nVersion: 1\nBuilt: R 4\n"),
    (LUA, "opt/lib/luarocks/rocks-5.4/x/1/rock_manifest", b'rock_manifest = { lua = { ["x.lua"] = "0" } }'),
    (ERLANG, "opt/x-1/ebin/x.app", b'{application, x, [{vsn, "1"}]}.'),
    (TOOLCHAINS, "opt/go/VERSION", b"go1.22\n"),
    (GO, "bin/x", elf({".go.buildinfo": _BUILD_INFO})),
    (RUST, "bin/x", elf({".dep-v0": zlib.compress(b'{"packages": [{"name": "x", "root": true}]}')})),
    (BINARIES, "bin/nginx", elf({".rodata": b"\0nginx/1.2.3\0"})),
)
_CHANGES = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6)


@pytest.mark.parametrize(
    ("cataloger", "path", "sample"), _SAMPLES, ids=[path.rpartition("/")[2] for _, path, _ in _SAMPLES]
)
@given(changes=_CHANGES, kept=st.one_of(st.just(1.0), st.floats(0, 1)), noise=st.binary(max_size=40))
@settings(max_examples=25, deadline=None)
def test_a_changed_record_raises_nothing(
    cataloger: Cataloger, path: str, sample: bytes, changes: list[tuple[int, int]], kept: float, noise: bytes
) -> None:
    data = bytearray(sample)
    for place, value in changes:
        data[place % len(data)] = value
    content = bytes(data[: int(len(data) * kept)]) + noise
    if cataloger in (GO, RUST):
        content = content.ljust(600_000, b"\0")
    beside = ["app/x.dll", "bin/go", "etc/shadow", "opt/go/bin/go", "opt/java/lib/modules"]
    members = [file(other, b"x") for other in beside]
    found = catalogued(cataloger, [*members, file(path, content, mode=0o755)])
    assert not any("/etc/shadow" in paths for paths in found.paths)
    assert all(path in warning for warning in found.warnings)
