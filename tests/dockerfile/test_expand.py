"""Dockerfile reference, "Environment replacement"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.dockerfile.expansion import (
    MAX_DEPTH,
    MAX_VALUE,
    UNKNOWN,
    Budget,
    Expansion,
    Unknown,
    expand,
    expand_words,
)
from layerscope.errors import LimitExceeded, UsageError

VALUES = {"x": "foobarbaz", "empty": "", "path": "/usr/lib/x.so.1", "star": "a*b", "pattern": "o*b"}


def lookup(name: str) -> str | Unknown | None:
    return UNKNOWN if name.startswith("U") else VALUES.get(name)


def text(word: str, escape: str = "\\") -> str:
    return expand(word, lookup, escape=escape).text


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("$x", "foobarbaz", id="bare"),
        pytest.param("a${x}b", "afoobarbazb", id="braces"),
        pytest.param("$x-y", "foobarbaz-y", id="a dash ends the name"),
        pytest.param("$nope.", ".", id="unset"),
        pytest.param("$1$@x$$", "x", id="positional and special parameters are unset"),
        pytest.param("a$", "a$", id="dollar at the end"),
        pytest.param("$.", "$.", id="dollar before something else"),
        pytest.param("${nope:-y}", "y", id="colon dash, unset"),
        pytest.param("${empty:-y}", "y", id="colon dash, empty"),
        pytest.param("${empty-y}", "", id="dash, empty"),
        pytest.param("${nope-y}", "y", id="dash, unset"),
        pytest.param("${x:+y}", "y", id="colon plus, set"),
        pytest.param("${empty:+y}", "", id="colon plus, empty"),
        pytest.param("${empty+y}", "y", id="plus, empty"),
        pytest.param("${nope+y}", "", id="plus, unset"),
        pytest.param("${x:?e}${empty?e}", "foobarbaz", id="question mark, set"),
        pytest.param("${nope:-${empty:-$x}}", "foobarbaz", id="nested"),
        pytest.param("${nope:-a b}", "a b", id="spaces in a word"),
        pytest.param("${nope:-'}'}", "}", id="quoted brace in a word"),
        pytest.param("${x#f*b}", "arbaz", id="shortest prefix"),
        pytest.param("${x##f*b}", "az", id="longest prefix"),
        pytest.param("${x%b*}", "foobar", id="shortest suffix"),
        pytest.param("${x%%b*}", "foo", id="longest suffix"),
        pytest.param("${x#z}", "foobarbaz", id="prefix without a match"),
        pytest.param("${x%?}", "foobarba", id="question mark in a pattern"),
        pytest.param("${star#a\\*}", "b", id="escaped star"),
        pytest.param("${x#f$pattern}", "arbaz", id="variable in a pattern"),
        pytest.param("${x/ba/fo}", "fooforbaz", id="replace the first"),
        pytest.param("${x//ba/fo}", "fooforfoz", id="replace all"),
        pytest.param("${x//a/}", "foobrbz", id="replace by nothing"),
        pytest.param("${x/o*a/-}", "f-z", id="the longest match is replaced"),
        pytest.param("${path//\\//-}", "-usr-lib-x.so.1", id="escaped slash"),
        pytest.param("${path##*/}", "x.so.1", id="base name"),
        pytest.param("${path%/*}", "/usr/lib", id="directory"),
        pytest.param("${nope#a}${nope/a/b}", "", id="patterns on unset"),
        pytest.param("\\$x", "$x", id="escaped dollar"),
        pytest.param("\\${x}", "${x}", id="escaped dollar before braces"),
        pytest.param("'$x'", "$x", id="single quotes"),
        pytest.param('"$x"', "foobarbaz", id="double quotes"),
        pytest.param('"\\$x \\" \\n"', '$x " \\n', id="escapes in double quotes"),
        pytest.param("'\\'", "\\", id="no escapes in single quotes"),
        pytest.param('"it\'s"', "it's", id="quote in quotes"),
        pytest.param("a\\b\\ c", "ab c", id="escapes outside of quotes"),
        pytest.param("a\\", "a", id="escape at the end"),
    ],
)
def test_words(word: str, expected: str) -> None:
    assert text(word) == expected


def test_backtick_escapes_where_the_directive_says_so() -> None:
    assert text("`$x C:\\$x", escape="`") == "$x C:\\foobarbaz"


@pytest.mark.parametrize(
    "word",
    ["${x", "${", "${}", "${{x}", "${:x}", "${x:=y}", "${x=y}", "${x:#y}", "${.}", "${x//y}", "'x", '"x', "${x#\\y}"],
)
def test_bad_syntax(word: str) -> None:
    with pytest.raises(UsageError):
        text(word)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("${nope:?please set}", "nope: please set"),
        ("${nope?}", "nope: is not allowed to be unset"),
        ("${empty:?}", "empty: is not allowed to be empty"),
    ],
)
def test_required_variables(word: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        text(word)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("word", "expected", "names"),
    [
        pytest.param("a/$U/$x", "a/$U/foobarbaz", ("U",), id="bare"),
        pytest.param("${U:-$x}", "${U:-$x}", ("U",), id="a default is no guess"),
        pytest.param("${U:?e}", "${U:?e}", ("U",), id="required"),
        pytest.param("${U#$U2}", "${U#$U2}", ("U",), id="pattern"),
        pytest.param("${x#$U2}", "${x#$U2}", ("U2",), id="unknown pattern"),
        pytest.param("${x/a/$U}", "${x/a/$U}", ("U",), id="unknown replacement"),
        pytest.param("${nope:-$U}", "$U", ("U",), id="unknown word"),
        pytest.param("${x:-$U}", "foobarbaz", (), id="unknown word that is not used"),
        pytest.param('"$U"\\$U', "$U$U", ("U",), id="quotes go, what is unknown stays"),
    ],
)
def test_what_is_unknown_stays_as_written(word: str, expected: str, names: tuple[str, ...]) -> None:
    assert expand(word, lookup) == Expansion(text=expected, unresolved=names)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("80 $nope 90", ["80", "90"]),
        ("\"a b\" c\\ d 'e'", ["a b", "c d", "e"]),
        ("${nope:-1 2}", ["1", "2"]),
        ('"${nope:-1 2}"', ["1 2"]),
        ("", []),
    ],
)
def test_words_split_after_expansion(line: str, words: list[str]) -> None:
    assert [word.text for word in expand_words(line, lookup)] == words


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="$'\"\\<")))
def test_text_without_special_characters_stays(word: str) -> None:
    assert text(word) == word


@given(st.text(alphabet="ab$x{}:-+?#%/'\"\\<U*", max_size=40))
def test_any_text_expands_or_is_refused(word: str) -> None:
    try:
        result = expand(word, lookup)
    except UsageError:
        return
    assert result.resolved or "$" in result.text


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="abc", max_size=12))
def test_what_a_pattern_takes_off_is_at_that_end(pattern: str, value: str) -> None:
    def values(name: str) -> str:
        return value

    front, back = expand(f"${{v#{pattern}}}", values).text, expand(f"${{v%{pattern}}}", values).text
    assert value.endswith(front)
    assert value.startswith(back)
    assert len(expand(f"${{v##{pattern}}}", values).text) <= len(front)
    assert len(expand(f"${{v%%{pattern}}}", values).text) <= len(back)


def test_values_cannot_grow_without_end() -> None:
    with pytest.raises(LimitExceeded):
        expand("$v" * 3, lambda name: "x" * (MAX_VALUE // 2))


def test_words_that_are_thrown_away_count_too() -> None:
    with pytest.raises(LimitExceeded):
        expand("${x:-$v$v$v}", lambda name: "x" * (MAX_VALUE // 2))


def test_a_budget_is_shared_by_words() -> None:
    budget = Budget(10)
    expand("$v", lambda name: "x" * 8, budget=budget)
    with pytest.raises(LimitExceeded):
        expand("$v", lambda name: "x" * 8, budget=budget)


def test_nesting_is_limited() -> None:
    with pytest.raises(LimitExceeded):
        text("${n:-" * (MAX_DEPTH + 1) + "}" * (MAX_DEPTH + 1))


def test_long_patterns_on_long_values_are_refused() -> None:
    with pytest.raises(LimitExceeded):
        expand("${v#" + "*a" * 5_000 + "}", lambda name: "a" * 100_000)


def test_replacements_cannot_grow_without_end() -> None:
    with pytest.raises(LimitExceeded):
        expand("${v//a/$w}", lambda name: "a" * 1_000 if name == "v" else "b" * 10_000)


@pytest.mark.parametrize(("word", "expected"), [("${v///-}", "-a-b-"), ("${v//*/-}", "-"), ("${v//?/-}", "--")])
def test_replacements_of_empty_and_whole_matches(word: str, expected: str) -> None:
    assert expand(word, lambda name: "ab").text == expected
