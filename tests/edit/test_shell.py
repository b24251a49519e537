"""Commands in a RUN are found with their places, and edited in the style of the instruction."""

import builtins
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.edit.document import Document
from layerscope.edit.shell import Script, joined
from layerscope.errors import EditError, MissingExtra

INSTALL = """RUN apt-get update \\
 && apt-get install -y \\
    # a compiler
    gcc \\
    curl \\
 && sudo -u x make > log"""


def names(source: str) -> list[str]:
    return [each.name for each in Script.read(source).commands]


def test_commands_have_words_and_places() -> None:
    script = Script.read(INSTALL)
    assert [(each.name, each.texts) for each in script.commands] == [
        ("apt-get", ("apt-get", "update")),
        ("apt-get", ("apt-get", "install", "-y", "gcc", "curl")),
        ("make", ("sudo", "-u", "x", "make")),
    ]
    for command in script.commands:
        assert all(INSTALL[word.start : word.end] == word.source for word in command.words)
    assert INSTALL[script.commands[1].start :].startswith("apt-get install")
    assert [each.redirected for each in script.commands] == [False, False, True]


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ('a \'b c\' "d\\"e" f\\ g', ("a", "b c", 'd"e', "f g")),
        ('a "$b" $(c) `d` x${e}y', ("a", None, None, None, None)),
        ("a lists/* ~/b {c,d} é", ("a", "lists/*", "~/b", "{c,d}", "é")),
        ("a b=c --d=e 12 2>&1", ("a", "b=c", "--d=e", "12")),
        ("a x/$v/r-$v-l.tar b", ("a", None, "b")),
        ("a 'b' \\\n  # c\n  d", ("a", "b", "d")),
        ('a fo\\\no "x\\\n y"', ("a", "foo", "x y")),
    ],
)
def test_words_are_without_quotes_unless_they_hold_expansions(text: str, texts: tuple[str | None, ...]) -> None:
    assert Script.read(f"RUN {text}").commands[0].texts == texts


@pytest.mark.parametrize(
    ("text", "name", "environment"),
    [
        ("/usr/bin/apt-get x", "apt-get", ()),
        ("A=b C=$D apt-get x", "apt-get", (("A", "b"), ("C", None))),
        ("sudo -E -u x apt-get y", "apt-get", ()),
        ("env -i A=b apt-get", "apt-get", (("A", "b"),)),
        ("exec time command apt-get", "apt-get", ()),
        ("command -v apt-get", "command", ()),
        ("env", "env", ()),
        ("$A x", "", ()),
        ("sudo $A x", "", ()),
    ],
)
def test_the_program_behind_others_is_found(text: str, name: str, environment: tuple[tuple[str, str | None]]) -> None:
    command = Script.read(f"RUN {text}").commands[0]
    assert (command.name, command.environment) == (name, environment)


def test_the_top_level_is_told_from_all_else() -> None:
    source = "RUN a && b; c | d; if e; then f; fi; (g); h $(i) || j; ! k; l > m && for x in y; do n; done"
    script = Script.read(source)
    assert [each.name for each in script.commands if each.top_level] == ["a", "b", "l"]
    assert [each.depth for each in script.commands] == [0, 0, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 1]
    assert [each.position for each in script.commands] == [0, 1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9]


def test_a_redirection_does_not_bind_the_list_before_it() -> None:
    script = Script.read("RUN a && b > f | c && d")
    assert [(each.joiner, len(each.kinds)) for each in script.elements] == [("", 1), ("&&", 2), ("&&", 1)]


def test_a_here_document_is_a_script() -> None:
    assert names("RUN --network=none <<EOF\na && b\n\nc # d\nEOF") == ["a", "b", "c"]
    assert names("RUN <<-'E'\n\t#!/bin/bash -e\n\ta \\\n  b\n\tE") == ["a"]


@pytest.mark.parametrize(
    "source",
    [
        'RUN ["a"]',
        "RUN if",
        "RUN a 'b",
        "RUN cat <<E\nx\nE",
        "RUN <<E <<F\nx\nE\ny\nF",
        "RUN <<E\n#!/usr/bin/env python3\nimport os\nE",
        "RUN <<E\ncat <<F > g\nx\nF\nE",
        "RUN <<E\r\na\r\nE\r\n",
        "COPY a b",
        "ONBUILD RUN a",
        "RUN a\nRUN b",
        "RUN a\0b",
        "RUN " + "$(" * 60 + "a" + ")" * 60,
        "RUN " + "a " * 40_000,
        "",
    ],
)
def test_what_cannot_be_parsed_is_left_alone(source: str) -> None:
    assert Script.parse(source) is None


