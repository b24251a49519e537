"""The action, the GitLab job, the hook and the workflows keep to their schemas; scripts of what others use run."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.builder import ImageSpec, docker_legacy, file, layer, oci_layout_directory
from tests.dist import preamble

ROOT = Path(__file__).parent.parent


def read(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((ROOT / name).read_text(encoding="utf-8"))


WORKFLOWS = [".github/workflows/ci.yml", ".github/workflows/wheels.yml"]


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("action.yml", "github-actions"),
        ("ci/gitlab.yml", "gitlab-ci"),
        *((one, "github-workflows") for one in WORKFLOWS),
    ],
)
def test_the_file_keeps_to_its_schema(name: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.real
@pytest.mark.skipif(shutil.which("actionlint") is None, reason="needs actionlint")
def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(["actionlint", *WORKFLOWS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_says_that_it_is_untested_and_reads_only(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8").startswith("# Untested")
    workflow = read(name)
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts and all(step["with"] == {"persist-credentials": False} for step in checkouts)
    assert not [step["run"] for step in steps if "${{" in step.get("run", "")]
    targets = {target for step in steps for target in re.findall(r"\bmake ([\w-]+)", step.get("run", ""))}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets and all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_only_a_tag_publishes_without_a_stored_token() -> None:
    jobs = read(".github/workflows/wheels.yml")["jobs"]
    publish = jobs["publish"]
    assert publish["if"] == "github.event_name == 'push' && github.ref_type == 'tag'"
    assert publish["permissions"] == {"id-token": "write"} and publish["environment"]
    assert set(publish["needs"]) == set(jobs) - {"publish"}
    assert not [name for name, job in jobs.items() if name != "publish" and "permissions" in job]
    assert "secrets." not in (ROOT / ".github/workflows/wheels.yml").read_text(encoding="utf-8")


def test_the_workflows_try_the_pythons_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = re.findall(r"Python :: (3\.\d+)", " ".join(project["project"]["classifiers"]))
    assert read(WORKFLOWS[0])["jobs"]["test"]["strategy"]["matrix"]["python"] == named
    assert project["tool"]["cibuildwheel"]["build"] == [f"cp{one.replace('.', '')}-*" for one in named]


def test_the_extra_all_has_every_extra_but_the_large_one() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (requirement,) = extras.pop("all")
    del extras["fleet"]
    assert requirement == f"layerscope[{','.join(extras)}]"


@pytest.mark.parametrize(
    ("suffix", "machine", "code"),
    [
        pytest.param(EXTENSION_SUFFIXES[0], platform.machine(), 0, id="here"),
        pytest.param(".cpython-39-x86_64-linux-gnu.so", platform.machine(), 2, id="another Python"),
        pytest.param(EXTENSION_SUFFIXES[0], "pdp11", 2, id="another machine"),
    ],
)
def test_the_pyz_stops_where_it_cannot_run(suffix: str, machine: str, code: int) -> None:
    command = [sys.executable, "-c", preamble(suffix, machine, "Python 3.9 on a PDP")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert bool(code) == done.stderr.startswith("error: layerscope.pyz is for Python 3.9 on a PDP\nhint: ")


def test_the_workflow_of_the_readme_can_be_copied(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    workflow = tmp_path / "image.yml"
    workflow.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (step,) = [one for one in YAML(typ="safe", pure=True).load(text)["jobs"]["image"]["steps"] if "with" in one]
    assert step["uses"] == "OWNER/layerscope@main"
    assert set(step["with"]) <= set(read("action.yml")["inputs"])


def test_the_hook_has_what_pre_commit_requires() -> None:
    (hook,) = read(".pre-commit-hooks.yaml")
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["entry"].split() == ["layerscope", "check"] and hook["language"] == "python"


@pytest.mark.real
@pytest.mark.skipif(
    shutil.which("git") is None or find_spec("pre_commit") is None or not (ROOT / ".git").exists(),
    reason="needs git, a clone of the repository, and pre-commit",
)
def test_pre_commit_installs_the_hook_and_runs_it(tmp_path: Path) -> None:
    """From what git has of this directory, as from a repository; installing takes a network and a minute."""
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache")}
    for name, value in (("AUTHOR", "a"), ("COMMITTER", "a")):
        environment |= {f"GIT_{name}_NAME": value, f"GIT_{name}_EMAIL": "a@example.com"}
    project = tmp_path / "project"
    project.mkdir()
    content = docker_legacy(ImageSpec(layers=(layer(file("a", b"1" * 5000)),), tags=("app:1",)))
    (project / "image.tar").write_bytes(content)

    def git(*arguments: str, folder: Path = project) -> str:
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "--quiet")
    revision = git("rev-parse", "HEAD", folder=ROOT)
    for most, code in (("1MB", 0), ("1kB", 1)):
        hook = {"id": "layerscope-check", "args": ["image.tar", f"--max-size={most}"]}
        config = {"repos": [{"repo": str(ROOT), "rev": revision, "hooks": [hook]}]}
        (project / ".pre-commit-config.yaml").write_text(json.dumps(config))
        git("add", ".pre-commit-config.yaml")
        command = [sys.executable, "-m", "pre_commit", "run", "--hook-stage", "manual", "--verbose", "layerscope-check"]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        assert f"{'FAIL' if code else 'PASS'}  max-size" in done.stdout


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
    names = ("DOCKERFILE", "ARGUMENTS", "LIMITS", "BASELINE", "BASELINE_DOCKERFILE", "MAX_GROWTH", "COMMENT")
    inputs = dict.fromkeys(names, "")
    return {**os.environ, **inputs, **files, "RUNNER_TEMP": str(tmp_path), "PYTHONPATH": str(ROOT)}


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
    assert set(outputs) == {"report", "sarif", "html", "comment"}
    assert all(Path(path).stat().st_size for path in outputs.values())
    comment = Path(outputs["comment"]).read_text()
    assert comment.startswith("<!-- layerscope -->\n\n### app:1") and comment.endswith("\n\n<!-- /layerscope -->\n")
    assert not (tmp_path / "evil").exists()
    for limit, code in (("--max-size=1MB", 0), ("--max-size=1kB\n--fail-on=critical", 1)):
        checked = step("Check", str(tmp_path), runner | {"REPORT": outputs["report"], "LIMITS": limit})
        assert checked.returncode == code, checked.stdout
        assert checked.stdout.startswith("::stop-commands::") and checked.stdout.endswith("::\n")


def grown(folder: Path, runner: dict[str, str]) -> dict[str, str]:
    """The inputs that compare an image with its baseline, a saved report."""
    name = "image $(touch evil).tar"
    command = [runner["RUNNER_TEMP"] + "/layerscope/bin/layerscope", "report", name, "-o", "base $(touch evil).json"]
    subprocess.run(command, cwd=folder, env=runner, check=True, capture_output=True)
    content = docker_legacy(ImageSpec(layers=(layer(file("a", b"1" * 7000)),), tags=("app:2",)))
    (folder / "new.tar").write_bytes(content)
    return {"IMAGE": "new.tar", "BASELINE": "base $(touch evil).json", "MAX_GROWTH": "5%", "COMMENT": "a comment.md"}


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's steps are written for bash")
def test_a_baseline_makes_the_comment_of_a_pull_request_and_the_check_fails_on_growth(
    runner: dict[str, str], tmp_path: Path
) -> None:
    inputs = grown(tmp_path, runner)
    done = step("Report", str(tmp_path), runner | inputs)
    assert done.returncode == 0, done.stdout
    comment = (tmp_path / "a comment.md").read_text()
    assert "### app:2 is 2.00 kB \\(40%\\) larger than app:1" in comment and "**FAIL: growth of 40%" in comment
    summary = Path(runner["GITHUB_STEP_SUMMARY"]).read_text()
    assert summary.index("larger than app:1") < summary.index("### app:2: 7.00 kB")
    outputs = dict(line.split("=", 1) for line in Path(runner["GITHUB_OUTPUT"]).read_text().splitlines())
    assert Path(outputs["comment"]).read_text() == comment
    for most, code in (("5%", 1), ("50%", 0)):
        limits = {"REPORT": outputs["report"], "LIMITS": "", "BASELINE": inputs["BASELINE"], "MAX_GROWTH": most}
        assert step("Check", str(tmp_path), runner | limits).returncode == code
    assert not (tmp_path / "evil").exists()


_BEGIN, _END = "<!-- layerscope -->\n", "<!-- /layerscope -->\n"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's steps are written for bash")
@pytest.mark.parametrize(
    ("before", "above", "below"),
    [
        pytest.param("", "", "", id="empty"),
        pytest.param("mine\n", "mine\n", "", id="of others"),
        pytest.param(f"mine\n{_BEGIN}old\n{_END}yours\n", "mine\n", "yours\n", id="an earlier run's"),
        pytest.param(f"mine\n{_BEGIN}yours\n", f"mine\n{_BEGIN}yours\n", "", id="without an end"),
        pytest.param(f"{_END}mine\n{_BEGIN}yours\n", f"{_END}mine\n{_BEGIN}yours\n", "", id="the end first"),
        pytest.param(f"{_BEGIN}old\n{_END}mine\n{_BEGIN}yours\n{_END}", "", f"mine\n{_BEGIN}yours\n{_END}", id="twice"),
    ],
)
def test_a_comment_file_keeps_what_others_wrote(
    runner: dict[str, str], tmp_path: Path, before: str, above: str, below: str
) -> None:
    path = tmp_path / "comment.md"
    path.write_text(before)
    inputs = {"IMAGE": "image $(touch evil).tar", "COMMENT": "comment.md"}
    for _ in range(2):
        done = step("Report", str(tmp_path), runner | inputs)
        assert done.returncode == 0, done.stdout
        outputs = dict(line.split("=", 1) for line in Path(runner["GITHUB_OUTPUT"]).read_text().splitlines())
        part = Path(outputs["comment"]).read_text()
        assert path.read_text() == above + part + below


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
