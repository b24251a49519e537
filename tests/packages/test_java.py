import shutil
import subprocess
from pathlib import Path

import pytest

from layerscope.model.pathset import RangedFile
from layerscope.packages.catalogers.java import JAVA
from layerscope.packages.context import Budget
from layerscope.packages.formats.ranges import ranges_in
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


def _listed(found: Found) -> list[tuple[str, str, str, str]]:
    return [(claim.namespace, claim.name, claim.version, claim.parent) for claim in found.claims]


_TWO = pom("com.acme", "tool", "1.4") | pom("org.x", "part", "2.0")


@pytest.mark.parametrize(
    ("name", "members", "expected"),
    [
        pytest.param(
            "tool-1.0-shaded.jar",
            _TWO,
            [("com.acme", "tool", "1.4", ""), ("org.x", "part", "2.0", "tool")],
            id="by the file's name",
        ),
        pytest.param(
            "app.jar",
            _TWO | manifest(Implementation_Title="The Part", Bundle_Name="other"),
            [("org.x", "part", "2.0", ""), ("com.acme", "tool", "1.4", "part")],
            id="by one of its titles",
        ),
        pytest.param(
            "part.jar",
            _TWO | manifest(Implementation_Title="tool"),
            [("org.x", "part", "2.0", ""), ("com.acme", "tool", "1.4", "part")],
            id="by the file's name before its titles",
        ),
        pytest.param(
            "tool-box-3.jar",
            pom("com.acme", "tool", "1.4") | pom("com.acme", "tool-box", "2"),
            [("com.acme", "tool-box", "2", ""), ("com.acme", "tool", "1.4", "tool-box")],
            id="by the longest name",
        ),
        pytest.param(
            "app-9.jar",
            _TWO,
            [("", "app", "9", ""), ("com.acme", "tool", "1.4", "app"), ("org.x", "part", "2.0", "app")],
            id="none of two",
        ),
        pytest.param(
            "app-9.jar",
            pom("org.x", "part", "2.0") | manifest(Bundle_Name="app"),
            [("", "app", "9", ""), ("org.x", "part", "2.0", "app")],
            id="not the only one, since its title is another",
        ),
        pytest.param(
            "tool-1.5.jar", pom("com.acme", "tool", ""), [("com.acme", "tool", "1.5", "")], id="the file's version"
        ),
        pytest.param(
            "tools-1.5.jar", pom("com.acme", "tool", ""), [("com.acme", "tool", "", "")], id="another's version"
        ),
        pytest.param(
            "tool.jar",
            {"META-INF/maven/com.acme/tool/pom.properties": b""},
            [("com.acme", "tool", "", "")],
            id="coordinates by their path",
        ),
        pytest.param(
            "app.jar", {"x/com.acme/tool/pom.properties": b"version=1\n"}, [("", "app", "", "")], id="another path"
        ),
        pytest.param(
            "app.jar",
            {"x/pom.properties": b" \tartifactId\f=  tool \nversion = 1 \n groupId:g\nversions=9\n"},
            [("", "tool", "1", "")],
            id="properties in another form",
        ),
        pytest.param(
            "app.jar", {"pom.properties": b"artifactId=tool"}, [("", "app", "", "")], id="without a directory"
        ),
        pytest.param(
            "app.jar",
            {"META-INF/MANIFEST.MF": b"artifactId=tool\nversion=1\n", "META-INF/other.MF": b"Bundle-Version: 7\n"},
            [("", "app", "", "")],
            id="a manifest that looks like coordinates",
        ),
        pytest.param(
            "app.jar",
            {"META-INF/MANIFEST.MF": b"X: 1\r\n\r\nName: y\r\nBundle-Version: 7\r\n"},
            [("", "app", "", "")],
            id="a later section of the manifest",
        ),
        pytest.param(
            "app.jar",
            manifest(Specification_Version="3", Bundle_Version="2"),
            [("", "app", "2", "")],
            id="the bundle's",
        ),
        pytest.param("app.jar", manifest(Specification_Version="3"), [("", "app", "3", "")], id="the specification's"),
        pytest.param(
            "tool-1.5.jar",
            pom("com.acme", "tool", "") | manifest(Implementation_Version="2"),
            [("com.acme", "tool", "1.5", "")],
            id="the file's version before the manifest's",
        ),
    ],
)
def test_an_archive_is_what_its_name_or_its_manifest_says(
    name: str, members: dict[str, bytes], expected: list[tuple[str, str, str, str]]
) -> None:
    found = _jar(name, zipped(_CLASS | members))
    assert (_listed(found), found.warnings) == (expected, ())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a-1.jar", ("a", "1")),
        ("a-b.jar", ("a-b", "")),
        ("1.jar", ("1", "")),
        ("-1.jar", ("", "1")),
        ("a-1-2.jar", ("a", "1-2")),
        ("a-1-b-2.jar", ("a", "1-b-2")),
        ("a-1-x-2.jar", ("a-1-x", "2")),
        ("a-1-Final.jar", ("a", "1-Final")),
        ("a-1-rc12.jar", ("a", "1-rc12")),
        ("a-1-x.jar", ("a", "1-x")),
        ("a-2x-y-1.jar", ("a-2x-y", "1")),
        ("a-1.2", None),
    ],
)
def test_a_version_begins_at_a_digit_that_only_qualifiers_follow(name: str, expected: tuple[str, str] | None) -> None:
    found = _jar(name, zipped(_CLASS))
    assert found.versions == ([expected] if expected else [])


