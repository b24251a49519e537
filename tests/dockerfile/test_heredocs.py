"""Dockerfile reference, "Here-Documents"."""

import pytest

from layerscope.dockerfile.instructions import heredoc_mark
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.syntax import DockerfileInstruction, Heredoc
from layerscope.errors import UsageError


def first(body: str) -> DockerfileInstruction:
    return parse_dockerfile("FROM scratch\n" + body).stages[0].instructions[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("RUN <<E\na\n b\nE", [Heredoc(name="E", content="a\n b\n")], id="plain"),
        pytest.param("RUN <<E cat >x\nE", [Heredoc(name="E", content="")], id="empty, with a command"),
        pytest.param(
            "RUN <<-E\n\ta\n\tE", [Heredoc(name="E", content="\ta\n", strip_tabs=True)], id="tabs before the delimiter"
        ),
        pytest.param("RUN <<'E'\n$x\nE", [Heredoc(name="E", content="$x\n")], id="single quotes"),
        pytest.param('RUN <<"a b"\nx\na b', [Heredoc(name="a b", content="x\n")], id="blank in the name"),
        pytest.param("RUN <<E\\'F\nx\nE'F", [Heredoc(name="E'F", content="x\n")], id="an escaped quote quotes nothing"),
        pytest.param("RUN 3<< E\nx\nE", [Heredoc(name="E", content="x\n")], id="descriptor"),
        pytest.param(
            "COPY <<A <<B /x/\n1\nA\nA\nB",
            [Heredoc(name="A", content="1\n"), Heredoc(name="B", content="A\n")],
            id="two",
        ),
        pytest.param(
            "ADD <<f.txt /x\n# no comment\nf.txt", [Heredoc(name="f.txt", content="# no comment\n")], id="ADD"
        ),
        pytest.param("ONBUILD RUN <<E\nx\nE", [Heredoc(name="E", content="x\n")], id="ONBUILD"),
        pytest.param("RUN <<E\r\nx\r\nE\r\n", [Heredoc(name="E", content="x\r\n")], id="carriage returns stay"),
        pytest.param("RUN a \\\n <<E\nx \\\nE", [Heredoc(name="E", content="x \\\n")], id="after a continuation"),
    ],
)
def test_content(body: str, expected: list[Heredoc]) -> None:
    assert list(first(body).heredocs) == expected


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('RUN "<<E"', id="quoted"),
        pytest.param("RUN cat <<<E", id="here-string"),
        pytest.param("RUN cat<<E", id="no word of its own"),
        pytest.param('RUN ["a", "<<E"]', id="exec form"),
        pytest.param("USER <<E", id="another instruction"),
        pytest.param("RUN it's <<E", id="a quote stays open"),
        pytest.param("RUN a <<", id="no name"),
    ],
)
def test_what_opens_no_heredoc(line: str) -> None:
    assert first(line + "\nCMD x").heredocs == ()


def test_the_instruction_ends_with_its_last_heredoc() -> None:
    parsed = parse_dockerfile("FROM scratch\nCOPY <<A <<B /\nA\nB\nCMD x")
    copy, cmd = parsed.stages[0].instructions
    assert (copy.line, cmd.line) == (2, 5)


def test_a_trigger_has_the_heredocs_too() -> None:
    trigger = first("ONBUILD COPY <<E /x\ny\nE").trigger
    assert trigger is not None
    assert trigger.heredocs == (Heredoc(name="E", content="y\n"),)


def test_a_name_of_two_words_is_no_heredoc_mark() -> None:
    assert heredoc_mark("<<a b") is None


def test_a_name_whose_quote_stays_open_is_an_error() -> None:
    with pytest.raises(UsageError):
        heredoc_mark("<<'E")
