"""The limits of an existing ``.dive-ci``, the file by which the tool dive is told what to fail on in CI.

It is YAML, of which all that is used is a mapping ``rules`` with plain scalars. That much is read here, and anything
else within it is refused by its line, so that no limit is lost silently and no parser of YAML has to be installed.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from layerscope.analysis.amounts import byte_count, share
from layerscope.errors import UsageError
from layerscope.model.nearest import nearest
from layerscope.model.patterns import pattern

_DEFAULTS = {"lowestEfficiency": "0.9", "highestWastedBytes": "disabled", "highestUserWastedPercent": "0.1"}
"""What dive takes where its file is silent."""
_OFF = ("", "disabled", "off", "false")
_LINE = pattern(r"(?P<key>[^\s:#'\"\[\]{}&*!|>%@`-][^\s:#]*)[ ]*:(?:[ ]+(?P<value>.*))?")
_SCALAR = pattern(r"(?P<quote>['\"])(?P<quoted>[^'\"\\]*)(?P=quote)|(?P<bare>[A-Za-z0-9_.~][^#'\"\[\]{}]*)")


def dive_limits(text: str, source: str) -> dict[str, str]:
    """The options of ``check`` that stand for the rules.

    A file of dive's is never silent: a rule that it does not name has dive's default. Raises UsageError with the
    line of what cannot be read.
    """
    values = dict(_DEFAULTS)
    for line, key, value in _rules(text, source):
        if key in values:
            scalar = _scalar(value, f"{source}, line {line}")
            values[key] = values[key] if scalar is None else scalar
        elif "/" not in key:  # A plugin's rule has a slash in its name, and is not ours to judge.
            raise _unknown(key, f"{source}, line {line}")
    found: dict[str, str] = {}
    if not _is_off(values["lowestEfficiency"]):
        found["min_efficiency"] = _percent(values["lowestEfficiency"], f"{source}: lowestEfficiency")
    if not _is_off(values["highestWastedBytes"]):
        count = byte_count(values["highestWastedBytes"], f"{source}: highestWastedBytes")
        found["highest_wasted_bytes"] = str(count)
    if not _is_off(values["highestUserWastedPercent"]):
        part = _percent(values["highestUserWastedPercent"], f"{source}: highestUserWastedPercent")
        found["highest_user_wasted_percent"] = part
    return found


def _is_off(value: str) -> bool:
    return value.strip().lower() in _OFF


def _percent(value: str, name: str) -> str:
    """dive writes parts of one, also where it says percent."""
    part: Fraction = share(value, name)
    return f"{float(part * 100):.12g}%"


def _rules(text: str, source: str) -> Iterator[tuple[int, str, str]]:
    """Line, key and raw value of each rule; what stands outside of ``rules`` is not ours."""
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
    """Whether a line that is not indented begins the rules; an element of a list belongs to what stands before it."""
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
    """A plain or quoted scalar without the comment behind it; None for YAML's null."""
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
    return UsageError(f"{where}: there is no rule {key[:60]}", hint=hint)


def _unreadable(where: str) -> UsageError:
    hint = "each rule stands on a line of its own below rules:, as in lowestEfficiency: 0.95"
    return UsageError(f"{where}: not a rule that layerscope can read", hint=hint)
