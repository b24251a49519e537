"""One logical line to one instruction: keyword, flags, and the arguments as each keyword takes them.

Flags and keywords are not checked as the builder checks them: it has, for a Dockerfile that built an image, and newer
syntax has more.
"""

import csv
import json
import re
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from layerscope.dockerfile.expansion import BLANKS, UNKNOWN, expand_words, raw_words
from layerscope.dockerfile.lines import LogicalLine
from layerscope.dockerfile.syntax import DockerfileInstruction, Flag, Form, Heredoc, Mount, Pair
from layerscope.errors import UsageError
from layerscope.model.patterns import pattern

_SEPARATOR = pattern(r"[\t\v\f\r ]+")
_ONE_TEXT = frozenset({"HEALTHCHECK", "MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
_COMMANDS = frozenset({"RUN", "CMD", "ENTRYPOINT", "SHELL"})
_LISTS = {"ADD": 2, "COPY": 2, "VOLUME": 1, "EXPOSE": 1, "FROM": 1}
"""Keywords whose arguments are words, with the fewest that they take."""
_JSON_LISTS = frozenset({"ADD", "COPY", "VOLUME"})
KEYWORDS = frozenset({*_ONE_TEXT, *_COMMANDS, *_LISTS, "ARG", "ENV", "LABEL", "ONBUILD"})
_MOUNT_TYPES = frozenset({"bind", "cache", "tmpfs", "secret", "ssh"})
_HEREDOC = pattern(r"([0-9]*)<<(-?)[\t\v\f\r ]*+([^<]*+)\Z")
_MAX_DESCRIPTOR_DIGITS = 9


class Word(Struct, frozen=True):
    """A piece of a line and its offset in the text that it was cut from."""

    text: str
    offset: int


class _Rest(Struct, frozen=True, kw_only=True):
    """The text after the flags of a keyword, and its place."""

    line: LogicalLine
    keyword: str
    text: str
    offset: int
    escape: str

    def error(self, message: str, offset: int = 0) -> UsageError:
        return self.line.error(f"{self.keyword}: {message}", self.offset + offset)


class Head(Struct, frozen=True, kw_only=True):
    """The keyword of an instruction in upper case, its flags, and the offset in the line where the rest begins."""

    keyword: str
    flags: tuple[Word, ...]
    rest: int


def split_head(line: LogicalLine, start: int, escape: str) -> Head:
    """The head of the instruction at offset ``start``; raises UsageError for a keyword that there is not."""
    found = _SEPARATOR.search(line.text, start)
    written = line.text[start : found.start() if found else len(line.text)]
    keyword = written.upper()
    if keyword not in KEYWORDS:
        raise line.error(f"unknown instruction: {written[:100]}", start)
    words, at = split_flags(line.text, escape, found.end()) if found else ([], len(line.text))
    return Head(keyword=keyword, flags=tuple(words), rest=len(line.text) - len(line.text[at:].lstrip(BLANKS)))


def parse_instruction(line: LogicalLine, start: int, escape: str) -> DockerfileInstruction:
    """The instruction that begins at offset ``start`` of a line, without its here-documents."""
    head = split_head(line, start, escape)
    text = line.text[head.rest :].rstrip(BLANKS)
    rest = _Rest(line=line, keyword=head.keyword, text=text, offset=head.rest, escape=escape)
    flags = tuple(map(_flag_of, head.flags))
    at_line, column = line.place(start)
    base = DockerfileInstruction(
        keyword=head.keyword,
        flags=flags,
        mounts=tuple(
            _mount(flag.value or "", line, word.offset)
            for word, flag in zip(head.flags, flags, strict=True)
            if head.keyword == "RUN" and flag.name == "mount"
        ),
        text=rest.text,
        line=at_line,
        column=column,
    )
    return _with_arguments(base, rest)


def _flag_of(word: Word) -> Flag:
    name, equals, value = word.text[2:].partition("=")
    return Flag(name=name, value=value if equals else None)


def _with_arguments(base: DockerfileInstruction, rest: _Rest) -> DockerfileInstruction:
    keyword = rest.keyword
    if keyword == "ONBUILD":
        return replace(base, trigger=_trigger(rest))
    if keyword in ("ENV", "LABEL", "ARG"):
        return replace(base, pairs=_pairs(rest))
    if keyword in _ONE_TEXT:
        return replace(base, arguments=_required((rest.text,) if rest.text else (), 1, rest))
    if keyword in _LISTS:
        return _list(base, rest)
    return _command(base, rest)


def _json(rest: _Rest) -> tuple[str, ...] | None:
    """The strings of a JSON array, None for anything else; raises UsageError for an array of other things."""
    if not rest.text.startswith("["):
        return None
    try:
        values = json.loads(rest.text, parse_int=float, parse_constant=_no_constant)
    except ValueError:
        return None
    except RecursionError:
        values = [None]
    if not all(isinstance(value, str) for value in values):
        raise rest.error("when using JSON array syntax, arrays must be comprised of strings only")
    return tuple(values)


def _no_constant(name: str) -> float:
    """Refuse NaN and Infinity, which Python takes and JSON lacks."""
    raise ValueError(f"{name} is not JSON")


def _required(arguments: tuple[str, ...], count: int, rest: _Rest) -> tuple[str, ...]:
    if len(arguments) < count:
        raise rest.error(f"requires at least {'two arguments' if count == 2 else 'one argument'}")
    return arguments


def _list(base: DockerfileInstruction, rest: _Rest) -> DockerfileInstruction:
    array = _json(rest) if rest.keyword in _JSON_LISTS else None
    words = array if array is not None else tuple(_SEPARATOR.split(rest.text)) if rest.text else ()
    form = Form.SHELL if array is None else Form.EXEC
    return replace(base, arguments=_required(words, _LISTS[rest.keyword], rest), form=form)


def _command(base: DockerfileInstruction, rest: _Rest) -> DockerfileInstruction:
    array = _json(rest)
    if rest.keyword == "SHELL" and not array:
        raise rest.error("requires the arguments to be in JSON form")
    arguments = array if array is not None else (rest.text,) if rest.text else ()
    return replace(base, arguments=arguments, form=Form.SHELL if array is None else Form.EXEC)


def _mount(value: str, line: LogicalLine, offset: int) -> Mount:
    """Read ``type=bind,from=build,target=/x``; a later option of the same name wins, as in BuildKit."""
    try:
        fields = next(csv.reader([value], strict=True), [])
    except csv.Error as error:
        raise line.error(f"RUN: bad --mount: {error}", offset) from error
    options = {name.strip().lower(): each for name, _, each in (field.partition("=") for field in fields)}
    kind = options.get("type", "bind")
    if "$" not in kind and kind.lower() not in _MOUNT_TYPES:
        raise line.error(f"RUN: unsupported mount type {kind!r}", offset)
    return Mount(type=kind.lower(), from_name=options.get("from", ""))


def _pairs(rest: _Rest) -> tuple[Pair, ...]:
    """The pairs of ENV, LABEL and ARG; ``ENV name value`` is one, a bare name is a pair of ARG alone."""
    words = split_words(rest.text, rest.escape)
    if not words:
        raise rest.error("requires at least one argument")
    if rest.keyword != "ARG" and "=" not in words[0].text:
        name, *value = _SEPARATOR.split(rest.text, maxsplit=1)
        if not value:
            raise rest.error("must have two arguments")
        return (Pair(name=name, value=value[0]),)
    return tuple(_pair(word, rest) for word in words)


def _pair(word: Word, rest: _Rest) -> Pair:
    name, equals, value = word.text.partition("=")
    if not equals and rest.keyword != "ARG":
        raise rest.error(f"can't find = in {word.text[:100]!r}. Must be of the form: name=value", word.offset)
    if not name:
        raise rest.error("names can not be blank", word.offset)
    return Pair(name=name, value=value if equals else None)


def _trigger(rest: _Rest) -> DockerfileInstruction:
    if not rest.text:
        raise rest.error("requires at least one argument")
    keyword = _SEPARATOR.split(rest.text, maxsplit=1)[0].upper()
    if keyword in ("ONBUILD", "FROM", "MAINTAINER"):
        raise rest.error(f"{keyword} isn't allowed as an ONBUILD trigger")
    return parse_instruction(rest.line, rest.offset, rest.escape)


@lru_cache(maxsize=4)
def _patterns(escape: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """One step of a flag (quotes and escapes apart), and a whole word (quotes and escapes included)."""
    e = re.escape(escape)
    step = rf"""(?P<plain>[^{BLANKS}'"{e}]+)|{e}(?P<escaped>.?)|(?P<quote>['"])"""
    word = rf"""(?:[^{BLANKS}'"{e}]++|{e}.|'[^']*+(?:'|\Z)|"[^"{e}]*+(?:{e}.[^"{e}]*+)*+(?:"|{e}?\Z)|{e}\Z)++"""
    return re.compile(step, re.DOTALL), re.compile(word, re.DOTALL)


def split_flags(text: str, escape: str, start: int) -> tuple[list[Word], int]:
    """The ``--flags`` at ``start``, quotes and escapes taken off, and the offset where the rest begins."""
    blanks = re.compile(f"[{BLANKS}]*")
    flags: list[Word] = []
    at = start
    while True:
        found = blanks.match(text, at)
        at = found.end() if found else at
        if not text.startswith("--", at):
            return flags, at
        value, end = _flag(text, escape, at)
        if value == "--":
            return flags, end
        flags.append(Word(value, at))
        at = end


def _flag(text: str, escape: str, at: int) -> tuple[str, int]:
    step = _patterns(escape)[0]
    parts: list[str] = []
    while found := step.match(text, at):
        at = found.end()
        if found["quote"]:
            quoted, at = _quoted(text, escape, at, found["quote"])
            parts.append(quoted)
        else:
            parts.append(found["plain"] or found["escaped"] or "")
    return "".join(parts), at


def _quoted(text: str, escape: str, at: int, quote: str) -> tuple[str, int]:
    """Up to the closing quote; in flags the escape works in single quotes too."""
    e = re.escape(escape)
    found = re.compile(rf"[^{quote}{e}]*+(?:{e}.[^{quote}{e}]*+)*+", re.DOTALL).match(text, at)
    body = found[0] if found else ""
    end = min(at + len(body) + 1, len(text))
    return re.sub(rf"{e}(.)", r"\1", body, flags=re.DOTALL), end


def split_words(text: str, escape: str) -> list[Word]:
    """Words between spaces, with quotes and escapes as written; a quote that is not closed takes the rest."""
    words = [Word(found[0], found.start()) for found in _patterns(escape)[1].finditer(text)]
    if words and text.endswith(escape):
        last = words[-1].text
        if (len(last) - len(last.rstrip(escape))) % 2:
            words[-1] = Word(last[:-1], words[-1].offset)
    return [word for word in words if word.text]


def heredoc_mark(word: str) -> Heredoc | None:
    """Read ``3<<-"EOF"``, without its content; None where the word is something else."""
    found = _HEREDOC.match(word)
    if found is None or not found[3] or len(found[1]) > _MAX_DESCRIPTOR_DIGITS:
        return None
    names = expand_words(found[3], lambda name: UNKNOWN)
    return Heredoc(name=names[0].text, strip_tabs=bool(found[2])) if len(names) == 1 else None


def heredoc_marks(line: LogicalLine) -> list[Heredoc]:
    """The here-documents that a line opens, in order."""
    try:
        return [mark for word in raw_words(line.text) if "<<" in word if (mark := heredoc_mark(word)) is not None]
    except UsageError as error:
        raise line.error(error.message) from error
