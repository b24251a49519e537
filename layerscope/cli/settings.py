"""The keys of a configuration file, the values they accept, and the options they stand for."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

import msgspec

from layerscope.analysis.amounts import amount, byte_count, share
from layerscope.analysis.ignore import Ignore
from layerscope.cli.help import listed
from layerscope.cli.options import UnitsName, rule_name
from layerscope.errors import UsageError
from layerscope.model.finding import Severity
from layerscope.model.limits import Limits
from layerscope.model.nearest import did_you_mean, nearest

_Whole = Annotated[int, msgspec.Meta(ge=0)]


class Key(NamedTuple):
    """A key of a file, for the errors about it; ``name`` begins with the names of its tables."""

    path: Path
    name: str

    def __str__(self) -> str:
        return f"{self.path}: {self.name}"

    def fail(self, problem: str, hint: str = "") -> NoReturn:
        raise UsageError(f"{self}: {problem}", hint=hint)

    def below(self, name: str) -> "Key":
        return Key(self.path, f"{self.name}.{name}" if self.name else name)


_Read = Callable[[Any, Key], Any]


def parse(
    path: Path, content: bytes, tables: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any], tuple[Ignore, ...]]:
    """Return the defaults of every command, those of ``check``, and the findings to ignore.

    ``tables`` are the names of the nested tables that hold them.
    """
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    top = Key(path, "")
    for name in tables:
        document = _table(document, name, top)
    checks = _read(_table(document, "check", top), _CHECKS, top.below("check"))
    return _settings(document, top), checks, _ignores(document.get("ignore", []), top.below("ignore"))


def _settings(document: Mapping[str, Any], top: Key) -> dict[str, Any]:
    found = _read(document, _SETTINGS, top, others=("limits", "check", "ignore"))
    if "cache" in found:
        found["no_cache"] = not found.pop("cache")
    limits = _read(
        _table(document, "limits", top), dict.fromkeys(Limits.__struct_fields__, _typed(_Whole)), top.below("limits")
    )
    if limits:
        found["limit"] = [f"{name}={value}" for name, value in limits.items()]
    return found


def _ignores(entries: Any, key: Key) -> tuple[Ignore, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        key.fail("expected a list of tables: write [[ignore]]")
    return tuple(_ignore(entry, Key(key.path, f"ignore[{index}]")) for index, entry in enumerate(entries))


def _ignore(entry: Mapping[str, Any], key: Key) -> Ignore:
    found = _read(entry, _IGNORES, key)
    for name in ("rule", "reason"):
        if not found.get(name):
            key.below(name).fail("missing: an entry needs a rule and a reason")
    return Ignore(**found)


def _read(
    table: Mapping[str, Any], readers: Mapping[str, _Read], key: Key, others: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the values by the names of their parameters; keys may have ``-`` or ``_``."""
    names = {name.replace("_", "-"): name for name in (*readers, *others)}
    for given in table:
        if given.replace("_", "-") not in names:
            meant = names.get(nearest(given.replace("_", "-"), names))
            hint = f"did you mean {key.below(meant).name}?" if meant else f"settings are {', '.join(names.values())}"
            raise UsageError(f"{key.path}: unknown setting {key.below(given).name}", hint=hint)
    return {
        given.replace("-", "_"): readers[name](value, key.below(given))
        for given, value in table.items()
        if (name := names[given.replace("_", "-")]) in readers
    }


def _table(document: Mapping[str, Any], name: str, key: Key) -> dict[str, Any]:
    table: dict[str, Any] = _convert(document.get(name, {}), key.below(name), dict[str, Any])
    return table


def _convert(value: Any, key: Key, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = str(error)
        key.fail(text[:1].lower() + text[1:])


def _typed(kind: Any) -> _Read:
    return partial(_convert, kind=kind)


def _choice(*names: str) -> _Read:
    def read(value: Any, key: Key) -> str:
        if value not in names:
            key.fail(f"expected {listed(names)}", did_you_mean(str(value).lower(), names))
        return str(value)

    return read


def _number(check: Callable[[str, str], object]) -> _Read:
    """A number, or text with a unit, that ``check`` accepts."""

    def read(value: Any, key: Key) -> str:
        text = str(_convert(value, key, int | float | str))
        check(text, str(key))
        return text

    return read


def _several(one: _Read) -> _Read:
    """A list, or a single value for a list of one."""

    def read(value: Any, key: Key) -> list[Any]:
        return [one(each, key) for each in (value if isinstance(value, list) else [value])]

    return read


def _file(value: Any, key: Key) -> str:
    """A path, relative to the configuration file."""
    return str(key.path.parent / _convert(value, key, str))


def _rule(value: Any, key: Key) -> str:
    return rule_name(_convert(value, key, str), str(key))


def _rule_or_all(value: Any, key: Key) -> str:
    return value if value in ("*", "") else _rule(value, key)


def _pattern(value: Any, key: Key) -> str:
    pattern: str = _convert(value, key, str)
    if pattern and pattern[0] not in "/*":
        key.fail("expected an absolute path or pattern, for example /app/tests or */tests")
    return pattern


def _day(value: Any, key: Key) -> date:
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        key.fail("expected a date, for example 2026-12-31")


_SETTINGS: dict[str, _Read] = {
    "units": _choice(*UnitsName),
    "top": _typed(_Whole),
    "platform": _typed(str),
    "verify": _typed(bool),
    "strict": _typed(bool),
    "cache": _typed(bool),
    "cache-size": _number(byte_count),
    "base": _file,
    "dockerfile": _file,
}
_CHECKS: dict[str, _Read] = {
    "max-size": _number(byte_count),
    "max-reclaimable": _number(amount),
    "max-hidden": _several(_number(amount)),
    "min-efficiency": _number(share),
    "max-growth": _number(amount),
    "fail-on": _choice(*Severity),
    "fail-on-rule": _several(_rule),
    "include-inherited": _typed(bool),
    "allow-incomplete": _typed(bool),
    "baseline": _file,
    "baseline-image": _typed(str),
}
_IGNORES: dict[str, _Read] = {"rule": _rule_or_all, "path": _pattern, "reason": _typed(str), "expires": _day}
