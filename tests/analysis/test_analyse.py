"""Which findings name the packages whose files they claim."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.analysis import analyse as module
from layerscope.analysis.analyse import WANTED, Analysis, AnalysisInputs, analyse
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from layerscope.rules.registry import RULES
from tests.builder import ImageSpec, docker_legacy, file, layer
from tests.packages.test_dpkg import listing, stanza, status

_NAMING = next(rule.name for rule in RULES if rule.names_packages)
_OTHER = next(rule.name for rule in RULES if not rule.names_packages)


@pytest.fixture
def analysis(tmp_path: Path) -> Iterator[Analysis]:
    members = (
        status(stanza("tool"), stanza("other"), stanza("third")),
        *(file(f"usr/{name}", b"1" * 5) for name in "abcd"),
        listing("tool", "/usr/a", "/usr/b"),
        listing("other", "/usr/c"),
    )
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(*members),))))
    with open_image(str(path), ReadOptions(wanted=WANTED)) as image:
        yield analyse(image, AnalysisInputs())


@pytest.mark.parametrize(
    ("rule", "source", "paths", "packages"),
    [
        pytest.param(_NAMING, "run", [("/usr/a", 5, "live")], (("tool 1.0", 5),), id="one"),
        pytest.param(
            _NAMING,
            "run",
            [("/usr/c", 5, "live"), ("/usr/a", 5, "live"), ("/usr/b", 1, "live")],
            (("tool 1.0", 6), ("other 1.0", 5)),
            id="the one with most first",
        ),
        pytest.param(
            _NAMING,
            "run",
            [("/usr/c", 5, "live"), ("/usr/a", 5, "live")],
            (("other 1.0", 5), ("tool 1.0", 5)),
            id="by name",
        ),
        pytest.param(_NAMING, "run", [("/usr/d", 5, "live"), ("/usr/none", 5, "live")], (), id="owned by none"),
        pytest.param(_NAMING, "run", [("/usr/a", 5, "deleted")], (), id="no longer there"),
        pytest.param(_NAMING, "base", [("/usr/a", 5, "live")], (), id="the base image's"),
        pytest.param(_OTHER, "run", [("/usr/a", 5, "live")], (), id="a rule that names none"),
    ],
)
def test_a_finding_names_packages_where_its_rule_does(
    analysis: Analysis,
    rule: str,
    source: str,
    paths: list[tuple[str, int, str]],
    packages: tuple[tuple[str, int], ...],
) -> None:
    finding = Finding(
        rule=rule,
        severity=Severity.LOW,
        kind=FindingKind.WASTE,
        source=source,
        evidence=Evidence.INFERRED,
        title="",
        fix="",
        content_bytes=0,
        paths=tuple(FoundPath(path=path, layer=0, content_bytes=size, fate=fate) for path, size, fate in paths),
    )
    found = replace(analysis.findings, findings=(finding,))
    [placed] = module._with_places(found, analysis.placement, analysis.trace, analysis.catalog).findings
    assert placed == replace(finding, packages=packages)
