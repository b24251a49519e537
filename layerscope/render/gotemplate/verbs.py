"""How Go's fmt shows one value under one verb, with flags, width and precision."""

import msgspec
from msgspec.structs import replace

from layerscope.render.gotemplate.limits import within_limit
from layerscope.render.gotemplate.literals import is_raw_byte, quote, to_bytes, unicode_name
from layerscope.render.gotemplate.values import (
    Duration,
    NilPointer,
    Struct,
    TypedList,
    TypedMap,
    Uint8,
    is_nil,
    type_name,
    unbox,
)

_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_ADDRESS = "0xc000000000"
_FLOAT_VERBS = {"v": "g", "g": "g", "G": "G", "e": "e", "E": "E", "f": "f", "F": "f"}


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What stands between the percent sign and the verb; ``go_syntax`` is ``%#v``, ``field_names`` is ``%+v``."""

    width: int | None = None
    precision: int | None = None
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    go_syntax: bool = False
    field_names: bool = False

    @property
    def pads_with_zeros(self) -> bool:
        """Whether there is a width to fill with zeros; only to the left."""
        return self.zero and not self.minus and self.width is not None


PLAIN = Spec()


def pad(text: str, spec: Spec, *, zeros: bool = True) -> str:
    """The text at its width, in characters, on the side and with the filling that the flags ask for."""
    missing = (spec.width or 0) - len(text)
    if missing <= 0:
        return text
    if spec.minus:
        return text + " " * missing
    return ("0" if spec.zero and zeros else " ") * missing + text


def show(value: object, verb: str, spec: Spec = PLAIN) -> str:
    """The value as an argument of Printf; a verb that does not fit gives Go's ``%!d(string=hi)``."""
    value = unbox(value)
    if value is None:
        return pad("<nil>", spec) if verb in "Tv" else f"%!{verb}(<nil>)"
    if verb == "T":
        return pad(_cut(type_name(value), spec), spec)
    if isinstance(value, Struct) and value.pointer:
        return "&" + _show_struct(value, verb, spec)
    return _show_inside(value, verb, spec)


def _show_inside(value: object, verb: str, spec: Spec) -> str:
    """The value as a part of another, where a nil shows no verb."""
    match value:
        case None:
            return "interface {}(nil)" if spec.go_syntax else "<nil>"
        case bool():
            return pad("true" if value else "false", spec) if verb in "tv" else bad_verb(value, verb, spec)
        case str():
            return _show_string(value, verb, spec)
        case Duration() if verb in "vsxXq" and not spec.go_syntax:
            return _show_string(str(value), verb, spec)
        case int():
            return _show_integer(value, verb, spec)
        case float():
            return _show_float(value, verb, spec)
        case list():
            return _show_list(value, verb, spec)
        case Struct():
            return _show_pointer(value, verb, spec) if value.pointer else _show_struct(value, verb, spec)
        case NilPointer():
            return _show_pointer(value, verb, spec)
        case dict():
            return _show_map(value, verb, spec)
    raise TypeError(f"no template value: {type(value).__name__}")


def bad_verb(value: object, verb: str, spec: Spec) -> str:
    """What Go prints for a verb that the type does not have."""
    return f"%!{verb}({type_name(value)}={show(value, 'v', spec)})"


def _show_list(value: list[object], verb: str, spec: Spec) -> str:
    items = (_show_inside(unbox(item), verb, spec) for item in value)
    if not spec.go_syntax:
        return f"[{within_limit(' ', items)}]"
    if isinstance(value, TypedList) and value.is_nil:
        return f"{type_name(value)}(nil)"
    return f"{type_name(value)}{{{within_limit(', ', items)}}}"


def _show_map(value: dict[str, object], verb: str, spec: Spec) -> str:
    items = (f"{_show_string(key, verb, spec)}:{_show_inside(value[key], verb, spec)}" for key in sorted(value))
    if not spec.go_syntax:
        return f"map[{within_limit(' ', items)}]"
    if isinstance(value, TypedMap) and is_nil(value):
        return f"{type_name(value)}(nil)"
    return f"{type_name(value)}{{{within_limit(', ', items)}}}"