@pytest.mark.parametrize(
    ("shell", "taken"),
    [
        (("/bin/bash", "-euo", "pipefail", "-c"), True),
        (("ash", "-c"), True),
        (("powershell", "-Command"), False),
        (("cmd", "/S", "/C"), False),
        (("/usr/bin/python3", "-c"), False),
        (("/bin/bash",), False),
        ((), False),
    ],
)
def test_only_posix_shells_are_understood(shell: tuple[str, ...], taken: bool) -> None:
    assert (Script.parse("RUN a", shell=shell) is not None) is taken


@pytest.mark.parametrize(
    ("source", "shell", "expected"),
    [
        ("RUN a", "-c", False),
        ("RUN a", "-ec", True),
        ("RUN set -eux; a", "-c", True),
        ("RUN set -eu; a; set +u; b", "-c", True),
        ("RUN set -eu; a; set +e; b", "-c", None),
        ("RUN set -o errexit -o nounset && a", "-c", True),
        ("RUN set -x; set -- -e; a", "-c", False),
        ("RUN set -e; a; set +e; b", "-c", None),
        ("RUN (set -e; a); b", "-c", None),
    ],
)
def test_whether_the_script_ends_at_an_error(source: str, shell: str, expected: bool | None) -> None:
    assert Script.read(source, shell=("/bin/sh", shell)).exits_on_error is expected


APPENDED = [
    ("RUN a", "RUN a \\\n    && X y"),
    ("RUN a && \\\n  b", "RUN a && \\\n  b && \\\n  X y"),
    ("RUN a \\\n\t&& b", "RUN a \\\n\t&& b \\\n\t&& X y"),
    ("RUN set -eux; \\\n\ta; \\\n\tb;", "RUN set -eux; \\\n\ta; \\\n\tb; \\\n\tX y;"),
    ("RUN a; b", "RUN a; b \\\n    && X y"),
    ("RUN a || true", "RUN a || true \\\n    && X y"),
    ("RUN a \\\r\n  && b", "RUN a \\\r\n  && b \\\r\n  && X y"),
    ("RUN <<EOF\nset -e\na\nEOF", "RUN <<EOF\nset -e\na\nX y\nEOF"),
    ("RUN <<EOF\na\nb\nEOF", "RUN <<EOF\na\nb &&\n    X y\nEOF"),
    ("RUN a || exit 1", "RUN a || exit 1 \\\n    && X y"),
]


@pytest.mark.parametrize(("source", "expected"), APPENDED)
def test_a_command_is_appended_in_the_style_of_the_script(source: str, expected: str) -> None:
    assert Script.read(source).append("X y") == expected


@pytest.mark.parametrize(
    "source",
    [
        "RUN a &",
        "RUN a & b &",
        "RUN a # b",
        "RUN a <<< b",
        "RUN exec a",
        "RUN a; exit 0",
        "RUN a || exit",
        "RUN set -e && for x in y; do a; done",
        "RUN set -e; if a; then b && c; fi",
        "RUN set -e; f() { a; }; f",
    ],
)
def test_nothing_is_appended_where_it_would_change_what_fails(source: str) -> None:
    with pytest.raises(EditError):
        Script.read(source).append("X")


@pytest.mark.parametrize("text", ["", "a; b", "a || b", "a &", "a # b", "a\nb", "if", "a <<< b", "'"])
def test_only_plain_lists_are_added(text: str) -> None:
    for edit in (Script.read("RUN x").append, Script.read("RUN x").prepend):
        with pytest.raises(EditError):
            edit(text)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("RUN --mount=type=cache,target=/x a", "RUN --mount=type=cache,target=/x X \\\n    && a"),
        ("RUN a && \\\n  b", "RUN X && \\\n  a && \\\n  b"),
        ("RUN set -e; \\\n  a; b", "RUN set -e; \\\n  X; \\\n  a; b"),
        ("RUN <<EOF\nset -e\na\nb\nEOF", "RUN <<EOF\nset -e\nX\na\nb\nEOF"),
    ],
)
def test_a_command_is_prepended(source: str, expected: str) -> None:
    assert Script.read(source).prepend("X") == expected


@pytest.mark.parametrize("source", ["RUN a || b", "RUN a; b", "RUN a &", "RUN set -e && a; b", "RUN <<E\na\nb\nE"])
def test_nothing_is_prepended_where_its_failure_could_be_missed(source: str) -> None:
    with pytest.raises(EditError):
        Script.read(source).prepend("X")


