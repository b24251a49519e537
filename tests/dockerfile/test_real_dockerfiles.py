"""The Dockerfiles of the images that the project is measured with."""

from pathlib import Path

import pytest

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.copying import copy_mapping
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.syntax import Dockerfile

DATA = Path(__file__).parents[1] / "data" / "dockerfiles"


def read(name: str) -> Dockerfile:
    return parse_dockerfile((DATA / f"{name}.Dockerfile").read_bytes(), name=name)


@pytest.mark.parametrize(
    ("name", "stages", "instructions"),
    [
        ("tiny", ["builder", ""], 11),
        ("waste", [""], 22),
        ("notesapp", ["base", "builder", ""], 8),
        ("notesapp-default", [""], 12),
        ("python", [""], 9),
        ("mini", ["build1", ""], 8),
    ],
)
def test_stages_and_instructions(name: str, stages: list[str], instructions: int) -> None:
    build = Build.of(read(name))
    assert [stage.name for stage in build.stages] == stages
    assert len(build.flatten()) == instructions


@pytest.mark.parametrize("path", sorted(DATA.glob("*.Dockerfile")), ids=lambda path: path.name)
def test_every_instruction_stands_on_its_line(path: Path) -> None:
    lines = path.read_text().split("\n")
    for each in parse_dockerfile(path.read_text()).instructions:
        assert lines[each.line - 1].startswith(each.keyword)


def test_the_final_stage_of_notesapp_stands_on_its_base_stage() -> None:
    flat = Build.of(read("notesapp")).flatten()
    assert [(each.stage, each.text) for each in flat[:4]] == [
        (0, "ENV PYBASE=/pybase"),
        (0, "ENV PYTHONUSERBASE=/pybase"),
        (0, "ENV PATH=/pybase/bin:$PATH"),
        (2, "COPY /pybase /pybase"),
    ]
    assert [each.resolved for each in flat[:4]] == [True, True, False, True]


def test_a_file_of_mini_is_traced_into_its_build_stage() -> None:
    build = Build.of(read("mini"))
    (copy,) = (each for each in build.flatten() if each.instruction.keyword == "COPY")
    mapping = copy_mapping(copy)
    assert mapping.source.stage == 0
    assert mapping.map_back("/var/flaskapp/.git/config") == ("/var/flaskapp/.git/config",)


def test_a_renamed_file_of_tiny_is_traced_into_its_build_stage() -> None:
    mappings = [copy_mapping(each) for each in Build.of(read("tiny")).flatten() if each.instruction.keyword == "COPY"]
    found = [(mapping.source.stage, mapping.map_back("/usr/bin/app")) for mapping in mappings]
    assert found == [(None, ()), (0, ()), (0, ("/out/app",))]
