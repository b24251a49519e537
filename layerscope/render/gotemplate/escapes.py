"""Text made safe for HTML, JavaScript and URLs, and values as JSON, to the letter as Go does it."""

from collections.abc import Iterable

from layerscope.model.patterns import pattern
from layerscope.render.gotemplate.limits import within_limit
from layerscope.render.gotemplate.literals import REPLACEMENT, is_raw_byte, to_bytes
from layerscope.render.gotemplate.values import NilPointer, Struct, TypedList, TypedMap, unbox
from layerscope.render.gotemplate.verbs import shortest_digits

_HTML = str.maketrans(
    {"\0": REPLACEMENT, '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"},
)
_JAVASCRIPT = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}
_JSON = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JSON_SPECIAL = pattern('[\x00-\x1f"\\\\\u2028\u2029\ud800-\udfff]')
_URL_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


def html(text: str) -> str:
    """The text for HTML."""
    return text.translate(_HTML)


def javascript(text: str) -> str:
    """The text for a JavaScript string."""
    return "".join(_javascript_char(char) for char in text)


def _javascript_char(char: str) -> str:
    if char in _JAVASCRIPT:
        return _JAVASCRIPT[char]
    if char < " ":
        return f"\\u{ord(char):04X}"
    if is_raw_byte(char):
        return char
    return char if char < "\x80" or char.isprintable() else f"\\u{ord(char):04X}"


def url_query(text: str) -> str:
    """The text for the query of a URL; a space becomes a plus sign."""
    return "".join("+" if b == 32 else chr(b) if b in _URL_PLAIN else f"%{b:02X}" for b in to_bytes(text))


def to_json(value: object) -> str:
    """The value as compact JSON, without escapes for HTML; keys of maps sorted, fields of structs in their order."""
    return within_limit("", _json_pieces(value))


def _json_pieces(value: object) -> Iterable[str]:
    value = unbox(value)
    match value:
        case None:
            yield "null"
        case bool():
            yield "true" if value else "false"
        case str():
            yield _json_string(value)
        case int():
            yield str(int(value))
        case float():
            yield _json_float(value)
        case list() | dict():
            yield from _json_container(value)
        case Struct():
            yield from _json_fields(value.json_fields)
        case NilPointer():
            yield "null"


def _json_container(value: list[object] | dict[str, object]) -> Iterable[str]:
    if isinstance(value, (TypedList, TypedMap)) and value.is_nil:
        yield "null"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield "," if index else "["
            yield from _json_pieces(item)
        yield "]" if value else "[]"
    else:
        yield from _json_fields(tuple((key, value[key]) for key in sorted(value)))


def _json_fields(fields: tuple[tuple[str, object], ...]) -> Iterable[str]:
    for index, (name, value) in enumerate(fields):
        yield "," if index else "{"
        yield f"{_json_string(name)}:"
        yield from _json_pieces(value)
    yield "}" if fields else "{}"


def _json_string(text: str) -> str:
    return f'"{_JSON_SPECIAL.sub(lambda found: _json_char(found[0]), text)}"'


def _json_char(char: str) -> str:
    if char in _JSON:
        return _JSON[char]
    return "\\ufffd" if "\ud800" <= char <= "\udfff" else f"\\u{ord(char):04x}"


def _json_float(value: float) -> str:
    """As ECMAScript has it: an exponent below 1e-6 and from 1e21 on."""
    sign = "-" if value < 0 else ""
    digits, exponent = shortest_digits(abs(value))
    if exponent < -6 or exponent >= 21:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{exponent:+03d}".replace("e-0", "e-")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, fraction = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{sign}{whole}" + (f".{fraction}" if fraction else "")
