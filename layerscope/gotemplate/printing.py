"""Values as text: Go's print, println and printf with the verbs that templates use, and JSON."""

import json
import re
from collections.abc import Iterable, Iterator
from operator import add

import msgspec

from layerscope.gotemplate.image import Record
from layerscope.gotemplate.values import (
    Duration,
    Fault,
    NilPointer,
    a_kind,
    is_nil,
    joined,
    quote,
    rejoined,
    to_bytes,
)

_DIRECTIVE = re.compile(r"%([-+# 0]*)([0-9]*)(?:\.([0-9]*))?(.?)", re.DOTALL)
_MAX_WIDTH = 1_000_000
"""Go's own limit for a width or a precision."""
_VERBS = "vsdqxXtfFeEgG"
_JSON_SPECIAL = re.compile("[\u2028\u2029\ud800-\udfff]")


class Spec(msgspec.Struct, frozen=True):
    """A directive of printf, such as ``%-8.2f``."""

    text: str = "%v"
    verb: str = "v"
    flags: str = ""
    width: int = 0
    precision: int | None = None

    def pad(self, text: str, sign: str = "", *, zeros: bool = True) -> str:
        """Return the text at the width, counted in characters; zeros go between the sign and the digits."""
        if "-" in self.flags:
            return (sign + text).ljust(self.width)
        if zeros and "0" in self.flags:
            return sign + text.rjust(self.width - len(sign), "0")
        return (sign + text).rjust(self.width)


PLAIN = Spec()


def show(value: object, spec: Spec = PLAIN) -> str:
    """Return the value as an argument of printf; a pointer shows what it points to. Raises Fault for a wrong verb."""
    match value:
        case list():
            return f"[{joined(' ', (show(item, spec) for item in value))}]"
        case dict():
            items = (f"{show(key, spec)}:{show(value[key], spec)}" for key in sorted(value))
            return f"map[{joined(' ', items)}]"
        case Record():
            named = "+" in spec.flags
            return f"{{{joined(' ', (f'{name}:' * named + show(item, spec) for name, item in value.fields()))}}}"
    return _scalar(value, spec)


def _scalar(value: object, spec: Spec) -> str:
    if (value is None or isinstance(value, NilPointer)) and spec.verb == "v":
        return spec.pad("<nil>")
    match value:
        case bool() if spec.verb in "vt":
            return spec.pad("true" if value else "false")
        case str() if spec.verb in "vsqxX":
            return _string(value, spec)
        case Duration() if spec.verb in "vsq":
            return _string(str(value), spec)
        case int() if not isinstance(value, bool) and spec.verb in "vdxX":
            return _integer(value, spec)
        case float() if spec.verb in "vfFeEgG":
            return _float(value, spec)
    raise Fault(f"{spec.text} does not take {a_kind(value)}")


def _string(value: str, spec: Spec) -> str:
    if spec.verb in "xX":
        digits = to_bytes(value)[: spec.precision].hex()
        return spec.pad(digits.upper() if spec.verb == "X" else digits)
    value = value[: spec.precision]
    return spec.pad(quote(value, ascii_only="+" in spec.flags) if spec.verb == "q" else value)


def _integer(value: int, spec: Spec) -> str:
    sign = "-" if value < 0 else "+" if "+" in spec.flags and spec.verb != "v" else ""
    digits = format(abs(value), "d" if spec.verb == "v" else spec.verb)
    if spec.precision == 0 and value == 0:
        digits = ""
    return spec.pad(digits.rjust(spec.precision or 0, "0"), sign, zeros=spec.precision is None)


def _float(value: float, spec: Spec) -> str:
    sign = "-" if str(value).startswith("-") else "+" if "+" in spec.flags and spec.verb != "v" else ""
    style = "g" if spec.verb == "v" else spec.verb
    if spec.precision is None and style in "gG":
        text = float_text(abs(value), -4, 6)
        return spec.pad(text.upper() if style == "G" else text, sign)
    return spec.pad(format(abs(value), f".{6 if spec.precision is None else spec.precision}{style}"), sign)


