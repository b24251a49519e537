"""Dockerfile reference, "WORKDIR" and the instructions that "Environment replacement" lists: a build in order."""

import pytest

from layerscope.dockerfile.build import Build, ResolvedInstruction
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.scope import BaseConfig
from layerscope.errors import LimitExceeded, UsageError


def flat(content: str) -> tuple[ResolvedInstruction, ...]:
    return Build.of(parse_dockerfile(content)).flatten()


def last(content: str) -> ResolvedInstruction:
    return flat(content)[-1]


def test_instructions_come_in_build_order_with_their_stage() -> None:
    content = "FROM a AS base\nRUN 1\nFROM x\nRUN no\nFROM base AS mid\nRUN 2\nFROM mid\nRUN 3"
    assert [(each.stage, each.text) for each in flat(content)] == [(0, "RUN 1"), (2, "RUN 2"), (3, "RUN 3")]


def test_another_stage_than_the_target_can_be_flattened() -> None:
    build = Build.of(parse_dockerfile("FROM a AS x\nRUN 1\nFROM b\nRUN 2"))
    assert [each.text for each in build.flatten(build.stage("x").index)] == ["RUN 1"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("ADD $v /$v", "ADD val /val"),
        ("COPY $v /$v", "COPY val /val"),
        ('COPY ["$v", "/$v"]', "COPY val /val"),
        ("ENV a=$v b='$v'", "ENV a=val b=$v"),
        ("ENV $v $v x", "ENV val=val x"),
        ("EXPOSE $v ${v}2", "EXPOSE val val2"),
        ('LABEL a="$v"', "LABEL a=val"),
        ("STOPSIGNAL $v", "STOPSIGNAL val"),
        ("USER $v", "USER val"),
        ("VOLUME /$v", "VOLUME /val"),
        ("WORKDIR /$v", "WORKDIR /val"),
        ("RUN echo $v", "RUN echo $v"),
        ('CMD ["$v"]', "CMD $v"),
        ("ENTRYPOINT $v", "ENTRYPOINT $v"),
        ("ARG a=$v b", "ARG a=val b"),
        ("ONBUILD USER $v", "ONBUILD USER $v"),
        ("COPY <<$v /x\n$v", "COPY <<$v /x"),
    ],
)
def test_which_instructions_expand(line: str, text: str) -> None:
    assert last(f"FROM scratch\nARG v=val\n{line}").text == text


def test_flags_expand_where_the_builder_expands_them() -> None:
    copy = last("FROM scratch\nARG v=1\nCOPY --chown=$v:$v --exclude=$v --chmod=$v a /b")
    assert [(name, value.text) for name, value in copy.flags] == [("chown", "1:1"), ("exclude", "$v"), ("chmod", "1")]


@pytest.mark.parametrize(
    ("lines", "directory"),
    [
        ("RUN x", "/"),
        ("WORKDIR /a", "/a"),
        ("WORKDIR /a\nWORKDIR b\nWORKDIR c", "/a/b/c"),
        ("WORKDIR /a/b/\nWORKDIR ../c/./d//", "/a/c/d"),
        ("ENV p=/x\nWORKDIR $p/y", "/x/y"),
        ("WORKDIR ../..", "/"),
        ("WORKDIR /..//", "/"),
        ('WORKDIR "/a b"', "/a b"),
    ],
)
def test_working_directory(lines: str, directory: str) -> None:
    assert last(f"FROM scratch\n{lines}").working_directory.text == directory


@pytest.mark.parametrize(
    ("lines", "destination"),
    [
        ("WORKDIR /a\nCOPY x b", "/a/b"),
        ("WORKDIR /a\nCOPY x b/", "/a/b/"),
        ("WORKDIR /a\nCOPY x .", "/a/"),
        ("WORKDIR /a\nCOPY x ./", "/a/"),
        ("WORKDIR /a/b\nCOPY x ../c", "/a/c"),
        ("WORKDIR /a\nCOPY x /b//c", "/b/c"),
        ("WORKDIR /a\nADD x b", "/a/b"),
        ("COPY x .", "/"),
        ("COPY x b", "/b"),
    ],
)
def test_destinations_become_absolute(lines: str, destination: str) -> None:
    assert last(f"FROM scratch\n{lines}").destination.text == destination


def test_the_working_directory_goes_over_from_stage_to_stage() -> None:
    assert last("FROM scratch AS a\nWORKDIR /w\nFROM a\nCOPY x y").destination.text == "/w/y"


def test_a_relative_destination_on_an_unknown_base_is_not_resolved() -> None:
    copy = last("FROM debian\nCOPY x y")
    assert (copy.destination.text, copy.destination.unresolved) == ("y", ("WORKDIR",))


def test_an_absolute_workdir_makes_it_known() -> None:
    assert last("FROM debian\nWORKDIR sub\nWORKDIR /w\nCOPY x y").destination.text == "/w/y"


def test_a_known_base_tells_the_working_directory() -> None:
    build = Build.of(parse_dockerfile("FROM b\nCOPY x y"), bases={"b": BaseConfig(working_directory="/srv")})
    assert build.flatten()[-1].destination.text == "/srv/y"


def test_an_unknown_variable_in_workdir_spreads_to_destinations() -> None:
    copy = last("FROM debian\nWORKDIR /a/$U\nCOPY x y")
    assert (copy.destination.text, copy.destination.unresolved) == ("/a/$U/y", ("U",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("FROM scratch\nUSER ${v:?give it}", "Dockerfile:2:1: USER: v: give it"),
        ("FROM scratch\nRUN a\nCOPY 'x /y", "Dockerfile:3:1: COPY: unexpected end of statement while looking for "),
        ("FROM scratch\nEXPOSE ${", "Dockerfile:2:1: EXPOSE: syntax error: missing '}'"),
    ],
)
def test_errors_name_the_instruction(content: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        flat(content)
    assert caught.value.message.startswith(message)


def test_stages_that_are_not_built_may_hold_errors() -> None:
    assert [each.text for each in flat("FROM scratch AS x\nUSER ${\nFROM scratch\nRUN y")] == ["RUN y"]


def test_variables_that_double_are_stopped() -> None:
    with pytest.raises(LimitExceeded):
        flat("FROM scratch\nENV a=xxxxxxxx\n" + "ENV a=$a$a\n" * 40)


def test_directories_that_grow_with_each_line_are_stopped() -> None:
    with pytest.raises(LimitExceeded):
        flat("FROM scratch\n" + "WORKDIR abcdefgh\n" * 20_000)


def test_one_variable_may_hold_several_ports() -> None:
    ports = last('FROM scratch\nARG p="80 90"\nEXPOSE $p').arguments
    assert [port.text for port in ports] == ["80", "90"]


def test_a_workdir_that_may_be_absolute_stays_as_written() -> None:
    assert last("FROM debian\nWORKDIR /a\nWORKDIR $U/x").working_directory.text == "$U/x"