@pytest.mark.parametrize("text", ["--x", "<<E"])
def test_what_is_prepended_stays_a_command(text: str) -> None:
    with pytest.raises(EditError):
        Script.read("RUN a").prepend(text)


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("RUN a && b && c", "b", "RUN a && c"),
        ("RUN a && \\\n  b && \\\n  c", "a", "RUN b && \\\n  c"),
        ("RUN a \\\n  && b \\\n  && c", "c", "RUN a \\\n  && b"),
        ("RUN a \\\n  # x\n  && b > f \\\n  # y\n  && c", "b", "RUN a \\\n  # x\n  # y\n  && c"),
        ("RUN a \\\n  # x\n  && b", "a", "RUN \\\n  # x\n  b"),
        ("RUN a; b && c; d", "b", "RUN a; c; d"),
        ("RUN set -e; \\\n  a; \\\n  b;", "b", "RUN set -e; \\\n  a;"),
        ("RUN <<EOF\nset -e\n  a\n  b\nEOF", "a", "RUN <<EOF\nset -e\n  b\nEOF"),
        ("RUN <<EOF\nset -e  \n\n# x\na \\\n  c\n# y\n\nb\nEOF", "a", "RUN <<EOF\nset -e  \n\n# x\n# y\n\nb\nEOF"),
        ("RUN <<EOF\nset -e\na && b # z\nc\nEOF", "a", "RUN <<EOF\nset -e\nb # z\nc\nEOF"),
    ],
)
def test_a_command_is_removed_with_its_operator(source: str, name: str, expected: str) -> None:
    script = Script.read(source)
    [command] = [each for each in script.commands if each.name == name]
    assert script.remove_command(command) == expected


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("RUN a", "a"),
        ("RUN a || b", "a"),
        ("RUN a; b", "b"),
        ("RUN a & b", "b"),
        ("RUN set -e; a", "set"),
        ("RUN set -e; a && b; c", "b"),
        ("RUN x && if a; then b; fi", "b"),
        ("RUN x && a | b", "b"),
    ],
)
def test_a_command_that_the_rest_depends_on_is_not_removed(source: str, name: str) -> None:
    script = Script.read(source)
    [command] = [each for each in script.commands if each.name == name]
    with pytest.raises(EditError):
        script.remove_command(command)


def test_words_are_added_and_removed_on_their_lines() -> None:
    script = Script.read(INSTALL)
    command = script.commands[1]
    assert script.add_words(command, 3, ["wget"]) == INSTALL.replace("gcc \\\n", "gcc \\\n    wget \\\n")
    assert script.add_words(command, 1, ["--x", "-q"]) == INSTALL.replace("install", "install --x -q")
    assert script.remove_words(command, [3]) == INSTALL.replace("    gcc \\\n", "")
    assert script.remove_words(command, [3, 4]) == INSTALL.replace("    gcc \\\n", "").replace("    curl \\\n", "")
    assert script.remove_words(command, [2]) == INSTALL.replace(" -y", "")


@pytest.mark.parametrize(
    ("source", "indexes", "expected"),
    [
        ("RUN a b \\\n  c", [2], "RUN a b"),
        ("RUN a \\\n  b \\\n  # x\n  c", [2], "RUN a \\\n  b\n  # x"),
        ("RUN a \\\n  \\\n  b", [1], "RUN a"),
        ("RUN a b\\\n  c \\ \n  d", [2], "RUN a b\\\n  d"),
        ("RUN <<E\na b \\\n  c\nd\nE", [2], "RUN <<E\na b\nd\nE"),
        ("RUN a $(b c)", [1], "RUN a $(b)"),
        ("RUN a \\\r\n  b \\\r\n  c", [2], "RUN a \\\r\n  b"),
    ],
)
def test_a_line_that_held_only_removed_words_disappears(source: str, indexes: list[int], expected: str) -> None:
    script = Script.read(source)
    command = script.commands[-1] if "$(" in source else script.commands[0]
    assert script.remove_words(command, indexes) == expected
    document = Document.parse(f"FROM x\n{source}\nUSER y\n", "Dockerfile").replace(1, expected)
    assert document.text == f"FROM x\n{expected}\nUSER y\n"


def test_words_are_added_below_a_line_whose_escape_has_blanks_behind_it() -> None:
    script = Script.read("RUN a \\\n  b \\ \n  && c")
    assert script.add_words(script.commands[0], 1, ["d"]) == "RUN a \\\n  b \\\n  d \\ \n  && c"


@pytest.mark.parametrize("words", [["b;"], ["; b"], ["$(b)", "#"], ["b c"], [""], [">f"], ["b\nc"], ["&&"]])
def test_words_that_would_be_more_than_words_are_refused(words: list[str]) -> None:
    script = Script.read("RUN a x && y")
    with pytest.raises(EditError):
        script.add_words(script.commands[0], 0, words)


