"""The limits of an existing ``.dive-ci``, the configuration of the tool dive for CI.

It is YAML, but only uses a mapping ``rules`` with plain scalars. This module reads just that and refuses anything else
in the mapping with its line, so that no limit is lost silently and no YAML parser is needed.
"""

import re
from collections.abc import Iterator

from layerscope.analysis.amounts import byte_count, share
from layerscope.errors import UsageError
from layerscope.model.nearest import nearest
from layerscope.model.patterns import pattern

_DEFAULTS = {"lowestEfficiency": "0.9", "highestWastedBytes": "disabled", "highestUserWastedPercent": "0.1"}
"""dive's defaults for rules that its file does not name."""
_OFF = ("", "disabled", "off", "false")
_LINE = pattern(r"(?P<key>[^\s:#'\"\[\]{}&*!|>%@`-][^\s:#]*)[ ]*:(?:[ ]+(?P<value>.*))?")
_SCALAR = pattern(r"(?P<quote>['\"])(?P<quoted>[^'\"\\]*)(?P=quote)|(?P<bare>[A-Za-z0-9_.~][^#'\"\[\]{}]*)")


def dive_limits(text: str, source: str) -> dict[str, str]:
    """Return the options of ``check`` for the rules; a rule that the file does not name has dive's default.

    Raises UsageError with the line that cannot be read.
    """
    values = dict(_DEFAULTS)
    for line, key, value in _rules(text, source):
        if key in values:
            scalar = _scalar(value, f"{source}, line {line}")
            values[key] = values[key] if scalar is None else scalar
        elif "/" not in key:  # The rules of plugins have a slash in their names, and are left out.
            raise _unknown(key, f"{source}, line {line}")
    return {
        option: parse(values[rule], f"{source}: {rule}")
        for rule, (option, parse) in _OPTIONS.items()
        if values[rule].strip().lower() not in _OFF
    }


def _percent(value: str, name: str) -> str:
    """Return a percentage; dive writes shares of 1, even in rules called percent."""
    return f"{float(share(value, name) * 100):.12g}%"


def _bytes(value: str, name: str) -> str:
    return str(byte_count(value, name))


_OPTIONS = {
    "lowestEfficiency": ("min_efficiency", _percent),
    "highestWastedBytes": ("highest_wasted_bytes", _bytes),
    "highestUserWastedPercent": ("highest_user_wasted_percent", _percent),
}
"""The option of ``check`` for each rule."""


def _rules(text: str, source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, key and raw value of each rule; everything outside of ``rules`` is skipped."""
    inside, indent = False, None
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        stripped = line.lstrip(" ")
        if not stripped.strip() or stripped.startswith("#") or line.startswith(("---", "...")):
            continue
        depth = len(line) - len(stripped)
        match = _LINE.fullmatch(stripped.rstrip())
        if depth == 0:
            inside, indent = _opens_rules(match, stripped, f"{source}, line {number}"), None
            continue
        if not inside:
            continue
        indent = depth if indent is None else indent
        if match is None or depth != indent:
            raise _unreadable(f"{source}, line {number}")
        yield number, match["key"], match["value"] or ""


def _opens_rules(match: re.Match[str] | None, line: str, where: str) -> bool:
    """Return whether a line without indentation begins the rules; an element of a list belongs to the key before it."""
    if match is None:
        if line.startswith("- "):
            return False
        raise _unreadable(where)
    if match["key"] != "rules":
        return False
    if match["value"] and not match["value"].startswith("#"):
        raise _unreadable(where)
    return True


def _scalar(value: str, where: str) -> str | None:
    """Return a plain or quoted scalar without its comment; None for YAML's null."""
    text = value.strip()
    if text.startswith("#"):
        return None
    match = _SCALAR.match(text)
    rest = text[match.end() :].strip() if match else text
    if rest and not rest.startswith("#"):
        raise UsageError(f"{where}: not a plain value: {text[:60]}")
    if match is None:
        return None
    if match["quote"]:
        return match["quoted"]
    bare = match["bare"].strip()
    return None if bare in ("~", "null", "Null", "NULL") else bare


def _unknown(key: str, where: str) -> UsageError:
    meant = nearest(key, _DEFAULTS)
    hint = f"did you mean {meant}?" if meant else f"the rules are {', '.join(_DEFAULTS)}"
    return UsageError(f"{where}: unknown rule {key[:60]}", hint=hint)


def _unreadable(where: str) -> UsageError:
    hint = "write each rule on a line of its own below rules:, as in lowestEfficiency: 0.95"
    return UsageError(f"{where}: not a rule that layerscope can read", hint=hint)
