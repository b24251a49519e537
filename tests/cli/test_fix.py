"""``layerscope fix``: a patch that applies, what it says of it, and what it refuses."""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from layerscope.cli.build import find_context
from layerscope.dockerfile.parse import parse_dockerfile
from tests.advice.builds import Build
from tests.builder import Member, file
from tests.cli.calling import NEEDS_MODES, NEEDS_SYMLINKS, Called, call

DOCKERFILE = """FROM node AS build
WORKDIR /app
COPY . .
RUN npm run build

FROM debian
RUN apt-get update
# tools
RUN apt-get install -y curl
COPY --from=build /app /app
CMD curl
"""
LISTS = file("var/lib/apt/lists/deb.debian.org_dists_bookworm_main_Packages", b"p" * 50_000)
GIT = (file("app/.git/HEAD", b"ref: refs/heads/main\n"), file("app/.git/objects/pack/p.pack", b"g" * 30_000))
JOBS = file("app/.github/workflows/ci.yml", b"j" * 9000)
BUILT = file("app/dist/app.js", b"j" * 3000)
LAYERS: dict[int, tuple[Member, ...]] = {
    3: (file("app/main.js", b"j" * 900), *GIT, JOBS),
    4: (BUILT,),
    7: (LISTS,),
    9: (file("usr/bin/curl", b"c" * 10_000),),
    10: (file("app/main.js", b"j" * 900), *GIT, JOBS, BUILT),
}
"""Lists and .github, which are safe to leave out, and .git, which the build may read."""


def scene(directory: Path, text: str = DOCKERFILE, layers: dict[int, tuple[Member, ...]] = LAYERS) -> None:
    """The Dockerfile and the images of its build, as files."""
    Build(dockerfile=text, layers=layers).advise(directory)
    (directory / "1.tar").rename(directory / "app.tar")
    (directory / "Dockerfile").write_bytes(text.encode("utf-8", "surrogateescape"))


def fix(directory: Path, *arguments: str | Path, dockerfile: str | Path = "Dockerfile", **environment: str) -> Called:
    options = ("--dockerfile", dockerfile, "--stage", f"build={directory / 'build.tar'}")
    words = ("fix", directory / "app.tar", *options, *arguments)
    return call(*words, folder=directory, **{"COLUMNS": "999", **environment})  # type: ignore[arg-type]


def number_of(directory: Path, words: str) -> int:
    """The number, from 1, of the step whose sentence holds these words."""
    arguments = ("--dockerfile", "Dockerfile", "--stage", "build=build.tar", "-f", "json")
    steps = json.loads(call("report", "app.tar", *arguments, folder=directory).out)["steps"]
    return next(number for number, step in enumerate(steps, 1) if words in step["sentence"])


