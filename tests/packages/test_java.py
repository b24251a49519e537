import shutil
import subprocess
from pathlib import Path

import pytest

from layerscope.packages.catalogers.java import JAVA
from tests.builder import file
from tests.packages.images import Found, catalogued
from tests.packages.zips import manifest, pom, zipped

_CLASS = {"com/acme/Main.class": b"\xca\xfe\xba\xbe" * 50}


def _jar(name: str, data: bytes, *, compressed: bool = False) -> Found:
    return catalogued(JAVA, [file(f"opt/app/{name}", data)], compressed=compressed)


@pytest.mark.parametrize("compressed", [False, True], ids=["plain layer", "compressed layer"])
def test_an_archive_owns_itself_by_mavens_coordinates(compressed: bool) -> None:
    found = _jar("tool.jar", zipped(_CLASS | pom("com.acme", "tool", "1.4.2")), compressed=compressed)
    [claim] = found.claims
    assert (claim.type, claim.namespace, claim.name, claim.version) == ("maven", "com.acme", "tool", "1.4.2")
    assert found.paths == (("/opt/app/tool.jar",),)


def test_a_large_archive_in_a_compressed_layer_is_read_wherever_its_members_lie() -> None:
    data = zipped(
        {"big": bytes(range(256)) * 4000, **pom("com.acme", "tool", "1"), "more": bytes(300_000)}, stored=True
    )
    found = _jar("tool-2.0.jar", data, compressed=True)
    assert [(claim.namespace, claim.name, claim.version) for claim in found.claims] == [("com.acme", "tool", "1")]


@pytest.mark.parametrize(
    ("name", "members", "expected"),
    [
        pytest.param("guava-31.1-jre.jar", {}, ("", "guava", "31.1-jre"), id="name and version"),
        pytest.param("log4j-1.2-api-2.17.1.jar", {}, ("", "log4j-1.2-api", "2.17.1"), id="a digit in the name"),
        pytest.param("spring-core-6.0.0-RC2.jar", {}, ("", "spring-core", "6.0.0-RC2"), id="a candidate"),
        pytest.param("x-1.0-20230101.101010-3.jar", {}, ("", "x", "1.0-20230101.101010-3"), id="a snapshot"),
        pytest.param("netty-4.1.0-linux-x86_64.jar", {}, ("", "netty", "4.1.0-linux-x86_64"), id="a classifier"),
        pytest.param("app.jar", {}, ("", "app", ""), id="no version"),
        pytest.param(
            "app.jar", manifest(Implementation_Version="7.1"), ("", "app", "7.1"), id="the manifest's version"
        ),
        pytest.param("app.jar", manifest(Bundle_Version="7.2"), ("", "app", "7.2"), id="the bundle's version"),
        pytest.param("app.jar", pom("org.x", "server", "3"), ("org.x", "server", "3"), id="the only coordinates"),
        pytest.param(
            "tool.jar",
            pom("org.x", "tool", "1.0") | manifest(Implementation_Version="2.0"),
            ("org.x", "tool", "2.0"),
            id="the manifest's version where the coordinates have another",
        ),
        pytest.param(
            "tool-2.0.jar",
            pom("org.x", "tool", "1.0") | manifest(Implementation_Version="2.0"),
            ("org.x", "tool", "2.0"),
            id="and the file's name is with the manifest",
        ),
        pytest.param(
            "tool-1.0.jar",
            pom("org.x", "tool", "1.0") | manifest(Implementation_Version="2.0"),
            ("org.x", "tool", "1.0"),
            id="two against the manifest",
        ),
        pytest.param(
            "tool.jar",
            pom("org.x", "tool", "1.0-jre") | manifest(Implementation_Version="task", Bundle_Version="1.0.0.jre"),
            ("org.x", "tool", "1.0-jre"),
            id="no version in the manifest, and a bundle's",
        ),
        pytest.param(
            "guice.jar",
            pom("cglib", "cglib", "3.2") | manifest(Bundle_Name="guice", Bundle_Version="4.2"),
            ("", "guice", "4.2"),
            id="the coordinates of something unpacked",
        ),
        pytest.param(
            "maven3-core.jar",
            pom("org.apache.maven", "maven-core", "3.8") | manifest(Implementation_Title="Maven Core"),
            ("org.apache.maven", "maven-core", "3.8"),
            id="another file name",
        ),
    ],
)
def test_name_and_version_come_from_the_best_place(
    name: str, members: dict[str, bytes], expected: tuple[str, str, str]
) -> None:
    claim = _jar(name, zipped(_CLASS | members)).claims[0]
    assert (claim.namespace, claim.name, claim.version) == expected


