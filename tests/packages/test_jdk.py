import pytest

from layerscope.packages.catalogers.toolchains import TOOLCHAINS
from tests.builder import Member, file
from tests.packages.images import catalogued

_RELEASE = b'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_RUNTIME_VERSION="17.0.9+9"\nJAVA_VERSION="17.0.9"\nIMAGE_TYPE="JRE"\n'


def _home(release: bytes, *others: Member) -> list[Member]:
    return [file("opt/java/release", release), file("opt/java/bin/java", mode=0o755), *others]


@pytest.mark.parametrize(
    ("release", "library", "name", "version"),
    [
        pytest.param(_RELEASE, "lib/modules", "jre", "17.0.9+9", id="a runtime"),
        pytest.param(b'JAVA_VERSION="21"\nIMAGE_TYPE="JDK"\n', "lib/modules", "jdk", "21", id="a development kit"),
        pytest.param(b'JAVA_VERSION="1.8.0_392"\n', "jre/lib/rt.jar", "jdk", "1.8.0_392", id="Java 8"),
        pytest.param(b'JAVA_VERSION="1.7"\nIMAGE_TYPE=JRE', "lib/rt.jar", "jre", "1.7", id="a runtime of Java 7"),
        pytest.param(b'  JAVA_VERSION= "17\x01" \nJAVA_VERSION = 9\n', "lib/modules", "jdk", "", id="odd keys"),
        pytest.param(b'JAVA_VERSION= "17\x01" \n', "lib/modules", "jdk", "17\x01", id="odd values"),
    ],
)
def test_a_runtime_owns_its_directory(release: bytes, library: str, name: str, version: str) -> None:
    found = catalogued(TOOLCHAINS, _home(release, file(f"opt/java/{library}"), file("opt/other")))
    assert found.versions == [(name, version)]
    assert found.paths_of(name) == ("/opt/java/bin/java", f"/opt/java/{library}", "/opt/java/release")
    assert found.warnings == (() if version else ("/opt/java/release: it names no version",))


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([], id="no library"),
        pytest.param([file("opt/java/lib/modules/kernel.ko")], id="the kernel's modules"),
    ],
)
def test_a_release_file_of_something_else_is_no_runtime(others: list[Member]) -> None:
    assert catalogued(TOOLCHAINS, _home(_RELEASE, *others)).claims == ()


def test_a_release_file_without_a_version_costs_a_warning() -> None:
    found = catalogued(TOOLCHAINS, _home(b"\xff\0garbage", file("opt/java/lib/modules")))
    assert found.versions == [("jdk", "")]
    assert found.warnings == ("/opt/java/release: it names no version",)