def applied(tool: str, patch: bytes, directory: Path) -> None:
    """Apply a patch; skips the test where the tool is not there."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    command = ["git", "apply", "-"] if tool == "git" else ["patch", "-p1", "--no-backup-if-mismatch", "-s"]
    subprocess.run(command, input=patch, cwd=directory, check=True, env={**os.environ, "GIT_CEILING_DIRECTORIES": "/"})


@pytest.mark.parametrize("tool", ["git", "patch"])
def test_the_patch_applies_and_is_what_write_does(tmp_path: Path, tool: str) -> None:
    scene(tmp_path)
    done = fix(tmp_path)
    assert done.code == 0 and done.out.startswith(b"--- a/Dockerfile\n+++ b/Dockerfile\n")
    applied(tool, done.out, tmp_path)
    patched = {name: (tmp_path / name).read_bytes() for name in ("Dockerfile", ".dockerignore")}
    assert b"# tools" in patched["Dockerfile"] and b"rm -rf /var/lib/apt/lists/*" in patched["Dockerfile"]
    assert patched[".dockerignore"] == b".github\n"
    (tmp_path / ".dockerignore").unlink()
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    written = fix(tmp_path, "--write")
    assert (written.code, written.out) == (0, b"")
    assert {name: (tmp_path / name).read_bytes() for name in patched} == patched


def test_each_step_is_explained_and_what_is_left_comes_with_its_command(tmp_path: Path) -> None:
    scene(tmp_path)
    number, lines = number_of(tmp_path, "apt-get update"), fix(tmp_path).err.split("\n")
    assert lines[0].startswith(f"step {number} saves 50.0 kB, Dockerfile:7: run `apt-get update` in the RUN")
    place = next(place for place, line in enumerate(lines) if line.startswith("left for review: step "))
    assert "keep `.git` out" in lines[place] and "make sure that line 4" in lines[place + 1]
    assert "saves 59.0 kB in 2 steps" in lines
    words = lines[lines.index("to include what is left for review:") + 1].split()
    assert words[:2] == ["layerscope", "fix"] and words[-1] == "--include-review"
    again = call(*words[1:], folder=tmp_path)
    assert again.code == 0 and b"+.git\n" in again.out and "left for review" not in again.err
    assert fix(tmp_path, "-q").err == ""


def test_a_step_is_chosen_by_its_number_also_one_for_review(tmp_path: Path) -> None:
    scene(tmp_path)
    lists = fix(tmp_path, "--step", str(number_of(tmp_path, "apt-get update"))).out
    assert b"apt/lists" in lists and b".dockerignore" not in lists
    numbers = (str(number_of(tmp_path, name)) for name in ("`.git`", "`.github`"))
    two = fix(tmp_path, *(word for number in numbers for word in ("--step", number))).out
    assert b"+.git\n" in two and b"+.github\n" in two and b"apt/lists" not in two
    refused = fix(tmp_path, "--step", "9")
    assert refused.code == 2 and "--step 9: the report has 3 steps" in refused.err and refused.out == b""


@pytest.mark.parametrize(
    ("folder", "named"),
    [
        pytest.param(".", "docker/Dockerfile", id="from the root of the repository"),
        pytest.param("docker", "Dockerfile", id="from the directory of the Dockerfile"),
        pytest.param("elsewhere", "docker/Dockerfile", id="from elsewhere, with the context above"),
    ],
)
def test_paths_start_in_the_working_directory_or_where_the_files_are(tmp_path: Path, folder: str, named: str) -> None:
    scene(tmp_path)
    for name in ("docker", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "Dockerfile").rename(tmp_path / "docker" / "Dockerfile")
    context = tmp_path / "docker" if folder == "docker" else tmp_path
    where = tmp_path / folder
    dockerfile = os.path.relpath(tmp_path / "docker" / "Dockerfile", where)
    options = ("--dockerfile", dockerfile, "--stage", f"build={tmp_path / 'build.tar'}", "--context", str(context))
    done = call("fix", tmp_path / "app.tar", *options, folder=where, COLUMNS="999")
    assert f"+++ b/{named}\n".encode() in done.out and b"+++ b/.dockerignore\n" in done.out
    if folder == "elsewhere":
        assert f"the paths of the patch start in {tmp_path}" in done.err
        where = tmp_path
    applied("patch", done.out, where)
    assert b"rm -rf /var/lib/apt/lists/*" in (tmp_path / "docker" / "Dockerfile").read_bytes()


def test_its_own_dockerignore_wins(tmp_path: Path) -> None:
    scene(tmp_path)
    (tmp_path / "Dockerfile.dockerignore").write_text("# ours\nnode_modules")
    assert fix(tmp_path, "--write").code == 0
    assert (tmp_path / "Dockerfile.dockerignore").read_text() == "# ours\nnode_modules\n.github\n"
    assert not (tmp_path / ".dockerignore").exists()


@NEEDS_MODES
@NEEDS_SYMLINKS
def test_write_keeps_the_mode_and_a_symlink(tmp_path: Path) -> None:
    scene(tmp_path)
    (tmp_path / "Dockerfile").rename(tmp_path / "real")
    (tmp_path / "real").chmod(0o754)
    (tmp_path / "Dockerfile").symlink_to("real")
    assert fix(tmp_path, "--write").code == 0
    assert (tmp_path / "Dockerfile").is_symlink()
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o754
    assert "apt/lists" in (tmp_path / "real").read_text()
    assert not list(tmp_path.glob(".layerscope-*"))


@NEEDS_SYMLINKS
def test_write_changes_nothing_where_one_file_cannot_be_written(tmp_path: Path) -> None:
    scene(tmp_path)
    (tmp_path / ".dockerignore").symlink_to("nowhere")
    done = fix(tmp_path, "--write")
    assert done.code == 3 and ".dockerignore: it is a symlink to a file that does not exist" in done.err
    assert (tmp_path / "Dockerfile").read_text() == DOCKERFILE and not (tmp_path / "nowhere").exists()


def test_without_a_dockerfile_the_steps_are_words(tmp_path: Path) -> None:
    scene(tmp_path)
    done = call("fix", "app.tar", folder=tmp_path, COLUMNS="80")
    text = done.out.decode()
    assert done.code == 0 and "1. saves 50.0 kB  RUN apt-get update" in text and max(map(len, text.split("\n"))) <= 80
    assert "hint: for a patch: layerscope fix app.tar --dockerfile Dockerfile" in done.err
    assert call("fix", "app.tar", "--write", folder=tmp_path).code == 2


def test_a_saved_report_has_the_words_but_no_patch(tmp_path: Path) -> None:
    scene(tmp_path)
    options = ("--dockerfile", "Dockerfile", "--stage", "build=build.tar")
    call("report", "app.tar", *options, "-o", "report.json", folder=tmp_path)
    words = call("fix", "report.json", folder=tmp_path)
    assert words.code == 0 and b"saves 50.0 kB  Dockerfile:7\n" in words.out
    assert "hint: for a patch: layerscope fix app.tar --dockerfile Dockerfile" in words.err
    refused = call("fix", "report.json", "--dockerfile", "Dockerfile", folder=tmp_path)
    assert refused.code == 2 and "a patch needs the image archive" in refused.err


def test_what_it_says_fits_the_terminal_but_commands_can_be_copied(tmp_path: Path) -> None:
    scene(tmp_path)
    for width, columns in (("", 80), ("50", 50)):
        lines = fix(tmp_path, COLUMNS=width).err.rstrip("\n").split("\n")
        commands = [line for line in lines if line.startswith("  layerscope fix ")]
        assert len(commands) == 1 and commands[0].endswith("--include-review")
        assert max(len(line) for line in lines if line not in commands) <= columns
        assert any(len(line) > columns - 20 for line in lines if line not in commands)


TREE = ("COPY . .\n", "COPY package.json app /srv/\nADD https://example.com/x /x\n")


@pytest.mark.parametrize("copy", TREE)
@pytest.mark.parametrize("above", [True, False])
def test_the_build_context_is_where_the_files_are_that_copy_names(tmp_path: Path, copy: str, above: bool) -> None:
    dockerfile = tmp_path / "project" / "docker" / "Dockerfile"
    root = dockerfile.parent.parent if above else dockerfile.parent
    (root / "app").mkdir(parents=True)
    dockerfile.parent.mkdir(exist_ok=True)
    dockerfile.write_text(f"FROM x\n{copy}")
    (root / "package.json").write_text("{}")
    (dockerfile.parent / "entrypoint.sh").write_text("exec app")
    assert find_context(dockerfile, parse_dockerfile(dockerfile.read_bytes())) == root


def test_a_build_context_that_nothing_shows_gets_no_dockerignore(tmp_path: Path) -> None:
    text = DOCKERFILE.replace("COPY . .", "COPY app ./")
    assert text != DOCKERFILE
    scene(tmp_path, text)
    done = fix(tmp_path, "--include-review")
    assert b"dockerignore" not in done.out and "--context DIR names the build context" in done.err
    (tmp_path / ".dockerignore").write_text("x\n")
    assert find_context(tmp_path / "Dockerfile", parse_dockerfile(text.encode())) == tmp_path


def test_a_context_above_the_dockerfile_is_said_to_be_assumed(tmp_path: Path) -> None:
    scene(tmp_path)
    (tmp_path / "docker").mkdir()
    (tmp_path / "Dockerfile").rename(tmp_path / "docker" / "Dockerfile")
    done = fix(tmp_path, dockerfile="docker/Dockerfile")
    assert b"+++ b/.dockerignore" in done.out and "assuming that the build context is" in done.err
    assert "assuming" not in fix(tmp_path, "--context", ".", dockerfile="docker/Dockerfile").err


def test_nothing_to_do_is_said_and_is_no_failure(tmp_path: Path) -> None:
    scene(tmp_path, layers={10: (file("app/main.js", b"j" * 900),)})
    done = fix(tmp_path)
    assert (done.code, done.out) == (0, b"") and "nothing to change: no waste found" in done.err


def test_another_image_s_dockerfile_is_an_error(tmp_path: Path) -> None:
    scene(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM x\nCOPY a /b\nRUN make\nRUN make install\n")
    done = call("fix", "app.tar", "--dockerfile", "Dockerfile", folder=tmp_path)
    assert (done.code, done.out) == (2, b"")


def test_bytes_that_are_no_utf8_and_line_ends_stay(tmp_path: Path) -> None:
    text = DOCKERFILE.replace("# tools", "# \udcff ::error::x").replace("\n", "\r\n")
    scene(tmp_path, text)
    done = fix(tmp_path, GITHUB_ACTIONS="true")
    assert b" # \xff ::error::x\r\n" in done.out
    applied("patch", done.out, tmp_path)
    written = (tmp_path / "Dockerfile").read_bytes()
    assert written.count(b"\n") == written.count(b"\r\n") and b"# \xff" in written


def test_a_secret_of_the_dockerfile_is_in_the_patch_and_nowhere_else(tmp_path: Path) -> None:
    token = "ghp_" + "a8Kd0Lq2Zx7Vb3Nm5Jw9Rt1Yc6Ue4Hs0Pf2G"
    text = DOCKERFILE.replace("RUN apt-get update", f"RUN apt-get update && curl -H 'Authorization: Bearer {token}' x")
    scene(tmp_path, text)
    done = fix(tmp_path, "--include-review")
    assert token.encode() in done.out and token not in done.err
    options = ("--dockerfile", "Dockerfile", "--stage", "build=build.tar")
    for form in ("json", "sarif", "markdown", "html", "table"):
        report = call("report", "app.tar", *options, "-f", form, folder=tmp_path).out
        assert token.encode() not in report and b"apt/lists" in report, form
    steps = json.loads(call("report", "app.tar", *options, "-f", "json", folder=tmp_path).out)["steps"]
    assert all("***" not in line for step in steps for edit in step["edits"] for line in edit["added"])


def test_without_the_shell_parser_other_steps_still_work(tmp_path: Path) -> None:
    scene(tmp_path)
    blocked = tmp_path / "blocked" / "sitecustomize.py"
    blocked.parent.mkdir()
    blocked.write_text("import sys\nsys.modules['tree_sitter'] = sys.modules['tree_sitter_bash'] = None\n")
    path = os.pathsep.join([str(blocked.parent), str(Path(__file__).parents[2])])
    done = fix(tmp_path, PYTHONPATH=path)
    assert done.code == 0 and b"+.github" in done.out and b"apt/lists" not in done.out
    assert "pip install 'layerscope[fix]'" in done.err
    number = str(number_of(tmp_path, "apt-get update"))
    alone = fix(tmp_path, "--step", number, PYTHONPATH=path)
    assert (alone.code, alone.out) == (2, b"") and "pip install 'layerscope[fix]'" in alone.err


@pytest.mark.parametrize(
    ("shell", "why"),
    [
        pytest.param('SHELL ["pwsh", "-c"]', "is not a POSIX shell", id="another shell"),
        pytest.param("ENV x=`", "the shell script cannot be parsed", id="a script that is not understood"),
    ],
)
def test_a_run_that_cannot_be_edited_is_left_alone_and_named(tmp_path: Path, shell: str, why: str) -> None:
    broken = "; x=`echo 'a`" if "ENV" in shell else ""
    text = DOCKERFILE.replace("RUN apt-get update\n# tools\n", f"{shell}\n").replace(
        "RUN apt-get install -y curl", f"RUN apt-get update && apt-get install -y curl{broken}"
    )
    scene(tmp_path, text, {3: LAYERS[3], 4: LAYERS[4], 8: (LISTS,), 9: LAYERS[10]})
    done = fix(tmp_path, "--include-review")
    assert done.code == 0 and b"+.github" in done.out and b"apt/lists" not in done.out
    lines = done.err.split("\n")
    place = next(place for place, line in enumerate(lines) if line.startswith("left out: step "))
    assert lines[place + 1].startswith("  `RUN apt-get update && apt-get install") and why in lines[place + 1]
    options = ("--dockerfile", "Dockerfile", "--stage", "build=build.tar", "-f", "json")
    steps = json.loads(call("report", "app.tar", *options, folder=tmp_path).out)["steps"]
    (lists,) = [step for step in steps if step["dockerfile_line"] == 8]
    assert lists["safety"] == "review" and why in lists["review"] and lists["edits"] == []


def test_what_the_files_have_already_is_not_proposed_again(tmp_path: Path) -> None:
    scene(tmp_path)
    number = str(number_of(tmp_path, "`.github`"))
    assert fix(tmp_path, "--step", number, "--write").code == 0
    again = fix(tmp_path, "--step", number)
    assert (again.code, again.out) == (0, b"") and "nothing was changed" in again.err
    assert "the files have this change already: build the image again" in again.err
    assert fix(tmp_path, "--step", number, "--write").code == 0
    assert (tmp_path / ".dockerignore").read_text() == ".github\n"