@pytest.mark.parametrize(
    ("name", "fields", "group"),
    [
        ("spring-boot", {"Implementation_Vendor_Id": "org.springframework.boot"}, "org.springframework.boot"),
        ("junit", {"Implementation_Vendor_Id": "junit"}, "junit"),
        ("netty-buffer", {"Bundle_SymbolicName": "io.netty.buffer"}, "io.netty"),
        ("maven-core", {"Bundle_SymbolicName": "org.apache.maven.core;singleton:=true"}, "org.apache.maven"),
        ("mockito-core", {"Bundle_SymbolicName": "org.mockito.mockito-core"}, "org.mockito"),
        ("slf4j-api", {"Bundle_SymbolicName": "slf4j.api", "Automatic_Module_Name": "org.slf4j"}, "org.slf4j"),
        ("h2", {"Bundle_SymbolicName": "com.h2database"}, "com.h2database"),
        ("kit", {"Automatic_Module_Name": "de.acme.kit"}, "de.acme"),
        # These say too little.
        ("spring-web", {"Automatic_Module_Name": "spring.web"}, ""),
        ("x", {"Implementation_Vendor_Id": "The X Project"}, ""),
        ("x", {"Bundle_SymbolicName": "org..x"}, ""),
        ("x", {"Bundle_SymbolicName": "x"}, ""),
    ],
)
def test_without_coordinates_the_manifest_says_the_group(name: str, fields: dict[str, str], group: str) -> None:
    [claim] = _jar(f"{name}-1.0.jar", zipped(_CLASS | manifest(**fields))).claims
    assert (claim.namespace, claim.name, claim.version) == (group, name, "1.0")


def test_a_folded_line_of_the_manifest_is_one() -> None:
    folded = {"META-INF/MANIFEST.MF": b"Implementation-Version: 1.2.3.veryl\r\n ong\r\n\r\nName: x\r\n"}
    assert _jar("app.jar", zipped(folded)).versions == [("app", "1.2.3.verylong")]


def test_what_was_unpacked_into_an_archive_is_listed_within_it() -> None:
    members = pom("com.acme", "tool", "1.0") | pom("org.x", "part", "2.0")
    found = _jar("tool-1.0-shaded.jar", zipped(members))
    assert found.one("part").parent == "tool"
    assert found.paths_of("part") == ()


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "deflated"])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain layer", "compressed layer"])
def test_nested_archives_are_listed_and_own_nothing(stored: bool, compressed: bool) -> None:
    inner = zipped(pom("org.x", "part", "2.0") | _CLASS)
    web = zipped({"WEB-INF/lib/part-2.0.jar": inner, "WEB-INF/lib/plain-3.1.jar": zipped(_CLASS)}, stored=stored)
    found = _jar("app-1.0.ear", zipped({"web.war": web}, stored=stored), compressed=compressed)
    assert found.versions == [("app", "1.0"), ("part", "2.0"), ("plain", "3.1"), ("web", "")]
    assert {claim.parent for claim in found.claims} == {"", "app"}
    assert found.paths == (("/opt/app/app-1.0.ear",), (), (), ())
    assert not found.warnings


def test_archives_within_archives_are_followed_to_a_depth() -> None:
    data = zipped(_CLASS)
    for depth in range(10):
        data = zipped({f"level-{depth}.jar": data}, stored=True)
    assert len(_jar("top-1.jar", data).claims) == 5


def test_a_thousand_nested_archives_are_listed_and_more_cost_a_warning() -> None:
    data = zipped({f"lib/part{number}-1.0.jar": b"" for number in range(1200)})
    found = _jar("top-1.jar", data)
    assert len(found.claims) == 1001
    assert any("only the first 1,000 archives inside are listed" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0" * 100_000, id="zeros"),
        pytest.param(zipped(_CLASS)[:-40], id="cut"),
        pytest.param(b"PK\5\6" + b"\xff" * 18, id="a directory of 4 GiB"),
    ],
)
def test_a_damaged_archive_is_known_by_its_name_and_costs_a_warning(data: bytes) -> None:
    found = _jar("tool-1.0.jar", data)
    assert found.versions == [("tool", "1.0")]
    assert [warning.partition(",")[0].partition(":")[0] for warning in found.warnings] == ["/opt/app/tool-1.0.jar"]


@pytest.mark.skipif(shutil.which("jar") is None, reason="the JDK's jar is not installed")
def test_what_the_jdks_own_tool_packs_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("Implementation-Version: 8.15\n")
    (tmp_path / "x.txt").write_text("x")
    subprocess.run(["jar", "cfm", "made.jar", "m.txt", "x.txt"], cwd=tmp_path, check=True, capture_output=True)
    assert _jar("made.jar", (tmp_path / "made.jar").read_bytes()).versions == [("made", "8.15")]
