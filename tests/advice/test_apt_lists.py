"""Package lists are deleted where they are downloaded, and downloaded again where they are needed."""

from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Build
from tests.builder import file, layer

LISTS = file("var/lib/apt/lists/deb.debian.org_dists_bookworm_main_Packages", b"p" * 50_000)
TOOL = file("usr/bin/curl", b"c" * 10_000)


def test_an_update_of_its_own_is_joined_to_the_install(tmp_path: Path) -> None:
    text = "FROM debian\nRUN apt-get update\n# tools\nRUN apt-get install -y curl\nCMD curl\n"
    advised = Build(dockerfile=text, layers={2: (LISTS,), 4: (TOOL,)}).advise(tmp_path)
    step = advised.of("apt-lists")
    assert step.safety == Safety.SAFE and step.dockerfile_line == 2 and step.saves_bytes == 50_000
    patched = advised.patched("apt-lists").dockerfile.text
    assert "RUN apt-get update\n" not in patched and "# tools" in patched
    assert "apt-get update && apt-get install -y curl" in patched.replace(" \\\n   ", "")
    assert "rm -rf /var/lib/apt/lists/*" in patched


def test_lists_that_nothing_needs_later_are_deleted_at_once(tmp_path: Path) -> None:
    text = "FROM debian\nRUN apt-get update && apt-get install -y curl\nRUN curl --version\n"
    advised = Build(dockerfile=text, layers={2: (LISTS, TOOL)}).advise(tmp_path)
    assert advised.patched("apt-lists").dockerfile.text.count("rm -rf /var/lib/apt/lists/*") == 1


def test_a_later_install_downloads_them_again(tmp_path: Path) -> None:
    text = "FROM debian\nRUN apt-get update && apt-get install -y curl\nRUN apt-get install -y git\n"
    advised = Build(dockerfile=text, layers={2: (LISTS, TOOL)}).advise(tmp_path)
    lines = advised.patched("apt-lists").dockerfile.text
    assert lines.count("rm -rf /var/lib/apt/lists/*") == 2 and lines.count("apt-get update") == 2


def test_without_a_dockerfile_the_step_is_in_words(tmp_path: Path) -> None:
    text = "FROM debian\nRUN apt-get update && apt-get install -y curl\n"
    advised = Build(dockerfile=text, layers={2: (LISTS, TOOL)}).advise(tmp_path, with_dockerfile=False)
    step = advised.of("apt-lists")
    assert not step.edits and step.dockerfile_line is None and "rm -rf /var/lib/apt/lists/*" in step.sentence


def test_lists_of_the_base_are_no_step(tmp_path: Path) -> None:
    text = "FROM debian\nRUN apt-get install -y curl\n"
    assert "apt-lists" not in Build(dockerfile=text, layers={2: (TOOL,)}, base=layer(LISTS)).advise(tmp_path).names


def patched(directory: Path, *lines: str, layers: dict[int, tuple[object, ...]] | None = None) -> list[str]:
    """The lines below FROM after the change, where line 2 downloads the lists; continued lines are one."""
    text = "\n".join(("FROM debian", *lines, ""))
    advised = Build(dockerfile=text, layers=layers or {2: (LISTS, TOOL)}).advise(directory)  # type: ignore[arg-type]
    return advised.patched("apt-lists").dockerfile.text.replace(" \\\n   ", "").split("\n")[1:-1]


DELETE = "rm -rf /var/lib/apt/lists/*"


def test_lists_that_no_run_needs_are_not_downloaded(tmp_path: Path) -> None:
    assert patched(tmp_path, "RUN apt-get update", "RUN make") == ["RUN make"]


