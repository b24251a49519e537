"""The base image as a step of its own: a smaller variant by name only where there is one."""

from pathlib import Path

import pytest

from layerscope.advice.base_step import smaller_variant
from layerscope.analysis.report import report
from layerscope.model.report import Report
from tests.advice.builds import Build
from tests.builder import Member, file, layer

TOOLS = tuple(file(f"usr/lib/gcc/x86_64-linux-gnu/12/{name}", name.encode() * 4_000_000) for name in ("cc1", "cc1plus"))


@pytest.mark.parametrize(
    ("name", "smaller"),
    [
        ("python:3", "python:3-slim"),
        ("python", "python:slim"),
        ("python:3.11-bookworm", "python:3.11-slim-bookworm"),
        ("docker.io/library/python:3@sha256:abc", "docker.io/library/python:3-slim"),
        ("ruby:3.2.1-bullseye", "ruby:3.2.1-slim-bullseye"),
        ("rust:1-bookworm", "rust:1-slim-bookworm"),
        ("node:20-bookworm", "node:20-bookworm-slim"),
        ("node:lts", "node:lts-slim"),
        ("debian:bookworm", "debian:bookworm-slim"),
        ("debian:12.5", "debian:12.5-slim"),
        ("debian", "debian:stable-slim"),
        ("openjdk:17-jdk", "openjdk:17-jdk-slim"),
        ("eclipse-temurin:21-jdk-jammy", "eclipse-temurin:21-jre-jammy"),
    ],
)
def test_an_official_image_has_a_smaller_variant(name: str, smaller: str) -> None:
    assert smaller_variant(name) == smaller


@pytest.mark.parametrize(
    "name",
    [
        "python:3-slim",
        "python:3-alpine",
        "python:3.11-windowsservercore",
        "node:20-alpine3.19",
        "golang:1.22",
        "php:8.2-apache",
        "eclipse-temurin:21-jre",
        "eclipse-temurin",
        "company/python:3",
        "registry.example/library/python:3",
        "registry.example/python:3",
        "python:$TAG",
        "python:3\n",
        "",
    ],
)
def test_no_other_image_is_named_a_variant(name: str) -> None:
    assert smaller_variant(name) == ""


def made(directory: Path, *members: Member) -> Report:
    text = "FROM python:3\nCOPY app /app\n"
    build = Build(dockerfile=text, layers={2: (file("app", b"a" * 5000),)}, base=layer(*members))
    return report(build.advise(directory).analysis)


def test_what_the_base_brings_is_apart_from_the_steps_and_always_for_review(tmp_path: Path) -> None:
    found = made(tmp_path, *TOOLS)
    step = found.base_step
    assert step is not None and found.steps == ()
    assert (step.strategy, step.safety, step.dockerfile_line, step.edits) == ("base", "review", 1, ())
    assert "python:3-slim" in step.sentence and step.instruction == "FROM python:3"
    inherited = [finding for finding in found.findings if finding.source == "base" and not finding.trade]
    assert step.saves_bytes == sum(finding.content_bytes for finding in inherited) > 10_000_000
    assert found.totals.reclaimable_bytes == 0


def test_a_base_with_little_to_save_is_no_step(tmp_path: Path) -> None:
    assert made(tmp_path, file("usr/lib/gcc/x86_64-linux-gnu/12/cc1", b"c" * 9000)).base_step is None
