"""One logical line to one instruction: keyword, flags, and the arguments in the way of each keyword."""

from msgspec import Struct
from msgspec.structs import replace

from layerscope.dockerfile.ast import DockerfileInstruction, Flag, Form, Pair
from layerscope.dockerfile.blanks import BLANKS
from layerscope.dockerfile.mounts import Mount
from layerscope.dockerfile.scan import LogicalLine
from layerscope.dockerfile.words import Word, json_array, split_flags, split_words
from layerscope.errors import UsageError
from layerscope.model.patterns import pattern

_SEPARATOR = pattern(r"[\t\v\f\r ]+")
_SPACE = pattern(f"[{BLANKS}]+")
_ONE_TEXT = frozenset({"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
_COMMANDS = frozenset({"RUN", "CMD", "ENTRYPOINT", "SHELL"})
_LISTS = {"ADD": 2, "COPY": 2, "VOLUME": 1, "EXPOSE": 1, "FROM": 1}
"""Keywords whose arguments are words, with the fewest that they take."""
_JSON_LISTS = frozenset({"ADD", "COPY", "VOLUME"})
KEYWORDS = frozenset({*_ONE_TEXT, *_COMMANDS, *_LISTS, "ARG", "ENV", "LABEL", "HEALTHCHECK", "ONBUILD"})

_BOOLEAN, _VALUE, _REPEATED = range(3)
_COPY_FLAGS = {"chown": _VALUE, "chmod": _VALUE, "link": _BOOLEAN, "exclude": _REPEATED}
_FLAGS: dict[str, dict[str, int]] = {
    "ADD": {**_COPY_FLAGS, "keep-git-dir": _BOOLEAN, "checksum": _VALUE, "unpack": _BOOLEAN},
    "COPY": {**_COPY_FLAGS, "from": _VALUE, "parents": _BOOLEAN},
    "FROM": {"platform": _VALUE},
    "RUN": {"mount": _REPEATED, "network": _VALUE, "security": _VALUE, "device": _REPEATED},
    "HEALTHCHECK": dict.fromkeys(("interval", "timeout", "start-period", "start-interval", "retries"), _VALUE),
}
_UNCHECKED = frozenset({"ARG", "STOPSIGNAL"})
"""BuildKit looks at no flags here, so a wrong one does not stop the build."""


class _Rest(Struct, frozen=True, kw_only=True):
    """What follows the flags of a keyword, and where."""

    line: LogicalLine
    keyword: str
    text: str
    offset: int
    escape: str

    def error(self, message: str, offset: int = 0) -> UsageError:
        return self.line.error(f"{self.keyword}: {message}", self.offset + offset)


def parse_arguments(line: LogicalLine, start: int, escape: str) -> DockerfileInstruction:
    """The instruction that begins at offset ``start`` of a line; here-documents and the place come later."""
    found = _SEPARATOR.search(line.text, start)
    written = line.text[start : found.start() if found else len(line.text)]
    keyword = written.upper()
    if keyword not in KEYWORDS:
        raise line.error(f"unknown instruction: {written[:100]}", start)
    words, at = split_flags(line.text, escape, found.end()) if found else ([], len(line.text))
    rest_text = line.text[at:].lstrip(BLANKS)
    rest = _Rest(
        line=line,
        keyword=keyword,
        text=rest_text.rstrip(BLANKS),
        offset=len(line.text) - len(rest_text),
        escape=escape,
    )
    flags = _flags(line, keyword, words)
    base = DockerfileInstruction(keyword=keyword, flags=flags, text=rest.text)
    at_line, column = line.place(start)
    return replace(_with_arguments(base, rest, words), line=at_line, column=column)


def _with_arguments(base: DockerfileInstruction, rest: _Rest, words: list[Word]) -> DockerfileInstruction:
    keyword = rest.keyword
    if keyword == "ONBUILD":
        return replace(base, trigger=_trigger(rest))
    if keyword in ("ENV", "LABEL"):
        return replace(base, pairs=_pairs(rest))
    if keyword == "ARG":
        return replace(base, pairs=_argument_pairs(rest))
    if keyword in _ONE_TEXT:
        return replace(base, arguments=_required((rest.text,) if rest.text else (), 1, rest))
    if keyword == "HEALTHCHECK":
        return _healthcheck(base, rest)
    if keyword in _LISTS:
        return _list(base, rest)
    return _command(base, rest, words)


def _flags(line: LogicalLine, keyword: str, words: list[Word]) -> tuple[Flag, ...]:
    known = _FLAGS.get(keyword, {})
    flags: dict[str, int] = {}
    result: list[Flag] = []
    for word in words:
        name, equals, value = word.text[2:].partition("=")
        result.append(Flag(name=name, value=value if equals else None))
        if keyword in _UNCHECKED:
            continue
        if name not in known:
            raise line.error(f"{keyword}: unknown flag: --{name[:100]}", word.offset)
        if name in flags and known[name] != _REPEATED:
            raise line.error(f"{keyword}: duplicate flag specified: --{name}", word.offset)
        if known[name] == _BOOLEAN and equals and value.lower() not in ("true", "false"):
            raise line.error(f"{keyword}: expecting boolean value for flag --{name}, not: {value[:100]}", word.offset)
        if known[name] != _BOOLEAN and not equals:
            raise line.error(f"{keyword}: missing a value on flag: --{name}", word.offset)
        flags[name] = word.offset
    return tuple(result)


def _json(rest: _Rest, text: str, offset: int = 0) -> tuple[str, ...] | None:
    try:
        return json_array(text)
    except UsageError as error:
        raise rest.error(error.message, offset) from error


def _required(arguments: tuple[str, ...], count: int, rest: _Rest) -> tuple[str, ...]:
    if len(arguments) < count:
        raise rest.error(f"requires at least {'two arguments' if count == 2 else 'one argument'}")
    return arguments


def _list(base: DockerfileInstruction, rest: _Rest) -> DockerfileInstruction:
    array = _json(rest, rest.text) if rest.keyword in _JSON_LISTS else None
    words = array if array is not None else tuple(_SEPARATOR.split(rest.text)) if rest.text else ()
    form = Form.SHELL if array is None else Form.EXEC
    return replace(base, arguments=_required(words, _LISTS[rest.keyword], rest), form=form)


def _command(base: DockerfileInstruction, rest: _Rest, words: list[Word]) -> DockerfileInstruction:
    array = _json(rest, rest.text)
    if rest.keyword == "SHELL" and not array:
        raise rest.error("requires the arguments to be in JSON form")
    arguments = array if array is not None else (rest.text,) if rest.text else ()
    return replace(
        base, arguments=arguments, form=Form.SHELL if array is None else Form.EXEC, mounts=_mounts(rest, words)
    )


def _mounts(rest: _Rest, words: list[Word]) -> tuple[Mount, ...]:
    mounts: list[Mount] = []
    for word in words:
        name, _, value = word.text[2:].partition("=")
        if name != "mount":
            continue
        try:
            mounts.append(Mount.parse(value))
        except UsageError as error:
            raise rest.line.error(f"RUN: {error.message}", word.offset) from error
    return tuple(mounts)


def _healthcheck(base: DockerfileInstruction, rest: _Rest) -> DockerfileInstruction:
    kind, *tail = _SPACE.split(rest.text, maxsplit=1)
    command = tail[0] if tail else ""
    if kind.upper() == "NONE" and not command:
        return replace(base, arguments=("NONE",))
    if kind.upper() == "NONE":
        raise rest.error("NONE takes no arguments")
    if kind.upper() != "CMD":
        raise rest.error(f"unknown type {kind[:100]!r} (try CMD)" if kind else "requires at least one argument")
    array = _json(rest, command, len(rest.text) - len(command))
    words = array if array is not None else (command,) if command else ()
    if not words:
        raise rest.error("missing command after CMD")
    return replace(base, arguments=("CMD", *words), form=Form.SHELL if array is None else Form.EXEC)


def _pairs(rest: _Rest) -> tuple[Pair, ...]:
    words = split_words(rest.text, rest.escape)
    if not words:
        raise rest.error("requires at least one argument")
    if "=" not in words[0].text:
        name, *value = _SEPARATOR.split(rest.text, maxsplit=1)
        if not value:
            raise rest.error("must have two arguments")
        return (Pair(name=name, value=value[0], legacy=True),)
    return tuple(_pair(word, rest, bare=False) for word in words)


def _argument_pairs(rest: _Rest) -> tuple[Pair, ...]:
    words = split_words(rest.text, rest.escape)
    if not words:
        raise rest.error("requires at least one argument")
    return tuple(_pair(word, rest, bare=True) for word in words)


def _pair(word: Word, rest: _Rest, *, bare: bool) -> Pair:
    name, equals, value = word.text.partition("=")
    if not equals and not bare:
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
    return parse_arguments(rest.line, rest.offset, rest.escape)
