"""``layerscope findings``, ``layerscope leaks`` and ``layerscope rules``: findings complete, and what finds them."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.builder import ImageSpec, docker_save, file, layer, whiteout
from tests.cli.images import BEFORE, written
from tests.conftest import Run


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return written(tmp_path, "before.tar", BEFORE)


def rows(run: Run, *arguments: str | Path) -> list[dict[str, object]]:
    done = run("findings", *arguments, "-f", "json")
    assert done.returncode == 0
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_a_table_shows_where_and_how_much(run: Run, image: Path) -> None:
    lines = run("findings", image).stdout.split("\n")
    assert lines[0].split() == ["SEVERITY", "RULE", "KIND", "SIZE", "FILES", "LAYERS", "PATH", "PLACES"]
    assert any(
        line.split() == ["high", "vcs-metadata", "leak", "21", "B", "1", "3", "/app/.git", "1"] for line in lines
    )


def test_a_table_has_one_row_for_each_finding_unless_all_is_asked_for(run: Run, tmp_path: Path) -> None:
    spec = ImageSpec(
        layers=(
            layer(file("srv/a.log", b"x" * 900), file("opt/b.log", b"y" * 80)),
            layer(whiteout("srv/a.log"), whiteout("opt/b.log")),
        )
    )
    path = written(tmp_path, "image.tar", spec)
    brief, wide = (
        [line.split() for line in run("findings", path, *more).stdout.split("\n") if "deleted-later" in line]
        for more in ((), ("--wide",))
    )
    assert [line[-1] for line in wide] == ["/srv/a.log", "/opt/b.log"]
    assert [(*line[3:5], *line[-2:]) for line in brief] == [("980", "B", "/srv/a.log", "2")]
    assert len(rows(run, path, "--rule", "deleted-later")) == 2


def test_what_is_inherited_comes_last_but_for_secrets(run: Run, tmp_path: Path) -> None:
    key = (
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
        + b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n" * 4
        + b"-----END OPENSSH PRIVATE KEY-----\n"
    )
    below = layer(file("root/.ssh/id_rsa", key), file("var/cache/apt/archives/big.deb", b"x" * 9000))
    base, path = tmp_path / "base.tar", tmp_path / "image.tar"
    base.write_bytes(docker_save(ImageSpec(layers=(below,), tags=("base:1",))))
    path.write_bytes(docker_save(ImageSpec(layers=(below, layer(file("var/log/dpkg.log", b"x"))))))
    found = rows(run, path, "--base", base)
    assert [(row["rule"], row["source"]) for row in found] == [
        ("private-key", "base"),
        ("logs", "unknown"),
        ("apt-archives", "base"),
    ]


def test_the_rows_hold_what_the_report_says(run: Run, image: Path) -> None:
    findings = json.loads(run("report", image, "-f", "json").stdout)["findings"]
    for arguments in ((), ("--all",)):
        sums: dict[object, int] = {}
        for row in rows(run, image, *arguments):
            sums[row["finding"]] = sums.get(row["finding"], 0) + int(str(row["content_bytes"]))
        assert list(sums.values()) == [finding["content_bytes"] for finding in findings]


def test_all_gives_every_path_with_layer_and_fate(run: Run, image: Path) -> None:
    deleted = [row for row in rows(run, image, "--all") if row["fate"] == "deleted"]
    assert [(row["path"], row["layer"], row["content_bytes"]) for row in deleted] == [("/tmp/build.log", 1, 500)]


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        pytest.param(("--rule", "vcs-metadata"), {"vcs-metadata"}, id="rule"),
        pytest.param(("--severity", "high", "--severity", "critical"), {"vcs-metadata"}, id="severities"),
        pytest.param(("--kind", "leak", "--rule", "apt-lists"), set(), id="both have to hold"),
    ],
)
def test_filters_narrow_the_list(run: Run, image: Path, arguments: tuple[str, ...], rules: set[str]) -> None:
    assert {row["rule"] for row in rows(run, image, *arguments)} == rules


def test_leaks_lists_what_findings_lists_of_that_kind(run: Run, image: Path) -> None:
    assert run("leaks", image, "--all").stdout == run("findings", image, "--all", "--kind", "leak").stdout
    assert run("leaks", image, "--kind", "inherited").returncode == 2


def test_csv_has_a_row_for_each_line(run: Run, image: Path) -> None:
    found = list(csv.DictReader(io.StringIO(run("findings", image, "--all", "-f", "csv").stdout)))
    assert [row["path"] for row in found] == [row["path"] for row in rows(run, image, "--all")]


def test_ignored_findings_are_listed_with_the_reason(run: Run, image: Path, tmp_path: Path) -> None:
    entry = '[[ignore]]\nrule = "vcs-metadata"\npath = "/app/.git/HEAD"\nreason = "the version comes from it"\n'
    (tmp_path / ".layerscope.toml").write_text(entry)
    assert "vcs-metadata" not in run("findings", image).stdout
    ignored = run("findings", image, "--ignored").stdout
    assert "IGNORED BECAUSE" in ignored and "the version comes from it" in ignored
    report = run("report", image).stdout
    assert "1 finding, 21 B: ignored by .layerscope.toml" in report


def test_an_unknown_rule_is_told_with_the_nearest(run: Run, image: Path) -> None:
    done = run("findings", image, "--rule", "vcs")
    assert done.returncode == 2 and "there is no rule vcs" in done.stderr and "did you mean" in done.stderr


def test_nothing_found_is_said(run: Run, tmp_path: Path) -> None:
    clean = written(tmp_path, "clean.tar", ImageSpec(layers=(layer(file("a", b"1")),)))
    assert run("findings", clean).stdout == "no findings\n"
    assert run("findings", clean, "--kind", "secret").stdout == "no secrets found\n"
    assert run("leaks", clean).stdout == "no leaks found\n"
    assert run("findings", clean, "--kind", "secret", "--severity", "low").stdout == "no findings match\n"
    assert json.loads(run("findings", clean, "-f", "json").stdout) == []
