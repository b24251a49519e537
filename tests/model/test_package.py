"""Package URLs: the cases of the specification's test suite for the types that catalogers find, and what has none."""

import pytest

from layerscope.model.package import Package

CASES = [
    (
        "deb",
        "debian",
        "curl",
        "7.50.3-1",
        {"distro": "jessie", "arch": "i386"},
        "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
    ),
    ("deb", "debian", "libstdc++6", "1:12.2-14+deb12u1", {}, "pkg:deb/debian/libstdc%2B%2B6@1:12.2-14%2Bdeb12u1"),
    ("rpm", "fedora", "curl", "7.50.3-1.fc25", {"arch": "i386"}, "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386"),
    (
        "rpm",
        "centerim",
        "centerim",
        "4.22.10-1.el6",
        {"epoch": "1", "arch": "i686"},
        "pkg:rpm/centerim/centerim@4.22.10-1.el6?arch=i686&epoch=1",
    ),
    ("apk", "alpine", "curl", "7.83.0-r0", {"arch": "x86"}, "pkg:apk/alpine/curl@7.83.0-r0?arch=x86"),
    ("alpm", "arch", "pacman", "6.0.1-1", {"arch": "x86_64"}, "pkg:alpm/arch/pacman@6.0.1-1?arch=x86_64"),
    ("pypi", "", "Django_package", "1.11.1.dev1", {}, "pkg:pypi/django-package@1.11.1.dev1"),
    ("npm", "", "foobar", "12.3.1", {}, "pkg:npm/foobar@12.3.1"),
    ("npm", "@angular", "animation", "12.3.1", {}, "pkg:npm/%40angular/animation@12.3.1"),
    ("gem", "", "jruby-launcher", "1.1.2", {"Platform": "java"}, "pkg:gem/jruby-launcher@1.1.2?platform=java"),
    ("cargo", "", "rand", "0.7.2", {}, "pkg:cargo/rand@0.7.2"),
    ("golang", "google.golang.org", "genproto", "abcdedf", {}, "pkg:golang/google.golang.org/genproto@abcdedf"),
    ("golang", "github.com/gorilla", "context", "", {"arch": ""}, "pkg:golang/github.com/gorilla/context"),
    (
        "maven",
        "org.apache.xmlgraphics",
        "batik-anim",
        "1.9.1",
        {"classifier": "sources"},
        "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?classifier=sources",
    ),
    (
        "maven",
        "net.sf.jacob-project",
        "jacob",
        "1.14.3",
        {"type": "dll", "classifier": "x86"},
        "pkg:maven/net.sf.jacob-project/jacob@1.14.3?classifier=x86&type=dll",
    ),
    ("composer", "laravel", "laravel", "5.5.0", {}, "pkg:composer/laravel/laravel@5.5.0"),
    ("cran", "", "A3", "0.9.1", {}, "pkg:cran/A3@0.9.1"),
    ("hex", "", "jason", "1.1.2", {}, "pkg:hex/jason@1.1.2"),
    ("hex", "Acme", "foo", "2.3.", {}, "pkg:hex/acme/foo@2.3."),
    (
        "conda",
        "",
        "absl-py",
        "0.4.1",
        {"build": "py36h06a4308_0", "channel": "main"},
        "pkg:conda/absl-py@0.4.1?build=py36h06a4308_0&channel=main",
    ),
    ("luarocks", "hisham", "luafilesystem", "1.8.0-1", {}, "pkg:luarocks/hisham/luafilesystem@1.8.0-1"),
    (
        "generic",
        "",
        "openssl",
        "1.1.10g",
        {"checksum": "sha256:de4d501267da"},
        "pkg:generic/openssl@1.1.10g?checksum=sha256:de4d501267da",
    ),
]


@pytest.mark.parametrize(("purl_type", "namespace", "name", "version", "qualifiers", "purl"), CASES)
def test_url_is_that_of_the_specification(
    purl_type: str, namespace: str, name: str, version: str, qualifiers: dict[str, str], purl: str
) -> None:
    package = Package(
        type=purl_type, namespace=namespace, name=name, version=version, qualifiers=tuple(qualifiers.items())
    )
    assert package.purl == purl


@pytest.mark.parametrize(
    "package",
    [
        Package(type="npm", name="", version="1"),
        Package(type="npm", name="/", version="1"),
        Package(type="", name="a", version="1"),
        Package(type="deb", name="a", version="1", qualifiers=(("a b", "c"),)),
    ],
)
def test_what_no_url_expresses_has_none(package: Package) -> None:
    assert package.purl == ""


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "full_name"),
    [
        ("npm", "@types", "node", "@types/node"),
        ("maven", "org.springframework", "spring-web", "org.springframework:spring-web"),
        ("composer", "symfony", "console", "symfony/console"),
        ("golang", "github.com/gorilla", "context", "github.com/gorilla/context"),
        ("pypi", "", "six", "six"),
        ("deb", "debian", "bash", "bash"),
        ("apk", "alpine", "musl", "musl"),
    ],
)
def test_a_namespace_belongs_to_the_name_unless_it_is_a_distribution(
    kind: str, namespace: str, name: str, full_name: str
) -> None:
    package = Package(type=kind, namespace=namespace, name=name, version="1")
    assert package.full_name == full_name
    assert package.is_called(name) and package.is_called(full_name) and not package.is_called(f"x{name}")
