"""Dockerfile reference, "FROM", "COPY --from", "RUN --mount" and "ONBUILD": the stages of a build."""

import pytest

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.stages import CONTEXT, MAX_TRIGGERED, Source, SourceKind
from layerscope.errors import LimitExceeded, UsageError


def build(content: str, target: str = "", **build_args: str) -> Build:
    return Build.of(parse_dockerfile(content), target=target, build_args=build_args)


def stage(index: int) -> Source:
    return Source(kind=SourceKind.STAGE, stage=index)


def image(name: str) -> Source:
    return Source(kind=SourceKind.IMAGE, image=name)


THREE = "FROM a AS one\nFROM b AS Two\nCOPY --from=one /x /y\nFROM c\nCOPY --from=two /y /z"


@pytest.mark.parametrize(
    ("content", "bases"),
    [
        pytest.param("FROM a AS one\nFROM one", [image("a"), stage(0)], id="stage by name"),
        pytest.param("FROM a AS One\nFROM ONE", [image("a"), stage(0)], id="names know no case"),
        pytest.param("FROM a AS a\nFROM a", [image("a"), stage(0)], id="a stage hides the image it is named after"),
        pytest.param("FROM one\nFROM a AS one", [image("one"), image("a")], id="later stages are not seen"),
        pytest.param("FROM a AS x\nFROM b AS x\nFROM x", [image("a"), image("b"), stage(1)], id="the last of a name"),
        pytest.param("FROM a\nFROM 0", [image("a"), image("0")], id="FROM takes no index"),
        pytest.param("ARG v=1\nFROM a:$v", [image("a:1")], id="global ARG"),
        pytest.param("ARG v=1\nFROM a AS s1\nFROM s$v", [image("a"), stage(0)], id="stage by ARG"),
        pytest.param("FROM a:${v:-2}", [image("a:2")], id="default of an unset variable"),
        pytest.param("ARG v\nFROM a AS x\nARG v=1\nFROM a:b$w", [image("a"), image("a:b")], id="unset variable"),
    ],
)
def test_bases(content: str, bases: list[Source]) -> None:
    assert [each.base for each in build(content).stages] == bases


def test_a_base_without_its_argument_is_not_resolved() -> None:
    assert build("ARG v\nFROM a:$v").stages[0].base == Source(kind=SourceKind.IMAGE, image="a:$v", resolved=False)


def test_a_build_argument_completes_a_base() -> None:
    assert build("ARG v\nFROM a:$v", v="3").stages[0].base == image("a:3")


def test_a_blank_base_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        build("FROM $nope")
    assert caught.value.message == "Dockerfile:1:1: FROM: base name ($nope) should not be blank"


@pytest.mark.parametrize(
    ("content", "inputs"),
    [
        pytest.param("FROM a AS x\nFROM b\nCOPY --from=x /f /f", (stage(0),), id="stage by name"),
        pytest.param("FROM a AS x\nFROM b\nCOPY --from=X /f /f", (stage(0),), id="name in any case"),
        pytest.param("FROM a\nFROM b\nCOPY --from=0 /f /f", (stage(0),), id="stage by index"),
        pytest.param("FROM b AS y\nCOPY --from=x /f /f\nFROM a AS x\nFROM y", (image("x"),), id="later: an image"),
        pytest.param("FROM b AS y\nCOPY --from=y /f /f\nFROM y", (image("y"),), id="itself: an image"),
        pytest.param("FROM b\nCOPY --from=nginx:1 /f /f", (image("nginx:1"),), id="image"),
        pytest.param("FROM b\nCOPY f /f", (CONTEXT,), id="context"),
        pytest.param("FROM b\nADD f /f", (CONTEXT,), id="ADD"),
        pytest.param("FROM b\nRUN x", (), id="RUN"),
        pytest.param("FROM a AS x\nFROM b\nRUN --mount=from=x,target=/x a", (stage(0),), id="bind mount of a stage"),
        pytest.param("FROM b\nRUN --mount=target=/x a", (CONTEXT,), id="bind mount of the context"),
        pytest.param("FROM a\nFROM b\nRUN --mount=from=0,target=/x a", (image("0"),), id="mounts take no index"),
        pytest.param("FROM b\nRUN --mount=type=cache,target=/x --mount=type=secret,id=s a", (), id="cache, secret"),
        pytest.param(
            "FROM a AS x\nFROM b\nRUN --mount=type=cache,from=x,target=/x a", (stage(0),), id="cache that starts full"
        ),
    ],
)
def test_inputs_of_an_instruction(content: str, inputs: tuple[Source, ...]) -> None:
    assert build(content).flatten()[0].inputs == inputs


@pytest.mark.parametrize("index", ["1", "2", "9999999999"])
def test_only_earlier_stages_have_an_index(index: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(f"FROM a\nFROM b\nCOPY --from={index} /f /f")
    assert caught.value.message == f"Dockerfile:3:1: COPY: invalid stage index {index}"


def test_variables_in_copy_from_are_not_expanded() -> None:
    (copy,) = build("FROM scratch\nARG v=x\nCOPY --from=$v /f /f").flatten()[1:]
    assert copy.inputs == (Source(kind=SourceKind.IMAGE, image="$v", resolved=False),)


@pytest.mark.parametrize(("target", "index"), [("", 2), ("one", 0), ("TWO", 1), ("two", 1), ("0", 0), ("2", 2)])
def test_target(target: str, index: int) -> None:
    assert build(THREE, target).target == index


@pytest.mark.parametrize("target", ["three", "3", "-1"])
def test_an_unknown_target_is_an_error(target: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(THREE, target)
    assert caught.value.hint == "its stages are one, two, 2"


def test_the_triggers_of_a_base_stage_run_first_and_only_once() -> None:
    content = "FROM scratch AS a\nONBUILD RUN t\nFROM a AS b\nRUN x\nFROM b\nRUN y"
    chosen = build(content)
    assert [(each.stage, each.text) for each in chosen.flatten()] == [
        (0, "ONBUILD RUN t"),
        (1, "RUN t"),
        (1, "RUN x"),
        (2, "RUN y"),
    ]


def test_triggers_cannot_multiply_without_end() -> None:
    content = "FROM a AS b\n" + "ONBUILD RUN x\n" * 1_000 + "FROM b\n" * (MAX_TRIGGERED // 1_000 + 1)
    with pytest.raises(LimitExceeded):
        build(content)


def test_a_chain_of_stages_is_listed_lowest_first() -> None:
    chosen = build("FROM x AS a\nFROM a AS b\nFROM y AS c\nFROM b")
    assert [each.index for each in chosen.chain()] == [0, 1, 3]
    assert [each.index for each in chosen.chain(2)] == [2]


def test_a_stage_is_found_by_name_or_index() -> None:
    chosen = build(THREE)
    assert (chosen.stage("two").index, chosen.stage("0").name) == (1, "one")
