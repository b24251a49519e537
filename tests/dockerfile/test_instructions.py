"""Dockerfile reference, one section after the other: how each instruction's arguments are read."""

import pytest

from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.syntax import DockerfileInstruction, Flag, Form, Pair


def parse(line: str) -> DockerfileInstruction:
    """The one instruction below FROM."""
    (stage,) = parse_dockerfile(f"FROM scratch\n{line}\n").stages
    (instruction,) = stage.instructions
    return instruction


@pytest.mark.parametrize(
    ("line", "form", "arguments"),
    [
        pytest.param("RUN a 'b c' | d", Form.SHELL, ("a 'b c' | d",), id="shell"),
        pytest.param('RUN ["a", "b c"]', Form.EXEC, ("a", "b c"), id="exec"),
        pytest.param('RUN [ "a" , "\\u00e9\\n" ]  ', Form.EXEC, ("a", "é\n"), id="exec with escapes"),
        pytest.param("RUN ['a', 'b']", Form.SHELL, ("['a', 'b']",), id="single quotes are no JSON"),
        pytest.param('RUN ["a" "b"]', Form.SHELL, ('["a" "b"]',), id="missing comma is no JSON"),
        pytest.param('RUN ["a"] && b', Form.SHELL, ('["a"] && b',), id="more behind the array is no JSON"),
        pytest.param("RUN [NaN]", Form.SHELL, ("[NaN]",), id="NaN is no JSON"),
        pytest.param("CMD []", Form.EXEC, (), id="empty array"),
        pytest.param("CMD a", Form.SHELL, ("a",), id="CMD"),
        pytest.param('ENTRYPOINT ["a"]', Form.EXEC, ("a",), id="ENTRYPOINT"),
        pytest.param('SHELL ["a", "-c"]', Form.EXEC, ("a", "-c"), id="SHELL"),
        pytest.param("COPY a  b\tc/", Form.SHELL, ("a", "b", "c/"), id="COPY with words"),
        pytest.param('COPY ["a b", "c"]', Form.EXEC, ("a b", "c"), id="COPY with JSON"),
        pytest.param("ADD a b", Form.SHELL, ("a", "b"), id="ADD"),
        pytest.param('VOLUME ["/a", "/b"]', Form.EXEC, ("/a", "/b"), id="VOLUME with JSON"),
        pytest.param("VOLUME /a /b", Form.SHELL, ("/a", "/b"), id="VOLUME with words"),
        pytest.param("EXPOSE 80 90/udp", Form.SHELL, ("80", "90/udp"), id="EXPOSE"),
        pytest.param("USER a:b", Form.SHELL, ("a:b",), id="USER"),
        pytest.param("WORKDIR /a b", Form.SHELL, ("/a b",), id="WORKDIR keeps spaces"),
        pytest.param("STOPSIGNAL SIGTERM", Form.SHELL, ("SIGTERM",), id="STOPSIGNAL"),
        pytest.param("MAINTAINER A <a@example.org>", Form.SHELL, ("A <a@example.org>",), id="MAINTAINER"),
        pytest.param("HEALTHCHECK --retries=3 CMD a  b", Form.SHELL, ("CMD a  b",), id="HEALTHCHECK"),
    ],
)
def test_arguments_by_form(line: str, form: Form, arguments: tuple[str, ...]) -> None:
    parsed = parse(line)
    assert (parsed.form, parsed.arguments) == (form, arguments)


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        pytest.param("ENV a=1 b=2", [("a", "1"), ("b", "2")], id="two pairs"),
        pytest.param('ENV a="1 2" b=3\\ 4', [("a", '"1 2"'), ("b", "3\\ 4")], id="quotes and escapes stay"),
        pytest.param("ENV a='x\"y' b=\"p'q\"", [("a", "'x\"y'"), ("b", '"p\'q"')], id="quotes in quotes"),
        pytest.param('ENV a="x\\"y" b=', [("a", '"x\\"y"'), ("b", "")], id="escaped quote, empty value"),
        pytest.param("ENV a=b=c", [("a", "b=c")], id="equals sign in the value"),
        pytest.param("ENV a=b\\\\\\", [("a", "b\\\\")], id="a lone escape at the end is dropped"),
        pytest.param('LABEL "a.b"="c"', [('"a.b"', '"c"')], id="quoted name"),
        pytest.param("LABEL a=x \\\n  b=y", [("a", "x"), ("b", "y")], id="over two lines"),
        pytest.param("ARG a b=1", [("a", None), ("b", "1")], id="ARG with and without a default"),
    ],
)
def test_pairs(line: str, pairs: list[tuple[str, str | None]]) -> None:
    assert [(pair.name, pair.value) for pair in parse(line).pairs] == pairs