@pytest.mark.parametrize(
    ("run", "joiner"),
    [
        pytest.param("set -eux; apt-get update; apt-get install -y curl", "; ", id="semicolons"),
        pytest.param("apt-get -qq update && apt-get -y install $TOOLS", " && ", id="variable"),
        pytest.param("apt-get update && apt-get install -y $(cat p.txt)", " && ", id="substitution"),
        pytest.param(
            "--mount=type=cache,target=/var/cache/apt apt-get update && apt-get install curl",
            " && ",
            id="cache of archives",
        ),
        pytest.param("apt update -y && apt install curl && apt install git", " && ", id="two installs"),
    ],
)
def test_styles_of_writing(tmp_path: Path, run: str, joiner: str) -> None:
    assert patched(tmp_path, f"RUN {run} -y") == [f"RUN {run} -y{joiner}{DELETE}"]


def test_a_heredoc_gets_a_line_of_its_own(tmp_path: Path) -> None:
    lines = patched(tmp_path, "RUN <<EOF", "set -e", "apt-get update", "apt-get install -y curl", "EOF")
    assert lines == ["RUN <<EOF", "set -e", "apt-get update", "apt-get install -y curl", DELETE, "EOF"]


def test_comments_between_continued_lines_stay(tmp_path: Path) -> None:
    text = "FROM debian\nRUN apt-get update && apt-get install -y \\\n  # for health checks\n  curl \\\n  git\n"
    advised = Build(dockerfile=text, layers={2: (LISTS, TOOL)}).advise(tmp_path)
    patched = advised.patched("apt-lists").dockerfile.text
    assert patched == text.removesuffix("\n") + f" \\\n    && {DELETE}\n"


def test_sudo_is_used_where_the_run_uses_it(tmp_path: Path) -> None:
    text = "FROM debian\nUSER app\nRUN sudo apt-get update\nRUN sudo apt-get install -y curl\n"
    advised = Build(dockerfile=text, layers={3: (LISTS,), 4: (TOOL,)}).advise(tmp_path)
    patched = advised.patched("apt-lists").dockerfile.text.replace(" \\\n   ", "")
    assert patched.endswith(f"app\nRUN sudo apt-get update && sudo apt-get install -y curl && sudo {DELETE}\n")


def test_without_sudo_another_user_cannot_delete_them(tmp_path: Path) -> None:
    text = "FROM debian\nRUN apt-get update && apt-get install -y curl\nUSER app\nRUN wrapped apt-get install git\n"
    assert "apt-lists" not in Build(dockerfile=text, layers={2: (LISTS,)}).advise(tmp_path).names


def test_a_user_of_the_base_counts(tmp_path: Path) -> None:
    text = "FROM debian\nRUN wrapped apt-get update && wrapped apt-get install -y curl\n"
    build = Build(dockerfile=text, layers={2: (LISTS,)}, fields={"user": "app"})
    assert "apt-lists" not in build.advise(tmp_path).names


@pytest.mark.parametrize("call", ["./setup.sh", "bash -ex /tmp/setup.sh", "cd /x && sh setup", "/opt/x/install"])
def test_a_script_that_may_install_is_for_review(tmp_path: Path, call: str) -> None:
    text = f"FROM debian\nRUN apt-get update && apt-get install -y curl\nRUN {call}\n"
    step = Build(dockerfile=text, layers={2: (LISTS, TOOL)}).advise(tmp_path).of("apt-lists")
    assert step.safety == Safety.REVIEW and "line 3" in step.review


@pytest.mark.parametrize(
    ("script", "safety"),
    [
        pytest.param("#!/bin/sh\nmake\n", Safety.SAFE, id="installs nothing"),
        pytest.param("#!/bin/sh\napt-get update\napt-get install -y git\n", Safety.SAFE, id="updates itself"),
        pytest.param("#!/bin/sh\napt-get install -y git\n", Safety.SAFE, id="installs"),
        pytest.param("#!/bin/sh\n. ./common.sh\n", Safety.REVIEW, id="calls another"),
    ],
)
def test_a_script_is_read_where_the_image_has_it(tmp_path: Path, script: str, safety: Safety) -> None:
    text = "FROM debian\nRUN apt-get update && apt-get install -y curl\nWORKDIR /app\nCOPY . .\nRUN ./setup.sh\n"
    layers = {2: (LISTS, TOOL), 4: (file("app/setup.sh", script.encode()),)}
    advised = Build(dockerfile=text, layers=layers).advise(tmp_path)
    assert advised.of("apt-lists").safety == safety
    needs = "install" in script and "update" not in script
    assert ("RUN apt-get update \\\n    && ./setup.sh" in advised.patched().dockerfile.text) == needs


