"""The .dockerignore file: what it keeps out of the build context, and lines added to it."""

from collections.abc import Iterable, Sequence

from layerscope.dockerfile.expansion import BLANKS
from layerscope.dockerfile.ignore_pattern import IgnorePattern
from layerscope.edit.layout import newline_of
from layerscope.errors import EditError, LayerscopeError

_BOM = "\ufeff"


def read_patterns(text: str) -> tuple[IgnorePattern, ...]:
    """The patterns of a .dockerignore file, in order; raises UsageError for one that the builder refuses."""
    parsed = (IgnorePattern.parse(line.removesuffix("\r")) for line in text.removeprefix(_BOM).split("\n"))
    return tuple(each for each in parsed if each is not None)


def with_patterns(text: str, patterns: Iterable[str]) -> str:
    """The file with the patterns that it does not have in effect yet, below all else, so that no ``!`` undoes them."""
    present = read_patterns(text)
    added: list[str] = []
    for line in patterns:
        new = _new_pattern(line)
        if not _is_covered(present, new) and line not in added:
            added.append(line)
    if not added:
        return text
    newline = newline_of(text) or "\n"
    end = "" if text.removeprefix(_BOM) == "" or text.endswith("\n") else newline
    return text + end + "".join(line + newline for line in added)


def literal_pattern(path: str) -> str:
    """A pattern for one path, whatever characters it holds; the builder strips blanks at the ends of a line."""
    text = path.strip("/")
    start, end = len(text) - len(text.lstrip(BLANKS)), len(text.rstrip(BLANKS))
    escaped = "".join(
        f"[{each}]" if not start <= at < end else f"\\{each}" if each in "*?[]\\" else each
        for at, each in enumerate(text)
    )
    return f"\\{escaped}" if escaped.startswith(("!", "#")) else escaped


def _new_pattern(line: str) -> IgnorePattern:
    try:
        pattern = IgnorePattern.parse(line)
    except LayerscopeError as error:
        raise EditError(error.message) from error
    if pattern is None or pattern.is_exception or "\n" in line or "\r" in line:
        raise EditError(f"{line!r} is not a pattern that ignores anything")
    return pattern


def _is_covered(present: Sequence[IgnorePattern], new: IgnorePattern) -> bool:
    """Whether the file ignores all that a pattern does; of two patterns with wildcards only equal ones are compared."""
    covered = False
    for each in present:
        if not each.is_exception:
            covered = covered or each.text == new.text or (new.is_literal and each.matches(new.text))
        elif not new.is_literal or each.may_match_below(new.text):
            covered = False
    return covered
