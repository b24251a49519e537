"""Package URLs: those that are put together here are those of the library."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packageurl import PackageURL

from layerscope.model.package import Package

TYPES = st.sampled_from(
    ["deb", "rpm", "apk", "pypi", "npm", "gem", "cargo", "golang", "maven", "generic", "cran", "hex"]
)
WORDS = st.text(alphabet="ab0-_.+~:@/ %ÀÄK\u212aſ", max_size=6) | st.text(max_size=3)
QUALIFIERS = st.dictionaries(st.sampled_from(["arch", "distro", "Os", "1", "a b"]) | WORDS, WORDS, max_size=3)


@given(TYPES, WORDS, WORDS, WORDS, QUALIFIERS)
@example("deb", "debian", "libstdc++6", "1:12.2-14+deb12u1", {"distro": "debian-12", "arch": "amd64"})
@example("pypi", "", "Flask_Login", "1.0", {})
@example("generic", "", "/", "", {})
@example("golang", "github.com/a", "b", "", {"arch": ""})
def test_the_url_is_the_librarys(
    purl_type: str, namespace: str, name: str, version: str, qualifiers: dict[str, str]
) -> None:
    package = Package(
        type=purl_type, namespace=namespace, name=name, version=version, qualifiers=tuple(qualifiers.items())
    )
    try:
        expected = PackageURL(purl_type, namespace, name, version, qualifiers).to_string()
    except (ValueError, TypeError):
        expected = ""
    assert package.purl == expected


@pytest.mark.parametrize(
    ("package", "purl"),
    [
        (Package(type="deb", namespace="debian", name="g++", version="4:12"), "pkg:deb/debian/g%2B%2B@4:12"),
        (Package(type="pypi", name="Typing_Extensions", version="4"), "pkg:pypi/typing-extensions@4"),
        (Package(type="npm", namespace="@types", name="node", version="1"), "pkg:npm/%40types/node@1"),
        (Package(type="npm", name="", version="1"), ""),
        (Package(type="npm", name="/", version="1"), ""),
    ],
)
def test_urls_of_packages(package: Package, purl: str) -> None:
    assert package.purl == purl
