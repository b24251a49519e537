"""Caches of package managers: what each rule catches, and what it must not."""

import pytest

from layerscope.model.finding import FindingKind, Severity
from tests.builder import Member, file, hardlink, layer, whiteout
from tests.rules.conftest import Find, caught, copied, of_rule, ran

DEB = file("var/cache/apt/archives/gcc_12_amd64.deb", b"deb")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param("apt-lists", "/var/lib/apt/lists/mirror.example.org_dists_InRelease", id="apt's lists"),
        pytest.param("apt-archives", "/var/cache/apt/archives/gcc_12_amd64.deb", id="apt's packages"),
        pytest.param("apt-archives", "/var/cache/apt/pkgcache.bin", id="apt's index"),
        pytest.param("apk-index", "/var/cache/apk/APKINDEX.00740ba1.tar.gz", id="apk's index"),
        pytest.param("apk-index", "/etc/apk/cache/curl-8.apk", id="apk's packages"),
        pytest.param("rpm-cache", "/var/cache/dnf/base.solv", id="dnf"),
        pytest.param("rpm-cache", "/var/cache/libdnf5/x/repodata/primary.xml", id="dnf 5"),
        pytest.param("rpm-cache", "/var/cache/zypp/solv/repo", id="zypper"),
        pytest.param("pacman-cache", "/var/cache/pacman/pkg/git.pkg.tar.zst", id="pacman"),
        pytest.param("pip-cache", "/root/.cache/pip/http/a/b", id="pip"),
        pytest.param("pip-cache", "/home/app/.cache/uv/wheels-v1/x", id="uv"),
        pytest.param("pip-cache", "/root/.cache/pypoetry/cache/x", id="poetry"),
        pytest.param("node-cache", "/root/.npm/_cacache/content-v2/x", id="npm"),
        pytest.param("node-cache", "/usr/local/share/.cache/yarn/v6/x", id="yarn"),
        pytest.param("node-cache", "/app/.yarn/cache/left-pad.zip", id="yarn berry without Plug'n'Play"),
        pytest.param("node-cache", "/root/.local/share/pnpm/store/v3/files/00/x", id="pnpm"),
        pytest.param("go-cache", "/go/pkg/mod/github.com/x/y@v1/z.go", id="Go's modules"),
        pytest.param("go-cache", "/root/.cache/go-build/00/x-d", id="Go's objects"),
        pytest.param("cargo-cache", "/usr/local/cargo/registry/cache/x.crate", id="cargo"),
        pytest.param("cargo-cache", "/root/.cargo/git/db/x", id="cargo's git"),
        pytest.param("jvm-cache", "/root/.m2/repository/org/x/x.jar", id="Maven"),
        pytest.param("jvm-cache", "/home/gradle/.gradle/caches/x.bin", id="Gradle"),
        pytest.param("other-cache", "/root/.composer/cache/x.zip", id="Composer"),
        pytest.param("other-cache", "/usr/local/bundle/cache/rack-3.gem", id="RubyGems"),
        pytest.param("other-cache", "/root/.nuget/packages/x/x.nupkg", id="NuGet"),
        pytest.param("other-cache", "/root/.cache/ccache/0/x", id="ccache"),
    ],
)
def test_rule_catches(find: Find, name: str, path: str) -> None:
    assert caught(find, name, ran(layer(file(path[1:], b"content")))) == {path}


@pytest.mark.parametrize(
    ("name", "members", "fields"),
    [
        pytest.param("apt-lists", [file("var/lib/apt/lists/lock", b"1")], {}, id="apt's own lock"),
        pytest.param("apt-lists", [file("var/lib/apt/lists/partial/x", b"1")], {}, id="apt's own directory"),
        pytest.param("apt-archives", [file("var/cache/apt/archives/lock", b"1")], {}, id="no package"),
        pytest.param("apk-index", [file("lib/apk/db/installed", b"1")], {}, id="the package database"),
        pytest.param("rpm-cache", [file("var/cache/ldconfig/aux-cache", b"1")], {}, id="another cache"),
        pytest.param(
            "pip-cache", [file("root/.cache/pypoetry/virtualenvs/a/bin/x", b"1")], {}, id="poetry's environments run"
        ),
        pytest.param(
            "pip-cache",
            [file("root/.cache/uv/archive-v0/x", b"1")],
            {"env": ("UV_LINK_MODE=symlink",)},
            id="environments point into uv's cache",
        ),
        pytest.param(
            "node-cache",
            [file("app/.yarn/cache/left-pad.zip", b"1"), file("app/.pnp.cjs", b"1")],
            {},
            id="Plug'n'Play runs out of the cache",
        ),
        pytest.param("go-cache", [file("go/pkg/mod/x/y.go", b"1")], {"cmd": ("go", "run", ".")}, id="go is called"),
        pytest.param("cargo-cache", [file("root/.cargo/registry/x", b"1")], {"cmd": ("cargo", "run")}, id="cargo run"),
        pytest.param("jvm-cache", [file("root/.m2/repository/x.jar", b"1")], {"cmd": ("mvn", "x")}, id="mvn is called"),
        pytest.param(
            "jvm-cache",
            [file("root/.m2/repository/x.jar", b"1")],
            {"entrypoint": ("java", "-cp", "/root/.m2/repository/x.jar", "Main")},
            id="a launcher resolves there",
        ),
        pytest.param("other-cache", [file("opt/pkgs/readme", b"1")], {}, id="not conda's pkgs"),
        pytest.param("other-cache", [file("app/rack.gem", b"1")], {}, id="a gem outside of a cache"),
        pytest.param(
            "other-cache", [file("root/.nuget/packages/x.dll", b"1")], {"cmd": ("dotnet", "run")}, id="dotnet run"
        ),
    ],
)  # fmt: skip
def test_rule_catches_not(find: Find, name: str, members: list[Member], fields: dict[str, tuple[str, ...]]) -> None:
    assert caught(find, name, ran(layer(*members), **fields)) == set()


