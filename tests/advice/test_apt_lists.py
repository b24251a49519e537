"""Package lists are deleted where they are downloaded, and downloaded again where they are needed."""

from pathlib import Path

from layerscope.model.step import Safety
from tests.advice.builds import Build
from tests.builder import file

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
    from tests.builder import layer

    text = "FROM debian\nRUN apt-get install -y curl\n"
    assert "apt-lists" not in Build(dockerfile=text, layers={2: (TOOL,)}, base=layer(LISTS)).advise(tmp_path).names
