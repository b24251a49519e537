"""The functions a template can call: those of Go's text/template, and those the engine's command line adds.

Each takes the values as the evaluator prepared them by ``parameters`` and returns a value, or raises CallFault with
the words that Go's error has.
"""

from collections.abc import Callable
from enum import Enum

import msgspec

from layerscope.render.gotemplate import compare, escapes
from layerscope.render.gotemplate.compare import CallFault
from layerscope.render.gotemplate.containers import index, join, length, slice_of
from layerscope.render.gotemplate.limits import MAX_CHARACTERS, LimitPassed
from layerscope.render.gotemplate.literals import REPLACEMENT, is_raw_byte, to_bytes, to_text
from layerscope.render.gotemplate.printing import sprint, sprintf, sprintln
from layerscope.render.gotemplate.values import TypedList, is_true, printable


class Parameter(Enum):
    """What a function takes: ``VALUE`` is Go's reflect.Value, the others are types, by their Go name."""

    VALUE = "reflect.Value"
    ANY = "interface {}"
    STRING = "string"
    INT = "int"


class Function(msgspec.Struct, frozen=True):
    """With ``variadic``, the last parameter stands for any number of arguments."""

    call: Callable[..., object]
    parameters: tuple[Parameter, ...]
    variadic: bool = False


def _print(*values: object) -> str:
    return sprint(values)


def _println(*values: object) -> str:
    return sprintln(values)


def _printf(template: str, *values: object) -> str:
    return sprintf(template, values)


def _html(*values: object) -> str:
    return escapes.html(_shown(values))


def _js(*values: object) -> str:
    return escapes.javascript(_shown(values))


def _urlquery(*values: object) -> str:
    return escapes.url_query(_shown(values))


def _shown(values: tuple[object, ...]) -> str:
    """Prints the arguments of an escaper; a nil among them reads as it does in the output of a template."""
    return sprint(tuple(printable(value) for value in values))


def _not(value: object) -> bool:
    return not is_true(value)


def _never(*_values: object) -> object:
    """Stands in for and, or and call: the evaluator runs these, as values alone do not tell their result."""
    raise CallFault("evaluated out of order")


def _split(text: str, separator: str) -> TypedList:
    if separator:
        return TypedList(text.split(separator))
    return TypedList(text)


def _title(text: str) -> str:
    """Upper-cases the first letter of each word; words end where Go's strings.Title says so."""
    before = " "
    found = []
    for char in _clean(text):
        found.append(_title_case(char) if _ends_word(before) else char)
        before = char
    return "".join(found)


def _title_case(char: str) -> str:
    titled = char.title()
    return titled if len(titled) == 1 else char


def _ends_word(char: str) -> bool:
    if char.isascii():
        return not (char.isalnum() or char == "_")
    return not (char.isalpha() or char.isdecimal()) and char.isspace()


def _lower(text: str) -> str:
    return "".join(_one(char, char.lower()) for char in _clean(text))


def _upper(text: str) -> str:
    return "".join(_one(char, char.upper(), char.title()) for char in _clean(text))


def _clean(text: str) -> str:
    """The text as Go's mappings of characters leave it: what is no UTF-8 becomes U+FFFD."""
    return text if text.isascii() else "".join(REPLACEMENT if is_raw_byte(char) else char for char in text)


def _one(char: str, *changed: str) -> str:
    """Go maps character to character: the first of the full mappings that is one character, or none."""
    if char == "\u0130":
        return "i" if changed == ("i\u0307",) else char
    return next((one for one in changed if len(one) == 1), char)


def _pad(text: str, before: int, after: int) -> str:
    if not text:
        return text
    if before < 0 or after < 0:
        raise CallFault("strings: negative Repeat count")
    if before + after + len(text) > MAX_CHARACTERS:
        raise LimitPassed(f"more than {MAX_CHARACTERS:,} characters")
    return " " * before + text + " " * after


def _truncate(text: str, size: int) -> str:
    data = to_bytes(text)
    if len(data) < size:
        return text
    if size < 0:
        raise CallFault(f"runtime error: slice bounds out of range [:{size}]")
    return to_text(data[:size])


_VALUE, _ANY, _STRING, _INT = Parameter.VALUE, Parameter.ANY, Parameter.STRING, Parameter.INT

FUNCTIONS: dict[str, Function] = {
    "and": Function(_never, (_VALUE, _VALUE), variadic=True),
    "or": Function(_never, (_VALUE, _VALUE), variadic=True),
    "not": Function(_not, (_VALUE,)),
    "call": Function(_never, (_VALUE, _VALUE), variadic=True),
    "index": Function(index, (_VALUE, _VALUE), variadic=True),
    "slice": Function(slice_of, (_VALUE, _VALUE), variadic=True),
    "len": Function(length, (_VALUE,)),
    "print": Function(_print, (_ANY,), variadic=True),
    "printf": Function(_printf, (_STRING, _ANY), variadic=True),
    "println": Function(_println, (_ANY,), variadic=True),
    "html": Function(_html, (_ANY,), variadic=True),
    "js": Function(_js, (_ANY,), variadic=True),
    "urlquery": Function(_urlquery, (_ANY,), variadic=True),
    "eq": Function(compare.eq, (_VALUE, _VALUE), variadic=True),
    "ne": Function(compare.ne, (_VALUE, _VALUE)),
    "lt": Function(compare.lt, (_VALUE, _VALUE)),
    "le": Function(compare.le, (_VALUE, _VALUE)),
    "gt": Function(compare.gt, (_VALUE, _VALUE)),
    "ge": Function(compare.ge, (_VALUE, _VALUE)),
    "json": Function(escapes.to_json, (_ANY,)),
    "split": Function(_split, (_STRING, _STRING)),
    "join": Function(join, (_ANY, _STRING)),
    "title": Function(_title, (_STRING,)),
    "lower": Function(_lower, (_STRING,)),
    "upper": Function(_upper, (_STRING,)),
    "pad": Function(_pad, (_STRING, _INT, _INT)),
    "truncate": Function(_truncate, (_STRING, _INT)),
}