@pytest.mark.parametrize("name", [".pnp.cjs", ".pnp.js"])
def test_plug_and_play_needs_yarns_caches_and_no_others(find: Find, name: str) -> None:
    members = [file(path, b"1") for path in (
        f"app/{name}", "app/.yarn/cache/a.zip", "usr/share/.cache/yarn/v6/a", "root/.npm/_cacache/a", "root/.yarn/berry/cache/a",
    )]  # fmt: skip
    assert caught(find, "node-cache", ran(layer(*members))) == {"/root/.npm/_cacache/a"}
    assert caught(find, "node-cache", ran(layer(*members[1:]))) == {
        "/app/.yarn/cache/a.zip", "/usr/share/.cache/yarn/v6/a", "/root/.npm/_cacache/a", "/root/.yarn/berry/cache/a",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "fields", "found"),
    [
        ("root/.cache/uv/a", {"cmd": ("uv", "run", "x")}, False),
        ("root/.cache/uv/a", {"cmd": ("uvx", "x")}, False),
        ("root/.cache/pip/a", {"env": ("UV_LINK_MODE=symlink",)}, True),
        ("root/.cache/uv/a", {"env": ("UV_LINK_MODE=copy",)}, True),
        ("root/.m2/repository/a", {"env": ("CLASSPATH=/root/.m2/repository/a",)}, False),
        ("root/.ivy2/a", {"cmd": ("java", "-cp", "/root/.ivy2/a")}, False),
        ("root/.cache/coursier/a", {"cmd": ("java", "-cp", "/root/.cache/coursier/a")}, True),
        ("root/.cache/coursier/a", {"cmd": ("cs", "launch")}, False),
        ("root/.nuget/packages/a", {"cmd": ("dotnet", "a.dll")}, True),
        ("root/.composer/cache/a", {"cmd": ("dotnet", "run")}, True),
        ("x/cache/a.gem", {}, True),
        ("x/cache/y/a.gem", {}, False),
        ("x/cached/a.gem", {}, False),
    ],
)
def test_a_cache_that_the_image_reads_is_in_use(
    find: Find, path: str, fields: dict[str, tuple[str, ...]], found: bool
) -> None:
    spec = ran(layer(file(path, b"1")), **fields)
    assert (
        bool({f"/{path}"} & {one.path for f in find(spec).findings for one in f.paths if f.rule.endswith("-cache")})
        == found
    )


def test_a_cache_weighs_by_its_bytes_and_the_bases_as_the_rule_says(find: Find) -> None:
    own = [layer(file("var/cache/apk/a", b"x" * size)) for size in (99_999, 100_000)]
    weights = [of_rule(find(ran(one)), "apk-index")[0].severity for one in own]
    assert weights == [Severity.LOW, Severity.MEDIUM]
    base = of_rule(find(ran(own[0], layer(file("x", b"1"))), base_layers=1), "apk-index")
    assert [one.severity for one in base] == [Severity.MEDIUM]
    assert of_rule(find(ran(layer(file("var/cache/apk/a")))), "apk-index") == ()


def test_lists_of_the_base_and_own_ones_are_two_findings(find: Find) -> None:
    lists = [layer(file(f"var/lib/apt/lists/{name}", b"content")) for name in ("base", "own")]
    found = of_rule(find(ran(*lists), base_layers=1), "apt-lists")
    by_kind = {finding.kind: [path.path for path in finding.paths] for finding in found}
    assert by_kind == {
        FindingKind.INHERITED: ["/var/lib/apt/lists/base"],
        FindingKind.WASTE: ["/var/lib/apt/lists/own"],
    }


def test_condas_packages_count_only_where_no_environment_links_to_them(find: Find) -> None:
    members = [
        file("opt/conda/pkgs/urls.txt", b"u"),
        file("opt/conda/pkgs/x/lib/linked.so", b"12345"),
        file("opt/conda/pkgs/x/info.json", b"123"),
        hardlink("opt/conda/lib/linked.so", "opt/conda/pkgs/x/lib/linked.so"),
    ]
    found = caught(find, "other-cache", ran(layer(*members)))
    assert found == {"/opt/conda/pkgs/urls.txt", "/opt/conda/pkgs/x/info.json"}


def test_a_cache_that_was_deleted_later_is_still_the_caches(find: Find) -> None:
    found = find(ran(layer(DEB), layer(whiteout("var/cache/apt/archives/gcc_12_amd64.deb"))))
    assert [(f.rule, f.content_bytes, f.paths[0].fate) for f in found.findings] == [("apt-archives", 3, "deleted")]


def test_a_cache_of_the_final_stage_is_waste_and_one_that_was_copied_a_leak(find: Find) -> None:
    kinds = [of_rule(find(made(layer(DEB))), "apt-archives")[0].kind for made in (ran, copied)]
    assert kinds == [FindingKind.WASTE, FindingKind.LEAK]