def _show_struct(value: Struct, verb: str, spec: Spec) -> str:
    named = spec.go_syntax or spec.field_names
    items = (f"{name}:" * named + _show_inside(item, verb, spec) for name, item in value.fields.items())
    if spec.go_syntax:
        return f"{value.go_type}{{{within_limit(', ', items)}}}"
    return f"{{{within_limit(' ', items)}}}"


def _show_pointer(value: Struct | NilPointer, verb: str, spec: Spec) -> str:
    """A pointer inside another value: Go shows where it points to in memory, which is no two times the same."""
    if verb != "v":
        return bad_verb(value, verb, spec)
    address = "nil" if isinstance(value, NilPointer) else _ADDRESS
    if spec.go_syntax:
        return f"({type_name(value)})({address})"
    return pad("<nil>", spec) if isinstance(value, NilPointer) else _ADDRESS


def _cut(text: str, spec: Spec) -> str:
    return text if spec.precision is None else text[: spec.precision]


def _show_string(value: str, verb: str, spec: Spec) -> str:
    match verb:
        case "v" if spec.go_syntax:
            return _quoted(value, spec)
        case "v" | "s":
            return pad(_cut(value, spec), spec)
        case "q":
            return _quoted(value, spec)
        case "x" | "X":
            return _hex_string(value, verb, spec)
    return bad_verb(value, verb, spec)


def _quoted(value: str, spec: Spec) -> str:
    value = _cut(value, spec)
    if spec.sharp and not any(_needs_quotes(char) for char in value):
        return pad(f"`{value}`", spec)
    return pad(quote(value, ascii_only=spec.plus), spec)


def _needs_quotes(char: str) -> bool:
    return (char < " " and char != "\t") or char in "`\x7f\ufeff" or is_raw_byte(char)


def _hex_string(value: str, verb: str, spec: Spec) -> str:
    data = to_bytes(value)
    if spec.precision is not None:
        data = data[: spec.precision]
    digits = [f"{byte:02{verb}}" for byte in data]
    prefix = f"0{verb}" if spec.sharp and digits else ""
    text = f" {prefix}".join(digits) if spec.space else "".join(digits)
    return pad(prefix + text, spec)


def _show_integer(value: int, verb: str, spec: Spec) -> str:
    if verb in ("c", "q", "U"):
        return _show_rune(value, verb, spec)
    if verb not in _BASES:
        return bad_verb(value, verb, spec)
    if spec.go_syntax and isinstance(value, Uint8):
        verb, spec = "x", replace(spec, sharp=True)
    if spec.precision == 0 and value == 0:
        return pad("", spec, zeros=False)
    sign = "-" if value < 0 else "+" if spec.plus else " " if spec.space else ""
    digits = format(abs(value), _BASES[verb])
    if spec.precision is not None:
        digits = digits.rjust(spec.precision, "0")
    elif spec.pads_with_zeros:
        digits = digits.rjust((spec.width or 0) - len(sign), "0")
    return pad(sign + _base_prefix(digits, verb, spec.sharp) + digits, spec, zeros=False)


def _base_prefix(digits: str, verb: str, sharp: bool) -> str:
    prefix = ""
    if sharp:
        octal = "" if digits.startswith("0") else "0"
        prefix = {"b": "0b", "o": octal, "O": octal, "x": "0x", "X": "0X"}.get(verb, "")
    return "0o" + prefix if verb == "O" else prefix


def _show_rune(value: int, verb: str, spec: Spec) -> str:
    valid = 0 <= value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF
    char = chr(value) if valid else "\ufffd"
    if verb == "c":
        return pad(char, spec)
    if verb == "q":
        return pad(quote(char, ascii_only=spec.plus, mark="'"), spec)
    digits = f"{value % (1 << 64):X}".rjust(max(4, spec.precision or 0), "0")
    shown = unicode_name(char)[len(f"U+{ord(char):04X}") :] if spec.sharp and valid else ""
    return pad(f"U+{digits}{shown}", spec, zeros=False)


