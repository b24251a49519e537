import pytest

from layerscope.packages.catalogers.r import R
from tests.builder import file
from tests.packages.images import catalogued

_DESCRIPTION = (
    b"Package: mime\nType: Package\nTitle: Map Filenames\nVersion: 0.12\nDescription: Guesses\n  Version: none\n"
    b"Built: R 4.2.2; x86_64-pc-linux-gnu; 2023-01-01; unix\n"
)


def test_an_installed_package_owns_its_directory() -> None:
    home = "usr/local/lib/R/site-library/mime"
    found = catalogued(R, [file(f"{home}/DESCRIPTION", _DESCRIPTION), file(f"{home}/R/mime.rdb"), file(f"{home}2/x")])
    assert found.versions == [("mime", "0.12")]
    assert found.paths_of("mime") == (f"/{home}/DESCRIPTION", f"/{home}/R/mime.rdb")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param("src/mime/DESCRIPTION", _DESCRIPTION.partition(b"Built")[0], id="a source tree"),
        pytest.param("lib/other/DESCRIPTION", _DESCRIPTION, id="another directory"),
        pytest.param("lib/mime/DESCRIPTION", b"", id="empty"),
        pytest.param("lib/mime/DESCRIPTION", b"\xff\0" * 5000, id="binary"),
        pytest.param("DESCRIPTION", _DESCRIPTION, id="in the root"),
        pytest.param("DESCRIPTION", b"Built: R 4.2.2\n", id="in the root, without a name"),
        pytest.param("lib/mime/DESCRIPTION", b"Package: mime\nBuilt\n Built: R\n", id="no note that it was built"),
        pytest.param("lib/mime/DESCRIPTION", _DESCRIPTION + b" " * (1 << 20), id="too long to read"),
    ],
)
def test_other_descriptions_are_no_packages(path: str, content: bytes) -> None:
    assert catalogued(R, [file(path, content), file("etc/passwd")]).claims == ()