@pytest.mark.parametrize(
    "call",
    ["/opt/venv/bin/pip install x", "./configure", "bash -c make", "curl x | sh -s -- -y", "pip install -r /tmp/r.txt"],
)
def test_other_programs_need_no_lists(tmp_path: Path, call: str) -> None:
    text = f"FROM debian\nRUN apt-get update && apt-get install -y curl\nRUN {call}\n"
    assert Build(dockerfile=text, layers={2: (LISTS, TOOL)}).advise(tmp_path).of("apt-lists").safety == Safety.SAFE


def test_a_run_with_a_cache_over_the_lists_has_its_own(tmp_path: Path) -> None:
    mounted = "RUN --mount=type=cache,target=/var/lib/apt apt-get install -y git"
    lines = patched(tmp_path, "RUN apt-get update && apt-get install -y curl", mounted)
    assert lines == [f"RUN apt-get update && apt-get install -y curl && {DELETE}", mounted]


def test_every_stage_that_begins_with_the_update_gets_its_own(tmp_path: Path) -> None:
    text = (
        "FROM debian AS base\nRUN apt-get update\nRUN apt-get install -y curl\n"
        "FROM base AS test\nRUN apt-get install -y git\nFROM base\nRUN apt-get install -y vim\n"
    )
    advised = Build(dockerfile=text, layers={2: (LISTS,), 3: (TOOL,)}).advise(tmp_path)
    patched = advised.patched("apt-lists").dockerfile.text.replace(" \\\n   ", "")
    assert patched == (
        f"FROM debian AS base\nRUN apt-get update && apt-get install -y curl && {DELETE}\n"
        f"FROM base AS test\nRUN apt-get update && apt-get install -y git && {DELETE}\n"
        f"FROM base\nRUN apt-get update && apt-get install -y vim && {DELETE}\n"
    )


def test_a_trigger_is_not_edited(tmp_path: Path) -> None:
    lines = ("FROM debian AS parent", "ONBUILD RUN apt-get update && apt-get install -y curl", "FROM parent")
    advised = Build(dockerfile="\n".join((*lines, "")), layers={2: (LISTS,)}).advise(tmp_path)
    assert all(not step.edits for step in advised.steps)


def test_what_else_an_update_leaves_is_deleted_where_it_went(tmp_path: Path) -> None:
    text = "FROM debian\nRUN apt-get update\nRUN apt-get install -y curl\n"
    caches = file("var/cache/apt/pkgcache.bin", b"c" * 50_000)
    advised = Build(dockerfile=text, layers={2: (LISTS, caches), 3: (TOOL,)}).advise(tmp_path)
    patched = advised.patched().dockerfile.text.replace(" \\\n   ", "")
    assert patched == f"FROM debian\nRUN apt-get update && apt-get install -y curl && {DELETE} && apt-get clean\n"


def test_all_that_a_needless_update_leaves_goes_with_it(tmp_path: Path) -> None:
    caches = file("var/cache/apt/pkgcache.bin", b"c" * 50_000)
    advised = Build(dockerfile="FROM debian\nRUN apt-get update\n", layers={2: (LISTS, caches)}).advise(tmp_path)
    assert advised.names == ["apt-lists"] and advised.of("apt-lists").saves_bytes == 100_000
    assert advised.patched().dockerfile.text == "FROM debian\n"
