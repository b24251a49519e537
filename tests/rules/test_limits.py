"""How long a file may be that rules read: exactly so long it is read whole, and one byte more is not."""

from collections.abc import Callable

import pytest

from layerscope.model.pathset import PathSet
from layerscope.rules.registry import RULES
from tests.builder import Member, file, layer, symlink
from tests.rules.conftest import Find, copied, paths_of
from tests.rules.test_bundler import GEMFILE
from tests.rules.test_node_unused import UI

MIB = 1 << 20
SITE = "app/site-packages"
LOCK_AT_END = (
    b"\nGEM\n  specs:\n    rspec-core (3.12)\n    rspec-rails (6)\n      rspec-core\n\nDEPENDENCIES\n  rspec-rails"
)


def _late(path: str, content: bytes) -> Callable[[int], Member]:
    """A file of a given length, what it says at its end."""
    return lambda length: file(path, content.rjust(length))


@pytest.mark.parametrize(
    ("rule", "made", "length", "beside", "packages"),
    [
        pytest.param(
            "node-unused", _late("app/ui/package.json", b'{"scripts":{"build":"x"}}'), MIB,
            [one for one in UI if one.name != b"app/ui/package.json"], {}, id="package.json",
        ),
        pytest.param(
            "node-dev-deps", _late("app/node_modules/.package-lock.json", b'{"packages":{"node_modules/x":{"dev":true}}}'),
            16 * MIB, [file("app/node_modules/x/package.json", b"{}")], {}, id="a lockfile of npm",
        ),
        pytest.param(
            "ruby-dev-deps", _late("app/Gemfile.lock", LOCK_AT_END), 16 * MIB,
            [file("app/Gemfile", GEMFILE.encode()), file("gems/x.rb", b"x")], {"gem/rspec-core@3.12": ("/gems/x.rb",)},
            id="a lockfile of Bundler",
        ),
        pytest.param(
            "py-dev-deps", _late("app/Pipfile.lock", b'{"develop":{"x":{"version":"==1.0"}}}'), 4 * MIB,
            [file(f"{SITE}/x.py", b"x")], {"pypi/x@1.0": (f"/{SITE}/x.py",)}, id="a lockfile of Python",
        ),
        pytest.param(
            "foreign-packages", _late("app/venv/pyvenv.cfg", b"\ncommand=x"), 64 << 10,
            [
                symlink("app/venv/bin/python", "/bin/python"), file("bin/python", b"1"), file("app/a.py", b"1"),
                file("app/venv/x/METADATA", b"1"), file("lib/x/METADATA", b"1"),
            ],
            {"pypi/x": ("/app/venv/x/METADATA",), "pypi/X": ("/lib/x/METADATA",)}, id="pyvenv.cfg",
        ),
    ],
)  # fmt: skip
def test_a_file_is_read_up_to_a_length(
    find: Find,
    rule: str,
    made: Callable[[int], Member],
    length: int,
    beside: list[Member],
    packages: dict[str, tuple[str, ...]],
) -> None:
    for more, is_found in ((0, True), (1, False)):
        spec = copied(layer(made(length + more), *beside), cmd=("uvicorn",))
        assert bool(paths_of(find(spec, packages=packages), rule)) == is_found


READING_NOTHING = """
native-toolchain lang-toolchain dev-headers orphan-build-group build-utils sources tests bytecode py-managers
wheelhouse apt-lists apt-archives os-pkg-managers apk-index rpm-cache pacman-cache pip-cache node-cache go-cache
cargo-cache jvm-cache other-cache ci-config container-files editor-os-junk docs-man-locale logs tmp-leftover
config-secret history-secret dev-traces deleted-later copied-up overwritten duplicate-content rootfs-copy setid
world-writable
"""


def test_rules_that_go_by_paths_alone_keep_no_contents() -> None:
    keeping = {rule.name for rule in RULES if rule.wanted.paths != PathSet() and (rule.wanted.head or rule.wanted.tail)}
    assert keeping.isdisjoint(READING_NOTHING.split())