def test_an_archive_within_that_is_the_same_is_listed_once() -> None:
    inner = zipped(pom("com.acme", "tool", "1"))
    data = zipped(
        {**pom("com.acme", "tool", "1"), "a/x.jar": inner, "b/x.jar": inner, "c/y-2.jar": b"", "d/y-2.jar": b""}
    )
    assert _listed(_jar("tool.jar", data)) == [("com.acme", "tool", "1", ""), ("", "y", "2", "tool")]


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "deflated"])
def test_the_fifth_archive_within_archives_is_known_by_its_name(stored: bool) -> None:
    data = zipped(pom("com.acme", "inmost", "1"))
    for depth in range(5, 0, -1):
        data = zipped({f"level{depth}-0.jar": data, **pom("com.acme", f"l{depth}", "1")}, stored=stored)
    assert _listed(_jar("l1.jar", data)) == [
        ("com.acme", "l1", "1", ""),
        ("com.acme", "l2", "1", "l1"),
        ("com.acme", "l3", "1", "l1"),
        ("com.acme", "l4", "1", "l1"),
        ("", "level4", "0", "l1"),
    ]


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "deflated"])
@pytest.mark.parametrize("more", [0, 1])
def test_a_deflated_archive_is_read_up_to_four_mebibytes_and_a_stored_one_whole(stored: bool, more: int) -> None:
    members = pom("com.acme", "tool", "1")
    length = (4 << 20) - len(zipped({"big": b"", **members}, stored=True)) + more
    inner = zipped({"big": bytes(length), **members}, stored=True)
    assert len(inner) == (4 << 20) + more
    found = _jar("app.jar", zipped({"lib/other-2.jar": inner}, stored=stored))
    is_read = stored or not more
    assert _listed(found)[1:] == [("com.acme", "tool", "1", "app") if is_read else ("", "other", "2", "app")]


@pytest.mark.parametrize(
    ("content", "most", "version"),
    [
        pytest.param({"META-INF/MANIFEST.MF": b"Bundle-Version: 7\n"}, 1 << 20, "7", id="a manifest"),
        pytest.param({"META-INF/maven/g/app/pom.properties": b"version=7\n"}, 64 << 10, "7", id="coordinates"),
    ],
)
def test_what_describes_an_archive_is_read_up_to_its_longest(
    content: dict[str, bytes], most: int, version: str
) -> None:
    for length, expected in ((most, version), (most + 1, "")):
        [(name, text)] = content.items()
        found = _jar("app.jar", zipped({name: text + b"#" * (length - len(text))}))
        assert [claim.version for claim in found.claims] == [expected]


@pytest.mark.parametrize("count", [999, 1000, 1001])
def test_so_many_archives_within_are_listed(count: int) -> None:
    found = _jar("top-1.jar", zipped({f"lib/part{number}-1.0.jar": b"" for number in range(count)}))
    assert len(found.claims) == 1 + min(count, 1000)
    more = "/opt/app/top-1.jar: only the first 1,000 archives inside are listed"
    assert [one for one in found.warnings if "only" in one] == ([more] if count >= 1000 else [])


def test_what_is_listed_within_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[int] = []
    monkeypatch.setattr(Budget, "spend", lambda _, count: spent.append(count))
    _jar("app.jar", zipped({f"lib/part{number}-1.0.jar": b"" for number in range(3)}))
    assert spent[-1] == 3 * 64


def test_an_archive_of_which_nothing_was_kept_holds_nothing() -> None:
    assert JAVA.wanted.ranges is not None
    lost = RangedFile(lambda start, length: None, 1000, "/x/a-1.jar", print, print)
    empty = zipped({})
    whole = RangedFile(ranges_in(empty), len(empty), "/x/a-1.jar", print, print)
    assert JAVA.wanted.ranges.analyse(lost) == JAVA.wanted.ranges.analyse(whole)


@pytest.mark.parametrize(
    ("name", "label", "group"),
    [
        ("x", "com.acme", "com.acme"),
        ("kit", "de.acme.kit", "de.acme"),
        ("acme-kit", "de.acme.kit", "de.acme"),
        ("other", "de.acme.kit", "de.acme"),
        ("b-c-d", "org.a.b.c.d", "org.a.b"),
        ("c-d", "org.a.b.c.d", "org.a.b.c"),
        ("a-b-c-d", "org.a.b.c.d", "org.a"),
        ("org-a-b-c-d", "org.a.b.c.d", "org.a.b.c"),
        ("-b-c-d", "org.a.b.c.d", "org.a.b.c"),
        ("x", "acme.kit.x", ""),
        ("x", "com", ""),
        ("x", "com..x", ""),
        ("x", "com\r\nAutomatic-Module-Name: org.y", "org.y"),
        ("x", "com.acme.x;a=b", "com.acme"),
        ("x", " com.acme.x ", "com.acme"),
    ],
)
def test_the_group_is_the_label_without_what_it_shares_with_the_name(name: str, label: str, group: str) -> None:
    [claim] = _jar(f"{name}-1.0.jar", zipped(_CLASS | manifest(Bundle_SymbolicName=label))).claims
    assert (claim.namespace, claim.name) == (group, name)