def float_text(value: float, lowest: int, highest: int) -> str:
    """Return the fewest digits that read back, with an exponent below ``lowest`` and from ``highest`` on."""
    mantissa, _, exponent = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "0"
    power = (len(whole) if whole != "0" else len(digits) - len(fraction)) - 1 + int(exponent or "0")
    digits = digits.rstrip("0")
    if not lowest <= power < highest:
        return f"{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{power:+03d}"
    if power < 0:
        return f"0.{'0' * (-power - 1)}{digits}"
    whole, fraction = digits[: power + 1].ljust(power + 1, "0"), digits[power + 1 :]
    return f"{whole}.{fraction}" if fraction else whole


def _argument(value: object) -> str:
    """Return the value as print shows it: a pointer with its ampersand."""
    return f"&{show(value)}" if isinstance(value, Record) and value.pointer else show(value)


def print_values(*values: object) -> str:
    """Return the values as text, with a space between two that are both not strings."""
    spaces = (
        " " * bool(place and not isinstance(value, str) and not isinstance(values[place - 1], str))
        for place, value in enumerate(values)
    )
    return joined("", map(add, spaces, map(_argument, values)))


def println(*values: object) -> str:
    """Return the values as text, with spaces between and a line feed."""
    return joined(" ", map(_argument, values)) + "\n"


def printf(template: str, *values: object) -> str:
    """Return the template with each directive replaced by its value; raises Fault for what is not supported."""
    return joined("", _printf_pieces(template, list(values)))


def _printf_pieces(template: str, values: list[object]) -> Iterator[str]:
    end = 0
    given = len(values)
    for found in _DIRECTIVE.finditer(template):
        yield template[end : found.start()]
        end = found.end()
        spec = _spec(found)
        if spec.verb == "%":
            yield "%"
            continue
        if not values:
            raise Fault(f"no argument for {spec.text}")
        value = values.pop(0)
        pointer = isinstance(value, Record) and value.pointer
        yield "&" * pointer + show(value, spec)
    yield template[end:]
    if values:
        raise Fault(f"{len(values)} of {given} arguments have no verb in {quote(template)}")


def _spec(found: re.Match[str]) -> Spec:
    text, (flags, width, precision, verb) = found[0], found.groups()
    if verb == "%":
        return Spec(text, verb)
    if not verb:
        raise Fault(f"{text} has no verb")
    if verb not in _VERBS or "#" in flags or " " in flags:
        raise Fault(f"{text} is not supported: the verbs are v, s, d, q, x, X, t, f, e and g, the flags -, + and 0")
    if len(width) > 7 or len(precision or "") > 7 or int(width or 0) > _MAX_WIDTH or int(precision or 0) > _MAX_WIDTH:
        raise Fault(f"{text} exceeds a width of {_MAX_WIDTH:,}")
    return Spec(text, verb, flags, int(width or 0), None if precision is None else int(precision or 0))


def to_json(value: object) -> str:
    """Return compact JSON without escapes for HTML: keys of maps sorted, fields of structs in their order."""
    return joined("", _json_pieces(value))


def _json_pieces(value: object) -> Iterator[str]:
    match value:
        case _ if is_nil(value):
            yield "null"
        case str():
            yield _json_string(value)
        case bool():
            yield "true" if value else "false"
        case int():
            yield str(int(value))
        case float():
            text = float_text(abs(value), -6, 21).replace("e-0", "e-")
            yield f"-{text}" if value < 0 else text
        case list():
            yield from _json_items("[]", (("", item) for item in value))
        case dict():
            yield from _json_items("{}", ((f"{_json_string(key)}:", value[key]) for key in sorted(value)))
        case Record():
            yield from _json_items("{}", ((f"{_json_string(name)}:", item) for name, item in value.json_fields()))


def _json_items(brackets: str, items: Iterable[tuple[str, object]]) -> Iterator[str]:
    yield brackets[0]
    for place, (name, item) in enumerate(items):
        yield "," * (place > 0) + name
        yield from _json_pieces(item)
    yield brackets[1]


def _json_string(text: str) -> str:
    return _JSON_SPECIAL.sub(_json_escape, json.dumps(rejoined(text), ensure_ascii=False))


def _json_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}" if found[0] in "\u2028\u2029" else "\\ufffd"
