"""Harnesses of what edits a user's files: Dockerfiles with their shell scripts, .dockerignore, and patches of both."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from posixpath import normpath
from typing import TypeVar

from layerscope.dockerfile.ignore_pattern import IgnorePattern
from layerscope.edit import copying
from layerscope.edit.document import Document, EditableInstruction
from layerscope.edit.ignore import literal_pattern, read_patterns, with_patterns
from layerscope.edit.patch import file_diffs
from layerscope.edit.shell import Script, joined
from layerscope.errors import EditError

_T = TypeVar("_T")
_PLACE = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@\n")
_MOST = 12
"""Instructions that are edited, and commands of each script; each edit parses the whole file again."""


def dockerfile_edit(data: bytes) -> None:
    """A Dockerfile, edited in every way; each edit changes the one instruction that it names."""
    text = _text(data)
    document = Document.parse(text)
    assert document.text == text
    for each in document.instructions[:_MOST]:
        assert each.id is not None
        assert document.replace(each.id, each.source).text == text, "an edit of nothing"
        for edited in _edited(partial(document.insert_after, each.id, "LABEL a=b")):
            _kept(document, edited, without=None)
        for edited in _edited(partial(document.insert_before, each.id, "LABEL a=b")):
            _kept(document, edited, without=None)
        for edited in _edited(partial(document.delete, each.id)):
            _kept(document, edited, without=each.id)
        for source in _sources(document, each):
            for edited in _edited(partial(document.replace, each.id, source)):
                _kept(document, edited, without=each.id)
                _applies(text, edited.text)


def dockerignore_edit(data: bytes) -> None:
    """A .dockerignore, to which paths are added; and what changes between two texts, as a patch."""
    text, _, other = _text(data).partition("\0")
    patterns = read_patterns(text)
    for path in (normpath(f"/{other}").strip("/") or "a", "node_modules", ".git"):
        for pattern in patterns:
            pattern.matches(path)
            pattern.may_match_below(path)
        for edited in _edited(partial(with_patterns, text, [literal_pattern(path)])):
            assert edited.startswith(text)
            assert with_patterns(edited, [literal_pattern(path)]) == edited, "the same once more"
            assert _ignores(read_patterns(edited), path)
            _applies(text, edited)
    _applies(text, other)
    _applies(other, text)


def _ignores(patterns: tuple[IgnorePattern, ...], path: str) -> bool:
    last = [one for one in patterns if one.matches(path)]
    return bool(last) and not last[-1].is_exception


def _sources(document: Document, instruction: EditableInstruction) -> Iterator[str]:
    """What every edit of one instruction would write."""
    if instruction.keyword in ("COPY", "ADD"):
        *sources, _ = instruction.parsed.arguments or ("",)
        for copied in (
            lambda: copying.set_flag(instruction, "chown", "1:1"),
            lambda: copying.set_flag(instruction, "exclude", "x"),
            lambda: copying.with_sources(instruction, sources[1:]),
            lambda: copying.with_sources(instruction, [*sources[:1], "added"]),
            lambda: copying.with_destination(instruction, "/elsewhere/"),
        ):
            yield from _edited(copied)
    if instruction.keyword == "RUN":
        assert instruction.id is not None
        script = Script.parse(instruction.source, document.escape, shell=document.shell(instruction.id))
        if script is not None:
            yield from _scripts(script)


def _scripts(script: Script) -> Iterator[str]:
    edits: list[Callable[[], str]] = [
        lambda: script.append("rm -r /a"),
        lambda: script.prepend("set -e"),
        lambda: joined(script, script, directory="/"),
    ]
    for command in script.commands[:_MOST]:
        last = len(command.words) - 1
        edits += [
            partial(script.add_words, command, last, ("--flag", "a b")),
            partial(script.remove_words, command, [last]),
            partial(script.remove_command, command),
            partial(script.insert_after, command, "true"),
        ]
    for edit in edits:
        yield from _edited(edit)


def _edited(edit: Callable[[], _T]) -> Iterator[_T]:
    """The result of an edit; none where it is refused."""
    try:
        yield edit()
    except EditError as error:
        assert error.message


def _kept(before: Document, after: Document, *, without: int | None) -> None:
    """All instructions but one are as they were, to the byte, and the file is read as the document says."""
    found = {each.id: each.source for each in after.instructions}
    assert all(found[each.id] == each.source for each in before.instructions if each.id != without)
    assert [one.source for one in Document.parse(after.text).instructions] == [one.source for one in after.instructions]


def _applies(before: str, after: str) -> None:
    """The patch from one text to the other turns the one into the other."""
    old, patched, at = _lines(before), list[str](), 0
    hunks = [hunk for one in file_diffs({"f": before}, {"f": after}) for hunk in one.hunks]
    assert bool(hunks) == (before != after)
    for hunk in hunks:
        place, *lines = _lines(hunk.text)
        found = _PLACE.match(place)
        assert found
        start = int(found[1]) - (found[2] != "0")
        patched += old[at:start]
        at = start
        for line, behind in pairwise((*lines, "")):
            content = line[1:-1] if behind.startswith("\\") else line[1:]
            if line[0] in " -":
                assert old[at] == content
                at += 1
            if line[0] in " +":
                patched.append(content)
    assert "".join([*patched, *old[at:]]) == after


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
