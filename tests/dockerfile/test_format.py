"""Dockerfile reference, "Format" and "Parser directives"."""

import pytest

from layerscope.dockerfile.lines import MAX_BYTES
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.syntax import Dockerfile
from layerscope.errors import LimitExceeded, UsageError


def commands(dockerfile: Dockerfile) -> list[str]:
    return [each.text for each in dockerfile.instructions if each.keyword == "RUN"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param("RUN a \\\n  && b", "a   && b", id="indentation stays"),
        pytest.param("RUN a \\\n# note\n b", "a  b", id="comment between"),
        pytest.param("RUN a \\\n   # note\n b", "a  b", id="indented comment between"),
        pytest.param("RUN a \\\n\n  \n b", "a  b", id="empty lines between"),
        pytest.param("RUN a\\  \t\nb", "ab", id="blanks behind the escape"),
        pytest.param("RUN a \\\r\n b\r\n", "a  b", id="carriage returns"),
        pytest.param("RUN a \\", "a", id="escape at the end of the file"),
        pytest.param("RUN a # b", "a # b", id="no comment inside a line"),
        pytest.param("   RUN a", "a", id="leading blanks"),
        pytest.param("run a", "a", id="lower case keyword"),
        pytest.param("\\\nRUN a", "a", id="escape alone on the first line"),
        pytest.param("RUN a\\\\", "a\\\\", id="escaped escape ends the line"),
    ],
)
def test_lines_are_joined(body: str, text: str) -> None:
    assert commands(parse_dockerfile("FROM scratch\n" + body)) == [text]


def test_escaped_escape_does_not_continue_the_line() -> None:
    assert commands(parse_dockerfile("FROM scratch\nRUN dir c:\\\\\nRUN b")) == ["dir c:\\\\", "b"]


def test_backtick_continues_lines_after_the_escape_directive() -> None:
    parsed = parse_dockerfile("# escape=`\nFROM scratch\nRUN dir C:\\\nRUN a `\n b")
    assert (parsed.escape, commands(parsed)) == ("`", ["dir C:\\", "a  b"])


@pytest.mark.parametrize(
    ("head", "escape"),
    [
        pytest.param("# syntax=docker/dockerfile:1\n", "\\", id="syntax"),
        pytest.param("#check=skip=all;error=true\n#  eScApE = `  \n", "`", id="behind another directive"),
        pytest.param("# about\n# escape=`\n", "\\", id="after a comment"),
        pytest.param("\n# escape=`\n", "\\", id="after an empty line"),
        pytest.param("# other=1\n# escape=`\n", "\\", id="after an unknown directive"),
        pytest.param("# escape=\n", "\\", id="without a value"),
    ],
)
def test_directives_stand_on_top(head: str, escape: str) -> None:
    assert parse_dockerfile(head + "FROM scratch").escape == escape


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf# escape=`\nFROM scratch", id="byte order mark"),
        pytest.param(b"# escape=`\r\nFROM scratch\r\n", id="carriage return"),
    ],
)
def test_bytes_before_and_behind_do_not_hide_a_directive(content: bytes) -> None:
    assert parse_dockerfile(content).escape == "`"


def test_bytes_that_are_no_utf8_are_kept() -> None:
    assert commands(parse_dockerfile(b"FROM scratch\nRUN \xff")) == ["\udcff"]


def test_instructions_know_their_place() -> None:
    parsed = parse_dockerfile("FROM scratch\n\n  RUN a \\\n# note\n  b\nCMD x")
    assert [(each.line, each.column) for each in parsed.instructions] == [(1, 1), (3, 3), (6, 1)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("", "F:1:1: file with no instructions", id="empty"),
        pytest.param("# a\n\n", "F:1:1: file with no instructions", id="comments only"),
        pytest.param("ARG a", "F:1:1: dockerfile contains no stages to build", id="no FROM"),
        pytest.param("RUN a\nFROM b", "F:1:1: no build stage yet: RUN before FROM", id="RUN before FROM"),
        pytest.param("FROM a\n  FORM b", "F:2:3: unknown instruction: FORM", id="unknown"),
        pytest.param("# escape=x\nFROM a", "F:1:1: invalid escape token 'x': neither ` nor \\", id="escape"),
        pytest.param(
            "# escape=`\n# escape=`\nFROM a", "F:2:1: only one escape parser directive can be used", id="twice"
        ),
        pytest.param("FROM a b", "F:1:1: FROM requires either one or three arguments", id="FROM with two"),
        pytest.param("FROM a AS 1x", "F:1:1: invalid name for build stage: '1x'", id="stage name"),
        pytest.param("FROM a\nCOPY x", "F:2:6: COPY: requires at least two arguments", id="COPY with one"),
        pytest.param("FROM a\nENV", "F:2:4: ENV: requires at least one argument", id="ENV with none"),
        pytest.param("FROM a\nENV a", "F:2:5: ENV: must have two arguments", id="ENV without value"),
        pytest.param(
            "FROM a\nENV a=1 \\\n  b",
            "F:3:3: ENV: can't find = in 'b'. Must be of the form: name=value",
            id="place behind a continuation",
        ),
        pytest.param("FROM a\nENV =b", "F:2:5: ENV: names can not be blank", id="blank name"),
        pytest.param(
            'FROM a\nRUN ["a", 1]',
            "F:2:5: RUN: when using JSON array syntax, arrays must be comprised of strings only",
            id="numbers in JSON",
        ),
        pytest.param("FROM a\nARG", "F:2:4: ARG: requires at least one argument", id="ARG with none"),
        pytest.param("FROM a\nONBUILD", "F:2:8: ONBUILD: requires at least one argument", id="ONBUILD with none"),
        pytest.param(
            "FROM a\nRUN <<${x:-'b c'}",
            "F:2:1: unexpected end of statement while looking for matching single-quote",
            id="quote in a here-document's name",
        ),
        pytest.param("FROM a\nSHELL sh -c", "F:2:7: SHELL: requires the arguments to be in JSON form", id="SHELL"),
        pytest.param(
            "FROM a\nONBUILD FROM b", "F:2:9: ONBUILD: FROM isn't allowed as an ONBUILD trigger", id="trigger"
        ),
        pytest.param("FROM a\nONBUILD ENV a", "F:2:13: ENV: must have two arguments", id="place inside a trigger"),
        pytest.param("FROM a\nRUN <<E\nx", "F:2:1: unterminated heredoc 'E'", id="open here-document"),
        pytest.param("FROM a\nRUN --mount=type=x b", "F:2:5: RUN: unsupported mount type 'x'", id="mount type"),
    ],
)
def test_errors_name_the_place(content: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_dockerfile(content, name="F")
    assert caught.value.message == message


def test_too_long_a_file_is_refused_unread() -> None:
    with pytest.raises(LimitExceeded):
        parse_dockerfile(b"F" * (MAX_BYTES + 1))
