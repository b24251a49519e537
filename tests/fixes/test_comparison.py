"""The comparison that proves patches: it has to see what a patch breaks, and nothing else."""

import subprocess
from pathlib import Path

import pytest

from tests.builder import ImageSpec, Member, directory, docker_save, file, layer, symlink, whiteout
from tests.fixes import score
from tests.fixes.command import Proposal, alone
from tests.fixes.results import Attempt
from tests.fixes.scenario import OWN, scenarios
from tests.fixes.tree import Tree, differences, read_tree
from tests.fixes.truth import read_truth


def tree(tmp_path: Path, *layers: bytes, base_layers: int = 0) -> Tree:
    archive = tmp_path / f"{len(list(tmp_path.iterdir()))}.tar"
    archive.write_bytes(docker_save(ImageSpec(layers=layers)))
    return read_tree(archive, base_layers)


def test_layers_are_overlaid(tmp_path: Path) -> None:
    found = tree(tmp_path, layer(file("a/old", b"12"), file("b", b"1")), layer(whiteout("a/old"), file("b", b"123")))

    assert sorted(found.live) == ["b"]
    assert sorted((entry.path, entry.size) for entry in found.hidden) == [("a/old", 2), ("b", 1)]
    assert found.content_bytes == 6


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        pytest.param(file("b", b"1"), "absent", id="removed"),
        pytest.param(file("a", b"2"), "content", id="other content"),
        pytest.param(file("a", b"1", mode=0o600), "metadata", id="other mode"),
        pytest.param(file("a", b"1", uid=7), "metadata", id="other owner"),
        pytest.param(symlink("a", "b"), "content", id="a link instead"),
    ],
)
def test_differences_are_seen(tmp_path: Path, after: Member, kind: str) -> None:
    found = differences(tree(tmp_path, layer(file("a", b"1"))), tree(tmp_path, layer(after)))

    assert getattr(found, kind) == {"a"}
    assert found.all == {"a"}


def test_a_file_that_moves_to_another_layer_is_the_same(tmp_path: Path) -> None:
    before = tree(tmp_path, layer(file("a", b"1")), layer(file("b", b"2")))

    assert not differences(before, tree(tmp_path, layer(file("a", b"1"), file("b", b"2")))).all


def test_a_directory_counts_only_while_it_is_empty(tmp_path: Path) -> None:
    before = tree(tmp_path, layer(directory("full"), file("full/a", b"1"), directory("empty")))

    assert differences(before, tree(tmp_path, layer())).absent == {"full/a", "empty"}


def test_truth_follows_links_to_what_is_needless(tmp_path: Path) -> None:
    found = tree(
        tmp_path,
        layer(file("usr/bin/gcc", b"1"), symlink("etc/alternatives/cc", "/usr/bin/gcc"), symlink("usr/bin/cc", "gcc")),
        layer(symlink("usr/bin/sh", "dash"), file("usr/bin/dash", b"2")),
    )
    (tmp_path / "truth.tsv").write_text("a remark\nN\t-\t^usr/bin/gcc$\n")
    truth = read_truth(tmp_path / "truth.tsv", found, tmp_path)

    verdicts = {path: truth.verdict(entry) for path, entry in found.live.items() if entry.kind != "directory"}
    assert verdicts == {
        "usr/bin/gcc": "N",
        "etc/alternatives/cc": "N",
        "usr/bin/cc": "N",
        "usr/bin/sh": "K",
        "usr/bin/dash": "K",
    }


def test_truth_knows_the_files_of_a_package(tmp_path: Path) -> None:
    found = tree(
        tmp_path,
        layer(
            file("usr/lib/libm.a", b"1"),
            file("usr/bin/make", b"1"),
            file("var/lib/dpkg/info/libc6-dev:amd64.list", b"/.\n/lib\n/lib/libm.a\n"),
            file("var/lib/dpkg/info/make.list", b"/usr/bin/make\n"),
        ),
    )
    (tmp_path / "truth.tsv").write_text("A\t-\t/bin/\nN\t-\t@DPKG gcc libc6-dev\n")
    truth = read_truth(tmp_path / "truth.tsv", found, tmp_path)

    assert [truth.verdict(entry) for entry in found.live.values()] == ["N", "A", "N", "K"]


def test_truth_about_all_in_a_directory_is_about_the_directory(tmp_path: Path) -> None:
    found = tree(tmp_path, layer(directory("app/deps"), directory("app/data")))
    (tmp_path / "truth.tsv").write_text("N\t-\t^app/deps/\n")
    truth = read_truth(tmp_path / "truth.tsv", found, tmp_path)

    assert {path: truth.verdict(entry) for path, entry in found.live.items()} == {"app/deps": "N", "app/data": "K"}


def test_one_step_becomes_a_patch(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nRUN b\nRUN c\n")
    edits = [
        {"file": "Dockerfile", "line": 2, "removed": ["RUN b"], "added": ["RUN b && d"]},
        {"file": "Dockerfile", "line": 4, "removed": [], "added": ["USER e"]},
        {"file": ".dockerignore", "line": 1, "removed": [], "added": [".git"]},
    ]

    patch = alone({"edits": edits}, tmp_path)

    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch, text=True, check=True)
    assert (tmp_path / "Dockerfile").read_text() == "FROM a\nRUN b && d\nRUN c\nUSER e\n"
    assert (tmp_path / ".dockerignore").read_text() == ".git\n"


def test_hidden_bytes_are_needless_and_those_of_the_base_are_not_ours(tmp_path: Path) -> None:
    found = tree(
        tmp_path, layer(file("a", b"1")), layer(file("b", b"22")), layer(whiteout("a"), whiteout("b")), base_layers=1
    )
    (tmp_path / "truth.tsv").write_text("")

    assert score.needless(found, read_truth(tmp_path / "truth.tsv", found, tmp_path)) == {("b", 1): 2}


def test_every_scenario_says_how_it_is_built_and_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONLY", raising=False)
    monkeypatch.delenv("LAYERSCOPE_SCENARIOS", raising=False)

    found = scenarios()

    assert {scenario.name for scenario in found} == {folder.parent.name for folder in OWN.glob("*/Dockerfile")}
    assert all(scenario.smoke is not None and scenario.covers and scenario.truth.exists() for scenario in found)


def test_what_a_step_saved_is_what_is_gone_of_its_findings(tmp_path: Path) -> None:
    before = tree(tmp_path, layer(file("a", b"12345"), file("b", b"1")), layer(file("a", b"12345", uid=7)))
    after = tree(tmp_path, layer(file("a", b"12345", uid=7), file("b", b"1")))
    finding = {
        "paths": [{"path": "/a", "layer": 0, "content_bytes": 5}, {"path": "/b", "layer": 0, "content_bytes": 1}]
    }
    described = {
        "strategy": "owner-and-mode",
        "safety": "safe",
        "stage": "",
        "dockerfile_line": 2,
        "sentence": "",
        "review": "",
        "saves_bytes": 6,
        "findings": [0],
    }
    document = {"findings": [finding], "steps": [described, described]}
    steps = score.steps(document, Proposal(patch="", done=frozenset({1, 2}), left={}))
    attempt = Attempt(mode="safe", patch="", steps=steps)

    score.attribute(attempt, before, after, document)

    assert [step.actual_bytes for step in attempt.steps] == [5, 0]
