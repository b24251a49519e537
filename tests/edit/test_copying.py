"""Flags and sources of COPY and ADD are edited in place."""

import pytest

from layerscope.edit.copying import set_flag, with_destination, with_sources
from layerscope.edit.document import Document, EditableInstruction
from layerscope.errors import EditError


def copy(source: str, escape: str = "\\") -> EditableInstruction:
    return Document.parse(f"# escape={escape}\nFROM x\n{source}\n", "Dockerfile").instructions[1]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("COPY a b", "COPY --chown=u:g a b"),
        ("copy a b", "copy --chown=u:g a b"),
        ("COPY --from=x --chown=y a b", "COPY --from=x --chown=u:g a b"),
        ("COPY --chown=x --chown='y z' a b", "COPY --chown=x --chown=u:g a b"),
        ("COPY \\\n  --from=x \\\n  a \\\n  b", "COPY \\\n  --from=x \\\n  --chown=u:g \\\n  a \\\n  b"),
        ("COPY \\\n  # why\n  a b", "COPY --chown=u:g \\\n  # why\n  a b"),
        ('ADD ["a", "b c"]', 'ADD --chown=u:g ["a", "b c"]'),
        ("COPY a \\\r\n  b", "COPY --chown=u:g a \\\r\n  b"),
    ],
)
def test_a_flag_is_set(source: str, expected: str) -> None:
    assert set_flag(copy(source), "chown", "u:g") == expected


@pytest.mark.parametrize("value", ["", "a b", "a'b", 'a"b', "a\\b", "a\nb", "a`b"])
def test_a_value_that_needs_quotes_is_refused(value: str) -> None:
    with pytest.raises(EditError):
        set_flag(copy("COPY a b"), "chown", value)


@pytest.mark.parametrize(
    ("source", "sources", "expected"),
    [
        ("COPY a b c/", ["b"], "COPY b c/"),
        ("COPY a b c/", ["b", "d"], "COPY b d c/"),
        ("COPY a b c/", ["a", "--link"], "COPY a --link c/"),
        ("COPY . /app", ["src", "package.json"], "COPY src package.json /app"),
        ("COPY --link \\\n  a \\\n  b \\\n  c/", ["a", "d"], "COPY --link \\\n  a \\\n  d \\\n  c/"),
        ("COPY \\\n  a \\\n  # b is big\n  b \\\n  c/", ["a"], "COPY \\\n  a \\\n  # b is big\n  c/"),
        ("COPY a \\\n  b \\\n  c/", ["a", "b", "d"], "COPY a \\\n  b \\\n  d \\\n  c/"),
        ('COPY ["a", "b", "c/"]', ["b", "d e", 'f"g'], 'COPY ["b", "d e", "f\\"g", "c/"]'),
        ('COPY ["a","b","c/"]', ["a"], 'COPY ["a","c/"]'),
        ('COPY [ "a", \\\n  "b", \\\n  "c/" ]', ["a", "d"], 'COPY [ "a", \\\n  "d", \\\n  "c/" ]'),
    ],
)
def test_sources_are_replaced(source: str, sources: list[str], expected: str) -> None:
    assert with_sources(copy(source), sources) == expected


@pytest.mark.parametrize(
    ("source", "sources"),
    [
        ("COPY a b c/", []),
        ("COPY a b c/", ["b", "a"]),
        ("COPY a b c/", ["d e"]),
        ("COPY a b c/", ["<<E"]),
    ],
)
def test_sources_that_would_mean_something_else_are_refused(source: str, sources: list[str]) -> None:
    with pytest.raises(EditError):
        with_sources(copy(source), sources)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("COPY a /tmp/", "COPY a /srv/a"),
        ("COPY --chown=x --link \\\n  a \\\n  # why\n  /tmp/", "COPY --chown=x --link \\\n  a \\\n  # why\n  /srv/a"),
        ('COPY ["a b", "/tmp/"]', 'COPY ["a b", "/srv/a"]'),
    ],
)
def test_the_destination_is_replaced(source: str, expected: str) -> None:
    assert with_destination(copy(source), "/srv/a") == expected


@pytest.mark.parametrize("destination", ["", "a b", '"a"'])
def test_a_destination_that_needs_quotes_is_refused(destination: str) -> None:
    with pytest.raises(EditError):
        with_destination(copy("COPY a b"), destination)


def test_a_first_source_that_looks_like_a_flag_is_refused() -> None:
    with pytest.raises(EditError):
        with_sources(copy("COPY a c/"), ["--link"])


@pytest.mark.parametrize("source", ["COPY <<E /x\na\nE", "RUN a", "ONBUILD COPY a b", "ADD <<E b /x/\na\nE"])
def test_what_is_no_plain_copy_is_refused(source: str) -> None:
    with pytest.raises(EditError):
        set_flag(copy(source), "chown", "x")
    with pytest.raises(EditError):
        with_sources(copy(source), ["x"])


def test_the_escape_of_the_file_continues_lines() -> None:
    instruction = copy("COPY `\n  --link `\n  a C:\\b", "`")
    assert set_flag(instruction, "chmod", "755") == "COPY `\n  --link `\n  --chmod=755 `\n  a C:\\b"
