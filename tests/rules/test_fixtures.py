"""Findings on the small archives that real engines wrote; the README beside them is their truth."""

import pytest

from layerscope.model.finding import FindingKind
from tests.conftest import FIXTURES
from tests.rules.conftest import found_in


@pytest.mark.parametrize(
    "name", ["tiny-legacy.tar", "tiny-buildkit.tar", "podman-oci-archive.tar", "skopeo-oci-gzip.tar"]
)
def test_tinys_findings_are_its_truth(name: str) -> None:
    found = found_in(str(FIXTURES / name), 0)
    assert sorted((f.rule, f.kind, f.content_bytes) for f in found.findings) == [
        ("copied-up", FindingKind.WASTE, 9_000),
        ("deleted-later", FindingKind.LEAK, 5_000),
        ("deleted-later", FindingKind.WASTE, 4_400),
        ("vcs-metadata", FindingKind.LEAK, 4_074),
    ]
    assert (found.reclaimable_bytes, found.own_bytes) == (22_474, 63_700)


def test_the_tutorials_findings_are_its_truth() -> None:
    found = found_in(str(FIXTURES / "notes-v1.tar.zst"), 1)
    own = {(f.rule, f.kind) for f in found.findings if f.kind != FindingKind.INHERITED}
    assert own >= {
        ("vcs-metadata", FindingKind.LEAK),
        ("apk-index", FindingKind.WASTE),
        ("pip-cache", FindingKind.WASTE),
        ("os-pkg-managers", FindingKind.WASTE),
    }
    paths = {one.path for f in found.findings for one in f.paths}
    kept = ("/srv/notes/notes.py", "/srv/notes/run.sh", "/srv/notes/views/notes.tpl", "/usr/bin/python3.11")
    assert not paths.intersection(kept)


@pytest.mark.parametrize("name", ["public-hello-world-docker25.tar", "public-alpine-3.8-rootfs.tar.xz"])
def test_published_images_are_clean(name: str) -> None:
    assert [f for f in found_in(str(FIXTURES / name)).findings if f.kind != FindingKind.INHERITED] == []