@pytest.mark.parametrize("keyword", ["ENV", "LABEL"])
def test_legacy_pair_takes_the_rest_of_the_line(keyword: str) -> None:
    assert parse(f"{keyword} a  b=c d").pairs == (Pair(name="a", value="b=c d"),)


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        pytest.param("COPY --from=a --link b c", [("from", "a"), ("link", None)], id="value and switch"),
        pytest.param("COPY --exclude=x --exclude=y a b", [("exclude", "x"), ("exclude", "y")], id="repeated"),
        pytest.param('COPY --chown="a b":c d e', [("chown", "a b:c")], id="quotes are taken off"),
        pytest.param("COPY --chown=a\\ b d e", [("chown", "a b")], id="escapes are taken off"),
        pytest.param("COPY --parents --chmod=u=rwX a b", [("parents", None), ("chmod", "u=rwX")], id="value with ="),
        pytest.param(
            "ADD --keep-git-dir=true --checksum=sha256:ab --unpack=false a b",
            [("keep-git-dir", "true"), ("checksum", "sha256:ab"), ("unpack", "false")],
            id="ADD",
        ),
        pytest.param(
            "RUN --network=none --security=insecure a", [("network", "none"), ("security", "insecure")], id="RUN"
        ),
        pytest.param(
            "HEALTHCHECK --interval=5s --start-interval=1s --retries=3 CMD a",
            [("interval", "5s"), ("start-interval", "1s"), ("retries", "3")],
            id="HEALTHCHECK",
        ),
        pytest.param("COPY -- --a b", [], id="two dashes end the flags"),
        pytest.param("COPY a --link b", [], id="flags come first"),
        pytest.param("COPY --later=1 a b", [("later", "1")], id="flag of a later syntax"),
    ],
)
def test_flags(line: str, flags: list[tuple[str, str | None]]) -> None:
    assert parse(line).flags == tuple(Flag(name=name, value=value) for name, value in flags)


def test_arguments_behind_two_dashes_may_look_like_flags() -> None:
    assert parse("COPY -- --a b").arguments == ("--a", "b")


@pytest.mark.parametrize(
    ("line", "expected"),
    [("COPY --link a b", True), ("COPY --link=TRUE a b", True), ("COPY --link=false a b", False), ("COPY a b", False)],
)
def test_switch(line: str, expected: bool) -> None:
    assert parse(line).switch("link") is expected


def test_onbuild_holds_an_instruction_of_its_own() -> None:
    trigger = parse("ONBUILD  COPY --from=a b c").trigger
    assert trigger is not None
    assert (trigger.keyword, trigger.arguments, trigger.flag("from")) == ("COPY", ("b", "c"), "a")
    assert (trigger.line, trigger.column) == (2, 10)


def test_from_names_the_stage() -> None:
    parsed = parse_dockerfile("FROM --platform=$BUILDPLATFORM golang:1.22 As Build.1\nFROM scratch")
    first, second = parsed.stages
    assert (first.name, first.base, first.declaration.flag("platform")) == ("build.1", "golang:1.22", "$BUILDPLATFORM")
    assert (second.index, second.name, second.base) == (1, "", "scratch")


def test_arguments_above_the_first_stage_belong_to_none() -> None:
    parsed = parse_dockerfile("ARG A=1\nARG B\nFROM x\nARG A")
    assert [pair.name for each in parsed.global_arguments for pair in each.pairs] == ["A", "B"]
    assert len(parsed.stages[0].instructions) == 1


def test_an_instruction_is_shown_as_one_line() -> None:
    assert str(parse("copy   --link --from=a  b \\\n c")) == "COPY --link --from=a b  c"