def _show_float(value: float, verb: str, spec: Spec) -> str:
    if verb in ("x", "X", "b"):
        text = _binary_float(abs(value), verb, spec)
    elif verb in _FLOAT_VERBS:
        text = _decimal_float(abs(value), verb, spec)
    else:
        return bad_verb(value, verb, spec)
    sign = "-" if str(value).startswith("-") else "+" if spec.plus else " " if spec.space else ""
    if spec.pads_with_zeros:
        return sign + text.rjust((spec.width or 0) - len(sign), "0")
    return pad(sign + text, spec, zeros=False)


def _decimal_float(value: float, verb: str, spec: Spec) -> str:
    style = _FLOAT_VERBS[verb]
    if spec.precision is None and style in ("g", "G"):
        return shortest(value, sharp=spec.sharp, upper=style == "G")
    precision = 6 if spec.precision is None else spec.precision
    return format(value, f"{'#' if spec.sharp else ''}.{precision}{style}")


def shortest(value: float, *, sharp: bool = False, upper: bool = False) -> str:
    """The fewest digits that give this number back, as ``%g``: an exponent below 1e-04 and from 1e+06 on."""
    digits, exponent = shortest_digits(value)
    if exponent < -4 or exponent >= 6:
        text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        tail = f"{'E' if upper else 'e'}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    elif exponent < 0:
        text, tail = "0." + "0" * (-exponent - 1) + digits, ""
    else:
        whole = digits[: exponent + 1].ljust(exponent + 1, "0")
        text, tail = whole + ("." + digits[exponent + 1 :] if len(digits) > exponent + 1 else ""), ""
    if sharp:
        shown = len(text.replace(".", "").lstrip("0")) if value else 1
        text += ("" if "." in text else ".") + "0" * (6 - shown)
    return text + tail


def shortest_digits(value: float) -> tuple[str, int]:
    """The digits without a point, and the power of ten of the first one; the value is not negative."""
    mantissa, _, exponent = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "0", 0
    leading = len(whole) if whole != "0" else len(digits) - len(fraction)
    return digits.rstrip("0"), leading - 1 + int(exponent or "0")


def _binary_float(value: float, verb: str, spec: Spec) -> str:
    """A power of two as exponent: ``%b`` with a whole mantissa, ``%x`` with a hexadecimal one from 1 to 2."""
    mantissa, _, exponent = value.hex().partition("p")
    power = int(exponent)
    bits = int(mantissa.removeprefix("0x").replace(".", "").ljust(14, "0"), 16)
    if verb == "b":
        return f"{bits}p{power - 52 if bits else -1074:+d}"
    while bits and bits < 1 << 52:
        bits, power = bits << 1, power - 1
    text = f"{bits:014x}"
    fraction = text[1:].rstrip("0")
    if spec.precision is not None and spec.precision < 13:
        bits, power = _rounded(bits, spec.precision, power)
        fraction = f"{bits:014x}"[1 : 1 + spec.precision]
    fraction = fraction.ljust(spec.precision or 0, "0")
    if spec.sharp and verb == "x" and spec.precision is None:
        fraction = fraction.ljust(4, "0")
    point = "." if fraction or spec.sharp else ""
    shown = f"0x{bits >> 52:x}{point}{fraction}p{'-' if power < 0 else '+'}{abs(power):02d}"
    return shown.upper() if verb == "X" else shown


def _rounded(bits: int, precision: int, power: int) -> tuple[int, int]:
    """A mantissa of 53 bits cut to so many hexadecimal digits, halves to even, and its power of two."""
    drop = 52 - 4 * precision
    kept, lost = divmod(bits, 1 << drop)
    half = 1 << (drop - 1)
    kept += lost > half or (lost == half and kept % 2 == 1)
    if kept >> (4 * precision + 1):
        return 1 << 52, power + 1
    return kept << drop, power
