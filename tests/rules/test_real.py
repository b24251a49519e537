"""Findings on images that a real engine built; their Dockerfiles are the truth, GNU tar took the figures."""

import json
import tarfile
from functools import cache

import pytest

from layerscope.model.finding import Finding, FindingKind
from layerscope.rules.engine import Findings
from tests.conftest import real_image
from tests.rules.conftest import found_in

pytestmark = pytest.mark.real

LEAK, WASTE, INHERITED = FindingKind.LEAK, FindingKind.WASTE, FindingKind.INHERITED


@cache
def _real(name: str) -> Findings:
    return found_in(str(real_image(name)))


def _own(found: Findings) -> list[Finding]:
    return [finding for finding in found.findings if finding.kind != INHERITED]


def _said(found: Findings, rule: str) -> list[tuple[str, int]]:
    """Of each of the user's own findings of a rule, in the order of the layers, its biggest path and its bytes."""
    mine = sorted((f for f in _own(found) if f.rule == rule), key=lambda finding: finding.layers)
    return [(finding.paths[0].path, finding.content_bytes) for finding in mine]


def _bytes_below(name: str, layer: int, prefix: str, *endings: str) -> int:
    """What one layer holds below a directory, by the standard library alone."""
    with tarfile.open(real_image(name)) as outer:
        [manifest] = json.loads(outer.extractfile("manifest.json").read())  # type: ignore[union-attr]
        with tarfile.open(fileobj=outer.extractfile(manifest["Layers"][layer])) as inner:
            chosen = (m for m in inner if m.isreg() and m.name.startswith(prefix) and m.name.endswith(endings or ("",)))
            return sum(member.size for member in chosen)


@pytest.mark.parametrize("name", ["waste-v1.tar", "waste-buildkit.tar", "waste-v1.tar.gz"])
class TestWaste:
    """One kind of waste for each RUN of its Dockerfile."""

    def test_hidden_bytes_are_told_by_writer_and_hider(self, name: str) -> None:
        found = _real(name)
        assert _said(found, "deleted-later") == [("/big.bin", 20_000_000), ("/opaque/old", 50_000)]
        assert [bytes_ for _, bytes_ in _said(found, "copied-up")] == [2_000_000, 2_000_000]
        assert _said(found, "overwritten") == [("/srv/thrice", 100_000), ("/srv/thrice", 100_000)]

    def test_bytes_under_a_second_name_are_kept_and_their_copy_is_told(self, name: str) -> None:
        assert _said(_real(name), "duplicate-content") == [("/srv/moved", 70_000)]

    def test_a_deleted_key_is_still_shipped(self, name: str) -> None:
        found = _real(name)
        assert _said(found, "private-key") == [("/root/.ssh/id_rsa", 79)]
        assert _said(found, "cred-file") == [("/root/.aws/credentials", 75)]
        assert "fakefake" not in repr(found)

    def test_nothing_else_is_said_of_the_users_layers(self, name: str) -> None:
        rules = {finding.rule for finding in _own(_real(name))}
        assert rules == {
            "apt-archives", "apt-lists", "config-secret", "copied-up", "cred-file", "deleted-later",
            "duplicate-content", "history-secret", "overwritten", "private-key", "setid",
        }  # fmt: skip

    def test_all_of_it_adds_up(self, name: str) -> None:
        found = _real(name)
        assert not [finding for finding in _own(found) if finding.kind == LEAK]
        assert found.reclaimable_bytes + found.trade_bytes == found.claimed_bytes
        # The tree, the last of three, the opaque directory's new file, the linked one, the sparse one, the odd names.
        kept = 2_000_000 + 100_000 + 3_000 + 70_000 + 5_000_000 + 4 + 3
        assert found.own_bytes - found.claimed_bytes - kept == _bytes_below("waste-v1.tar", 15, "srv/setuid")


def test_what_apt_left_is_what_the_layer_holds() -> None:
    found = _real("waste-v1.tar")
    assert [b for _, b in _said(found, "apt-lists")] == [_bytes_below("waste-v1.tar", 17, "var/lib/apt/lists/")]
    assert [b for _, b in _said(found, "apt-archives")] == [_bytes_below("waste-v1.tar", 17, "var/cache/apt/", ".bin")]


def test_minis_repository_leaked_and_its_caches_are_waste() -> None:
    found = _real("mini-v1.tar")
    kinds = {finding.rule: finding.kind for finding in _own(found)}
    assert kinds["vcs-metadata"] == LEAK
    assert {kinds[rule] for rule in ("apt-lists", "apt-archives", "bytecode", "logs")} == {WASTE}
    (repository,) = (finding for finding in found.findings if finding.rule == "vcs-metadata")
    assert {path.path.startswith("/var/flaskapp/.git/") for path in repository.paths} == {True}
    assert repository.content_bytes == _bytes_below("mini-v1.tar", 3, "var/flaskapp/.git/")


@pytest.mark.parametrize("name", ["mini-v1.oci-gzip.tar", "mini-v1.oci-zstd.tar", "mini-v1.layout"])
def test_the_same_image_in_another_dialect_says_the_same(name: str) -> None:
    expected = [(f.rule, f.kind, f.content_bytes, f.paths) for f in _real("mini-v1.tar").findings]
    assert [(f.rule, f.kind, f.content_bytes, f.paths) for f in _real(name).findings] == expected


DEVELOPMENT = {"pytest", "black", "mypy", "IPython", "iniconfig", "pluggy", "pathspec", "jedi", "parso", "pygments"}
PRODUCTION = {
    "flask",
    "click",
    "jinja2",
    "sqlalchemy",
    "alembic",
    "mako",
    "gunicorn",
    "packaging",
    "typing_extensions.py",
}
SITE = "/pybase/lib/python3.11/site-packages/"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("notesapp-multistage.tar", LEAK, id="copied from the builder"),
        pytest.param("notesapp-buildkit.tar", LEAK, id="copied from the builder, by BuildKit"),
        pytest.param("notesapp-default.tar", WASTE, id="installed by the only stage"),
    ],
)
def test_notesapps_development_packages(name: str, kind: FindingKind) -> None:
    found = [finding for finding in _real(name).findings if finding.rule == "py-dev-deps"]
    finding = max(found, key=lambda one: one.content_bytes)
    claimed = {path.path.removeprefix(SITE).partition("/")[0] for one in found for path in one.paths}
    assert finding.kind == kind
    assert claimed >= DEVELOPMENT
    assert claimed.isdisjoint(PRODUCTION)


def test_notesapps_compilers_came_with_the_base() -> None:
    found = _real("notesapp-multistage.tar")
    kinds = {
        finding.rule: finding.kind for finding in found.findings if finding.rule in ("native-toolchain", "build-utils")
    }
    assert kinds == {"native-toolchain": INHERITED, "build-utils": INHERITED}
    assert not [finding for finding in _own(found) if finding.rule == "unstripped-elf"]


def test_pipenv_stays_behind_only_in_a_single_stage() -> None:
    assert not [f for f in _own(_real("notesapp-multistage.tar")) if f.rule == "py-managers"]
    assert "pipenv" in repr([f.detail for f in _own(_real("notesapp-default.tar")) if f.rule == "py-managers"])
