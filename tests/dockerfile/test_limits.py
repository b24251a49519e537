"""A quarter of a megabyte of everything: each is one pass, so each ends at once; a square of it never would."""

import pytest

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.lines import MAX_LINES
from layerscope.dockerfile.parse import MAX_INSTRUCTIONS, MAX_WORDS, parse_dockerfile
from layerscope.errors import LayerscopeError, LimitExceeded

SIZE = 1 << 18


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("RUN " + "a " * (SIZE // 2), id="long line"),
        pytest.param("RUN " + " " * SIZE + "\\x", id="blanks"),
        pytest.param("RUN a" + " \\\n" * (SIZE // 3), id="continuation lines"),
        pytest.param("RUN a \\\n" + "# x\n" * (SIZE // 4), id="comments in a continuation"),
        pytest.param("#" + " " * SIZE + "=" + " " * SIZE, id="comment that is almost a directive"),
        pytest.param("ENV " + "a=b " * (SIZE // 4), id="pairs"),
        pytest.param('ENV a="' + "\\a" * (SIZE // 2) + '"', id="escapes in quotes"),
        pytest.param("ENV a=" + "'x'\"y\"" * (SIZE // 6), id="quotes"),
        pytest.param("COPY " + "--exclude=a " * (SIZE // 12) + "a b", id="flags"),
        pytest.param("COPY --exclude=" + "\\a'b'" * (SIZE // 5) + " a b", id="one long flag"),
        pytest.param("RUN [" + '"a",' * (SIZE // 4) + '"b"]', id="JSON"),
        pytest.param("RUN " + "a<<b " * (SIZE // 5), id="almost here-documents"),
        pytest.param("RUN <<E\n" + "\tE \n" * (SIZE // 4) + "E", id="here-document"),
        pytest.param("RUN x\n" * (MAX_INSTRUCTIONS - 1), id="instructions"),
        pytest.param("USER " + "$" * SIZE, id="dollars"),
        pytest.param("USER " + "${a:-x}" * (SIZE // 7), id="defaults"),
    ],
)
def test_much_is_read_in_one_pass(body: str) -> None:
    parsed = parse_dockerfile("FROM scratch\n" + body)
    assert len(Build.of(parsed).flatten()) == len(parsed.stages[0].instructions)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("USER " + "${a:-" * (SIZE // 5), id="nested variables"),
        pytest.param("RUN " + "[" * SIZE + "]" * SIZE, id="nested arrays"),
        pytest.param("ONBUILD " * (SIZE // 8) + "RUN x", id="nested triggers"),
        pytest.param("RUN " + "<<E" * 3 + " <<E" * (SIZE // 4), id="here-documents that never end"),
        pytest.param("RUN --mount=" + "a" * SIZE + " x", id="long mount"),
        pytest.param("ENV a=xxxxxxxxxxxxxxxx\n" + "ENV a=$a$a b=$a\n" * (SIZE // 16), id="doubling values"),
        pytest.param("ARG a=" + "x" * 1000 + "\n" + "USER " + "${a%%*y}" * (SIZE // 8), id="patterns"),
    ],
)
def test_hostile_input_is_refused(body: str) -> None:
    with pytest.raises(LayerscopeError):
        Build.of(parse_dockerfile("FROM scratch\n" + body)).flatten()


def test_many_stages_on_top_of_each_other() -> None:
    stages = MAX_INSTRUCTIONS // 2 - 1
    content = "FROM scratch AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nRUN {n}\n" for n in range(stages))
    assert len(Build.of(parse_dockerfile(content)).flatten()) == stages


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("RUN x\n" * MAX_INSTRUCTIONS, "instructions", id="instructions"),
        pytest.param("ENV " + "a=b " * MAX_WORDS + "a=b", "words", id="words of one"),
        pytest.param(
            "ENV" + " a=b" * (MAX_WORDS // 100) + "\n" + ("ENV" + " a=b" * 150 + "\n") * 990, "words", id="of all"
        ),
        pytest.param("RUN x" + "\\\n" * MAX_LINES + "\n", "lines", id="continuation lines"),
        pytest.param("RUN <<E\n" + "\n" * MAX_LINES + "E\n", "lines", id="lines of a here-document"),
    ],
)
def test_what_would_take_too_much_memory_is_refused(text: str, what: str) -> None:
    with pytest.raises(LimitExceeded, match=f"^F has more than [0-9,]+ {what}$"):
        parse_dockerfile("FROM scratch\n" + text, name="F")


def test_blanks_that_align_an_instruction_are_no_words() -> None:
    parse_dockerfile("FROM scratch\n" + ("RUN a &&" + " " * 30 + "\\\n    b\n") * 4_000)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("RUN <<" + " " * SIZE + "x<", id="blanks that a here-document's name may follow"),
        pytest.param("EXPOSE " + "''" * SIZE, id="empty quotes"),
    ],
)
def test_what_could_be_tried_in_many_ways_is_tried_once(line: str) -> None:
    (instruction,) = parse_dockerfile(f"FROM scratch\n{line}").stages[0].instructions
    assert instruction.heredocs == ()
