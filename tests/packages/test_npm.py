import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from layerscope.packages.catalogers.npm import NPM
from tests.builder import Member, file, hardlink, symlink, whiteout
from tests.packages.images import catalogued, members_of


def _manifest(path: str, **fields: object) -> Member:
    return file(f"{path}/package.json", json.dumps(fields).encode())


def _pack(directory: Path, name: str, version: str, **fields: object) -> str:
    """A tarball as ``npm pack`` writes it."""
    source = directory / f"{name.replace('/', '-').removeprefix('@')}-{version}" / "package"
    (source / "lib").mkdir(parents=True)
    (source / "package.json").write_text(json.dumps({"name": name, "version": version, **fields}))
    (source / "lib" / "index.js").write_text("module.exports = 1\n")
    archive = source.parent.with_suffix(source.parent.suffix + ".tgz")
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(source, "package")
    return f"file:{archive}"


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
@pytest.mark.parametrize("strategy", ["hoisted", "nested", "linked"])
def test_the_list_agrees_with_npm(tmp_path: Path, strategy: str) -> None:
    root, environment = _installed(tmp_path, strategy)
    found = catalogued(NPM, members_of(root, "app"))
    assert not found.warnings
    expected = {("leaf", "1.0.0"), ("leaf", "2.0.0"), ("tool", "0.3.1"), ("other", "5.0.0-rc.1")}
    if strategy == "linked":
        # Neither does it link workspaces that nothing depends on, nor can npm ls read what it makes.
        assert set(found.versions) == expected
        return
    assert set(found.versions) == expected | {("part", "9.0.0")}
    listing = ["npm", "ls", "--all", "--parseable"]
    lines = subprocess.run(listing, cwd=root, env=environment, check=True, capture_output=True, text=True).stdout
    listed = {f"/app{os.path.realpath(line).removeprefix(os.path.realpath(root))}" for line in lines.splitlines()}
    assert {claim.location.removesuffix("/package.json") for claim in found.claims} == listed - {"/app"}
    assert len(found.claims) == len(listed) - 1 == 6


def _installed(tmp_path: Path, strategy: str) -> tuple[Path, dict[str, str]]:
    """A project with a workspace, a scope, a program and two versions of one package, and the environment for npm."""
    old, new = _pack(tmp_path, "leaf", "1.0.0"), _pack(tmp_path, "leaf", "2.0.0")
    tool = _pack(tmp_path, "@acme/tool", "0.3.1", dependencies={"leaf": new}, bin={"tool": "lib/index.js"})
    other = _pack(tmp_path, "other", "5.0.0-rc.1", dependencies={"leaf": new, "@acme/tool": tool})
    root = tmp_path / "app"
    (root / "part").mkdir(parents=True)
    (root / "part" / "package.json").write_text('{"name": "part", "version": "9.0.0"}')
    wanted = {"leaf": old, "@acme/tool": tool, "other": other}
    (root / "package.json").write_text(
        json.dumps({"name": "app", "version": "1.0.0", "workspaces": ["part"], "dependencies": wanted})
    )
    command = ["npm", "install", "--offline", "--no-audit", "--no-fund", f"--install-strategy={strategy}"]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True)
    return root, environment


def test_a_package_owns_its_directory_but_not_the_packages_in_it() -> None:
    found = catalogued(
        NPM,
        [
            _manifest("app/node_modules/a", name="a", version="1.0.0"),
            file("app/node_modules/a/lib/deep/x.js"),
            symlink("app/node_modules/a/link.js", "lib/deep/x.js"),
            _manifest("app/node_modules/a/node_modules/b", name="b", version="2.0.0"),
            file("app/node_modules/a/node_modules/b/y.js"),
            file("app/node_modules/.package-lock.json"),
        ],
    )
    home = "/app/node_modules/a"
    assert found.paths_of("a") == (f"{home}/lib/deep/x.js", f"{home}/link.js", f"{home}/package.json")
    assert found.paths_of("b") == (f"{home}/node_modules/b/package.json", f"{home}/node_modules/b/y.js")


def test_a_scope_is_the_namespace() -> None:
    found = catalogued(NPM, [_manifest("app/node_modules/@acme/tool", name="@acme/tool", version="1.0.0")])
    assert (found.claims[0].namespace, found.claims[0].name) == ("@acme", "tool")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("app", id="an application"),
        pytest.param("app/node_modules/a/esm", id="a directory of a package"),
        pytest.param("app/node_modules/a/test/node_modules/b", id="a tree within a package's tests"),
        pytest.param("app/node_modules/.cache/b", id="a cache"),
        pytest.param("app/node_modules/@acme", id="a scope"),
    ],
)
def test_not_every_manifest_is_a_package(path: str) -> None:
    assert catalogued(NPM, [_manifest(path, name="b", version="1.0.0")]).claims == ()


