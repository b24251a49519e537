"""Steps that set the config, from the way that Go prints its values back to the way that a Dockerfile writes them."""

import re
from collections.abc import Callable

from layerscope.model.patterns import pattern

_QUOTED = pattern(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ARRAY = pattern(r'(?:&\{)?\[((?:"(?:[^"\\]|\\.)*+"[ ,]*+)*+)\]\}?', re.DOTALL)
_PORTS = pattern(r"(?:map)?\[([^\[\]]*+)\]")
_CHECK = pattern(
    r"&\{\[((?:\"(?:[^\"\\]|\\.)*+\" ?+)*+)\] ((?:\"[0-9a-zµ.]{1,30}\" ){3,4})'((?:[^'\\]|\\.)[^']{0,8})'\}", re.DOTALL
)
_CHECK_FIELDS = pattern(
    r"\{Test:\[(CMD-SHELL|CMD|NONE) ?(.*)\] Interval:(\S{1,30}) Timeout:(\S{1,30}) StartPeriod:(\S{1,30})"
    r"(?: StartInterval:(\S{1,30}))? Retries:(\d{1,9})\}",
    re.DOTALL | re.ASCII,
)
_GO_RUNES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "'": 39, "\\": 92}


def exec_arguments(text: str) -> tuple[str, ...] | None:
    """The strings of a flat array, as JSON (``["a", "b"]``) or as Go prints it (``["a" "b"]``); None for others."""
    array = _ARRAY.fullmatch(text)
    if array is None:
        return None
    return tuple(re.sub(r'\\(["\\/])', r"\1", quoted) for quoted in _QUOTED.findall(array[1]))


def written(kind: str, text: str) -> str:
    """The text of a step of this kind as a Dockerfile would write it; unchanged where the form is another."""
    rewrite = _REWRITES.get(kind)
    return rewrite(text) if rewrite else text


def _array(text: str) -> str:
    array = _ARRAY.fullmatch(text)
    return f"[{', '.join(quoted[0] for quoted in _QUOTED.finditer(array[1]))}]" if array else text


def _ports(text: str) -> str:
    ports = _PORTS.fullmatch(text)
    return " ".join(port.removesuffix(":{}") for port in ports[1].split()) if ports else text


def _health_check(text: str) -> str:
    if fields := _CHECK_FIELDS.fullmatch(text):
        form, command, interval, timeout, period, start, retries = fields.groups()
        return _check(form, command, (interval, timeout, period, start or "0s"), int(retries))
    if printed := _CHECK.fullmatch(text):
        form, *command = exec_arguments(f"[{printed[1]}]") or ("",)
        return _check(form, " ".join(command), tuple(_QUOTED.findall(printed[2])), _rune(printed[3]))
    return text


def _check(form: str, command: str, times: tuple[str, ...], retries: int) -> str:
    if form == "NONE":
        return "NONE"
    options = [
        f"--{name}={time}"
        for name, time in zip(("interval", "timeout", "start-period", "start-interval"), times, strict=False)
        if time != "0s"
    ]
    options += [f"--retries={retries}"] if retries else []
    return " ".join([*options, "CMD", command])


def _rune(quoted: str) -> int:
    r"""The number behind a character literal of Go, such as ``\n`` or ``\x03``; 0 where it is not understood."""
    if not quoted.startswith("\\"):
        return ord(quoted) if len(quoted) == 1 else 0
    if number := re.fullmatch(r"\\[xuU]([0-9a-f]{2,8})", quoted):
        return int(number[1], 16)
    return _GO_RUNES.get(quoted[1:], 0)


_REWRITES: dict[str, Callable[[str], str]] = {
    "CMD": _array,
    "ENTRYPOINT": _array,
    "EXPOSE": _ports,
    "HEALTHCHECK": _health_check,
    "VOLUME": _ports,
}
