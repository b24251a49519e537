"""Bills of materials, each held against the schema or the rules of its own library."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from msgspec.structs import replace
from spdx_tools.spdx.parser.json.json_parser import parse_from_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from layerscope.errors import MissingExtra
from layerscope.model.report import Report
from layerscope.render import renderers, sbom
from layerscope.render.cyclonedx import cyclonedx
from layerscope.render.escape import printable
from layerscope.render.spdx import spdx
from tests.render.reports import DIFF_ID, HOSTILE, OPTIONS, empty, hostile, ordinary

REPORTS = [
    pytest.param(ordinary(), id="ordinary"),
    pytest.param(empty(), id="empty"),
    *(pytest.param(hostile(name), id=case) for case, name in HOSTILE.items()),
]


@pytest.mark.parametrize("report", REPORTS)
def test_cyclonedx_keeps_to_its_schema(report: Report) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(cyclonedx(report, OPTIONS)) is None


@pytest.mark.parametrize("report", REPORTS)
def test_spdx_keeps_to_its_rules(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.spdx.json"
    path.write_text(spdx(report, OPTIONS), encoding="utf-8")
    assert validate_full_spdx_document(parse_from_file(str(path))) == []


def components(report: Report) -> list[dict[str, Any]]:
    document: dict[str, Any] = json.loads(cyclonedx(report, OPTIONS))
    return sorted(document.get("components", []), key=lambda component: str(component["bom-ref"]))


def test_cyclonedx_tells_bytes_and_layers_of_each_installed_package() -> None:
    first, *others = components(ordinary())
    assert first["purl"] == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64"
    assert {one["name"]: one["value"] for one in first["properties"]} == {
        "layerscope:content_bytes": "600",
        "layerscope:files": "2",
        "layerscope:layer": "0",
        "layerscope:layer:0:content_bytes": "600",
        "layerscope:location": "/var/lib/dpkg/status",
    }
    assert [one["name"] for one in others] == ["flask", "flask"]  # The removed one is not in the image.


def test_spdx_tells_the_same_in_annotations() -> None:
    document = json.loads(spdx(ordinary(), OPTIONS))
    packages = {one["SPDXID"]: one for one in document["packages"]}
    libc = packages["SPDXRef-package-0"]
    assert json.loads(libc["annotations"][0]["comment"])["layerscope:content_bytes"] == "600"
    assert libc["externalRefs"][0]["referenceLocator"] == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64"
    assert document["relationships"][0]["relationshipType"] == "DESCRIBES"
    assert document["creationInfo"]["created"] == "2024-01-02T03:04:05Z"


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_hostile_names_are_printed_as_escapes(case: str) -> None:
    name = printable(HOSTILE[case])
    assert [one["name"] for one in components(hostile(HOSTILE[case]))] == [name]
    assert json.loads(spdx(hostile(HOSTILE[case]), OPTIONS))["packages"][1]["name"] == name


def test_the_serial_number_is_the_images_own() -> None:
    report = ordinary()
    other = replace(report, image=replace(report.image, image_id=DIFF_ID[::-1]))
    assert sbom.serial(report) == sbom.serial(ordinary()) != sbom.serial(other)


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01T00:00:00Z", "2024-13-01T00:00:00Z", "2024"])
def test_an_unknown_date_of_creation_is_1970(text: str) -> None:
    report = ordinary()
    assert sbom.created(replace(report, image=replace(report.image, created=text))).timestamp() == 0


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(renderers, "find_spec", lambda name: None)
    yield


@pytest.mark.usefixtures("without_extras")
@pytest.mark.parametrize("name", ["cyclonedx", "spdx"])
def test_a_missing_extra_is_named(name: str) -> None:
    with pytest.raises(MissingExtra) as caught:
        renderers.RENDERERS[name](ordinary(), OPTIONS)
    assert caught.value.message == f"the format {name} needs the extra {name}"
    assert caught.value.hint == f"install it with: pip install 'layerscope[{name}]'"
