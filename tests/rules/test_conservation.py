"""Whatever an image holds, its findings add up (docs/design.md, "Accounting")."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.model.finding import Finding
from tests.builder import ImageSpec, Member, directory, file, hardlink, layer, opaque, symlink, whiteout
from tests.packages.elves import elf
from tests.rules.conftest import Find, step

PATHS = (
    "var/lib/apt/lists/a", "var/lib/apt/lists/b", "var/cache/apt/pkgcache.bin", "tmp/x", "tmp/y.o", "app/a", "app/b",
    "app/.git/HEAD", "app/.git/objects/x", "app/__pycache__/x.pyc", "app/__tests__/x", "app/node_modules/x/a.js.map",
    "root/.cache/pip/x", "root/.ssh/id_rsa", "usr/share/doc/x/README", "usr/bin/tool", "usr/lib/x.a", "wheels/x.whl",
    "var/lib/dpkg/status", "etc/os-release", ".env", "core",
)  # fmt: skip
DIRECTORIES = ("app", "tmp", "var/lib/apt/lists", "app/.git", "root")
CONTENTS = (
    b"", b"1", b"A=secret\n", b"x" * 5_000, b"y" * 5_000, b"!<arch>\n12345", elf(kind=1),
    elf({".text": b"x" * 40_000, ".debug_info": b"s" * 40_000}),
    b"-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n",
)  # fmt: skip
STEPS = ("/bin/sh -c make", "COPY dir:" + "0" * 64 + " in /", "", "ADD file:" + "0" * 64 + " in /")


@st.composite
def members_of_images(draw: st.DrawFn) -> Member:
    path = draw(st.sampled_from(PATHS))
    kind = draw(st.sampled_from("ffffffhswod"))
    if kind == "f":
        return file(path, draw(st.sampled_from(CONTENTS)), mode=draw(st.sampled_from((0o644, 0o755, 0o4777))))
    if kind == "h":
        return hardlink(path, draw(st.sampled_from(PATHS)))
    if kind == "s":
        return symlink(path, draw(st.sampled_from(PATHS)))
    if kind == "w":
        return whiteout(draw(st.sampled_from((*PATHS, *DIRECTORIES))))
    return opaque(draw(st.sampled_from(DIRECTORIES))) if kind == "o" else directory(draw(st.sampled_from(DIRECTORIES)))


@st.composite
def _images(draw: st.DrawFn) -> tuple[ImageSpec, int, bool]:
    """An image, how many of its layers are the base's, and whether it has hardlinks."""
    # A name occurs once in a layer, so that layer and path tell which version a finding means.
    unique = st.lists(members_of_images(), max_size=9, unique_by=lambda member: member.name)
    drawn = draw(st.lists(unique, max_size=4))
    layers = tuple(layer(*members) for members in drawn)
    history = tuple(step(draw(st.sampled_from(STEPS))) for _ in layers)
    linked = any(member.typeflag == b"1" for members in drawn for member in members)
    return ImageSpec(layers=layers, history=history), draw(st.integers(0, len(layers))), linked


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_images())
def test_findings_and_totals_reconcile(find: Find, image: tuple[ImageSpec, int, bool]) -> None:
    spec, base_layers, linked = image
    found = find(spec, base_layers=base_layers)
    own = [finding for finding in found.findings if finding.source != "base"]
    inherited = [finding for finding in found.findings if finding.source == "base"]

    assert all(f.content_bytes == sum(path.content_bytes for path in f.paths) for f in found.findings)
    assert found.claimed_bytes == sum(finding.content_bytes for finding in own)
    assert found.inherited_bytes == sum(finding.content_bytes for finding in inherited) <= found.base_bytes
    assert found.trade_bytes == sum(finding.content_bytes for finding in own if finding.trade) <= found.claimed_bytes
    assert 0 <= found.claimed_bytes <= found.reclaimable_bytes + found.trade_bytes <= found.own_bytes
    assert found.reclaimable_bytes + found.trade_bytes == found.claimed_bytes
    assert all(path.layer >= base_layers for finding in own for path in finding.paths)
    assert all(path.layer < base_layers for finding in inherited for path in finding.paths)
    assert not any(found.reclaimable[:base_layers])
    # Bytes that only a hardlink keeps alive are told by its path, which other bytes of that layer may have had.
    assert linked or not _claimed_twice(found.findings)


def _claimed_twice(findings: tuple[Finding, ...]) -> list[tuple[int, str]]:
    claimed = Counter((path.layer, path.path) for finding in findings for path in finding.paths if path.content_bytes)
    return [place for place, times in claimed.items() if times > 1]
