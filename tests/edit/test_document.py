"""A Dockerfile is edited instruction by instruction, and no other byte of it changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.edit.document import Document
from layerscope.errors import EditError, UsageError

FILES = {
    "plain": "FROM a\nRUN b\n",
    "no newline at the end": "FROM a\nRUN b",
    "crlf": "FROM a\r\n# c\r\nRUN b \\\r\n # d\r\n  c\r\n\r\n",
    "mixed line ends": "FROM a\r\nRUN b \\\n  c\r\nUSER d\n",
    "byte order mark": "\ufeff# syntax=docker/dockerfile:1\n\nFROM a\n",
    "bytes that are not utf-8": "FROM a\nENV a=\udcff\n",
    "directives": "# syntax=docker/dockerfile:1\n# escape=`\n# c\nFROM a\nRUN b `\n  c\n",
    "heredoc": "FROM a\nRUN <<EOF\nb\n# not a comment\n\nEOF\nCOPY <<-A <<'B' /c/\n\tx\n\tA\ny\nB\nUSER d\n",
    "comments in continuation lines": "FROM a\nRUN b \\\n# c\n\n  # d\n  e\n# f\nUSER g\n",
    "indented": "  FROM a\n\tRUN b\n   \n",
    "global arguments": "ARG A=1\nARG B\nFROM a:$A AS x\nFROM x\n",
    "onbuild": "FROM a\nONBUILD RUN b \\\n c\n",
    "continuation at the end": "FROM a\nRUN b \\\n# c\n",
    "vertical tabs and odd line ends": "FROM a\nENV b=c \x0b\x0c\nLABEL e='f\u2028g'\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_the_text_is_what_was_parsed(text: str) -> None:
    document = Document.parse(text, "Dockerfile")
    assert document.text == text
    assert [each.id for each in document.instructions] == [*range(len(document.instructions))]


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_replacing_each_instruction_by_itself_changes_nothing(text: str) -> None:
    document = Document.parse(text, "Dockerfile")
    for each in document.instructions:
        assert document.replace(each.id or 0, each.source).text == text


def test_instructions_have_their_lines_stage_and_source() -> None:
    document = Document.parse("ARG A\nFROM a AS x\n# c\nRUN b \\\n  d\nFROM x\nCOPY <<E /f\ng\nE\n", "Dockerfile")
    assert [(each.keyword, each.stage, each.line, each.last_line) for each in document.instructions] == [
        ("ARG", -1, 1, 1),
        ("FROM", 0, 2, 2),
        ("RUN", 0, 4, 5),
        ("FROM", 1, 6, 6),
        ("COPY", 1, 7, 9),
    ]
    assert document.instructions[2].source == "RUN b \\\n  d"
    assert document.instructions[4].source == "COPY <<E /f\ng\nE"
    found = document.by_line(5)
    assert found is not None and found.id == 2
    assert document.by_line(3) is None


def test_what_no_builder_takes_is_refused() -> None:
    with pytest.raises(UsageError):
        Document.parse("RUN a\n", "Dockerfile")


def test_edits_compose_by_ids_of_the_first_parse() -> None:
    document = Document.parse("FROM a\n# one\nRUN b\n\n# two\nRUN c\nUSER d", "Dockerfile")
    document = document.insert_before(2, "ENV e=f").delete(1).insert_after(3, "CMD g").replace(2, "RUN h")
    assert document.text == "FROM a\n# one\n\nENV e=f\n# two\nRUN h\nUSER d\nCMD g"
    assert [each.id for each in document.instructions] == [0, None, 2, 3, None]
    assert document.instruction(2).line == 6
    with pytest.raises(EditError):
        document.instruction(1)


def test_an_edit_writes_the_line_ends_of_the_file() -> None:
    document = Document.parse("FROM a\r\nRUN b\r\nUSER c", "Dockerfile")
    assert document.replace(1, "RUN b \\\n  c").text == "FROM a\r\nRUN b \\\r\n  c\r\nUSER c"
    assert document.insert_after(2, "CMD d").text == "FROM a\r\nRUN b\r\nUSER c\r\nCMD d"


@pytest.mark.parametrize("source", ["", "# c", "RUN a\nRUN b", "RUN a \\", "NO such", "RUN <<E\nx"])
def test_a_replacement_that_is_not_one_instruction_is_refused(source: str) -> None:
    with pytest.raises(EditError):
        Document.parse("FROM a\nRUN b\nUSER c\n", "Dockerfile").replace(1, source)


def test_nothing_is_inserted_into_a_continuation() -> None:
    with pytest.raises(EditError):
        Document.parse("FROM a\nRUN b \\\n# c\n", "Dockerfile").insert_after(1, "USER d")


def test_the_shell_is_that_of_the_stage_or_of_the_one_below() -> None:
    text = 'FROM a AS x\nRUN b\nSHELL ["/bin/bash", "-ec"]\nRUN c\nFROM x\nRUN d\nFROM e\nRUN f\n'
    document = Document.parse(text, "Dockerfile")
    bash = ("/bin/bash", "-ec")
    shells = [document.shell(each.id or 0) for each in document.instructions if each.keyword == "RUN"]
    assert shells == [("/bin/sh", "-c"), bash, bash, ("/bin/sh", "-c")]


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("FROM a\r\nRUN b", "RUN b \\\n c", "FROM a\r\nRUN b \\\r\n c"),
        ("FROM a\nRUN b\r\n", "RUN b \\\n c", "FROM a\nRUN b \\\r\n c\r\n"),
        ("FROM a\r\nRUN b\n", "RUN b \\\n c", "FROM a\r\nRUN b \\\n c\n"),
        ("FROM a\nRUN b \\\r\n c\n", "RUN x \\\r\n c", "FROM a\nRUN x \\\r\n c\n"),
    ],
)
def test_line_ends_are_those_of_the_instruction(text: str, source: str, expected: str) -> None:
    assert Document.parse(text, "Dockerfile").replace(1, source).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\n# x\n# y\nRUN b\n", "FROM a\nENV c=d\n# x\n# y\nRUN b\n"),
        ("FROM a\n# x\n\n# y\nRUN b\n", "FROM a\n# x\n\nENV c=d\n# y\nRUN b\n"),
        ("FROM a\n# x\n\nRUN b\n", "FROM a\n# x\n\nENV c=d\nRUN b\n"),
    ],
)
def test_what_is_inserted_above_leaves_comments_with_their_instruction(text: str, expected: str) -> None:
    assert Document.parse(text, "Dockerfile").insert_before(1, "ENV c=d").text == expected


def test_what_is_inserted_above_the_first_instruction_stays_below_directives() -> None:
    text = "# syntax=x\n# escape=`\n# c\nFROM a\n"
    expected = "# syntax=x\n# escape=`\nARG b\n# c\nFROM a\n"
    assert Document.parse(text, "Dockerfile").insert_before(0, "ARG b").text == expected


def test_comments_that_are_written_with_an_instruction_are_not_part_of_it() -> None:
    document = Document.parse("FROM a\nRUN b\nUSER c\n", "Dockerfile").insert_after(1, "# why\nENV d=e\n# end")
    document = document.replace(1, "RUN b \\\n  c\n# left over")
    assert document.text == "FROM a\nRUN b \\\n  c\n# left over\n# why\nENV d=e\n# end\nUSER c\n"
    assert document.instruction(1).source == "RUN b \\\n  c"


def test_a_replacement_may_not_take_in_what_follows() -> None:
    document = Document.parse("FROM a\nRUN b\nUSER c\n", "Dockerfile")
    with pytest.raises(EditError):
        document.replace(1, "RUN b \\\n")
    with pytest.raises(EditError):
        document.delete(0)


LINES = st.sampled_from(
    [
        "RUN a", "RUN a \\\n  b", "RUN a \\\n# c\n\n  b", "COPY a b", "RUN <<E\nx\n# y\nE", "COPY <<E /f\n\nE", "# c", "",
        "  # d", "USER x", "ENV a='b \\\n c'", "FROM y AS z", "\tRUN b", "ONBUILD RUN a", "LABEL a=\udce9", "ARG A",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data())
def test_an_edit_changes_only_what_it_says(lines: list[str], newline: str, ends: bool, data: st.DataObject) -> None:
    text = newline.join(["# syntax=x", "FROM a", *[line.replace("\n", newline) for line in lines]]) + newline * ends
    document = Document.parse(text, "Dockerfile")
    assert document.text == text
    chosen = data.draw(st.sampled_from(document.instructions))
    id = chosen.id or 0
    assert document.replace(id, chosen.source).text == text
    after = document.insert_after(id, "ENV new=1")
    assert after.text.replace(f"{newline}ENV new=1", "", 1) == text
    if id:
        before = document.insert_before(id, "ENV new=1")
        assert before.text.replace(f"ENV new=1{newline}", "", 1) == text
        sources = [each.source for each in document.replace(id, "ENV new=1").instructions]
        assert sources == ["ENV new=1" if each is chosen else each.source for each in document.instructions]
        assert document.replace(id, "ENV new=1").gaps == document.gaps
        deleted = document.delete(id)
        assert [each.id for each in deleted.instructions] == [
            each.id for each in document.instructions if each.id != id
        ]
        # An empty line of those on both sides goes, too.
        assert len(text) - len(deleted.text) - len(chosen.source) in (0, len(newline), 2 * len(newline))
