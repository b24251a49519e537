"""Which version of a file a path of a finding means."""

import pytest

from layerscope.analysis.claims import finding_versions
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from tests.filesystem.layers import tree

FILES = tree(["x:aaaaa", "x:bbbbb", "x:ccc", "y:1"], ["x:dd"])
"""Of ``/x`` two versions of five bytes and one of three, of which the last is overwritten by the next layer."""


def finding(*paths: tuple[int, str, int, str]) -> Finding:
    found = tuple(
        FoundPath(layer=layer, path=path, content_bytes=content_bytes, fate=fate)
        for layer, path, content_bytes, fate in paths
    )
    return Finding(
        rule="r",
        severity=Severity.LOW,
        kind=FindingKind.WASTE,
        evidence=Evidence.INFERRED,
        title="",
        fix="",
        content_bytes=0,
        paths=found,
    )


@pytest.mark.parametrize(
    ("findings", "numbers"),
    [
        pytest.param([finding((0, "/y", 9, "deleted"))], [3], id="the only one, whatever else is said"),
        pytest.param([finding((0, "/x", 3, "overwritten"))], [2], id="by its length"),
        pytest.param([finding((0, "/x", 5, "overwritten"), (0, "/x", 5, "overwritten"))], [0, 1], id="each once"),
        pytest.param([finding((0, "/x", 5, "overwritten"))] * 2, [0, 1], id="each once in two findings"),
        pytest.param(
            [finding((0, "/x", 0, "overwritten")), finding((0, "/x", 5, "overwritten"))],
            [0, 0],
            id="nothing claims none",
        ),
        pytest.param(
            [finding((0, "/x", 5, "overwritten")), finding((0, "/x", 0, "overwritten"))], [0, 0], id="of none again"
        ),
        pytest.param(
            [finding(*[(0, "/x", 5, "overwritten")] * 3)], [0, 1, 2], id="another length before another claim"
        ),
        pytest.param([finding((1, "/x", 2, "live"), (0, "/x", 3, "overwritten"))], [4, 2], id="of their layers"),
    ],
)
def test_fate_claims_and_length_decide(findings: list[Finding], numbers: list[int]) -> None:
    found = list(finding_versions(FILES, findings))
    assert [number for number, _, _ in found] == numbers
    assert [(index, content_bytes) for _, index, content_bytes in found] == [
        (index, path.content_bytes) for index, one in enumerate(findings) for path in one.paths
    ]


def test_the_fate_counts_more_than_the_length() -> None:
    files = tree(["x:aaaaa", "x:bbb"])
    paths = finding((0, "/x", 3, "overwritten"), (0, "/x", 5, "live"))
    assert [number for number, _, _ in finding_versions(files, [paths])] == [0, 1]
