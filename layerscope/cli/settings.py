"""The keys of a configuration file, what each may hold, and the option that it stands for."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

from layerscope.analysis.amounts import amount, byte_count, share
from layerscope.analysis.ignore import Ignore
from layerscope.cli.options import UnitsName
from layerscope.errors import UsageError
from layerscope.model.finding import Severity
from layerscope.model.limits import Limits
from layerscope.model.nearest import nearest
from layerscope.rules.names import rule_name

_Read = Callable[[Any, Path, str], Any]


def document_of(path: Path, content: bytes) -> dict[str, Any]:
    """The tables of a file."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from None


def settings(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The options that every command takes from a file, by the names of their parameters."""
    _known(document, (*_SETTINGS, "limits", "check", "ignore"), path, "")
    found = _read(document, _SETTINGS, path, "")
    if "cache" in found:
        found["no_cache"] = not found.pop("cache")
    limits = _table(document, "limits", path)
    _known(limits, Limits.__struct_fields__, path, "limits.")
    if limits:
        whole = {name: _whole(value, path, f"limits.{name}") for name, value in limits.items()}
        found["limit"] = [f"{name.replace('-', '_')}={value}" for name, value in whole.items()]
    return found


def checks(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The options of ``check``."""
    table = _table(document, "check", path)
    _known(table, _CHECKS, path, "check.")
    return _read(table, _CHECKS, path, "check.")


def ignores(document: Mapping[str, Any], path: Path) -> tuple[Ignore, ...]:
    """The entries of ``[[ignore]]``."""
    entries = document.get("ignore", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        _fail(path, "ignore", "is no list of tables; write [[ignore]]")
    return tuple(_ignore(entry, path, f"ignore[{index}].") for index, entry in enumerate(entries))


def _ignore(entry: Mapping[str, Any], path: Path, where: str) -> Ignore:
    _known(entry, ("rule", "path", "reason", "expires"), path, where)
    for key in ("rule", "reason"):
        if not entry.get(key):
            _fail(path, where + key, "is missing: an entry says which rule it ignores, and why")
    pattern = _text(entry.get("path", ""), path, where + "path")
    if pattern and pattern[0] not in "/*":
        _fail(path, where + "path", "is no absolute path or pattern, as in /app/tests or */tests")
    rule = _text(entry["rule"], path, where + "rule")
    return Ignore(
        rule=rule if rule == "*" else rule_name(rule, f"{path}: {where}rule"),
        path=pattern,
        reason=_text(entry["reason"], path, where + "reason"),
        expires=_day(entry["expires"], path, where + "expires") if "expires" in entry else None,
    )


def _day(value: Any, path: Path, where: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        _fail(path, where, "is no date, as in 2026-12-31")


def _table(document: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    table = document.get(key, {})
    if not isinstance(table, dict):
        _fail(path, key, "is no table")
    return table


def _known(table: Mapping[str, Any], keys: Iterable[str], path: Path, where: str) -> None:
    names = {name.replace("_", "-"): name for name in keys}
    for key in table:
        if key.replace("_", "-") not in names:
            meant = names.get(nearest(key.replace("_", "-"), names))
            hint = f"did you mean {where}{meant}?" if meant else f"there are {', '.join(names.values())}"
            raise UsageError(f"{path}: there is no setting {where}{key}", hint=hint)


def _read(table: Mapping[str, Any], readers: Mapping[str, _Read], path: Path, where: str) -> dict[str, Any]:
    """Each known key as the value of the parameter of the same name."""
    found = {}
    for key, value in table.items():
        reader = readers.get(key.replace("_", "-"))
        if reader is not None:
            found[key.replace("-", "_")] = reader(value, path, where + key)
    return found


def _fail(path: Path, where: str, problem: str) -> NoReturn:
    raise UsageError(f"{path}: {where} {problem}")


def _text(value: Any, path: Path, where: str) -> str:
    if not isinstance(value, str):
        _fail(path, where, "is no text")
    return value


def _whole(value: Any, path: Path, where: str) -> int:
    if type(value) is not int:
        _fail(path, where, "is no whole number")
    if value < 0:
        _fail(path, where, "is less than 0")
    return value


def _flag(value: Any, path: Path, where: str) -> bool:
    if not isinstance(value, bool):
        _fail(path, where, "is neither true nor false")
    return value


def _file(value: Any, path: Path, where: str) -> str:
    """A path, which a file gives from where it lies itself."""
    return str(path.parent / _text(value, path, where))


def _one_of(names: Iterable[str]) -> _Read:
    known = tuple(names)

    def read(value: Any, path: Path, where: str) -> str:
        if value not in known:
            _fail(path, where, f"is none of {', '.join(known)}")
        return str(value)

    return read


def _number(check: Callable[[str, str], object]) -> _Read:
    """A number, or text with a unit, which ``check`` can read."""

    def read(value: Any, path: Path, where: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            _fail(path, where, "is no amount")
        check(str(value), f"{path}: {where}")
        return str(value)

    return read


def _several(one: _Read) -> _Read:
    """A list, or a lone value for a list of one."""

    def read(value: Any, path: Path, where: str) -> list[Any]:
        values = value if isinstance(value, list) else [value]
        return [one(each, path, where) for each in values]

    return read


def _rule(value: Any, path: Path, where: str) -> str:
    return rule_name(_text(value, path, where), f"{path}: {where}")


_SETTINGS: dict[str, _Read] = {
    "units": _one_of(unit.value for unit in UnitsName),
    "top": _whole,
    "platform": _text,
    "verify": _flag,
    "strict": _flag,
    "cache": _flag,
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
    "fail-on": _one_of(severity.value for severity in Severity),
    "fail-on-rule": _several(_rule),
    "include-inherited": _flag,
    "allow-incomplete": _flag,
    "baseline": _file,
    "baseline-image": _text,
}