def test_what_a_packages_tests_hold_belongs_to_the_package() -> None:
    found = catalogued(
        NPM,
        [
            _manifest("app/node_modules/a", name="a", version="1.0.0"),
            _manifest("app/node_modules/a/test/node_modules/b", name="b", version="1.0.0"),
        ],
    )
    assert "/app/node_modules/a/test/node_modules/b/package.json" in found.paths_of("a")


def test_pnpm_links_to_its_store_count_once() -> None:
    store = "app/node_modules/.pnpm/a@1.0.0/node_modules/a"
    found = catalogued(
        NPM,
        [
            file("root/.store/v3/files/00/aa", b"{}"),
            _manifest(store, name="a", version="1.0.0"),
            hardlink(f"{store}/x.js", "root/.store/v3/files/00/aa"),
            symlink("app/node_modules/a", ".pnpm/a@1.0.0/node_modules/a"),
        ],
    )
    assert found.versions == [("a", "1.0.0")]
    assert found.paths_of("a") == (f"/{store}/package.json", f"/{store}/x.js")


@pytest.mark.parametrize(
    ("path", "link", "target"),
    [
        pytest.param("src/part", "app/node_modules/part", "../../src/part", id="a workspace"),
        pytest.param("src/part", "app/node_modules/@acme/part", "../../../src/part", id="a workspace with a scope"),
        pytest.param("opt/yarn-v1.22", "usr/local/bin/yarn", "/opt/yarn-v1.22/bin/yarn.js", id="a program"),
    ],
)
def test_a_package_elsewhere_is_installed_by_a_link(path: str, link: str, target: str) -> None:
    members = [_manifest(path, name="part", version="3.0.0"), file(f"{path}/bin/yarn.js")]
    assert catalogued(NPM, members).claims == ()
    found = catalogued(NPM, [*members, symlink(link, target)])
    assert found.paths == ((f"/{path}/bin/yarn.js", f"/{path}/package.json"),)


@pytest.mark.parametrize(
    ("content", "name", "warned"),
    [
        pytest.param(b"", "a", True, id="empty"),
        pytest.param(b"[" * 100_000, "a", True, id="deep"),
        pytest.param(b'{"name": "x", "version"', "a", True, id="cut"),
        pytest.param(b"[]", "a", True, id="a list"),
        pytest.param(b'{"name": null, "version": 5}', "a", False, id="wrong types"),
        pytest.param(b"\xef\xbb\xbf" + b'{"name": "x"}', "x", False, id="a byte order mark"),
        pytest.param(b" " * (2 << 20), "a", True, id="2 MiB"),
    ],
)
def test_a_damaged_manifest_leaves_the_package_its_directorys_name(content: bytes, name: str, warned: bool) -> None:
    found = catalogued(NPM, [file("app/node_modules/a/package.json", content), file("app/node_modules/a/x.js")])
    assert found.versions == [(name, "")]
    assert found.one(name).namespace == ""
    assert len(found.paths[0]) == 2
    assert [message.partition(":")[0] for message in found.warnings] == ["/app/node_modules/a/package.json"] * warned


def test_a_removed_package_claims_what_its_directory_held() -> None:
    lower = [
        _manifest("app/node_modules/a", name="a", version="1.0.0"),
        file("app/node_modules/a/x.js", b"x"),
        _manifest("app/node_modules/a/node_modules/b", name="b", version="2.0.0"),
    ]
    found = catalogued(NPM, lower, [whiteout("app/node_modules/a")])
    assert found.one("a").removed_in == found.one("b").removed_in == 1
    assert found.paths_of("a") == ("/app/node_modules/a/package.json", "/app/node_modules/a/x.js")


