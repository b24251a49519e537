"""The action, the GitLab job and the hook that the repository offers keep to their schemas, and their scripts run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.builder import ImageSpec, docker_legacy, file, layer, oci_layout_directory

ROOT = Path(__file__).parent.parent


def read(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "schema"), [("action.yml", "github-actions"), ("ci/gitlab.yml", "gitlab-ci")])
def test_the_file_keeps_to_its_schema(name: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_has_what_pre_commit_requires() -> None:
    (hook,) = read(".pre-commit-hooks.yaml")
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["entry"].split() == ["layerscope", "check"] and hook["language"] == "python"


def test_no_script_of_the_action_holds_an_expression() -> None:
    steps = read("action.yml")["runs"]["steps"]
    assert not [step["name"] for step in steps if "${{" in step["run"]]


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """The environment of a runner on which this version is installed."""
    program = tmp_path / "layerscope" / "bin" / "layerscope"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m layerscope "$@"\n')
    program.chmod(0o755)
    (tmp_path / "image $(touch evil).tar").write_bytes(
        docker_legacy(ImageSpec(layers=(layer(file("a", b"1" * 5000)),), tags=("app:1",)))
    )
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    return {**os.environ, **files, "RUNNER_TEMP": str(tmp_path), "PYTHONPATH": str(ROOT)}


def step(name: str, folder: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one step of the action as a runner does."""
    (script,) = [one["run"] for one in read("action.yml")["runs"]["steps"] if one["name"] == name]
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's steps are written for bash")
def test_the_action_reports_and_checks(runner: dict[str, str], tmp_path: Path) -> None:
    inputs = {"IMAGE": "image $(touch evil).tar", "DOCKERFILE": "", "ARGUMENTS": "--no-duplicates\n\n--top=3\n"}
    done = step("Report", str(tmp_path), runner | inputs)
    assert done.returncode == 0, done.stdout
    assert "app:1" in done.stdout and "### app:1" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text()
    outputs = dict(line.split("=", 1) for line in Path(runner["GITHUB_OUTPUT"]).read_text().splitlines())
    assert set(outputs) == {"report", "sarif", "html"} and all(Path(path).stat().st_size for path in outputs.values())
    assert not (tmp_path / "evil").exists()
    for limit, code in (("--max-size=1MB", 0), ("--max-size=1kB\n--fail-on=critical", 1)):
        checked = step("Check", str(tmp_path), runner | {"REPORT": outputs["report"], "LIMITS": limit})
        assert checked.returncode == code, checked.stdout
        assert checked.stdout.startswith("::stop-commands::") and checked.stdout.endswith("::\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's steps are written for bash")
@pytest.mark.parametrize("image", ["image $(touch evil).tar", "none.tar"], ids=["an image", "none"])
def test_nothing_between_the_first_line_and_the_last_is_a_command(
    runner: dict[str, str], tmp_path: Path, image: str
) -> None:
    (tmp_path / "none.tar").write_bytes(b"")
    done = step("Report", str(tmp_path), runner | {"IMAGE": image, "DOCKERFILE": "", "ARGUMENTS": ""})
    first, *_, last = done.stdout.splitlines()
    token = first.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", token) and last == f"::{token}::" and done.stderr == ""
    assert done.stdout.count(token) == 2


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's steps are written for bash")
def test_a_directory_that_holds_no_image_is_no_image_of_the_action(runner: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(f'#!/bin/sh\ntest "$*" = "save --output $3 -- app" && cp {tmp_path}/image*.tar "$3"\n')
    engine.chmod(0o755)
    environment = runner | {"PATH": f"{engine.parent}{os.pathsep}{runner['PATH']}"}
    inputs = {"IMAGE": "app", "DOCKERFILE": "", "ARGUMENTS": ""}
    done = step("Report", str(tmp_path), environment | inputs)
    assert done.returncode == 0 and "app:1" in done.stdout, done.stdout
    oci_layout_directory(tmp_path / "app", ImageSpec(layers=(layer(file("a", b"1")),), tags=("layout:1",)))
    done = step("Report", str(tmp_path), environment | inputs)
    assert done.returncode == 0 and "layout:1" in done.stdout, done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell")
def test_the_gitlab_job_reports_and_checks(runner: dict[str, str], tmp_path: Path) -> None:
    job = read("ci/gitlab.yml")[".layerscope"]
    (tmp_path / "image $(touch evil).tar").rename(tmp_path / "image.tar")
    _, *script = job["script"]
    environment = runner | job["variables"] | {"LAYERSCOPE_MAX_SIZE": "1kB"}
    environment["PATH"] = f"{tmp_path / 'layerscope' / 'bin'}{os.pathsep}{environment['PATH']}"
    command = ["sh", "-e", "-c", "\n".join(script)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "FAIL  max-size" in done.stdout, done.stdout + done.stderr
    assert {"report.json", "report.html", "quality.json", "junit.xml"} == set(
        os.listdir(tmp_path / "layerscope-report")
    )
