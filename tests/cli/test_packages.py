"""``layerscope packages``: what is installed, filtered, sorted, and the files of one package."""

import json
from pathlib import Path

import pytest

from tests.builder import ImageSpec, file, layer
from tests.cli.images import written
from tests.conftest import Run

_STATUS = """\
Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2-1

"""
IMAGE = ImageSpec(
    layers=(
        layer(
            file("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'),
            file("var/lib/dpkg/status", _STATUS.encode()),
            file("var/lib/dpkg/info/bash.list", b"/.\n/bin\n/bin/bash\n"),
            file("bin/bash", b"B" * 900),
        ),
        layer(
            file("usr/lib/python3/dist-packages/six.py", b"S" * 300),
            file("usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA", b"Name: six\nVersion: 1.16.0\n"),
            file("usr/lib/python3/dist-packages/six-1.16.0.dist-info/RECORD", b"six.py,,\n"),
        ),
    )
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return written(tmp_path, "image.tar", IMAGE)


def names(run: Run, *arguments: str | Path) -> list[str]:
    done = run("packages", *arguments, "-f", "json")
    assert done.returncode == 0
    return [row["name"] for row in json.loads(done.stdout)]


def test_the_biggest_come_first_with_their_own_bytes(run: Run, image: Path) -> None:
    (bash, six) = json.loads(run("packages", image, "-f", "json").stdout)
    assert (bash["name"], bash["type"], bash["version"], bash["layer"]) == ("bash", "deb", "5.2-1", 0)
    assert bash["content_bytes"] >= 900 and six["content_bytes"] >= 300
    assert bash["purl"].startswith("pkg:deb/debian/bash@5.2-1") and six["purl"] == "pkg:pypi/six@1.16.0"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("--type", "deb"), ["bash"], id="type"),
        pytest.param(("--type", "deb", "--type", "pypi"), ["bash", "six"], id="types"),
        pytest.param(("--layer", "1"), ["six"], id="layer"),
        pytest.param(("--name", "s*"), ["six"], id="pattern"),
        pytest.param(("--sort", "name"), ["bash", "six"], id="by name"),
        pytest.param(("--sort", "layer", "--top", "1"), ["bash"], id="by layer, the first"),
        pytest.param(("--name", "none"), [], id="nothing"),
    ],
)
def test_filters_and_order(run: Run, image: Path, arguments: tuple[str, ...], expected: list[str]) -> None:
    assert names(run, image, *arguments) == expected


def test_the_files_of_one_package_are_listed(run: Run, image: Path) -> None:
    rows = json.loads(run("packages", image, "--files", "bash", "-f", "json").stdout)
    assert "/bin/bash" in {row["path"] for row in rows}
    assert all(row["owner"] == "bash 5.2-1" for row in rows)


def test_a_package_that_is_not_there_is_told(run: Run, image: Path) -> None:
    done = run("packages", image, "--files", "zsh")
    assert done.returncode == 2 and "no package zsh" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--layer", "99"), "there is no layer 99; the image has 2"),
        (
            ("--type", "foo"),
            "unknown type of packages: foo\nhint: the image has packages of type deb, pypi",
        ),
    ],
)
def test_what_no_image_has_is_a_wrong_question(
    run: Run, image: Path, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "saved.json").write_text(run("report", image, "-f", "json").stdout)
    for source in (image, "saved.json"):
        done = run("packages", source, *arguments)
        assert done.returncode == 2 and not done.stdout and told in done.stderr
    assert run("packages", image, "--type", "rpm").stdout == "nothing to list\n"


def test_a_saved_report_holds_the_packages_but_not_their_files(run: Run, image: Path, tmp_path: Path) -> None:
    (tmp_path / "saved.json").write_text(run("report", image, "-f", "json").stdout)
    assert run("packages", "saved.json", "-f", "json").stdout == run("packages", image, "-f", "json").stdout
    assert run("packages", "saved.json", "--files", "bash").returncode == 2


def test_a_scope_belongs_to_the_name(run: Run, tmp_path: Path) -> None:
    manifests = {"@a/x": b'{"name": "@a/x", "version": "1"}', "x": b'{"name": "x", "version": "2"}'}
    members = [file(f"app/node_modules/{name}/package.json", text) for name, text in manifests.items()]
    scoped = written(tmp_path, "scoped.tar", ImageSpec(layers=(layer(*members),)))
    rows = json.loads(run("packages", scoped, "--name", "@a/*", "-f", "json").stdout)
    assert [(row["full_name"], row["name"], row["namespace"]) for row in rows] == [("@a/x", "x", "@a")]
    assert sorted(names(run, scoped, "--name", "x")) == ["x", "x"]
    assert "@a/x" in run("packages", scoped).stdout
    owned = json.loads(run("packages", scoped, "--files", "@a/x", "-f", "json").stdout)
    assert [row["owner"] for row in owned] == ["@a/x 1"]
    report = json.loads(run("report", scoped, "-f", "json").stdout)
    assert "@a/x" in {package["full_name"] for package in report["packages"]}