def test_a_package_that_is_there_again_was_not_removed() -> None:
    lower = [_manifest("app/node_modules/a", name="a", version="1.0.0")]
    upper = [_manifest("app/node_modules/a", name="a", version="1.1.0")]
    found = catalogued(NPM, lower, [whiteout("app/node_modules/a")], upper)
    assert [(claim.version, claim.layer, claim.removed_in) for claim in found.claims] == [("1.1.0", 2, None)]


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("a", ("", "a")),
        ("a/b", None),
        ("@s/a", ("@s", "a")),
        ("@s", None),
        ("@s/a/b", None),
        (".hidden", None),
        (".hidden/a", None),
        (".store", None),
        (".store/a-npm-1", ("", "a-npm-1")),
        (".store/a-npm-1/package", ("", "package")),
        (".store/a-npm-1/lib", None),
        (".store/a-npm-1/package/lib", None),
        (".store/@s/a", ("@s", "a")),
        (".store/@s/a/lib", None),
        (".store/a-npm-1/node_modules/a", ("", "a")),
        (".pnpm/a@1/node_modules/@s/a", ("@s", "a")),
        (".pnpm/node_modules/a", None),
        ("a/node_modules/b", ("", "b")),
        ("a/lib/node_modules/b", None),
        (".cache/node_modules/b", None),
    ],
)
def test_a_package_lies_directly_in_a_package_or_a_store(directory: str, name: tuple[str, str] | None) -> None:
    found = catalogued(NPM, [_manifest(f"app/node_modules/{directory}")])
    assert [(claim.namespace, claim.name) for claim in found.claims] == ([name] if name else [])


@pytest.mark.parametrize(
    ("path", "link", "target"),
    [
        pytest.param("src/part", "app/links/part", "/src/part", id="a link elsewhere"),
        pytest.param("src/part", "app/@acme/part", "/src/part", id="a link in a directory that is no scope"),
        pytest.param("src/part", "app/node_modules/a/part", "/src/part", id="a link of a package"),
        pytest.param("src/part", "app/node_modules/part", "/src", id="a link to the directory around it"),
        pytest.param("app/node_modules/a/esm", "app/node_modules/esm", "a/esm", id="a link into a package"),
        pytest.param("opt/yarn", "usr/local/bin/yarn", "/opt/yarn/x.js", id="a program outside of bin"),
        pytest.param("opt/yarn", "usr/sbin/yarn", "/opt/yarn/bin/x.js", id="a program elsewhere"),
        pytest.param("", "usr/local/bin/yarn", "/opt/yarn/x.js", id="the root"),
    ],
)
def test_other_links_install_nothing(path: str, link: str, target: str) -> None:
    members = [
        _manifest(path or ".", name="part"),
        file("opt/yarn/x.js"),
        file("opt/yarn/bin/x.js"),
        symlink(link, target),
    ]
    assert catalogued(NPM, members).claims == ()


@pytest.mark.parametrize("directory", ["usr/local/bin", "usr/bin", "bin", "opt/bin"])
def test_programs_are_linked_from_four_directories(directory: str) -> None:
    members = [_manifest("opt/yarn", name="yarn"), file("opt/yarn/bin/yarn.js")]
    found = catalogued(NPM, [*members, symlink(f"{directory}/yarn", "/opt/yarn/bin/yarn.js")])
    assert found.paths_of("yarn") == ("/opt/yarn/bin/yarn.js", "/opt/yarn/package.json")
    others = [
        file(f"{directory}/x"),
        symlink(f"{directory}/lost", "/none"),
        _manifest(directory.rpartition("/")[0] or "."),
    ]
    found = catalogued(NPM, [*members, *others, hardlink(f"{directory}/yarn", "opt/yarn/bin/yarn.js")])
    assert found.claims == ()


def test_a_removed_package_claims_what_went_with_it_and_nothing_else() -> None:
    home = "app/node_modules/a"
    lower = [
        _manifest(home, name="a", version="1.0.0"),
        file(f"{home}/x/y/z.js", b"1"),
        file(f"{home}/early.js", b"2"),
        file(f"{home}/node_modules/.bin/tool", b"3"),
        file(f"{home}/test/node_modules/b/b.js", b"4"),
        _manifest("app/node_modules/kept", name="kept"),
        file("app/node_modules/kept/gone.js"),
        file("app/stray.js"),
        _manifest("app", name="app"),
    ]
    upper = [whiteout(f"{home}/early.js")]
    last = [
        whiteout(home),
        whiteout("app/node_modules/kept/gone.js"),
        whiteout("app/stray.js"),
        whiteout("app/package.json"),
    ]
    found = catalogued(NPM, lower, upper, last)
    assert [(claim.name, claim.layer, claim.removed_in) for claim in found.claims] == [("kept", 0, None), ("a", 0, 2)]
    assert found.paths_of("a") == (f"/{home}/package.json", f"/{home}/x/y/z.js")
    assert found.paths_of("kept") == ("/app/node_modules/kept/package.json",)