@pytest.mark.parametrize("indexes", [[], [0], [1], [9]])
def test_the_program_and_what_is_not_there_cannot_be_removed(indexes: list[int]) -> None:
    script = Script.read("RUN sudo a b")
    with pytest.raises(EditError):
        script.remove_words(script.commands[0], indexes)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("RUN a", "RUN b && c", "RUN a \\\n    && b && c"),
        ("RUN a && \\\n  b", "RUN \\\n  # why\n  c", "RUN a && \\\n  b && \\\n  # why\n  c"),
        ("RUN a \\\n  # x\n  && b", "RUN c \\\n  # y\n  && d", "RUN a \\\n  # x\n  && b \\\n  && c \\\n  # y\n  && d"),
        ("RUN set -e; a", "RUN set -e; b; c", "RUN set -e; a; \\\n    set -e; b; c"),
        ("RUN set -eux; a", "RUN b c", "RUN set -eux; a; \\\n    b c"),
        ("RUN set -eux; a", "RUN b $C && d", "RUN set -eux; a; \\\n    set +u && b $C && d"),
        ("RUN set -eu; cd x; a", "RUN b $C", "RUN set -eu; cd x; a; \\\n    cd /w && set +u && b $C"),
        ("RUN cd x && a", "RUN b", "RUN cd x && a \\\n    && cd /w && b"),
        ("RUN X=1 a", "RUN echo $X", "RUN X=1 a \\\n    && echo $X"),
        ("RUN --network=none a", "RUN --network=none b", "RUN --network=none a \\\n    && b"),
    ],
)
def test_two_runs_become_one(first: str, second: str, expected: str) -> None:
    assert joined(Script.read(first), Script.read(second), directory="/w") == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("RUN a", "RUN b; c"),
        ("RUN a", "RUN b || c"),
        ("RUN a", "RUN b &"),
        ("RUN a &", "RUN b"),
        ("RUN a # x", "RUN b"),
        ("RUN --network=none a", "RUN b"),
        ("RUN cd x", "RUN b"),
        ("RUN X=1; a", "RUN echo $X"),
        ("RUN for X in a; do b; done", "RUN echo ${X}"),
        ("RUN PATH=/x:$PATH && a", "RUN b"),
        ("RUN export X=1 && a", "RUN b"),
        ("RUN umask 077 && a", "RUN b"),
        ("RUN . ./env && a", "RUN b"),
        ("RUN a; exit 0", "RUN b"),
        ("RUN set -o pipefail; a", "RUN b $(c | d)"),
        ("RUN set -eu; a", "RUN b $C; d"),
        ("RUN set -f; a", "RUN rm *"),
        ("RUN b() { a; }; b", "RUN b"),
        ("RUN : ${X:=1}", "RUN b"),
        ("RUN $A", "RUN b"),
        ("RUN <<E\na\nE", "RUN b"),
    ],
)
def test_two_runs_that_could_see_each_other_stay_two(first: str, second: str) -> None:
    with pytest.raises(EditError):
        joined(Script.read(first), Script.read(second))


WORDS = st.lists(st.sampled_from(["a", "-b", "'c d'", '"$e"', "f=g", "é", "x/*", "$(h i)"]), min_size=3, max_size=8)
TURNS = st.lists(st.sampled_from([" ", "  ", " \\\n  ", " \\\n# c\n\t", "\\\n "]), min_size=8, max_size=8)


@given(WORDS, TURNS, st.data())
def test_any_words_are_removed_and_nothing_else(words: list[str], turns: list[str], data: st.DataObject) -> None:
    line = "".join(word + turn for word, turn in zip(words, turns, strict=False)).rstrip(" \\\n\t")
    line = line.removesuffix("# c").rstrip(" \\\n\t")
    source = f"RUN prog {line} && next"
    script = Script.read(source)
    indexes = data.draw(st.sets(st.integers(1, len(words)), min_size=1))
    found = Script.read(script.remove_words(script.commands[0], indexes))
    assert [word.source for word in found.commands[0].words[1:]] == [
        word for index, word in enumerate(words, start=1) if index not in indexes
    ]
    assert found.source.count("# c") == source.count("# c")
    added = Script.read(script.add_words(script.commands[0], min(indexes), ["new", "'x y'"]))
    assert [word.source for word in added.commands[0].words[min(indexes) + 1 :]][:2] == ["new", "'x y'"]
    assert added.source.count("# c") == source.count("# c")


def test_long_scripts_take_no_longer_than_their_length() -> None:
    started = time.perf_counter()
    for text in (
        "a && " * 6000 + "a",
        "a;" * 6000,
        "a | " * 6000 + "a",
        "((" * 8000,
        "if a; then " * 1000,
        "{a," * 9000,
    ):
        Script.parse(f"RUN {text}")
    assert time.perf_counter() - started < 20


def test_without_the_parser_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def missing(name: str, *rest: object, **more: object) -> object:
        if name.startswith("tree_sitter"):
            raise ImportError(name)
        return plain(name, *rest, **more)  # type: ignore[arg-type]

    for name in [name for name in sys.modules if name.startswith("tree_sitter")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtra) as caught:
        Script.parse("RUN a")
    assert caught.value.hint == "install it with: pip install 'layerscope[fix]'"
