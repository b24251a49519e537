"""Histories that the real engine wrote, and Dockerfiles, as what the alignment takes."""

import json
from pathlib import Path

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.history.alignment import instructions
from layerscope.model.image import HistoryEntry
from layerscope.model.instruction import Instruction

DATA = Path(__file__).parents[1] / "data"


def recorded(name: str) -> tuple[Instruction, ...]:
    """The history of one of the images in tests/data/histories, which docker build and docker save wrote."""
    document = json.loads((DATA / "histories" / f"{name}.json").read_text())
    entries = tuple(HistoryEntry(**entry) for entry in document["history"])
    return instructions(entries, document["layers"])[0]


def history(*lines: str) -> tuple[Instruction, ...]:
    """Steps from their ``created_by``; a ``-`` before it marks a step without layer, ``# buildkit`` BuildKit's."""
    entries = tuple(
        HistoryEntry(
            created_by=line.removeprefix("-"),
            empty_layer=line.startswith("-"),
            comment="buildkit.dockerfile.v0" if line.endswith("# buildkit") else "",
        )
        for line in lines
    )
    return instructions(entries, sum(not entry.empty_layer for entry in entries))[0]


def built(text: str, *, target: str = "", **build_args: str) -> Build:
    """A build of a Dockerfile that is written in the test."""
    return Build.of(parse_dockerfile(text), target=target, build_args=build_args)


def built_file(name: str, *, target: str = "", **build_args: str) -> Build:
    """A build of one of tests/data/dockerfiles."""
    dockerfile = parse_dockerfile((DATA / "dockerfiles" / f"{name}.Dockerfile").read_bytes(), name=name)
    return Build.of(dockerfile, target=target, build_args=build_args)
